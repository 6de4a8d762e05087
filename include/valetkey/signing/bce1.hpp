#pragma once
/// @file
/// Baidu AI Cloud's bce-auth-v1, which BOS and STS share, and what a BOS form policy is signed with. Pure.
///
/// Each stage is a function of its own: a verifier takes prefix and header names from an `Authorization`, builds the
/// same canonical request and compares.
/// @par Source Baidu, "Authentication mechanism" (Reference/s/njwvz1yfu, Gjwvz1xez); npm @baiducloud/sdk 1.0.7 auth.js.

#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/signing/dialects.hpp>
#include <valetkey/signing/message.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

/// As a dialect it derives nothing: the secret itself is the key, of a request's prefix as of a form policy.
/// @par Source Baidu, "PostObject": one HMAC-SHA256 over the policy's base64 text.
struct bce1 {
    static constexpr std::string_view algorithm = "bce-auth-v1";
    static constexpr std::string_view secret_prefix = "";
    static constexpr std::array<std::string_view, 0> scope(scope_input const&) noexcept { return {}; }
};

/// How long a signature is good; all SDKs of the vendor say so.
inline constexpr std::chrono::seconds bce1_lifetime{1800};

/// Whether a header is signed where an `Authorization` lists no names.
[[nodiscard]] constexpr bool is_bce1_header(std::string_view name) noexcept {
    return name == "host" || name == "content-length" || name == "content-type" || name == "content-md5" ||
           name.starts_with("x-bce-");
}

namespace detail {

/// Whether a name is that one, in whatever letter case.
[[nodiscard]] constexpr bool is_named(std::string_view name, std::string_view lower_case) noexcept {
    return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(),
                      [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b); });
}

}  // namespace detail

/// What stands for a parameter's name in a canonical query. The vendor's npm package leaves it as it is.
enum class bce1_names { encoded, as_they_are };

/// Encoded pairs, sorted as finished texts (so `a-b=` stands before `a=`). `authorization`, where a presigned URL has
/// its signature, is left out; an empty value keeps its `=`.
[[nodiscard]] inline std::string bce1_canonical_query(parameters const& decoded,
                                                      bce1_names names = bce1_names::encoded) {
    std::vector<std::string> pairs;
    for (auto const& [name, value] : decoded) {
        if (detail::is_named(name, "authorization")) continue;
        pairs.push_back(names == bce1_names::encoded ? percent_encoded(name) : name);
        pairs.back().append("=").append(percent_encoded(value));
    }
    std::sort(pairs.begin(), pairs.end());
    std::string out;
    for (auto const& pair : pairs) {
        if (!out.empty()) out += '&';
        out.append(pair);
    }
    return out;
}

/// The signed headers. Values are trimmed and encoded, empty ones dropped, the finished lines sorted; the names keep
/// the order of their lines.
class bce1_headers {
public:
    template <class Predicate>
    bce1_headers(std::vector<http_header> const& headers, Predicate is_signed) {
        std::vector<std::string> sorted;
        for (auto const& [name, value] : headers) {
            if (!is_signed(std::string_view{name})) continue;
            auto const text = trimmed(value);
            if (!text.empty()) sorted.push_back(percent_encoded(name).append(":").append(percent_encoded(text)));
        }
        std::sort(sorted.begin(), sorted.end());
        for (std::string_view const line : sorted) {
            if (!lines_.empty()) lines_ += '\n';
            if (!names_.empty()) names_ += ';';
            lines_.append(line);
            names_.append(line.substr(0, line.find(':')));
        }
    }
    /// `name:value`, one a line; no line end after the last.
    [[nodiscard]] std::string const& lines() const noexcept { return lines_; }
    /// `name;name;…`
    [[nodiscard]] std::string const& names() const noexcept { return names_; }

private:
    std::string lines_;
    std::string names_;
};

/// The body is in no signature; only a signed `content-md5` would bind it.
/// @param path  As sent: each segment percent-encoded once, `/` kept.
/// @param query From bce1_canonical_query.
[[nodiscard]] inline std::string bce1_canonical_request(std::string_view method, std::string_view path,
                                                        std::string_view query, bce1_headers const& headers) {
    std::string out;
    out.append(method).append("\n").append(path).append("\n").append(query).append("\n").append(headers.lines());
    return out;
}

/// `bce-auth-v1/KEY ID/2026-03-04T05:06:07Z/1800`
[[nodiscard]] inline std::string bce1_prefix(std::string_view key_id, timestamp const& at,
                                             std::chrono::seconds lifetime = bce1_lifetime) {
    std::string out{bce1::algorithm};
    out.append("/").append(key_id).append("/").append(at.iso().view());
    out.append("/").append(decimal{lifetime.count()});
    return out;
}

/// @param key The secret itself. The signing key is the MAC's hex text, all 64 characters of it, not its 32 bytes.
/// @return 64 lower-case hex digits.
[[nodiscard]] inline fixed_text<64> bce1_signature(hmac_key<sha256> const& key, std::string_view prefix,
                                                   std::string_view canonical) {
    auto derived = to_hex(key.sign(prefix));
    hmac_key<sha256> const signing_key{derived.view()};
    OPENSSL_cleanse(derived.text.data(), derived.text.size());
    return to_hex(signing_key.sign(canonical));
}

/// Adds `x-bce-date`, the token of a temporary key, and `authorization`. Every header that may be signed is.
/// @param request `host` is among its headers; its query is `query`, decoded.
/// @param path    As sent.
/// @param key     The secret itself.
/// @par Source    Checked by vectors/baidu.json, kind sts_request.
inline void sign_bce1(http_request& request, std::string_view path, parameters const& query, std::string_view key_id,
                      std::string_view session_token, hmac_key<sha256> const& key, timestamp const& now,
                      std::chrono::seconds lifetime = bce1_lifetime) {
    request.headers.push_back({"x-bce-date", std::string{now.iso().view()}});
    if (!session_token.empty()) request.headers.push_back({"x-bce-security-token", std::string{session_token}});
    bce1_headers const headers{request.headers, is_bce1_header};
    auto const canonical = bce1_canonical_request(request.method, path, bce1_canonical_query(query), headers);
    auto authorization = bce1_prefix(key_id, now, lifetime);
    auto const signature = bce1_signature(key, authorization, canonical);
    authorization.append("/").append(headers.names()).append("/").append(signature.view());
    request.headers.push_back({"authorization", std::move(authorization)});
}

}  // namespace valetkey
