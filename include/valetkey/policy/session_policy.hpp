#pragma once
/// @file
/// Session policies: what narrows a role to one upload. Built from an `upload_scope`, a bucket that the settings' check
/// let through, and constant text; nothing else can reach them.

#include <valetkey/result.hpp>
#include <valetkey/upload_scope.hpp>

#include <concepts>
#include <string>
#include <string_view>

namespace valetkey {

/// A policy of one statement that allows an upload at one resource, as data. `head` ends where the bucket's name
/// begins.
template <class G>
concept session_policy_grammar = requires {
    { G::head } -> std::convertible_to<std::string_view>;
    { G::before_bucket } -> std::convertible_to<std::string_view>;
    { G::tail } -> std::convertible_to<std::string_view>;
    { G::max_size } -> std::convertible_to<std::size_t>;
    { G::max_bucket } -> std::convertible_to<std::size_t>;
};

/// @param partition Empty, or what stands in front of the grammar's `before_bucket` (`aws`, `aws-cn`).
/// @par Errors scope_too_long: the vendor's limit.
template <session_policy_grammar G>
[[nodiscard]] result<std::string> session_policy(std::string_view partition, std::string_view bucket,
                                                 upload_scope const& scope) {
    static_assert(
        G::head.size() + G::before_bucket.size() + G::max_bucket + 1 + upload_scope::max_size + 1 + G::tail.size() <=
            G::max_size,
        "valetkey: the longest session policy must fit the vendor's limit");
    std::string out{G::head};
    out.append(partition).append(G::before_bucket).append(bucket).append("/").append(scope.text());
    if (scope.is_prefix()) out += '*';
    out.append(G::tail);
    if (out.size() > G::max_size) return failure{errc::scope_too_long};
    return out;
}

}  // namespace valetkey
