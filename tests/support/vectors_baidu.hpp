#pragma once
#include "verify_case.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/policy/baidu_form_conditions.hpp>
#include <valetkey/providers/baidu.hpp>
#include <valetkey/signing/bce1.hpp>
#include <valetkey/signing/v4.hpp>
#include <valetkey/signing/verify_bce1.hpp>

#include <boost/json/parse.hpp>

#include <charconv>

namespace vectors {

template <>
struct runner<valetkey::baidu> {
    static void run(vector_case const& c) {
        if (c.kind == "sts_request") return sts(c), verify_request(c);
        if (c.kind == "post_policy") return post(c), verify_form(c);
        if (c.kind == "put_object" || c.kind == "presigned_url") return verify_request(c);
        not_yet(c);
    }

private:
    static bool has(std::vector<valetkey::http_header> const& headers, std::string_view name) {
        return std::any_of(headers.begin(), headers.end(), [name](auto const& h) { return h.name == name; });
    }
    static std::string path(vector_case const& c) {
        auto const action = c.input.text("action");
        if (action == "GetSessionToken") return "/v1/sessionToken";
        if (action == "AssumeRole") return "/v1/credential";
        return received::from(c).path;
    }
    /// The duration is a parameter, also where it has no value; AssumeRole is named by one.
    static parameters query(vector_case const& c) {
        parameters out = c.input.pairs("params");
        auto const add = [&](std::string_view name, std::string value) {
            if (std::none_of(out.begin(), out.end(), [name](auto const& pair) { return pair.first == name; }))
                out.emplace_back(name, std::move(value));
        };
        auto const action = c.input.text("action");
        if (action == "AssumeRole") add("assumeRole", {});
        if (action == "GetSessionToken" || c.input.has("duration_seconds"))
            add("durationSeconds", c.input.text("duration_seconds"));
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
        for (auto const& [name, value] : c.input.pairs("headers")) add(lower(name), value);
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

    static constexpr std::string_view token_name = "x-bce-security-token";

    /// A presigned URL comes with the headers that were signed, whose values the input has.
    static received arrived(vector_case const& c) {
        auto out = received::from(c);
        auto const add = [&](std::string const& name, std::string const& value) {
            if (!out.find(lower(name))) out.headers.push_back({lower(name), value});
        };
        if (c.kind == "presigned_url") {
            for (auto const& [name, value] : c.input.pairs("headers")) add(name, value);
            if (c.input.has("content_type")) add("content-type", c.input.text("content_type"));
        }
        auto const without_port = [](std::string host) {
            for (std::string_view const port : {":443", ":80"})
                if (host.ends_with(port)) return host.substr(0, host.size() - port.size());
            return host;
        };
        require_equal("host", without_port(*out.find("host")), without_port(out.host));
        return out;
    }
    static std::string signature_of(received const& r) {
        for (auto const& header : r.headers)
            if (header.name == "authorization") return header.value;
        for (auto const& [name, value] : decoded_pairs(with_plus(r.query)))
            if (name == "authorization") return value;
        throw mismatch{"it has no signature"};
    }
    /// `+` in a raw query is a plus.
    static std::string with_plus(std::string query) {
        for (std::size_t at = 0; (at = query.find('+', at)) != std::string::npos;) query.replace(at, 1, "%2B");
        return query;
    }
    static void verify_request(vector_case const& c) {
        using namespace valetkey;
        case_keys const keys{c};
        auto const good = arrived(c);
        auto const signature = signature_of(good);
        auto const claim = bce1_claim::parse(signature);
        if (!claim) throw mismatch{"its signature cannot be read"};
        tampering how;
        how.token_header = token_name;
        how.late = claim->end ? *claim->end - c.time() : std::chrono::seconds{-1};
        how.signs_header = [&](std::string_view name) { return claim->signs(name); };
        if (auto copy = good; copy.find("authorization"))
            how.date_header = "x-bce-date";
        else
            how.signature_parameter = "authorization", how.token_parameter = token_name;
        auto const judge = [&](auto const& request, auto const& terms) { return verify_bce1(request, keys, terms); };
        require_verdicts(good, how, judge);
        require_more(good, keys, judge);
        if (c.expect.has("authorization_in_the_document")) {
            auto by_default = good;
            *by_default.find("authorization") = c.expect.text("authorization_in_the_document");
            require_verdicts(by_default, how, judge);
        }
    }
    /// Another letter case of an escape is the same text.
    static std::string changed_pair(std::string const& pair) {
        auto made = changed(pair);
        auto const same = valetkey::percent_decoded(made, false) == valetkey::percent_decoded(pair, false);
        return same ? made + "x" : made;
    }
    /// What else must be refused: another method, each parameter changed, a further one, another token and a second
    /// signature.
    template <class Judge>
    static void require_more(received const& good, case_keys const& keys, Judge judge) {
        auto const refused = [&](std::string const& what, auto change) {
            auto bad = good;
            change(bad);
            if (judge(bad.view(), bad.terms(false)) == verdict::accepted)
                throw mismatch{"accepted although " + what + " was changed"};
        };
        auto const append = [](received& r, std::string const& pair) {
            r.query += (r.query.empty() ? "" : "&") + pair;
        };
        refused("the method", [](received& r) { r.method = r.method == "PUT" ? "POST" : "PUT"; });
        std::string_view rest{good.query};
        while (!rest.empty()) {
            auto const pair = rest.substr(0, rest.find('&'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            auto const at = static_cast<std::size_t>(pair.data() - good.query.data());
            refused("parameter " + std::string{pair},
                    [&](received& r) { r.query.replace(at, pair.size(), changed_pair(std::string{pair})); });
        }
        refused("the query (longer)", [&](received& r) { append(r, "zz=1"); });
        refused("the signature (a second one)",
                [&](received& r) { append(r, "authorization=" + valetkey::percent_encoded(signature_of(good))); });
        refused("the token (another)", [&](received& r) {
            auto const other = keys.key.session_token + "x";
            if (auto* header = r.find(token_name))
                *header = other;
            else
                r.headers.push_back({std::string{token_name}, other});
        });
    }

    static void verify_form(vector_case const& c) {
        using namespace valetkey;
        case_keys const keys{c};
        auto const bucket = c.input.must("bucket");
        std::string token_header;
        for (auto const& [name, value] : c.expect.pairs("sdk_sends_token_as_header"))
            if (lower(name) == token_name) token_header = value;
        auto const judge_with = [&](std::string_view token) {
            return [&keys, &bucket, token](parameters const& fields, utc_seconds now) {
                auto const field = [&](std::string_view name) {
                    auto const at = std::find_if(fields.begin(), fields.end(),
                                                 [&](auto const& each) { return each.first == name; });
                    return at == fields.end() ? std::string{} : at->second;
                };
                auto const policy = from_base64(field("policy"));
                return policy && !field("key").empty() && verify_bce1_form(fields, token, keys) == verdict::accepted &&
                       ask_bos_form(*policy, {bucket, fields, {}, false}, now) == form_answer::allowed;
            };
        };
        auto const fields = c.expect.pairs("fields");
        auto const text = c.input.must("policy_json");
        auto const policy = boost::json::parse(text).as_object();
        auto const end = parse_iso_time(std::string_view{policy.at("expiration").as_string()});
        if (!end) throw mismatch{"the policy's expiration is no time"};
        bool const has_header = !token_header.empty();
        bool const has_field =
            std::any_of(fields.begin(), fields.end(), [](auto const& each) { return each.first == token_name; });
        std::vector<std::string> pinned{"policy", "signature", "accessKey"};
        if (!has_header) pinned.emplace_back(token_name);
        auto const pattern = key_condition(policy);
        if (pattern && pattern->find('*') == std::string::npos) pinned.emplace_back("key");
        auto const judge = judge_with(token_header);
        require_form_verdicts(fields, pinned, c.time(), *end, judge);

        if (judge_with(token_header + "x")(fields, c.time())) throw mismatch{"accepted although the token was changed"};
        auto outside = fields;
        for (auto& [name, value] : outside)
            if (name == "key") value.insert(0, "~");
        if (pattern && !pattern->starts_with('*') && judge(outside, c.time()))
            throw mismatch{"accepted although the key lies outside"};
        if (!has_header || has_field) return;
        if (judge_with({})(fields, c.time())) throw mismatch{"accepted although the token was dropped"};
        auto as_field = fields;
        as_field.emplace_back(token_name, token_header);
        if (!judge_with({})(as_field, c.time())) throw mismatch{"the token is not taken as a field"};
    }
    static std::optional<std::string> key_condition(boost::json::object const& policy) {
        for (auto const& condition : policy.at("conditions").as_array()) {
            auto const* object = condition.if_object();
            auto const* key = object ? object->if_contains("key") : nullptr;
            if (key && key->is_string()) return std::string{key->get_string()};
        }
        return std::nullopt;
    }
};

}  // namespace vectors
