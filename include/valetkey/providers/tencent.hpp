#pragma once
/// @file
/// Tencent COS: temporary keys by GetFederationToken (or AssumeRole) signed with TC3, voucher by a q-sign form policy.
/// @par Source Tencent Cloud, "GetFederationToken" (1150/49452), "AssumeRole" (1150/49456), "POST Object" (436/14690),
///   "Callback" (436/106770).

#include <valetkey/encoding/base64.hpp>
#include <valetkey/policy/post_policy.hpp>
#include <valetkey/policy/tencent_policy.hpp>
#include <valetkey/providers/dated_path.hpp>
#include <valetkey/providers/provider.hpp>
#include <valetkey/signing/qsign.hpp>
#include <valetkey/signing/tc3.hpp>
#include <valetkey/wire/issued.hpp>

#include <boost/hana/adapt_struct.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/static_resource.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

namespace detail {

/// An answer of Tencent's STS: untrusted, bounded, and parsed in memory that is wiped. Unlike `json_answer` it tells a
/// number, and whether a member is there at all: an error comes with status 200.
class tencent_answer {
public:
    static constexpr std::size_t max_size = 1 << 20;

    explicit tencent_answer(std::string_view body) {
        if (body.empty() || body.size() > max_size) return;
        memory_.resize(std::size_t{16} * 1024 + 4 * body.size());
        try {
            store_.emplace(reinterpret_cast<unsigned char*>(memory_.data()), memory_.size());
            boost::system::error_code error;
            root_.emplace(boost::json::parse(body, error, &*store_));
            if (error) root_.reset();
        } catch (std::bad_alloc const&) {
            root_.reset();
        }
    }
    tencent_answer(tencent_answer&&) = delete;

    /// The value at a path below `Response`; null for what is missing, and for a JSON null.
    template <class... Names>
    [[nodiscard]] boost::json::value const* find(Names... names) const noexcept {
        boost::json::value const* at = root_ ? &*root_ : nullptr;
        for (std::string_view const name : {std::string_view{"Response"}, std::string_view{names}...}) {
            auto const* object = at ? at->if_object() : nullptr;
            at = object ? object->if_contains(name) : nullptr;
        }
        return at && !at->is_null() ? at : nullptr;
    }
    /// Empty for what is missing or no string.
    template <class... Names>
    [[nodiscard]] std::string_view text(Names... names) const noexcept {
        auto const* value = find(names...);
        auto const* text = value ? value->if_string() : nullptr;
        return text ? std::string_view{text->data(), text->size()} : std::string_view{};
    }

private:
    wiped_text memory_;
    std::optional<boost::json::static_resource> store_;
    std::optional<boost::json::value> root_;
};

}  // namespace detail

struct tencent {
    static constexpr std::uint8_t type = 1;
    static constexpr std::string_view name = "tencent";

    struct settings : store_settings {
        std::string role{};         ///< `qcs::cam::uin/UIN:roleName/NAME` or `…:role/ID`; empty: GetFederationToken
        std::string external_id{};  ///< what the role's trust policy may ask for
    };
    struct cache {
        signing_key_cache<tc3> sts;
        qsign_key_cache voucher;
        wiped_text json;
        wiped_text base64;
    };
    using path_builder = dated_path;

    /// What stands behind the last `-` of a bucket's long name: the account number of its owner.
    [[nodiscard]] static constexpr std::string_view app_id(std::string_view bucket) noexcept {
        return bucket.substr(bucket.rfind('-') + 1);
    }

    [[nodiscard]] static checked<site> locate(settings const& own) {
        // No minimum is published; 900 is the least that the vendor's samples ask for (below 1800 unverified). The most
        // is that of a sub-account's key: a root account's key gets 7200, which STS checks, as it does a role's
        // maximum.
        if (auto problem = check_store(own, {900, own.role.empty() ? 129600U : 43200U})) return *problem;
        if (!is_bucket(own.bucket))
            return settings_problem{"bucket", "must be NAME-APPID: a-z 0-9 -, then the account number of its owner"};
        if (!own.role.empty() && !is_role(own.role))
            return settings_problem{"role", "must be qcs::cam::uin/UIN:roleName/NAME or qcs::cam::uin/UIN:role/ID"};
        if (!own.external_id.empty() && !detail::is_made_of(own.external_id, "_+=,.@:/-", 2, 128))
            return settings_problem{"external_id", "must be 2 to 128 of A-Z a-z 0-9 _ + = , . @ : / -"};
        if (!own.external_id.empty() && own.role.empty()) return settings_problem{"external_id", "needs a role"};
        return locate_store(own, own.region, "https://cos." + own.region + ".myqcloud.com",
                            "https://sts.tencentcloudapi.com", bucket_place::in_host);
    }

    struct token_issuer {
        /// @par Errors scope_too_long.
        [[nodiscard]] static result<std::string> session_policy(located<settings> const& cloud, decision const& what) {
            return write_tencent_policy(owner(cloud.own), cloud.own.bucket, what.scope,
                                        may(store_action::list_uploads, what));
        }
        [[nodiscard]] static tencent_policy policy(located<settings> const& cloud, std::string_view text) {
            return {text, owner(cloud.own)};
        }
        /// The vendor's browser client begins a sliced upload with a list of those that are open.
        [[nodiscard]] static bool may(store_action action, decision const& what) noexcept {
            return action == store_action::list_uploads && what.platform == client_platform::web;
        }
        [[nodiscard]] static result<http_request> request(located<settings> const& cloud, decision const& what,
                                                          std::string_view policy, attempt const& a, cache& kept) {
            auto const& own = cloud.own;
            http_request out{"POST", cloud.at.sts_url + "/", {}, body(own, what, policy)};
            out.headers.push_back({"host", cloud.at.sts_host});
            out.headers.push_back({"content-type", "application/json"});
            out.headers.push_back({"x-tc-action", own.role.empty() ? "GetFederationToken" : "AssumeRole"});
            out.headers.push_back({"x-tc-version", "2018-08-13"});
            out.headers.push_back({"x-tc-region", own.region});
            tc3_time const at{a.now};
            scope_input const in{at.day(), {}, "sts"};
            sign_tc3(out, own.root.id, {}, kept.sts.get(own.root.value, in), at, in);
            return out;
        }
        /// @par Errors throttled, unavailable, clock_skew, denied, malformed_response.
        [[nodiscard]] static result<temporary_credentials> parse(located<settings> const&, http_response const& r,
                                                                 utc_seconds now) {
            detail::tencent_answer const json{r.body};
            if (r.status != 200 || json.find("Error")) return refusal(r.status, json);
            auto const expiration = end_of(json);
            if (!expiration) return failure{errc::malformed_response};
            auto const text = [&](std::string_view field) { return json.text("Credentials", field); };
            return issued_credentials(text("TmpSecretId"), text("TmpSecretKey"), text("Token"), expiration->view(),
                                      now);
        }

    private:
        [[nodiscard]] static tencent_owner owner(settings const& own) noexcept {
            return {own.region, app_id(own.bucket)};
        }
        /// The policy is percent-encoded although the body is JSON: the server decodes it once. All other values come
        /// from the settings' check, so nothing needs escaping.
        [[nodiscard]] static std::string body(settings const& own, decision const& what, std::string_view policy) {
            std::string out;
            out.reserve(2 * policy.size() + 512);
            if (own.role.empty()) {
                out.append(R"({"Name":")").append(in_letters(what.request_id));
            } else {
                out.append(R"({"RoleArn":")").append(own.role);
                out.append(R"(","RoleSessionName":")").append(what.request_id);
                if (!own.external_id.empty()) out.append(R"(","ExternalId":")").append(own.external_id);
            }
            out.append(R"(","DurationSeconds":)").append(decimal{own.duration_seconds});
            out.append(R"(,"Policy":")");
            append_percent_encoded(out, policy);
            out.append(R"("})");
            return out;
        }
        /// A federated user's name is letters alone: `0`–`9` become `g`–`p`. Its longest size is unverified; 32 it has.
        [[nodiscard]] static fixed_text<32> in_letters(fixed_text<32> id) noexcept {
            for (char& c : id.text)
                if (c >= '0' && c <= '9') c = static_cast<char>(c - '0' + 'g');
            return id;
        }
        /// `ExpiredTime` is always there, `Expiration` may be null. An honest issuer's two name the same second.
        [[nodiscard]] static std::optional<fixed_text<20>> end_of(detail::tencent_answer const& json) {
            constexpr std::int64_t year_10000 = 253402300800;
            auto const* value = json.find("ExpiredTime");
            auto const* number = value ? value->if_int64() : nullptr;
            if (!number || *number <= 0 || *number >= year_10000) return std::nullopt;
            utc_seconds const end{std::chrono::seconds{*number}};
            if (json.find("Expiration") && parse_iso_time(json.text("Expiration")) != end) return std::nullopt;
            return timestamp{end}.iso();
        }
        /// Classified by code first. @par Source Tencent Cloud, "Error codes" (1150/49458).
        [[nodiscard]] static failure refusal(int status, detail::tencent_answer const& json) {
            auto const code = json.text("Error", "Code");
            auto const because = [&](errc what) {
                return failure{what, {}, log_text(code), log_text(json.text("RequestId"))};
            };
            auto const is = [&](std::string_view group) {
                return code.starts_with(group) && (code.size() == group.size() || code[group.size()] == '.');
            };
            if (is("RequestLimitExceeded") || code == "InvalidParameter.OverLimit" || status == 429)
                return because(errc::throttled);
            if (code == "AuthFailure.SignatureExpire") return because(errc::clock_skew);
            if (code == "InternalError.IllegalRole") return because(errc::denied);
            if (is("InternalError") || status >= 500) return because(errc::unavailable);
            bool const said = !code.empty() && (status == 200 || status >= 400);
            return because(said ? errc::denied : errc::malformed_response);
        }
    };

    struct signer {
        static constexpr grant::field form[] = {
            {"key", grant::relative_path},          {"policy", grant::policy},
            {"q-sign-algorithm", grant::own_1},     {"q-ak", grant::own_2},
            {"q-key-time", grant::own_3},           {"q-signature", grant::signature},
            {"x-cos-security-token", grant::own_4}, {"x-cos-callback", grant::own_5}};
        static constexpr grant::field callback_headers[] = {{"x-cos-callback", grant::own_5}};

        static void sign(located<settings> const& cloud, decision const& what, signing const& with, cache& kept,
                         grant& into) {
            into.put(grant::own_1, {qsign_algorithm});
            into.put(grant::own_2, {with.key.id});
            into.put(grant::own_3, {decimal{with.now.time_since_epoch().count()}, ";",
                                    decimal{with.expiration.time_since_epoch().count()}});
            if (!with.security_token.empty()) into.put(grant::own_4, {with.security_token});
            if (what.need_callback) put_callback(what, kept, into);

            // the first three are mandatory; the condition `q-sign-time` is the field `q-key-time`. A token need not be
            // a condition. That the callback's field may be one is derived, not documented: so it is not pinned.
            post_policy policy{kept.json, timestamp{with.expiration}.iso_milliseconds()};
            policy.exactly("q-sign-algorithm", qsign_algorithm).exactly("q-ak", with.key.id);
            policy.exactly("q-sign-time", into[grant::own_3]).exactly("bucket", cloud.own.bucket);
            policy.size_range(1, cloud.own.max_size).key(what.scope);
            auto const json = policy.finish();
            put_base64(grant::policy, json, kept, into);
            // a temporary key signs once: it would only drive the long-term key out of the cache
            auto const key_time = into[grant::own_3];
            auto const signature = with.security_token.empty()
                                       ? sign_qsign_policy(kept.voucher.get(with.key.value, key_time), json)
                                       : sign_qsign_policy(qsign_key(with.key.value, key_time), json);
            into.put(grant::signature, {signature});
        }

    private:
        static void put_base64(grant::part part, std::string_view text, cache& kept, grant& into) {
            kept.base64.wipe();
            append_base64(kept.base64, text);
            into.put(part, {kept.base64.view()});
        }
        /// The id is constant text: the name of a form's field for variables (`x-cos-callback-var`) is unverified. The
        /// two variables are those of the vendor's samples; `callbackHost` follows from the URL.
        static void put_callback(decision const& what, cache& kept, grant& into) {
            into.put(grant::callback_body, {"objectId=", decimal{what.object_id}, "&resourceType=",
                                            decimal{static_cast<int>(what.module)}, "&object=${object}&etag=${etag}"});
            kept.json.wipe();
            kept.json.append(R"({"callbackUrl":)");
            append_json_string(kept.json, into[grant::callback_url]);
            kept.json.append(R"(,"callbackBodyType":"application/x-www-form-urlencoded","callbackBody":)");
            append_json_string(kept.json, into[grant::callback_body]);
            kept.json.append("}");
            put_base64(grant::own_5, kept.json.view(), kept, into);
        }
    };

private:
    static constexpr std::string_view digits = "0123456789";

    [[nodiscard]] static bool is_number(std::string_view text) noexcept {
        return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
    }
    /// @par Source Tencent Cloud, "Bucket overview" (436/13312).
    [[nodiscard]] static bool is_bucket(std::string_view text) noexcept {
        auto const id = app_id(text);
        if (!is_number(id) || id.size() + 2 > text.size()) return false;
        auto const bare = text.substr(0, text.size() - id.size() - 1);
        constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
        return bare.find_first_not_of(letters) == std::string_view::npos && bare.front() != '-' && bare.back() != '-';
    }
    /// The owner's number is a UIN, not an APPID.
    [[nodiscard]] static bool is_role(std::string_view text) noexcept {
        constexpr std::string_view head = "qcs::cam::uin/";
        if (!text.starts_with(head)) return false;
        text.remove_prefix(head.size());
        auto const colon = text.find(':');
        if (colon == std::string_view::npos || !is_number(text.substr(0, colon))) return false;
        text.remove_prefix(colon);
        for (std::string_view const kind : {":roleName/", ":role/"})
            if (text.starts_with(kind)) return detail::is_made_of(text.substr(kind.size()), "+=,.@_-", 1, 128);
        return false;
    }
};

}  // namespace valetkey

BOOST_HANA_ADAPT_STRUCT(valetkey::tencent::settings, root, bucket, region, endpoint, bucket_endpoint, sts_endpoint,
                        duration_seconds, max_size, form, voucher_key, allow_http, sts_per_second, role, external_id);
