#pragma once
/// @file
/// Huawei OBS, verified: requests signed in their header or their URL, and forms. Natively, by the native signature's
/// twin (the same construction in Amazon's words), and with AWS4. Pure.
/// @par Source Huawei Cloud, OBS API reference, signature in a header (obs_04_0010), in a URL (obs_04_0011), in a form
///   (obs_04_0012); the vendor's JavaScript SDKs.

#include <valetkey/http_date.hpp>
#include <valetkey/signing/hmac_sha1.hpp>
#include <valetkey/signing/incoming.hpp>
#include <valetkey/signing/verify_v4.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace valetkey {

/// Where a request named its bucket. On a domain of the bucket's own that domain is signed in the bucket's place.
enum class obs_place : std::uint8_t { in_host, in_path, own_domain };

/// The store that was addressed.
struct obs_server {
    std::string_view bucket;
    std::string_view region;
    obs_place place = obs_place::in_host;
};

/// All in which the native signature and its twin differ.
struct obs_words {
    std::string_view scheme;
    std::string_view prefix;  ///< of headers and parameters
    std::string_view key_id;  ///< in a URL and in a form
};
inline constexpr obs_words obs_native{"OBS ", "x-obs-", "AccessKeyId"};
inline constexpr obs_words obs_twin{"AWS ", "x-amz-", "AWSAccessKeyId"};

/// A parameter that is signed wherever the signature stands.
/// @param name In lower case.
/// @par Source The joined lists of the vendor's two JavaScript SDKs: where one lacks a name, it never sends it.
[[nodiscard]] inline bool is_obs_sub_resource(std::string_view name) noexcept {
    constexpr std::string_view names =
        "acl;append;attname;backtosource;bucketstatus;cdnnotifyconfiguration;cors;customdomain;delete;"
        "deletebucket;directcoldaccess;dispolicy;encryption;inventory;length;lifecycle;location;logging;"
        "metadata;mirrorbacktosource;modify;name;notification;object-lock;obsalias;obsbucketalias;"
        "obscompresspolicy;obsworkflowtriggerpolicy;partnumber;policy;policystatus;position;"
        "publicaccessblock;quota;rename;replication;requestpayment;response-cache-control;"
        "response-content-disposition;response-content-encoding;response-content-language;"
        "response-content-type;response-expires;restore;retention;sfsacl;storageclass;storageinfo;"
        "storagepolicy;tagging;template_name;template_name_prefix;torrent;truncate;uploadid;uploads;"
        "versionid;versioning;versions;website;x-image-process;x-image-save-bucket;x-image-save-object;"
        "x-obs-callback;x-obs-security-token;x-obs-trash;x-oss-process;x-workflow-category;x-workflow-create;"
        "x-workflow-execution-state;x-workflow-execution-type;x-workflow-forbid;x-workflow-graph-name;"
        "x-workflow-limit;x-workflow-next-marker;x-workflow-prefix;x-workflow-start;x-workflow-status;"
        "x-workflow-template-name;x-workflow-type";
    return detail::names_header(names, name);
}

namespace detail {

[[nodiscard]] inline std::string obs_lower(std::string_view text) {
    std::string out{text};
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

/// `?a&b=value`, sorted, values decoded. In a URL every parameter with the prefix is signed as well.
/// @param prefix Empty: only what the list names.
[[nodiscard]] inline std::string obs_sub_resources(std::vector<query_pair> query, std::string_view prefix) {
    std::erase_if(query, [&](query_pair const& pair) {
        auto const name = obs_lower(pair.name);
        return !is_obs_sub_resource(name) && (prefix.empty() || !name.starts_with(prefix));
    });
    std::sort(query.begin(), query.end(),
              [](auto const& a, auto const& b) { return std::tie(a.name, a.value) < std::tie(b.name, b.value); });
    std::string out;
    for (auto const& pair : query) {
        out.append(out.empty() ? "?" : "&").append(pair.name);
        if (!pair.value.empty()) out.append("=").append(pair.value);
    }
    return out;
}

/// `/bucket/key`, the path as on the wire.
/// @param domain Of the bucket's own, as the signer took it.
[[nodiscard]] inline std::string obs_resource(std::string_view path, obs_server const& server,
                                              std::string_view domain) {
    std::string out;
    if (server.place != obs_place::in_path)
        out.append("/").append(server.place == obs_place::in_host ? server.bucket : domain);
    return out.append(path);
}

/// @param date The date line: empty where the date is one of the `x-` headers; in a URL its end.
[[nodiscard]] inline std::string obs_string_to_sign(incoming_request const& request, obs_words const& words,
                                                    std::string_view date, std::string_view resource) {
    auto const is_signed = [&](std::string_view name) { return name.starts_with(words.prefix); };
    std::string out;
    out.append(request.method).append("\n").append(request.header_or_empty("content-md5")).append("\n");
    out.append(request.header_or_empty("content-type")).append("\n").append(date).append("\n");
    return out.append(canonical_headers{request.headers, is_signed, trimmed}.lines()).append(resource);
}

/// What both ways of signing end in.
struct obs_claim {
    std::string_view key_id;
    std::string_view signature;
    std::string_view date;  ///< the date line
    std::string sub_resources;
};

[[nodiscard]] inline verdict check_obs(incoming_request const& request, obs_words const& words, obs_claim const& claim,
                                       known_key const& key, obs_server const& server) {
    hmac_key<sha1> const secret_key{key.value.reveal()};
    auto const fits = [&](std::string_view domain) {
        auto const resource = obs_resource(request.path, server, domain) + claim.sub_resources;
        std::string expected;
        append_obs_signature(expected, secret_key, obs_string_to_sign(request, words, claim.date, resource));
        return equal_in_constant_time(expected, claim.signature);
    };
    auto const host = request.header_or_empty("host");
    bool good = fits(host);
    // the SDKs do not agree whether a port belongs to the domain
    if (!good && server.place == obs_place::own_domain) good = fits(host.substr(0, host.rfind(':')));
    return good ? verdict::accepted : verdict::wrong_signature;
}

/// The path can be decoded and begins with the bucket where it must.
[[nodiscard]] inline verdict check_obs_path(std::string_view path, obs_server const& server) {
    if (!path.starts_with('/') || !percent_decoded(path, false)) return verdict::malformed;
    if (server.place != obs_place::in_path) return verdict::accepted;
    path.remove_prefix(1);
    return path.substr(0, path.find('/')) == server.bucket ? verdict::accepted : verdict::wrong_scope;
}

/// The digests that a request may claim, whoever signed it.
[[nodiscard]] inline verdict check_obs_body(incoming_request const& request, verifying_terms const& terms) {
    for (std::string_view const name : {"x-obs-content-sha256", "x-amz-content-sha256"}) {
        auto const claimed = request.header(name);
        if (claimed && *claimed != "UNSIGNED-PAYLOAD" && *claimed != to_hex(digest<sha256>({request.body})).view())
            return verdict::wrong_body;
    }
    return check_content_md5(request, terms);
}

template <class Find>
[[nodiscard]] verdict verify_obs_header(incoming_request const& request, obs_words const& words, Find const& find,
                                        obs_server const& server, verifying_terms const& terms) {
    auto const header = request.header_or_empty("authorization").substr(words.scheme.size());
    auto const colon = header.rfind(':');
    auto const query = split_query(request.query);
    std::string const prefix{words.prefix};
    auto const own_date = request.header(prefix + "date");
    auto const at = parse_http_date(own_date.value_or(request.header_or_empty("date")));
    if (colon == std::string_view::npos || !query || !at) return verdict::malformed;
    known_key const* key = find(header.substr(0, colon));
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, request.header_or_empty(prefix + "security-token"));
        token != verdict::accepted)
        return token;
    if (!is_within(*at, terms)) return verdict::skewed;
    if (auto const body = check_obs_body(request, terms); body != verdict::accepted) return body;
    obs_claim const claim{header.substr(0, colon), header.substr(colon + 1),
                          own_date ? std::string_view{} : request.header_or_empty("date"),
                          obs_sub_resources(*query, {})};
    return check_obs(request, words, claim, *key, server);
}

/// A URL is good until its end and has no beginning.
template <class Find>
[[nodiscard]] verdict verify_obs_query(incoming_request const& request, std::vector<query_pair> const& query,
                                       obs_words const& words, Find const& find, obs_server const& server,
                                       verifying_terms const& terms) {
    auto const value = [&](std::string_view name) { return only_value(query, name).value_or(std::string_view{}); };
    auto const expires = value("Expires");
    std::int64_t seconds = 0;
    auto const [end, bad] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
    if (expires.empty() || bad != std::errc{} || end != expires.data() + expires.size()) return verdict::malformed;
    obs_claim const claim{value(words.key_id), value("Signature"), expires, obs_sub_resources(query, words.prefix)};
    known_key const* key = find(claim.key_id);
    if (!key) return verdict::unknown_key;
    auto const token = check_token(*key, value(std::string{words.prefix} + "security-token"));
    if (token != verdict::accepted) return token;
    if (terms.now > utc_seconds{std::chrono::seconds{seconds}}) return verdict::expired;
    if (auto const body = check_obs_body(request, terms); body != verdict::accepted) return body;
    return check_obs(request, words, claim, *key, server);
}

/// Which prefix an AWS4 request uses follows from the client's settings alone.
[[nodiscard]] inline std::optional<std::string_view> amz_or_obs(incoming_request const& request,
                                                                std::string_view name) {
    auto const amz = request.header(std::string{"x-amz-"}.append(name));
    return amz ? amz : request.header(std::string{"x-obs-"}.append(name));
}

/// The query, sorted, each pair with a `=`. The vendor's SDKs sign its pairs as on the wire, where a `/` in a value
/// stays. AWS wants everything encoded: what is so already is left as it came, so that no letter of it can be changed.
[[nodiscard]] inline std::string obs4_query(std::string_view query, bool encode) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!query.empty()) {
        auto const pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        auto const equals = std::min(pair.find('='), pair.size());
        auto const name = pair.substr(0, equals);
        auto const value = pair.substr(std::min(equals + 1, pair.size()));
        if (pair.empty() || name == "X-Amz-Signature") continue;
        if (encode)
            pairs.emplace_back(percent_encoded(name, "%"), percent_encoded(value, "%"));
        else
            pairs.emplace_back(name, value);
    }
    std::sort(pairs.begin(), pairs.end());
    std::string out;
    for (auto const& [name, value] : pairs) {
        if (!out.empty()) out += '&';
        out.append(name).append("=").append(value);
    }
    return out;
}

/// As the vendor's SDKs canonicalise, or else as AWS says. The path is signed as it was sent by both.
[[nodiscard]] inline verdict check_obs4(incoming_request const& request, v4_claim const& claim, known_key const& key,
                                        std::string_view region, std::string_view payload) {
    scope_input const in{claim.credential.day, region, "s3"};
    auto const is_signed = [&](std::string_view name) { return names_header(claim.signed_headers, name); };
    auto const check = [&](bool as_aws, auto normal) {
        return check_v4<aws4>(claim, key, in,
                              canonical_request(request.method, request.path, obs4_query(request.query, as_aws),
                                                canonical_headers{request.headers, is_signed, normal}, payload));
    };
    auto const as_sdk = check(false, trimmed);
    return as_sdk == verdict::wrong_signature ? check(true, folded) : as_sdk;
}

[[nodiscard]] inline bool obs4_signs_enough(incoming_request const& request, std::string_view names) noexcept {
    for (auto const& header : request.headers)
        if (header.name.starts_with("x-obs-") && !names_header(names, header.name)) return false;
    return signs_enough(request, names);
}

/// The time that was signed: `x-amz-date`, or the `Date` that is among the signed headers, written anew.
[[nodiscard]] inline std::string obs4_time(incoming_request const& request, std::string_view names) {
    if (auto const own = amz_or_obs(request, "date")) return std::string{*own};
    auto const date = parse_http_date(request.header_or_empty("date"));
    return date && names_header(names, "date") ? std::string{timestamp{*date}.basic().view()} : std::string{};
}

template <class Find>
[[nodiscard]] verdict verify_obs4_header(incoming_request const& request, Find const& find, obs_server const& server,
                                         verifying_terms const& terms) {
    auto claim = parse_v4_authorization(request.header_or_empty("authorization"), aws4::algorithm);
    if (!claim || !split_query(request.query) || !obs4_signs_enough(request, claim->signed_headers))
        return verdict::malformed;
    claim->time = obs4_time(request, claim->signed_headers);
    auto const at = parse_basic_time(claim->time);
    if (!at) return verdict::malformed;
    known_key const* key = find(claim->credential.key_id);
    if (!key) return verdict::unknown_key;
    auto const token = check_token(*key, amz_or_obs(request, "security-token").value_or(std::string_view{}));
    if (token != verdict::accepted) return token;
    if (!is_within(*at, terms)) return verdict::skewed;
    if (auto const body = check_obs_body(request, terms); body != verdict::accepted) return body;
    auto const claimed = amz_or_obs(request, "content-sha256");
    std::string const payload{claimed ? *claimed : std::string_view{to_hex(digest<sha256>({request.body}))}};
    return check_obs4(request, *claim, *key, server.region, payload);
}

/// Good from its date (less the window) to its end. OBS names no longest time.
template <class Find>
[[nodiscard]] verdict verify_obs4_query(incoming_request const& request, std::vector<query_pair> const& query,
                                        Find const& find, obs_server const& server, verifying_terms const& terms) {
    auto lowered = query;
    for (auto& pair : lowered) pair.name = obs_lower(pair.name);
    auto const value = [&](std::string_view name) { return only_value(lowered, name); };
    auto const text = [&](std::string_view name) { return value(name).value_or(std::string_view{}); };
    auto const credential = v4_credential::parse(text("x-amz-credential"));
    v4_claim claim;
    claim.time = text("x-amz-date");
    claim.signature = text("x-amz-signature");
    claim.signed_headers = text("x-amz-signedheaders");
    auto const at = parse_basic_time(claim.time);
    auto const expires = text("x-amz-expires");
    std::uint32_t seconds = 0;
    auto const [end, bad] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
    if (!credential || !at || bad != std::errc{} || end != expires.data() + expires.size() || seconds == 0 ||
        text("x-amz-algorithm") != aws4::algorithm || !obs4_signs_enough(request, claim.signed_headers))
        return verdict::malformed;
    claim.credential = *credential;
    known_key const* key = find(credential->key_id);
    if (!key) return verdict::unknown_key;
    auto const amz = value("x-amz-security-token");
    if (auto const token = check_token(*key, amz ? *amz : text("x-obs-security-token")); token != verdict::accepted)
        return token;
    if (*at > terms.now + terms.window) return verdict::skewed;
    if (terms.now > *at + std::chrono::seconds{seconds}) return verdict::expired;
    if (auto const body = check_obs_body(request, terms); body != verdict::accepted) return body;
    return check_obs4(request, claim, *key, server.region, "UNSIGNED-PAYLOAD");
}

}  // namespace detail

/// A request to OBS, whichever of its ways it was signed. Shared folders (a URL with `Policy` in place of `Expires`)
/// are not offered: `malformed`.
/// @param find `known_key const* find(std::string_view id)`.
/// @par Source See above.  Checked by vectors/huawei.json, kinds put_object and presigned_url.
template <class Find>
[[nodiscard]] verdict verify_obs_request(incoming_request const& request, Find const& find, obs_server const& server,
                                         verifying_terms const& terms) {
    if (auto const path = detail::check_obs_path(request.path, server); path != verdict::accepted) return path;
    if (auto const header = request.header("authorization")) {
        if (header->starts_with(aws4::algorithm)) return detail::verify_obs4_header(request, find, server, terms);
        for (auto const& words : {obs_native, obs_twin})
            if (header->starts_with(words.scheme))
                return detail::verify_obs_header(request, words, find, server, terms);
        return verdict::malformed;
    }
    auto const query = split_query(request.query);
    if (!query) return verdict::malformed;
    if (only_value(*query, "X-Amz-Signature")) return detail::verify_obs4_query(request, *query, find, server, terms);
    if (!only_value(*query, "Signature")) return verdict::not_signed;
    for (auto const& words : {obs_native, obs_twin})
        if (only_value(*query, words.key_id))
            return detail::verify_obs_query(request, *query, words, find, server, terms);
    return verdict::malformed;
}

/// A form whose signature was checked. What its policy allows is for policy/obs_form_conditions.hpp to say.
struct obs_form_check {
    verdict what = verdict::malformed;
    std::string policy{};  ///< its text, decoded; empty unless `accepted`
};

namespace detail {

/// Posted fields by their names in lower case: the vendor's own samples differ in that.
class obs_fields {
public:
    explicit obs_fields(parameters const& posted) {
        for (auto const& [name, value] : posted) {
            auto lowered = obs_lower(name);
            unique_ = unique_ && !(*this)[lowered];
            fields_.emplace_back(std::move(lowered), value);
        }
    }
    /// No name comes twice: then nobody could say which value counts.
    [[nodiscard]] bool unique() const noexcept { return unique_; }
    [[nodiscard]] std::optional<std::string_view> operator[](std::string_view name) const noexcept {
        for (auto const& [field, value] : fields_)
            if (field == name) return value;
        return std::nullopt;
    }

private:
    std::vector<std::pair<std::string, std::string_view>> fields_;
    bool unique_ = true;
};

struct obs_form_claim {
    std::string_view key_id;
    std::string_view signature;
    std::string_view policy;      ///< base64
    std::string_view credential;  ///< of AWS4; else empty
    std::string_view time;

    /// One field `token`, which is `key id : signature : policy`, wins over the three.
    [[nodiscard]] static std::optional<obs_form_claim> of(obs_fields const& form) noexcept {
        if (auto const token = form["token"]) {
            auto const second = token->rfind(':');
            auto const first = second == std::string_view::npos || second == 0 ? second : token->rfind(':', second - 1);
            if (first == std::string_view::npos || second == 0) return std::nullopt;
            return obs_form_claim{token->substr(0, first),
                                  token->substr(first + 1, second - first - 1),
                                  token->substr(second + 1),
                                  {},
                                  {}};
        }
        auto const text = [&](std::string_view name) { return form[name].value_or(std::string_view{}); };
        if (auto const algorithm = form["x-amz-algorithm"]) {
            auto const credential = v4_credential::parse(text("x-amz-credential"));
            if (*algorithm != aws4::algorithm || !credential) return std::nullopt;
            return obs_form_claim{credential->key_id, text("x-amz-signature"), text("policy"), text("x-amz-credential"),
                                  text("x-amz-date")};
        }
        auto const native = form["accesskeyid"];
        return obs_form_claim{native ? *native : text("awsaccesskeyid"), text("signature"), text("policy"), {}, {}};
    }
};

[[nodiscard]] inline verdict check_obs_form(obs_form_claim const& claim, known_key const& key,
                                            std::string_view region) {
    if (!claim.credential.empty())
        return verify_v4_policy<aws4>(claim.policy, claim.credential, claim.time, claim.signature, key,
                                      {{}, region, "s3"});
    std::string expected;
    append_obs_signature(expected, hmac_key<sha1>{key.value.reveal()}, claim.policy);
    return equal_in_constant_time(expected, claim.signature) ? verdict::accepted : verdict::wrong_signature;
}

}  // namespace detail

/// The signature of a form: native, its twin's, or AWS4.
/// @param fields As posted, names in any letter case.
/// @param find   `known_key const* find(std::string_view id)`.
/// @par Source See above.  Checked by vectors/huawei.json, kind post_policy.
template <class Find>
[[nodiscard]] obs_form_check verify_obs_form(parameters const& fields, Find const& find, std::string_view region) {
    detail::obs_fields const form{fields};
    auto const claim = detail::obs_form_claim::of(form);
    auto policy = claim && form.unique() ? from_base64(claim->policy) : std::nullopt;
    if (!policy) return {};
    known_key const* key = find(claim->key_id);
    if (!key) return {verdict::unknown_key, {}};
    auto const native = form["x-obs-security-token"];
    auto const twin = form["x-amz-security-token"];
    if (native && twin && *native != *twin) return {};
    auto const token = check_token(*key, native ? *native : twin.value_or(std::string_view{}));
    if (token != verdict::accepted) return {token, {}};
    auto const what = detail::check_obs_form(*claim, *key, region);
    return what == verdict::accepted ? obs_form_check{what, std::move(*policy)} : obs_form_check{what, {}};
}

}  // namespace valetkey
