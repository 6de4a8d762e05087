#pragma once
/// @file
/// Huawei OBS: what narrows an agency or a user to one upload, and what narrows a form. Both are built from an
/// `upload_scope`, a bucket that the settings' check let through, and constant text.

#include <valetkey/encoding/json_text.hpp>
#include <valetkey/policy/question.hpp>
#include <valetkey/policy/session_policy.hpp>
#include <valetkey/secret.hpp>
#include <valetkey/time.hpp>
#include <valetkey/upload_scope.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace valetkey {

/// How both versions of OBS's grammar are read. There is no escape for `*`: an `upload_scope` cannot hold one.
/// @par Source Huawei Cloud, OBS API reference, actions of objects and buckets (obs_04_0112). In version 5.0 the names
///   begin with a small letter behind the last colon; case counts in neither (documented for 1.1).
struct obs_policy {
    static constexpr std::string_view object_resource = "obs:*:*:object:";

    static constexpr std::string_view statement_member = "Statement", effect_member = "Effect",
                                      action_member = "Action", resource_member = "Resource";
    static constexpr std::string_view allow = "Allow", deny = "Deny";
    static constexpr bool question_mark = true;  // not documented; taken as a wildcard to be safe (unverified)
    [[nodiscard]] static constexpr bool may_have(std::string_view member) noexcept { return member == "Version"; }
    [[nodiscard]] static constexpr std::string_view action_name(store_action action) noexcept {
        switch (action) {
            // append, modify, truncate, rename, and being a copy's target are in it, too
            case store_action::put: return "obs:object:PutObject";
            case store_action::abort_upload: return "obs:object:AbortMultipartUpload";
            case store_action::list_parts: return "obs:object:ListMultipartUploadParts";
            case store_action::list_uploads: return "obs:bucket:ListBucketMultipartUploads";
            case store_action::read: return "obs:object:GetObject";
            case store_action::remove: return "obs:object:DeleteObject";
            case store_action::list_objects: return "obs:bucket:ListBucket";
            case store_action::read_acl: return "obs:object:GetObjectAcl";
            case store_action::write_acl: return "obs:object:PutObjectAcl";
            case store_action::write_tags: return "obs:object:PutObjectTagging";
            case store_action::bucket_settings: return "obs:bucket:PutBucketPolicy";
        }
        return "obs:?";
    }
    /// Region and owner are somebody's: a policy that names them as `*` fits whoever it is.
    [[nodiscard]] static std::string resource(policy_question const& q) {
        bool const of_bucket = is_of_bucket(q.action);
        std::string out{of_bucket ? "obs:region:owner:bucket:" : "obs:region:owner:object:"};
        out.append(q.bucket);
        if (!of_bucket) out.append("/").append(q.key);
        return out;
    }
};

/// What IAM v3 takes: upload, abort and list-parts, and no more.
/// @par Source Huawei Cloud, IAM API reference (iam_04_0101, iam_04_0002): 2048 characters, 128 of them for a resource.
struct obs_policy_1_1 : obs_policy {
    static constexpr std::string_view head =
        R"({"Version":"1.1","Statement":[{"Effect":"Allow","Action":["obs:object:PutObject",)"
        R"("obs:object:AbortMultipartUpload","obs:object:ListMultipartUploadParts"],"Resource":["obs:*:*:object:)";
    static constexpr std::string_view before_bucket = "";
    static constexpr std::string_view tail = R"("]}]})";
    static constexpr std::size_t max_size = 2048;
    static constexpr std::size_t max_bucket = 63;
    static constexpr std::size_t max_resource = 128;
};

/// What STS 5 takes. The name of list-parts is made by analogy (unverified).
/// @par Source Huawei Cloud, AssumeAgency (api-iam5): 2048 characters; "Session policies" (iam_01_1241).
struct obs_policy_5_0 : obs_policy {
    static constexpr std::string_view head =
        R"({"Version":"5.0","Statement":[{"Effect":"Allow","Action":["obs:object:putObject",)"
        R"("obs:object:abortMultipartUpload","obs:object:listMultipartUploadParts"],"Resource":["obs:*:*:object:)";
    static constexpr std::string_view before_bucket = "";
    static constexpr std::string_view tail = R"("]}]})";
    static constexpr std::size_t max_size = 2048;
    static constexpr std::size_t max_bucket = 63;
    static constexpr std::size_t max_resource = max_size;  // no limit of its own is documented
};

/// @par Errors scope_too_long: a limit of the vendor.
template <session_policy_grammar G>
[[nodiscard]] result<std::string> obs_session_policy(std::string_view bucket, upload_scope const& scope) {
    static_assert(G::head.ends_with(G::object_resource), "valetkey: a resource is measured from its own beginning");
    std::size_t const star = scope.is_prefix() ? 1 : 0;
    if (G::object_resource.size() + bucket.size() + 1 + scope.text().size() + star > G::max_resource)
        return failure{errc::scope_too_long};
    return session_policy<G>({}, bucket, scope);
}

/// What a form may be besides its key. An empty text: the form has no such field.
struct obs_form {
    std::string_view bucket;
    std::uint64_t most;  ///< bytes; at least 1 is demanded
    utc_seconds until;
    std::string_view security_token;
    std::string_view callback_url;
    std::string_view callback_body;
};

/// Every field of the form but key id, policy, signature, file and the callback's must be in its policy; the callback's
/// may be. Constant parts come first, the key last.
///
/// A form that drops its callback, or edits it, is refused. Of the callback's body what stands before its first
/// variable is pinned, our ids: a literal `$` is written `\$`, which is no JSON.
/// @param into Its memory is used again.
/// @par Source Huawei Cloud, OBS API reference, signature in a form (obs_04_0012), callback (obs_04_0095).
inline std::string_view write_obs_policy(wiped_text& into, obs_form const& form, upload_scope const& scope) {
    auto const pin = [&](std::string_view open, std::string_view value, std::string_view close) {
        if (value.empty()) return;
        into.append(open);
        append_json_escaped(into, value);
        into.append(close);
    };
    into.wipe();
    into.append(R"({"expiration":")").append(timestamp{form.until}.iso());
    into.append(R"(","conditions":[["content-length-range",1,)").append(decimal{form.most}).append("],");
    pin(R"({"bucket":")", form.bucket, R"("},)");
    pin(R"({"x-obs-security-token":")", form.security_token, R"("},)");
    pin(R"({"callbackUrl":")", form.callback_url, R"("},)");
    auto const constant = form.callback_body.substr(0, form.callback_body.find('$'));
    pin(R"(["starts-with","$callbackBody",")", constant, R"("],)");
    into.append(scope.is_prefix() ? R"(["starts-with","$key",")" : R"({"key":")");
    into.append(scope.text()).append(scope.is_prefix() ? R"("]]})" : R"("}]})");
    return into.view();
}

}  // namespace valetkey
