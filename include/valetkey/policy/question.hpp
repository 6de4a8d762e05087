#pragma once
/// @file
/// What a policy is asked: may this be done there?

#include <array>
#include <cstdint>
#include <string_view>

namespace valetkey {

/// What can be done in a store. The first four are an upload; everything else a credential of ours must not allow, but
/// what a cloud's own browser client cannot do without.
enum class store_action : std::uint8_t {
    put,           ///< simple upload, form, begin, part, complete
    abort_upload,  ///< of a multipart upload
    list_parts,
    list_uploads,  ///< multipart uploads of a bucket, below a prefix
    read,          ///< get and head
    remove,
    list_objects,
    read_acl,
    write_acl,
    write_tags,
    bucket_settings,  ///< any change of the bucket itself
};
inline constexpr std::array every_action{
    store_action::put,       store_action::abort_upload, store_action::list_parts,     store_action::list_uploads,
    store_action::read,      store_action::remove,       store_action::list_objects,   store_action::read_acl,
    store_action::write_acl, store_action::write_tags,   store_action::bucket_settings};

/// Whether an action is one on the bucket, not on an object.
[[nodiscard]] constexpr bool is_of_bucket(store_action action) noexcept {
    return action == store_action::list_uploads || action == store_action::list_objects ||
           action == store_action::bucket_settings;
}

/// @param key Empty for what concerns the bucket alone; for lists the prefix that is asked for.
struct policy_question {
    store_action action{};
    std::string_view bucket{};
    std::string_view key{};
};

/// `unreadable`: not a policy of the grammar, or with an element that the evaluator does not know. It grants nothing,
/// and nothing that depends on it may be released.
enum class policy_answer : std::uint8_t { denied, allowed, unreadable };

/// `*`: any run of characters, `/` too. `?`: one character (where the grammar has it). Linear in time for a fixed
/// number of stars, without recursion.
[[nodiscard]] constexpr bool matches_wildcard(std::string_view pattern, std::string_view text,
                                              bool question_mark = true) noexcept {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;
    std::size_t mark = 0;
    while (t < text.size()) {
        bool const one =
            p < pattern.size() && pattern[p] != '*' && (pattern[p] == text[t] || (question_mark && pattern[p] == '?'));
        if (one) {
            ++p;
            ++t;
        } else if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace valetkey
