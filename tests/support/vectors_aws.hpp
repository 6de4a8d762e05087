#pragma once
#include "vector_case.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/providers/aws.hpp>
#include <valetkey/signing/v4.hpp>

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

template <>
struct runner<valetkey::aws> {
    static void run(vector_case const& c) {
        if (c.kind == "sts_request") return run_aws4_request(c);
        if (c.kind == "post_policy") return run_aws4_post(c);
        not_yet(c);
    }
};

}  // namespace vectors
