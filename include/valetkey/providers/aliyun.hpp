#pragma once
/// @file
/// Aliyun OSS: temporary keys by AssumeRole signed with ACS3, voucher by POST policy OSS4.
/// @par Source Aliyun, "AssumeRole" (STS 2015-04-01), "POST V4 signature", "Callback".

#include <valetkey/policy/aliyun_policy.hpp>
#include <valetkey/policy/session_policy.hpp>
#include <valetkey/policy/statements.hpp>
#include <valetkey/providers/dated_path.hpp>
#include <valetkey/providers/provider.hpp>
#include <valetkey/providers/voucher.hpp>
#include <valetkey/signing/acs3.hpp>
#include <valetkey/wire/issued.hpp>
#include <valetkey/wire/json_answer.hpp>

#include <boost/hana/adapt_struct.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

struct aliyun {
    static constexpr std::uint8_t type = 3;
    static constexpr std::string_view name = "aliyun";

    struct settings : store_settings {
        std::string role{};         ///< `acs:ram::ACCOUNT:role/NAME`
        std::string external_id{};  ///< what the role's trust policy may ask for
    };
    struct cache {
        voucher_cache<oss4> voucher;
        wiped_text callback;
    };
    using path_builder = dated_path;

    /// Signatures want the bare name; hosts and clients the one with `oss-`.
    [[nodiscard]] static constexpr std::string_view bare_region(std::string_view region) noexcept {
        return region.starts_with("oss-") ? region.substr(4) : region;
    }

    [[nodiscard]] static checked<site> locate(settings const& own) {
        // the role's own maximum (3600 unless it was raised) is checked by STS
        if (auto problem = check_store(own, {900, 43200})) return *problem;
        if (own.role.empty()) return settings_problem{"role", "is missing: acs:ram::ACCOUNT:role/NAME"};
        if (!own.role.starts_with("acs:ram::") || own.role.find(":role/") == std::string::npos ||
            !detail::is_made_of(own.role, "_.@/:-", 16, 512))
            return settings_problem{"role", "must be acs:ram::ACCOUNT:role/NAME"};
        if (!own.external_id.empty() && !detail::is_made_of(own.external_id, "_+=,.@:/-", 2, 1224))
            return settings_problem{"external_id", "must be 2 to 1224 of A-Z a-z 0-9 _ + = , . @ : / -"};
        std::string const bare{bare_region(own.region)};
        return locate_store(own, "oss-" + bare, "https://oss-" + bare + ".aliyuncs.com",
                            "https://sts." + bare + ".aliyuncs.com", bucket_place::in_host);
    }

    struct token_issuer {
        /// @par Errors scope_too_long.
        [[nodiscard]] static result<std::string> session_policy(located<settings> const& cloud, decision const& what) {
            return valetkey::session_policy<aliyun_policy>("", cloud.own.bucket, what.scope);
        }
        [[nodiscard]] static statement_policy<aliyun_policy> policy(located<settings> const&, std::string_view text) {
            return statement_policy<aliyun_policy>{text};
        }
        /// Nothing beside the upload.
        [[nodiscard]] static bool may(store_action, decision const&) noexcept { return false; }

        [[nodiscard]] static result<http_request> request(located<settings> const& cloud, decision const& what,
                                                          std::string_view policy, attempt const& a, cache&) {
            auto const& own = cloud.own;
            parameters query{{"DurationSeconds", std::string{decimal{own.duration_seconds}}}};
            if (!own.external_id.empty()) query.emplace_back("ExternalId", own.external_id);
            query.emplace_back("Policy", policy);
            query.emplace_back("RoleArn", own.role);
            query.emplace_back("RoleSessionName", what.request_id.view());

            // the parameters travel in the query although the method is POST; the body is empty
            http_request out{"POST", cloud.at.sts_url + "/?" + encode_parameters(query), {}, {}};
            out.headers.push_back({"host", cloud.at.sts_host});
            out.headers.push_back({"accept", "application/json"});
            out.headers.push_back({"x-acs-action", "AssumeRole"});
            out.headers.push_back({"x-acs-version", "2015-04-01"});
            out.headers.push_back({"x-acs-date", std::string{timestamp{a.now}.iso().view()}});
            out.headers.push_back({"x-acs-signature-nonce", std::string{a.nonce.view()}});
            sign_acs3(out, query, own.root.id, {}, hmac_key<sha256>{own.root.value.reveal()});
            return out;
        }
        /// @par Errors throttled, unavailable, clock_skew, denied, malformed_response.
        [[nodiscard]] static result<temporary_credentials> parse(located<settings> const&, http_response const& r,
                                                                 utc_seconds now) {
            json_answer const json{r.body};
            if (r.status != 200) return refusal(r.status, json);
            auto const text = [&](std::string_view field) { return json.text("Credentials", field); };
            return issued_credentials(text("AccessKeyId"), text("AccessKeySecret"), text("SecurityToken"),
                                      text("Expiration"), now);
        }

    private:
        /// Classified by code first. @par Source Aliyun, STS error page.
        [[nodiscard]] static failure refusal(int status, json_answer const& json) {
            auto const code = json.text("Code");
            auto const because = [&](errc what) {
                return failure{what, {}, log_text(code), log_text(json.text("RequestId"))};
            };
            if (code.starts_with("Throttling") || status == 429) return because(errc::throttled);
            if (code == "InvalidTimeStamp.Expired") return because(errc::clock_skew);
            // every try has a nonce of its own, so a used one may be tried again
            if (status >= 500 || code == "ServiceUnavailable" || code == "InternalError" ||
                code == "SignatureNonceUsed")
                return because(errc::unavailable);
            return because(status >= 400 && !code.empty() ? errc::denied : errc::malformed_response);
        }
    };

    struct signer {
        static constexpr grant::field form[] = {{"key", grant::relative_path},
                                                {"policy", grant::policy},
                                                {"x-oss-signature-version", grant::own_1},
                                                {"x-oss-credential", grant::own_2},
                                                {"x-oss-date", grant::own_3},
                                                {"x-oss-security-token", grant::own_4},
                                                {"x-oss-signature", grant::signature},
                                                {"callback", grant::own_5},
                                                {"x:objectId", grant::own_6},
                                                {"x:resourceType", grant::own_7}};
        static constexpr grant::field callback_headers[] = {{"x-oss-callback", grant::own_5},
                                                            {"x-oss-callback-var", grant::own_8}};

        static void sign(located<settings> const& cloud, decision const& what, signing const& with, cache& kept,
                         grant& into) {
            timestamp const now{with.now};
            scope_input const in{now.yyyymmdd(), bare_region(cloud.own.region), "oss"};
            into.put(grant::own_1, {oss4::algorithm});
            into.put(grant::own_2, {with.key.id, "/", credential_scope<oss4>(in)});
            into.put(grant::own_3, {now.basic()});
            if (!with.security_token.empty()) into.put(grant::own_4, {with.security_token});
            if (what.need_callback) put_callback(what, kept.callback, into);

            post_policy policy{kept.voucher.json, timestamp{with.expiration}.iso_milliseconds()};
            policy.exactly("bucket", cloud.own.bucket).exactly("x-oss-signature-version", into[grant::own_1]);
            policy.exactly("x-oss-credential", into[grant::own_2]).exactly("x-oss-date", into[grant::own_3]);
            if (!with.security_token.empty()) policy.exactly("x-oss-security-token", with.security_token);
            policy.size_range(1, cloud.own.max_size);
            // pinned: a form that drops or edits its callback is refused
            if (what.need_callback) policy.exactly("callback", into[grant::own_5]);
            policy.key_in_list(what.scope);
            seal_voucher(policy, with, in, kept.voucher, into);
        }

    private:
        /// The client's `x:` variables stand first, as the original interface has them; nothing believed depends on
        /// them.
        static void put_callback(decision const& what, wiped_text& scratch, grant& into) {
            into.put(grant::callback_body,
                     {"objectId=${x:objectId}&resourceType=${x:resourceType}&bucket=${bucket}&object=${object}"
                      "&size=${size}&etag=${etag}&mimeType=${mimeType}"});
            into.put(grant::own_6, {decimal{what.object_id}});
            into.put(grant::own_7, {decimal{static_cast<int>(what.module)}});
            auto const put_base64 = [&](grant::part part) {
                std::string encoded;
                append_base64(encoded, scratch.view());
                into.put(part, {encoded});
            };
            scratch.wipe();
            scratch.append(R"({"callbackUrl":)");
            append_json_string(scratch, into[grant::callback_url]);
            scratch.append(R"(,"callbackBody":)");
            append_json_string(scratch, into[grant::callback_body]);
            scratch.append(R"(,"callbackBodyType":"application/x-www-form-urlencoded")");
            if (into[grant::callback_url].starts_with("https://")) scratch.append(R"(,"callbackSNI":true)");
            scratch.append("}");
            put_base64(grant::own_5);
            scratch.wipe();
            scratch.append(R"({"x:objectId":")").append(into[grant::own_6]);
            scratch.append(R"(","x:resourceType":")").append(into[grant::own_7]).append(R"("})");
            put_base64(grant::own_8);
        }
    };
};

}  // namespace valetkey

BOOST_HANA_ADAPT_STRUCT(valetkey::aliyun::settings, root, bucket, region, endpoint, bucket_endpoint, sts_endpoint,
                        duration_seconds, max_size, form, voucher_key, allow_http, sts_per_second, role, external_id);
