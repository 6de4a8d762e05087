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

namespace detail {

/// How many members stand in a JSON text, repeated ones too: the colons outside of its strings.
[[nodiscard]] constexpr std::size_t written_members(std::string_view json) noexcept {
    std::size_t count = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (quoted && json[i] == '\\')
            ++i;
        else if (json[i] == '"')
            quoted = !quoted;
        else if (!quoted && json[i] == ':')
            ++count;
    }
    return count;
}
/// How many members a parsed document kept: of those with one name, the last.
[[nodiscard]] inline std::size_t kept_members(boost::json::value const& value) noexcept {
    std::size_t count = 0;
    if (auto const* object = value.if_object())
        for (auto const& member : *object) count += 1 + kept_members(member.value());
    if (auto const* list = value.if_array())
        for (auto const& each : *list) count += kept_members(each);
    return count;
}

}  // namespace detail

/// A session policy of KSyun as it was sent, read once and asked often.
///
/// `*` and `?` are wildcards in resources and actions, the case of an action does not count (the vendor does not say),
/// a Deny goes before every Allow. A policy in which a member comes twice is unreadable: which of the two the vendor
/// takes is its secret.
class ksyun_session_policy {
public:
    explicit ksyun_session_policy(std::string_view text) : ksyun_session_policy{text, read(text)} {}

    [[nodiscard]] policy_answer ask(policy_question const& q) const { return statements_.ask(q); }

    /// How many wildcards stand in the resource of the upload, its constant head included: a `*` there matches colons,
    /// too. `npos` when another action or a second resource is allowed: a few questions would not find it.
    [[nodiscard]] std::size_t wildcards() const noexcept { return wildcards_; }
    static constexpr std::size_t npos = std::string_view::npos;

private:
    ksyun_session_policy(std::string_view text, boost::json::value const& document)
        : statements_{document.is_null() ? std::string_view{} : text}, wildcards_{count(document)} {}

    /// Null: no JSON, or a member comes twice.
    [[nodiscard]] static boost::json::value read(std::string_view text) {
        boost::system::error_code error;
        auto document = boost::json::parse(text, error);
        if (error || detail::written_members(text) != detail::kept_members(document)) return {};
        return document;
    }
    [[nodiscard]] static std::size_t count(boost::json::value const& document) {
        auto const* root = document.if_object();
        auto const* list = root ? root->if_contains(ksyun_policy::statement_member) : nullptr;
        if (!list) return npos;
        std::string resource;
        bool narrow = true;
        auto const look = [&](boost::json::value const& each) {
            narrow = narrow && each.is_object() && is_upload(each.get_object(), resource);
        };
        if (auto const* many = list->if_array())
            for (auto const& each : *many) look(each);
        else
            look(*list);
        auto const is_wild = [](char c) { return c == '*' || c == '?'; };
        return narrow ? static_cast<std::size_t>(std::count_if(resource.begin(), resource.end(), is_wild)) : npos;
    }
    /// Whether a statement denies, or allows no more than the upload, at the one resource of the policy.
    [[nodiscard]] static bool is_upload(boost::json::object const& statement, std::string& resource) {
        auto const* effect = statement.if_contains(ksyun_policy::effect_member);
        auto const* actions = statement.if_contains(ksyun_policy::action_member);
        auto const* resources = statement.if_contains(ksyun_policy::resource_member);
        if (!effect || !actions || !resources) return false;
        if (detail::text_of(*effect) == ksyun_policy::deny) return true;
        bool narrow = true;
        return detail::for_each_text(*actions, [&](std::string_view each) { narrow = narrow && is_upload(each); }) &&
               detail::for_each_text(*resources,
                                     [&](std::string_view each) {
                                         narrow = narrow && (resource.empty() || resource == each);
                                         resource = each;
                                     }) &&
               narrow;
    }
    [[nodiscard]] static bool is_upload(std::string_view action) {
        auto const name = detail::in_lower_case(action);
        for (auto const own : {store_action::put, store_action::abort_upload, store_action::list_parts})
            if (name == detail::in_lower_case(ksyun_policy::action_name(own))) return true;
        return false;
    }

    statement_policy<ksyun_policy> statements_;
    std::size_t wildcards_;
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
    std::erase_if(judged, [](auto const& field) { return detail::lower_text(field.first) == "kssaccesskeyid"; });
    return ask_form_policy(policy, {form.bucket, judged, form.file_size, form.judge_absent}, rules, now);
}

}  // namespace valetkey
