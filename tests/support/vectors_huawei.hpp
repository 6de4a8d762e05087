#pragma once
#include "verify_case.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/policy/obs_form_conditions.hpp>
#include <valetkey/providers/huawei.hpp>
#include <valetkey/signing/hmac_sha1.hpp>
#include <valetkey/signing/sdk_hmac.hpp>
#include <valetkey/signing/v4.hpp>
#include <valetkey/signing/verify_obs.hpp>
#include <valetkey/signing/verify_sdk_hmac.hpp>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace vectors {

template <>
struct runner<valetkey::huawei> {
    static void run(vector_case const& c) {
        if (c.kind == "sts_request") return request(c), c.input.text("key_id").empty() ? void() : verify_request(c);
        if (c.kind == "post_policy") return post(c), verify_forms(c);
        if (c.kind == "put_object" || c.kind == "presigned_url") return verify_object(c);
        not_yet(c);
    }

private:
    static bool has(std::vector<valetkey::http_header> const& headers, std::string_view name) {
        return std::any_of(headers.begin(), headers.end(), [&](auto const& header) { return header.name == name; });
    }
    static void add_missing(std::vector<valetkey::http_header>& to, std::string const& name, std::string const& value) {
        if (!has(to, name)) to.push_back({name, value});
    }
    static std::string first_of(members const& input, std::string const& name, std::string const& other) {
        return input.has(name) ? input.text(name) : input.text(other);
    }
    /// Without scheme, port and path.
    static std::string host_of(std::string address) {
        if (auto const scheme = address.find("://"); scheme != std::string::npos) address.erase(0, scheme + 3);
        return address.substr(0, address.find_first_of(":/?"));
    }
    static bool is_set(members const& input, std::string_view name) { return input.text(name) == "true"; }
    /// Everything behind the host: the operation is told by its address.
    static std::string target_of(std::string const& url) {
        auto const slash = url.find('/', url.find("://") + 3);
        return slash == std::string::npos ? "/" : url.substr(slash);
    }
    static std::string signed_headers_of(members const& expect) {
        for (auto const& [name, value] : expect.pairs("headers")) {
            if (lower(name) != "authorization") continue;
            auto const claim = valetkey::sdk_hmac_claim::parse(value);
            return claim ? std::string{claim->signed_headers} : std::string{};
        }
        return {};
    }
    static parameters pairs_of(std::string const& query) {
        parameters out;
        auto const pairs = valetkey::split_query(query);
        if (!pairs) throw mismatch{"the query is not percent-encoded"};
        for (auto const& pair : *pairs) out.emplace_back(pair.name, pair.value);
        return out;
    }

    static void request(vector_case const& c) {
        using namespace valetkey;
        auto const target = target_of(c.expect.must("url"));
        auto const path = percent_decoded(target.substr(0, target.find('?')), false);
        if (!path) throw mismatch{"the path is not percent-encoded"};
        http_request ours{c.input.has("method") ? c.input.text("method") : c.expect.must("method"),
                          "https://" + c.host() + target, c.extra_headers(), first_of(c.input, "body_text", "body")};
        auto const type = c.input.has("content_type") ? c.input.text("content_type") : "application/json";
        auto const names = signed_headers_of(c.expect);
        add_missing(ours.headers, "host", c.host());
        // without a body the caller of the vendor's SDK decides whether there is a type to sign
        if (!ours.body.empty() || detail::names_header(names, "content-type"))
            add_missing(ours.headers, "content-type", type);
        if (auto const account = c.input.text("domain_id"); !account.empty())
            add_missing(ours.headers, "x-domain-id", account);
        if (auto const project = c.input.text("project_id"); !project.empty())
            add_missing(ours.headers, "x-project-id", project);
        if (!c.input.text("key_id").empty())
            sign_sdk_hmac(ours, *path, pairs_of(query_of(target)), c.input.text("key_id"),
                          c.input.text("session_token"), hmac_key<sha256>{c.secret()}, timestamp{c.time()});
        add_missing(ours.headers, "content-type", type);
        require_equal("host", host_of(ours.url), host_of(c.expect.must("url")));
        require_request(ours, c.expect);
    }
    /// `signature` absent: the native one; `v2`: its twin with other names; `v4`: a relative of AWS4. Where the bucket
    /// is not in the host the SDKs take the twin without a word.
    static std::string style_of(vector_case const& c) {
        auto const style = c.input.text("signature");
        auto const server = valetkey::service_url::parse(c.input.text("server"));
        bool const by_address = server && server->is_ip_address();
        if (style.empty())
            return by_address || is_set(c.input, "path_style") || is_set(c.input, "is_cname") ? "v2" : "obs";
        if (style != "obs" && style != "v2" && style != "v4") throw mismatch{"unknown signature " + style};
        return style;
    }
    static void post(vector_case const& c) {
        using namespace valetkey;
        auto const style = style_of(c);
        auto const text = first_of(c.input, "policy_text", "policy_json");
        auto const policy = to_base64(text);
        parameters ours = c.input.pairs("form_params");
        auto const add = [&](std::string name, std::string value) {
            auto const same = [&](auto const& field) { return field.first == name; };
            if (std::none_of(ours.begin(), ours.end(), same)) ours.emplace_back(std::move(name), std::move(value));
        };
        add("policy", policy);
        if (c.input.has("key")) add("key", c.input.text("key"));
        bool const native_token = style == "obs" || text.find("\"x-obs-security-token\"") != std::string::npos;
        if (auto const token = c.input.text("session_token"); !token.empty())
            add(native_token ? "x-obs-security-token" : "x-amz-security-token", token);
        if (style == "v4") {
            add_v4(c, policy, add);
        } else {
            std::string signature;
            append_obs_signature(signature, hmac_key<sha1>{c.secret()}, policy);
            add(style == "obs" ? "AccessKeyId" : "AWSAccessKeyId", c.input.must("key_id"));
            add("signature", signature);
            if (c.expect.has("token_field_alternative"))
                require_equal("field token", c.input.must("key_id") + ":" + signature + ":" + policy,
                              c.expect.text("token_field_alternative"));
        }
        require_fields(ours, c.expect);
    }
    template <class Add>
    static void add_v4(vector_case const& c, std::string const& policy, Add const& add) {
        using namespace valetkey;
        timestamp const now{c.time()};
        auto const region = c.input.must("region");
        scope_input const in{now.yyyymmdd(), region, "s3"};
        add("X-Amz-Algorithm", std::string{aws4::algorithm});
        add("X-Amz-Credential", c.input.must("key_id") + "/" + credential_scope<aws4>(in));
        add("X-Amz-Date", std::string{now.basic().view()});
        add("X-Amz-Signature", std::string{sign_policy(signing_key<aws4>(secret{c.secret()}, in), policy).view()});
    }

    static void verify_request(vector_case const& c) {
        case_keys const keys{c};
        auto const good = received::from(c);
        tampering how;
        how.signs_body = !is_unsigned(good);
        how.date_header = "x-sdk-date";
        how.token_header = "x-security-token";
        how.signs_header = [names = signed_headers_of(c.expect)](std::string_view name) {
            return valetkey::detail::names_header(names, name);
        };
        auto const judge = [&](auto const& request, auto const& terms) {
            return valetkey::verify_sdk_hmac(request, keys, terms);
        };
        require_verdicts(good, how, judge);
        require_signed_parameters(good, judge, [](std::string_view) { return true; });
    }
    static bool is_unsigned(received good) {
        auto const* payload = good.find("x-sdk-content-sha256");
        return payload && *payload == "UNSIGNED-PAYLOAD";
    }
    /// Each parameter of the query that is signed, changed.
    template <class Judge, class Signed>
    static void require_signed_parameters(received const& good, Judge judge, Signed is_signed) {
        for (auto const& [name, value] : pairs_of(good.query)) {
            if (!is_signed(name)) continue;
            auto bad = good;
            bad.change_parameter(name, [](std::string pair) { return changed(std::move(pair)); });
            // `%AD` and `%aD` are the same byte
            bool const differs = pairs_of(bad.query) != pairs_of(good.query);
            if (differs && judge(bad.view(), bad.terms(true)) == verdict::accepted)
                throw mismatch{"accepted although parameter " + name + " was changed"};
        }
    }

    /// How a request was signed, by its own marks.
    struct marks {
        bool v4 = false;
        bool in_url = false;
        std::string prefix{};  // of headers and parameters
        std::string names{};   // AWS4: the signed headers
    };
    static std::string parameter(received const& r, std::string_view name) {
        for (auto const& [each, value] : pairs_of(r.query))
            if (each == name) return value;
        return {};
    }
    static marks marks_of(received const& good) {
        auto copy = good;
        auto const* header = copy.find("authorization");
        marks m;
        m.in_url = !header;
        auto const claim = valetkey::parse_v4_authorization(header ? std::string_view{*header} : std::string_view{},
                                                            valetkey::aws4::algorithm);
        m.names = claim ? claim->signed_headers : header ? "" : parameter(good, "X-Amz-SignedHeaders");
        m.v4 = !m.names.empty();
        bool const native =
            m.v4     ? has(good.headers, "x-obs-security-token") || !parameter(good, "x-obs-security-token").empty()
            : header ? header->starts_with(valetkey::obs_native.scheme)
                     : !parameter(good, valetkey::obs_native.key_id).empty();
        m.prefix = native ? valetkey::obs_native.prefix : valetkey::obs_twin.prefix;
        return m;
    }
    static bool signs_header(marks const& m, received const& good, std::string_view name) {
        if (m.v4) return valetkey::detail::names_header(m.names, name);
        bool const date_line = !m.in_url && !has(good.headers, m.prefix + "date");
        return name == "content-type" || name == "content-md5" || name.starts_with(m.prefix) ||
               (name == "date" && date_line);
    }
    static bool signs_parameter(marks const& m, std::string_view name) {
        auto const lowered = lower(std::string{name});
        if (m.v4 || valetkey::is_obs_sub_resource(lowered)) return true;
        return m.in_url && (lowered.starts_with(m.prefix) || name == "Expires" || name == "Signature" ||
                            name == valetkey::obs_native.key_id || name == valetkey::obs_twin.key_id);
    }
    /// A URL of AWS4 begins at its date, the others' have an end alone.
    static void set_times(tampering& how, marks const& m, received const& good) {
        using std::chrono::seconds;
        if (!m.v4) {
            valetkey::utc_seconds const end{seconds{std::stoll(parameter(good, "Expires"))}};
            how.late = end - good.now;
            how.early = seconds{-1};
            return;
        }
        auto const begin = valetkey::parse_basic_time(parameter(good, "X-Amz-Date"));
        if (!begin) throw mismatch{"the URL has no date"};
        how.late = *begin + seconds{std::stoll(parameter(good, "X-Amz-Expires"))} - good.now;
        how.early = good.now - *begin + how.early;
    }
    /// What the store knows of itself. A domain of its own is told by the input, else it is neither of the others.
    static valetkey::obs_place place_of(vector_case const& c, received const& good, std::string const& bucket) {
        using valetkey::obs_place;
        if (is_set(c.input, "is_cname")) return obs_place::own_domain;
        if (is_set(c.input, "path_style")) return obs_place::in_path;
        if (!bucket.empty() && good.host.starts_with(bucket + ".")) return obs_place::in_host;
        bool const in_path = (good.path + "/").starts_with("/" + bucket + "/");
        return in_path ? obs_place::in_path : obs_place::own_domain;
    }
    static std::string bucket_of(vector_case const& c) {
        auto const bucket = c.input.text("bucket");
        return bucket.empty() && c.input.has("params") ? c.input.object("params").text("Bucket") : bucket;
    }
    static void verify_object(vector_case const& c) {
        case_keys const keys{c};
        auto const bucket = bucket_of(c);
        auto const region = c.input.text("region");
        auto good = received::from(c);
        auto const place = place_of(c, good, bucket);
        for (auto const& [name, value] : c.input.pairs("headers")) add_missing(good.headers, lower(name), value);
        if (c.input.has("content_type")) add_missing(good.headers, "content-type", c.input.text("content_type"));
        // a browser sends it of itself, and AWS4 may sign it
        if (!good.body.empty()) add_missing(good.headers, "content-length", std::to_string(good.body.size()));
        auto const m = marks_of(good);
        tampering how;
        how.signature_parameter = !m.in_url ? "" : m.v4 ? "X-Amz-Signature" : "Signature";
        how.token_header = how.token_parameter = m.prefix + "security-token";
        // a port may be signed with the domain or not
        bool const by_domain = place == valetkey::obs_place::own_domain && host_of(good.host) == good.host;
        how.signs_header = [&](std::string_view name) {
            return signs_header(m, good, name) || (name == "host" && by_domain);
        };
        how.signs_body = has_digest(good);
        if (m.in_url) set_times(how, m, good);
        require_own_host(c, good, bucket);
        auto const judge = [&](auto const& request, auto const& terms) {
            return valetkey::verify_obs_request(request, keys, {bucket, region, place}, terms);
        };
        require_verdicts(good, how, judge);
        require_signed_parameters(good, judge, [&](std::string_view name) { return signs_parameter(m, name); });
    }
    /// No other store is reached, though the native signature holds no host.
    static void require_own_host(vector_case const& c, received good, std::string const& bucket) {
        auto const server = host_of(c.input.text("server"));
        if (server.empty()) return;
        for (auto const& host : {host_of(good.host), host_of(*good.find("host"))})
            if (host != server && host != bucket + "." + server) throw mismatch{"sent to another host: " + host};
    }
    static bool has_digest(received good) {
        for (std::string_view const name : {"x-obs-content-sha256", "x-amz-content-sha256"})
            if (auto const* digest = good.find(name); digest && *digest != "UNSIGNED-PAYLOAD") return true;
        return false;
    }

    static std::string field_of(parameters const& fields, std::string_view name) {
        for (auto const& [field, value] : fields)
            if (lower(field) == name) return value;
        return {};
    }
    static void verify_forms(vector_case const& c) {
        auto const fields = c.expect.pairs("fields");
        verify_form(c, fields);
        auto const token = c.expect.text("token_field_alternative");
        if (token.empty()) return;
        // the one field in place of the three
        parameters other{{"token", token}};
        for (auto const& field : fields)
            if (auto const name = lower(field.first);
                !name.ends_with("accesskeyid") && name != "signature" && name != "policy")
                other.push_back(field);
        verify_form(c, other);
    }
    static void verify_form(vector_case const& c, parameters const& fields) {
        using namespace valetkey;
        case_keys const keys{c};
        auto const region = c.input.text("region");
        auto const bucket = c.input.text("bucket");
        bool const has_key = !field_of(fields, "key").empty();
        auto const judge = [&](parameters const& posted, utc_seconds now) {
            auto const signed_by = verify_obs_form(posted, keys, region);
            if (signed_by.what != verdict::accepted || field_of(posted, "key").empty() == has_key) return false;
            auto const answer = ask_obs_form_policy(signed_by.policy, {bucket, posted, {}, false}, now);
            // the SDKs leave fields that they do not know out of the policy: the store's to refuse
            return answer == form_answer::allowed || answer == form_answer::extra_field;
        };
        std::vector<std::string> pinned;
        std::vector<std::string> bound;
        auto const policy = read_policy(verify_obs_form(fields, keys, region).policy);
        for (auto const& [field, value] : fields) {
            auto const name = lower(field);
            bool const exact = is_exact(policy, name);
            if (is_of_the_signature(name) || (exact && name == "key")) pinned.push_back(field);
            if (exact) bound.push_back(field);
        }
        auto const end = parse_iso_time(members{policy}.text("expiration"));
        if (!end) throw mismatch{"the policy has no end"};
        require_form_verdicts(fields, pinned, c.time(), *end, judge);
        for (auto const& name : bound) {
            auto bad = fields;
            for (auto& [field, value] : bad)
                if (field == name) value = changed(value);
            if (judge(bad, c.time())) throw mismatch{"accepted although field " + name + " was changed"};
        }
    }
    static bool is_of_the_signature(std::string_view name) {
        for (auto const each :
             {"token", "policy", "signature", "accesskeyid", "awsaccesskeyid", "x-obs-security-token",
              "x-amz-security-token", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"})
            if (name == each) return true;
        return false;
    }
    static boost::json::object read_policy(std::string const& text) {
        boost::json::parse_options options;
        options.allow_trailing_commas = true;
        return boost::json::parse(valetkey::plain_obs_json(text), {}, options).as_object();
    }
    static bool is_exact(boost::json::object const& policy, std::string const& name) {
        for (auto const& condition : policy.at("conditions").as_array())
            if (auto const* object = condition.if_object())
                for (auto const& [field, value] : *object)
                    if (lower(std::string{field}) == name) return true;
        return false;
    }
};

}  // namespace vectors
