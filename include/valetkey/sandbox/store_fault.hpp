#pragma once
/// @file
/// Why a store refuses, and how that is said in a vendor's codes.

#include <valetkey/policy/form_conditions.hpp>
#include <valetkey/sandbox/form_data.hpp>
#include <valetkey/sandbox/object_store.hpp>
#include <valetkey/signing/incoming.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

namespace valetkey::sandbox {

enum class fault : std::uint8_t {
    none,
    access_denied,
    malformed_signature,
    wrong_scope,
    unknown_key,
    wrong_token,
    expired_token,
    wrong_signature,
    skewed,
    request_expired,
    wrong_body,
    bad_digest,
    malformed_trailer,
    invalid_uri,
    invalid_argument,
    missing_field,
    missing_length,
    not_implemented,
    no_such_bucket,
    no_such_key,
    no_such_upload,
    object_exists,
    invalid_part,
    invalid_part_order,
    malformed_document,
    too_small,
    too_large,
    part_too_small,
    memory_full,
    malformed_form,
    form_fields_too_large,
    policy_unreadable,
    policy_expired,
    policy_condition,
    policy_extra_field,
    callback_failed,
};

/// One line of a vendor's table.
struct fault_row {
    fault what;
    int status;
    std::string_view code;
    std::string_view message;
};

/// Amazon's codes, which most of the others took over. A dialect's own rows come before these.
/// @par Source AWS, "Error responses" of the S3 API; what forms get: see providers/aws.hpp's source.
inline constexpr fault_row s3_faults[] = {
    {fault::access_denied, 403, "AccessDenied", "Access Denied"},
    {fault::malformed_signature, 400, "AuthorizationHeaderMalformed",
     "The authorization that you provided is not valid."},
    {fault::wrong_scope, 400, "AuthorizationHeaderMalformed", "Date, region or service of the signature are wrong."},
    {fault::unknown_key, 403, "InvalidAccessKeyId",
     "The access key ID that you provided does not exist in our records."},
    {fault::wrong_token, 400, "InvalidToken", "The provided token is malformed or otherwise invalid."},
    {fault::expired_token, 400, "ExpiredToken", "The provided token has expired."},
    {fault::wrong_signature, 403, "SignatureDoesNotMatch",
     "The request signature that we calculated does not match the signature that you provided."},
    {fault::skewed, 403, "RequestTimeTooSkewed",
     "The difference between the request time and the server's time is too large."},
    {fault::request_expired, 403, "AccessDenied", "Request has expired"},
    {fault::wrong_body, 400, "BadDigest", "The digest that you specified did not match what was received."},
    {fault::bad_digest, 400, "BadDigest", "The checksum that you specified did not match what was received."},
    {fault::malformed_trailer, 400, "MalformedTrailerError", "The trailer that was announced did not come."},
    {fault::invalid_uri, 400, "InvalidURI", "Couldn't parse the specified URI."},
    {fault::invalid_argument, 400, "InvalidArgument", "Invalid argument."},
    {fault::missing_field, 400, "InvalidArgument",
     "Bucket POST must contain a field named 'key' and, as the last one, a field named 'file'."},
    {fault::missing_length, 411, "MissingContentLength", "You must provide the Content-Length HTTP header."},
    {fault::not_implemented, 400, "NotImplemented", "The sandbox does not offer this operation."},
    {fault::no_such_bucket, 404, "NoSuchBucket", "The specified bucket does not exist."},
    {fault::no_such_key, 404, "NoSuchKey", "The specified key does not exist."},
    {fault::no_such_upload, 404, "NoSuchUpload", "The specified multipart upload does not exist."},
    {fault::object_exists, 412, "PreconditionFailed",
     "At least one of the preconditions that you specified did not hold."},
    {fault::invalid_part, 400, "InvalidPart",
     "One or more of the specified parts could not be found, or its entity tag did not match."},
    {fault::invalid_part_order, 400, "InvalidPartOrder", "The list of parts was not in ascending order."},
    {fault::malformed_document, 400, "MalformedXML", "The document that you provided was not well-formed."},
    {fault::too_small, 400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size."},
    {fault::too_large, 400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size."},
    {fault::part_too_small, 400, "EntityTooSmall", "A part but the last is smaller than the minimum allowed size."},
    {fault::memory_full, 403, "QuotaExceeded",
     "The sandbox keeps objects in memory, 1 GiB at most, and that is used up. Start it again to empty it."},
    {fault::malformed_form, 400, "MalformedPOSTRequest", "The body of your POST request is not well-formed."},
    {fault::form_fields_too_large, 400, "MaxPostPreDataLengthExceeded",
     "Your POST request fields preceding the upload file were too large."},
    {fault::policy_unreadable, 400, "InvalidPolicyDocument", "The content of the form's policy is not valid."},
    {fault::policy_expired, 403, "AccessDenied", "Invalid according to Policy: Policy expired."},
    {fault::policy_condition, 403, "AccessDenied", "Invalid according to Policy: Policy Condition failed"},
    {fault::policy_extra_field, 403, "AccessDenied", "Invalid according to Policy: Extra input fields"},
    {fault::callback_failed, 400, "CallbackFailed", "The callback was not accepted."},
};

/// The vendor's row where it has one of its own.
[[nodiscard]] constexpr fault_row const& row_of(fault what, std::span<fault_row const> own) noexcept {
    for (auto const& row : own)
        if (row.what == what) return row;
    for (auto const& row : s3_faults)
        if (row.what == what) return row;
    return s3_faults[0];
}

[[nodiscard]] constexpr fault fault_of(verdict said) noexcept {
    switch (said) {
        case verdict::accepted: return fault::none;
        case verdict::not_signed: return fault::access_denied;
        case verdict::malformed: return fault::malformed_signature;
        case verdict::unknown_key: return fault::unknown_key;
        case verdict::wrong_token: return fault::wrong_token;
        case verdict::wrong_scope: return fault::wrong_scope;
        case verdict::skewed: return fault::skewed;
        case verdict::expired: return fault::request_expired;
        case verdict::wrong_signature: return fault::wrong_signature;
        case verdict::wrong_body: return fault::wrong_body;
    }
    return fault::access_denied;
}
[[nodiscard]] constexpr fault fault_of(form_answer said) noexcept {
    switch (said) {
        case form_answer::allowed: return fault::none;
        case form_answer::unreadable: return fault::policy_unreadable;
        case form_answer::expired: return fault::policy_expired;
        case form_answer::condition_failed: return fault::policy_condition;
        case form_answer::extra_field: return fault::policy_extra_field;
        case form_answer::too_small: return fault::too_small;
        case form_answer::too_large: return fault::too_large;
    }
    return fault::access_denied;
}
[[nodiscard]] constexpr fault fault_of(form_fault said) noexcept {
    switch (said) {
        case form_fault::none: return fault::none;
        case form_fault::no_file:
        case form_fault::file_not_last: return fault::missing_field;
        case form_fault::fields_too_large: return fault::form_fields_too_large;
        default: return fault::malformed_form;
    }
}
[[nodiscard]] constexpr fault fault_of(object_store::problem said) noexcept {
    switch (said) {
        case object_store::problem::none: return fault::none;
        case object_store::problem::no_such_upload: return fault::no_such_upload;
        case object_store::problem::invalid_part: return fault::invalid_part;
        case object_store::problem::wrong_order: return fault::invalid_part_order;
        case object_store::problem::too_small: return fault::part_too_small;
        case object_store::problem::full: return fault::memory_full;
    }
    return fault::access_denied;
}

}  // namespace valetkey::sandbox
