#pragma once
/// @file
/// What a request to a store of the S3 family wants to do, and what it must be allowed to do for it.

#include <valetkey/policy/question.hpp>
#include <valetkey/sandbox/store_address.hpp>
#include <valetkey/sandbox/store_message.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::sandbox {

enum class operation_kind : std::uint8_t {
    put_object,
    begin_upload,
    put_part,
    list_parts,
    complete,
    abort,
    list_uploads,
    get_object,
    other,  ///< what the sandbox judges but does not offer
};

/// One right that is needed.
struct needed_right {
    store_action action{};
    std::string bucket{};
    std::string key{};
};

struct operation {
    operation_kind kind = operation_kind::other;
    std::vector<needed_right> rights{};
    std::string upload_id{};
    std::string part_number{};
};

namespace detail {

/// Parameters that make a request another operation. What is not among them changes nothing.
inline constexpr std::string_view sub_resources[] = {"accelerate",
                                                     "acl",
                                                     "analytics",
                                                     "append",
                                                     "attributes",
                                                     "bucketInfo",
                                                     "copy",
                                                     "cors",
                                                     "delete",
                                                     "domain",
                                                     "encryption",
                                                     "fetch",
                                                     "intelligent-tiering",
                                                     "inventory",
                                                     "legal-hold",
                                                     "lifecycle",
                                                     "live",
                                                     "location",
                                                     "logging",
                                                     "meta",
                                                     "metadata",
                                                     "metrics",
                                                     "modify",
                                                     "name",
                                                     "notification",
                                                     "object-lock",
                                                     "objectMeta",
                                                     "ownershipControls",
                                                     "policy",
                                                     "policyStatus",
                                                     "position",
                                                     "publicAccessBlock",
                                                     "quota",
                                                     "referer",
                                                     "rename",
                                                     "replication",
                                                     "requestPayment",
                                                     "restore",
                                                     "retention",
                                                     "select",
                                                     "session",
                                                     "stat",
                                                     "storageClass",
                                                     "storagePolicy",
                                                     "storageinfo",
                                                     "symlink",
                                                     "tagging",
                                                     "torrent",
                                                     "truncate",
                                                     "versioning",
                                                     "versions",
                                                     "website",
                                                     "worm",
                                                     "x-oss-process",
                                                     "x-image-process"};

[[nodiscard]] inline bool is_sub_resource(std::string_view name) noexcept {
    return std::find(std::begin(sub_resources), std::end(sub_resources), name) != std::end(sub_resources);
}
[[nodiscard]] inline std::string value_of(std::vector<query_pair> const& query, std::string_view name) {
    return std::string{only_value(query, name).value_or("")};
}
/// What a header asks for beside the upload. @param name Without the vendor's prefix.
[[nodiscard]] inline std::optional<store_action> right_named(std::string_view name) noexcept {
    if (name == "acl" || name.starts_with("grant-")) return store_action::write_acl;
    if (name == "tagging") return store_action::write_tags;
    return std::nullopt;
}
/// `/bucket/key` or `bucket/key`, encoded or not, as headers name a source.
[[nodiscard]] inline needed_right source_of(std::string_view text) {
    auto decoded = percent_decoded(text.substr(0, text.find('?')), false).value_or("");
    if (decoded.starts_with('/')) decoded.erase(0, 1);
    auto const slash = std::min(decoded.find('/'), decoded.size());
    return {store_action::read, decoded.substr(0, slash), decoded.substr(std::min(slash + 1, decoded.size()))};
}

}  // namespace detail

/// What a field of a form asks for beside the upload.
[[nodiscard]] inline std::optional<store_action> right_of_field(std::string_view lower_name,
                                                                std::span<std::string_view const> prefixes) {
    auto right = detail::right_named(lower_name);
    for (auto const prefix : prefixes)
        if (!right && lower_name.starts_with(prefix)) right = detail::right_named(lower_name.substr(prefix.size()));
    return right;
}

/// @param prefixes Of the vendor's headers, such as `x-amz-`.
[[nodiscard]] inline operation operation_of(store_request const& request, std::vector<query_pair> const& query,
                                            store_address const& at, std::span<std::string_view const> prefixes) {
    operation out;
    auto const has = [&](std::string_view name) {
        return std::any_of(query.begin(), query.end(), [&](auto const& pair) { return pair.name == name; });
    };
    auto const need = [&](store_action action) { out.rights.push_back({action, at.bucket, at.key}); };
    auto const is = [&](operation_kind kind, store_action action) {
        out.kind = kind;
        need(action);
        return out;
    };
    bool const sub =
        std::any_of(query.begin(), query.end(), [](auto const& pair) { return detail::is_sub_resource(pair.name); });
    bool const reads = request.method == "GET" || request.method == "HEAD";
    if (at.key.empty()) {
        if (reads && has("uploads")) {
            out.rights.push_back({store_action::list_uploads, at.bucket, detail::value_of(query, "prefix")});
            out.kind = operation_kind::list_uploads;
            return out;
        }
        bool const lists = request.method == "GET" && !sub;
        return is(operation_kind::other, lists ? store_action::list_objects : store_action::bucket_settings);
    }
    if (has("acl")) return is(operation_kind::other, reads ? store_action::read_acl : store_action::write_acl);
    if (has("tagging")) return is(operation_kind::other, store_action::write_tags);
    if (sub) return is(operation_kind::other, reads ? store_action::read : store_action::bucket_settings);
    out.upload_id = detail::value_of(query, "uploadId");
    out.part_number = detail::value_of(query, "partNumber");
    if (has("uploadId")) {
        if (request.method == "GET") return is(operation_kind::list_parts, store_action::list_parts);
        if (request.method == "DELETE") return is(operation_kind::abort, store_action::abort_upload);
        if (request.method == "POST") return is(operation_kind::complete, store_action::put);
    }
    if (reads) return is(operation_kind::get_object, store_action::read);
    if (request.method == "DELETE") return is(operation_kind::other, store_action::remove);
    if (request.method == "PUT") {
        bool const part = has("uploadId") && has("partNumber");
        bool const neither = !has("uploadId") && !has("partNumber") && !has("uploads");
        if (part || neither) out.kind = part ? operation_kind::put_part : operation_kind::put_object;
    }
    if (request.method == "POST" && has("uploads")) out.kind = operation_kind::begin_upload;
    need(store_action::put);
    // what a header asks for beside the upload is a right of its own
    for (auto const& header : request.headers) {
        for (auto const prefix : prefixes) {
            if (!header.name.starts_with(prefix)) continue;
            auto const name = std::string_view{header.name}.substr(prefix.size());
            if (auto const right = detail::right_named(name)) need(*right);
            if (name == "copy-source") {
                out.rights.push_back(detail::source_of(header.value));
                out.kind = operation_kind::other;
            }
        }
    }
    return out;
}

}  // namespace valetkey::sandbox
