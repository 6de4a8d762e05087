#pragma once
/// @file
/// KSyun KS3: temporary keys by AssumeRole signed with AWS4, voucher by POST policy signed with KSS.
/// @par Source KSyun, OpenAPI of STS (2015-11-01, as every vendor SDK has it), "POST Policy" (42321), "POST Object"
///   (42322), "Upload callback processing" (956).

#include <valetkey/policy/ksyun_policy.hpp>
#include <valetkey/policy/session_policy.hpp>
#include <valetkey/providers/dated_path.hpp>
#include <valetkey/providers/provider.hpp>
#include <valetkey/signing/kss.hpp>
#include <valetkey/signing/ksyun_openapi.hpp>
#include <valetkey/wire/issued.hpp>
#include <valetkey/wire/json_answer.hpp>

#include <boost/hana/adapt_struct.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

struct ksyun {
    static constexpr std::uint8_t type = 7;
    static constexpr std::string_view name = "ksyun";

    /// `region` is KS3's name of a region (`BEIJING`), `sts_region` the OpenAPI's: two systems of names, and the host
    /// of neither follows from them, so `endpoint` is mandatory.
    struct settings : store_settings {
        std::string role{};  ///< `krn:ksc:iam::ACCOUNT:role/NAME`
        std::string sts_region{"cn-beijing-6"};
    };
    struct cache {
        signing_key_cache<aws4> sts;
        kss_key_cache voucher;
        wiped_text json;
        wiped_text base64;
        wiped_text signature;
    };
    using path_builder = dated_path;

    [[nodiscard]] static checked<site> locate(settings const& own) {
        if (auto problem = check(own)) return *problem;
        return locate_store(own, own.region, {}, "https://sts.api.ksyun.com", bucket_place::in_host);
    }

    struct token_issuer {
        /// @par Errors scope_too_long.
        [[nodiscard]] static result<std::string> session_policy(located<settings> const& cloud, decision const& what) {
            return valetkey::session_policy<ksyun_policy>("", cloud.own.bucket, what.scope);
        }
        [[nodiscard]] static statement_policy<ksyun_policy> policy(located<settings> const&, std::string_view text) {
            return statement_policy<ksyun_policy>{text};
        }
        /// Nothing beside the upload.
        [[nodiscard]] static bool may(store_action, decision const&) noexcept { return false; }

        /// The parameters travel in the body, so the policy stays out of URLs and access logs.
        [[nodiscard]] static result<http_request> request(located<settings> const& cloud, decision const& what,
                                                          std::string_view policy, attempt const& a, cache& kept) {
            auto const& own = cloud.own;
            parameters body{{"Action", "AssumeRole"}, {"Version", "2015-11-01"}, {"RoleKrn", own.role}};
            // the limits of a session's name are unverified: 32 of `0-9 a-f` are within those of every relative
            body.emplace_back("RoleSessionName", what.request_id.view());
            body.emplace_back("Policy", policy);
            body.emplace_back("DurationSeconds", decimal{own.duration_seconds});

            http_request out{"POST", cloud.at.sts_url + "/", {}, ksyun_parameters(std::move(body))};
            out.headers.push_back({"host", cloud.at.sts_host});
            out.headers.push_back({"accept", "application/json"});  // else the answer is XML
            out.headers.push_back({"content-type", "application/x-www-form-urlencoded"});
            timestamp const now{a.now};
            scope_input const in{now.yyyymmdd(), own.sts_region, "sts"};
            sign_ksyun_request(out, {}, own.root.id, kept.sts.get(own.root.value, in), now, in);
            return out;
        }
        /// A 200 that holds an `Error` is one, whatever that member is.
        /// @par Errors throttled, unavailable, clock_skew, denied, malformed_response.
        [[nodiscard]] static result<temporary_credentials> parse(located<settings> const&, http_response const& r,
                                                                 utc_seconds now) {
            json_answer const json{r.body};
            if (r.status != 200 || json.has("Error")) return refusal(r.status, json);
            auto const text = [&](std::string_view field) {
                return json.text("AssumeRoleResult", "Credentials", field);
            };
            return issued_credentials(text("AccessKeyId"), text("SecretAccessKey"), text("SecurityToken"),
                                      in_utc(text("Expiration")), now);
        }

    private:
        /// The vendor publishes no list of codes: these are the ones that its SDKs and stores use.
        [[nodiscard]] static failure refusal(int status, json_answer const& json) {
            auto const code = json.text("Error", "Code");
            auto const because = [&](errc what) {
                return failure{what, {}, log_text(code), log_text(json.text("RequestId"))};
            };
            auto const holds = [&](std::string_view part) { return code.find(part) != std::string_view::npos; };
            if (holds("Throttl") || holds("TooMany") || status == 429) return because(errc::throttled);
            if (code == "SignatureDoesNotMatch" || code == "RequestExpired" || code == "RequestTimeTooSkewed")
                return because(errc::clock_skew);
            if (status >= 500 || status == 408) return because(errc::unavailable);
            bool const said_no = (status == 200 || status >= 400) && !code.empty();
            return because(said_no ? errc::denied : errc::malformed_response);
        }
        /// ISO 8601. That it always ends in `Z` is unverified: an offset (`+08:00`, `+0800`) is taken, too.
        /// @return The same instant with `Z`; empty for an offset that is none.
        [[nodiscard]] static std::string in_utc(std::string_view text) {
            constexpr std::size_t least = std::string_view{"2026-03-14T09:26:53"}.size();
            auto const sign = text.find_first_of("+-", least);
            if (sign == std::string_view::npos) return std::string{text};
            std::string digits{text.substr(sign + 1)};
            if (digits.size() == 5 && digits[2] == ':') digits.erase(2, 1);
            auto const local = parse_iso_time(std::string{text.substr(0, sign)} + "Z");
            if (!local || digits.size() != 4 || digits.find_first_not_of("0123456789") != std::string::npos) return {};
            int const offset = std::stoi(digits);
            if (offset > 1400 || offset % 100 > 59) return {};
            auto const ahead = std::chrono::hours{offset / 100} + std::chrono::minutes{offset % 100};
            return std::string{timestamp{text[sign] == '+' ? *local - ahead : *local + ahead}.iso().view()};
        }
    };

    struct signer {
        /// `x-kss-security-token` is the name of the store's header; that its form takes a field of this name is
        /// unverified, as no vendor code posts one. Where it does not, `voucher_key: "form"` needs none.
        static constexpr grant::field form[] = {{"key", grant::relative_path},
                                                {"KSSAccessKeyId", grant::own_1},
                                                {"Policy", grant::policy},
                                                {"Signature", grant::signature},
                                                {"x-kss-security-token", grant::own_2},
                                                {"x-kss-callbackurl", grant::callback_url},
                                                {"x-kss-callbackbody", grant::callback_body}};
        static constexpr grant::field callback_headers[] = {{"x-kss-callbackurl", grant::callback_url},
                                                            {"x-kss-callbackbody", grant::callback_body}};

        static void sign(located<settings> const& cloud, decision const& what, signing const& with, cache& kept,
                         grant& into) {
            into.put(grant::own_1, {with.key.id});
            if (!with.security_token.empty()) into.put(grant::own_2, {with.security_token});
            if (what.need_callback) put_callback(what, into);
            auto const json =
                write_kss_policy(kept.json,
                                 {cloud.own.bucket, cloud.own.max_size, with.expiration, with.security_token,
                                  into[grant::callback_url], into[grant::callback_body]},
                                 what.scope);
            kept.base64.wipe();
            append_base64(kept.base64, json);
            into.put(grant::policy, {kept.base64.view()});
            kept.signature.wipe();
            // a temporary key signs once: it would only drive the long-term key out of the cache
            if (with.security_token.empty())
                append_kss_signature(kept.signature, kept.voucher.get(with.key.value), kept.base64.view());
            else
                append_kss_signature(kept.signature, hmac_key<sha1>{with.key.value.reveal()}, kept.base64.view());
            into.put(grant::signature, {kept.signature.view()});
        }

    private:
        /// Ids are constant text: a client's own variables (`kss-…`) are in no signature. No value holds `=` or `&`,
        /// which the vendor forbids. The store posts these pairs as a JSON object. `x-kss-callbackauth` is not asked
        /// for: how it signs is not published.
        static void put_callback(decision const& what, grant& into) {
            into.put(grant::callback_body,
                     {"objectId=", decimal{what.object_id}, "&resourceType=", decimal{static_cast<int>(what.module)},
                      "&bucket=${bucket}&key=${key}&objectSize=${objectSize}&etag=${etag}&mimeType=${mimeType}"});
        }
    };

private:
    /// KRNs know `*`, `?`, `:` and `/`, and have no escape.
    /// @par Source Durations: vendor's Python SDK, model of AssumeRole; the role's own maximum is checked by STS.
    ///   Names of buckets: vendor's Go SDK (no dots).
    [[nodiscard]] static std::optional<settings_problem> check(settings const& own) {
        // JR_BEIJING: only KS3 has regions with an underscore
        if (auto problem = check_store(own, {900, 86400}, "-_")) return problem;
        if (!is_bucket(own.bucket))
            return settings_problem{"bucket", "must be a bucket's name: 3 to 63 of a-z 0-9 - _, the first not - or _"};
        if (own.endpoint.empty())
            return settings_problem{"endpoint",
                                    "is missing: https://ks3-cn-beijing.ksyuncs.com or the one of your region"};
        if (own.role.empty()) return settings_problem{"role", "is missing: krn:ksc:iam::ACCOUNT:role/NAME"};
        if (!is_role(own.role)) return settings_problem{"role", "must be krn:ksc:iam::ACCOUNT:role/NAME"};
        if (!detail::is_made_of(own.sts_region, "-", 1, 32))
            return settings_problem{"sts_region", "must be a region's name of the OpenAPI: 1 to 32 of A-Z a-z 0-9 -"};
        return std::nullopt;
    }
    [[nodiscard]] static bool is_bucket(std::string_view text) noexcept {
        auto const is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
        return detail::is_made_of(text, "-_", 3, 63) && text.front() != '-' && text.front() != '_' &&
               std::none_of(text.begin(), text.end(), is_upper);
    }
    [[nodiscard]] static bool is_role(std::string_view text) noexcept {
        constexpr std::string_view head = "krn:ksc:iam::";
        constexpr std::string_view middle = ":role/";
        if (!text.starts_with(head)) return false;
        text.remove_prefix(head.size());
        auto const end = text.find(middle);
        return end != std::string_view::npos && detail::is_made_of(text.substr(0, end), {}, 1, 64) &&
               detail::is_made_of(text.substr(end + middle.size()), "_+=,.@/-", 1, 256);
    }
};

}  // namespace valetkey

BOOST_HANA_ADAPT_STRUCT(valetkey::ksyun::settings, root, bucket, region, endpoint, bucket_endpoint, sts_endpoint,
                        duration_seconds, max_size, form, voucher_key, allow_http, sts_per_second, role, sts_region);
