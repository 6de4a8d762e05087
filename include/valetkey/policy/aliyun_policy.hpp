#pragma once
/// @file
/// Aliyun's policy grammar (RAM), as OSS's session policies use it.
/// @par Source Aliyun, "Policy structure and syntax", "Authorization syntax and elements"; STS API: 2048 characters.

#include <valetkey/policy/question.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace valetkey {

struct aliyun_policy {
    // writing: upload, abort and list-parts, and no more
    static constexpr std::string_view head =
        R"({"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:PutObject","oss:AbortMultipartUpload",)"
        R"("oss:ListParts"],"Resource":["acs:oss:*:*:)";
    static constexpr std::string_view before_bucket = "";
    static constexpr std::string_view tail = R"("]}]})";
    static constexpr std::size_t max_size = 2048;
    static constexpr std::size_t max_bucket = 63;

    // reading
    static constexpr std::string_view statement_member = "Statement", effect_member = "Effect",
                                      action_member = "Action", resource_member = "Resource";
    static constexpr std::string_view allow = "Allow", deny = "Deny";
    static constexpr bool question_mark =
        true;  // documented for conditions alone; taken as a wildcard to be safe (unverified)
    static constexpr std::size_t own_wildcards = 2;  // region and owner
    [[nodiscard]] static constexpr bool may_have(std::string_view member) noexcept { return member == "Version"; }
    [[nodiscard]] static constexpr std::string_view action_name(store_action action) noexcept {
        switch (action) {
            case store_action::put: return "oss:PutObject";
            case store_action::abort_upload: return "oss:AbortMultipartUpload";
            case store_action::list_parts: return "oss:ListParts";
            case store_action::list_uploads: return "oss:ListMultipartUploads";
            case store_action::read: return "oss:GetObject";
            case store_action::remove: return "oss:DeleteObject";
            case store_action::list_objects: return "oss:ListObjects";
            case store_action::read_acl: return "oss:GetObjectAcl";
            case store_action::write_acl: return "oss:PutObjectAcl";
            case store_action::write_tags: return "oss:PutObjectTagging";
            case store_action::bucket_settings: return "oss:PutBucketAcl";
        }
        return "oss:?";
    }
    /// Region and owner are somebody's: a policy that names them as `*` fits whoever it is.
    [[nodiscard]] static std::string resource(policy_question const& q) {
        std::string out{"acs:oss:region:owner:"};
        out.append(q.bucket);
        if (!is_of_bucket(q.action)) out.append("/").append(q.key);
        return out;
    }
    /// Part by part: the star for the owner must not reach over colons into a key that holds some.
    [[nodiscard]] static constexpr bool matches_resource(std::string_view pattern, std::string_view resource) noexcept {
        if (pattern == "*") return true;
        for (int part = 0; part < 4; ++part) {  // acs, oss, region, owner
            auto const wanted = pattern.find(':');
            auto const given = resource.find(':');
            if (wanted == std::string_view::npos || given == std::string_view::npos ||
                !matches_wildcard(pattern.substr(0, wanted), resource.substr(0, given)))
                return false;
            pattern.remove_prefix(wanted + 1);
            resource.remove_prefix(given + 1);
        }
        return matches_wildcard(pattern, resource, question_mark);
    }
};

}  // namespace valetkey
