#pragma once
#include "verify_case.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/providers/ksyun.hpp>
#include <valetkey/signing/kss.hpp>
#include <valetkey/signing/ksyun_openapi.hpp>
#include <valetkey/signing/verify_kss.hpp>

#include <boost/json/parse.hpp>

namespace vectors {

template <>
struct runner<valetkey::ksyun> {
    static void run(vector_case const& c) {
        if (c.kind == "sts_request") return openapi(c), verify_openapi(c);
        if (c.kind == "post_policy") return post(c), verify_form(c);
        if (c.kind == "put_object" || c.kind == "presigned_url") return verify_request(c);
        not_yet(c);
    }

private:
    static std::vector<std::string> signed_headers(vector_case const& c) {
        auto const* list = c.input.find("signed_headers");
        std::vector<std::string> out;
        if (list && list->is_array())
            for (auto const& name : list->get_array()) out.emplace_back(name.as_string());
        return out;
    }
    static void add_missing(std::vector<valetkey::http_header>& to, std::string const& name, std::string const& value) {
        auto const same = [&](auto const& header) { return header.name == name; };
        if (std::none_of(to.begin(), to.end(), same)) to.push_back({name, value});
    }
    static valetkey::http_request addressed(vector_case const& c, bool in_body, std::string const& pairs) {
        auto const host = c.input.has("host") ? c.input.text("host") : c.host();
        valetkey::http_request made{in_body ? "POST" : "GET", "https://" + host + "/", c.extra_headers(), {}};
        (in_body ? made.body : made.url.append("?")).append(pairs);
        add_missing(made.headers, "host", host);
        add_missing(made.headers, "accept", "application/json");
        if (in_body) add_missing(made.headers, "content-type", "application/x-www-form-urlencoded");
        auto const token = c.input.text("session_token");
        if (!token.empty()) add_missing(made.headers, "x-amz-security-token", token);
        return made;
    }
    static std::string service_of(vector_case const& c) {
        return c.input.has("service") ? c.input.text("service") : "sts";
    }
    static void openapi(vector_case const& c) {
        using namespace valetkey;
        auto const form = c.input.must("form");
        if (form != "post_body" && form != "get_query") throw mismatch{"unknown form " + form};
        parameters all = c.input.pairs("params");
        all.emplace_back("Action", c.input.must("action"));
        all.emplace_back("Version", c.input.must("version"));
        auto ours = addressed(c, form == "post_body", ksyun_parameters(all));

        timestamp const now{c.time()};
        auto const region = c.input.must("region");
        auto const service = service_of(c);
        scope_input const in{now.yyyymmdd(), region, service};
        auto const key = signing_key<aws4>(secret{c.secret()}, in);
        auto const query = form == "post_body" ? parameters{} : all;
        auto const listed = signed_headers(c);
        auto const is_signed = [&](std::string_view name) {
            if (listed.empty()) return is_signed_by_ksyun(name) || name == "x-amz-security-token";
            return std::find(listed.begin(), listed.end(), name) != listed.end();
        };
        sign_ksyun_request(ours, query, c.input.must("key_id"), key, now, in, is_signed);
        require_request(ours, c.expect);
    }
    static void post(vector_case const& c) {
        using namespace valetkey;
        auto const policy = to_base64(c.input.must("policy_json"));
        std::string signature;
        append_kss_signature(signature, hmac_key<sha1>{c.secret()}, policy);
        parameters ours = c.input.pairs("fields");
        ours.insert(ours.end(), {{"key", c.input.must("key")},
                                 {"KSSAccessKeyId", c.input.must("key_id")},
                                 {"Policy", policy},
                                 {"Signature", signature}});
        if (auto const token = c.input.text("session_token"); !token.empty())
            ours.emplace_back("x-kss-security-token", token);
        require_fields(ours, c.expect);
    }

    /// What is accepted must not be once one of these parameters is another.
    template <class IsSigned, class Judge>
    static void require_query_is_signed(received const& good, IsSigned is_signed, Judge judge) {
        std::string_view rest{good.query};
        while (!rest.empty()) {
            auto const pair = rest.substr(0, rest.find('&'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            std::string const name{pair.substr(0, pair.find('='))};
            if (!is_signed(*valetkey::percent_decoded(name, false))) continue;
            auto bad = good;
            bad.change_parameter(name, [](std::string const& was) { return was + "x"; });
            if (judge(bad.view(), bad.terms(false)) == verdict::accepted)
                throw mismatch{"accepted although parameter " + name + " was changed"};
        }
    }
    /// The scheme of a request, by its own marks.
    struct scheme {
        bool v4;
        std::string header;     ///< `x-amz-` or `x-kss-`
        std::string parameter;  ///< `X-Amz-` or `X-Kss-`
        std::string signed_headers;

        static scheme of(received good) {
            auto const* header = good.find("authorization");
            bool const amazon = header ? header->starts_with("AWS4") : good.query.find("X-Amz-") != std::string::npos;
            bool const v4 =
                amazon || (header ? header->starts_with("KSS4-") : good.query.find("X-Kss-") != std::string::npos);
            scheme made{v4, amazon ? "x-amz-" : "x-kss-", amazon ? "X-Amz-" : "X-Kss-", {}};
            if (v4 && header) {
                auto const claim = valetkey::parse_v4_authorization(
                    *header, amazon ? valetkey::aws4::algorithm : valetkey::kss4::algorithm);
                if (claim) made.signed_headers = claim->signed_headers;
            } else if (auto const query = valetkey::split_query(good.query); v4 && query) {
                made.signed_headers = valetkey::only_value(*query, made.parameter + "SignedHeaders").value_or("");
            }
            return made;
        }
        /// The hash of the body stands in the canonical request although its header may not be listed.
        [[nodiscard]] bool signs_header(std::string_view name, bool own_date) const {
            if (v4) return valetkey::detail::names_header(signed_headers, name) || name == header + "content-sha256";
            return name == "content-type" || name == "content-md5" || (name == "date" && !own_date) ||
                   name.starts_with("x-kss-");
        }
    };
    static tampering tampering_of(received good, bool presigned, std::string const& expires_in) {
        auto const how = scheme::of(good);
        tampering out;
        out.token_header = how.header + "security-token";
        bool const own_date = presigned || good.find("x-kss-date");
        out.signs_header = [=](std::string_view name) { return how.signs_header(name, own_date); };
        if (presigned) {
            out.signature_parameter = how.v4 ? how.parameter + "Signature" : "Signature";
            out.token_parameter = how.v4 ? how.parameter + "Security-Token" : "security-token";
            out.late = std::chrono::seconds{std::stoll(expires_in)};
            if (!how.v4) out.early = std::chrono::seconds{-1};  // an end, and no beginning
        } else {
            out.date_header = how.v4 ? how.header + "date" : own_date ? "x-kss-date" : "date";
            auto const* payload = good.find(how.header + "content-sha256");
            out.signs_body = how.v4 && (!payload || payload->size() == 64);
        }
        return out;
    }

    static void verify_openapi(vector_case const& c) {
        case_keys const keys{c};
        auto const region = c.input.must("region");
        auto const service = service_of(c);
        auto const good = received::from(c);
        auto const judge = [&](auto const& request, auto const& terms) {
            return valetkey::verify_ksyun_openapi(request, keys, {region, service}, terms);
        };
        require_verdicts(good, tampering_of(good, false, {}), judge);
        require_query_is_signed(
            good, [](std::string_view) { return true; }, judge);
    }
    /// A key may begin with the bucket's name, too, and an endpoint with what is no bucket.
    static bool has_bucket_in_path(vector_case const& c, received const& r) {
        auto const bucket = c.input.must("bucket");
        auto const path = valetkey::percent_decoded(r.path, false).value_or(r.path);
        bool const in_host = r.host.starts_with(bucket + ".") && r.host != c.input.text("endpoint");
        return !in_host && path != "/" + c.input.text("key") &&
               (path == "/" + bucket || path.starts_with("/" + bucket + "/"));
    }
    static void verify_request(vector_case const& c) {
        using namespace valetkey;
        case_keys const keys{c};
        bool const presigned = c.kind == "presigned_url";
        auto good = received::from(c);
        if (presigned) {
            auto const type = c.input.text("content_type");
            if (!type.empty()) add_missing(good.headers, "content-type", type);
            for (auto const& list : {c.input.pairs("headers"), c.input.pairs("extra_headers")})
                for (auto const& [name, value] : list) add_missing(good.headers, lower(name), value);
        }
        auto const bucket = c.input.must("bucket");
        auto const region = c.input.text("region");
        ks3_server const server{bucket, region, has_bucket_in_path(c, good)};
        auto const judge = [&](auto const& request, auto const& terms) {
            return verify_ks3_request(request, keys, server, terms);
        };
        require_verdicts(good, tampering_of(good, presigned, c.input.text("expires_in")), judge);
        bool const v4 = scheme::of(good).v4;
        auto const is_signed = [&](std::string_view name) {
            return v4 || is_kss_sub_resource(name) ||
                   (presigned && (name == "Expires" || name == "KSSAccessKeyId" || name == "Signature"));
        };
        require_query_is_signed(good, is_signed, judge);
    }

    static std::string field_of(parameters const& fields, std::string const& name) {
        for (auto const& [field, value] : fields)
            if (lower(field) == lower(name)) return value;
        return {};
    }
    /// The fields that a policy allows with one value only.
    static std::vector<std::string> pinned_fields(std::string const& policy) {
        std::vector<std::string> out;
        auto const document = boost::json::parse(policy);
        for (auto const& condition : document.at("conditions").as_array()) {
            if (condition.is_object())
                for (auto const& member : condition.get_object()) out.emplace_back(lower(std::string{member.key()}));
            else if (auto const& list = condition.as_array(); list.at(0) == "eq")
                out.emplace_back(lower(std::string{list.at(1).as_string()}.substr(1)));
        }
        return out;
    }
    static void verify_form(vector_case const& c) {
        using namespace valetkey;
        case_keys const keys{c};
        auto const bucket = c.input.must("bucket");
        auto const fields = c.expect.pairs("fields");
        auto const judge = [&](parameters const& posted, utc_seconds now) {
            auto const policy = from_base64(field_of(posted, "policy"));
            return policy && !field_of(posted, "key").empty() && verify_kss_form(posted, keys) == verdict::accepted &&
                   ask_kss_policy(*policy, {bucket, posted, {}, false}, now) == form_answer::allowed;
        };
        std::vector<std::string> sealed{"Policy", "Signature", "KSSAccessKeyId", "x-kss-security-token"};
        if (c.input.text("key_match") != "prefix") sealed.emplace_back("key");
        auto const end = c.time() + std::chrono::seconds{std::stoll(c.input.must("expires_in"))};
        require_form_verdicts(fields, sealed, c.time(), end, judge);
        auto const pinned = pinned_fields(c.input.must("policy_json"));
        for (std::size_t i = 0; i < fields.size(); ++i) {
            auto bad = fields;
            bad[i].second += "x";
            bool const counts = std::find(pinned.begin(), pinned.end(), lower(bad[i].first)) != pinned.end();
            if (counts && judge(bad, c.time()))
                throw mismatch{"accepted although field " + bad[i].first + " was changed"};
        }
        auto more = fields;
        more.emplace_back("x-kss-meta-nobody-asked-for", "1");
        if (judge(more, c.time())) throw mismatch{"accepted with a field without a condition"};
    }
};

}  // namespace vectors
