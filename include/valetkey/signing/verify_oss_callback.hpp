#pragma once
/// @file
/// Aliyun OSS's upload callback, verified. Pure: whoever owns the I/O fetches the key.
///
/// What a good signature proves: OSS sent this. Any customer of OSS can make it do so, so neither the body nor whose
/// upload it was is proved by it.
/// @par Source Aliyun, "Callback" (31989).

#include <valetkey/crypto/rsa.hpp>
#include <valetkey/encoding/base64.hpp>
#include <valetkey/encoding/percent.hpp>
#include <valetkey/service_url.hpp>
#include <valetkey/signing/incoming.hpp>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace valetkey {

/// Where OSS publishes the keys that it signs callbacks with.
inline constexpr std::string_view oss_callback_key_host = "gosspublic.alicdn.com";

namespace detail {

/// A header that may come once; none when it is absent or comes twice.
[[nodiscard]] inline std::optional<std::string_view> only_header(incoming_request const& request,
                                                                 std::string_view name) noexcept {
    std::optional<std::string_view> found;
    for (auto const& header : request.headers) {
        if (header.name != name) continue;
        if (found) return std::nullopt;
        found = header.value;
    }
    return found;
}

}  // namespace detail

/// The URL of the key that a callback names, if it may be fetched: https at the vendor's host, in a path of plain
/// characters (what is named with http is fetched with https); or one of `further`, compared whole.
/// @param further URLs that an operator trusts: https, or http on loopback.
/// @return None: fetch nothing.
[[nodiscard]] inline std::optional<std::string> oss_callback_key_url(incoming_request const& request,
                                                                     std::span<std::string const> further = {}) {
    auto const named = detail::only_header(request, "x-oss-pub-key-url");
    auto url = named ? from_base64(*named) : std::nullopt;
    if (!url) return std::nullopt;
    if (std::find(further.begin(), further.end(), *url) != further.end()) return url;
    constexpr std::string_view schemes[] = {"https://", "http://"};
    for (auto const scheme : schemes) {
        auto const rest = std::string_view{*url}.substr(std::min(scheme.size(), url->size()));
        if (!url->starts_with(scheme) || !rest.starts_with(oss_callback_key_host)) continue;
        auto const path = rest.substr(oss_callback_key_host.size());
        auto const is_plain = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                   c == '.' || c == '/';
        };
        if (path.size() < 2 || path.size() > 128 || path.front() != '/' || path.find("..") != std::string_view::npos ||
            !std::all_of(path.begin(), path.end(), is_plain))
            return std::nullopt;
        return "https://" + std::string{rest};
    }
    return std::nullopt;
}

/// @param key The one behind `oss_callback_key_url`.
/// @return accepted, not_signed, malformed or wrong_signature.
/// @par Source As above: RSA with MD5 over the decoded path, the raw query, a line end and the raw body.  Checked by
///   vectors/aliyun.json, kind callback.
[[nodiscard]] inline verdict verify_oss_callback(incoming_request const& request, rsa_public_key const& key) {
    if (!request.header("authorization")) return verdict::not_signed;
    auto const text = detail::only_header(request, "authorization");
    auto const signature = text ? from_base64(*text) : std::nullopt;
    auto const path = percent_decoded(request.path, false);
    // no other version is documented
    auto const version = request.header("x-oss-signature-version").value_or("1.0");
    if (!signature || signature->empty() || !path || version != "1.0") return verdict::malformed;
    std::string_view const mark = request.query.empty() ? "" : "?";
    return key.verifies<md5>({*path, mark, request.query, "\n", request.body}, *signature) ? verdict::accepted
                                                                                           : verdict::wrong_signature;
}

}  // namespace valetkey
