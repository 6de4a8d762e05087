#pragma once
/// @file
/// The session policy of Tencent COS, in the grammar of CAM 2.0. Built from an `upload_scope`, a bucket and a region
/// that the settings' check let through, and constant text; nothing else can reach it.

#include <valetkey/result.hpp>
#include <valetkey/upload_scope.hpp>

#include <string>
#include <string_view>

namespace valetkey {

/// The owner of a bucket is part of its resource name: `qcs::cos:<region>:uid/<APPID>:<name-APPID>/<key>`.
struct tencent_bucket {
    std::string_view region;
    std::string_view app_id;  ///< of the bucket's owner: another one is refused with `GrantOtherResource`
    std::string_view name;    ///< with the APPID
};

/// The constant text, and the vendor's limits.
/// @par Source Tencent Cloud, "Access policy language" (436/18023, 598/10606), "Condition keys" (436/71307). STS names
/// no
///   size; stored policies may have 6144 characters (598/10609) and a token 4096 bytes, so 2 KiB is on the safe side
///   (unverified).
struct tencent_session_policy {
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

    static constexpr std::string_view service = "qcs::cos:";
    static constexpr std::string_view owner = ":uid/";

    static constexpr std::size_t max_size = 2048;
    static constexpr std::size_t max_region = 32;
    static constexpr std::size_t max_bucket = 63;

    static constexpr std::size_t longest_bucket =
        service.size() + max_region + owner.size() + max_bucket + 1 + max_bucket + 1;
    static constexpr std::size_t longest_key = upload_scope::max_size + 1;
    static_assert(upload.size() + longest_bucket + longest_key + list.size() + longest_bucket + equal.size() +
                          longest_key + after_list.size() <=
                      max_size,
                  "valetkey: the longest session policy must fit the vendor's limit");
};

/// @param may_list Also `ListMultipartUploads`, which cos-js-sdk-v5 cannot do without in a sliced upload. It is an
///   action on the bucket; the condition on the request's `prefix` parameter is the documented way to bind it to the
///   key. Under a prefix the client names keys of its own there, so the condition is a pattern.
/// @par Errors scope_too_long: the vendor's limit.
[[nodiscard]] inline result<std::string> session_policy(tencent_bucket const& bucket, upload_scope const& scope,
                                                        bool may_list) {
    using text = tencent_session_policy;
    std::string out;
    out.reserve(text::max_size);
    auto const append_bucket = [&] {
        out.append(text::service).append(bucket.region).append(text::owner).append(bucket.app_id);
        out.append(":").append(bucket.name).append("/");
    };
    // a resource that ends in `/` covers nothing below it: a prefix needs its `*`
    auto const append_scope = [&] { out.append(scope.text()).append(scope.is_prefix() ? "*" : ""); };
    out.append(text::upload);
    append_bucket();
    append_scope();
    if (may_list) {
        out.append(text::list);
        append_bucket();
        out.append(scope.is_prefix() ? text::like : text::equal);
        append_scope();
    }
    out.append(may_list ? text::after_list : text::after_upload);
    if (out.size() > text::max_size) return failure{errc::scope_too_long};
    return out;
}

}  // namespace valetkey
