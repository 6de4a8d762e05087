#pragma once
/// @file
/// Tencent's STS, verified: TC3-HMAC-SHA256, the older HmacSHA1 and HmacSHA256 over parameters, and the q-sign of the
/// door on a bucket's host, `POST /?sts`. Pure; the stages are those of tc3.hpp and qsign.hpp.

#include <valetkey/signing/incoming.hpp>
#include <valetkey/signing/tc3.hpp>
#include <valetkey/signing/verify_cos.hpp>
#include <valetkey/signing/verify_v4.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

/// STS refuses a difference above it (`AuthFailure.SignatureExpire`).
inline constexpr std::chrono::seconds tencent_sts_window = std::chrono::minutes{5};

/// `TC3-HMAC-SHA256 Credential=ID/2026-03-04/sts/tc3_request, SignedHeaders=a;b, Signature=…`, taken apart.
struct tc3_claim {
    std::string_view key_id;
    std::string_view scope;
    std::string_view signed_headers;
    std::string_view signature;

    [[nodiscard]] static std::optional<tc3_claim> parse(std::string_view header) noexcept {
        if (!header.starts_with(tc3::algorithm)) return std::nullopt;
        header.remove_prefix(tc3::algorithm.size());
        tc3_claim claim{};
        std::string_view credential;
        for (auto const& [name, into] : {std::pair{std::string_view{"Credential="}, &credential},
                                         std::pair{std::string_view{"SignedHeaders="}, &claim.signed_headers},
                                         std::pair{std::string_view{"Signature="}, &claim.signature}}) {
            header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
            if (!header.starts_with(name)) return std::nullopt;
            *into = header.substr(name.size(), header.find(',') - name.size());
            header.remove_prefix(std::min(name.size() + into->size() + 1, header.size()));
        }
        std::size_t slash = credential.size();  // from the end: an id may hold slashes
        for (int part = 0; part < 3 && slash != 0 && slash != std::string_view::npos; ++part)
            slash = credential.rfind('/', slash - 1);
        if (!header.empty() || claim.signature.empty() || slash == 0 || slash == std::string_view::npos)
            return std::nullopt;
        claim.key_id = credential.substr(0, slash);
        claim.scope = credential.substr(slash + 1);
        return claim;
    }
};

namespace detail {

[[nodiscard]] inline std::string trimmed_lower(std::string_view value) {
    return qsign_lower(trimmed(value));
}

[[nodiscard]] inline std::optional<utc_seconds> parse_unix_time(std::string_view digits) noexcept {
    std::int64_t number = 0;
    auto const [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    bool const whole = bad == std::errc{} && end == digits.data() + digits.size();
    if (!whole || digits.size() > 11 || number < 0) return std::nullopt;
    return utc_seconds{std::chrono::seconds{number}};
}

[[nodiscard]] inline bool is_within_sts_window(utc_seconds at, verifying_terms terms) noexcept {
    terms.window = std::min(terms.window, tencent_sts_window);
    return is_within(at, terms);
}

/// Whether a header that decides comes twice.
[[nodiscard]] inline bool repeats_header(incoming_request const& request,
                                         std::initializer_list<std::string_view> names) noexcept {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
        auto const is = [&](auto const& header) { return header.name == name; };
        return std::count_if(request.headers.begin(), request.headers.end(), is) > 1;
    });
}

template <class Find>
[[nodiscard]] verdict verify_tc3(incoming_request const& request, Find const& find, verifying_terms const& terms) {
    auto const claim = tc3_claim::parse(request.header_or_empty("authorization"));
    auto const seconds = request.header_or_empty("x-tc-timestamp");
    auto const at = parse_unix_time(seconds);
    if (!claim || !at || request.path != "/" ||
        repeats_header(request, {"authorization", "x-tc-timestamp", "x-tc-token", "host", "content-type"}))
        return verdict::malformed;
    auto const is_signed = [&](std::string_view name) { return names_header(claim->signed_headers, name); };
    // the names must be those that are there, sorted: then they stand in the canonical request as they were sent
    canonical_headers const as_sent{request.headers, is_signed, trimmed};
    if (as_sent.names() != claim->signed_headers || !is_signed("host") || !is_signed("content-type"))
        return verdict::malformed;
    known_key const* key = find(claim->key_id);
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, request.header_or_empty("x-tc-token")); token != verdict::accepted)
        return token;
    if (!is_within_sts_window(*at, terms)) return verdict::skewed;
    tc3_time const time{*at};
    scope_input const in{time.day(), {}, "sts"};
    auto const scope = credential_scope<tc3>(in);
    if (claim->scope != scope) return verdict::wrong_scope;
    auto const signer = signing_key<tc3>(key->value, in);
    auto const fits = [&](canonical_headers const& headers) {
        auto const text = tc3_string_to_sign(request.method, request.query, headers, request.body, seconds, scope);
        return equal_in_constant_time(to_hex(signer.sign(text)), claim->signature);
    };
    // the document signs the values in lower case, the SDKs as they are
    return fits(as_sent) || fits(canonical_headers{request.headers, is_signed, trimmed_lower})
               ? verdict::accepted
               : verdict::wrong_signature;
}

/// @param all Everything but the signature is signed, so no name may come twice.
template <class Find>
[[nodiscard]] verdict verify_tencent1(incoming_request const& request, std::vector<query_pair> const& all,
                                      Find const& find, verifying_terms const& terms) {
    auto const value = [&](std::string_view name) { return only_value(all, name).value_or(std::string_view{}); };
    auto const at = parse_unix_time(value("Timestamp"));
    auto const method = only_value(all, "SignatureMethod").value_or("HmacSHA1");
    if (!at || value("Nonce").empty() || request.path != "/" || repeats_header(request, {"host", "content-type"}) ||
        (method != "HmacSHA1" && method != "HmacSHA256"))
        return verdict::malformed;
    parameters text;
    for (auto const& pair : all)
        if (pair.name != "Signature") text.emplace_back(pair.name, pair.value);
    std::sort(text.begin(), text.end());
    auto const same_name = [](auto const& left, auto const& right) { return left.first == right.first; };
    if (std::adjacent_find(text.begin(), text.end(), same_name) != text.end()) return verdict::malformed;
    known_key const* key = find(value("SecretId"));
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, value("Token")); token != verdict::accepted) return token;
    if (!is_within_sts_window(*at, terms)) return verdict::skewed;
    auto const host = request.header_or_empty("host");
    auto const expected = method == "HmacSHA1"
                              ? sign_tencent1(request.method, host, text, hmac_key<sha1>{key->value.reveal()})
                              : sign_tencent1(request.method, host, text, hmac_key<sha256>{key->value.reveal()});
    return equal_in_constant_time(expected, value("Signature")) ? verdict::accepted : verdict::wrong_signature;
}

/// Query and form body; a `+` is a blank in a form and a plus in a query.
[[nodiscard]] inline std::optional<std::vector<query_pair>> all_parameters(incoming_request const& request) {
    auto all = split_query(request.query);
    if (!all || !request.header_or_empty("content-type").starts_with("application/x-www-form-urlencoded")) return all;
    std::string body{request.body};
    std::replace(body.begin(), body.end(), '+', ' ');
    auto const form = split_query(body);
    if (!form) return std::nullopt;
    all->insert(all->end(), form->begin(), form->end());
    return all;
}

/// The parameter `sts` makes it such a request, so it must be signed.
[[nodiscard]] inline bool is_signed_post_sts(incoming_request const& request) {
    auto const query = split_query(request.query);
    auto const parts = split_qsign_header(request.header_or_empty("authorization"));
    return request.method == "POST" && request.path == "/" && query && only_value(*query, "sts") &&
           names_header(only_value(parts, "q-url-param-list").value_or(std::string_view{}), "sts");
}

}  // namespace detail

/// A request to STS, whichever of its ways it was signed.
/// @param find `known_key const* find(std::string_view id)`.
/// @param terms A window above the vendor's five minutes is that.
/// @par Source Tencent Cloud, "Signature v3" (1150/49447), "PostBucketSTS" (436/112755); npm qcloud-cos-sts.  Checked
/// by
///   vectors/tencent.json, kind sts_request.
template <class Find>
[[nodiscard]] verdict verify_tencent_sts(incoming_request const& request, Find const& find,
                                         verifying_terms const& terms) {
    auto const header = request.header_or_empty("authorization");
    if (header.starts_with("q-sign-algorithm="))
        return detail::is_signed_post_sts(request) ? verify_cos_request(request, find, terms) : verdict::malformed;
    if (!header.empty()) return detail::verify_tc3(request, find, terms);
    auto const all = detail::all_parameters(request);
    if (!all) return verdict::malformed;
    if (!only_value(*all, "Signature")) return verdict::not_signed;
    return detail::verify_tencent1(request, *all, find, terms);
}

}  // namespace valetkey
