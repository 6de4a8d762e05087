#pragma once
/// @file
/// The session policy of Tencent COS, in the grammar of CAM 2.0: written from an `upload_scope`, a bucket and a region
/// that the settings' check let through, and constant text; and its evaluator, which reads it as it was sent.
/// @par Source Tencent Cloud, "Access policy language" (436/18023, 598/10606), "Policy samples" (436/30580), "Condition
///   keys" (436/71307).

#include <valetkey/policy/question.hpp>
#include <valetkey/policy/statements.hpp>
#include <valetkey/result.hpp>
#include <valetkey/upload_scope.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

/// Where the resources of a bucket are: `qcs::cos:<region>:uid/<APPID>:<name-APPID>/<key>`.
struct tencent_owner {
    std::string_view region;
    std::string_view app_id;  ///< of the bucket's owner: another one is refused with `GrantOtherResource`

    void append_resource(std::string& out, std::string_view bucket, std::string_view key) const {
        out.append(service).append(region).append(owner).append(app_id).append(":").append(bucket).append("/");
        out.append(key);
    }
    static constexpr std::string_view service = "qcs::cos:";
    static constexpr std::string_view owner = ":uid/";
};

/// The constant text, and the vendor's limits.
struct tencent_policy_text {
    static constexpr std::string_view upload =
        R"({"version":"2.0","statement":[{"effect":"allow","action":["name/cos:PutObject","name/cos:PostObject",)"
        R"("name/cos:InitiateMultipartUpload","name/cos:ListParts","name/cos:UploadPart",)"
        R"("name/cos:CompleteMultipartUpload","name/cos:AbortMultipartUpload"],"resource":[")";
    static constexpr std::string_view list =
        R"("]},{"effect":"allow","action":["name/cos:ListMultipartUploads"],"resource":[")";
    static constexpr std::string_view equal = R"("],"condition":{"string_equal":{"cos:prefix":")";
    static constexpr std::string_view like = R"("],"condition":{"string_like":{"cos:prefix":")";
    static constexpr std::string_view after_list = R"("}}}]})";
    static constexpr std::string_view after_upload = R"("]}]})";

    // STS names no size. A stored policy may have 6144 characters (598/10609) and a token, which grows with the policy,
    // 4096 bytes: 2 KiB is on the safe side (unverified).
    static constexpr std::size_t max_size = 2048;
    static constexpr std::size_t max_region = 32;
    static constexpr std::size_t max_bucket = 63;

    static constexpr std::size_t longest_bucket =
        tencent_owner::service.size() + max_region + tencent_owner::owner.size() + max_bucket + 1 + max_bucket + 1;
    static constexpr std::size_t longest_scope = upload_scope::max_size + 1;
    static_assert(upload.size() + longest_bucket + longest_scope + list.size() + longest_bucket + equal.size() +
                          longest_scope + after_list.size() <=
                      max_size,
                  "valetkey: the longest session policy must fit the vendor's limit");
};

/// @param may_list Also `ListMultipartUploads`, which cos-js-sdk-v5 cannot do without in a sliced upload. It is an
///   action on the bucket; the condition on the request's parameter `prefix` is the documented way to bind it to the
///   key. Under a prefix the client asks for keys of its own there, so that condition is a pattern.
/// @par Errors scope_too_long: the vendor's limit.
[[nodiscard]] inline result<std::string> write_tencent_policy(tencent_owner const& at, std::string_view bucket,
                                                              upload_scope const& scope, bool may_list) {
    using text = tencent_policy_text;
    std::string out;
    out.reserve(text::max_size);
    // a resource that ends in `/` covers nothing below it: a prefix needs its `*`
    std::string_view const wildcard = scope.is_prefix() ? "*" : "";
    out.append(text::upload);
    at.append_resource(out, bucket, scope.text());
    out.append(wildcard);
    if (may_list) {
        out.append(text::list);
        at.append_resource(out, bucket, {});
        out.append(scope.is_prefix() ? text::like : text::equal).append(scope.text()).append(wildcard);
    }
    out.append(may_list ? text::after_list : text::after_upload);
    if (out.size() > text::max_size) return failure{errc::scope_too_long};
    return out;
}

/// A policy as it was sent, read once and asked often.
///
/// Allowed: a fitting allow, and no fitting deny. An upload is five actions: a policy that allows some of them and not
/// others is `unreadable`, for it is none of ours. So is one with a condition other than on `cos:prefix`, with a member
/// or an action that is not known, or with a resource in another of the vendor's grammars: what is not understood
/// grants nothing.
class tencent_policy {
public:
    tencent_policy(std::string_view text, tencent_owner const& at) : at_{at} {
        boost::system::error_code error;
        auto const document = boost::json::parse(text, error);
        readable_ = !error && read(document);
        compact_ = readable_ && boost::json::serialize(document).size() == text.size();
    }

    [[nodiscard]] policy_answer ask(policy_question const& q) const {
        if (!readable_) return policy_answer::unreadable;
        auto const actions = actions_of(q.action);
        std::string resource;
        at_.append_resource(resource, q.bucket, q.key);
        std::size_t allowed = 0;
        for (auto const action : actions) allowed += allows(action, resource, q) ? 1U : 0U;
        if (allowed == 0) return policy_answer::denied;
        return allowed == actions.size() ? policy_answer::allowed : policy_answer::unreadable;
    }

    /// How many wildcards stand in the statement that allows uploads: one at the end of its resource, or none.
    /// @return `unbounded` for breadth that a guard's few questions cannot see: a wildcard elsewhere, uploads at more
    ///   than one resource, other actions beside them, any further statement but the list of open uploads that is bound
    ///   to that very resource, or a text that is not as it was written (of a member that comes twice, one reader takes
    ///   the first and another the last).
    [[nodiscard]] std::size_t wildcards() const {
        if (!compact_) return unbounded;
        statement const* own = nullptr;
        for (auto const& each : statements_) {
            if (each.denies || !names_any(each, 0, list_uploads)) continue;
            if (own || each.resources.size() != 1 || names_any(each, list_uploads, names.size())) return unbounded;
            own = &each;
        }
        if (!own) return 0;
        for (auto const& each : statements_)
            if (!each.denies && &each != own && !is_bound(each, own->resources[0])) return unbounded;
        auto const is_plain = [](std::string_view text) { return text.find_first_of("*?") == std::string_view::npos; };
        std::string_view resource = own->resources[0];
        bool const star = resource.ends_with('*');
        if (star) resource.remove_suffix(1);
        if (!is_plain(resource) || !std::all_of(own->actions.begin(), own->actions.end(), is_plain)) return unbounded;
        return star ? 1 : 0;
    }
    static constexpr std::size_t unbounded = std::string_view::npos;

    /// The vendor's names of an action, in lower case.
    [[nodiscard]] static constexpr std::span<std::string_view const> actions_of(store_action action) noexcept {
        std::span<std::string_view const> const all{names};
        switch (action) {
            case store_action::put: return all.subspan(0, 5);
            case store_action::abort_upload: return all.subspan(5, 1);
            case store_action::list_parts: return all.subspan(6, 1);
            case store_action::list_uploads: return all.subspan(list_uploads, 1);
            case store_action::read: return all.subspan(8, 2);
            case store_action::remove: return all.subspan(10, 1);
            case store_action::list_objects: return all.subspan(11, 1);
            case store_action::read_acl: return all.subspan(12, 1);
            case store_action::write_acl: return all.subspan(13, 1);
            case store_action::write_tags: return all.subspan(14, 1);
            case store_action::bucket_settings: return all.subspan(15, 1);
        }
        return {};
    }

private:
    static constexpr std::size_t list_uploads = 7;  // in `names`; what stands before it is an upload
    static constexpr std::array<std::string_view, 16> names{"name/cos:putobject",
                                                            "name/cos:postobject",
                                                            "name/cos:initiatemultipartupload",
                                                            "name/cos:uploadpart",
                                                            "name/cos:completemultipartupload",
                                                            "name/cos:abortmultipartupload",
                                                            "name/cos:listparts",
                                                            "name/cos:listmultipartuploads",
                                                            "name/cos:getobject",
                                                            "name/cos:headobject",
                                                            "name/cos:deleteobject",
                                                            "name/cos:getbucket",
                                                            "name/cos:getobjectacl",
                                                            "name/cos:putobjectacl",
                                                            "name/cos:putobjecttagging",
                                                            "name/cos:putbucketpolicy"};
    struct prefix_condition {
        bool like;
        std::vector<std::string> values;
    };
    struct statement {
        bool denies;
        std::vector<std::string> actions;
        std::vector<std::string> resources;
        std::vector<prefix_condition> prefixes;
    };

    /// Whether its actions name one of `names[from]` to `names[to]`, that one not included.
    [[nodiscard]] static bool names_any(statement const& each, std::size_t from, std::size_t to) noexcept {
        for (std::size_t i = from; i < to; ++i)
            if (any_matches(each.actions, names[i])) return true;
        return false;
    }
    /// The list of open uploads as it is written: at the bucket's root, its prefix the very key of the uploads.
    [[nodiscard]] static bool is_bound(statement const& list, std::string_view uploads) {
        auto const root = uploads.substr(0, uploads.find('/', uploads.rfind(':') + 1) + 1);
        auto const is = [](std::vector<std::string> const& texts, std::string_view only) {
            return texts.size() == 1 && texts[0] == only;
        };
        return is(list.actions, names[list_uploads]) && is(list.resources, root) && list.prefixes.size() == 1 &&
               is(list.prefixes[0].values, uploads.substr(root.size()));
    }
    [[nodiscard]] bool allows(std::string_view action, std::string_view resource, policy_question const& q) const {
        bool allowed = false;
        for (auto const& each : statements_) {
            if (!any_matches(each.actions, action) || !covers(each, resource, q) || !holds(each, q)) continue;
            if (each.denies) return false;
            allowed = true;
        }
        return allowed;
    }
    /// `?` is a wildcard on no page of the vendor; taken as one to be safe (unverified).
    [[nodiscard]] static bool any_matches(std::vector<std::string> const& patterns, std::string_view text) noexcept {
        for (auto const& each : patterns)
            if (matches_wildcard(each, text)) return true;
        return false;
    }
    /// An action on the bucket is named with its root; the vendor's samples name it with a prefix too.
    [[nodiscard]] static bool covers(statement const& each, std::string_view resource,
                                     policy_question const& q) noexcept {
        if (any_matches(each.resources, resource)) return true;
        auto const root = resource.substr(0, resource.size() - q.key.size());
        return is_of_bucket(q.action) && any_matches(each.resources, root);
    }
    /// What is no list has no `prefix`, so a condition on it does not hold.
    [[nodiscard]] static bool holds(statement const& each, policy_question const& q) noexcept {
        for (auto const& [like, values] : each.prefixes) {
            bool one = false;
            for (auto const& value : values)
                one = one || (like ? matches_wildcard(value, q.key, false) : value == q.key);
            if (!one || !is_of_bucket(q.action)) return false;
        }
        return true;
    }

    /// Feature sets (`permid/…`), names without their prefix and actions that no question is about are not known.
    [[nodiscard]] static bool is_known_action(std::string_view pattern) noexcept {
        return std::any_of(names.begin(), names.end(),
                           [&](std::string_view name) { return matches_wildcard(pattern, name); });
    }
    /// The older grammar (`…:prefix//APPID/SHORT-NAME/KEY`) and resources with an empty segment are not known.
    [[nodiscard]] static bool is_known_resource(std::string_view text) noexcept {
        if (text == "*") return true;
        if (!text.starts_with(tencent_owner::service)) return false;
        text.remove_prefix(tencent_owner::service.size());
        return !text.starts_with(':') && text.find("::") == std::string_view::npos &&
               text.find(":prefix/") == std::string_view::npos;
    }

    [[nodiscard]] bool read(boost::json::value const& document) {
        auto const* root = document.if_object();
        auto const* version = root ? root->if_contains("version") : nullptr;
        auto const* list = root ? root->if_contains("statement") : nullptr;
        if (!version || *version != "2.0" || !list || root->size() != 2) return false;
        if (auto const* one = list->if_object()) return add(*one);
        auto const* many = list->if_array();
        if (!many || many->empty()) return false;
        for (auto const& each : *many)
            if (!each.is_object() || !add(each.get_object())) return false;
        return true;
    }
    [[nodiscard]] bool add(boost::json::object const& object) {
        auto const* effect = object.if_contains("effect");
        auto const* action = object.if_contains("action");
        auto const* resource = object.if_contains("resource");
        auto const* condition = object.if_contains("condition");
        if (!effect || !action || !resource || object.size() != (condition ? 4U : 3U)) return false;
        if (*effect != "allow" && *effect != "deny") return false;
        statement made{*effect == "deny", {}, {}, {}};
        auto const take_action = [&](std::string_view each) { made.actions.push_back(detail::in_lower_case(each)); };
        auto const take_resource = [&](std::string_view each) { made.resources.emplace_back(each); };
        if (!detail::for_each_text(*action, take_action) || !detail::for_each_text(*resource, take_resource))
            return false;
        if (!std::all_of(made.actions.begin(), made.actions.end(), is_known_action)) return false;
        if (!std::all_of(made.resources.begin(), made.resources.end(), is_known_resource)) return false;
        if (condition && !add_conditions(made, *condition)) return false;
        statements_.push_back(std::move(made));
        return true;
    }
    [[nodiscard]] static bool add_conditions(statement& made, boost::json::value const& value) {
        auto const* operators = value.if_object();
        if (!operators || operators->empty()) return false;
        for (auto const& [name, keys] : *operators) {
            auto const* object = keys.if_object();
            auto const* prefix = object && object->size() == 1 ? object->if_contains("cos:prefix") : nullptr;
            if (!prefix || (name != "string_equal" && name != "string_like")) return false;
            prefix_condition one{name == "string_like", {}};
            auto const take = [&](std::string_view each) { one.values.emplace_back(each); };
            if (!detail::for_each_text(*prefix, take)) return false;
            made.prefixes.push_back(std::move(one));
        }
        return true;
    }

    tencent_owner at_;
    std::vector<statement> statements_;
    bool readable_ = false;
    bool compact_ = false;
};

}  // namespace valetkey
