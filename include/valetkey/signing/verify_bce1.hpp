#pragma once
/// @file
/// bce-auth-v1, verified: requests and URLs of BOS and of STS, and the signature of a form. Pure; the stages are those
/// of bce1.hpp.
///
/// No body is signed. One that does not fit its `Content-MD5` is refused.
/// @par Source Baidu, "Authentication mechanism" (Reference/s/njwvz1yfu, Gjwvz1xez), "Get file URL" (BOS/s/Wl60p2b61).

#include <valetkey/signing/bce1.hpp>
#include <valetkey/signing/incoming.hpp>
#include <valetkey/signing/verify_v4.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace valetkey {

/// What a signature says of itself: `bce-auth-v1/KEY ID/TIME/SECONDS/a;b;c/SIGNATURE`.
struct bce1_claim {
    std::string_view prefix;  ///< up to SECONDS, as sent: the signing key is made of it
    std::string_view key_id;
    utc_seconds begin{};
    std::optional<utc_seconds> end{};  ///< none: it never expires, which is written `-1`
    std::string_view signed_headers;   ///< empty: those that is_bce1_header names
    std::string_view signature;

    /// Taken apart from the end: an id may hold slashes.
    [[nodiscard]] static std::optional<bce1_claim> parse(std::string_view text) noexcept {
        std::array<std::string_view, 4> parts;
        auto rest = text;
        for (std::size_t i = parts.size(); i-- > 0;) {
            auto const slash = rest.rfind('/');
            if (slash == std::string_view::npos) return std::nullopt;
            parts[i] = rest.substr(slash + 1);
            rest = rest.substr(0, slash);
        }
        auto const [time, seconds, names, signature] = parts;
        auto const begin = parse_iso_time(time);
        if (!begin || !rest.starts_with(bce1::algorithm) || rest.substr(bce1::algorithm.size(), 1) != "/")
            return std::nullopt;
        bce1_claim claim;
        claim.prefix = text.substr(0, rest.size() + 1 + time.size() + 1 + seconds.size());
        claim.key_id = rest.substr(bce1::algorithm.size() + 1);
        claim.begin = *begin;
        claim.signed_headers = names;
        claim.signature = signature;
        if (seconds == "-1") return claim;
        std::uint32_t lifetime = 0;
        auto const [end, bad] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), lifetime);
        if (bad != std::errc{} || end != seconds.data() + seconds.size()) return std::nullopt;
        claim.end = *begin + std::chrono::seconds{lifetime};
        return claim;
    }
    /// The list has names as they are, or encoded as in their lines; vendor packages differ. Their order is free.
    [[nodiscard]] bool signs(std::string_view header) const {
        if (signed_headers.empty()) return is_bce1_header(header);
        return detail::names_header(signed_headers, header) ||
               detail::names_header(signed_headers, percent_encoded(header));
    }
};

namespace detail {

/// Every signature that a request carries, in its header or in its query.
[[nodiscard]] inline std::vector<std::string_view> bce1_signatures(incoming_request const& request,
                                                                   std::vector<query_pair> const& query) {
    std::vector<std::string_view> found;
    for (auto const& header : request.headers)
        if (header.name == "authorization" && !header.value.empty()) found.emplace_back(header.value);
    for (auto const& pair : query)
        if (is_named(pair.name, "authorization")) found.emplace_back(pair.value);
    return found;
}

/// In header or query, and wherever it stands it is the key's own; none beside a long-term key.
[[nodiscard]] inline verdict check_bce1_token(known_key const& key, incoming_request const& request,
                                              std::vector<query_pair> const& query) {
    constexpr std::string_view name = "x-bce-security-token";
    std::vector<std::string_view> sent;
    for (auto const& header : request.headers)
        if (header.name == name && !header.value.empty()) sent.emplace_back(header.value);
    for (auto const& pair : query)
        if (pair.name == name && !pair.value.empty()) sent.emplace_back(pair.value);
    if (sent.empty()) return check_token(key, {});
    for (auto const token : sent)
        if (auto const answer = check_token(key, token); answer != verdict::accepted) return answer;
    return verdict::accepted;
}

/// The time of a signature and `x-bce-date` agree. The vendor's Go package reads the clock once for each, so where the
/// date is signed too it may be another second.
[[nodiscard]] inline bool bce1_dates_agree(incoming_request const& request, bce1_claim const& claim,
                                           verifying_terms const& terms) {
    auto const date = request.header_or_empty("x-bce-date");
    if (date.empty()) return true;
    auto const at = parse_iso_time(date);
    if (!at || *at == claim.begin) return at.has_value();
    return claim.signs("x-bce-date") && *at <= claim.begin + terms.window && *at + terms.window >= claim.begin;
}

/// The vendor's packages encode a path in upper case, and its npm package signs it as sent: another one was changed on
/// its way. In a query that package itself mixes both cases.
[[nodiscard]] constexpr bool has_lower_case_escape(std::string_view encoded) noexcept {
    for (std::size_t i = 0; i + 2 < encoded.size(); ++i)
        if (encoded[i] == '%' && (encoded[i + 1] >= 'a' || encoded[i + 2] >= 'a')) return true;
    return false;
}

/// Whether names that are not encoded can be told apart from the text around them, and differ from encoded ones.
[[nodiscard]] inline bool may_stay_as_they_are(std::vector<query_pair> const& query) noexcept {
    bool special = false;
    for (auto const& pair : query) {
        for (char const c : pair.name) {
            if (c == '&' || c == '=' || c == '%' || c == '\n') return false;
            special = special || !is_unreserved(c);
        }
    }
    return special;
}

[[nodiscard]] inline verdict check_bce1(bce1_claim const& claim, known_key const& key, incoming_request const& request,
                                        std::string_view path, std::vector<query_pair> const& query) {
    parameters pairs;
    for (auto const& pair : query) pairs.emplace_back(pair.name, pair.value);
    bce1_headers const headers{request.headers, [&](std::string_view name) { return claim.signs(name); }};
    auto const own = signing_key<bce1>(key.value, {});
    auto const fits = [&](bce1_names names) {
        auto const canonical =
            bce1_canonical_request(request.method, path, bce1_canonical_query(pairs, names), headers);
        return equal_in_constant_time(bce1_signature(own, claim.prefix, canonical), claim.signature);
    };
    if (fits(bce1_names::encoded)) return verdict::accepted;
    bool const by_npm = may_stay_as_they_are(query) && fits(bce1_names::as_they_are);
    return by_npm ? verdict::accepted : verdict::wrong_signature;
}

}  // namespace detail

/// A request to BOS or to STS, signed in the header `authorization` or, as a presigned URL, in the parameter of that
/// name. Good from its time (less the window) to its own end. `host` must be signed; `x-bce-` headers need not be.
/// @param find `known_key const* find(std::string_view id)`.
/// @par Source Checked by vectors/baidu.json, kinds sts_request, put_object and presigned_url. How far a clock may be
///   behind is not documented.
template <class Find>
[[nodiscard]] verdict verify_bce1(incoming_request const& request, Find const& find, verifying_terms const& terms) {
    auto const query = split_query(request.query);
    auto const path = canonical_path(request.path.empty() ? std::string_view{"/"} : request.path);
    if (!query || !path) return verdict::malformed;
    auto const signatures = detail::bce1_signatures(request, *query);
    if (signatures.empty()) return verdict::not_signed;
    auto const claim = signatures.size() == 1 ? bce1_claim::parse(signatures.front()) : std::nullopt;
    if (!claim || !claim->signs("host") || request.header_or_empty("host").empty()) return verdict::malformed;
    if (detail::has_lower_case_escape(request.path)) return verdict::malformed;
    bool const in_header = !request.header_or_empty("authorization").empty();
    if (in_header && !detail::bce1_dates_agree(request, *claim, terms)) return verdict::malformed;
    known_key const* key = find(claim->key_id);
    if (!key) return verdict::unknown_key;
    if (auto const token = detail::check_bce1_token(*key, request, *query); token != verdict::accepted) return token;
    if (claim->begin > terms.now + terms.window) return verdict::skewed;
    if (claim->end && terms.now > *claim->end) return verdict::expired;
    if (auto const md5 = check_content_md5(request, terms); md5 != verdict::accepted) return md5;
    return detail::check_bce1(*claim, *key, request, *path, *query);
}

/// The signature of a form; its policy's conditions are judged by policy/baidu_form_conditions.hpp.
/// @param fields       As posted, names in any letter case. What stands twice is malformed.
/// @param token_header The header `x-bce-security-token` of the post; empty when there is none. A field of that name
///   is taken, too (unverified).
/// @par Source Baidu, "PostObject".  Checked by kind post_policy.
template <class Find>
[[nodiscard]] verdict verify_bce1_form(parameters const& fields, std::string_view token_header, Find const& find) {
    bool twice = false;
    auto const value = [&](std::string_view name) {
        std::optional<std::string_view> found;
        for (auto const& [field, text] : fields) {
            if (!detail::is_named(field, name)) continue;
            twice = twice || found;
            found = text;
        }
        return found.value_or(std::string_view{});
    };
    auto const id = value("accesskey");
    auto const policy = value("policy");
    auto const signature = value("signature");
    auto const token_field = value("x-bce-security-token");
    if (twice) return verdict::malformed;
    if (policy.empty() && signature.empty()) return verdict::not_signed;
    known_key const* key = find(id);
    if (!key) return verdict::unknown_key;
    if (!token_field.empty() && !token_header.empty() && token_field != token_header) return verdict::wrong_token;
    auto const token = check_token(*key, token_header.empty() ? token_field : token_header);
    if (token != verdict::accepted) return token;
    auto const expected = sign_policy(signing_key<bce1>(key->value, {}), policy);
    return equal_in_constant_time(expected, signature) ? verdict::accepted : verdict::wrong_signature;
}

}  // namespace valetkey
