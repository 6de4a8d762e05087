#pragma once
/// @file
/// Huawei OBS: what narrows an agency or a user to one upload, and what narrows a form. Both are built from an
/// `upload_scope`, a bucket that the settings' check let through, and constant text.

#include <valetkey/encoding/json_text.hpp>
#include <valetkey/policy/question.hpp>
#include <valetkey/policy/session_policy.hpp>
#include <valetkey/policy/statements.hpp>
#include <valetkey/policy/twin_members.hpp>
#include <valetkey/secret.hpp>
#include <valetkey/time.hpp>
#include <valetkey/upload_scope.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

/// What both versions of OBS's grammar share. There is no escape for `*`: an `upload_scope` cannot hold one.
struct obs_policy_text {
    static constexpr std::string_view object_resource = "obs:*:*:object:";
};

/// What IAM v3 takes: upload, abort and list-parts, and no more.
/// @par Source Huawei Cloud, IAM API reference (iam_04_0101, iam_04_0002): 2048 characters, 128 of them for a resource.
struct obs_policy_1_1 : obs_policy_text {
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
struct obs_policy_5_0 : obs_policy_text {
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

/// How far a text is believed to reach, where the vendor leaves it open.
enum class obs_reading : std::uint8_t { narrow, wide };

namespace detail {

/// `service:region:owner:type:bucket/key`, each part matched for itself, so that a `:` in a key reaches no other part.
class obs_resource_pattern {
public:
    explicit obs_resource_pattern(std::string_view text) {
        std::size_t part = 0;
        for (auto colon = text.find(':'); part < 4 && colon != std::string_view::npos; colon = text.find(':')) {
            parts_[part++] = in_lower_case(text.substr(0, colon));
            text.remove_prefix(colon + 1);
        }
        whole_ = part == 4;
        parts_[part] = text;
        lower_path_ = in_lower_case(parts_[4]);
    }
    [[nodiscard]] bool covers(policy_question const& q, obs_reading how) const {
        bool const wide = how == obs_reading::wide;
        // of a text with fewer parts only the lone star is known
        if (!whole_) return parts_[0] == "*" || (wide && has_wildcard(parts_));
        if (!matches_wildcard(parts_[0], "obs", wide)) return false;
        // a region or an owner may be ours
        if (!wide && (parts_[1] != "*" || parts_[2] != "*")) return false;
        std::string_view const type = is_of_bucket(q.action) ? "bucket" : "object";
        if (!matches_wildcard(parts_[3], type, wide) && !(wide && matches_wildcard(parts_[3], "bucket"))) return false;
        std::string path{q.bucket};
        if (!is_of_bucket(q.action)) path.append("/").append(q.key);
        return matches_wildcard(parts_[4], path, false) ||
               (wide && matches_wildcard(lower_path_, in_lower_case(path), true));
    }
    /// `obs:*:*:object:`
    [[nodiscard]] bool has_plain_head() const noexcept {
        return whole_ && parts_[0] == "obs" && parts_[1] == "*" && parts_[2] == "*" && parts_[3] == "object";
    }
    /// Behind the head.
    [[nodiscard]] std::size_t wildcards() const noexcept { return count_wildcards(parts_[4]); }

private:
    using parts = std::array<std::string, 5>;
    [[nodiscard]] static std::size_t count_wildcards(std::string_view text) noexcept {
        return static_cast<std::size_t>(
            std::count_if(text.begin(), text.end(), [](char c) { return c == '*' || c == '?'; }));
    }
    [[nodiscard]] static bool has_wildcard(parts const& all) noexcept {
        return std::any_of(all.begin(), all.end(), [](auto const& part) { return count_wildcards(part) > 0; });
    }

    parts parts_{};  // of a whole one, all but the last in lower case
    std::string lower_path_;
    bool whole_ = false;
};

}  // namespace detail

/// A session policy as it was sent, read once and asked often; both versions.
///
/// Allowed: a fitting Allow and no fitting Deny, read as narrowly as can be. Denied: not even when read as widely as
/// can be. What lies between is `unreadable`, and so is a policy with a condition, a Not… element, a variable, a member
/// that is not known or one that comes twice: what is not understood grants nothing.
///
/// Where the readings part: whether `?` is a wildcard (documented is `*` alone), whether the names of buckets and keys
/// have letter case (actions have none), whether a region or an owner other than `*` is the bucket's, and whether an
/// action on objects may be granted by a resource of type `bucket` (a sample of the vendor has it so).
/// @par Source Huawei Cloud, OBS API reference, actions of objects and buckets (obs_04_0112); IAM, policy grammar;
///   "Session policies" (iam_01_1241). In version 5.0 the actions' names begin with a small letter behind the last
///   colon; the samples write `Allow` and `allow`, `obs` and `OBS`.
class obs_policy {
public:
    explicit obs_policy(std::string_view text) {
        boost::system::error_code error;
        auto const document = boost::json::parse(text, error);
        readable_ = !error && !has_twin_members(text, document) && read(document);
    }

    [[nodiscard]] policy_answer ask(policy_question const& q) const {
        if (!readable_) return policy_answer::unreadable;
        bool const at_least = allows(q, obs_reading::narrow);
        if (at_least != allows(q, obs_reading::wide)) return policy_answer::unreadable;
        return at_least ? policy_answer::allowed : policy_answer::denied;
    }

    /// The wildcards behind the constant head of the one resource that is allowed. `npos`: another head, a second
    /// resource or an action that is no upload, none of which a few questions could see.
    [[nodiscard]] std::size_t wildcards() const {
        std::size_t count = 0;
        std::size_t resources = 0;
        bool plain = true;
        for (auto const& each : statements_) {
            if (each.denies) continue;
            for (auto const& action : each.actions) plain = plain && is_upload(action);
            for (auto const& resource : each.resources) {
                plain = plain && resource.has_plain_head() && ++resources == 1;
                count += resource.wildcards();
            }
        }
        return plain ? count : std::string_view::npos;
    }

private:
    struct statement {
        bool denies;
        std::vector<std::string> actions;  // in lower case
        std::vector<detail::obs_resource_pattern> resources;
    };

    [[nodiscard]] static constexpr std::string_view name_of(store_action action) noexcept {
        switch (action) {
            // append, modify, truncate, rename, and being a copy's target are in it, too
            case store_action::put: return "obs:object:putobject";
            case store_action::abort_upload: return "obs:object:abortmultipartupload";
            case store_action::list_parts: return "obs:object:listmultipartuploadparts";
            case store_action::list_uploads: return "obs:bucket:listbucketmultipartuploads";
            case store_action::read: return "obs:object:getobject";
            case store_action::remove: return "obs:object:deleteobject";
            case store_action::list_objects: return "obs:bucket:listbucket";
            case store_action::read_acl: return "obs:object:getobjectacl";
            case store_action::write_acl: return "obs:object:putobjectacl";
            case store_action::write_tags: return "obs:object:putobjecttagging";
            case store_action::bucket_settings: return "obs:bucket:putbucketpolicy";
        }
        return "obs:?";
    }
    [[nodiscard]] static bool is_upload(std::string_view name) noexcept {
        return name == name_of(store_action::put) || name == name_of(store_action::abort_upload) ||
               name == name_of(store_action::list_parts);
    }
    [[nodiscard]] bool allows(policy_question const& q, obs_reading how) const {
        bool allowed = false;
        for (auto const& each : statements_) {
            // a Deny that is read narrowly leaves more allowed
            auto const own = !each.denies ? how : how == obs_reading::wide ? obs_reading::narrow : obs_reading::wide;
            if (!names(each, q.action, own) || !covers(each, q, own)) continue;
            if (each.denies) return false;
            allowed = true;
        }
        return allowed;
    }
    [[nodiscard]] static bool names(statement const& each, store_action action, obs_reading how) noexcept {
        return std::any_of(each.actions.begin(), each.actions.end(), [&](auto const& own) {
            return matches_wildcard(own, name_of(action), how == obs_reading::wide);
        });
    }
    [[nodiscard]] static bool covers(statement const& each, policy_question const& q, obs_reading how) {
        return std::any_of(each.resources.begin(), each.resources.end(),
                           [&](auto const& own) { return own.covers(q, how); });
    }

    [[nodiscard]] bool read(boost::json::value const& document) {
        auto const* root = document.if_object();
        auto const* version = root ? root->if_contains("Version") : nullptr;
        auto const* list = root ? root->if_contains("Statement") : nullptr;
        if (!version || (*version != "1.1" && *version != "5.0") || !list || root->size() != 2) return false;
        if (auto const* one = list->if_object()) return add(*one);
        auto const* many = list->if_array();
        if (!many || many->empty()) return false;
        return std::all_of(many->begin(), many->end(),
                           [&](auto const& each) { return each.is_object() && add(each.get_object()); });
    }
    [[nodiscard]] bool add(boost::json::object const& object) {
        auto const* effect = object.if_contains("Effect");
        auto const* action = object.if_contains("Action");
        auto const* own = object.if_contains("Resource");
        auto const* sid = object.if_contains("Sid");
        if (!effect || !effect->is_string() || !action || !own || (sid && !sid->is_string())) return false;
        if (object.size() != (sid ? 4U : 3U)) return false;
        auto const says = detail::in_lower_case(std::string_view{effect->get_string()});
        if (says != "allow" && says != "deny") return false;
        statement made{says == "deny", {}, {}};
        bool plain = true;
        auto const take_action = [&](std::string_view each) { made.actions.push_back(detail::in_lower_case(each)); };
        auto const take_resource = [&](std::string_view each) {
            plain = plain && each.find("${") == std::string_view::npos;
            made.resources.emplace_back(each);
        };
        if (!detail::for_each_text(*action, take_action) || !detail::for_each_text(*own, take_resource)) return false;
        statements_.push_back(std::move(made));
        return plain;
    }

    std::vector<statement> statements_;
    bool readable_ = false;
};

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
