#pragma once
/// @file
/// Requests to KSyun's OpenAPI (its STS is a part of it): AWS Signature Version 4 with Amazon's own names, over host
/// and date alone. Pure.

#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/signing/dialects.hpp>
#include <valetkey/signing/message.hpp>
#include <valetkey/signing/v4.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

/// What the vendor's documents and Node SDK sign; `accept` and `content-type` may stay out.
[[nodiscard]] constexpr bool is_signed_by_ksyun(std::string_view header) noexcept {
    return header == "host" || header == "x-amz-date";
}

/// The form body, or the query: sorted by name, percent-encoded.
[[nodiscard]] inline std::string ksyun_parameters(parameters decoded) {
    return canonical_query(std::move(decoded), query_order::by_raw_name);
}

/// @param request Method and body count; the hash of the body is signed although no header holds it.
/// @param query   Decoded; empty where the parameters travel in the body.
/// @param headers Those that are signed.
/// @param date    `20260314T092653Z`
/// @param scope   `20260314/cn-beijing-6/sts/aws4_request`
[[nodiscard]] inline std::string ksyun_string_to_sign(http_request const& request, parameters const& query,
                                                      canonical_headers const& headers, std::string_view date,
                                                      std::string_view scope) {
    auto const hash = to_hex(digest<sha256>({request.body}));
    auto const canonical = canonical_request(request.method, "/", canonical_query(query), headers, hash);
    std::string out{aws4::algorithm};
    out.append("\n").append(date).append("\n").append(scope).append("\n");
    return out.append(to_hex(digest<sha256>({canonical})).view());
}

/// Adds `x-amz-date` and `authorization`.
/// @param request   `host` is among its headers.
/// @param is_signed Which headers are.
/// @par Source KSyun, "OpenAPI signature" (37587); Node SDK, `signautreV4.js`.  Checked by vectors/ksyun.json, kind
///   sts_request.
template <class IsSigned = bool (*)(std::string_view) noexcept>
void sign_ksyun_request(http_request& request, parameters const& query, std::string_view key_id,
                        hmac_key<sha256> const& key, timestamp const& now, scope_input const& in,
                        IsSigned is_signed = &is_signed_by_ksyun) {
    request.headers.push_back({"x-amz-date", std::string{now.basic().view()}});
    canonical_headers const headers{request.headers, is_signed, folded};
    auto const scope = credential_scope<aws4>(in);
    auto const signature = to_hex(key.sign(ksyun_string_to_sign(request, query, headers, now.basic(), scope)));
    std::string authorization{aws4::algorithm};
    authorization.append(" Credential=").append(key_id).append("/").append(scope);
    authorization.append(", SignedHeaders=").append(headers.names());
    authorization.append(", Signature=").append(signature.view());
    request.headers.push_back({"authorization", std::move(authorization)});
}

}  // namespace valetkey
