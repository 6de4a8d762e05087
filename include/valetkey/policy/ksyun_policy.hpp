#pragma once
/// @file
/// KSyun: what narrows a role to one upload, and what narrows a form. Both are built from an `upload_scope`, a bucket
/// that the settings' check let through, and constant text; and both are read again, as they were sent.

#include <valetkey/encoding/json_text.hpp>
#include <valetkey/policy/form_conditions.hpp>
#include <valetkey/policy/question.hpp>
#include <valetkey/policy/statements.hpp>
#include <valetkey/secret.hpp>
#include <valetkey/time.hpp>
#include <valetkey/upload_scope.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

/// KSyun's policy grammar, as KS3's session policies use it. A KRN has no escape for `*` and `?`: an `upload_scope`
/// cannot hold them.
/// @par Source KSyun, "User policy" (5178); STS: 1024 characters (vendor's Python SDK, model of AssumeRole). The
///   names of the multipart actions: vendor's Java SDK; that of tagging is unverified and only asked for.
struct ksyun_policy {
    // writing: upload (simple, form and multipart), abort and list-parts, and no more
    static constexpr std::string_view head =
        R"({"Version":"2015-11-01","Statement":[{"Effect":"Allow","Action":["ks3:PutObject",)"
        R"("ks3:AbortMultipartUpload","ks3:ListMultipartUploadParts"],"Resource":["krn:ksc:ks3:::)";
    static constexpr std::string_view before_bucket = "";
    static constexpr std::string_view tail = R"("]}]})";
    static constexpr std::size_t max_size = 1024;
    static constexpr std::size_t max_bucket = 63;

    // reading
    static constexpr std::string_view statement_member = "Statement", effect_member = "Effect",
                                      action_member = "Action", resource_member = "Resource";
    static constexpr std::string_view allow = "Allow", deny = "Deny";
    static constexpr bool question_mark = true;
    static constexpr std::size_t own_wildcards = 0;
    [[nodiscard]] static constexpr bool may_have(std::string_view member) noexcept {
        return member == "Version" || member == "Sid";
    }
    [[nodiscard]] static constexpr std::string_view action_name(store_action action) noexcept {
        switch (action) {
            case store_action::put: return "ks3:PutObject";
            case store_action::abort_upload: return "ks3:AbortMultipartUpload";
            case store_action::list_parts: return "ks3:ListMultipartUploadParts";
            case store_action::list_uploads: return "ks3:ListBucketMultipartUploads";
            case store_action::read: return "ks3:GetObject";
            case store_action::remove: return "ks3:DeleteObject";
            case store_action::list_objects: return "ks3:ListBucket";
            case store_action::read_acl: return "ks3:GetObjectAcl";
            case store_action::write_acl: return "ks3:PutObjectAcl";
            case store_action::write_tags: return "ks3:PutObjectTagging";
            case store_action::bucket_settings: return "ks3:PutBucketPolicy";
        }
        return "ks3:?";
    }
    [[nodiscard]] static std::string resource(policy_question const& q) {
        std::string out{"krn:ksc:ks3:::"};
        out.append(q.bucket);
        if (!is_of_bucket(q.action)) out.append("/").append(q.key);
        return out;
    }
};

/// What a form may be besides its key. An empty text: the form has no such field.
struct kss_form {
    std::string_view bucket;
    std::uint64_t most;  ///< bytes; at least 1 is demanded. The store counts the other fields of the form, too
    utc_seconds until;
    std::string_view security_token;
    std::string_view callback_url;
    std::string_view callback_body;
};

/// Every field of the form but key id, policy, signature and file must be in its policy. Constant parts come first, the
/// key last.
/// @param into Its memory is used again.
/// @par Source KSyun, "POST Policy" (42321). The bounds of the size are text, as the vendor's Java SDK writes them;
///   numbers are unverified. So is the field of the token (see `ksyun`), and that the callback's body is compared
///   before the store fills in its variables.
inline std::string_view write_kss_policy(wiped_text& into, kss_form const& form, upload_scope const& scope) {
    auto const pin = [&](std::string_view open, std::string_view value) {
        if (value.empty()) return;
        into.append(open);
        append_json_escaped(into, value);
        into.append(R"("],)");
    };
    into.wipe();
    into.append(R"({"expiration":")").append(timestamp{form.until}.iso_milliseconds());
    into.append(R"(","conditions":[["content-length-range","1",")").append(decimal{form.most}).append(R"("],)");
    pin(R"(["eq","$bucket",")", form.bucket);
    pin(R"(["eq","$x-kss-security-token",")", form.security_token);
    // pinned: a form that drops or edits its callback is refused
    pin(R"(["eq","$x-kss-callbackurl",")", form.callback_url);
    pin(R"(["eq","$x-kss-callbackbody",")", form.callback_body);
    into.append(scope.is_prefix() ? R"(["starts-with","$key",")" : R"(["eq","$key",")");
    into.append(scope.text()).append(R"("]]})");
    return into.view();
}

/// Whether a form's policy allows what was posted. Every field needs a condition but policy, signature, file, bucket
/// and the key's id.
/// @param policy The JSON text, decoded from base64.
/// @par Source KSyun, "POST Policy" (42321).
[[nodiscard]] inline form_answer ask_kss_policy(std::string_view policy, posted_form const& form, utc_seconds now) {
    static constexpr form_rules rules{true, false, "signature"};
    auto judged = form.fields;
    std::erase_if(judged, [](auto const& field) {
        auto const name = detail::lower_text(field.first);
        return name == "kssaccesskeyid" || name == "bucket";
    });
    return ask_form_policy(policy, {form.bucket, judged, form.file_size, form.judge_absent}, rules, now);
}

}  // namespace valetkey
