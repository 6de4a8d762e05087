#pragma once
/// @file
/// Aliyun, verified: OSS requests and URLs (signature versions 4 and 1) and STS requests (ACS3 and RPC 1.0). Pure.

#include <valetkey/http_date.hpp>
#include <valetkey/signing/acs3.hpp>
#include <valetkey/signing/hmac_sha1.hpp>
#include <valetkey/signing/incoming.hpp>
#include <valetkey/signing/verify_v4.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace valetkey {

/// The store that was addressed: the bucket stands in the signature even where it is not in the path.
struct oss_server {
    std::string_view bucket;
    std::string_view region;      ///< bare: `cn-hangzhou`
    bool bucket_in_path = false;  ///< path style
};

namespace detail {

/// `/bucket/key`, encoded or not.
[[nodiscard]] inline std::optional<std::string> oss_resource(incoming_request const& request, oss_server const& server,
                                                             bool encoded) {
    auto const path = percent_decoded(request.path, false);
    if (!path || path->empty() || path->front() != '/') return std::nullopt;
    std::string whole = server.bucket_in_path ? *path : std::string{"/"}.append(server.bucket).append(*path);
    return encoded ? percent_encoded(whole, "/") : whole;
}

[[nodiscard]] inline std::string oss4_query(std::vector<query_pair> const& query) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (auto const& pair : query)
        if (pair.name != "x-oss-signature") pairs.emplace_back(percent_encoded(pair.name), percent_encoded(pair.value));
    std::sort(pairs.begin(), pairs.end());
    std::string out;
    for (auto const& [name, value] : pairs) {
        if (!out.empty()) out += '&';
        out.append(name);
        if (!value.empty()) out.append("=").append(value);  // a sub-resource stands alone, `uploads=` on the wire too
    }
    return out;
}

[[nodiscard]] inline std::string oss4_canonical(incoming_request const& request, std::string_view resource,
                                                std::vector<query_pair> const& query, std::string_view additional,
                                                std::string_view payload) {
    auto const is_signed = [&](std::string_view name) {
        return name == "content-type" || name == "content-md5" || name.starts_with("x-oss-") ||
               names_header(additional, name);
    };
    canonical_headers const headers{request.headers, is_signed, trimmed};
    std::string out;
    out.append(request.method).append("\n").append(resource).append("\n").append(oss4_query(query)).append("\n");
    out.append(headers.lines()).append("\n").append(additional).append("\n").append(payload);
    return out;
}

template <class Find>
[[nodiscard]] verdict verify_oss4_header(incoming_request const& request, Find const& find, oss_server const& server,
                                         verifying_terms const& terms) {
    auto claim = parse_v4_authorization(request.header_or_empty("authorization"), oss4::algorithm, "AdditionalHeaders");
    auto const query = split_query(request.query);
    auto const resource = oss_resource(request, server, true);
    auto const payload = request.header("x-oss-content-sha256");
    if (!claim || !query || !resource || !payload) return verdict::malformed;
    claim->time = request.header_or_empty("x-oss-date");
    auto const at = parse_basic_time(claim->time);
    if (!at) return verdict::malformed;
    known_key const* key = find(claim->credential.key_id);
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, request.header_or_empty("x-oss-security-token"));
        token != verdict::accepted)
        return token;
    if (!is_within(*at, terms)) return verdict::skewed;
    if (payload->size() == 64 && *payload != to_hex(digest<sha256>({request.body})).view()) return verdict::wrong_body;
    if (auto const md5 = check_content_md5(request, terms); md5 != verdict::accepted) return md5;
    scope_input const in{claim->credential.day, server.region, "oss"};
    return check_v4<oss4>(*claim, *key, in,
                          oss4_canonical(request, *resource, *query, claim->signed_headers, *payload));
}

template <class Find>
[[nodiscard]] verdict verify_oss4_query(incoming_request const& request, Find const& find, oss_server const& server,
                                        verifying_terms const& terms) {
    auto const query = split_query(request.query);
    auto const resource = oss_resource(request, server, true);
    if (!query || !resource) return verdict::malformed;
    auto const value = [&](std::string_view name) { return only_value(*query, name).value_or(std::string_view{}); };
    auto const credential = v4_credential::parse(value("x-oss-credential"));
    v4_claim claim;
    claim.time = value("x-oss-date");
    claim.signature = value("x-oss-signature");
    claim.signed_headers = value("x-oss-additional-headers");
    auto const at = parse_basic_time(claim.time);
    std::uint64_t seconds = 0;
    auto const expires = value("x-oss-expires");
    auto const [end, bad] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
    if (!credential || !at || expires.empty() || bad != std::errc{} || end != expires.data() + expires.size() ||
        seconds < 1 || seconds > 604800 || claim.signature.empty() ||
        value("x-oss-signature-version") != oss4::algorithm)
        return verdict::malformed;
    claim.credential = *credential;
    known_key const* key = find(credential->key_id);
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, value("x-oss-security-token")); token != verdict::accepted) return token;
    if (*at > terms.now + terms.window) return verdict::skewed;
    if (terms.now > *at + std::chrono::seconds{seconds}) return verdict::expired;
    scope_input const in{credential->day, server.region, "oss"};
    return check_v4<oss4>(claim, *key, in,
                          oss4_canonical(request, *resource, *query, claim.signed_headers, "UNSIGNED-PAYLOAD"));
}

/// The parameters that version 1 signs.
[[nodiscard]] inline bool is_oss1_sub_resource(std::string_view name) noexcept {
    constexpr std::string_view names[] = {"acl",
                                          "uploads",
                                          "location",
                                          "cors",
                                          "logging",
                                          "website",
                                          "referer",
                                          "lifecycle",
                                          "delete",
                                          "append",
                                          "tagging",
                                          "objectMeta",
                                          "uploadId",
                                          "partNumber",
                                          "security-token",
                                          "position",
                                          "img",
                                          "style",
                                          "styleName",
                                          "replication",
                                          "replicationProgress",
                                          "replicationLocation",
                                          "cname",
                                          "bucketInfo",
                                          "comp",
                                          "qos",
                                          "live",
                                          "status",
                                          "vod",
                                          "startTime",
                                          "endTime",
                                          "symlink",
                                          "callback",
                                          "callback-var",
                                          "restore",
                                          "encryption",
                                          "policy",
                                          "versions",
                                          "versioning",
                                          "versionId",
                                          "stat",
                                          "requestPayment"};
    return std::find(std::begin(names), std::end(names), name) != std::end(names) || name.starts_with("response-") ||
           name.starts_with("x-oss-");
}

/// @param date The date line, or the end of a presigned URL.
[[nodiscard]] inline std::string oss1_string_to_sign(incoming_request const& request, std::string_view date,
                                                     std::string_view resource, std::vector<query_pair> query) {
    std::string out;
    out.append(request.method).append("\n").append(request.header_or_empty("content-md5")).append("\n");
    out.append(request.header_or_empty("content-type")).append("\n").append(date).append("\n");
    canonical_headers const headers{request.headers, [](std::string_view name) { return name.starts_with("x-oss-"); },
                                    trimmed};
    out.append(headers.lines()).append(resource);
    std::erase_if(query, [](query_pair const& pair) { return !is_oss1_sub_resource(pair.name); });
    std::sort(query.begin(), query.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
    char mark = '?';
    for (auto const& pair : query) {
        out += std::exchange(mark, '&');
        out.append(pair.name);
        if (!pair.value.empty()) out.append("=").append(pair.value);
    }
    return out;
}

template <class Find>
[[nodiscard]] verdict verify_oss1_header(incoming_request const& request, Find const& find, oss_server const& server,
                                         verifying_terms const& terms) {
    auto const header = request.header_or_empty("authorization").substr(4);
    auto const colon = header.rfind(':');
    auto const query = split_query(request.query);
    auto const resource = oss_resource(request, server, false);
    auto const date = request.header("x-oss-date").value_or(request.header_or_empty("date"));
    auto const at = parse_http_date(date);
    if (colon == std::string_view::npos || !query || !resource || !at) return verdict::malformed;
    known_key const* key = find(header.substr(0, colon));
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, request.header_or_empty("x-oss-security-token"));
        token != verdict::accepted)
        return token;
    if (!is_within(*at, terms)) return verdict::skewed;
    if (auto const md5 = check_content_md5(request, terms); md5 != verdict::accepted) return md5;
    auto const expected =
        to_base64(hmac_key<sha1>{key->value.reveal()}.sign(oss1_string_to_sign(request, date, *resource, *query)));
    return equal_in_constant_time(expected, header.substr(colon + 1)) ? verdict::accepted : verdict::wrong_signature;
}

template <class Find>
[[nodiscard]] verdict verify_oss1_query(incoming_request const& request, Find const& find, oss_server const& server,
                                        verifying_terms const& terms) {
    auto const query = split_query(request.query);
    auto const resource = oss_resource(request, server, false);
    if (!query || !resource) return verdict::malformed;
    auto const value = [&](std::string_view name) { return only_value(*query, name).value_or(std::string_view{}); };
    std::int64_t seconds = 0;
    auto const expires = value("Expires");
    auto const [end, bad] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
    if (expires.empty() || bad != std::errc{} || end != expires.data() + expires.size()) return verdict::malformed;
    known_key const* key = find(value("OSSAccessKeyId"));
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, value("security-token")); token != verdict::accepted) return token;
    if (terms.now > utc_seconds{std::chrono::seconds{seconds}}) return verdict::expired;
    auto const expected =
        to_base64(hmac_key<sha1>{key->value.reveal()}.sign(oss1_string_to_sign(request, expires, *resource, *query)));
    return equal_in_constant_time(expected, value("Signature")) ? verdict::accepted : verdict::wrong_signature;
}

}  // namespace detail

/// A request to OSS, whichever of its four ways it was signed.
/// @par Source Aliyun, "Include a V4 signature in the Authorization header", "… in a URL", and their V1 pages.  Checked
/// by
///   vectors/aliyun.json, kinds put_object and presigned_url.
template <class Find>
[[nodiscard]] verdict verify_oss_request(incoming_request const& request, Find const& find, oss_server const& server,
                                         verifying_terms const& terms) {
    auto const header = request.header_or_empty("authorization");
    if (header.starts_with(oss4::algorithm)) return detail::verify_oss4_header(request, find, server, terms);
    if (header.starts_with("OSS ")) return detail::verify_oss1_header(request, find, server, terms);
    if (!header.empty()) return verdict::malformed;
    if (request.query.find("x-oss-signature=") != std::string_view::npos)
        return detail::verify_oss4_query(request, find, server, terms);
    if (request.query.find("Signature=") != std::string_view::npos)
        return detail::verify_oss1_query(request, find, server, terms);
    return verdict::not_signed;
}

namespace detail {

[[nodiscard]] inline parameters as_parameters(std::vector<query_pair> const& pairs) {
    parameters out;
    for (auto const& pair : pairs) out.emplace_back(pair.name, pair.value);
    return out;
}

template <class Find>
[[nodiscard]] verdict verify_acs3(incoming_request const& request, Find const& find, verifying_terms const& terms) {
    constexpr std::string_view algorithm = "ACS3-HMAC-SHA256";
    auto header = request.header_or_empty("authorization");
    header.remove_prefix(std::min(algorithm.size(), header.size()));
    std::string_view id;
    std::string_view names;
    std::string_view signature;
    while (!header.empty()) {
        header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
        auto const part = header.substr(0, header.find(','));
        header.remove_prefix(std::min(part.size() + 1, header.size()));
        auto const equals = std::min(part.find('='), part.size());
        auto& into = part.starts_with("Credential=") ? id : part.starts_with("SignedHeaders=") ? names : signature;
        if (!into.empty() || equals == part.size()) return verdict::malformed;
        into = part.substr(equals + 1);
    }
    auto const at = parse_iso_time(request.header_or_empty("x-acs-date"));
    auto const query = split_query(request.query);
    if (!at || !query || signature.empty() || !names_header(names, "host")) return verdict::malformed;
    for (auto const& each : request.headers)
        if (each.name.starts_with("x-acs-") && !names_header(names, each.name)) return verdict::malformed;
    known_key const* key = find(id);
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, request.header_or_empty("x-acs-security-token"));
        token != verdict::accepted)
        return token;
    if (!is_within(*at, terms)) return verdict::skewed;
    auto const hash = to_hex(digest<sha256>({request.body}));
    if (request.header_or_empty("x-acs-content-sha256") != hash.view()) return verdict::wrong_body;
    canonical_headers const headers{request.headers, [&](std::string_view name) { return names_header(names, name); },
                                    trimmed};
    auto const canonical = canonical_request(
        request.method, request.path, canonical_query(as_parameters(*query), query_order::by_raw_name), headers, hash);
    auto const expected =
        to_hex(hmac_key<sha256>{key->value.reveal()}.sign({algorithm, "\n", to_hex(digest<sha256>({canonical}))}));
    return equal_in_constant_time(expected, signature) ? verdict::accepted : verdict::wrong_signature;
}

/// Reads `2026-03-14T09:26:55.123Z` and the like.
template <class Find>
[[nodiscard]] verdict verify_rpc1(incoming_request const& request, std::vector<query_pair> const& all, Find const& find,
                                  verifying_terms const& terms) {
    auto const value = [&](std::string_view name) { return only_value(all, name).value_or(std::string_view{}); };
    auto const at = parse_iso_time(value("Timestamp"));
    if (!at || value("SignatureMethod") != "HMAC-SHA1" || value("SignatureNonce").empty()) return verdict::malformed;
    known_key const* key = find(value("AccessKeyId"));
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, value("SecurityToken")); token != verdict::accepted) return token;
    if (!is_within(*at, terms)) return verdict::skewed;
    parameters signed_pairs;
    for (auto const& pair : all)
        if (pair.name != "Signature") signed_pairs.emplace_back(pair.name, pair.value);
    auto const expected = sign_rpc1(request.method, signed_pairs, key->value.reveal());
    return equal_in_constant_time(expected, value("Signature")) ? verdict::accepted : verdict::wrong_signature;
}

}  // namespace detail

/// A request to Aliyun's STS: ACS3 in the header, or everything as parameters (version 1.0) in query and form together.
/// @par Source Aliyun, "Request structure and signature V3", "RPC signature".  Checked by kind sts_request.
template <class Find>
[[nodiscard]] verdict verify_aliyun_sts(incoming_request const& request, Find const& find,
                                        verifying_terms const& terms) {
    if (request.header_or_empty("authorization").starts_with("ACS3-HMAC-SHA256 "))
        return detail::verify_acs3(request, find, terms);
    auto all = split_query(request.query);
    if (!all) return verdict::malformed;
    if (request.header_or_empty("content-type").starts_with("application/x-www-form-urlencoded")) {
        std::string body{request.body};
        std::replace(body.begin(), body.end(), '+', ' ');
        auto const form = split_query(body);
        if (!form) return verdict::malformed;
        all->insert(all->end(), form->begin(), form->end());
    }
    if (!only_value(*all, "Signature")) return verdict::not_signed;
    return detail::verify_rpc1(request, *all, find, terms);
}

}  // namespace valetkey
