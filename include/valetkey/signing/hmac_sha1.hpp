#pragma once
/// @file
/// The HMAC-SHA1 family, where the secret itself is the key: Qiniu's tokens, and the older form signature of OSS. Pure.

#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/base64.hpp>
#include <valetkey/http_message.hpp>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

/// OSS signature version 1 of a form policy: standard base64 of HMAC-SHA1 over the policy's base64 text.
/// @par Source Aliyun, "V1 signature in a PostObject request".  Checked by vectors/aliyun.json, kind post_policy.
[[nodiscard]] inline std::string sign_oss1_policy(hmac_key<sha1> const& key, std::string_view policy_base64) {
    return to_base64(key.sign(policy_base64));
}

/// Qiniu's sign(x): URL-safe base64, padding kept, of HMAC-SHA1.
/// @par Source Qiniu, "Upload token", "Access token".  Checked by vectors/qiniu.json.
[[nodiscard]] inline std::string sign_qiniu(hmac_key<sha1> const& key, std::string_view text) {
    return to_base64url(key.sign(text));
}

/// An upload token: `key id : sign(encoded policy) : encoded policy`.
[[nodiscard]] inline std::string upload_token(std::string_view key_id, hmac_key<sha1> const& key,
                                              std::string_view put_policy_json) {
    auto const policy = to_base64url(put_policy_json);
    return std::string{key_id}.append(":").append(sign_qiniu(key, policy)).append(":").append(policy);
}

/// `x-qiniu-date` -> `X-Qiniu-Date`
[[nodiscard]] inline std::string canonical_mime_case(std::string_view name) {
    std::string out{name};
    bool first = true;
    for (char& c : out) {
        c = static_cast<char>(first ? std::toupper(static_cast<unsigned char>(c))
                                    : std::tolower(static_cast<unsigned char>(c)));
        first = c == '-';
    }
    return out;
}

/// What Qiniu's management signature (scheme word `Qiniu`) is computed over.
/// @param target Path and raw query, plain ASCII. @param request Its `host`, `content-type` and `x-qiniu-…` are signed.
/// @par Source Qiniu, "Access token".  Checked by vectors/qiniu.json, style qiniu-iam-sts.
[[nodiscard]] inline std::string qiniu_string_to_sign(http_request const& request, std::string_view target) {
    std::string out = request.method + " ";
    out.append(target);
    std::string content_type;
    std::vector<std::pair<std::string, std::string>> own;
    for (auto const& header : request.headers) {
        if (header.name == "host") out.append("\nHost: ").append(header.value);
        if (header.name == "content-type") content_type = header.value;
        if (header.name.starts_with("x-qiniu-") && header.name.size() > 8)
            own.emplace_back(canonical_mime_case(header.name), header.value);
    }
    if (!content_type.empty()) out.append("\nContent-Type: ").append(content_type);
    std::sort(own.begin(), own.end());
    for (auto const& [name, value] : own) out.append("\n").append(name).append(": ").append(value);
    out.append("\n\n");
    if (content_type != "application/octet-stream") out.append(request.body);
    return out;
}

/// Adds `authorization: Qiniu …`.
inline void sign_qiniu_request(http_request& request, std::string_view target, std::string_view key_id,
                               hmac_key<sha1> const& key) {
    auto const signature = sign_qiniu(key, qiniu_string_to_sign(request, target));
    request.headers.push_back({"authorization", std::string{"Qiniu "}.append(key_id).append(":").append(signature)});
}

/// Appends a native OBS signature to any text with `size`, `resize` and `data`: 28 bytes of standard base64 of
/// HMAC-SHA1. What a form signs is its policy's base64.
/// @par Source Huawei Cloud, OBS API reference, signature in a form (obs_04_0012).  Checked by vectors/huawei.json,
///   kind post_policy.
template <class Text>
void append_obs_signature(Text& out, hmac_key<sha1> const& key, std::string_view string_to_sign) {
    append_base64(out, key.sign(string_to_sign));
}

}  // namespace valetkey
