#pragma once
/// @file
/// Amazon's policy grammar, as S3's session policies use it.
/// @par Source AWS, "IAM JSON policy elements", "Actions, resources, and condition keys for Amazon S3"; STS API: 2048
///   characters.

#include <valetkey/policy/question.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace valetkey {

struct aws_policy {
    // writing: upload, abort and list-parts, which a multipart upload needs, and no more
    static constexpr std::string_view head =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:PutObject","s3:AbortMultipartUpload",)"
        R"("s3:ListMultipartUploadParts"],"Resource":"arn:)";
    static constexpr std::string_view before_bucket = ":s3:::";
    static constexpr std::string_view tail = R"("}]})";
    static constexpr std::size_t max_size = 2048;
    static constexpr std::size_t max_bucket = 63 + 16;  // with the longest partition's name

    // reading
    static constexpr std::string_view statement_member = "Statement", effect_member = "Effect",
                                      action_member = "Action", resource_member = "Resource";
    static constexpr std::string_view allow = "Allow", deny = "Deny";
    static constexpr bool question_mark = true;
    static constexpr std::size_t own_wildcards = 0;
    [[nodiscard]] static constexpr bool may_have(std::string_view member) noexcept {
        return member == "Version" || member == "Sid";
    }
    [[nodiscard]] static constexpr std::string_view action_name(store_action action) noexcept {
        switch (action) {
            case store_action::put: return "s3:PutObject";
            case store_action::abort_upload: return "s3:AbortMultipartUpload";
            case store_action::list_parts: return "s3:ListMultipartUploadParts";
            case store_action::list_uploads: return "s3:ListBucketMultipartUploads";
            case store_action::read: return "s3:GetObject";
            case store_action::remove: return "s3:DeleteObject";
            case store_action::list_objects: return "s3:ListBucket";
            case store_action::read_acl: return "s3:GetObjectAcl";
            case store_action::write_acl: return "s3:PutObjectAcl";
            case store_action::write_tags: return "s3:PutObjectTagging";
            case store_action::bucket_settings: return "s3:PutBucketPolicy";
        }
        return "s3:?";
    }
    std::string_view partition{"aws"};
    [[nodiscard]] std::string resource(policy_question const& q) const {
        std::string out{"arn:"};
        out.append(partition).append(before_bucket).append(q.bucket);
        if (!is_of_bucket(q.action)) out.append("/").append(q.key);
        return out;
    }
};

}  // namespace valetkey
