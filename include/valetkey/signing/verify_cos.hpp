#pragma once
/// @file
/// Tencent COS, verified: q-sign in the header `Authorization`, in a presigned URL, and of a form policy. Pure; the
/// stages are those of qsign.hpp.

#include <valetkey/signing/incoming.hpp>
#include <valetkey/signing/qsign.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

/// How strict a store is.
struct cos_server {
    /// A signature without `host` fits every bucket that its key may write to. The vendor takes it, and its SDKs can be
    /// told to make one; nobody who can choose should.
    bool host_must_be_signed = true;
};

/// What a q-sign says of itself, wherever it stood.
struct qsign_claim {
    std::string_view key_id;
    std::string_view key_time;        ///< `start;end`
    std::string_view header_list;     ///< `a;b;c`, encoded names
    std::string_view parameter_list;  ///< likewise
    std::string_view signature;

    /// Each of the seven parts once; both times are the same, as every SDK has them.
    /// @param pairs Must outlive the claim.
    [[nodiscard]] static std::optional<qsign_claim> parse(std::vector<query_pair> const& pairs) noexcept {
        auto const value = [&](std::string_view name) { return only_value(pairs, name); };
        auto const id = value("q-ak");
        auto const time = value("q-key-time");
        auto const headers = value("q-header-list");
        auto const names = value("q-url-param-list");
        auto const signature = value("q-signature");
        if (!id || id->empty() || !time || !headers || !names || !signature) return std::nullopt;
        if (value("q-sign-algorithm") != qsign_algorithm || value("q-sign-time") != time) return std::nullopt;
        return qsign_claim{*id, *time, *headers, *names, *signature};
    }
    [[nodiscard]] static bool is_part(std::string_view name) noexcept {
        return name == "q-sign-algorithm" || name == "q-ak" || name == "q-sign-time" || name == "q-key-time" ||
               name == "q-header-list" || name == "q-url-param-list" || name == "q-signature";
    }
};

/// From when until when a SignKey is good; both seconds are included.
struct qsign_span {
    utc_seconds begin;
    utc_seconds end;

    /// Reads `1772600766;1772601666`.
    [[nodiscard]] static std::optional<qsign_span> parse(std::string_view text) noexcept {
        auto const semicolon = text.find(';');
        if (semicolon == std::string_view::npos) return std::nullopt;
        auto const begin = seconds(text.substr(0, semicolon));
        auto const end = seconds(text.substr(semicolon + 1));
        if (!begin || !end || *begin > *end) return std::nullopt;
        return qsign_span{*begin, *end};
    }
    /// COS names no slack at either side, not even for a beginning that lies ahead of its clock.
    [[nodiscard]] static verdict check(std::string_view text, utc_seconds now) noexcept {
        auto const span = parse(text);
        if (!span) return verdict::malformed;
        if (now < span->begin) return verdict::skewed;
        return now > span->end ? verdict::expired : verdict::accepted;
    }

private:
    [[nodiscard]] static std::optional<utc_seconds> seconds(std::string_view digits) noexcept {
        std::int64_t number = 0;
        if (digits.empty() || digits.size() > 11 || digits.front() == '-') return std::nullopt;
        auto const [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (bad != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
        return utc_seconds{std::chrono::seconds{number}};
    }
};

namespace detail {

/// The parts of the header, which stand there as they are.
[[nodiscard]] inline std::vector<query_pair> split_qsign_header(std::string_view text) {
    std::vector<query_pair> out;
    while (true) {
        auto const pair = text.substr(0, text.find('&'));
        auto const equals = std::min(pair.find('='), pair.size());
        out.push_back({std::string{pair.substr(0, equals)}, std::string{pair.substr(std::min(equals + 1, pair.size()))},
                       equals < pair.size()});
        if (pair.size() == text.size()) return out;
        text.remove_prefix(pair.size() + 1);
    }
}

/// Whether a list's entry names it. In a URL the list's own encoding may or may not have been encoded once more.
[[nodiscard]] inline bool is_qsign_name(std::string_view entry, std::string_view decoded) {
    auto const name = qsign_name(decoded);
    return entry == name || (qsign_lower(std::string{entry}) == entry && qsign_name(entry) == name);
}

/// Those of `all` that a list names. What it names and the request lacks is none: a parameter that was dropped must
/// not be taken for an empty one.
/// @param absent_is_empty For headers: a proxy may drop an empty one.
[[nodiscard]] inline std::optional<parameters> named_by(std::string_view list, parameters const& all,
                                                        bool absent_is_empty) {
    parameters out;
    std::vector<bool> taken(all.size());
    while (!list.empty()) {
        auto const entry = list.substr(0, list.find(';'));
        bool found = false;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!is_qsign_name(entry, all[i].first)) continue;
            found = true;
            if (!taken[i]) out.push_back(all[i]);
            taken[i] = true;
        }
        auto const decoded = percent_decoded(entry, false);
        if (!found && (!absent_is_empty || entry.empty() || !decoded)) return std::nullopt;
        if (!found) out.emplace_back(*decoded, std::string{});
        if (entry.size() + 1 == list.size()) return std::nullopt;  // nothing behind the last `;`
        list.remove_prefix(std::min(entry.size() + 1, list.size()));
    }
    return out;
}

[[nodiscard]] inline bool is_qsign_of(qsign_claim const& claim, known_key const& key, std::string_view method,
                                      std::string_view path, parameters const& query, parameters const& headers) {
    auto const sign_key = qsign_key(key.value, claim.key_time);
    auto const fits = [&](query_order order) {
        auto const text =
            qsign_string_to_sign(claim.key_time, method, path, qsign_list{query, order}, qsign_list{headers, order});
        return equal_in_constant_time(to_hex(sign_key.sign(text)), claim.signature);
    };
    return fits(query_order::by_encoded_name) || fits(query_order::by_raw_name);
}

/// The token is not signed where a browser's client sends it: so it must be there, once, and be exactly the key's.
[[nodiscard]] inline verdict check_cos_token(incoming_request const& request, std::vector<query_pair> const& query,
                                             known_key const& key) noexcept {
    constexpr std::string_view name = "x-cos-security-token";
    int count = 0;
    std::string_view token;
    auto const take = [&](std::string_view value) { ++count, token = value; };
    for (auto const& each : request.headers)
        if (each.name == name) take(each.value);
    for (auto const& each : query)
        if (each.name == name) take(each.value);
    return count > 1 ? verdict::malformed : check_token(key, token);
}

}  // namespace detail

/// A request to COS, signed in its header or, presigned, in its query.
///
/// What is signed is the signer's choice, told by two lists; what they do not name is not looked at. Nothing is signed
/// of the body but, where its header is, the digest in `Content-MD5`. The path is taken as it is on the wire.
/// @param find `known_key const* find(std::string_view id)`.
/// @param terms Its window is not used: a key time names both ends.
/// @par Source Tencent Cloud, "Request Signature" (436/7778).  Checked by vectors/tencent.json, kinds put_object and
///   presigned_url.
template <class Find>
[[nodiscard]] verdict verify_cos_request(incoming_request const& request, Find const& find,
                                         verifying_terms const& terms, cos_server const& server = {}) {
    auto const authorization = request.header_or_empty("authorization");
    auto const query = split_query(request.query);
    auto const path = percent_decoded(request.path, false);
    if (!query || !path || !path->starts_with('/')) return verdict::malformed;
    bool const presigned =
        std::any_of(query->begin(), query->end(), [](auto const& pair) { return qsign_claim::is_part(pair.name); });
    if (authorization.empty() && !presigned) return verdict::not_signed;
    if (!authorization.empty() && presigned) return verdict::malformed;
    auto const in_header = presigned ? std::vector<query_pair>{} : detail::split_qsign_header(authorization);
    auto const claim = qsign_claim::parse(presigned ? *query : in_header);
    if (!claim || (!presigned && in_header.size() != 7)) return verdict::malformed;

    parameters all_headers;
    parameters all_parameters;
    for (auto const& each : request.headers) all_headers.emplace_back(each.name, each.value);
    for (auto const& each : *query)
        if (!qsign_claim::is_part(each.name)) all_parameters.emplace_back(each.name, each.value);
    auto const headers = detail::named_by(claim->header_list, all_headers, true);
    auto const signed_parameters = detail::named_by(claim->parameter_list, all_parameters, false);
    if (!headers || !signed_parameters) return verdict::malformed;
    auto const names_host = [](auto const& header) { return header.first == "host" && !header.second.empty(); };
    if (server.host_must_be_signed && std::none_of(headers->begin(), headers->end(), names_host))
        return verdict::malformed;

    known_key const* key = find(claim->key_id);
    if (!key) return verdict::unknown_key;
    if (auto const token = detail::check_cos_token(request, *query, *key); token != verdict::accepted) return token;
    if (auto const time = qsign_span::check(claim->key_time, terms.now); time != verdict::accepted) return time;
    if (auto const md5 = check_content_md5(request, terms); md5 != verdict::accepted) return md5;
    return detail::is_qsign_of(*claim, *key, request.method, *path, *signed_parameters, *headers)
               ? verdict::accepted
               : verdict::wrong_signature;
}

/// The value of a posted field, its name in any letter case; none when it is absent.
[[nodiscard]] inline std::optional<std::string_view> posted_field(parameters const& fields, std::string_view name) {
    for (auto const& [field, value] : fields)
        if (detail::qsign_lower(field) == name) return std::string_view{value};
    return std::nullopt;
}

/// The signature of a form. What its policy demands is judged by policy/cos_form_conditions.hpp.
/// @param fields As posted, without the file. A field that comes twice makes the form malformed.
/// @par Source Tencent Cloud, "POST Object" (436/14690).  Checked by vectors/tencent.json, kind post_policy.
template <class Find>
[[nodiscard]] verdict verify_cos_form(parameters const& fields, Find const& find, utc_seconds now) {
    std::vector<std::string> names;
    for (auto const& field : fields) names.push_back(detail::qsign_lower(field.first));
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end()) return verdict::malformed;
    auto const signature = posted_field(fields, "q-signature");
    if (!signature) return verdict::not_signed;
    auto const id = posted_field(fields, "q-ak");
    auto const time = posted_field(fields, "q-key-time");
    auto const policy = from_base64(posted_field(fields, "policy").value_or(std::string_view{}));
    if (posted_field(fields, "q-sign-algorithm") != qsign_algorithm || !id || !time || !policy || policy->empty())
        return verdict::malformed;
    known_key const* key = find(*id);
    if (!key) return verdict::unknown_key;
    auto const token = check_token(*key, posted_field(fields, "x-cos-security-token").value_or(std::string_view{}));
    if (token != verdict::accepted) return token;
    if (auto const span = qsign_span::check(*time, now); span != verdict::accepted) return span;
    auto const expected = sign_qsign_policy(qsign_key(key->value, *time), *policy);
    return equal_in_constant_time(expected, *signature) ? verdict::accepted : verdict::wrong_signature;
}

}  // namespace valetkey
