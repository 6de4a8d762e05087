#pragma once
/// @file
/// Huawei Cloud OBS, emulated. Facts and sources: providers/huawei.hpp and the headers that it stands on.

#include <valetkey/policy/obs_form_conditions.hpp>
#include <valetkey/providers/huawei.hpp>
#include <valetkey/sandbox/callback_message.hpp>
#include <valetkey/sandbox/huawei_desk.hpp>
#include <valetkey/sandbox/obs_callback.hpp>
#include <valetkey/sandbox/s3_dialect.hpp>
#include <valetkey/signing/verify_obs.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::sandbox {

struct huawei_dialect : s3_dialect {
    using cloud = huawei;
    static constexpr std::array<std::string_view, 2> header_prefixes{"x-obs-", "x-amz-"};
    static constexpr std::uint64_t least_part = std::uint64_t{100} << 10U;
    static constexpr std::string_view xml_namespace = "http://obs.cn-north-4.myhuaweicloud.com/doc/2015-06-30/";
    static constexpr std::string_view request_id_header = "x-obs-request-id";
    static constexpr std::string_view token_header = "x-obs-security-token";
    static constexpr std::array<std::string_view, 2> token_names{token_header, s3_dialect::token_header};
    static constexpr bool headers_in_query = true;  // x-obs-callback

    /// @par Source Huawei Cloud, OBS API reference, error codes (obs_04_0115), signature in a form (obs_04_0012). The
    ///   codes of a token that is none, or that has ended, are unverified.
    static constexpr fault_row own_faults[] = {
        {fault::malformed_signature, 400, "InvalidArgument", "The authorization that you provided is not valid."},
        {fault::wrong_scope, 403, "SignatureDoesNotMatch",
         "The request signature that we calculated does not match the signature that you provided: date, region or "
         "service of it are others."},
        {fault::wrong_token, 403, "InvalidSecurity", "The security token that you provided is not valid."},
        {fault::expired_token, 403, "InvalidSecurity", "The security token that you provided has expired."},
        {fault::memory_full, 403, "InsufficientStorageSpace",
         "The sandbox keeps objects in memory, 1 GiB at most, and that is used up. Start it again to empty it."},
        {fault::policy_condition, 400, "InvalidPolicyDocument",
         "The form does not meet the requirements of its policy document: a condition failed."},
        {fault::policy_extra_field, 400, "InvalidPolicyDocument",
         "The form does not meet the requirements of its policy document: extra input fields."},
        {fault::callback_failed, 400, "InvalidArgument",
         "The callback is not valid: base64 of JSON with callbackUrl and callbackBody is wanted."},
    };
    static constexpr std::span<fault_row const> faults{own_faults};

    static void configure(huawei::settings& own) {
        own.region = "cn-north-4";
        own.bucket = "valetkey-sandbox";
        if (own.agency_name.empty()) own.agency_name = "valetkey-upload";
        if (own.domain_id.empty()) own.domain_id = "d0123456789abcdef0123456789abcde";
        own.api = "sts5";  // IAM v3's 128 characters of a resource have no room for every module
        own.duration_seconds = 900;
    }

    /// By this the vendor's clients learn that the native signature is known.
    static std::optional<store_answer> unsigned_answer(store_request const& request, store_address const& at) {
        bool const asks = request.query == "apiversion" || request.query == "apiversion=";
        if (request.method != "HEAD" || !asks || !at.key.empty()) return std::nullopt;
        return store_answer{200}.with("x-obs-api", "3.0");
    }
    /// In the words in which the request was signed. The bucket's CORS rule exposes what the vendor's page client wants
    /// to see, whether it is there or not.
    template <class D>
    static void finish(store_answer& answer, store_request const& request, std::string_view request_id) {
        bool const twin = request.header_or_empty("authorization").starts_with("AWS") ||
                          request.query.find("AWSAccessKeyId=") != std::string::npos ||
                          request.query.find("X-Amz-Signature=") != std::string::npos;
        answer.with(std::string{twin ? s3_dialect::request_id_header : request_id_header}, std::string{request_id});
        if (request.header("origin")) answer.with("Access-Control-Expose-Headers", "x-obs-api");
    }

    template <class D>
    static std::string token_of(store_request const& request, std::vector<query_pair> const& query) {
        for (auto const name : token_names)
            if (auto const header = request.header(name)) return std::string{*header};
        for (auto const name : token_names)
            for (auto const& pair : query)
                if (valetkey::detail::lower_text(pair.name) == name) return pair.value;
        return {};
    }
    template <class D>
    static std::string form_token(store_request const&, posted_data const& form) {
        for (auto const name : token_names)
            if (auto const field = form.field(name)) return std::string{*field};
        return {};
    }

    /// `BUCKET.localhost` is also taken for a domain of the bucket's own: a client that is told so signs that.
    template <class Find>
    static verdict verify(incoming_request const& request, store_address const& at, Find const& find,
                          huawei::settings const& own, verifying_terms const& terms) {
        obs_server server{at.bucket, own.region, at.in_host ? obs_place::in_host : obs_place::in_path};
        auto const said = verify_obs_request(request, find, server, terms);
        if (said != verdict::wrong_signature || !at.in_host) return said;
        server.place = obs_place::own_domain;
        return verify_obs_request(request, find, server, terms);
    }
    static policy_answer ask(huawei::settings const&, std::string_view policy, policy_question const& q) {
        return obs_policy{policy}.ask(q);
    }

    template <class Find>
    static form_check check_form(store_request const&, posted_data const& form, Find const& find,
                                 huawei::settings const& own, std::string_view bucket, utc_seconds now) {
        if (!form.field("policy") && !form.field("token")) return {};
        auto const signed_by = verify_obs_form(form.fields, find, own.region);
        if (signed_by.what != verdict::accepted) return {signed_by.what};
        return {signed_by.what, ask_obs_form_policy(signed_by.policy, {bucket, form.fields, form.file->size()}, now)};
    }

    static fault objection(said_by_sender const& said, bool by_form, std::string_view, object_store const&) {
        return obs_callback::asked(said, by_form) ? fault::none : fault::callback_failed;
    }
    /// It is sent without the headers `Authorization` and `x-signature-time`: how the vendor makes them is unverified.
    static std::optional<callback_call> callback(arrival& what, huawei::settings const&, object_store&) {
        auto const wanted = obs_callback::asked(what.said, what.by_form);
        if (!wanted || wanted->url.empty()) return std::nullopt;
        auto const to = callback_target::parse(wanted->url);
        bool const json = is_json_type(wanted->type);
        auto body = fill_template(wanted->body, '(', ')', [&](std::string_view name, bool in_string) {
            auto const value = variable(name, what);
            if (!json) return percent_encoded(value);
            bool const number = name == "fsize" || name == "size" || name == "override";
            return number ? value : json_value(value, in_string);
        });
        auto told = [bucket = what.bucket, key = what.key, id = what.request_id,
                     etag = quoted(what.object.etag)](std::optional<http_response> got) {
            auto answer = got && got->status == 200 ? store_answer{200, std::string{got->body}, "application/json"}
                                                    : refusal(kept_row, {bucket, key, id, {}});
            return std::move(answer.with("ETag", etag));
        };
        if (!to || !body) {
            what.usual = told(std::nullopt);
            return std::nullopt;
        }
        auto const& host = wanted->host.empty() ? to->host : wanted->host;
        return callback_call{{"POST", to->url, {{"host", host}, {"content-type", wanted->type}}, std::move(*body)},
                             std::move(told)};
    }

    static store_answer sts(store_request const& request, huawei::settings const& own, sealed_keys& keys,
                            utc_seconds now) {
        return huawei_desk{own, keys, now}.serve(request);
    }

private:
    /// What stands in the body of a 203 is unverified.
    static constexpr fault_row kept_row{fault::callback_failed, 203, "CallbackFailed",
                                        "The object is stored. Its callback was not answered with 200."};

    /// Of images nothing is known here.
    static std::string variable(std::string_view name, arrival const& what) {
        auto const file = std::string_view{what.key}.substr(what.key.rfind('/') + 1);
        if (name == "bucket") return what.bucket;
        if (name == "key") return what.key;
        if (name == "etag") return what.object.etag;
        if (name == "fsize" || name == "size") return std::to_string(what.object.bytes->size());
        if (name == "fname") return std::string{file};
        if (name == "ext") return std::string{file.substr(std::min(file.rfind('.'), file.size() - 1) + 1)};
        if (name == "mimeType") return what.object.content_type;
        if (name == "override") return what.before ? "true" : "false";
        if (what.by_form && name.starts_with("x:"))
            return std::string{what.said(valetkey::detail::lower_text(name)).value_or("")};
        return {};
    }
};

}  // namespace valetkey::sandbox
