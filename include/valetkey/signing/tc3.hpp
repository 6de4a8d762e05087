#pragma once
/// @file
/// Tencent Cloud's request signatures: TC3-HMAC-SHA256 (version 3), and HmacSHA1 (version 1) of its older helpers.
/// Pure.

#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/base64.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/signing/dialects.hpp>
#include <valetkey/signing/message.hpp>
#include <valetkey/signing/v4.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

/// When a request is signed, as TC3 writes it: the day of the scope is the UTC day of the time stamp.
class tc3_time {
public:
    explicit tc3_time(utc_seconds at) noexcept : seconds_{at.time_since_epoch().count()}, iso_{timestamp{at}.iso()} {}
    /// `1772600767`
    [[nodiscard]] std::string_view seconds() const noexcept { return seconds_; }
    /// `2026-03-04`
    [[nodiscard]] std::string_view day() const noexcept { return iso_.view().substr(0, 10); }

private:
    decimal seconds_;
    fixed_text<20> iso_;
};

/// What is signed of a request to `/`.
/// @param query   As it stands in the URL; empty for POST.
/// @param headers Those that are signed; `content-type` and `host` must be among them.
/// @param seconds `x-tc-timestamp`.
/// @param scope   `2026-03-04/sts/tc3_request`
/// @par Source    Tencent Cloud, "Signature v3" (1150/49447).  Checked by vectors/tencent.json, kind sts_request.
[[nodiscard]] inline std::string tc3_string_to_sign(std::string_view method, std::string_view query,
                                                    canonical_headers const& headers, std::string_view body,
                                                    std::string_view seconds, std::string_view scope) {
    auto const canonical = canonical_request(method, "/", query, headers, to_hex(digest<sha256>({body})));
    std::string out{tc3::algorithm};
    out.append("\n").append(seconds).append("\n").append(scope).append("\n");
    out.append(to_hex(digest<sha256>({canonical})).view());
    return out;
}

/// Adds `x-tc-timestamp`, for a temporary identity its token, and `authorization`. Signs `content-type` and `host`, as
/// the vendor's SDKs do: send the type in lower case, for the document lower-cases what is signed and the SDKs do not.
/// @param in    Its day is that of `at`.
/// @param query As it stands in the URL; empty for POST.
inline void sign_tc3(http_request& request, std::string_view key_id, std::string_view session_token,
                     hmac_key<sha256> const& key, tc3_time const& at, scope_input const& in,
                     std::string_view query = {}) {
    request.headers.push_back({"x-tc-timestamp", std::string{at.seconds()}});
    if (!session_token.empty()) request.headers.push_back({"x-tc-token", std::string{session_token}});
    auto const is_signed = [](std::string_view name) { return name == "host" || name == "content-type"; };
    canonical_headers const headers{request.headers, is_signed, trimmed};
    auto const scope = credential_scope<tc3>(in);
    auto const signature =
        to_hex(key.sign(tc3_string_to_sign(request.method, query, headers, request.body, at.seconds(), scope)));
    std::string authorization{tc3::algorithm};
    authorization.append(" Credential=").append(key_id).append("/").append(scope);
    authorization.append(", SignedHeaders=").append(headers.names());
    authorization.append(", Signature=").append(signature.view());
    request.headers.push_back({"authorization", std::move(authorization)});
}

/// What version 1 signs: every parameter, not encoded, in the order of the names. (`Policy` is a percent-encoded text
/// of its own: that text is signed.)
/// @par Source npm qcloud-cos-sts, `sdk/sts.js`.  Checked by vectors/tencent.json, signature HmacSHA1.
[[nodiscard]] inline std::string tencent1_string_to_sign(std::string_view method, std::string_view host,
                                                         parameters all) {
    std::sort(all.begin(), all.end());
    std::string out{method};
    out.append(host).append("/");
    char mark = '?';
    for (auto const& [name, value] : all) {
        out += std::exchange(mark, '&');
        out.append(name).append("=").append(value);
    }
    return out;
}

/// The parameter `Signature` of version 1: standard base64 of HMAC-SHA1, the secret itself as key; of HMAC-SHA256 where
/// the parameter `SignatureMethod` says `HmacSHA256`.
template <class Hash>
[[nodiscard]] std::string sign_tencent1(std::string_view method, std::string_view host, parameters all,
                                        hmac_key<Hash> const& key) {
    return to_base64(key.sign(tencent1_string_to_sign(method, host, std::move(all))));
}

}  // namespace valetkey
