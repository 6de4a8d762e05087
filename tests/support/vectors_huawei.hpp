#pragma once
#include "vector_case.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/providers/huawei.hpp>
#include <valetkey/signing/hmac_sha1.hpp>
#include <valetkey/signing/sdk_hmac.hpp>
#include <valetkey/signing/v4.hpp>

namespace vectors {

template <>
struct runner<valetkey::huawei> {
    static void run(vector_case const& c) {
        if (c.kind == "sts_request") return request(c);
        if (c.kind == "post_policy") return post(c);
        not_yet(c);
    }

private:
    static bool has(std::vector<valetkey::http_header> const& headers, std::string_view name) {
        return std::any_of(headers.begin(), headers.end(), [&](auto const& header) { return header.name == name; });
    }
    static void add_missing(valetkey::http_request& to, std::string const& name, std::string const& value) {
        if (!has(to.headers, name)) to.headers.push_back({name, value});
    }
    static std::string first_of(members const& input, std::string const& name, std::string const& other) {
        return input.has(name) ? input.text(name) : input.text(other);
    }
    /// Everything behind the host: the operation is told by its address.
    static std::string target_of(std::string const& url) {
        auto const slash = url.find('/', url.find("://") + 3);
        return slash == std::string::npos ? "/" : url.substr(slash);
    }
    static void request(vector_case const& c) {
        using namespace valetkey;
        auto const target = target_of(c.expect.must("url"));
        auto const path = percent_decoded(target.substr(0, target.find('?')), false);
        if (!path) throw mismatch{"the path is not percent-encoded"};
        http_request ours{c.input.has("method") ? c.input.text("method") : c.expect.must("method"),
                          "https://" + c.host() + target, c.extra_headers(), first_of(c.input, "body_text", "body")};
        auto const type = c.input.has("content_type") ? c.input.text("content_type") : "application/json";
        add_missing(ours, "host", c.host());
        if (!ours.body.empty()) add_missing(ours, "content-type", type);
        if (auto const account = c.input.text("domain_id"); !account.empty()) add_missing(ours, "x-domain-id", account);
        if (auto const project = c.input.text("project_id"); !project.empty())
            add_missing(ours, "x-project-id", project);
        sign_sdk_hmac(ours, *path, decoded_pairs(query_of(target)), c.input.must("key_id"),
                      c.input.text("session_token"), hmac_key<sha256>{c.secret()}, timestamp{c.time()});
        add_missing(ours, "content-type", type);  // without a body the vendor sends it, but does not sign it
        require_request(ours, c.expect);
    }
    /// `signature` absent: the native one; `v2`: its twin with other names; `v4`: a relative of AWS4.
    static void post(vector_case const& c) {
        using namespace valetkey;
        auto const style = c.input.text("signature");
        bool const native = style.empty() || style == "obs";
        if (!native && style != "v2" && style != "v4") throw mismatch{"unknown signature " + style};
        auto const policy = to_base64(first_of(c.input, "policy_text", "policy_json"));
        parameters ours = c.input.pairs("form_params");
        auto const add = [&](std::string name, std::string value) {
            auto const same = [&](auto const& field) { return field.first == name; };
            if (std::none_of(ours.begin(), ours.end(), same)) ours.emplace_back(std::move(name), std::move(value));
        };
        add("policy", policy);
        if (c.input.has("key")) add("key", c.input.text("key"));
        if (auto const token = c.input.text("session_token"); !token.empty())
            add(native ? "x-obs-security-token" : "x-amz-security-token", token);
        if (style == "v4") {
            add_v4(c, policy, add);
        } else {
            std::string signature;
            append_obs_signature(signature, hmac_key<sha1>{c.secret()}, policy);
            add(native ? "AccessKeyId" : "AWSAccessKeyId", c.input.must("key_id"));
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
};

}  // namespace vectors
