#pragma once
#include "verify_case.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/policy/cos_form_conditions.hpp>
#include <valetkey/providers/tencent.hpp>
#include <valetkey/signing/qsign.hpp>
#include <valetkey/signing/tc3.hpp>
#include <valetkey/signing/verify_cos.hpp>
#include <valetkey/signing/verify_tc3.hpp>

#include <boost/json/parse.hpp>

namespace vectors {

template <>
struct runner<valetkey::tencent> {
    static void run(vector_case const& c) {
        if (c.kind == "sts_request") {
            auto const signature = c.input.text("signature");
            if (signature == "TC3-HMAC-SHA256") return tc3(c), verify_tc3(c);
            if (signature == "HmacSHA1" || signature == "HmacSHA256") return version1(c), verify_version1(c);
            if (signature.empty()) return post_sts(c), verify_qsign(c);
            throw mismatch{"unknown signature " + signature};
        }
        if (c.kind == "post_policy") return post(c), verify_form(c);
        if (c.kind == "put_object") return verify_qsign(c);
        if (c.kind == "presigned_url") return verify_presigned(c);
        not_yet(c);
    }

private:
    static std::string text_or(vector_case const& c, std::string_view name, std::string fallback) {
        auto given = c.input.text(name);
        return given.empty() ? fallback : given;
    }
    static std::string method(vector_case const& c) { return text_or(c, "method", "POST"); }
    static std::string content_type(vector_case const& c) {
        return text_or(c, "content_type",
                       method(c) == "GET" ? "application/x-www-form-urlencoded" : "application/json");
    }
    /// The body's text, else what it is made of.
    static std::string body(vector_case const& c) {
        if (c.input.has("body")) return c.input.text("body");
        return method(c) == "GET" ? "" : c.input.must("params");
    }
    static void tc3(vector_case const& c) {
        using namespace valetkey;
        // the query of GET is signed as it stands
        auto const query = method(c) == "GET" ? query_of(c.expect.must("url")) : "";
        http_request ours{method(c), "https://" + c.host() + "/" + (query.empty() ? "" : "?" + query),
                          c.extra_headers(), body(c)};
        ours.headers.push_back({"host", c.host()});
        ours.headers.push_back({"content-type", content_type(c)});
        ours.headers.push_back({"x-tc-action", c.input.must("action")});
        ours.headers.push_back({"x-tc-version", c.input.must("version")});
        for (std::string const name : {"region", "language"})
            if (auto const value = c.input.text(name); !value.empty()) ours.headers.push_back({"x-tc-" + name, value});
        tc3_time const at{c.time()};
        scope_input const in{at.day(), {}, "sts"};
        sign_tc3(ours, c.input.must("key_id"), c.input.text("session_token"),
                 signing_key<valetkey::tc3>(secret{c.secret()}, in), at, in, query);
        require_request(ours, c.expect);
    }
    /// Everything is a form's parameter. The helper encodes the policy by encodeURIComponent before all are encoded.
    static void version1(vector_case const& c) {
        using namespace valetkey;
        auto const kind = c.input.text("signature");
        parameters all{{"SecretId", c.input.must("key_id")},
                       {"Timestamp", std::string{tc3_time{c.time()}.seconds()}},
                       {"Nonce", c.input.must("nonce")},
                       {"Action", c.input.must("action")}};
        auto const add = [&](std::string const& name, std::string const& value) {
            if (!value.empty()) all.emplace_back(name, value);
        };
        add("DurationSeconds", c.input.text("duration_seconds"));
        add("Version", c.input.must("version"));
        add("Region", c.input.text("region"));
        add("Policy", percent_encoded(c.input.text("policy_json"), "!'()*"));
        add(c.input.text("role_arn").empty() ? "Name" : "RoleSessionName", c.input.text("session_name"));
        add("RoleArn", c.input.text("role_arn"));
        add("Token", c.input.text("session_token"));
        add("SignatureMethod", kind == "HmacSHA1" ? "" : kind);
        all.emplace_back("Signature", kind == "HmacSHA1"
                                          ? sign_tencent1(method(c), c.host(), all, hmac_key<sha1>{c.secret()})
                                          : sign_tencent1(method(c), c.host(), all, hmac_key<sha256>{c.secret()}));
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
        for (auto const& [name, value] : given) ours.headers.push_back({lower(name), value});
        if (!received{{}, {}, {}, {}, ours.headers, {}}.find("content-type"))
            ours.headers.push_back({"content-type", content_type(c)});
        ours.headers.push_back({"content-length", std::to_string(ours.body.size())});
        ours.headers.push_back({"host", c.host()});
        auto const span = key_time(c, 1, 899);
        sign_qsign(ours, path, query, c.input.must("key_id"), c.input.text("session_token"),
                   qsign_key(secret{c.secret()}, span), span);
        require_request(ours, c.expect);
    }
    static boost::json::object policy_of(vector_case const& c) {
        return boost::json::parse(c.input.must("policy_json")).as_object();
    }
    /// The fields that a policy pins, with their values.
    static parameters pinned_by(boost::json::object const& policy) {
        parameters out;
        for (auto const& condition : policy.at("conditions").as_array()) {
            if (auto const* exact = condition.if_object())
                for (auto const& [name, value] : *exact) out.emplace_back(name, value.as_string());
            auto const* list = condition.if_array();
            if (list && list->at(0) == "eq")
                out.emplace_back(list->at(1).as_string().subview(1), list->at(2).as_string());
        }
        for (auto& [name, value] : out)
            if (name == "q-sign-time") name = "q-key-time";
        return out;
    }
    static void post(vector_case const& c) {
        using namespace valetkey;
        auto const policy = c.input.must("policy_json");
        auto span = key_time(c, 0, std::stoi(text_or(c, "expires_in", "0")));
        for (auto const& [name, value] : pinned_by(policy_of(c)))
            if (name == "q-key-time") span = value;
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

    /// As it arrived. What no signature holds is compared: the url's scheme, its host, and the body.
    static received arrived(vector_case const& c) {
        auto good = received::from(c);
        auto const url = c.expect.must("url");
        if (!url.starts_with("https://") && !url.starts_with("http://")) throw mismatch{"no scheme of HTTP"};
        require_equal("the url's host", good.host, *good.find("host"));
        auto const* given = c.input.find("body");
        if (given && given->is_string() && !given->get_string().empty() && c.kind != "presigned_url")
            require_equal("body", good.body, c.input.text("body"));
        return good;
    }
    /// Every character of a text that is signed, changed.
    template <class Judge>
    static void require_no_change(std::string const& what, std::string const& text, Judge judge) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            auto bad = text;
            bad[i] = text[i] == 'a' ? 'b' : text[i] == 'A' ? 'B' : 'a';
            if (judge(bad) == verdict::accepted)
                throw mismatch{"accepted although character " + std::to_string(i) + " of " + what + " was changed"};
        }
    }
    /// Exactly the key's token: neither another, nor none, nor one of a key that has none.
    template <class Verify>
    static void require_token(vector_case const& c, received const& good, std::string const& header, Verify verify) {
        auto const judge = [&](received const& r, std::string const& token) {
            case_keys keys{c};
            keys.key.session_token = token;
            return verify(r, keys);
        };
        auto const token = c.input.text("session_token");
        for (auto const& wrong : {token + "a", "x" + token, token.empty() ? "t" : std::string{}, changed(token)})
            if (judge(good, wrong) == verdict::accepted) throw mismatch{"accepted with another token"};
        auto twice = good;
        twice.headers.push_back({header, token});
        if (!token.empty() && judge(twice, token) == verdict::accepted) throw mismatch{"accepted with two tokens"};
    }

    static void verify_tc3(vector_case const& c) {
        case_keys const keys{c};
        auto const good = arrived(c);
        auto const authorization = header_of({{}, {}, good.headers, {}}, "authorization");
        auto const claim = valetkey::tc3_claim::parse(authorization);
        if (!claim) throw mismatch{"what it says of its signature cannot be read"};
        tampering how;
        how.signs_body = true;
        how.date_header = "x-tc-timestamp";
        how.token_header = "x-tc-token";
        how.early = how.late = valetkey::tencent_sts_window;
        how.signs_header = [&](std::string_view name) {
            return valetkey::detail::names_header(claim->signed_headers, name);
        };
        require_verdicts(good, how, [&](auto const& request, auto const& terms) {
            return valetkey::verify_tencent_sts(request, keys, terms);
        });
        auto const judge = [&](received const& r, case_keys const& with) {
            return valetkey::verify_tencent_sts(r.view(), with, r.terms(false));
        };
        require_no_change("authorization", authorization, [&](std::string const& text) {
            auto bad = good;
            *bad.find("authorization") = text;
            return judge(bad, keys);
        });
        require_token(c, good, "x-tc-token", judge);
    }
    static void verify_version1(vector_case const& c) {
        case_keys const keys{c};
        auto const good = arrived(c);
        tampering how;
        how.signs_body = !good.body.empty();
        how.early = how.late = valetkey::tencent_sts_window;
        how.signs_header = [](std::string_view name) { return name == "host"; };
        require_verdicts(good, how, [&](auto const& request, auto const& terms) {
            return valetkey::verify_tencent_sts(request, keys, terms);
        });
        for (auto const part : {&received::body, &received::query})
            require_no_change("the parameters", good.*part, [&](std::string const& text) {
                auto bad = good;
                bad.*part = text;
                return valetkey::verify_tencent_sts(bad.view(), keys, bad.terms(false));
            });
    }

    /// The verifier that the case's endpoint has. A case stands for what the vendor takes, so `host` need not be
    /// signed.
    static verdict judge_qsign(vector_case const& c, valetkey::incoming_request const& request, case_keys const& keys,
                               valetkey::verifying_terms const& terms) {
        if (c.kind == "sts_request") return valetkey::verify_tencent_sts(request, keys, terms);
        return valetkey::verify_cos_request(request, keys, terms, {.host_must_be_signed = false});
    }
    static verdict judge_qsign(vector_case const& c, received const& r, case_keys const& keys) {
        return judge_qsign(c, r.view(), keys, r.terms(false));
    }
    static void verify_qsign(vector_case const& c) {
        auto const good = arrived(c);
        auto const authorization = header_of({{}, {}, good.headers, {}}, "authorization");
        verify_claim(c, good, valetkey::detail::split_qsign_header(authorization), "");
        require_no_change("authorization", authorization, [&](std::string const& text) {
            auto bad = good;
            *bad.find("authorization") = text;
            return judge_qsign(c, bad, case_keys{c});
        });
    }
    static void verify_presigned(vector_case const& c) {
        auto good = arrived(c);
        auto given = c.input.pairs("headers");
        if (auto const type = c.input.text("content_type"); !type.empty()) given.emplace_back("content-type", type);
        for (auto const& [name, value] : given) {
            good.drop(lower(name));
            good.headers.push_back({lower(name), value});
        }
        verify_url(c, good);
        // the same url with its list of parameters encoded once more
        auto const twin = c.expect.text("url_with_encoded_param_list");
        if (twin.empty()) return;
        require_equal("path of the twin", twin.substr(0, twin.find('?')),
                      c.expect.must("url").substr(0, twin.find('?')));
        good.query = query_of(twin);
        verify_url(c, good);
    }
    static void verify_url(vector_case const& c, received const& good) {
        auto const split = valetkey::split_query(good.query);
        if (!split) throw mismatch{"the query is not percent-encoded"};
        auto const& pairs = *split;
        verify_claim(c, good, pairs, "q-signature");
        auto const claim = *valetkey::qsign_claim::parse(pairs);
        for (auto const& pair : pairs) {
            bool const counts = valetkey::qsign_claim::is_part(pair.name) ||
                                is_listed(claim.parameter_list, pair.name) || pair.name == "x-cos-security-token";
            auto copy = good;
            std::string raw;
            copy.change_parameter(valetkey::percent_encoded(pair.name),
                                  [&](std::string const& text) { return raw = text; });
            if (counts)
                require_no_change("parameter " + pair.name, raw, [&](std::string const& text) {
                    auto bad = good;
                    bad.change_parameter(valetkey::percent_encoded(pair.name),
                                         [&](std::string const&) { return text; });
                    return judge_qsign(c, bad, case_keys{c});
                });
        }
    }
    static bool is_listed(std::string_view list, std::string const& name) {
        while (!list.empty()) {
            auto const entry = list.substr(0, list.find(';'));
            if (valetkey::detail::is_qsign_name(entry, name)) return true;
            list.remove_prefix(std::min(entry.size() + 1, list.size()));
        }
        return false;
    }
    static void verify_claim(vector_case const& c, received const& good, std::vector<valetkey::query_pair> const& pairs,
                             std::string const& signature_parameter) {
        auto const claim = valetkey::qsign_claim::parse(pairs);
        auto const span = claim ? valetkey::qsign_span::parse(claim->key_time) : std::nullopt;
        if (!span) throw mismatch{"what it says of its signature cannot be read"};
        tampering how;
        how.signature_parameter = signature_parameter;
        how.token_header = how.token_parameter = "x-cos-security-token";
        how.signs_header = [&](std::string_view name) { return is_listed(claim->header_list, std::string{name}); };
        how.early = good.now - span->begin;
        how.late = span->end - good.now;
        require_verdicts(good, how, [&](auto const& request, auto const& terms) {
            return judge_qsign(c, request, case_keys{c}, terms);
        });
        auto const judge = [&](received const& r, case_keys const& keys) { return judge_qsign(c, r, keys); };
        require_token(c, good, "x-cos-security-token", judge);
        for (auto const second : {-1, 1}) {
            auto late = good;
            late.now = second < 0 ? span->begin : span->end;
            if (judge(late, case_keys{c}) != verdict::accepted)
                throw mismatch{"refused in the last second of its span"};
            late.now += std::chrono::seconds{second};
            if (judge(late, case_keys{c}) == verdict::accepted) throw mismatch{"accepted outside of its span"};
        }
    }

    static void verify_form(vector_case const& c) {
        using namespace valetkey;
        case_keys const keys{c};
        auto const bucket = c.input.must("bucket");
        auto const policy = policy_of(c);
        auto const end = parse_iso_time(members{policy}.must("expiration"));
        if (!end) throw mismatch{"the policy's end cannot be read"};
        auto const judge = [&](parameters const& fields, utc_seconds now) {
            auto const text = from_base64(posted_field(fields, "policy").value_or(std::string_view{}));
            return verify_cos_form(fields, keys, now) == verdict::accepted && posted_field(fields, "key") &&
                   ask_cos_form_policy(*text, {bucket, fields, {}, false}, now) == form_answer::allowed;
        };
        auto const fields = c.expect.pairs("fields");
        std::vector<std::string> names{"policy",     "q-signature",      "q-ak",
                                       "q-key-time", "q-sign-algorithm", "x-cos-security-token"};
        // a dropped field is not judged against its condition here, but a form must have a key
        auto dropped = names;
        for (auto const& [pinned, value] : pinned_by(policy)) {
            if (pinned == "key") dropped.push_back(pinned);
            if (pinned == "bucket" &&
                ask_cos_form_policy(c.input.must("policy_json"), {bucket + "1", fields, {}, false}, c.time()) ==
                    form_answer::allowed)
                throw mismatch{"accepted in another bucket"};
            for (auto const& field : fields)
                if (lower(field.first) == lower(pinned)) names.push_back(field.first);
        }
        require_form_verdicts(fields, dropped, c.time(), *end, judge);
        for (auto const& field : fields) {
            if (std::find(names.begin(), names.end(), field.first) == names.end()) continue;
            require_no_change("field " + field.first, field.second, [&](std::string const& text) {
                auto bad = fields;
                std::find(bad.begin(), bad.end(), field)->second = text;
                return judge(bad, c.time()) ? verdict::accepted : verdict::wrong_signature;
            });
            auto twice = fields;
            twice.push_back(field);
            if (judge(twice, c.time())) throw mismatch{"accepted with two fields " + field.first};
        }
    }
};

}  // namespace vectors
