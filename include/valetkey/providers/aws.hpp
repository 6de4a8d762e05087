#pragma once
/// @file
/// Amazon S3: temporary keys by AssumeRole (or GetFederationToken for a bare user key), voucher by POST policy V4.
/// @par Source AWS STS API Reference 2011-06-15; "Browser-Based Uploads Using POST (AWS Signature Version 4)".

#include <valetkey/policy/aws_policy.hpp>
#include <valetkey/policy/session_policy.hpp>
#include <valetkey/policy/statements.hpp>
#include <valetkey/providers/dated_path.hpp>
#include <valetkey/providers/provider.hpp>
#include <valetkey/providers/voucher.hpp>
#include <valetkey/signing/v4.hpp>
#include <valetkey/wire/issued.hpp>
#include <valetkey/wire/xml_answer.hpp>

#include <boost/hana/adapt_struct.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

struct aws {
    static constexpr std::uint8_t type = 2;
    static constexpr std::string_view name = "aws";

    struct settings : store_settings {
        std::string role{};         ///< `arn:…:role/…`, with or without an account; empty: GetFederationToken
        std::string external_id{};  ///< what the role's trust policy may ask for
        bool path_style = false;    ///< the bucket in the path of `bucketEndpoint`
    };
    struct cache {
        signing_key_cache<aws4> sts;
        voucher_cache<aws4> voucher;
    };
    using path_builder = dated_path;

    /// `aws`, `aws-cn` or `aws-us-gov`.
    [[nodiscard]] static constexpr std::string_view partition(std::string_view region) noexcept {
        return region.starts_with("cn-") ? "aws-cn" : region.starts_with("us-gov-") ? "aws-us-gov" : "aws";
    }
    [[nodiscard]] static std::string domain(std::string_view service, std::string_view region) {
        std::string out{"https://"};
        out.append(service).append(".").append(region).append(".amazonaws.com");
        if (region.starts_with("cn-")) out.append(".cn");
        return out;
    }

    [[nodiscard]] static checked<site> locate(settings const& own) {
        // GetFederationToken may last longer; AssumeRole is bound by the role's own maximum, which STS checks
        if (auto problem = check_store(own, {900, own.role.empty() ? 129600U : 43200U})) return *problem;
        if (!own.role.empty() && (!own.role.starts_with("arn:") || own.role.find(":role/") == std::string::npos ||
                                  !detail::is_made_of(own.role, "_+=,.@/:-", 20, 2048)))
            return settings_problem{"role", "must be a role's ARN: arn:PARTITION:iam::ACCOUNT:role/NAME"};
        if (!own.external_id.empty() && !detail::is_made_of(own.external_id, "_+=,.@:/-", 2, 1224))
            return settings_problem{"external_id", "must be 2 to 1224 of A-Z a-z 0-9 _ + = , . @ : / -"};
        if (!own.external_id.empty() && own.role.empty()) return settings_problem{"external_id", "needs a role"};
        // the wildcard certificate does not cover a bucket with a dot, so the SDK puts it into the path, too
        bool const in_path = own.path_style || own.bucket.find('.') != std::string::npos;
        return locate_store(own, own.region, domain("s3", own.region), domain("sts", own.region),
                            in_path ? bucket_place::in_path : bucket_place::in_host);
    }

    struct token_issuer {
        /// @par Errors scope_too_long.
        [[nodiscard]] static result<std::string> session_policy(located<settings> const& cloud, decision const& what) {
            return valetkey::session_policy<aws_policy>(partition(cloud.own.region), cloud.own.bucket, what.scope);
        }
        [[nodiscard]] static statement_policy<aws_policy> policy(located<settings> const& cloud,
                                                                 std::string_view text) {
            return statement_policy<aws_policy>{text, {partition(cloud.own.region)}};
        }
        /// Nothing beside the upload.
        [[nodiscard]] static bool may(store_action, decision const&) noexcept { return false; }

        [[nodiscard]] static result<http_request> request(located<settings> const& cloud, decision const& what,
                                                          std::string_view policy, attempt const& a, cache& kept) {
            auto const& own = cloud.own;
            bool const role = !own.role.empty();
            parameters body{{"Action", role ? "AssumeRole" : "GetFederationToken"}, {"Version", "2011-06-15"}};
            if (role) body.emplace_back("RoleArn", own.role);
            body.emplace_back(role ? "RoleSessionName" : "Name", what.request_id.view());
            body.emplace_back("Policy", policy);
            body.emplace_back("DurationSeconds", decimal{own.duration_seconds});
            if (!own.external_id.empty()) body.emplace_back("ExternalId", own.external_id);

            http_request out{"POST", cloud.at.sts_url + "/", {}, encode_parameters(body)};
            out.headers.push_back({"host", cloud.at.sts_host});
            out.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
            timestamp const now{a.now};
            scope_input const in{now.yyyymmdd(), own.region, "sts"};
            sign_request<aws4>(out, "/", {}, own.root.id, {}, kept.sts.get(own.root.value, in), now, in);
            return out;
        }
        /// @par Errors throttled, unavailable, clock_skew, denied, malformed_response.
        [[nodiscard]] static result<temporary_credentials> parse(located<settings> const& cloud, http_response const& r,
                                                                 utc_seconds now) {
            xml_answer const xml{r.body};
            if (r.status != 200) return refusal(r.status, xml);
            bool const role = !cloud.own.role.empty();
            auto const text = [&](std::string_view field) {
                return role ? xml.text("AssumeRoleResponse", "AssumeRoleResult", "Credentials", field)
                            : xml.text("GetFederationTokenResponse", "GetFederationTokenResult", "Credentials", field);
            };
            return issued_credentials(text("AccessKeyId"), text("SecretAccessKey"), text("SessionToken"),
                                      text("Expiration"), now);
        }

    private:
        /// @par Source The retry and clock-skew lists of the vendor's JavaScript SDK. S3-compatible stores put `Error`
        /// at
        ///   the top.
        [[nodiscard]] static failure refusal(int status, xml_answer const& xml) {
            static constexpr std::string_view slow_down[] = {"Throttling",
                                                             "ThrottlingException",
                                                             "ThrottledException",
                                                             "RequestThrottled",
                                                             "SlowDown",
                                                             "RequestThrottledException",
                                                             "RequestTimeout",
                                                             "RequestTimeoutException",
                                                             "IDPCommunicationError",
                                                             "RequestLimitExceeded",
                                                             "TooManyRequestsException"};
            static constexpr std::string_view skewed[] = {"SignatureDoesNotMatch",     "RequestExpired",
                                                          "RequestInTheFuture",        "RequestTimeTooSkewed",
                                                          "InvalidSignatureException", "AuthFailure"};
            auto const is_in = [](auto const& list, std::string_view code) {
                return std::find(std::begin(list), std::end(list), code) != std::end(list);
            };
            auto code = xml.text("ErrorResponse", "Error", "Code");
            auto request = xml.text("ErrorResponse", "RequestId");
            if (code.empty()) {
                code = xml.text("Error", "Code");
                request = xml.text("Error", "RequestId");
            }
            auto const because = [&](errc what) { return failure{what, {}, log_text(code), log_text(request)}; };
            if (is_in(slow_down, code) || status == 429) return because(errc::throttled);
            if (is_in(skewed, code)) return because(errc::clock_skew);
            if (status >= 500) return because(errc::unavailable);
            return because(status >= 400 && !code.empty() ? errc::denied : errc::malformed_response);
        }
    };

    struct signer {
        static constexpr grant::field form[] = {
            {"key", grant::relative_path},     {"bucket", grant::bucket},
            {"X-Amz-Algorithm", grant::own_1}, {"X-Amz-Credential", grant::own_2},
            {"X-Amz-Date", grant::own_3},      {"X-Amz-Security-Token", grant::own_4},
            {"Policy", grant::policy},         {"X-Amz-Signature", grant::signature}};
        static constexpr std::array<grant::field, 0> callback_headers{};

        static void sign(located<settings> const& cloud, decision const& what, signing const& with, cache& kept,
                         grant& into) {
            timestamp const now{with.now};
            scope_input const in{now.yyyymmdd(), cloud.own.region, "s3"};
            into.put(grant::own_1, {aws4::algorithm});
            into.put(grant::own_2, {with.key.id, "/", credential_scope<aws4>(in)});
            into.put(grant::own_3, {now.basic()});
            if (!with.security_token.empty()) into.put(grant::own_4, {with.security_token});

            post_policy policy{kept.voucher.json, timestamp{with.expiration}.iso()};
            policy.size_range(1, cloud.own.max_size).exactly("bucket", cloud.own.bucket);
            policy.exactly("X-Amz-Algorithm", into[grant::own_1]).exactly("X-Amz-Credential", into[grant::own_2]);
            policy.exactly("X-Amz-Date", into[grant::own_3]);
            if (!with.security_token.empty()) policy.exactly("X-Amz-Security-Token", with.security_token);
            policy.key(what.scope);
            seal_voucher(policy, with, in, kept.voucher, into);

            // S3 calls nobody: the client itself confirms, with this body
            if (what.need_callback)
                into.put(grant::callback_body, {"objectId=", decimal{what.object_id},
                                                "&resourceType=", decimal{static_cast<int>(what.module)}});
        }
    };
};

}  // namespace valetkey

BOOST_HANA_ADAPT_STRUCT(valetkey::aws::settings, root, bucket, region, endpoint, bucket_endpoint, sts_endpoint,
                        duration_seconds, max_size, form, voucher_key, allow_http, sts_per_second, role, external_id,
                        path_style);
