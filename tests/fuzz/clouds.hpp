#pragma once
/// @file
/// The clouds under test: of the names below those that providers/all.hpp brings. What a target must know of a vendor
/// stands here and nowhere else: settings that work, an honest answer of its STS, and how its store judges a voucher.

#include "input.hpp"

#include <valetkey/policy/baidu_form_conditions.hpp>
#include <valetkey/policy/cos_form_conditions.hpp>
#include <valetkey/policy/form_conditions.hpp>
#include <valetkey/policy/ksyun_policy.hpp>
#include <valetkey/policy/obs_form_conditions.hpp>
#include <valetkey/policy/put_policy_conditions.hpp>
#include <valetkey/providers/all.hpp>
#include <valetkey/sts_service.hpp>

#include <boost/hana/accessors.hpp>
#include <boost/hana/core/to.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace valetkey {
struct qiniu;
struct tencent;
struct aws;
struct aliyun;
struct baidu;
struct huawei;
struct ksyun;
}  // namespace valetkey

namespace fuzz {

using namespace valetkey;

/// A list of clouds, one of which an input picks.
template <class... Ps>
struct clouds {
    static constexpr std::size_t count = sizeof...(Ps);
    using service = sts_service<Ps...>;

    /// Calls `visit.template operator()<P>()` for the one with that place in the list.
    template <class Visit>
    static void pick(std::size_t which, Visit visit) {
        std::size_t at = 0;
        (void)((which % count == at++ && (visit.template operator()<Ps>(), true)) || ...);
    }
    template <class Visit>
    static void each(Visit visit) {
        (visit.template operator()<Ps>(), ...);
    }
};

namespace detail {
template <class P>
concept is_here = requires {
    sizeof(P);
};
template <class Found, class... Names>
struct present {
    using type = Found;
};
template <class... Found, class P, class... Names>
struct present<clouds<Found...>, P, Names...>
    : std::conditional_t<is_here<P>, present<clouds<Found..., P>, Names...>, present<clouds<Found...>, Names...>> {};
}  // namespace detail

using every_cloud = detail::present<clouds<>, qiniu, tencent, aws, aliyun, baidu, huawei, ksyun>::type;
static_assert(every_cloud::count > 0);

// no setting and no field of a request may hold a blank, so no input can bring these
inline constexpr std::string_view root_secret = "the root secret that never leaves";
inline constexpr std::string_view form_secret = "the form secret that never leaves";

/// What an STS issues, as its answer has it.
struct issued_texts {
    std::string_view id{"TEMPORARYKEY"};
    std::string_view value{"temporary/secret+1"};
    std::string_view token{"temporary/token+1=="};
    std::string_view end{};         ///< `2026-03-14T10:26:53Z`
    std::string_view end_number{};  ///< the same in Unix seconds
};

/// How the stores of the S3 family judge a voucher. Derived from by the vendors that differ.
struct s3_family {
    static constexpr bool pins_token = true;   ///< a form without its token is refused
    static constexpr bool ends_in_utc = true;  ///< its STS writes no offsets
    static form_answer ask(std::string_view policy, posted_form const& form, utc_seconds at) {
        return ask_form_policy(policy, form, {}, at);
    }
};

/// `fill(own, variant)`: what its settings need beside keys and bucket; further variants where there are such.
/// `answer(out, own, texts)`: appended to `out`.
template <class P>
struct vendor;

template <>
struct vendor<qiniu> : s3_family {
    static constexpr bool pins_token = false;
    static void fill(auto& own, unsigned) { own.region = "z0"; }
    static form_answer ask(std::string_view policy, posted_form const& form, utc_seconds at) {
        for (auto const& [name, value] : form.fields)
            if (name == "key")
                return ask_put_policy(policy, {form.bucket, std::string_view{value}, form.file_size}, at);
        return form_answer::unreadable;
    }
};

template <>
struct vendor<tencent> : s3_family {
    static constexpr bool pins_token = false;
    static void fill(auto& own, unsigned variant) {
        own.bucket = "vk-demo-1250000000";
        own.region = "ap-guangzhou";
        if (variant & 1U) own.role = "qcs::cam::uin/100000000001:roleName/up";
        if ((variant & 3U) == 3) own.external_id = "deployment-1";
    }
    static void answer(std::string& out, auto const&, issued_texts const& t) {
        out.append(R"({"Response":{"Credentials":{"Token":")").append(t.token).append(R"(","TmpSecretId":")");
        out.append(t.id).append(R"(","TmpSecretKey":")").append(t.value).append(R"("},"ExpiredTime":)");
        out.append(t.end_number).append(R"(,"Expiration":")").append(t.end).append(R"(","RequestId":"r"}})");
    }
    static form_answer ask(std::string_view policy, posted_form const& form, utc_seconds at) {
        return ask_cos_form_policy(policy, form, at);
    }
};

template <>
struct vendor<aws> : s3_family {
    static form_answer ask(std::string_view policy, posted_form const& form, utc_seconds at) {
        return ask_form_policy(policy, form, {true, false, "x-amz-signature"}, at);
    }
    static void fill(auto& own, unsigned variant) {
        own.region = variant & 4U ? "cn-north-1" : "us-east-1";
        if (variant & 1U) own.role = "arn:aws:iam::111122223333:role/up";
        if ((variant & 3U) == 3) own.external_id = "deployment-1";
        own.path_style = (variant & 8U) != 0;
    }
    static void answer(std::string& out, auto const& own, issued_texts const& t) {
        std::string_view const action = own.role.empty() ? "GetFederationToken" : "AssumeRole";
        out.append("<").append(action).append("Response><").append(action).append("Result><Credentials><AccessKeyId>");
        out.append(t.id).append("</AccessKeyId><SecretAccessKey>").append(t.value).append("</SecretAccessKey>");
        out.append("<SessionToken>").append(t.token).append("</SessionToken><Expiration>").append(t.end);
        out.append("</Expiration></Credentials></").append(action).append("Result></").append(action);
        out.append("Response>");
    }
};

template <>
struct vendor<aliyun> : s3_family {
    static void fill(auto& own, unsigned variant) {
        own.region = variant & 4U ? "oss-cn-beijing" : "cn-beijing";
        own.role = "acs:ram::1111222233334444:role/up";
        if (variant & 2U) own.external_id = "deployment-1";
    }
    static void answer(std::string& out, auto const&, issued_texts const& t) {
        out.append(R"({"RequestId":"R","Credentials":{"AccessKeyId":")").append(t.id);
        out.append(R"(","AccessKeySecret":")").append(t.value).append(R"(","SecurityToken":")").append(t.token);
        out.append(R"(","Expiration":")").append(t.end).append(R"("}})");
    }
};

template <>
struct vendor<baidu> : s3_family {
    static constexpr bool pins_token = false;
    static void fill(auto& own, unsigned variant) {
        own.region = "bj";
        if (!(variant & 1U)) return;
        own.role = "valet.up";
        own.account_id = "dc9b5191440d4f93851ddffb00000001";
    }
    static void answer(std::string& out, auto const&, issued_texts const& t) {
        out.append(R"({"accessKeyId":")").append(t.id).append(R"(","secretAccessKey":")").append(t.value);
        out.append(R"(","sessionToken":")").append(t.token).append(R"(","createTime":"2026-03-14T09:26:53Z",)");
        out.append(R"("expiration":")").append(t.end).append(R"(","userId":"u"})");
    }
    static form_answer ask(std::string_view policy, posted_form const& form, utc_seconds at) {
        return ask_bos_form(policy, form, at);
    }
};

template <>
struct vendor<huawei> : s3_family {
    static void fill(auto& own, unsigned variant) {
        own.region = "cn-north-4";
        if (!(variant & 3U)) return;
        own.agency_name = "valet-up";
        own.domain_id = "0a1b2c3d4e5f";
        if (variant & 1U)
            own.account_id = "0a1b2c3d4e60";
        else
            own.api = "sts5";
    }
    static void answer(std::string& out, auto const& own, issued_texts const& t) {
        bool const sts5 = own.api == "sts5";
        out.append(sts5 ? R"({"credentials":{"access_key_id":")" : R"({"credential":{"access":")").append(t.id);
        out.append(sts5 ? R"(","secret_access_key":")" : R"(","secret":")").append(t.value);
        out.append(sts5 ? R"(","security_token":")" : R"(","securitytoken":")").append(t.token);
        out.append(sts5 ? R"(","expiration":")" : R"(","expires_at":")").append(t.end).append(R"("}})");
    }
    static form_answer ask(std::string_view policy, posted_form const& form, utc_seconds at) {
        return ask_obs_form_policy(policy, form, at);
    }
};

template <>
struct vendor<ksyun> : s3_family {
    static constexpr bool ends_in_utc = false;
    static void fill(auto& own, unsigned variant) {
        own.region = variant & 1U ? "JR_BEIJING" : "BEIJING";
        own.endpoint = "https://ks3-cn-beijing.ksyuncs.com";
        own.role = "krn:ksc:iam::2000000001:role/up";
    }
    static void answer(std::string& out, auto const&, issued_texts const& t) {
        out.append(R"({"AssumeRoleResult":{"Credentials":{"AccessKeyId":")").append(t.id);
        out.append(R"(","SecretAccessKey":")").append(t.value).append(R"(","SecurityToken":")").append(t.token);
        out.append(R"(","Expiration":")").append(t.end).append(R"("}},"RequestId":"r"})");
    }
    static form_answer ask(std::string_view policy, posted_form const& form, utc_seconds at) {
        return ask_kss_policy(policy, form, at);
    }
};

inline constexpr utc_seconds now{std::chrono::seconds{1773480413}};  // 2026-03-14T09:26:53Z

/// Settings that work.
template <class P>
[[nodiscard]] typename P::settings good_settings(unsigned variant) {
    typename P::settings own;
    own.root = {"ROOTKEY", secret{root_secret}};
    own.form.emplace(access_key{"FORMKEY", secret{form_secret}});
    own.bucket = "vk-demo";
    own.max_size = 1000;
    vendor<P>::fill(own, variant);
    return own;
}

/// Every cloud of a list, with settings that work.
template <class Service>
[[nodiscard]] typename Service::settings good_service_settings() {
    typename Service::settings all;
    all.root = "test";
    all.callback_url = "https://app.example.com/upload/callback";
    Service::for_each_cloud([&]<class P>() { all.template of<P>() = good_settings<P>(1); });
    return all;
}

[[nodiscard]] inline fresh fresh_values(std::uint64_t object_id = 10503) {
    fresh f{now, object_id, {}, {}};
    std::string_view{"0f8fad5b-d9cb-469f-a165-70867728950e"}.copy(f.uuid.text.data(), 36);
    std::string_view{"00112233445566778899aabbccddeeff"}.copy(f.request_id.text.data(), 32);
    return f;
}

/// Calls `visit(name, member)` for each member that a cloud's settings adapt.
template <class Settings, class Visit>
void for_each_setting(Settings& settings, Visit visit) {
    boost::hana::for_each(boost::hana::accessors<Settings>(), [&](auto const& member) {
        visit(std::string_view{boost::hana::to<char const*>(boost::hana::first(member))},
              boost::hana::second(member)(settings));
    });
}

}  // namespace fuzz
