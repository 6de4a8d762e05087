#pragma once
#include "vector_case.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/providers/tencent.hpp>
#include <valetkey/signing/qsign.hpp>
#include <valetkey/signing/tc3.hpp>

namespace vectors {

template <>
struct runner<valetkey::tencent> {
    static void run(vector_case const& c) {
        if (c.kind == "sts_request") {
            auto const signature = c.input.text("signature");
            if (signature == "TC3-HMAC-SHA256") return tc3(c);
            if (signature == "HmacSHA1") return version1(c);
            if (signature.empty()) return post_sts(c);
            throw mismatch{"unknown signature " + signature};
        }
        if (c.kind == "post_policy") return post(c);
        not_yet(c);
    }

private:
    static std::string text_or(vector_case const& c, std::string_view name, std::string fallback) {
        auto given = c.input.text(name);
        return given.empty() ? fallback : given;
    }
    static std::string method(vector_case const& c) { return text_or(c, "method", "POST"); }
    static std::string content_type(vector_case const& c) { return text_or(c, "content_type", "application/json"); }
    /// The body's text, else what it is made of.
    static std::string body(vector_case const& c) {
        return c.input.has("body") ? c.input.text("body") : c.input.must("params");
    }
    static void tc3(vector_case const& c) {
        using namespace valetkey;
        http_request ours{method(c), "https://" + c.host() + "/", c.extra_headers(), body(c)};
        ours.headers.push_back({"host", c.host()});
        ours.headers.push_back({"content-type", content_type(c)});
        ours.headers.push_back({"x-tc-action", c.input.must("action")});
        ours.headers.push_back({"x-tc-version", c.input.must("version")});
        for (std::string const name : {"region", "language"})
            if (auto const value = c.input.text(name); !value.empty()) ours.headers.push_back({"x-tc-" + name, value});
        tc3_time const at{c.time()};
        scope_input const in{at.day(), {}, "sts"};
        sign_tc3(ours, c.input.must("key_id"), c.input.text("session_token"),
                 signing_key<valetkey::tc3>(secret{c.secret()}, in), at, in);
        require_request(ours, c.expect);
    }
    /// Everything is a form's parameter. The helper encodes the policy by encodeURIComponent before all are encoded.
    static void version1(vector_case const& c) {
        using namespace valetkey;
        parameters all{{"SecretId", c.input.must("key_id")},
                       {"Timestamp", std::string{tc3_time{c.time()}.seconds()}},
                       {"Nonce", c.input.must("nonce")},
                       {"Action", c.input.must("action")},
                       {"DurationSeconds", c.input.must("duration_seconds")},
                       {"Version", c.input.must("version")},
                       {"Region", c.input.must("region")},
                       {"Policy", percent_encoded(c.input.must("policy_json"), "!'()*")}};
        bool const role = c.input.must("action") == "AssumeRole";
        all.emplace_back(role ? "RoleSessionName" : "Name", c.input.must("session_name"));
        if (role) all.emplace_back("RoleArn", c.input.must("role_arn"));
        all.emplace_back("Signature", sign_tencent1(method(c), c.host(), all, hmac_key<sha1>{c.secret()}));
        http_request ours{method(c), "https://" + c.host() + "/", c.extra_headers(), encode_parameters(all)};
        ours.headers.push_back({"host", c.host()});
        ours.headers.push_back({"accept", "application/json"});
        ours.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
        require_request(ours, c.expect);
    }
    /// `start;end`, where the case does not say it: as the vendor's SDK has it for a request and for a form.
    static std::string key_time(vector_case const& c, int early, int late) {
        auto const now = c.time().time_since_epoch().count();
        return text_or(c, "key_time", std::to_string(now - early) + ";" + std::to_string(now + late));
    }
    static void post_sts(vector_case const& c) {
        using namespace valetkey;
        auto const query = c.input.pairs("query");
        auto const path = "/" + c.input.text("key");
        http_request ours{method(c),
                          "https://" + c.host() + percent_encoded(path, "/") + "?" + encode_parameters(query),
                          c.extra_headers(), body(c)};
        auto const given = c.input.pairs("headers");
        for (auto const& [name, value] : given) ours.headers.push_back({name, value});
        bool const typed =
            std::any_of(given.begin(), given.end(), [](auto const& h) { return h.first == "content-type"; });
        if (!typed) ours.headers.push_back({"content-type", content_type(c)});
        ours.headers.push_back({"content-length", std::to_string(ours.body.size())});
        ours.headers.push_back({"host", c.host()});
        auto const span = key_time(c, 1, 899);
        sign_qsign(ours, path, query, c.input.must("key_id"), c.input.text("session_token"),
                   qsign_key(secret{c.secret()}, span), span);
        require_request(ours, c.expect);
    }
    static void post(vector_case const& c) {
        using namespace valetkey;
        auto const policy = c.input.must("policy_json");
        auto const span = key_time(c, 0, std::stoi(c.input.must("expires_in")));
        auto const signature = sign_qsign_policy(qsign_key(secret{c.secret()}, span), policy);
        parameters ours{{"key", c.input.must("key")},
                        {"q-sign-algorithm", std::string{qsign_algorithm}},
                        {"q-ak", c.input.must("key_id")},
                        {"q-key-time", span},
                        {"q-signature", std::string{signature.view()}},
                        {"policy", to_base64(policy)}};
        auto const token = c.input.text("session_token");
        if (!token.empty()) ours.emplace_back("x-cos-security-token", token);
        require_fields(ours, c.expect);
    }
};

}  // namespace vectors
