#pragma once
/// @file
/// What narrows a BOS session and a BOS form to one upload. Built from an `upload_scope`, a bucket and a region that
/// the settings' check let through, and constant text; nothing else can reach them.
///
/// In both grammars `*` is a wildcard without an escape, and only a prefix, which ends in `/`, gets one.

#include <valetkey/policy/post_policy.hpp>
#include <valetkey/result.hpp>
#include <valetkey/upload_request.hpp>
#include <valetkey/upload_scope.hpp>

#include <array>
#include <string>
#include <string_view>

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

    /// The vendor names no limit: unverified. This one is the smallest that any cloud here documents.
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
[[nodiscard]] inline result<std::string> write_bos_access_list(std::string_view name, std::string_view region,
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
