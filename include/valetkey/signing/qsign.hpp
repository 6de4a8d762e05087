#pragma once
/// @file
/// The signature of Tencent COS ("q-sign"): HMAC-SHA1 with a key that is good for one span of time. Pure.
/// @par Source Tencent Cloud, "Request Signature" (436/7778), "POST Object" (436/14690); npm cos-nodejs-sdk-v5.

#include <valetkey/credentials.hpp>
#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/signing/message.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

inline constexpr std::string_view qsign_algorithm = "sha1";

/// The SignKey of a KeyTime. It is used as its 40 hex digits, not as 20 bytes.
/// @param key_time `start;end`, Unix seconds.
[[nodiscard]] inline hmac_key<sha1> qsign_key(secret const& value, std::string_view key_time) {
    auto mac = hmac_key<sha1>{value.reveal()}.sign(key_time);
    auto digits = to_hex(mac);
    hmac_key<sha1> key{digits.view()};
    OPENSSL_cleanse(mac.data(), mac.size());
    OPENSSL_cleanse(digits.text.data(), digits.text.size());
    return key;
}

/// The SignKey made last, kept with all it came from: the vouchers of one second share it.
class qsign_key_cache {
public:
    [[nodiscard]] hmac_key<sha1> const& get(secret const& value, std::string_view key_time) {
        if (!key_ || key_time_ != key_time || !equal_in_constant_time(from_.reveal(), value.reveal())) {
            key_ = qsign_key(value, key_time);
            from_ = value;
            key_time_ = key_time;
        }
        return *key_;
    }

private:
    std::optional<hmac_key<sha1>> key_;
    secret from_;
    std::string key_time_;
};

/// The signature of a form policy: over its JSON text, not over its base64; 40 lower-case hex digits.
/// @par Source Checked by vectors/tencent.json, kind post_policy (the vendor document's own sample among them).
[[nodiscard]] inline fixed_text<40> sign_qsign_policy(hmac_key<sha1> const& key, std::string_view policy_json) {
    return to_hex(key.sign(to_hex(digest<sha1>({policy_json}))));
}

namespace detail {
[[nodiscard]] inline std::string qsign_lower(std::string text) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return text;
}
}  // namespace detail

/// A name as it is signed, and as the lists of names have it: encoded, then in lower case.
[[nodiscard]] inline std::string qsign_name(std::string_view decoded) {
    return detail::qsign_lower(percent_encoded(decoded));
}

/// Parameters or headers as they are signed: names encoded, in lower case and sorted; values encoded.
/// @param order The document sorts by the encoded name, and so do its lists of names. The JavaScript SDKs sort what is
///   signed by the raw name in lower case: another order only where a name has characters that must be encoded.
class qsign_list {
public:
    explicit qsign_list(parameters decoded, query_order order = query_order::by_encoded_name) {
        bool const raw = order == query_order::by_raw_name;
        if (raw) sort(decoded, [](auto const& pair) { return detail::qsign_lower(pair.first); });
        for (auto& [name, value] : decoded) name = qsign_name(name);
        if (!raw) sort(decoded, [](auto const& pair) { return std::string_view{pair.first}; });
        for (auto const& [name, value] : decoded) {
            if (!pairs_.empty()) {
                pairs_ += '&';
                names_ += ';';
            }
            names_.append(name);
            pairs_.append(name).append("=");
            append_percent_encoded(pairs_, value);
        }
    }
    /// `name=value&…`
    [[nodiscard]] std::string const& pairs() const noexcept { return pairs_; }
    /// `name;name;…`
    [[nodiscard]] std::string const& names() const noexcept { return names_; }

private:
    template <class Key>
    static void sort(parameters& pairs, Key key) {
        std::stable_sort(pairs.begin(), pairs.end(),
                         [&](auto const& left, auto const& right) { return key(left) < key(right); });
    }
    std::string pairs_;
    std::string names_;
};

/// What is signed of a request.
/// @param path Decoded, with its leading `/`, and not normalised.
[[nodiscard]] inline std::string qsign_string_to_sign(std::string_view key_time, std::string_view method,
                                                      std::string_view path, qsign_list const& query,
                                                      qsign_list const& headers) {
    auto http = detail::qsign_lower(std::string{method});
    http.append("\n").append(path).append("\n");
    http.append(query.pairs()).append("\n").append(headers.pairs()).append("\n");
    std::string out{qsign_algorithm};
    out.append("\n").append(key_time).append("\n").append(to_hex(digest<sha1>({http})).view()).append("\n");
    return out;
}

/// The headers that the vendor's JavaScript SDK signs where they have a value. (A verifier takes those of
/// `q-header-list` instead.)
[[nodiscard]] constexpr bool is_qsign_signable(std::string_view header) noexcept {
    constexpr std::string_view names[] = {"cache-control",
                                          "content-disposition",
                                          "content-encoding",
                                          "content-length",
                                          "content-md5",
                                          "content-type",
                                          "expect",
                                          "expires",
                                          "host",
                                          "origin",
                                          "pic-operations",
                                          "range",
                                          "transfer-encoding"};
    for (auto const name : names)
        if (header == name) return true;
    return header.starts_with("if-") || header.starts_with("x-cos-") || header.starts_with("x-ci-");
}

/// Adds `authorization`, then the token of a temporary key, which that SDK leaves unsigned.
/// @param key Of this very KeyTime.
/// @par Source Checked by vectors/tencent.json, the backup endpoint `POST /?sts` (436/112755).
inline void sign_qsign(http_request& request, std::string_view path, parameters const& query, std::string_view key_id,
                       std::string_view session_token, hmac_key<sha1> const& key, std::string_view key_time) {
    parameters signable;
    for (auto const& header : request.headers)
        if (is_qsign_signable(header.name) && !header.value.empty()) signable.emplace_back(header.name, header.value);
    qsign_list const headers{std::move(signable)};
    qsign_list const params{query};
    auto const signature = to_hex(key.sign(qsign_string_to_sign(key_time, request.method, path, params, headers)));
    std::string authorization{"q-sign-algorithm="};
    authorization.append(qsign_algorithm).append("&q-ak=").append(key_id);
    authorization.append("&q-sign-time=").append(key_time).append("&q-key-time=").append(key_time);
    authorization.append("&q-header-list=").append(headers.names());
    authorization.append("&q-url-param-list=").append(params.names());
    authorization.append("&q-signature=").append(signature.view());
    request.headers.push_back({"authorization", std::move(authorization)});
    if (!session_token.empty()) request.headers.push_back({"x-cos-security-token", std::string{session_token}});
}

}  // namespace valetkey
