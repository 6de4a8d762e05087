#pragma once
/// @file
/// Signature Version 4, verified: in the header `Authorization`, in a presigned URL, and of a form policy. Pure; the
/// stages are those of v4.hpp.

#include <valetkey/signing/incoming.hpp>
#include <valetkey/signing/v4.hpp>

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace valetkey {

/// `KEYID/20260314/us-east-1/s3/aws4_request`, taken apart from the end: an id may hold slashes.
struct v4_credential {
    std::string_view key_id;
    std::string_view scope;
    std::string_view day;

    [[nodiscard]] static std::optional<v4_credential> parse(std::string_view text) noexcept {
        std::size_t begin = text.size();
        for (int part = 0; part < 4; ++part) {
            if (begin == 0) return std::nullopt;
            begin = text.rfind('/', begin - 1);
            if (begin == std::string_view::npos || begin == 0) return std::nullopt;
        }
        auto const scope = text.substr(begin + 1);
        return v4_credential{text.substr(0, begin), scope, scope.substr(0, scope.find('/'))};
    }
};

/// What a V4 signature says of itself, wherever it stood.
struct v4_claim {
    v4_credential credential{};
    std::string signed_headers{};  ///< `a;b;c`
    std::string signature{};
    std::string time{};  ///< as signed: `20260314T092653Z`
};

/// `ALGORITHM Credential=…, SignedHeaders=…, Signature=…` with any blanks after the commas. `names`: what the dialect
/// calls the list of headers (`SignedHeaders`; OSS: `AdditionalHeaders`).
[[nodiscard]] inline std::optional<v4_claim> parse_v4_authorization(std::string_view header, std::string_view algorithm,
                                                                    std::string_view names = "SignedHeaders") {
    if (!header.starts_with(algorithm) || header.size() == algorithm.size() || header[algorithm.size()] != ' ')
        return std::nullopt;
    header.remove_prefix(algorithm.size());
    v4_claim claim;
    std::string_view credential;
    while (!header.empty()) {
        header.remove_prefix(std::min(header.find_first_not_of(" \t"), header.size()));
        auto const part = header.substr(0, header.find(','));
        header.remove_prefix(std::min(part.size() + 1, header.size()));
        auto const equals = part.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        auto const name = part.substr(0, equals);
        auto const value = part.substr(equals + 1);
        bool const repeated = (name == "Credential" && !credential.empty()) ||
                              (name == names && !claim.signed_headers.empty()) ||
                              (name == "Signature" && !claim.signature.empty());
        if (repeated) return std::nullopt;
        if (name == "Credential")
            credential = value;
        else if (name == names)
            claim.signed_headers = value;
        else if (name == "Signature")
            claim.signature = value;
        else
            return std::nullopt;
    }
    auto const parsed = v4_credential::parse(credential);
    if (!parsed || claim.signature.empty()) return std::nullopt;
    claim.credential = *parsed;
    return claim;
}

/// The end of every V4 check: the derived key over the canonical request.
template <v4_dialect D>
[[nodiscard]] verdict check_v4(v4_claim const& claim, known_key const& key, scope_input const& in,
                               std::string_view canonical) {
    auto const scope = credential_scope<D>(in);
    if (claim.credential.scope != scope || !claim.time.starts_with(claim.credential.day)) return verdict::wrong_scope;
    auto const expected =
        to_hex(signing_key<D>(key.value, in)
                   .sign({D::algorithm, "\n", claim.time, "\n", scope, "\n", to_hex(digest<sha256>({canonical}))}));
    return equal_in_constant_time(expected, claim.signature) ? verdict::accepted : verdict::wrong_signature;
}

namespace detail {

[[nodiscard]] inline bool names_header(std::string_view list, std::string_view name) noexcept {
    while (!list.empty()) {
        auto const each = list.substr(0, list.find(';'));
        if (each == name) return true;
        list.remove_prefix(std::min(each.size() + 1, list.size()));
    }
    return false;
}
/// All signed headers are there, `host` among them, and every `x-amz-` header is signed.
[[nodiscard]] inline bool signs_enough(incoming_request const& request, std::string_view list) noexcept {
    if (!names_header(list, "host")) return false;
    for (auto const& header : request.headers)
        if (header.name.starts_with("x-amz-") && !names_header(list, header.name)) return false;
    while (!list.empty()) {
        auto const each = list.substr(0, list.find(';'));
        if (!request.header(each)) return false;
        list.remove_prefix(std::min(each.size() + 1, list.size()));
    }
    return true;
}
[[nodiscard]] inline std::string aws4_canonical(incoming_request const& request, std::string_view path,
                                                parameters const& query, v4_claim const& claim,
                                                std::string_view payload) {
    auto const is_signed = [&](std::string_view name) { return names_header(claim.signed_headers, name); };
    return canonical_request(request.method, path, canonical_query(query),
                             canonical_headers{request.headers, is_signed, folded}, payload);
}
[[nodiscard]] inline std::string_view service_of(std::string_view scope) noexcept {
    auto const day = scope.find('/');
    auto const region = scope.find('/', day + 1);
    return scope.substr(region + 1, scope.find('/', region + 1) - region - 1);
}

}  // namespace detail

/// What an AWS4 server is: its region and service (`s3`, `sts`).
struct v4_server {
    std::string_view region;
    std::string_view service;
};

/// A request signed in its header.
/// @param find `known_key const* find(std::string_view id)`.
/// @par Source AWS, "Create a signed AWS API request".  Checked by the vectors of kinds sts_request and put_object.
template <class Find>
[[nodiscard]] verdict verify_aws4_header(incoming_request const& request, Find const& find, v4_server const& server,
                                         verifying_terms const& terms) {
    auto const header = request.header("authorization");
    if (!header) return verdict::not_signed;
    auto claim = parse_v4_authorization(*header, aws4::algorithm);
    auto const query = split_query(request.query);
    auto const path = canonical_path(request.path);
    if (!claim || !query || !path) return verdict::malformed;
    claim->time = request.header_or_empty("x-amz-date");
    auto const at = parse_basic_time(claim->time);
    if (!at || !detail::signs_enough(request, claim->signed_headers)) return verdict::malformed;
    known_key const* key = find(claim->credential.key_id);
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, request.header_or_empty("x-amz-security-token"));
        token != verdict::accepted)
        return token;
    if (!is_within(*at, terms)) return verdict::skewed;
    auto const body_hash = to_hex(digest<sha256>({request.body}));
    auto const payload = request.header("x-amz-content-sha256").value_or(body_hash.view());
    bool const hashed = payload.size() == 64;
    if (hashed && payload != body_hash.view()) return verdict::wrong_body;
    if (!hashed && payload != "UNSIGNED-PAYLOAD" && !payload.starts_with("STREAMING-")) return verdict::malformed;
    if (auto const md5 = check_content_md5(request, terms); md5 != verdict::accepted) return md5;
    parameters pairs;
    for (auto const& pair : *query) pairs.emplace_back(pair.name, pair.value);
    scope_input const in{claim->credential.day, server.region, server.service};
    return check_v4<aws4>(*claim, *key, in, detail::aws4_canonical(request, *path, pairs, *claim, payload));
}

/// A presigned URL: everything in the query; good from its date (less the window) to its end.
/// @par Source AWS, "Authenticating Requests: Using Query Parameters".  Checked by kind presigned_url.
template <class Find>
[[nodiscard]] verdict verify_aws4_query(incoming_request const& request, Find const& find, v4_server const& server,
                                        verifying_terms const& terms) {
    auto const query = split_query(request.query);
    auto const path = canonical_path(request.path);
    if (!query || !path) return verdict::malformed;
    auto const value = [&](std::string_view name) { return only_value(*query, name); };
    if (!value("X-Amz-Signature")) return verdict::not_signed;
    auto const credential = v4_credential::parse(value("X-Amz-Credential").value_or(std::string_view{}));
    v4_claim claim;
    claim.time = value("X-Amz-Date").value_or(std::string_view{});
    claim.signature = *value("X-Amz-Signature");
    claim.signed_headers = value("X-Amz-SignedHeaders").value_or(std::string_view{});
    auto const at = parse_basic_time(claim.time);
    std::uint64_t seconds = 0;
    auto const expires = value("X-Amz-Expires").value_or(std::string_view{});
    auto const [end, bad] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
    if (!credential || !at || expires.empty() || bad != std::errc{} || end != expires.data() + expires.size() ||
        seconds < 1 || seconds > 604800 || value("X-Amz-Algorithm") != aws4::algorithm ||
        !detail::signs_enough(request, claim.signed_headers))
        return verdict::malformed;
    claim.credential = *credential;
    known_key const* key = find(credential->key_id);
    if (!key) return verdict::unknown_key;
    auto const token = check_token(*key, value("X-Amz-Security-Token").value_or(std::string_view{}));
    if (token != verdict::accepted) return token;
    if (*at > terms.now + terms.window) return verdict::skewed;
    if (terms.now > *at + std::chrono::seconds{seconds}) return verdict::expired;
    parameters pairs;
    for (auto const& pair : *query)
        if (pair.name != "X-Amz-Signature") pairs.emplace_back(pair.name, pair.value);
    scope_input const in{credential->day, server.region, server.service};
    return check_v4<aws4>(claim, *key, in, detail::aws4_canonical(request, *path, pairs, claim, "UNSIGNED-PAYLOAD"));
}

/// The signature of a form policy; the policy's own conditions are judged by policy/form_conditions.hpp.
/// @param policy Base64, as posted.
template <v4_dialect D>
[[nodiscard]] verdict verify_v4_policy(std::string_view policy, std::string_view credential, std::string_view time,
                                       std::string_view signature, known_key const& key, scope_input in) {
    auto const parsed = v4_credential::parse(credential);
    if (!parsed || !parse_basic_time(time)) return verdict::malformed;
    in.yyyymmdd = parsed->day;
    if (parsed->scope != credential_scope<D>(in) || !time.starts_with(parsed->day)) return verdict::wrong_scope;
    auto const expected = sign_policy(signing_key<D>(key.value, in), policy);
    return equal_in_constant_time(expected, signature) ? verdict::accepted : verdict::wrong_signature;
}

}  // namespace valetkey
