#pragma once
/// @file
/// Qiniu, verified: upload tokens, and the two management signatures that callbacks carry. Pure.

#include <valetkey/signing/hmac_sha1.hpp>
#include <valetkey/signing/incoming.hpp>

#include <string>
#include <string_view>

namespace valetkey {

/// What QBox (the older one) is computed over: neither method nor host nor time; the body only when it is a form.
/// @param target Path and raw query. @par Source Qiniu, "Access token".
[[nodiscard]] inline std::string qbox_string_to_sign(std::string_view target, std::string_view content_type,
                                                     std::string_view body) {
    std::string out{target};
    out += '\n';
    if (content_type == "application/x-www-form-urlencoded") out.append(body);
    return out;
}

/// A management request or a callback: `Authorization: Qiniu …` or `QBox …`.
/// @par Source Qiniu's SDKs, VerifyCallback.  Checked by vectors/qiniu.json, kinds sts_request and callback.
template <class Find>
[[nodiscard]] verdict verify_qiniu_request(incoming_request const& request, Find const& find,
                                           verifying_terms const& terms) {
    auto header = request.header_or_empty("authorization");
    bool const qbox = header.starts_with("QBox ");
    if (header.empty()) return verdict::not_signed;
    if (!qbox && !header.starts_with("Qiniu ")) return verdict::malformed;
    header.remove_prefix(qbox ? 5 : 6);
    auto const colon = header.find(':');
    if (colon == std::string_view::npos) return verdict::malformed;
    known_key const* key = find(header.substr(0, colon));
    if (!key) return verdict::unknown_key;
    if (auto const date = request.header("x-qiniu-date"); date && !qbox) {
        auto const at = parse_basic_time(*date);
        if (!at) return verdict::malformed;
        if (!is_within(*at, terms)) return verdict::skewed;
    }
    std::string target{request.path};
    if (!request.query.empty()) target.append("?").append(request.query);
    http_request const whole{std::string{request.method}, {}, request.headers, std::string{request.body}};
    auto const text = qbox ? qbox_string_to_sign(target, request.header_or_empty("content-type"), request.body)
                           : qiniu_string_to_sign(whole, target);
    auto const expected = sign_qiniu(hmac_key<sha1>{key->value.reveal()}, text);
    return equal_in_constant_time(expected, header.substr(colon + 1)) ? verdict::accepted : verdict::wrong_signature;
}

/// An upload token, taken apart and its signature checked; what it allows is for policy/ to say.
struct upload_token_check {
    verdict what = verdict::malformed;
    std::string put_policy{};  ///< the JSON text
};

/// @par Source Qiniu, "Upload token".  Checked by kind upload_token.
template <class Find>
[[nodiscard]] upload_token_check verify_upload_token(std::string_view token, Find const& find) {
    auto const first = token.find(':');
    auto const second = first == std::string_view::npos ? first : token.find(':', first + 1);
    if (second == std::string_view::npos || token.find(':', second + 1) != std::string_view::npos) return {};
    auto const policy = token.substr(second + 1);
    auto decoded = from_base64url(policy);
    if (!decoded) return {};
    known_key const* key = find(token.substr(0, first));
    if (!key) return {verdict::unknown_key, {}};
    auto const expected = sign_qiniu(hmac_key<sha1>{key->value.reveal()}, policy);
    bool const good = equal_in_constant_time(expected, token.substr(first + 1, second - first - 1));
    return good ? upload_token_check{verdict::accepted, std::move(*decoded)}
                : upload_token_check{verdict::wrong_signature, {}};
}

}  // namespace valetkey
