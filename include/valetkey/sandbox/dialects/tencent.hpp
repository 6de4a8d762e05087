#pragma once
/// @file
/// Tencent COS and STS, emulated. Facts and sources: providers/tencent.hpp and the headers that it stands on.

#include <valetkey/policy/cos_form_conditions.hpp>
#include <valetkey/policy/twin_members.hpp>
#include <valetkey/providers/tencent.hpp>
#include <valetkey/sandbox/callback_message.hpp>
#include <valetkey/sandbox/s3_dialect.hpp>
#include <valetkey/sandbox/sts_desk.hpp>
#include <valetkey/signing/verify_cos.hpp>
#include <valetkey/signing/verify_tc3.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::sandbox {

/// The callbacks of COS: a JSON in base64, a body with variables.
/// @par Source Tencent Cloud, "Callback" (436/106770).  Unverified: which variables there are beside `object` and
///   `etag`, and whether and how COS signs the call; it is not signed here.
class cos_callback {
public:
    /// @param asked `x-cos-callback`. @param variables `x-cos-callback-var`.
    cos_callback(std::string_view asked, std::string_view variables)
        : asked_{read_object(asked)}, variables_{read_object(variables)} {}

    /// None: it cannot be read, or names nobody whom the sandbox calls.
    [[nodiscard]] std::optional<http_request> request(arrival const& what) const {
        auto const type = text(asked_, "callbackBodyType").value_or("application/x-www-form-urlencoded");
        auto const target = callback_target::parse(text(asked_, "callbackUrl").value_or(""));
        auto const host = text(asked_, "callbackHost").value_or(target ? target->host : std::string_view{});
        bool const json = is_json_type(type);
        bool const known = json ? type == "application/json" : type == "application/x-www-form-urlencoded";
        if (!target || !known || !service_url::parse("https://" + std::string{host})) return std::nullopt;
        auto body = fill_template(text(asked_, "callbackBody").value_or(""), '{', '}', [&](auto name, bool in_string) {
            auto const value = value_of(name, what);
            if (!json) return percent_encoded(value);
            return name == "size" ? value : json_value(value, in_string);
        });
        if (!body || body->empty()) return std::nullopt;
        http_request out{"POST", target->url, {}, std::move(*body)};
        out.headers.push_back({"host", std::string{host}});
        out.headers.push_back({"content-type", std::string{type}});
        return out;
    }
    /// The uploader gets the server's answer; of a refusal it learns by 203. Either way the object stays.
    [[nodiscard]] static store_answer answer(store_answer usual, std::optional<http_response> got) {
        bool const good = got && got->status == 200;
        auto const error = xml_element("Code", "CallbackFailed") +
                           xml_element("Message", got ? "The server answered " + std::to_string(got->status) + "."
                                                      : "The callback is not valid, or nobody answered.");
        constexpr std::string_view end = "</CompleteMultipartUploadResult>";
        if (usual.body.ends_with(end)) {
            auto result = xml_element("Status", good ? "200" : "203");
            result += good ? xml_element("CallbackBody", to_base64(got->body)) : "<Error>" + error + "</Error>";
            usual.body.insert(usual.body.size() - end.size(), "<CallbackResult>" + result + "</CallbackResult>");
            return usual;
        }
        usual.status = good ? 200 : 203;
        usual.body = good ? std::string{got->body} : "<Error>" + error + "</Error>";
        usual.content_type = good ? "application/json" : "application/xml";
        return usual;
    }

private:
    [[nodiscard]] static boost::json::object read_object(std::string_view base64) {
        boost::system::error_code error;
        auto const document = boost::json::parse(from_base64(base64).value_or(""), error);
        return !error && document.is_object() ? document.get_object() : boost::json::object{};
    }
    [[nodiscard]] static std::optional<std::string_view> text(boost::json::object const& in, std::string_view name) {
        auto const* value = in.if_contains(name);
        return value ? valetkey::detail::text_of(*value) : std::nullopt;
    }
    /// An unknown variable is empty.
    [[nodiscard]] std::string value_of(std::string_view name, arrival const& what) const {
        if (name == "bucket") return what.bucket;
        if (name == "object") return what.key;
        if (name == "etag") return what.object.etag;
        if (name == "size") return std::to_string(what.object.bytes->size());
        if (name == "mimeType") return what.object.content_type;
        return std::string{name.starts_with("x:") ? text(variables_, name).value_or("") : std::string_view{}};
    }

    boost::json::object asked_;
    boost::json::object variables_;
};

struct tencent_dialect : s3_dialect {
    using cloud = tencent;
    static constexpr std::string_view key_prefix = "AKID";
    static constexpr std::array<std::string_view, 1> header_prefixes{"x-cos-"};
    static constexpr std::uint64_t least_part = std::uint64_t{1} << 20U;
    static constexpr std::string_view request_id_header = "x-cos-request-id";
    static constexpr std::string_view token_header = "x-cos-security-token";
    /// Unverified: what is said of a signature that cannot be read, of a token that is none, and of a form's condition
    /// that fails. COS has no code for these but the general one.
    static constexpr fault_row own_faults[] = {
        {fault::access_denied, 403, "AccessDenied", "Access Denied."},
        {fault::malformed_signature, 403, "AccessDenied", "The signature cannot be read, or does not cover the host."},
        {fault::wrong_token, 403, "AccessDenied", "The security token is not valid."},
        {fault::policy_condition, 403, "AccessDenied", "The form does not satisfy a condition of its policy."},
        {fault::policy_expired, 403, "AccessDenied", "The form's policy has expired."},
        {fault::missing_field, 400, "MalformedPOSTRequest",
         "A form needs the field 'key' and, as the last one, the field 'file'."},
        {fault::invalid_uri, 400, "InvalidURI", "The path is not one of a key."},
    };
    static constexpr std::span<fault_row const> faults{own_faults};

    static void configure(tencent::settings& own) {
        own.region = "ap-guangzhou";
        own.bucket = "valetkey-sandbox-1250000000";
        own.duration_seconds = 900;
    }

    template <class Find>
    static verdict verify(incoming_request const& request, store_address const&, Find const& find,
                          tencent::settings const&, verifying_terms const& terms) {
        return verify_cos_request(request, find, terms);
    }
    static policy_answer ask(tencent::settings const& own, std::string_view policy, policy_question const& q) {
        return tencent_policy{policy, {own.region, tencent::app_id(own.bucket)}}.ask(q);
    }

    template <class Find>
    static form_check check_form(store_request const&, posted_data const& form, Find const& find,
                                 tencent::settings const&, std::string_view bucket, utc_seconds now) {
        auto const said = verify_cos_form(form.fields, find, now);
        if (said != verdict::accepted) return {said};
        auto const sum = form.field("content-md5").value_or("");
        if (!sum.empty() && sum != to_base64(digest<md5>({*form.file}))) return {verdict::wrong_body};
        auto const policy = from_base64(form.field("policy").value_or(""));
        return {said, ask_cos_form_policy(*policy, {bucket, form.fields, form.file->size()}, now)};
    }

    static store_answer refusal(fault_row const& row, answer_context const& c) {
        std::string body{xml_head};
        body.append("<Error>").append(xml_element("Code", row.code)).append(xml_element("Message", row.message));
        body.append(xml_element("Resource", std::string{c.host}.append("/").append(c.key)));
        body.append(xml_element("RequestId", c.request_id)).append(xml_element("TraceId", c.request_id));
        return {row.status, body.append("</Error>"), "application/xml"};
    }

    static std::optional<callback_call> callback(arrival& what, tencent::settings const&, object_store&) {
        auto const asked = what.said("x-cos-callback").value_or("");
        if (asked.empty()) return std::nullopt;
        auto request = cos_callback{asked, what.said("x-cos-callback-var").value_or("")}.request(what);
        if (!request) {
            what.usual = cos_callback::answer(std::move(what.usual), std::nullopt);
            return std::nullopt;
        }
        return callback_call{std::move(*request), [usual = std::move(what.usual)](std::optional<http_response> got) {
                                 return cos_callback::answer(usual, got);
                             }};
    }

    /// Errors come with status 200, too.
    static store_answer sts(store_request const& request, tencent::settings const& own, sealed_keys& keys,
                            utc_seconds now) {
        verifying_terms terms;
        terms.now = now;
        auto const said = verify_tencent_sts(request.view(), root_key_of(own.root), terms);
        if (said != verdict::accepted) return sts_refusal(said);
        boost::system::error_code error;
        auto const document = boost::json::parse(request.body, error);
        auto const* asked = error || has_twin_members(request.body, document) ? nullptr : document.if_object();
        if (!asked || request.method != "POST" || request.header_or_empty("x-tc-version") != "2018-08-13")
            return sts_refusal("InvalidParameter.ParamError", "The request is not one that the sandbox's STS offers.");
        auto const text = [asked](std::string_view name) {
            auto const* value = asked->if_contains(name);
            return value ? valetkey::detail::text_of(*value).value_or("") : std::string_view{};
        };
        auto const action = request.header_or_empty("x-tc-action");
        bool const role = action == "AssumeRole";
        if (!role && action != "GetFederationToken")
            return sts_refusal("UnsupportedOperation", "The sandbox's STS offers AssumeRole and GetFederationToken.");
        if (role && (own.role.empty() || text("RoleArn") != own.role))
            return sts_refusal("ResourceNotFound.RoleNotFound", "The role does not exist.");
        if (role && text("ExternalId") != own.external_id)
            return sts_refusal("UnauthorizedOperation", "The role does not trust this caller.");
        if (!is_session_name(role ? text("RoleSessionName") : text("Name"), role))
            return sts_refusal("InvalidParameter.ParamError", "The session's name is not valid.");
        auto const* duration = asked->if_contains("DurationSeconds");
        auto const seconds = !duration              ? std::int64_t{role ? 7200 : 1800}
                             : duration->is_int64() ? duration->get_int64()
                                                    : 0;
        if (seconds < 1 || seconds > (role ? 43200 : 129600))
            return sts_refusal("InvalidParameter.OverTimeError", "DurationSeconds is out of its range.");
        auto policy = percent_decoded(text("Policy"), false);
        if (!policy || ask(own, *policy, {store_action::read, own.bucket, "-"}) == policy_answer::unreadable)
            return sts_refusal("InvalidParameter.StrategyFormatError", "The policy cannot be read.");
        if (policy->size() > tencent_policy_text::max_size)
            return sts_refusal("InvalidParameter.PolicyTooLong", "The policy is too long.");
        auto const issued =
            keys.issue(tencent::name, key_prefix, std::move(*policy), now + std::chrono::seconds{seconds});
        return sts_answer({{"Credentials",
                            {{"Token", issued.key.session_token},
                             {"TmpSecretId", issued.key.id},
                             {"TmpSecretKey", issued.key.value.reveal()}}},
                           {"ExpiredTime", issued.end.time_since_epoch().count()},
                           {"Expiration", timestamp{issued.end}.iso().view()}});
    }

private:
    /// A federated user's name is letters alone.
    static bool is_session_name(std::string_view name, bool role) {
        constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
        if (role) return valetkey::detail::is_made_of(name, "+=,.@_-", 2, 128);
        return !name.empty() && valetkey::detail::lower_text(name).find_first_not_of(letters) == std::string::npos;
    }
    static store_answer sts_answer(boost::json::object response) {
        response["RequestId"] = random_pool{}.hex_id().view();
        return {200, boost::json::serialize(boost::json::object{{"Response", std::move(response)}}),
                "application/json"};
    }
    static store_answer sts_refusal(std::string_view code, std::string_view message) {
        return sts_answer({{"Error", {{"Code", code}, {"Message", message}}}});
    }
    static store_answer sts_refusal(verdict said) {
        switch (said) {
            case verdict::unknown_key: return sts_refusal("AuthFailure.SecretIdNotFound", "The SecretId is not found.");
            case verdict::wrong_token: return sts_refusal("AuthFailure.TokenFailure", "The token is not valid.");
            case verdict::skewed: return sts_refusal("AuthFailure.SignatureExpire", "The signature has expired.");
            case verdict::malformed:
            case verdict::not_signed:
                return sts_refusal("AuthFailure.InvalidAuthorization", "The request is not signed as TC3 has it.");
            default: return sts_refusal("AuthFailure.SignatureFailure", "The signature or its scope do not match.");
        }
    }
};

}  // namespace valetkey::sandbox
