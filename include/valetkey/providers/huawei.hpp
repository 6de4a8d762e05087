#pragma once
/// @file
/// Huawei Cloud OBS: temporary keys by IAM v3 or by STS 5 AssumeAgency, signed with SDK-HMAC-SHA256; voucher by POST
/// policy signed with HMAC-SHA1.
/// @par Source Huawei Cloud, IAM API reference (iam_04_0101 by agency, iam_04_0002 by token), AssumeAgency (api-iam5),
///   OBS API reference (obs_04_0012 signature in a form, obs_04_0081 POST upload, obs_04_0095 callback).

#include <valetkey/policy/huawei_policy.hpp>
#include <valetkey/providers/dated_path.hpp>
#include <valetkey/providers/provider.hpp>
#include <valetkey/signing/hmac_sha1.hpp>
#include <valetkey/signing/sdk_hmac.hpp>
#include <valetkey/wire/issued.hpp>
#include <valetkey/wire/json_answer.hpp>

#include <boost/hana/adapt_struct.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace valetkey {

struct huawei {
    static constexpr std::uint8_t type = 6;
    static constexpr std::string_view name = "huawei";

    /// The two APIs answer for two kinds of policy: `iam3` for classic ones (1.1), `sts5` for identity policies (5.0).
    struct settings : store_settings {
        std::string api{"iam3"};    ///< or `sts5`
        std::string agency_name{};  ///< with `domain_id`; empty: the credential is the user's own, narrowed (`iam3`)
        std::string domain_id{};    ///< the account that owns the agency
        std::string account_id{};   ///< our own account, sent as X-Domain-Id (`iam3`)
        std::string external_id{};  ///< what the agency's trust policy may ask for (`sts5`)
    };

    /// The HMAC key of the secret used last, kept with it.
    template <class Hash>
    class kept_key {
    public:
        [[nodiscard]] hmac_key<Hash> const& get(secret const& value) {
            if (!key_ || !equal_in_constant_time(from_.reveal(), value.reveal())) {
                key_.emplace(value.reveal());
                from_ = value;
            }
            return *key_;
        }

    private:
        std::optional<hmac_key<Hash>> key_;
        secret from_;
    };
    struct cache {
        kept_key<sha256> sts;
        kept_key<sha1> voucher;
        wiped_text json;
        wiped_text base64;
        wiped_text signature;
    };
    using path_builder = dated_path;

    [[nodiscard]] static checked<site> locate(settings const& own) {
        if (auto problem = check(own)) return *problem;
        return locate_store(own, own.region, domain("obs", own.region),
                            domain(is_sts5(own) ? "sts" : "iam", own.region), bucket_place::in_host);
    }

    struct token_issuer {
        /// @par Errors scope_too_long.
        [[nodiscard]] static result<std::string> session_policy(located<settings> const& cloud, decision const& what) {
            return is_sts5(cloud.own) ? obs_session_policy<obs_policy_5_0>(cloud.own.bucket, what.scope)
                                      : obs_session_policy<obs_policy_1_1>(cloud.own.bucket, what.scope);
        }
        [[nodiscard]] static obs_policy policy(located<settings> const&, std::string_view text) {
            return obs_policy{text};
        }
        /// Nothing beside the upload: the vendor's browser client lists no uploads.
        [[nodiscard]] static bool may(store_action, decision const&) noexcept { return false; }

        [[nodiscard]] static result<http_request> request(located<settings> const& cloud, decision const& what,
                                                          std::string_view policy, attempt const& a, cache& kept) {
            auto const& own = cloud.own;
            std::string_view const path = is_sts5(own) ? "/v5/agencies/assume" : "/v3.0/OS-CREDENTIAL/securitytokens";
            http_request out{"POST", cloud.at.sts_url, {}, {}};
            out.url.append(path);
            out.body = is_sts5(own) ? sts5_body(own, what, policy) : iam3_body(own, what, policy);
            out.headers.push_back({"host", cloud.at.sts_host});
            out.headers.push_back({"content-type", "application/json"});
            if (!own.account_id.empty()) out.headers.push_back({"x-domain-id", own.account_id});
            sign_sdk_hmac(out, path, {}, own.root.id, {}, kept.sts.get(own.root.value), timestamp{a.now});
            return out;
        }
        /// IAM answers 201, STS 200; what counts is the shape. An answer that holds an error is one.
        /// @par Errors throttled, unavailable, clock_skew, denied, malformed_response.
        [[nodiscard]] static result<temporary_credentials> parse(located<settings> const& cloud, http_response const& r,
                                                                 utc_seconds now) {
            json_answer const json{r.body};
            if ((r.status != 200 && r.status != 201) || !error_code(json).empty()) return refusal(r, json, now);
            if (is_sts5(cloud.own))
                return issued_credentials(
                    json.text("credentials", "access_key_id"), json.text("credentials", "secret_access_key"),
                    json.text("credentials", "security_token"), json.text("credentials", "expiration"), now);
            return issued_credentials(json.text("credential", "access"), json.text("credential", "secret"),
                                      json.text("credential", "securitytoken"), json.text("credential", "expires_at"),
                                      now);
        }

    private:
        /// The session's name begins with a letter and has at most 32 characters, so the request's id loses its last.
        [[nodiscard]] static std::string iam3_body(settings const& own, decision const& what, std::string_view policy) {
            std::string out{R"({"auth":{"identity":{"methods":[")"};
            if (own.agency_name.empty()) {
                out.append(R"(token"],"policy":)").append(policy);
                out.append(R"(,"token":{"duration_seconds":)").append(decimal{own.duration_seconds}).append("}}}}");
                return out;
            }
            out.append(R"(assume_role"],"policy":)").append(policy);
            out.append(R"(,"assume_role":{"agency_name":)");
            append_json_string(out, own.agency_name);
            out.append(R"(,"domain_id":)");
            append_json_string(out, own.domain_id);
            out.append(R"(,"duration_seconds":)").append(decimal{own.duration_seconds});
            out.append(R"(,"session_user":{"name":"v)").append(what.request_id.view().substr(0, 31));
            out.append(R"("}}}}})");
            return out;
        }
        /// The policy is a text here. Which characters a session's name may have is unverified: letters and digits do.
        [[nodiscard]] static std::string sts5_body(settings const& own, decision const& what, std::string_view policy) {
            std::string out{R"({"duration_seconds":)"};
            out.append(decimal{own.duration_seconds}).append(R"(,"policy":)");
            append_json_string(out, policy);
            out.append(R"(,"agency_urn":)");
            append_json_string(out, "iam::" + own.domain_id + ":agency:" + own.agency_name);
            out.append(R"(,"agency_session_name":")").append(what.request_id.view()).append("\"");
            if (!own.external_id.empty()) {
                out.append(R"(,"external_id":)");
                append_json_string(out, own.external_id);
            }
            out.append("}");
            return out;
        }
        /// Gateway, IAM and STS have a flat form; Keystone's `error` has a number for a code, so its title stands in.
        [[nodiscard]] static std::string_view error_code(json_answer const& json) noexcept {
            for (auto const code :
                 {json.text("error_code"), json.text("code"), json.text("error", "error_code"),
                  json.text("error", "code"), json.text("error", "title"), json.text("error", "message")})
                if (!code.empty()) return code;
            return {};
        }
        /// The gateway has one code for a bad signature, an unknown key and a skewed clock, and locks a key after five
        /// such refusals: a date that shows our clock to be right makes it final.
        [[nodiscard]] static bool may_be_skewed(http_response const& r, utc_seconds now) noexcept {
            constexpr std::chrono::minutes surely_taken{1};  // the vendor's window is 15
            return !r.date || *r.date > now + surely_taken || *r.date + surely_taken < now;
        }
        /// Classified by code first. No table of the STS5 numbers is published, so of those the status decides
        /// (unverified).
        /// @par Source Huawei Cloud, IAM error codes; "Common Errors Related to IAM Authentication Information"
        ///   (api-sign-0001).
        [[nodiscard]] static failure refusal(http_response const& r, json_answer const& json, utc_seconds now) {
            auto const code = error_code(json);
            auto const because = [&](errc what) {
                return failure{what, {}, log_text(code), log_text(json.text("request_id"))};
            };
            if (r.status == 429 || code == "IAM.0012") return because(errc::throttled);
            bool const unproved = code == "APIGW.0301" || code == "APIG.0301";  // the latter in older regions
            if (unproved && may_be_skewed(r, now)) return because(errc::clock_skew);
            // IAM.0020: this region asks us to use another one
            if (r.status >= 500 || code == "IAM.0006" || code == "IAM.0020") return because(errc::unavailable);
            bool const said_no = !code.empty() && (r.status >= 400 || r.status == 200 || r.status == 201);
            return because(said_no ? errc::denied : errc::malformed_response);
        }
    };

    struct signer {
        static constexpr grant::field form[] = {
            {"key", grant::relative_path},          {"AccessKeyId", grant::own_1},
            {"x-obs-security-token", grant::own_2}, {"policy", grant::policy},
            {"signature", grant::signature},        {"callbackUrl", grant::callback_url},
            {"callbackBody", grant::callback_body}, {"callbackBodyType", grant::own_3}};
        static constexpr grant::field callback_headers[] = {{"x-obs-callback", grant::own_4}};

        static void sign(located<settings> const& cloud, decision const& what, signing const& with, cache& kept,
                         grant& into) {
            into.put(grant::own_1, {with.key.id});
            if (!with.security_token.empty()) into.put(grant::own_2, {with.security_token});
            if (what.need_callback) put_callback(what, kept, into);
            auto const json =
                write_obs_policy(kept.json,
                                 {cloud.own.bucket, cloud.own.max_size, with.expiration, with.security_token,
                                  into[grant::callback_url], into[grant::callback_body]},
                                 what.scope);
            put_base64(grant::policy, json, kept, into);
            kept.signature.wipe();
            // a temporary key signs once: it would only drive the long-term key out of the cache
            if (with.security_token.empty())
                append_obs_signature(kept.signature, kept.voucher.get(with.key.value), kept.base64.view());
            else
                append_obs_signature(kept.signature, hmac_key<sha1>{with.key.value.reveal()}, kept.base64.view());
            into.put(grant::signature, {kept.signature.view()});
        }

    private:
        /// Ids are constant text: a PUT has no variables of its own. The header's default type is JSON, the form's was
        /// another in older editions of the document, so it is always said. No `callbackHost`: the URL's.
        static void put_callback(decision const& what, cache& kept, grant& into) {
            into.put(grant::callback_body,
                     {"objectId=", decimal{what.object_id}, "&resourceType=", decimal{static_cast<int>(what.module)},
                      "&bucket=$(bucket)&key=$(key)&fsize=$(fsize)&etag=$(etag)"});
            into.put(grant::own_3, {"application/x-www-form-urlencoded"});
            kept.json.wipe();
            kept.json.append(R"({"callbackUrl":)");
            append_json_string(kept.json, into[grant::callback_url]);
            kept.json.append(R"(,"callbackBody":)");
            append_json_string(kept.json, into[grant::callback_body]);
            kept.json.append(R"(,"callbackBodyType":")").append(into[grant::own_3]).append("\"}");
            put_base64(grant::own_4, kept.json.view(), kept, into);
        }
        static void put_base64(grant::part part, std::string_view text, cache& kept, grant& into) {
            kept.base64.wipe();
            append_base64(kept.base64, text);
            into.put(part, {kept.base64.view()});
        }
    };

private:
    [[nodiscard]] static bool is_sts5(settings const& own) noexcept { return own.api == "sts5"; }

    /// @par Source Huawei Cloud, regions and endpoints; EU-Dublin (eu-west-101) has a domain of its own.
    [[nodiscard]] static std::string domain(std::string_view service, std::string_view region) {
        std::string out{"https://"};
        out.append(service).append(".").append(region).append(".myhuaweicloud.");
        return out.append(region == "eu-west-101" ? "eu" : "com");
    }

    /// URNs know `:`, `/` and `*`, and have no escape.
    /// @par Source Huawei Cloud, CreateAgencyV5 (api-iam5): the characters of an agency's name. IAM v3 says only that
    ///   it has at most 64; those of the ids are unverified.
    [[nodiscard]] static std::optional<settings_problem> check(settings const& own) {
        bool const sts5 = is_sts5(own);
        if (!sts5 && own.api != "iam3") return settings_problem{"api", "must be \"iam3\" or \"sts5\""};
        // an agency's own maximum is checked by STS
        if (auto problem = check_store(own, {900, sts5 ? 43200U : 86400U})) return problem;
        if (own.agency_name.empty() && (sts5 || !own.domain_id.empty()))
            return settings_problem{"agency_name", sts5 ? "is missing: sts5 needs it" : "is missing beside domain_id"};
        if (own.domain_id.empty() && !own.agency_name.empty())
            return settings_problem{"domain_id", "is missing: the id of the account that owns the agency"};
        if (!own.agency_name.empty() && !detail::is_made_of(own.agency_name, "_+=,.@-", 1, 64))
            return settings_problem{"agency_name", "must be 1 to 64 of A-Z a-z 0-9 _ + = , . @ -"};
        if (!is_account(own.domain_id)) return settings_problem{"domain_id", "must be 1 to 64 of A-Z a-z 0-9 - _"};
        if (!own.account_id.empty() && sts5) return settings_problem{"account_id", "is for iam3 alone"};
        if (!is_account(own.account_id)) return settings_problem{"account_id", "must be 1 to 64 of A-Z a-z 0-9 - _"};
        if (!own.external_id.empty() && !sts5) return settings_problem{"external_id", "is for sts5 alone"};
        if (!own.external_id.empty() && !detail::is_made_of(own.external_id, "_+=,.@:/-", 2, 1224))
            return settings_problem{"external_id", "must be 2 to 1224 of A-Z a-z 0-9 _ + = , . @ : / -"};
        return std::nullopt;
    }
    /// Or none.
    [[nodiscard]] static bool is_account(std::string_view id) noexcept { return detail::is_made_of(id, "-_", 0, 64); }
};

}  // namespace valetkey

BOOST_HANA_ADAPT_STRUCT(valetkey::huawei::settings, root, bucket, region, endpoint, bucket_endpoint, sts_endpoint,
                        duration_seconds, max_size, form, voucher_key, allow_http, sts_per_second, api, agency_name,
                        domain_id, account_id, external_id);
