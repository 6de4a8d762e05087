#pragma once
/// @file
/// Aliyun OSS and STS, emulated. Facts and sources: providers/aliyun.hpp and the headers that it stands on.

#include <valetkey/crypto/openssl_ptr.hpp>
#include <valetkey/http_date.hpp>
#include <valetkey/policy/statements.hpp>
#include <valetkey/providers/aliyun.hpp>
#include <valetkey/sandbox/callback_message.hpp>
#include <valetkey/sandbox/s3_dialect.hpp>
#include <valetkey/sandbox/sts_desk.hpp>
#include <valetkey/signing/verify_oss.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::sandbox {

/// The key pair that signs OSS's callbacks, made when it is first needed. The real one is of 512 bits; this one is not.
/// @par Errors Throws crypto_error when OpenSSL fails.
class oss_callback_key {
public:
    /// Of this process.
    [[nodiscard]] static oss_callback_key const& own() {
        static oss_callback_key const made;
        return made;
    }
    oss_callback_key(oss_callback_key&&) = delete;

    [[nodiscard]] std::string pem() const {
        return valetkey::detail::pem_text([this](BIO* to) { return PEM_write_bio_PUBKEY(to, key_.get()); });
    }
    /// PKCS #1 v1.5 with MD5, in base64.
    /// @par Source Aliyun, "Callback": signature version 1.0.
    [[nodiscard]] std::string sign(std::string_view text) const {
        auto const context = valetkey::detail::new_digest_context();
        auto const* const bytes = reinterpret_cast<unsigned char const*>(text.data());
        std::size_t size = 0;
        valetkey::detail::require(
            EVP_DigestSignInit(context.get(), nullptr, valetkey::detail::fetched<md5>(), nullptr, key_.get()));
        valetkey::detail::require(EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()));
        std::string out(size, '\0');
        valetkey::detail::require(
            EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, text.size()));
        out.resize(size);
        return to_base64(std::string_view{out});
    }

private:
    oss_callback_key() : key_{EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048})} {
        valetkey::detail::require(key_ ? 1 : 0);
    }
    valetkey::detail::openssl_ptr<EVP_PKEY> key_;
};

/// What `x-oss-callback` or the field `callback` asks for.
struct oss_callback {
    callback_target to;
    std::string host;  ///< to be named instead of the target's
    std::string body;  ///< template
    std::string type;

    /// @param text Base64 of JSON. @return None: OSS refuses the upload, or the sandbox does not call there.
    [[nodiscard]] static std::optional<oss_callback> parse(std::string_view text) {
        auto const decoded = from_base64(text);
        if (!decoded) return std::nullopt;
        json_answer const json{*decoded};
        auto to = callback_target::parse(json.text("callbackUrl"));
        auto const body = json.text("callbackBody");
        std::string_view type = json.text("callbackBodyType");
        if (type.empty()) type = "application/x-www-form-urlencoded";
        // a `$` without `{` is an error of the whole upload (EC 0007-00000105)
        if (!to || body.empty() || !is_callback_type(type) ||
            !fill_template(body, '{', '}', [](std::string_view, bool) { return std::string{}; }))
            return std::nullopt;
        return oss_callback{std::move(*to), std::string{json.text("callbackHost")}, std::string{body},
                            std::string{type}};
    }
};

struct aliyun_dialect : s3_dialect {
    using cloud = aliyun;
    static constexpr std::string_view key_prefix = "STS.";
    static constexpr std::array<std::string_view, 2> header_prefixes{"x-oss-", "x-oss-object-"};
    static constexpr std::uint64_t least_part = std::uint64_t{100} << 10U;
    static constexpr std::string_view request_id_header = "x-oss-request-id";
    static constexpr std::string_view token_header = "x-oss-security-token";
    static constexpr bool headers_in_query = true;
    static constexpr std::string_view public_key_path = "/callback_pub_key_v1.pem";
    static constexpr std::string_view account = "123456789012";

    /// @par Source Aliyun, OSS "Error responses". A temporary key without its token, or with one that has ended, is
    ///   InvalidAccessKeyId; the code of a token that is none is unverified.
    static constexpr fault_row own_faults[] = {
        {fault::access_denied, 403, "AccessDenied", "You have no right to access this object."},
        {fault::malformed_signature, 400, "InvalidArgument", "Authorization header is invalid."},
        {fault::wrong_scope, 400, "InvalidArgument", "Invalid signing date or region in the credential."},
        {fault::unknown_key, 403, "InvalidAccessKeyId",
         "The OSS Access Key Id you provided does not exist in our records."},
        {fault::wrong_token, 403, "InvalidSecurityToken", "The security token you provided is invalid."},
        {fault::expired_token, 403, "InvalidAccessKeyId", "The security token you provided has expired."},
        {fault::wrong_signature, 403, "SignatureDoesNotMatch",
         "The request signature we calculated does not match the signature you provided. Check your key and signing "
         "method."},
        {fault::skewed, 403, "RequestTimeTooSkewed",
         "The difference between the request time and the current time is too large."},
        {fault::request_expired, 403, "AccessDenied", "Request has expired."},
        {fault::wrong_body, 400, "InvalidDigest", "The digest you specified did not match what was received."},
        {fault::bad_digest, 400, "InvalidDigest", "The Content-MD5 you specified did not match what was received."},
        {fault::invalid_uri, 400, "InvalidObjectName", "The specified object is not valid."},
        {fault::missing_field, 400, "InvalidArgument",
         "The bucket POST must contain the field 'key' and, as its last one, one field 'file'."},
        {fault::object_exists, 409, "FileAlreadyExists",
         "The object you specified already exists and can not be overwritten."},
        {fault::callback_failed, 400, "InvalidArgument",
         "The callback is not valid: base64 of JSON with callbackUrl and callbackBody is wanted, and the sandbox calls "
         "its own gateway alone."},
    };
    static constexpr std::span<fault_row const> faults{own_faults};

    static void configure(aliyun::settings& own) {
        own.region = "cn-hangzhou";
        own.bucket = "valetkey-sandbox";
        if (own.role.empty()) own.role = "acs:ram::" + std::string{account} + ":role/valetkey-upload";
        own.duration_seconds = 900;
    }

    static std::optional<store_answer> unsigned_answer(store_request const& request, store_address const& at) {
        if (request.method != "GET" || at.in_host || request.path != public_key_path) return std::nullopt;
        return store_answer{200, oss_callback_key::own().pem(), "application/x-pem-file"};
    }

    /// The parameter of a version 1 URL has another name.
    template <class D>
    static std::string token_of(store_request const& request, std::vector<query_pair> const& query) {
        if (auto const header = request.header(token_header)) return std::string{*header};
        for (auto const& pair : query)
            if (pair.name == token_header || pair.name == "security-token") return pair.value;
        return {};
    }
    template <class Find>
    static verdict verify(incoming_request const& request, store_address const& at, Find const& find,
                          aliyun::settings const& own, verifying_terms const& terms) {
        return verify_oss_request(request, find, {at.bucket, aliyun::bare_region(own.region), !at.in_host}, terms);
    }
    static policy_answer ask(aliyun::settings const&, std::string_view policy, policy_question const& q) {
        return statement_policy<aliyun_policy>{policy}.ask(q);
    }
    /// In a presigned URL the digest is not looked at before.
    static fault read_payload(store_request const& request, std::string& into) {
        if (check_content_md5(request.view(), {}) != verdict::accepted) return fault::bad_digest;
        into = request.body;
        return fault::none;
    }
    /// Upper-case digits.
    static std::string quoted(std::string_view etag) { return "\"" + upper(etag) + "\""; }

    /// @par Source Aliyun, "PostObject", its pages on V4 and V1 signatures.
    template <class Find>
    static form_check check_form(store_request const&, posted_data const& form, Find const& find,
                                 aliyun::settings const& own, std::string_view bucket, utc_seconds now) {
        auto const value = [&](std::string_view name) { return form.field(name).value_or(""); };
        bool const v4 = form.field("x-oss-signature-version").has_value();
        auto const policy = value("policy");
        auto const signature = value(v4 ? "x-oss-signature" : "signature");
        if (policy.empty() && signature.empty()) return {};
        auto const claim = v4_credential::parse(value("x-oss-credential"));
        auto const text = from_base64(policy);
        if (!text || policy.empty() || signature.empty() || (v4 && !claim)) return {verdict::malformed};
        known_key const* key = find(v4 ? claim->key_id : value("ossaccesskeyid"));
        if (!key) return {verdict::unknown_key};
        auto const token = check_token(*key, value(token_header));
        if (token != verdict::accepted) return {token};
        auto const said =
            v4 ? verify_form4(form, *key, own, now)
            : equal_in_constant_time(sign_oss1_policy(hmac_key<sha1>{key->value.reveal()}, policy), signature)
                ? verdict::accepted
                : verdict::wrong_signature;
        if (said != verdict::accepted) return {said};
        auto conditions = ask_form_policy(*text, {bucket, form.fields, form.file->size()}, {}, now);
        if (conditions == form_answer::allowed) conditions = judge_strictly(*text, form.fields, v4);
        return {said, conditions};
    }

    static fault objection(said_by_sender const& said, bool by_form, std::string_view key,
                           object_store const& objects) {
        auto const forbid = said("x-oss-forbid-overwrite").value_or("false");
        if (forbid != "true" && forbid != "false") return fault::invalid_argument;
        if (forbid == "true" && objects.find(key)) return fault::object_exists;
        auto const callback = said_callback(said, by_form, "callback");
        return callback && !oss_callback::parse(*callback) ? fault::callback_failed : fault::none;
    }

    /// @par Source Aliyun, "Callback".
    static std::optional<callback_call> callback(arrival& what, aliyun::settings const& own, object_store&) {
        auto const asked = said_callback(what.said, what.by_form, "callback");
        auto wanted = asked ? oss_callback::parse(*asked) : std::nullopt;
        if (!wanted) return std::nullopt;
        bool const json = is_json_type(wanted->type);
        auto const variables =
            from_base64(said_callback(what.said, what.by_form, "callback-var").value_or("")).value_or("");
        json_answer const given{variables};
        auto body = *fill_template(wanted->body, '{', '}', [&](std::string_view name, bool) {
            if (name == "size") return std::to_string(what.object.bytes->size());
            auto const own_value =
                what.by_form ? what.said(valetkey::detail::lower_text(name)).value_or("") : given.text(name);
            auto const value = name.starts_with("x:") ? std::string{own_value} : system_variable(name, what);
            return json ? json_value(value, false) : percent_encoded(value);
        });
        http_request call{"POST", wanted->to.url, {}, std::move(body)};
        auto const add = [&call](std::string name, std::string value) {
            call.headers.push_back({std::move(name), std::move(value)});
        };
        auto const path = percent_decoded(wanted->to.path, false).value_or("");
        auto const query = wanted->to.query.empty() ? std::string{} : "?" + wanted->to.query;
        add("host", wanted->host.empty() ? wanted->to.host : wanted->host);
        add("connection", "close");
        add("authorization", oss_callback_key::own().sign(path + query + "\n" + call.body));
        add("x-oss-pub-key-url", to_base64(std::string_view{own.endpoint + std::string{public_key_path}}));
        add("content-type", wanted->type);
        add("content-md5", to_base64(digest<md5>({call.body})));
        add("date", http_date(what.object.at));
        add("x-oss-bucket", what.bucket);
        add("x-oss-requester", std::string{account});
        add("x-oss-request-id", what.request_id);
        add("x-oss-signature-version", "1.0");
        add("x-oss-tag", "CALLBACK");
        add("user-agent", "aliyun-oss-callback");
        auto const host = own.endpoint.substr(own.endpoint.find("//") + 2);
        what.said = nullptr;  // the request goes before the gateway answers
        return callback_call{std::move(call), [what = std::move(what), host](std::optional<http_response> got) {
                                 return told(what, host, got);
                             }};
    }

    static store_answer sts(store_request const& request, aliyun::settings const& own, sealed_keys& keys,
                            utc_seconds now) {
        verifying_terms terms;
        terms.now = now;
        auto const said = verify_aliyun_sts(request.view(), root_key_of(own.root), terms);
        if (said != verdict::accepted) return sts_refusal(said);
        // in the query, in a form, or (ACS3) action and version in headers
        auto asked = split_query(request.query);
        auto const form = request.header_or_empty("content-type").starts_with("application/x-www-form-urlencoded")
                              ? read_parameters(request.body)
                              : std::vector<query_pair>{};
        if (!asked || !form) return sts_refusal(400, "InvalidParameter", "The parameters cannot be read.");
        asked->insert(asked->end(), form->begin(), form->end());
        auto const value = [&](std::string_view name) { return only_value(*asked, name).value_or(std::string_view{}); };
        auto const either = [&](std::string_view name, std::string_view header) {
            return value(name).empty() ? request.header_or_empty(header) : value(name);
        };
        if (either("Version", "x-acs-version") != "2015-04-01" || either("Action", "x-acs-action") != "AssumeRole")
            return sts_refusal(404, "InvalidAction.NotFound", "The sandbox's STS offers AssumeRole of 2015-04-01.");
        if (value("RoleArn") != own.role)
            return sts_refusal(404, "EntityNotExist.Role", "The role does not exist: " + std::string{value("RoleArn")});
        if (value("ExternalId") != own.external_id)
            return sts_refusal(403, "NoPermission",
                               "You are not authorized to do this action. You should be authorized by RAM.");
        if (!valetkey::detail::is_made_of(value("RoleSessionName"), ".@-_", 2, 64))
            return sts_refusal(400, "InvalidParameter.RoleSessionName", "The parameter RoleSessionName is not valid.");
        auto const lasts = value("DurationSeconds");
        auto const duration = read_duration(lasts.empty() ? "3600" : lasts, 900, 43200);
        if (!duration)
            return sts_refusal(400, "InvalidParameter.DurationSeconds",
                               "The parameter DurationSeconds must be 900 to 43200.");
        std::string policy{value("Policy")};
        auto const characters = std::count_if(policy.begin(), policy.end(), [](char c) { return (c & 0xc0) != 0x80; });
        if (static_cast<std::size_t>(characters) > aliyun_policy::max_size)  // the code is unverified
            return sts_refusal(400, "InvalidParameter.PolicySize", "The parameter Policy is longer than 2048.");
        if (ask(own, policy, {store_action::read, own.bucket, "-"}) == policy_answer::unreadable)
            return sts_refusal(400, "InvalidParameter.PolicyGrammar",
                               "The parameter Policy has not passed grammar check.");
        auto const issued = keys.issue(aliyun::name, key_prefix, std::move(policy), now + *duration);
        auto const session = "/" + std::string{value("RoleSessionName")};
        std::string body{"{"};
        auto const member = [&body](std::string_view name, std::string_view text, std::string_view end) {
            append_json_string(body, name);
            body += ':';
            append_json_string(body, text);
            body.append(end);
        };
        member("RequestId", issued.key.id.substr(key_prefix.size()), R"(,"AssumedRoleUser":{)");
        member("Arn", own.role + session, ",");
        member("AssumedRoleId", std::string{account} + ":" + session.substr(1), R"(},"Credentials":{)");
        member("AccessKeyId", issued.key.id, ",");
        member("AccessKeySecret", issued.key.value.reveal(), ",");
        member("SecurityToken", issued.key.session_token, ",");
        member("Expiration", timestamp{issued.end}.iso(), "}}");
        return {200, std::move(body), "application/json"};
    }

private:
    static std::string upper(std::string_view hex) {
        std::string out{hex};
        for (char& c : out)
            if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
        return out;
    }

    static verdict verify_form4(posted_data const& form, known_key const& key, aliyun::settings const& own,
                                utc_seconds now) {
        auto const value = [&](std::string_view name) { return form.field(name).value_or(""); };
        auto const date = value("x-oss-date");
        auto const at = parse_basic_time(date);
        if (value("x-oss-signature-version") != oss4::algorithm || !at) return verdict::malformed;
        if (*at > now + std::chrono::minutes{15}) return verdict::skewed;
        if (now > *at + std::chrono::days{7}) return verdict::expired;
        return verify_v4_policy<oss4>(value("policy"), value("x-oss-credential"), date, value("x-oss-signature"), key,
                                      {{}, aliyun::bare_region(own.region), "oss"});
    }
    /// What OSS wants of a policy beside its conditions: no other member (EC 0006-00000206), and in a V4 form every
    /// `x-oss-…` field among the conditions. That is known of version, credential and date (EC 0006-00000228); of the
    /// others it is taken so to be safe (unverified). Other fields need no condition.
    /// @param policy Satisfied.
    static form_answer judge_strictly(std::string_view policy, parameters const& fields, bool v4) {
        auto const document = boost::json::parse(policy);
        if (document.get_object().size() != 2) return form_answer::unreadable;
        auto const& conditions = document.at("conditions").get_array();
        auto const is_named = [&](auto const& field) {
            auto const name = valetkey::detail::lower_text(field.first);
            if (!name.starts_with("x-oss-") || name == "x-oss-signature") return true;
            return std::any_of(conditions.begin(), conditions.end(), [&](boost::json::value const& each) {
                if (auto const* exact = each.if_object()) return exact->contains(name);
                return valetkey::detail::text_of(each.get_array()[1]) == "$" + name;
            });
        };
        return !v4 || std::all_of(fields.begin(), fields.end(), is_named) ? form_answer::allowed
                                                                          : form_answer::extra_field;
    }

    /// `x-oss-callback` in a header, `callback` in a URL's parameters or a form.
    static std::optional<std::string_view> said_callback(said_by_sender const& said, bool by_form,
                                                         std::string_view name) {
        auto const header = by_form ? std::nullopt : said("x-oss-" + std::string{name});
        return header ? header : said(name);
    }
    /// Empty: not known, or none of this object's. What the real one puts there for a name that it does not know is
    /// unverified.
    static std::string system_variable(std::string_view name, arrival const& what) {
        bool const in_parts = what.object.etag.find('-') != std::string::npos;
        if (name == "bucket") return what.bucket;
        if (name == "object") return what.key;
        if (name == "etag") return upper(what.object.etag);
        if (name == "mimeType")
            return what.object.content_type.empty() ? "application/octet-stream" : what.object.content_type;
        if (name == "contentMd5" && !in_parts) return to_base64(digest<md5>({*what.object.bytes}));
        if (name == "clientIp") return "127.0.0.1";
        if (name == "reqId") return what.request_id;
        if (name == "operation")
            return what.by_form ? "PostObject" : in_parts ? "CompleteMultipartUpload" : "PutObject";
        return {};
    }
    /// The gateway's JSON is the upload's answer; with anything else it is 203, and the object stays.
    /// @par Source Aliyun, "Callback", "HTTP status code 203".
    static store_answer told(arrival const& what, std::string_view host, std::optional<http_response> got) {
        store_answer answer{200, {}, "application/json"};
        if (got && got->status == 200 && is_json(got->body)) {
            answer.body = got->body;
        } else {
            auto const why =
                !got ? std::string{"Error status : -1.OSS can not connect to your callbackUrl, please check it."}
                : got->status == 200 ? std::string{"Response body is not valid json format."}
                                     : "Error status : " + std::to_string(got->status) + ".";
            answer = refusal({fault::callback_failed, 203, "CallbackFailed", why},
                             {what.bucket, what.key, what.request_id, host});
        }
        for (auto const& header : what.usual.headers)
            if (header.name == "ETag") answer.headers.push_back(header);
        return answer;
    }

    static store_answer sts_refusal(int status, std::string_view code, std::string_view message) {
        std::string body{R"({"RequestId":")"};
        body.append(random_pool{}.uuid().view()).append(R"(","HostId":"sts.aliyuncs.com","Code":)");
        append_json_string(body, code);
        body.append(R"(,"Message":)");
        append_json_string(body, message);
        return {status, body + "}", "application/json"};
    }
    static store_answer sts_refusal(verdict said) {
        switch (said) {
            case verdict::unknown_key:
                return sts_refusal(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.");
            case verdict::not_signed:
            case verdict::malformed:
                return sts_refusal(400, "IncompleteSignature",
                                   "The request signature does not conform to Aliyun standards.");
            case verdict::skewed:
                return sts_refusal(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.");
            case verdict::wrong_token:
                return sts_refusal(400, "MissingSecurityToken", "SecurityToken does not belong to the access key.");
            default:
                return sts_refusal(400, "SignatureDoesNotMatch", "Specified signature does not match our calculation.");
        }
    }
};

}  // namespace valetkey::sandbox
