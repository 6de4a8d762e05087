#pragma once
/// @file
/// SDK-HMAC-SHA256, the signature of Huawei Cloud's API gateways (IAM, STS): the secret itself is the key. Pure.
/// @par Source Huawei Cloud, "API Request Signing Guide" (api-sign-algorithm-001); the vendor's JavaScript signer.
///   Checked by vectors/huawei.json, kind sts_request.

#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/signing/message.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

inline constexpr std::string_view sdk_hmac_algorithm = "SDK-HMAC-SHA256";

/// The path as it is signed: each segment encoded, and always a `/` at its end, which the wire does not have.
/// @param path Decoded.
[[nodiscard]] inline std::string sdk_canonical_path(std::string_view path) {
    auto out = percent_encoded(path, "/");
    if (!out.ends_with('/')) out += '/';
    return out;
}

/// What stands for the body: the value of `x-sdk-content-sha256` where there is one, else the body's digest.
[[nodiscard]] inline std::string sdk_payload_hash(std::vector<http_header> const& headers, std::string_view body) {
    for (auto const& header : headers)
        if (header.name == "x-sdk-content-sha256") return header.value;
    return std::string{to_hex(digest<sha256>({body})).view()};
}

/// @param path  Decoded.
/// @param query Decoded.
[[nodiscard]] inline std::string sdk_canonical_request(std::string_view method, std::string_view path,
                                                       parameters const& query, canonical_headers const& headers,
                                                       std::string_view payload_hash) {
    return canonical_request(method, sdk_canonical_path(path), canonical_query(query, query_order::by_raw_name),
                             headers, payload_hash);
}

/// @param date `x-sdk-date`, as it is sent.
[[nodiscard]] inline std::string sdk_string_to_sign(std::string_view date, std::string_view canonical) {
    std::string out{sdk_hmac_algorithm};
    out.append("\n").append(date).append("\n").append(to_hex(digest<sha256>({canonical})).view());
    return out;
}

/// Adds `x-sdk-date`, the token of a temporary identity, and `authorization`. Every header is signed.
/// @param path  Decoded; the request's query is `query`, decoded.
/// @param key   The secret itself as HMAC key.
inline void sign_sdk_hmac(http_request& request, std::string_view path, parameters const& query,
                          std::string_view key_id, std::string_view session_token, hmac_key<sha256> const& key,
                          timestamp const& now) {
    auto const date = now.basic();
    request.headers.push_back({"x-sdk-date", std::string{date.view()}});
    if (!session_token.empty()) request.headers.push_back({"x-security-token", std::string{session_token}});
    auto const is_signed = [](std::string_view name) { return name != "authorization"; };
    canonical_headers const headers{request.headers, is_signed, trimmed};
    auto const canonical =
        sdk_canonical_request(request.method, path, query, headers, sdk_payload_hash(request.headers, request.body));
    auto const signature = to_hex(key.sign(sdk_string_to_sign(date, canonical)));
    std::string authorization{sdk_hmac_algorithm};
    authorization.append(" Access=").append(key_id);
    authorization.append(", SignedHeaders=").append(headers.names());
    authorization.append(", Signature=").append(signature.view());
    request.headers.push_back({"authorization", std::move(authorization)});
}

}  // namespace valetkey
