#pragma once
/// @file
/// Baidu BOS: temporary keys by GetSessionToken (or AssumeRole) with an access control list, voucher by POST policy.
/// @par Source Baidu, "STS" (BOS/s/Tjwvysda9), "AssumeRole" (IAM/s/Qjwvyc8ov), "Upload callback" (BOS/s/9lf6r6g2j,
///   ilf6q8eei); bce-sdk-go services/sts/api/sts.go, services/bos/api/object.go.

#include <valetkey/policy/baidu_policy.hpp>
#include <valetkey/providers/dated_path.hpp>
#include <valetkey/providers/provider.hpp>
#include <valetkey/providers/voucher.hpp>
#include <valetkey/signing/bce1.hpp>
#include <valetkey/wire/issued.hpp>
#include <valetkey/wire/json_answer.hpp>

#include <boost/hana/adapt_struct.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

namespace valetkey {

struct baidu {
    static constexpr std::uint8_t type = 4;
    static constexpr std::string_view name = "baidu";

    struct settings : store_settings {
        std::string role{};        ///< its bare name; empty: GetSessionToken
        std::string account_id{};  ///< of the account that owns the role
    };
    struct cache {
        signing_key_cache<bce1> sts;
        voucher_cache<bce1> voucher;
        wiped_text json;
        wiped_text urls;
        wiped_text vars;
    };
    using path_builder = dated_path;

    [[nodiscard]] static checked<site> locate(settings const& own) {
        // AssumeRole: two hours. GetSessionToken: unverified; the SDKs' default is the most, the samples' 60 the least
        if (auto problem = check_store(own, {60, own.role.empty() ? 43200U : 7200U})) return *problem;
        // the alphabets are unverified; these have no mark that could leave a query or a policy
        if (!own.role.empty() && !detail::is_made_of(own.role, "-_.", 1, 128))
            return settings_problem{"role", "must be a role's bare name: 1 to 128 of A-Z a-z 0-9 - _ ."};
        if (!own.account_id.empty() && !detail::is_made_of(own.account_id, "-", 1, 64))
            return settings_problem{"account_id", "must be an account's id: 1 to 64 of A-Z a-z 0-9 -"};
        if (!own.role.empty() && own.account_id.empty())
            return settings_problem{"role", "needs account_id, the account that owns it"};
        if (own.role.empty() && !own.account_id.empty()) return settings_problem{"account_id", "needs a role"};
        // STS lives in bj for every region of the store
        return locate_store(own, own.region, "https://" + own.region + ".bcebos.com", "https://sts.bj.baidubce.com",
                            bucket_place::in_host);
    }

    struct token_issuer {
        /// @par Errors scope_too_long.
        [[nodiscard]] static result<std::string> session_policy(located<settings> const& cloud, decision const& what) {
            return write_baidu_policy(what.request_id.view(), cloud.own.region, cloud.own.bucket, what.scope,
                                      what.platform);
        }
        [[nodiscard]] static baidu_policy policy(located<settings> const& cloud, std::string_view text) {
            return {text, cloud.own.region};
        }
        /// READ, which a browser's client needs to list parts, comes with the object's content.
        [[nodiscard]] static bool may(store_action action, decision const& what) noexcept {
            return action == store_action::read && what.platform == client_platform::web;
        }
        /// `content-length` is among the headers because the vendor's SDKs sign it.
        /// @param list Never empty: without one the vendor grants all rights of the caller.
        [[nodiscard]] static result<http_request> request(located<settings> const& cloud, decision const&,
                                                          std::string_view list, attempt const& a, cache& kept) {
            auto const& own = cloud.own;
            bool const role = !own.role.empty();
            std::string_view const path = role ? "/v1/credential" : "/v1/sessionToken";
            parameters query;
            if (role) query.emplace_back("assumeRole", "");
            query.emplace_back("durationSeconds", decimal{own.duration_seconds});
            if (role) query.emplace_back("accountId", own.account_id);
            if (role) query.emplace_back("roleName", own.role);

            http_request out{"POST", cloud.at.sts_url, {}, std::string{list}};
            out.url.append(path).append("?").append(encode_parameters(query));
            out.headers.push_back({"host", cloud.at.sts_host});
            out.headers.push_back({"content-type", "application/json; charset=UTF-8"});
            out.headers.push_back({"content-length", std::string{decimal{out.body.size()}}});
            sign_bce1(out, path, query, own.root.id, {}, kept.sts.get(own.root.value, {}), timestamp{a.now});
            return out;
        }
        /// A 200 that holds an error is one.
        /// @par Errors throttled, unavailable, clock_skew, denied, malformed_response.
        [[nodiscard]] static result<temporary_credentials> parse(located<settings> const&, http_response const& r,
                                                                 utc_seconds now) {
            json_answer const json{r.body};
            if (r.status != 200 || !json.text("code").empty()) return refusal(r.status, json);
            return issued_credentials(json.text("accessKeyId"), json.text("secretAccessKey"), json.text("sessionToken"),
                                      json.text("expiration"), now);
        }

    private:
        /// Classified by code first, as most statuses are unverified; so is 429, which the documents do not name.
        /// @par Source Baidu, "Error codes" (Reference/s/hjwvz1y4f); bce-sdk-go bce/retry.go.
        [[nodiscard]] static failure refusal(int status, json_answer const& json) {
            static constexpr std::string_view skewed[] = {"RequestTimeTooSkewed", "RequestExpired"};
            static constexpr std::string_view down[] = {"InternalError", "Http400"};
            static constexpr std::string_view refusals[] = {
                "AccessDenied",       "InvalidAccessKeyId", "InappropriateJSON",  "InvalidHTTPAuthHeader",
                "InvalidHTTPRequest", "InvalidRequest",     "InvalidURI",         "InvalidVersion",
                "MalformedJSON",      "OptInRequired",      "PreconditionFailed", "SignatureDoesNotMatch"};
            auto const code = json.text("code");
            auto const is_in = [code](auto const& list) {
                return std::find(std::begin(list), std::end(list), code) != std::end(list);
            };
            auto const because = [&](errc what) {
                return failure{what, {}, log_text(code), log_text(json.text("requestId"))};
            };
            if (status == 429) return because(errc::throttled);
            if (is_in(skewed)) return because(errc::clock_skew);
            if (is_in(refusals)) return because(errc::denied);
            if (status >= 500 || is_in(down)) return because(errc::unavailable);
            bool const said_no = (status == 200 || status >= 400) && !code.empty();
            return because(said_no ? errc::denied : errc::malformed_response);
        }
    };

    struct signer {
        /// The vendor's SDKs send a token as a header; that it is taken as a field of that name is unverified, hence
        /// `voucher_key`. The vendor's uploader always asks for 201; what comes without is unverified.
        static constexpr grant::field form[] = {{"key", grant::relative_path},
                                                {"accessKey", grant::own_1},
                                                {"policy", grant::policy},
                                                {"signature", grant::signature},
                                                {"x-bce-security-token", grant::own_2},
                                                {"success-action-status", grant::own_3}};
        /// For PutObject and CompleteMultipartUpload; a form upload calls nobody.
        static constexpr grant::field callback_headers[] = {{"x-bce-process", grant::own_4}};

        static void sign(located<settings> const& cloud, decision const& what, signing const& with, cache& kept,
                         grant& into) {
            into.put(grant::own_1, {with.key.id});
            if (!with.security_token.empty()) into.put(grant::own_2, {with.security_token});
            into.put(grant::own_3, {"201"});
            if (what.need_callback) put_callback(what, kept, into);

            post_policy policy{kept.voucher.json, timestamp{with.expiration}.iso()};
            policy.exactly("bucket", cloud.own.bucket).size_range(1, cloud.own.max_size);
            add_bos_key(policy, what.scope);
            seal_voucher(policy, with, {}, kept.voucher, into);
        }

    private:
        /// The store hands `v` on as given, so both numbers are constant text.
        static void put_callback(decision const& what, cache& kept, grant& into) {
            decimal const id{what.object_id};
            decimal const module{static_cast<int>(what.module)};
            into.put(grant::callback_body, {"objectId=", id, "&resourceType=", module});
            kept.json.wipe();
            kept.json.append("[");
            append_json_string(kept.json, into[grant::callback_url]);
            kept.json.append("]");
            encode(kept.json, kept.urls);
            kept.json.wipe();
            kept.json.append(R"({"objectId":")").append(id).append(R"(","resourceType":")").append(module);
            kept.json.append(R"("})");
            encode(kept.json, kept.vars);
            into.put(grant::own_4, {"callback/callback,u_", kept.urls.view(), ",m_sync,v_", kept.vars.view()});
        }
        /// URL-safe base64 without padding.
        static void encode(wiped_text const& from, wiped_text& to) {
            to.wipe();
            append_base64url(to, from.view());
            while (to.view().ends_with('=')) to.resize(to.size() - 1);
        }
    };
};

}  // namespace valetkey

BOOST_HANA_ADAPT_STRUCT(valetkey::baidu::settings, root, bucket, region, endpoint, bucket_endpoint, sts_endpoint,
                        duration_seconds, max_size, form, voucher_key, allow_http, sts_per_second, role, account_id);
