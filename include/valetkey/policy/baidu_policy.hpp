#pragma once
/// @file
/// What narrows a BOS session and a BOS form to one upload. Built from an `upload_scope`, a bucket and a region that
/// the settings' check let through, and constant text; nothing else can reach them.
///
/// In both grammars `*` is a wildcard without an escape, and only a prefix, which ends in `/`, gets one.

#include <valetkey/policy/post_policy.hpp>
#include <valetkey/policy/question.hpp>
#include <valetkey/policy/twin_members.hpp>
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

/// What a permission lets through, a bit for each action. Where the vendor's pages leave it open, an Allow is read with
/// both and a Deny with `surely` alone, so that a proof of denial holds.
struct bos_rights {
    unsigned surely = 0;
    unsigned perhaps = 0;
};

/// @return None for a permission that is not known here.
/// @par Source Baidu, "permissions" (BOS/s/akc5orrn5, ikm2t1f9p). Unverified: which multipart calls `PutObject` and
///   `GetObject` cover, and that `DeleteObject` in a Deny covers the deletion of several. `MODIFY` depends on whether
///   the object exists.
[[nodiscard]] constexpr std::optional<bos_rights> bos_permission(std::string_view name) noexcept {
    constexpr auto bits = [](auto... actions) { return ((1U << static_cast<unsigned>(actions)) | ...); };
    using enum store_action;
    if (name == "WRITE") return bos_rights{bits(put, abort_upload, remove), 0};
    if (name == "READ") return bos_rights{bits(read, list_parts), 0};
    if (name == "LIST") return bos_rights{bits(list_objects, list_uploads), 0};
    if (name == "MODIFY") return bos_rights{0, bits(put)};
    if (name == "FULL_CONTROL") return bos_rights{~0U, 0};
    if (name == "PutObject") return bos_rights{0, bits(put, abort_upload, list_parts)};
    if (name == "GetObject") return bos_rights{bits(read), bits(list_parts)};
    if (name == "DeleteObject") return bos_rights{bits(remove), 0};
    return std::nullopt;
}

namespace detail {}  // namespace detail

/// An access control list as it was sent, read once and asked often.
///
/// Allowed: a fitting Allow, and no fitting Deny. What is allowed is read widely (`?` is a wildcard like `*`; lists of
/// a bucket need only a resource in it), what is denied narrowly (`*` at the end alone). Members and permissions that
/// are not known, or that stand twice, make it unreadable, and so does an Allow for a region that nobody asks about:
/// what is not understood grants nothing.
class baidu_policy {
public:
    /// @param region Of the store that is asked.
    baidu_policy(std::string_view text, std::string_view region) : region_{region} {
        boost::system::error_code error;
        document_ = boost::json::parse(text, error);
        readable_ = !error && !has_twin_members(text, document_) && read();
    }
    baidu_policy(baidu_policy&&) = delete;

    [[nodiscard]] policy_answer ask(policy_question const& q) const {
        if (!readable_) return policy_answer::unreadable;
        std::string const resource = std::string{q.bucket}.append("/").append(q.key);
        bool allowed = false;
        for (auto const& each : entries_) {
            if ((each.actions >> static_cast<unsigned>(q.action) & 1U) == 0) continue;
            if (each.denies && denies(each, resource)) return policy_answer::denied;
            allowed = allowed || (!each.denies && allows(each, resource, q));
        }
        return allowed ? policy_answer::allowed : policy_answer::denied;
    }

    /// How many wildcards stand in what is allowed, for uploads or anything else. A few questions see a wildcard in the
    /// middle of a key as little as a region of `*` or a second resource somewhere else, so those count, too: a
    /// resource for two. What is denied may be wide.
    [[nodiscard]] std::size_t wildcards() const {
        std::size_t count = 0;
        std::string_view first;
        for (auto const& each : entries_) {
            if (each.denies) continue;
            if (each.everywhere) ++count;
            for (auto const& resource : *each.resources) {
                std::string_view const text = resource.get_string();
                if (text == first) continue;
                auto const is_wild = [](char c) { return c == '*' || c == '?'; };
                count += static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_wild));
                if (!first.empty()) count += 2;
                if (first.empty()) first = text;
            }
        }
        return count;
    }

private:
    struct entry {
        boost::json::array const* resources;  // texts, none of them empty
        unsigned actions;
        bool denies;
        bool everywhere;
    };
    [[nodiscard]] static bool allows(entry const& each, std::string_view resource, policy_question const& q) {
        for (auto const& one : *each.resources) {
            std::string_view const pattern = one.get_string();
            if (matches_wildcard(pattern, resource)) return true;
            if (is_of_bucket(q.action) && matches_wildcard(pattern.substr(0, pattern.find('/')), q.bucket)) return true;
        }
        return false;
    }
    [[nodiscard]] static bool denies(entry const& each, std::string_view resource) {
        for (auto const& one : *each.resources) {
            std::string_view const pattern = one.get_string();
            bool const prefix = pattern.ends_with('*');
            if (prefix ? resource.starts_with(pattern.substr(0, pattern.size() - 1)) : resource == pattern) return true;
        }
        return false;
    }
    [[nodiscard]] static std::string_view text_of(boost::json::object const& object, std::string_view member) {
        auto const* value = object.if_contains(member);
        auto const* text = value ? value->if_string() : nullptr;
        return text ? std::string_view{text->data(), text->size()} : std::string_view{};
    }
    /// Null when it is not a list of texts, or is empty, or one of them is.
    [[nodiscard]] static boost::json::array const* texts_of(boost::json::object const& object,
                                                            std::string_view member) {
        auto const* value = object.if_contains(member);
        auto const* list = value ? value->if_array() : nullptr;
        if (!list || list->empty()) return nullptr;
        for (auto const& each : *list)
            if (!each.is_string() || each.get_string().empty()) return nullptr;
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
        entry made{resources, 0, effect == "Deny", region == "*"};
        for (auto const& each : *permissions) {
            auto const rights = bos_permission(each.get_string());
            if (!rights) return false;
            made.actions |= made.denies ? rights->surely : rights->surely | rights->perhaps;
        }
        bool const here = made.everywhere || region == region_;
        if (here) entries_.push_back(made);
        return here || made.denies;
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
