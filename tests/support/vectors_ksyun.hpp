#pragma once
#include "vector_case.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/providers/ksyun.hpp>
#include <valetkey/signing/kss.hpp>
#include <valetkey/signing/ksyun_openapi.hpp>

namespace vectors {

template <>
struct runner<valetkey::ksyun> {
    static void run(vector_case const& c) {
        if (c.kind == "sts_request") return openapi(c);
        if (c.kind == "post_policy") return post(c);
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
    static void add_missing(valetkey::http_request& to, std::string const& name, std::string const& value) {
        auto const same = [&](auto const& header) { return header.name == name; };
        if (std::none_of(to.headers.begin(), to.headers.end(), same)) to.headers.push_back({name, value});
    }
    static valetkey::http_request addressed(vector_case const& c, bool in_body, std::string const& pairs) {
        auto const host = c.input.has("host") ? c.input.text("host") : c.host();
        valetkey::http_request made{in_body ? "POST" : "GET", "https://" + host + "/", c.extra_headers(), {}};
        (in_body ? made.body : made.url.append("?")).append(pairs);
        add_missing(made, "host", host);
        add_missing(made, "accept", "application/json");
        if (in_body) add_missing(made, "content-type", "application/x-www-form-urlencoded");
        auto const token = c.input.text("session_token");
        if (!token.empty()) add_missing(made, "x-amz-security-token", token);
        return made;
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
        auto const service = c.input.has("service") ? c.input.text("service") : "sts";
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
};

}  // namespace vectors
