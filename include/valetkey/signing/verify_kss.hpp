#pragma once
/// @file
/// KSyun, verified: requests and URLs to KS3 (KSS, AWS4 and KSS4), forms, and requests to its STS. Pure.
/// @par Source KSyun, "Request signature" (2321), "Request signature V4" (6890), "POST Policy" (42321); the vendor's Go
///   and Java SDKs.

#include <valetkey/http_date.hpp>
#include <valetkey/signing/incoming.hpp>
#include <valetkey/signing/kss.hpp>
#include <valetkey/signing/verify_v4.hpp>

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

/// The store that was addressed: KSS signs the bucket even where it is not in the path.
struct ks3_server {
    std::string_view bucket;
    std::string_view region;      ///< KS3's name: `BEIJING`
    bool bucket_in_path = false;  ///< path style
};

namespace detail {

/// Version 4 with Amazon's names.
struct aws4_names {
    using dialect = aws4;
    static constexpr std::string_view header = "x-amz-", parameter = "X-Amz-";
};
/// And with KS3's own.
struct kss4_names {
    using dialect = kss4;
    static constexpr std::string_view header = "x-kss-", parameter = "X-Kss-";
};

[[nodiscard]] inline std::string own_name(std::string_view first, std::string_view second) {
    return std::string{first}.append(second);
}

/// `host` is signed, and so is every `x-amz-` and `x-kss-` header that came; no signed one is missing. The hash of the
/// body stands in the canonical request anyway: the vendor's fork of Amazon's SDK leaves its header out.
[[nodiscard]] inline bool signs_enough_for_ks3(incoming_request const& request, std::string_view list) noexcept {
    if (!names_header(list, "host")) return false;
    for (auto const& [name, value] : request.headers) {
        bool const own = name.starts_with("x-amz-") || name.starts_with("x-kss-");
        if (own && !name.ends_with("-content-sha256") && !names_header(list, name)) return false;
    }
    while (!list.empty()) {
        auto const each = list.substr(0, list.find(';'));
        if (!request.header(each)) return false;
        list.remove_prefix(std::min(each.size() + 1, list.size()));
    }
    return true;
}

/// Amazon's clients fold the blanks within a header's value, the vendor's own only trim it.
template <class Names>
[[nodiscard]] verdict check_ks3_v4(incoming_request const& request, v4_claim const& claim, known_key const& key,
                                   v4_server const& server, parameters const& query, std::string_view payload) {
    auto const path = canonical_path(request.path);
    if (!path) return verdict::malformed;
    auto const is_signed = [&](std::string_view name) { return names_header(claim.signed_headers, name); };
    scope_input const in{claim.credential.day, server.region, server.service};
    auto what = verdict::wrong_signature;
    for (auto const normal : {&folded, &trimmed}) {
        auto const canonical = canonical_request(request.method, *path, canonical_query(query),
                                                 canonical_headers{request.headers, is_signed, normal}, payload);
        what = check_v4<typename Names::dialect>(claim, key, in, canonical);
        if (what != verdict::wrong_signature) break;
    }
    return what;
}

template <class Names, class Find>
[[nodiscard]] verdict verify_ks3_v4_header(incoming_request const& request, Find const& find, v4_server const& server,
                                           verifying_terms const& terms) {
    auto const own = [&](std::string_view name) { return request.header(own_name(Names::header, name)); };
    auto claim = parse_v4_authorization(request.header_or_empty("authorization"), Names::dialect::algorithm);
    auto const query = split_query(request.query);
    if (!claim || !query) return verdict::malformed;
    claim->time = own("date").value_or(std::string_view{});
    auto const at = parse_basic_time(claim->time);
    if (!at || !signs_enough_for_ks3(request, claim->signed_headers)) return verdict::malformed;
    known_key const* key = find(claim->credential.key_id);
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, own("security-token").value_or(std::string_view{}));
        token != verdict::accepted)
        return token;
    if (!is_within(*at, terms)) return verdict::skewed;
    auto const hash = to_hex(digest<sha256>({request.body}));
    auto const payload = own("content-sha256").value_or(hash.view());
    bool const hashed = payload.size() == hash.view().size();
    if (hashed && payload != hash.view()) return verdict::wrong_body;
    if (!hashed && payload != "UNSIGNED-PAYLOAD" && !payload.starts_with("STREAMING-")) return verdict::malformed;
    if (auto const md5 = check_content_md5(request, terms); md5 != verdict::accepted) return md5;
    parameters pairs;
    for (auto const& pair : *query) pairs.emplace_back(pair.name, pair.value);
    return check_ks3_v4<Names>(request, *claim, *key, server, pairs, payload);
}

/// A whole text that is a number of seconds.
[[nodiscard]] inline std::optional<std::chrono::seconds> parse_seconds(std::string_view text) noexcept {
    std::int64_t number = 0;
    auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return std::chrono::seconds{number};
}

template <class Names, class Find>
[[nodiscard]] verdict verify_ks3_v4_query(incoming_request const& request, Find const& find, v4_server const& server,
                                          verifying_terms const& terms) {
    auto const query = split_query(request.query);
    if (!query) return verdict::malformed;
    auto const own = [&](std::string_view name) {
        return only_value(*query, own_name(Names::parameter, name)).value_or(std::string_view{});
    };
    auto const credential = v4_credential::parse(own("Credential"));
    auto const at = parse_basic_time(own("Date"));
    auto const lasts = parse_seconds(own("Expires"));
    if (!credential || !at || !lasts || lasts->count() < 1 || *lasts > std::chrono::days{7} ||
        own("Signature").empty() || own("Algorithm") != Names::dialect::algorithm ||
        !signs_enough_for_ks3(request, own("SignedHeaders")))
        return verdict::malformed;
    known_key const* key = find(credential->key_id);
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, own("Security-Token")); token != verdict::accepted) return token;
    if (*at > terms.now + terms.window) return verdict::skewed;
    if (terms.now > *at + *lasts) return verdict::expired;
    if (auto const md5 = check_content_md5(request, terms); md5 != verdict::accepted) return md5;
    v4_claim const claim{*credential, std::string{own("SignedHeaders")}, std::string{own("Signature")},
                         std::string{own("Date")}};
    parameters pairs;
    for (auto const& pair : *query)
        if (pair.name != own_name(Names::parameter, "Signature")) pairs.emplace_back(pair.name, pair.value);
    return check_ks3_v4<Names>(request, claim, *key, server, pairs, "UNSIGNED-PAYLOAD");
}

}  // namespace detail

/// The parameters that KSS signs.
/// @par Source The vendor's Go SDK (`signKeyList`); those of its Java SDK that an upload or a download may have.
[[nodiscard]] inline bool is_kss_sub_resource(std::string_view name) noexcept {
    static constexpr std::string_view names[] = {"acl",
                                                 "adp",
                                                 "append",
                                                 "asyncFetch",
                                                 "bucketInfo",
                                                 "callback",
                                                 "callback-var",
                                                 "clear",
                                                 "cname",
                                                 "comp",
                                                 "cors",
                                                 "crr",
                                                 "delete",
                                                 "encryption",
                                                 "endTime",
                                                 "fetch",
                                                 "id",
                                                 "img",
                                                 "inventory",
                                                 "lifecycle",
                                                 "live",
                                                 "location",
                                                 "logging",
                                                 "mirror",
                                                 "notification",
                                                 "objectMeta",
                                                 "partNumber",
                                                 "pfop",
                                                 "policy",
                                                 "position",
                                                 "qos",
                                                 "qosInfo",
                                                 "queryadp",
                                                 "querypfop",
                                                 "recover",
                                                 "recycle",
                                                 "referer",
                                                 "regionList",
                                                 "replication",
                                                 "requestPayment",
                                                 "restore",
                                                 "retention",
                                                 "security-token",
                                                 "sequential",
                                                 "startTime",
                                                 "stat",
                                                 "status",
                                                 "style",
                                                 "styleName",
                                                 "symlink",
                                                 "tagging",
                                                 "thumbnail",
                                                 "torrent",
                                                 "transfer",
                                                 "transferAcceleration",
                                                 "uploadId",
                                                 "uploads",
                                                 "versionId",
                                                 "versioning",
                                                 "versions",
                                                 "vod",
                                                 "website",
                                                 "withHashContext",
                                                 "worm",
                                                 "wormExtend",
                                                 "wormId",
                                                 "replicationLocation",
                                                 "replicationProgress"};
    return std::find(std::begin(names), std::end(names), name) != std::end(names) || name.starts_with("response-") ||
           name.starts_with("x-ks3-");
}

/// `/bucket/key?sub-resources`: the path as it was sent (a client encodes the key as it signs it), the values of
/// sub-resources decoded.
[[nodiscard]] inline std::string kss_resource(incoming_request const& request, ks3_server const& server,
                                              std::vector<query_pair> query) {
    std::string out;
    if (!server.bucket_in_path && !server.bucket.empty()) out.append("/").append(server.bucket);
    out.append(request.path);
    if (server.bucket_in_path && out.size() > 1 && out.rfind('/') == 0) out += '/';  // the bucket itself
    std::erase_if(query, [](query_pair const& pair) { return !is_kss_sub_resource(pair.name); });
    std::stable_sort(query.begin(), query.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
    char mark = '?';
    for (auto const& pair : query) {
        out += std::exchange(mark, '&');
        out.append(pair.name);
        if (!pair.value.empty()) out.append("=").append(pair.value);
    }
    return out;
}

/// @param date The date line, or the end of a presigned URL.
[[nodiscard]] inline std::string kss_string_to_sign(incoming_request const& request, std::string_view date,
                                                    std::string_view resource) {
    auto const is_signed = [](std::string_view name) { return name.starts_with("x-kss-"); };
    auto const as_sent = [](std::string_view value) { return std::string{value}; };
    std::string out{request.method};
    out.append("\n").append(request.header_or_empty("content-md5")).append("\n");
    out.append(request.header_or_empty("content-type")).append("\n").append(date).append("\n");
    return out.append(canonical_headers{request.headers, is_signed, as_sent}.lines()).append(resource);
}

namespace detail {

[[nodiscard]] inline bool is_kss_signature(std::string_view signature, secret const& value, std::string_view text) {
    std::string expected;
    append_kss_signature(expected, hmac_key<sha1>{value.reveal()}, text);
    return equal_in_constant_time(expected, signature);
}

/// A header or a parameter: both are signed. None when it comes twice.
[[nodiscard]] inline std::optional<std::string_view> kss_token(incoming_request const& request,
                                                               std::vector<query_pair> const& query) noexcept {
    std::string_view token;
    int times = 0;
    for (auto const& header : request.headers)
        if (header.name == "x-kss-security-token") token = header.value, ++times;
    for (auto const& pair : query)
        if (pair.name == "security-token") token = pair.value, ++times;
    return times > 1 ? std::nullopt : std::optional{token};
}

/// `x-kss-date`, where it comes, is the date, and `date` means nothing.
template <class Find>
[[nodiscard]] verdict verify_kss_header(incoming_request const& request, Find const& find, ks3_server const& server,
                                        verifying_terms const& terms) {
    auto const header = request.header_or_empty("authorization").substr(4);
    auto const colon = header.rfind(':');
    auto const query = split_query(request.query);
    auto const own_date = request.header("x-kss-date");
    auto const date = own_date.value_or(request.header_or_empty("date"));
    auto const at = parse_http_date(date);
    if (colon == std::string_view::npos || !query || !at) return verdict::malformed;
    known_key const* key = find(header.substr(0, colon));
    if (!key) return verdict::unknown_key;
    auto const token = kss_token(request, *query);
    if (!token) return verdict::malformed;
    if (auto const known = check_token(*key, *token); known != verdict::accepted) return known;
    if (!is_within(*at, terms)) return verdict::skewed;
    if (auto const md5 = check_content_md5(request, terms); md5 != verdict::accepted) return md5;
    auto const resource = kss_resource(request, server, *query);
    auto const signs = [&](std::string_view line) {
        return is_kss_signature(header.substr(colon + 1), key->value, kss_string_to_sign(request, line, resource));
    };
    // the vendor's older clients leave the line empty then: the date is among the signed headers
    return signs(date) || (own_date && signs({})) ? verdict::accepted : verdict::wrong_signature;
}

/// The vendor's Java SDK calls the key's id `AccessKeyId`.
template <class Find>
[[nodiscard]] verdict verify_kss_query(incoming_request const& request, Find const& find, ks3_server const& server,
                                       verifying_terms const& terms) {
    auto const query = split_query(request.query);
    if (!query) return verdict::malformed;
    auto const id = only_value(*query, "KSSAccessKeyId");
    auto const signature = only_value(*query, "Signature");
    auto const expires = only_value(*query, "Expires").value_or(std::string_view{});
    auto const end = parse_seconds(expires);
    if (!signature || !end) return verdict::malformed;
    known_key const* key = find(id ? *id : only_value(*query, "AccessKeyId").value_or(std::string_view{}));
    if (!key) return verdict::unknown_key;
    auto const token = kss_token(request, *query);
    if (!token) return verdict::malformed;
    if (auto const known = check_token(*key, *token); known != verdict::accepted) return known;
    if (terms.now > utc_seconds{*end}) return verdict::expired;
    if (auto const md5 = check_content_md5(request, terms); md5 != verdict::accepted) return md5;
    auto const text = kss_string_to_sign(request, expires, kss_resource(request, server, *query));
    return is_kss_signature(*signature, key->value, text) ? verdict::accepted : verdict::wrong_signature;
}

}  // namespace detail

/// A request to KS3, whichever of its six ways it was signed: KSS, AWS4 or KSS4, in the header or in the URL.
/// @par Source See above.  Checked by vectors/ksyun.json, kinds put_object and presigned_url.
template <class Find>
[[nodiscard]] verdict verify_ks3_request(incoming_request const& request, Find const& find, ks3_server const& server,
                                         verifying_terms const& terms) {
    using namespace detail;
    v4_server const amazon{server.region, "s3"};
    v4_server const own{server.region, "ks3"};
    auto const header = request.header_or_empty("authorization");
    if (header.starts_with(aws4::algorithm)) return verify_ks3_v4_header<aws4_names>(request, find, amazon, terms);
    if (header.starts_with(kss4::algorithm)) return verify_ks3_v4_header<kss4_names>(request, find, own, terms);
    if (header.starts_with("KSS ")) return verify_kss_header(request, find, server, terms);
    if (!header.empty()) return verdict::malformed;
    auto const has = [&](std::string_view mark) { return request.query.find(mark) != std::string_view::npos; };
    if (has("X-Amz-Signature=")) return verify_ks3_v4_query<aws4_names>(request, find, amazon, terms);
    if (has("X-Kss-Signature=")) return verify_ks3_v4_query<kss4_names>(request, find, own, terms);
    return has("Signature=") ? verify_kss_query(request, find, server, terms) : verdict::not_signed;
}

/// A request to the OpenAPI (its STS is a part of it), the parameters in the body or in the query.
/// @param server Region in the OpenAPI's naming (`cn-beijing-6`), and service (`sts`).
/// @par Source KSyun, "OpenAPI signature" (37587).  Checked by kind sts_request.
template <class Find>
[[nodiscard]] verdict verify_ksyun_openapi(incoming_request const& request, Find const& find, v4_server const& server,
                                           verifying_terms const& terms) {
    if (!request.header("authorization")) return verdict::not_signed;
    return detail::verify_ks3_v4_header<detail::aws4_names>(request, find, server, terms);
}

/// The signature and the token of a posted form; what its policy allows is for policy/ksyun_policy.hpp to say.
/// @param fields Names in any letter case. That a temporary key's token is posted as `x-kss-security-token` is
///   unverified.
/// @par Source KSyun, "POST Policy" (42321).  Checked by kind post_policy.
template <class Find>
[[nodiscard]] verdict verify_kss_form(parameters const& fields, Find const& find) {
    auto const only = [&](std::string_view name) -> std::optional<std::string_view> {
        auto const is = [&](auto const& field) {
            return std::equal(name.begin(), name.end(), field.first.begin(), field.first.end(), [](char a, char b) {
                return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b - 'A' + 'a') : b);
            });
        };
        auto const first = std::find_if(fields.begin(), fields.end(), is);
        if (first == fields.end()) return std::string_view{};
        if (std::find_if(first + 1, fields.end(), is) != fields.end()) return std::nullopt;
        return std::string_view{first->second};
    };
    auto const policy = only("policy");
    auto const id = only("kssaccesskeyid");
    auto const signature = only("signature");
    auto const token = only("x-kss-security-token");
    if (!policy || !id || !signature || !token) return verdict::malformed;
    if (policy->empty() && signature->empty()) return verdict::not_signed;
    known_key const* key = find(*id);
    if (!key) return verdict::unknown_key;
    if (auto const known = check_token(*key, *token); known != verdict::accepted) return known;
    return detail::is_kss_signature(*signature, key->value, *policy) ? verdict::accepted : verdict::wrong_signature;
}

}  // namespace valetkey
