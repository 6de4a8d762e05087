#pragma once
/// @file
/// The relatives of AWS Signature Version 4, as data.

#include <array>
#include <concepts>
#include <string_view>

namespace valetkey {

/// What a credential scope is made of.
struct scope_input {
    std::string_view yyyymmdd;
    std::string_view region;
    std::string_view service;
};

/// AWS Signature Version 4; KSyun and S3-compatible stores speak it too.
/// @par Source AWS, "Create a signed AWS API request".
struct aws4 {
    static constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
    static constexpr std::string_view secret_prefix = "AWS4";
    static constexpr auto scope(scope_input const& in) noexcept {
        return std::array{in.yyyymmdd, in.region, in.service, std::string_view{"aws4_request"}};
    }
};

/// Aliyun OSS signature version 4.
/// @par Source Aliyun, "Signature Version 4 (recommended)".
struct oss4 {
    static constexpr std::string_view algorithm = "OSS4-HMAC-SHA256";
    static constexpr std::string_view secret_prefix = "aliyun_v4";
    static constexpr auto scope(scope_input const& in) noexcept {
        return std::array{in.yyyymmdd, in.region, in.service, std::string_view{"aliyun_v4_request"}};
    }
};

/// Tencent Cloud API 3.0. Its day has dashes, so `scope_input::yyyymmdd` is `2026-03-14`; the region is not signed.
/// @par Source Tencent Cloud, "Signature v3" (1150/49447).
struct tc3 {
    static constexpr std::string_view algorithm = "TC3-HMAC-SHA256";
    static constexpr std::string_view secret_prefix = "TC3";
    static constexpr auto scope(scope_input const& in) noexcept {
        return std::array{in.yyyymmdd, in.service, std::string_view{"tc3_request"}};
    }
};

/// KSyun KS3's own names for version 4; the vendor's clients speak `aws4` to it, too.
/// @par Source KSyun, "Request signature V4" (6890); Go SDK, `signer_v4.go`.
struct kss4 {
    static constexpr std::string_view algorithm = "KSS4-HMAC-SHA256";
    static constexpr std::string_view secret_prefix = "KSS4";
    static constexpr auto scope(scope_input const& in) noexcept {
        return std::array{in.yyyymmdd, in.region, in.service, std::string_view{"kss4_request"}};
    }
};

template <class D>
concept v4_dialect = requires(scope_input const& in) {
    { D::algorithm } -> std::convertible_to<std::string_view>;
    { D::secret_prefix } -> std::convertible_to<std::string_view>;
    { *D::scope(in).begin() } -> std::convertible_to<std::string_view>;
};

}  // namespace valetkey
