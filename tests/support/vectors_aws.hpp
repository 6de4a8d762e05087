#pragma once
#include "verify_case.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/policy/form_conditions.hpp>
#include <valetkey/providers/aws.hpp>
#include <valetkey/signing/v4.hpp>
#include <valetkey/signing/verify_v4.hpp>

namespace vectors {

/// An STS request of the AWS Query API, by the signer that the token issuer uses.
inline void run_aws4_request(vector_case const& c) {
    using namespace valetkey;
    auto body = c.input.pairs("body_params");
    if (body.empty()) {
        body = {{"Action", c.input.must("action")}, {"Version", "2011-06-15"}};
        for (auto const& pair : c.input.pairs("params")) body.push_back(pair);
    }
    http_request ours{c.input.has("method") ? c.input.text("method") : "POST", c.expect.must("url"), c.extra_headers(),
                      encode_parameters(body)};
    ours.headers.push_back({"host", c.host()});
    bool const has_type =
        std::any_of(ours.headers.begin(), ours.headers.end(), [](auto const& h) { return h.name == "content-type"; });
    if (!has_type) ours.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
    if (!c.input.text("key_id").empty()) {
        timestamp const now{c.time()};
        auto const region = c.input.must("region");
        scope_input const in{now.yyyymmdd(), region, "sts"};
        auto const key = signing_key<aws4>(secret{c.secret()}, in);
        sign_request<aws4>(ours, "/", decoded_pairs(query_of(ours.url)), c.input.text("key_id"),
                           c.input.text("session_token"), key, now, in);
    }
    require_request(ours, c.expect);
}

/// A form policy signed with AWS4.
inline void run_aws4_post(vector_case const& c) {
    using namespace valetkey;
    timestamp const now{c.time()};
    auto const region = c.input.must("region");
    scope_input const in{now.yyyymmdd(), region, "s3"};
    auto const policy = to_base64(c.input.must("policy_json"));
    auto const signature = sign_policy(signing_key<aws4>(secret{c.secret()}, in), policy);
    parameters ours = c.input.pairs("fields");
    ours.insert(ours.end(), {{"bucket", c.input.must("bucket")},
                             {"X-Amz-Algorithm", std::string{aws4::algorithm}},
                             {"X-Amz-Credential", c.input.must("key_id") + "/" + credential_scope<aws4>(in)},
                             {"X-Amz-Date", std::string{now.basic().view()}},
                             {"key", c.input.must("key")},
                             {"Policy", policy},
                             {"X-Amz-Signature", std::string{signature.view()}}});
    if (!c.input.text("session_token").empty())
        ours.emplace_back("X-Amz-Security-Token", c.input.text("session_token"));
    require_fields(ours, c.expect);
}

/// What the SDK sent, verified. `service`: `sts` or `s3`.
inline void verify_aws4_case(vector_case const& c, std::string const& service) {
    auto const good = received::from(c);
    auto const region = c.input.must("region");
    case_keys const keys{c};
    bool const presigned = c.kind == "presigned_url";
    tampering how;
    how.token_header = "x-amz-security-token";
    how.signs_body = !presigned;
    how.date_header = presigned ? "" : "x-amz-date";
    if (presigned) {
        how.signature_parameter = "X-Amz-Signature";
        how.token_parameter = "X-Amz-Security-Token";
        how.late = std::chrono::seconds{std::stoll(c.input.must("expires_in"))};
    } else {
        auto copy = good;
        auto const* authorization = copy.find("authorization");
        auto const claim =
            authorization ? valetkey::parse_v4_authorization(*authorization, valetkey::aws4::algorithm) : std::nullopt;
        how.signs_header = [names = claim ? claim->signed_headers : std::string{}](std::string_view name) {
            return valetkey::detail::names_header(names, name);
        };
        auto const payload = copy.find("x-amz-content-sha256");
        how.signs_body = !payload || payload->size() == 64;
    }
    require_verdicts(good, how, [&](auto const& request, auto terms) {
        if (service == "sts") terms.window = std::chrono::minutes{5};
        return presigned ? valetkey::verify_aws4_query(request, keys, {region, service}, terms)
                         : valetkey::verify_aws4_header(request, keys, {region, service}, terms);
    });
}

/// The value of a posted field, its name in any letter case.
[[nodiscard]] inline std::string field_of(parameters const& fields, std::string_view name) {
    for (auto const& [field, value] : fields)
        if (lower(field) == lower(std::string{name})) return value;
    return {};
}

/// The end that a policy names.
[[nodiscard]] inline valetkey::utc_seconds end_of(vector_case const& c) {
    return c.time() + std::chrono::seconds{std::stoll(c.input.must("expires_in"))};
}

inline void verify_aws4_form(vector_case const& c) {
    auto const region = c.input.must("region");
    auto const bucket = c.input.must("bucket");
    case_keys const keys{c};
    valetkey::form_rules const rules{true, false, "x-amz-signature"};
    std::vector<std::string> pinned{"X-Amz-Signature", "Policy",          "X-Amz-Credential",
                                    "X-Amz-Date",      "X-Amz-Algorithm", "X-Amz-Security-Token"};
    if (c.input.text("key_match") != "prefix") pinned.emplace_back("key");
    require_form_verdicts(
        c.expect.pairs("fields"), pinned, c.time(), end_of(c),
        [&](parameters const& fields, valetkey::utc_seconds now) {
            auto const of = [&](std::string_view name) { return field_of(fields, name); };
            auto const credential = of("X-Amz-Credential");
            auto const parsed = valetkey::v4_credential::parse(credential);
            auto const* key = parsed ? keys(parsed->key_id) : nullptr;
            auto const policy = valetkey::from_base64(of("Policy"));
            if (!key || !policy || of("key").empty() || of("X-Amz-Algorithm") != valetkey::aws4::algorithm)
                return false;
            if (valetkey::check_token(*key, of("X-Amz-Security-Token")) != verdict::accepted) return false;
            auto const signed_by = valetkey::verify_v4_policy<valetkey::aws4>(
                of("Policy"), credential, of("X-Amz-Date"), of("X-Amz-Signature"), *key, {{}, region, "s3"});
            valetkey::posted_form const form{bucket, fields, {}, false};
            return signed_by == verdict::accepted &&
                   valetkey::ask_form_policy(*policy, form, rules, now) == valetkey::form_answer::allowed;
        });
}

template <>
struct runner<valetkey::aws> {
    static void run(vector_case const& c) {
        if (c.kind == "sts_request")
            return run_aws4_request(c), c.input.text("key_id").empty() ? void() : verify_aws4_case(c, "sts");
        if (c.kind == "post_policy") return run_aws4_post(c), verify_aws4_form(c);
        if (c.kind == "put_object" || c.kind == "presigned_url") return verify_aws4_case(c, "s3");
        not_yet(c);
    }
};

}  // namespace vectors
