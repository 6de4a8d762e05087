#pragma once
#include "verify_case.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/policy/form_conditions.hpp>
#include <valetkey/providers/aliyun.hpp>
#include <valetkey/signing/acs3.hpp>
#include <valetkey/signing/hmac_sha1.hpp>
#include <valetkey/signing/verify_oss.hpp>
#include <valetkey/signing/verify_oss_callback.hpp>

namespace vectors {

template <>
struct runner<valetkey::aliyun> {
    static void run(vector_case const& c) {
        if (c.kind == "sts_request") {
            auto const style = c.input.must("style");
            if (style == "acs3-hmac-sha256") return acs3(c), verify_acs3(c);
            if (style == "rpc-1.0-body" || style == "rpc-1.0-query")
                return rpc1(c, style == "rpc-1.0-body"), verify_rpc1(c, style == "rpc-1.0-body");
            if (style == "acs3-unsigned") return unsigned_request(c);
            throw mismatch{"unknown style " + style};
        }
        if (c.kind == "post_policy") return post(c), verify_form(c);
        if (c.kind == "put_object" || c.kind == "presigned_url") return verify_request(c);
        if (c.kind == "callback") return callback(c);
        not_yet(c);
    }

private:
    /// Both questions that a receiver asks: may the named key be fetched, and does it fit?
    static void callback(vector_case const& c) {
        using namespace valetkey;
        auto const good = called_back::from(c);
        auto const key = rsa_public_key::parse(c.input.must("public_key_pem"));
        auto const believed = [&](called_back const& r) {
            return key && oss_callback_key_url(r.view()) && verify_oss_callback(r.view(), *key) == verdict::accepted;
        };
        require_callback(c, good, believed);
        auto evil = good;
        for (auto& header : evil.headers)
            if (header.name == "x-oss-pub-key-url")
                header.value = to_base64(std::string_view{"https://evil.example/k"});
        if (believed(evil)) throw mismatch{"the key of anybody is believed"};
    }
    static std::string method(vector_case const& c) { return c.input.has("method") ? c.input.text("method") : "POST"; }
    static valetkey::http_request addressed(vector_case const& c, parameters const& query) {
        valetkey::http_request made{
            method(c), "https://" + c.host() + "/?" + valetkey::encode_parameters(query), c.extra_headers(), {}};
        made.headers.push_back({"host", c.host()});
        return made;
    }
    static void acs3(vector_case const& c) {
        using namespace valetkey;
        auto const query = c.input.pairs("params");
        auto ours = addressed(c, query);
        ours.headers.push_back({"x-acs-action", c.input.must("action")});
        ours.headers.push_back({"x-acs-version", c.input.must("version")});
        ours.headers.push_back({"x-acs-date", std::string{timestamp{c.time()}.iso().view()}});
        ours.headers.push_back({"x-acs-signature-nonce", c.input.must("nonce")});
        sign_acs3(ours, query, c.input.must("key_id"), c.input.text("session_token"), hmac_key<sha256>{c.secret()});
        require_request(ours, c.expect);
    }
    /// Signature 1.0: everything is a parameter, in the body or in the query.
    static void rpc1(vector_case const& c, bool in_body) {
        using namespace valetkey;
        parameters all = c.input.pairs("params");
        all.insert(all.end(),
                   {{"Action", c.input.must("action")},
                    {"Version", c.input.must("version")},
                    {"Format", in_body ? "JSON" : "json"},
                    {"AccessKeyId", c.input.must("key_id")},
                    {"SignatureMethod", "HMAC-SHA1"},
                    {"SignatureVersion", "1.0"},
                    {"SignatureNonce", c.input.must("nonce")},
                    {"Timestamp", c.input.has("timestamp") ? c.input.text("timestamp") : c.input.must("time")}});
        if (!c.input.text("session_token").empty()) all.emplace_back("SecurityToken", c.input.text("session_token"));
        auto const signature = sign_rpc1(method(c), all, c.secret());
        if (c.expect.has("signature")) require_equal("signature", signature, c.expect.text("signature"));
        all.emplace_back("Signature", signature);
        auto ours = addressed(c, in_body ? parameters{} : all);
        if (in_body) {
            ours.body = encode_parameters(all);
            ours.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
        } else {
            ours.headers.push_back({"x-acs-action", c.input.must("action")});
            ours.headers.push_back({"x-acs-version", c.input.must("version")});
        }
        require_request(ours, c.expect, body_as::pairs);
    }
    static void unsigned_request(vector_case const& c) {
        parameters query = c.input.pairs("params");
        query.insert(query.end(),
                     {{"Action", c.input.must("action")},
                      {"Format", "json"},
                      {"Version", c.input.must("version")},
                      {"Timestamp", c.input.has("timestamp") ? c.input.text("timestamp") : c.input.must("time")},
                      {"SignatureNonce", c.input.must("nonce")}});
        auto ours = addressed(c, query);
        ours.headers.push_back({"x-acs-action", c.input.must("action")});
        ours.headers.push_back({"x-acs-version", c.input.must("version")});
        require_request(ours, c.expect, body_as::pairs);
    }
    static void post(vector_case const& c) {
        using namespace valetkey;
        auto const policy = to_base64(c.input.must("policy_json"));
        parameters ours = c.input.pairs("callback_vars");
        ours.emplace_back("policy", policy);
        ours.emplace_back(
            "key", c.input.must("key") + (c.input.text("key_match") == "prefix" ? c.input.text("upload_name") : ""));
        auto const token = c.input.text("session_token");
        if (!token.empty()) ours.emplace_back("x-oss-security-token", token);
        if (c.input.has("success_action_status"))
            ours.emplace_back("success_action_status", c.input.text("success_action_status"));
        if (c.input.has("callback_json")) ours.emplace_back("callback", to_base64(c.input.text("callback_json")));
        if (c.input.must("signature") == "v1") {
            ours.emplace_back("OSSAccessKeyId", c.input.must("key_id"));
            ours.emplace_back("Signature", sign_oss1_policy(hmac_key<sha1>{c.secret()}, policy));
        } else {
            timestamp const now{c.time()};
            auto const region = c.input.must("region");
            scope_input const in{now.yyyymmdd(), aliyun::bare_region(region), "oss"};
            auto const signature = sign_policy(signing_key<oss4>(secret{c.secret()}, in), policy);
            ours.insert(ours.end(), {{"x-oss-signature-version", std::string{oss4::algorithm}},
                                     {"x-oss-credential", c.input.must("key_id") + "/" + credential_scope<oss4>(in)},
                                     {"x-oss-date", std::string{now.basic().view()}},
                                     {"x-oss-signature", std::string{signature.view()}}});
        }
        require_fields(ours, c.expect);
    }

    static void verify_acs3(vector_case const& c) {
        case_keys const keys{c};
        tampering how;
        how.signs_path = false;
        how.signs_body = true;
        how.date_header = "x-acs-date";
        how.token_header = "x-acs-security-token";
        how.signs_header = [](std::string_view name) { return name == "host" || name.starts_with("x-acs-"); };
        auto good = received::from(c);
        auto const judge = [&](auto const& request, auto const& terms) {
            return valetkey::verify_aliyun_sts(request, keys, terms);
        };
        require_verdicts(good, how, judge);
        require_query_is_signed(good, judge);
    }
    static void verify_rpc1(vector_case const& c, bool in_body) {
        case_keys const keys{c};
        tampering how;
        how.signs_path = false;
        how.signs_body = in_body;
        if (!in_body) how.signature_parameter = "Signature";
        auto const judge = [&](auto const& request, auto const& terms) {
            return valetkey::verify_aliyun_sts(request, keys, terms);
        };
        auto const good = received::from(c);
        require_verdicts(good, how, judge);
        if (!in_body) require_query_is_signed(good, judge);
    }
    /// Where the query is the message: each of its parameters, changed.
    template <class Judge>
    static void require_query_is_signed(received const& good, Judge judge) {
        for (auto const& [name, value] : decoded_pairs(good.query)) {
            auto bad = good;
            bad.change_parameter(name, [](std::string pair) { return changed(std::move(pair)); });
            if (bad.query != good.query && judge(bad.view(), bad.terms(true)) == verdict::accepted)
                throw mismatch{"accepted although parameter " + name + " was changed"};
        }
    }
    static void verify_request(vector_case const& c) {
        using namespace valetkey;
        case_keys const keys{c};
        auto good = received::from(c);
        auto const region = c.input.must("region");
        auto const bucket = c.input.must("bucket");
        for (auto const& [name, value] : c.input.pairs("headers")) good.headers.push_back({lower(name), value});
        tampering how;
        how.token_header = "x-oss-security-token";
        how.signs_header = [](std::string_view name) {
            return name == "content-type" || name == "content-md5" || name.starts_with("x-oss-");
        };
        how.date_header = "x-oss-date";
        if (c.kind == "presigned_url") {
            bool const v4 = good.query.find("x-oss-signature=") != std::string::npos;
            how.signature_parameter = v4 ? "x-oss-signature" : "Signature";
            how.token_parameter = v4 ? "x-oss-security-token" : "security-token";
            how.late = std::chrono::seconds{std::stoll(c.input.must("expires_in"))};
            if (!v4) how.early = std::chrono::seconds{-1};  // an end, and no beginning
        }
        bool const in_path = !good.host.starts_with(bucket + ".") && good.path.starts_with("/" + bucket + "/");
        require_verdicts(good, how, [&](auto const& request, auto const& terms) {
            return verify_oss_request(request, keys, {bucket, aliyun::bare_region(region), in_path}, terms);
        });
    }
    static void verify_form(vector_case const& c) {
        using namespace valetkey;
        case_keys const keys{c};
        auto const region = c.input.must("region");
        auto const bucket = c.input.must("bucket");
        bool const v1 = c.input.must("signature") == "v1";
        std::vector<std::string> pinned{"policy",           "x-oss-signature", "Signature",
                                        "x-oss-credential", "OSSAccessKeyId",  "x-oss-security-token"};
        if (!v1) pinned.insert(pinned.end(), {"x-oss-date", "x-oss-signature-version"});
        if (c.input.text("key_match") != "prefix") pinned.emplace_back("key");
        auto const end = c.time() + std::chrono::seconds{std::stoll(c.input.must("expires_in"))};
        require_form_verdicts(
            c.expect.pairs("fields"), pinned, c.time(), end, [&](parameters const& fields, utc_seconds now) {
                auto const of = [&](std::string_view name) {
                    auto const at = std::find_if(fields.begin(), fields.end(),
                                                 [&](auto const& field) { return field.first == name; });
                    return at == fields.end() ? std::string{} : at->second;
                };
                auto const policy = from_base64(of("policy"));
                auto const credential = of("x-oss-credential");
                auto const parsed = v4_credential::parse(credential);
                auto const* key = v1 ? keys(of("OSSAccessKeyId")) : parsed ? keys(parsed->key_id) : nullptr;
                if (!policy || !key || of("key").empty() ||
                    check_token(*key, of("x-oss-security-token")) != verdict::accepted)
                    return false;
                if (v1 && !equal_in_constant_time(sign_oss1_policy(hmac_key<sha1>{key->value.reveal()}, of("policy")),
                                                  of("Signature")))
                    return false;
                if (!v1 &&
                    (of("x-oss-signature-version") != oss4::algorithm ||
                     verify_v4_policy<oss4>(of("policy"), credential, of("x-oss-date"), of("x-oss-signature"), *key,
                                            {{}, aliyun::bare_region(region), "oss"}) != verdict::accepted))
                    return false;
                return ask_form_policy(*policy, {bucket, fields, {}, false}, {}, now) == form_answer::allowed;
            });
    }
};

}  // namespace vectors
