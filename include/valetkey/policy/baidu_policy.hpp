#pragma once
/// @file
/// What narrows a BOS session and a BOS form to one upload. Built from an `upload_scope`, a bucket and a region that
/// the settings' check let through, and constant text; nothing else can reach them.
///
/// In both grammars `*` is a wildcard without an escape, and only a prefix, which ends in `/`, gets one.

#include <valetkey/policy/post_policy.hpp>
#include <valetkey/policy/question.hpp>
#include <valetkey/result.hpp>
#include <valetkey/upload_request.hpp>
#include <valetkey/upload_scope.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace valetkey {

/// The texts of an access control list. The resource stands last in each entry.
/// @par Source Baidu, "STS" (BOS/s/Tjwvysda9), "permissions" (BOS/s/akc5orrn5, ikm2t1f9p).
struct bos_access_list {
    static constexpr std::string_view open = R"({"id":")";
    static constexpr std::string_view entries = R"(","accessControlList":[)";
    static constexpr std::string_view entry = R"({"service":"bce:bos","region":")";
    /// Simple, form and multipart upload, and abort. Of the single actions it is unverified which multipart calls
    /// `PutObject` covers.
    static constexpr std::string_view upload = R"(","effect":"Allow","permission":["WRITE"],"resource":[")";
    /// The vendor's browser client lists the parts of each multipart upload, which only READ allows.
    static constexpr std::string_view browser_upload =
        R"(","effect":"Allow","permission":["WRITE","READ"],"resource":[")";
    /// WRITE deletes, too. Advised for user and bucket policies; that it holds in a session's list is unverified.
    static constexpr std::string_view no_delete = R"(","effect":"Deny","permission":["DeleteObject"],"resource":[")";
    static constexpr std::string_view entry_end = R"("]})";
    static constexpr std::string_view close = "]}";

    /// The vendor names no limit, neither of the list nor of its `id` (unverified): this is a ceiling of our own.
    static constexpr std::size_t max_size = 2048;
    static constexpr std::size_t max_name = 32;
    static constexpr std::size_t max_region = 32;
    static constexpr std::size_t max_bucket = 63;
    static constexpr std::size_t longest =
        open.size() + max_name + entries.size() + browser_upload.size() + 1 + no_delete.size() + close.size() +
        2 * (entry.size() + max_region + max_bucket + 1 + upload_scope::max_size + 1 + entry_end.size());
    static_assert(longest <= max_size, "valetkey: the longest access control list must fit the limit");
};

/// Allows one upload and nothing else.
/// @param name What the list is called: the request's id.
/// @par Errors scope_too_long: the limit.
[[nodiscard]] inline result<std::string> write_baidu_policy(std::string_view name, std::string_view region,
                                                            std::string_view bucket, upload_scope const& scope,
                                                            client_platform platform) {
    using list = bos_access_list;
    std::string out;
    out.reserve(list::longest);
    auto const add = [&](std::string_view rights) {
        out.append(list::entry).append(region).append(rights).append(bucket).append("/").append(scope.text());
        if (scope.is_prefix()) out += '*';
        out.append(list::entry_end);
    };
    out.append(list::open).append(name).append(list::entries);
    add(platform == client_platform::web ? list::browser_upload : list::upload);
    out += ',';
    add(list::no_delete);
    out.append(list::close);
    if (out.size() > list::max_size) return failure{errc::scope_too_long};
    return out;
}

/// What a permission of a list lets through, a bit for each action.
/// @return None for one that is not known here. `MODIFY` is not: it depends on whether the object exists.
/// @par Source Baidu, "permissions" (BOS/s/akc5orrn5, ikm2t1f9p). `PutObject` alone: which multipart calls it covers is
///   unverified, abort is not among them here.
[[nodiscard]] constexpr std::optional<unsigned> bos_permission(std::string_view name) noexcept {
    constexpr auto bit = [](auto... actions) { return ((1U << static_cast<unsigned>(actions)) | ...); };
    using enum store_action;
    if (name == "WRITE") return bit(put, abort_upload, remove);
    if (name == "READ") return bit(read, list_parts);
    if (name == "LIST") return bit(list_objects, list_uploads);
    if (name == "FULL_CONTROL") return ~0U;
    if (name == "PutObject") return bit(put);
    if (name == "GetObject") return bit(read);
    if (name == "DeleteObject") return bit(remove);
    return std::nullopt;
}

/// An access control list as it was sent, read once and asked often.
///
/// Allowed: a fitting Allow, and no fitting Deny. Members and permissions that are not known make it unreadable: what
/// is not understood grants nothing.
class baidu_policy {
public:
    /// @param region Of the store that is asked; an entry for another one does not fit.
    baidu_policy(std::string_view text, std::string_view region) : region_{region} {
        boost::system::error_code error;
        document_ = boost::json::parse(text, error);
        readable_ = !error && read();
    }
    baidu_policy(baidu_policy&&) = delete;

    [[nodiscard]] policy_answer ask(policy_question const& q) const {
        if (!readable_) return policy_answer::unreadable;
        bool allowed = false;
        for (auto const& each : entries_) {
            if (!fits(each, q)) continue;
            if (each.denies) return policy_answer::denied;
            allowed = true;
        }
        return allowed ? policy_answer::allowed : policy_answer::denied;
    }

    /// How many wildcards stand in the resources that are allowed, which the few questions of a guard cannot see in the
    /// middle of a key. What is denied may be wide.
    [[nodiscard]] std::size_t wildcards() const {
        std::size_t count = 0;
        for (auto const& each : entries_) {
            if (each.denies) continue;
            for (auto const& resource : *each.resources) {
                std::string_view const text = resource.get_string();
                count += static_cast<std::size_t>(std::count(text.begin(), text.end(), '*'));
            }
        }
        return count;
    }

private:
    struct entry {
        boost::json::array const* resources;
        unsigned permissions;
        bool denies;
        bool here;
    };
    [[nodiscard]] static bool fits(entry const& each, policy_question const& q) {
        if (!each.here || (each.permissions >> static_cast<unsigned>(q.action) & 1U) == 0) return false;
        std::string const resource = std::string{q.bucket}.append("/").append(q.key);
        for (auto const& pattern : *each.resources) {
            std::string_view const text = pattern.get_string();
            if (matches_wildcard(text, resource, false)) return true;
            if (is_of_bucket(q.action) && matches_wildcard(text, q.bucket, false)) return true;
        }
        return false;
    }
    [[nodiscard]] static std::string_view text_of(boost::json::object const& object, std::string_view member) {
        auto const* value = object.if_contains(member);
        auto const* text = value ? value->if_string() : nullptr;
        return text ? std::string_view{text->data(), text->size()} : std::string_view{};
    }
    /// Null when it is not a list of texts, or empty.
    [[nodiscard]] static boost::json::array const* texts_of(boost::json::object const& object,
                                                            std::string_view member) {
        auto const* value = object.if_contains(member);
        auto const* list = value ? value->if_array() : nullptr;
        if (!list || list->empty()) return nullptr;
        for (auto const& each : *list)
            if (!each.is_string()) return nullptr;
        return list;
    }
    bool read() {
        auto const* root = document_.if_object();
        if (!root) return false;
        for (auto const& [name, value] : *root)
            if (name != "id" && name != "accessControlList") return false;
        auto const* list = root->if_contains("accessControlList");
        auto const* entries = list ? list->if_array() : nullptr;
        if (!entries || entries->empty()) return false;
        for (auto const& each : *entries)
            if (!each.is_object() || !add(each.get_object())) return false;
        return true;
    }
    bool add(boost::json::object const& object) {
        for (auto const& [name, value] : object)
            if (name != "eid" && name != "service" && name != "region" && name != "effect" && name != "resource" &&
                name != "permission")
                return false;
        auto const region = text_of(object, "region");
        auto const effect = text_of(object, "effect");
        auto const* resources = texts_of(object, "resource");
        auto const* permissions = texts_of(object, "permission");
        if (text_of(object, "service") != "bce:bos" || region.empty() || !resources || !permissions) return false;
        if (effect != "Allow" && effect != "Deny") return false;
        entry made{resources, 0, effect == "Deny", region == "*" || region == region_};
        for (auto const& each : *permissions) {
            auto const permission = bos_permission(each.get_string());
            if (!permission) return false;
            made.permissions |= *permission;
        }
        entries_.push_back(made);
        return true;
    }

    std::string region_;
    boost::json::value document_;
    std::vector<entry> entries_;  // their resources lie in the document
    bool readable_ = false;
};

/// The form's condition on its key: BOS knows no `starts-with`, a prefix is written `{"key":"x/*"}`.
/// @par Source Baidu, "PostObject".
inline void add_bos_key(post_policy& policy, upload_scope const& scope) {
    if (!scope.is_prefix()) {
        policy.exactly("key", scope.text());
        return;
    }
    std::array<char, upload_scope::max_size + 1> pattern{};
    auto const size = scope.text().copy(pattern.data(), upload_scope::max_size);
    pattern[size] = '*';
    policy.exactly("key", {pattern.data(), size + 1});
}

}  // namespace valetkey
