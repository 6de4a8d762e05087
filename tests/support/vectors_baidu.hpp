#pragma once
#include "vector_case.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/providers/baidu.hpp>
#include <valetkey/signing/bce1.hpp>
#include <valetkey/signing/v4.hpp>

#include <charconv>

namespace vectors {

template <>
struct runner<valetkey::baidu> {
    static void run(vector_case const& c) {
        if (c.kind == "sts_request") return sts(c);
        if (c.kind == "post_policy") return post(c);
        not_yet(c);
    }

private:
    static bool has(std::vector<valetkey::http_header> const& headers, std::string_view name) {
        return std::any_of(headers.begin(), headers.end(), [name](auto const& h) { return h.name == name; });
    }
    static std::string path(vector_case const& c) {
        auto const action = c.input.must("action");
        if (action == "GetSessionToken") return "/v1/sessionToken";
        if (action == "AssumeRole") return "/v1/credential";
        throw mismatch{"unknown action " + action};
    }
    /// The duration is a parameter, also where it has no value; AssumeRole is named by one.
    static parameters query(vector_case const& c) {
        parameters out = c.input.pairs("params");
        auto const add = [&](std::string_view name, std::string value) {
            if (std::none_of(out.begin(), out.end(), [name](auto const& pair) { return pair.first == name; }))
                out.emplace_back(name, std::move(value));
        };
        bool const role = c.input.text("action") == "AssumeRole";
        if (role) add("assumeRole", {});
        if (!role || c.input.has("duration_seconds")) add("durationSeconds", c.input.text("duration_seconds"));
        return out;
    }
    static std::chrono::seconds lifetime(vector_case const& c) {
        auto const text = c.input.text("expires_in");
        if (text.empty()) return valetkey::bce1_lifetime;
        long seconds = 0;
        auto const end = text.data() + text.size();
        if (std::from_chars(text.data(), end, seconds).ptr != end) throw mismatch{"input.expires_in is no number"};
        return std::chrono::seconds{seconds};
    }
    static void sts(vector_case const& c) {
        using namespace valetkey;
        auto const parameters_sent = query(c);
        http_request ours{c.input.has("method") ? c.input.text("method") : "POST",
                          "https://" + c.host() + path(c) + "?" + encode_parameters(parameters_sent), c.extra_headers(),
                          c.input.text("body")};
        auto const add = [&](std::string name, std::string value) {
            if (!has(ours.headers, name)) ours.headers.push_back({std::move(name), std::move(value)});
        };
        add("host", c.host());
        add("content-type",
            c.input.has("content_type") ? c.input.text("content_type") : "application/json; charset=UTF-8");
        add("content-length", std::to_string(ours.body.size()));
        sign_bce1(ours, path(c), parameters_sent, c.input.must("key_id"), c.input.text("session_token"),
                  signing_key<bce1>(secret{c.secret()}, {}), timestamp{c.time()}, lifetime(c));
        require_request(ours, c.expect);
    }
    static void post(vector_case const& c) {
        using namespace valetkey;
        auto const policy = to_base64(c.input.must("policy_json"));
        auto const signature = sign_policy(signing_key<bce1>(secret{c.secret()}, {}), policy);
        require_fields({{"key", c.input.must("key")},
                        {"accessKey", c.input.must("key_id")},
                        {"policy", policy},
                        {"signature", std::string{signature.view()}}},
                       c.expect);
    }
};

}  // namespace vectors
