#pragma once
/// @file
/// KSyun KS3 and STS, emulated. Facts and sources: providers/ksyun.hpp and the headers that it stands on.

#include <valetkey/policy/statements.hpp>
#include <valetkey/providers/ksyun.hpp>
#include <valetkey/sandbox/aws_chunked.hpp>
#include <valetkey/sandbox/callback_message.hpp>
#include <valetkey/sandbox/s3_dialect.hpp>
#include <valetkey/sandbox/sts_desk.hpp>
#include <valetkey/signing/verify_kss.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::sandbox {

struct ksyun_dialect : s3_dialect {
    using cloud = ksyun;
    static constexpr std::string_view key_prefix = "STS";
    static constexpr std::array<std::string_view, 2> header_prefixes{"x-kss-", "x-amz-"};
    static constexpr std::uint64_t least_part = std::uint64_t{5} << 20U;
    static constexpr std::string_view request_id_header = "x-kss-request-id";
    static constexpr std::string_view token_header = "x-kss-security-token";

    /// @par Source The codes of forms and callbacks: the vendor's Java SDK, KSyun, "POST Policy" (42321), "Upload
    ///   callback processing" (956). Their statuses but 403 for a policy are unverified.
    static constexpr fault_row own_faults[] = {
        {fault::wrong_scope, 403, "SignatureDoesNotMatch",
         "The request signature that we calculated does not match the signature that you provided: date, region or "
         "service of it are others."},
        {fault::request_expired, 403, "RequestExpired", "Request has expired."},
        {fault::missing_field, 400, "MissingFormArgs",
         "A form must have a field 'key' and, as its last one, a field 'file'."},
        {fault::too_small, 400, "ContentLengthOutOfRange", "What you sent is smaller than is allowed."},
        {fault::too_large, 400, "ContentLengthOutOfRange",
         "What you sent is larger than is allowed. Of a form its other fields count as well."},
        {fault::policy_expired, 403, "ExpirationError", "The form's policy has expired."},
        {fault::policy_condition, 403, "FormUnmatchPolicy", "A condition of the form's policy is not met."},
        {fault::policy_extra_field, 403, "FormUnmatchPolicy", "The form has a field that its policy does not name."},
        {fault::callback_failed, 400, "CallbackFail", "The callback was not answered with {\"result\":true}."},
    };
    static constexpr std::span<fault_row const> faults{own_faults};

    static void configure(ksyun::settings& own) {
        own.region = "BEIJING";
        own.bucket = "valetkey-sandbox";
        if (own.role.empty()) own.role = "krn:ksc:iam::2000000001:role/valetkey-upload";
        own.duration_seconds = 900;
    }

    /// In a URL its name depends on the way of signing.
    template <class D>
    static std::string token_of(store_request const& request, std::vector<query_pair> const& query) {
        for (std::string_view const name : {"x-kss-security-token", "x-amz-security-token"})
            if (auto const header = request.header(name)) return std::string{*header};
        for (auto const& pair : query)
            for (std::string_view const name : {"security-token", "X-Amz-Security-Token", "X-Kss-Security-Token"})
                if (pair.name == name) return pair.value;
        return {};
    }
    template <class D>
    static std::string form_token(store_request const&, posted_data const& form) {
        return std::string{form.field(token_header).value_or("")};
    }

    template <class Find>
    static verdict verify(incoming_request const& request, store_address const& at, Find const& find,
                          ksyun::settings const& own, verifying_terms const& terms) {
        return verify_ks3_request(request, find, {at.bucket, own.region, !at.in_host}, terms);
    }
    static policy_answer ask(ksyun::settings const&, std::string_view policy, policy_question const& q) {
        return statement_policy<ksyun_policy>{policy}.ask(q);
    }
    /// Amazon's clients are taken as they are; of KSS4 no chunks are known.
    static fault read_payload(store_request const& request, std::string& into) {
        if (request.header_or_empty("x-kss-content-sha256").starts_with("STREAMING-")) return fault::not_implemented;
        return read_aws_payload(request, into);
    }

    /// The range of sizes applies to all that is posted, so the other fields count, too. Of the lower bound that is
    /// unverified, and an empty file is refused.
    template <class Find>
    static form_check check_form(store_request const&, posted_data const& form, Find const& find,
                                 ksyun::settings const&, std::string_view bucket, utc_seconds now) {
        auto const said = verify_kss_form(form.fields, find);
        if (said != verdict::accepted) return {said};
        auto const text = from_base64(form.field("policy").value_or(""));
        if (!text) return {said, form_answer::unreadable};
        std::uint64_t const file = form.file->size();
        auto const alone = ask_kss_policy(*text, {bucket, form.fields, file}, now);
        if (alone != form_answer::allowed) return {said, alone};
        std::uint64_t all = file;
        for (auto const& [name, value] : form.fields) all += value.size();
        return {said, ask_kss_policy(*text, {bucket, form.fields, all}, now)};
    }

    /// The object is there only when the callback said so: what the key held before comes back.
    /// @par Source KSyun, "Upload callback processing" (956). Unverified: whether numbers are sent as texts. The
    ///   etag is the MD5 in base64 in all editions. Nothing is tried again here, and a call is unsigned, as always
    ///   without `x-kss-callbackauth`.
    static std::optional<callback_call> callback(arrival& what, ksyun::settings const&, object_store& objects) {
        auto const url = what.said("x-kss-callbackurl").value_or("");
        if (url.empty()) return std::nullopt;
        auto const to = callback_target::parse(url);
        auto body = callback_body(what);
        auto told = [&objects, usual = what.usual, bucket = what.bucket, key = what.key, id = what.request_id,
                     mine = what.object.bytes, before = what.before](std::optional<http_response> got) {
            if (got && got->status == 200 && says_yes(got->body)) return usual;
            auto const held = objects.find(key);
            if (held && held->bytes == mine) objects.put_back(key, before);
            return refusal(got ? row_of(fault::callback_failed, faults) : timeout_row, {bucket, key, id, {}});
        };
        if (!to || !body) {
            what.usual = told(http_response{});
            return std::nullopt;
        }
        return callback_call{
            {"POST", to->url, {{"host", to->host}, {"content-type", "application/json"}}, std::move(*body)},
            std::move(told)};
    }

    /// @par Source KSyun, AssumeRole (2015-11-01). No list of its codes is published: they are unverified.
    static store_answer sts(store_request const& request, ksyun::settings const& own, sealed_keys& keys,
                            utc_seconds now) {
        bool const json = request.header_or_empty("accept").find("application/json") != std::string_view::npos;
        auto const refuse = [&](int status, std::string_view code, std::string_view message) {
            return sts_refusal(json, status, code, message);
        };
        verifying_terms terms;
        terms.now = now;
        auto const said = verify_ksyun_openapi(request.view(), root_key_of(own.root), {own.sts_region, "sts"}, terms);
        if (said != verdict::accepted) return sts_refusal(json, said);
        auto const asked = request.method == "POST"  ? read_parameters(request.body)
                           : request.method == "GET" ? split_query(request.query)
                                                     : std::nullopt;
        if (!asked || request.path != "/") return refuse(400, "InvalidParameter", "The request cannot be read.");
        auto const value = [&](std::string_view name) { return only_value(*asked, name).value_or(std::string_view{}); };
        if (value("Action") != "AssumeRole" || value("Version") != "2015-11-01")
            return refuse(400, "InvalidAction", "The sandbox's STS offers AssumeRole of 2015-11-01.");
        if (value("RoleKrn") != own.role) return refuse(403, "AccessDenied", "Not authorized to assume this role.");
        if (!valetkey::detail::is_made_of(value("RoleSessionName"), "_-=,.@", 2, 64))
            return refuse(400, "InvalidParameter", "RoleSessionName is not valid.");
        auto const lasts = value("DurationSeconds");
        auto const duration = read_duration(lasts.empty() ? "3600" : lasts, 900, 86400);
        if (!duration) return refuse(400, "InvalidParameter", "DurationSeconds must be 900 to 86400.");
        std::string policy{value("Policy")};
        if (policy.size() > ksyun_policy::max_size)
            return refuse(400, "InvalidParameter", "Policy is longer than 1024.");
        if (ask(own, policy, {store_action::read, own.bucket, "-"}) == policy_answer::unreadable)
            return refuse(400, "MalformedPolicyDocument", "The policy cannot be read.");
        return issued(json, own, keys.issue(ksyun::name, key_prefix, std::move(policy), now + *duration),
                      value("RoleSessionName"));
    }

private:
    static constexpr fault_row timeout_row{fault::callback_failed, 400, "CallbackTimeout",
                                           "The callback was not answered in time."};

    [[nodiscard]] static bool says_yes(std::string_view body) {
        boost::system::error_code error;
        auto const document = boost::json::parse(body, error);
        auto const* object = error ? nullptr : document.if_object();
        auto const* result = object ? object->if_contains("result") : nullptr;
        return result && result->is_bool() && result->get_bool();
    }
    /// `name=${variable}&name=constant` as a JSON object. None: a pair without `=`, or a `$` that begins no variable.
    [[nodiscard]] static std::optional<std::string> callback_body(arrival const& what) {
        boost::json::object made;
        std::string_view rest = what.said("x-kss-callbackbody").value_or("");
        while (!rest.empty()) {
            auto const pair = rest.substr(0, rest.find('&'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            auto const equals = pair.find('=');
            if (equals == std::string_view::npos) return std::nullopt;
            auto const value = fill_template(pair.substr(equals + 1), '{', '}',
                                             [&](std::string_view name, bool) { return variable(name, what); });
            if (!value) return std::nullopt;
            made[pair.substr(0, equals)] = *value;
        }
        return boost::json::serialize(made);
    }
    [[nodiscard]] static std::string variable(std::string_view name, arrival const& what) {
        if (name == "bucket") return what.bucket;
        if (name == "key") return what.key;
        if (name == "etag") return to_base64(digest<md5>({*what.object.bytes}));
        if (name == "objectSize") return std::to_string(what.object.bytes->size());
        if (name == "mimeType") return what.object.content_type;
        if (name == "createTime") return std::to_string(what.object.at.time_since_epoch().count());
        if (name.starts_with("kss-")) return std::string{what.said(valetkey::detail::lower_text(name)).value_or("")};
        return {};
    }

    /// XML to whoever does not ask for JSON.
    static store_answer issued(bool json, ksyun::settings const& own, temporary_key const& made,
                               std::string_view session) {
        auto const id = std::string{random_pool{}.uuid().view()};
        auto const end = std::string{timestamp{made.end}.iso().view()};
        auto const name = std::string_view{own.role}.substr(own.role.find(":role/") + 6);
        auto const account = std::string_view{own.role}.substr(13, own.role.find(":role/") - 13);
        auto const krn =
            "krn:ksc:sts::" + std::string{account} + ":assumed-role/" + std::string{name} + "/" + std::string{session};
        auto const user = std::string{name} + ":" + std::string{session};
        if (json)
            return answer(200, {{"AssumeRoleResult",
                                 {{"Credentials",
                                   {{"Expiration", end},
                                    {"SecretAccessKey", made.key.value.reveal()},
                                    {"AccessKeyId", made.key.id},
                                    {"SecurityToken", made.key.session_token}}},
                                  {"AssumedRoleUser", {{"Krn", krn}, {"AssumedRoleId", user}}}}},
                                {"RequestId", id}});
        return {200,
                "<AssumeRoleResponse><AssumeRoleResult><Credentials>" +
                    xml_element("SecretAccessKey", made.key.value.reveal()) + xml_element("Expiration", end) +
                    xml_element("AccessKeyId", made.key.id) + xml_element("SecurityToken", made.key.session_token) +
                    "</Credentials><AssumedRoleUser>" + xml_element("Krn", krn) + xml_element("AssumedRoleId", user) +
                    "</AssumedRoleUser></AssumeRoleResult>" + xml_element("RequestId", id) + "</AssumeRoleResponse>",
                "application/xml"};
    }
    static store_answer answer(int status, boost::json::object const& document) {
        return {status, boost::json::serialize(document), "application/json"};
    }
    static store_answer sts_refusal(bool json, int status, std::string_view code, std::string_view message) {
        auto const id = std::string{random_pool{}.uuid().view()};
        if (json) return answer(status, {{"RequestId", id}, {"Error", {{"Code", code}, {"Message", message}}}});
        return {status,
                "<ErrorResponse><Error>" + xml_element("Code", code) + xml_element("Message", message) + "</Error>" +
                    xml_element("RequestId", id) + "</ErrorResponse>",
                "application/xml"};
    }
    static store_answer sts_refusal(bool json, verdict said) {
        if (said == verdict::unknown_key)
            return sts_refusal(json, 403, "InvalidClientTokenId", "The access key does not exist.");
        if (said == verdict::malformed || said == verdict::not_signed)
            return sts_refusal(json, 400, "IncompleteSignature",
                               "The request is not signed as AWS4-HMAC-SHA256 has it.");
        if (said == verdict::skewed)
            return sts_refusal(json, 403, "RequestTimeTooSkewed", "X-Amz-Date is more than 15 minutes away.");
        return sts_refusal(json, 403, "SignatureDoesNotMatch", "The signature or its scope do not match.");
    }
};

}  // namespace valetkey::sandbox
