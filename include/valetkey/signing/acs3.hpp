#pragma once
/// @file
/// Aliyun's request signatures: ACS3-HMAC-SHA256 (version 3), and version 1.0 for what still needs it. Pure.

#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/base64.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/signing/message.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

/// Adds `x-acs-content-sha256`, for a temporary identity its id and token, and `authorization`. Signs `host`,
/// `content-type` and every `x-acs-…`. There is no derived key.
/// @param key   The secret itself as HMAC key.
/// @param query Decoded; what is signed is encoded, so `*` is `%2A` there.
/// @par Source  Aliyun, "Request structure and signature V3".  Checked by vectors/aliyun.json, kind sts_request.
inline void sign_acs3(http_request& request, parameters const& query, std::string_view key_id,
                      std::string_view session_token, hmac_key<sha256> const& key) {
    constexpr std::string_view algorithm = "ACS3-HMAC-SHA256";
    auto const hash = to_hex(digest<sha256>({request.body}));
    request.headers.push_back({"x-acs-content-sha256", std::string{hash.view()}});
    if (!session_token.empty()) {
        request.headers.push_back({"x-acs-accesskey-id", std::string{key_id}});
        request.headers.push_back({"x-acs-security-token", std::string{session_token}});
    }
    auto const is_signed = [](std::string_view name) {
        return name == "host" || name == "content-type" || name.starts_with("x-acs-");
    };
    canonical_headers const headers{request.headers, is_signed, trimmed};
    auto const canonical =
        canonical_request(request.method, "/", canonical_query(query, query_order::by_raw_name), headers, hash);
    auto const signature = to_hex(key.sign({algorithm, "\n", to_hex(digest<sha256>({canonical}))}));
    std::string authorization{algorithm};
    authorization.append(" Credential=").append(key_id);
    authorization.append(",SignedHeaders=").append(headers.names());
    authorization.append(",Signature=").append(signature.view());
    request.headers.push_back({"authorization", std::move(authorization)});
}

/// `Signature` of version 1.0, where everything is a parameter (query and form together).
/// @return Standard base64 of HMAC-SHA1.
/// @par Source Aliyun, "RPC signature".  Checked by vectors/aliyun.json, styles rpc-1.0-….
[[nodiscard]] inline std::string sign_rpc1(std::string_view method, parameters const& all,
                                           std::string_view secret_value) {
    hmac_key<sha1> const key{secret_value, "&"};
    return to_base64(key.sign({method, "&%2F&", percent_encoded(canonical_query(all, query_order::by_raw_name))}));
}

}  // namespace valetkey
