#pragma once
#include "vectors_aws.hpp"

#include <valetkey/encoding/base64.hpp>
#include <valetkey/providers/qiniu.hpp>
#include <valetkey/signing/hmac_sha1.hpp>

namespace vectors {

template <>
struct runner<valetkey::qiniu> {
    static void run(vector_case const& c) {
        if (c.kind == "upload_token") return token(c);
        if (c.kind == "sts_request") {
            auto const style = c.input.must("style");
            if (style == "s3-compatible") return run_aws4_request(c);
            if (style == "qiniu-iam-sts") return iam(c);
            throw mismatch{"unknown style " + style};
        }
        if (c.kind == "post_policy" && c.input.text("style") == "s3-compatible") return run_aws4_post(c);
        not_yet(c);
    }

private:
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
};

}  // namespace vectors
