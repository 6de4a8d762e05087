#pragma once
/// @file
/// Signature Version 4 of every dialect: derived keys, requests and form policies. Pure.

#include <valetkey/credentials.hpp>
#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/signing/dialects.hpp>
#include <valetkey/signing/message.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

/// `20260314/us-east-1/s3/aws4_request`
template <v4_dialect D>
[[nodiscard]] std::string credential_scope(scope_input const& in) {
    std::string out;
    for (std::string_view const part : D::scope(in)) {
        if (!out.empty()) out += '/';
        out += part;
    }
    return out;
}

/// The derived key is a fold of HMAC over the credential scope, whichever the dialect.
template <v4_dialect D>
[[nodiscard]] hmac_key<sha256> signing_key(secret const& value, scope_input const& in) {
    hmac_key<sha256> key{D::secret_prefix, value.reveal()};
    for (std::string_view const part : D::scope(in)) {
        auto next = key.sign(part);
        key = hmac_key<sha256>{next};
        OPENSSL_cleanse(next.data(), next.size());
    }
    return key;
}

/// The key derived last, kept with all it came from: neither a reload nor midnight has to invalidate it.
template <v4_dialect D>
class signing_key_cache {
public:
    [[nodiscard]] hmac_key<sha256> const& get(secret const& value, scope_input const& in) {
        if (!key_ || day_ != in.yyyymmdd || region_ != in.region || service_ != in.service ||
            !equal_in_constant_time(from_.reveal(), value.reveal())) {
            key_ = signing_key<D>(value, in);
            from_ = value;
            day_ = in.yyyymmdd;
            region_ = in.region;
            service_ = in.service;
        }
        return *key_;
    }

private:
    std::optional<hmac_key<sha256>> key_;
    secret from_;
    std::string day_;
    std::string region_;
    std::string service_;
};

/// Proxies change these, so no SDK signs them.
/// @par Source The vendor's JavaScript signer.
[[nodiscard]] constexpr bool is_signable(std::string_view header) noexcept {
    constexpr std::string_view never[] = {
        "authorization", "cache-control",     "connection", "expect",     "from",
        "keep-alive",    "max-forwards",      "pragma",     "referer",    "te",
        "trailer",       "transfer-encoding", "upgrade",    "user-agent", "x-amzn-trace-id"};
    for (auto const name : never)
        if (header == name) return false;
    return !header.starts_with("proxy-") && !header.starts_with("sec-");
}

/// Signs an HTTP request by its headers: adds `x-amz-date`, `x-amz-content-sha256`, the token of a temporary key, and
/// `authorization`. Every header that may be signed is.
/// @param request  `host` is among its headers; its query is `query`, decoded.
/// @param path     As sent, percent-encoded by the rule of the service.
/// @par Source     AWS, "Create a signed AWS API request".  Checked by vectors/aws.json, kind sts_request.
template <v4_dialect D = aws4>
void sign_request(http_request& request, std::string_view path, parameters const& query, std::string_view key_id,
                  std::string_view session_token, hmac_key<sha256> const& key, timestamp const& now,
                  scope_input const& in) {
    auto const hash = to_hex(digest<sha256>({request.body}));
    request.headers.push_back({"x-amz-content-sha256", std::string{hash.view()}});
    request.headers.push_back({"x-amz-date", std::string{now.basic().view()}});
    if (!session_token.empty()) request.headers.push_back({"x-amz-security-token", std::string{session_token}});
    canonical_headers const headers{request.headers, is_signable, folded};
    auto const canonical = canonical_request(request.method, path, canonical_query(query), headers, hash);
    auto const scope = credential_scope<D>(in);
    auto const signature =
        to_hex(key.sign({D::algorithm, "\n", now.basic(), "\n", scope, "\n", to_hex(digest<sha256>({canonical}))}));
    std::string authorization{D::algorithm};
    authorization.append(" Credential=").append(key_id).append("/").append(scope);
    authorization.append(", SignedHeaders=").append(headers.names());
    authorization.append(", Signature=").append(signature.view());
    request.headers.push_back({"authorization", std::move(authorization)});
}

/// The signature of a form policy: over its base64 text, 64 lower-case hex digits.
/// @par Source AWS, "Browser-Based Uploads Using POST"; Aliyun, "POST V4 signature".  Checked by kind post_policy.
[[nodiscard]] inline fixed_text<64> sign_policy(hmac_key<sha256> const& key, std::string_view policy_base64) {
    return to_hex(key.sign(policy_base64));
}

}  // namespace valetkey
