#pragma once
#include "vectors_aws.hpp"

#include <boost/json/parse.hpp>

#include <valetkey/encoding/base64.hpp>
#include <valetkey/policy/put_policy_conditions.hpp>
#include <valetkey/providers/qiniu.hpp>
#include <valetkey/signing/hmac_sha1.hpp>
#include <valetkey/signing/verify_qiniu.hpp>

namespace vectors {

template <>
struct runner<valetkey::qiniu> {
    static void run(vector_case const& c) {
        if (c.kind == "upload_token") return token(c), verify_token(c, c.expect.must("upload_token"));
        auto const style = c.input.text("style");
        bool const s3 = style == "s3-compatible";
        if (c.kind == "sts_request") {
            if (s3) return run_aws4_request(c), verify_aws4_case(c, "sts");
            if (style == "qiniu-iam-sts") return iam(c), verify_management(c);
            throw mismatch{"unknown style " + style};
        }
        if (c.kind == "post_policy" && s3) return run_aws4_post(c), verify_aws4_form(c);
        if ((c.kind == "put_object" || c.kind == "presigned_url") && s3) return verify_aws4_case(c, "s3");
        if (c.kind == "put_object" || c.kind == "post_policy") return kodo(c, style);
        if (c.kind == "callback") return callback(c);
        not_yet(c);
    }

private:
    static void callback(vector_case const& c) {
        case_keys const keys{c};
        require_callback(c, called_back::from(c), [&](called_back const& r) {
            valetkey::verifying_terms terms;
            terms.now = valetkey::parse_basic_time(r.date()).value_or(valetkey::utc_seconds{});
            return valetkey::verify_qiniu_request(r.view(), keys, terms) == verdict::accepted;
        });
    }
    static void token(vector_case const& c) {
        using namespace valetkey;
        auto const ours =
            upload_token(c.input.must("key_id"), hmac_key<sha1>{c.secret()}, c.input.must("put_policy_json"));
        auto const first = ours.find(':');
        auto const second = ours.find(':', first + 1);
        require_equal("upload token", ours, c.expect.must("upload_token"));
        require_equal("access key", ours.substr(0, first), c.expect.must("access_key"));
        require_equal("sign", ours.substr(first + 1, second - first - 1), c.expect.must("encoded_sign"));
        require_equal("policy", ours.substr(second + 1), c.expect.must("encoded_put_policy"));
    }
    static void iam(vector_case const& c) {
        using namespace valetkey;
        auto const url = c.expect.must("url");
        auto const target = url.substr(url.find('/', url.find("://") + 3));
        http_request ours{c.input.has("method") ? c.input.text("method") : "POST", url, c.extra_headers(),
                          c.input.must("body_text")};
        ours.headers.push_back({"host", c.host()});
        ours.headers.push_back(
            {"content-type", c.input.has("content_type") ? c.input.text("content_type") : "application/json"});
        if (c.input.text("sign_date") == "true")
            ours.headers.push_back({"x-qiniu-date", std::string{timestamp{c.time()}.basic().view()}});
        sign_qiniu_request(ours, target, c.input.must("key_id"), hmac_key<sha1>{c.secret()});
        require_request(ours, c.expect);
    }

    static void verify_management(vector_case const& c) {
        case_keys const keys{c};
        auto good = received::from(c);
        tampering how;
        how.signs_body = true;
        how.date_header = "x-qiniu-date";
        how.has_clock = good.find("x-qiniu-date") != nullptr;
        how.signs_header = [](std::string_view name) {
            return name == "host" || name == "content-type" || name.starts_with("x-qiniu-");
        };
        require_verdicts(good, how, [&](auto const& request, auto const& terms) {
            return valetkey::verify_qiniu_request(request, keys, terms);
        });
    }
    /// A token that is verified, and refused when one character of it, its key or its time is another.
    static void verify_token(vector_case const& c, std::string const& token) {
        using namespace valetkey;
        case_keys const keys{c};
        auto const good = verify_upload_token(token, keys);
        if (good.what != verdict::accepted) throw mismatch{"the verifier refuses the token"};
        for (std::size_t part = 0, begin = 0; part < 3; ++part) {
            auto const end = std::min(token.find(':', begin), token.size());
            auto bad = token;
            bad.replace(begin, end - begin, changed(token.substr(begin, end - begin)));
            if (verify_upload_token(bad, keys).what == verdict::accepted)
                throw mismatch{"accepted although a part of the token was changed"};
            begin = end + 1;
        }
        auto const policy = boost::json::parse(good.put_policy).as_object();
        auto const scope = std::string{policy.at("scope").as_string()};
        auto const colon = scope.find(':');
        auto const bucket = scope.substr(0, colon);
        bool const prefix = policy.if_contains("isPrefixalScope") != nullptr;
        std::optional<std::string> key;
        if (colon != std::string::npos) key = scope.substr(colon + 1) + (prefix ? "a" : "");
        auto const ask = [&](std::string_view in, std::optional<std::string> const& name, utc_seconds now) {
            return ask_put_policy(good.put_policy,
                                  {in, name ? std::optional<std::string_view>{*name} : std::nullopt, {}},
                                  now) == form_answer::allowed;
        };
        auto const end = c.time() + std::chrono::seconds{std::stoll(c.input.must("expires_in"))};
        if (!ask(bucket, key, c.time())) throw mismatch{"the policy does not allow its own key"};
        if (ask(bucket + "x", key, c.time())) throw mismatch{"another bucket is allowed"};
        if (key && ask(bucket, prefix ? "x" + *key : *key + "x", c.time())) throw mismatch{"another key is allowed"};
        if (ask(bucket, key, end + std::chrono::seconds{1})) throw mismatch{"allowed after its end"};
    }
    /// Kodo's own uploads: a form whose parts hold a token, or requests with `UpToken`.
    static void kodo(vector_case const& c, std::string const& style) {
        std::string token;
        std::string key = c.input.text("key");
        if (c.expect.has("parts")) {
            for (auto const& part : c.expect.find("parts")->as_array()) {
                members const each{part.as_object()};
                if (each.text("name") == "token") token = each.must("value");
                if (each.text("name") == "key") key = each.must("value");
            }
        } else {
            auto const header = header_of({{}, {}, received::from(c).headers, {}}, "authorization");
            if (!header.starts_with("UpToken ")) throw mismatch{"unknown style " + style};
            token = header.substr(8);
            key = key_in_path(received::from(c).path);
        }
        verify_token(c, token);
        auto const checked = valetkey::verify_upload_token(token, case_keys{c});
        auto const policy = boost::json::parse(checked.put_policy).as_object();
        auto const scope = std::string{policy.at("scope").as_string()};
        auto const bucket = scope.substr(0, scope.find(':'));
        valetkey::kodo_upload const upload{bucket, key, c.input.text("body").size()};
        if (valetkey::ask_put_policy(checked.put_policy, upload, c.time()) != valetkey::form_answer::allowed)
            throw mismatch{"the token does not allow this upload"};
        auto const other = key + "x";
        if (scope.find(':') != std::string::npos && policy.if_contains("isPrefixalScope") == nullptr &&
            valetkey::ask_put_policy(checked.put_policy, {bucket, other, {}}, c.time()) ==
                valetkey::form_answer::allowed)
            throw mismatch{"the token allows another key"};
    }
    /// `/buckets/B/objects/<base64url of the key>/uploads…`
    static std::string key_in_path(std::string const& path) {
        auto const begin = path.find("/objects/");
        if (begin == std::string::npos) throw mismatch{"no key in the path"};
        auto const encoded = path.substr(begin + 9, path.find('/', begin + 9) - begin - 9);
        auto const decoded = valetkey::from_base64url(*valetkey::percent_decoded(encoded, false));
        if (!decoded) throw mismatch{"the key in the path is not base64"};
        return *decoded;
    }
};

}  // namespace vectors
