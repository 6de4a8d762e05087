#pragma once
/// @file
/// Amazon S3 and STS, emulated. Facts and sources: providers/aws.hpp and the headers that it stands on.

#include <valetkey/policy/statements.hpp>
#include <valetkey/providers/aws.hpp>
#include <valetkey/sandbox/aws_chunked.hpp>
#include <valetkey/sandbox/s3_dialect.hpp>
#include <valetkey/sandbox/sts_desk.hpp>
#include <valetkey/signing/verify_v4.hpp>

#include <array>
#include <string>
#include <string_view>

namespace valetkey::sandbox {

struct aws_dialect : s3_dialect {
    using cloud = aws;
    static constexpr std::string_view key_prefix = "ASIA";
    static constexpr std::array<std::string_view, 1> header_prefixes{"x-amz-"};
    static constexpr std::uint64_t least_part = std::uint64_t{5} << 20U;
    static constexpr std::string_view xml_namespace = "http://s3.amazonaws.com/doc/2006-03-01/";
    static constexpr fault_row own_faults[] = {
        {fault::wrong_body, 400, "XAmzContentSHA256Mismatch",
         "The provided 'x-amz-content-sha256' header does not match what was computed."},
    };
    static constexpr std::span<fault_row const> faults{own_faults};

    static void configure(aws::settings& own) {
        own.region = "us-east-1";
        own.bucket = "valetkey-sandbox";
        if (own.role.empty()) own.role = "arn:aws:iam::123456789012:role/valetkey-upload";
        own.duration_seconds = 900;
    }

    template <class Find>
    static verdict verify(incoming_request const& request, store_address const&, Find const& find,
                          aws::settings const& own, verifying_terms terms) {
        v4_server const server{own.region, "s3"};
        terms.check_content_md5 = false;  // it has a code of its own: see read_payload
        return request.query.find("X-Amz-Signature=") == std::string_view::npos
                   ? verify_aws4_header(request, find, server, terms)
                   : verify_aws4_query(request, find, server, terms);
    }
    static policy_answer ask(aws::settings const& own, std::string_view policy, policy_question const& q) {
        return statement_policy<aws_policy>{policy, {aws::partition(own.region)}}.ask(q);
    }
    static fault read_payload(store_request const& request, std::string& into) {
        if (check_content_md5(request.view(), {}) != verdict::accepted) return fault::bad_digest;
        return read_aws_payload(request, into);
    }

    template <class Find>
    static form_check check_form(store_request const&, posted_data const& form, Find const& find,
                                 aws::settings const& own, std::string_view bucket, utc_seconds now) {
        auto const policy = form.field("policy").value_or("");
        auto const credential = form.field("x-amz-credential").value_or("");
        auto const signature = form.field("x-amz-signature").value_or("");
        if (policy.empty() && signature.empty()) return {};
        auto const claim = v4_credential::parse(credential);
        auto const text = from_base64(policy);
        if (!claim || !text || form.field("x-amz-algorithm") != aws4::algorithm) return {verdict::malformed};
        known_key const* key = find(claim->key_id);
        if (!key) return {verdict::unknown_key};
        auto const token = check_token(*key, form.field("x-amz-security-token").value_or(""));
        if (token != verdict::accepted) return {token};
        auto const said = verify_v4_policy<aws4>(policy, credential, form.field("x-amz-date").value_or(""), signature,
                                                 *key, {{}, own.region, "s3"});
        if (said != verdict::accepted) return {said};
        return {said, ask_form_policy(*text, {bucket, form.fields, form.file->size()},
                                      {true, false, "X-Amz-Signature", true}, now)};
    }

    static store_answer sts(store_request const& request, aws::settings const& own, sealed_keys& keys,
                            utc_seconds now) {
        verifying_terms terms;
        terms.now = now;
        auto const said =
            verify_aws4_header(request.view(), root_key_of(own.root), v4_server{own.region, "sts"}, terms);
        if (said != verdict::accepted) return sts_refusal(said);
        auto const asked = read_parameters(request.body);
        auto const value = [&](std::string_view name) { return only_value(*asked, name).value_or(std::string_view{}); };
        if (!asked || request.method != "POST" || value("Version") != "2011-06-15")
            return sts_refusal(400, "ValidationError", "The request is not one that the sandbox's STS offers.");
        bool const role = value("Action") == "AssumeRole";
        if (!role && value("Action") != "GetFederationToken")
            return sts_refusal(400, "InvalidAction", "The sandbox's STS offers AssumeRole and GetFederationToken.");
        if (role && (value("RoleArn") != own.role || value("ExternalId") != own.external_id))
            return sts_refusal(403, "AccessDenied", "Not authorized to perform sts:AssumeRole on this role.");
        auto const name = value(role ? "RoleSessionName" : "Name");
        if (!valetkey::detail::is_made_of(name, "_=,.@-", 2, role ? 64 : 32))
            return sts_refusal(400, "ValidationError", "The session's name is not valid.");
        auto const duration = read_duration(value("DurationSeconds"), 900, role ? 43200 : 129600);
        if (!duration) return sts_refusal(400, "ValidationError", "DurationSeconds is out of its range.");
        std::string policy{value("Policy")};
        if (policy.size() > 2048) return sts_refusal(400, "PackedPolicyTooLarge", "The policy is too large.");
        if (ask(own, policy, {store_action::read, own.bucket, "-"}) == policy_answer::unreadable)
            return sts_refusal(400, "MalformedPolicyDocument", "The policy cannot be read.");
        auto const issued = keys.issue(aws::name, key_prefix, std::move(policy), now + *duration);
        auto const result = role ? "AssumeRole" : "GetFederationToken";
        std::string body{"<"};
        body.append(result).append("Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><");
        body.append(result).append("Result><Credentials>").append(xml_element("AccessKeyId", issued.key.id));
        body.append(xml_element("SecretAccessKey", issued.key.value.reveal()));
        body.append(xml_element("SessionToken", issued.key.session_token));
        body.append(xml_element("Expiration", timestamp{issued.end}.iso())).append("</Credentials></");
        body.append(result).append("Result></").append(result).append("Response>");
        return {200, std::move(body), "text/xml"};
    }

private:
    static store_answer sts_refusal(int status, std::string_view code, std::string_view message) {
        return {status,
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>" +
                    xml_element("Code", code) + xml_element("Message", message) + "</Error></ErrorResponse>",
                "text/xml"};
    }
    static store_answer sts_refusal(verdict said) {
        if (said == verdict::unknown_key)
            return sts_refusal(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
        if (said == verdict::malformed || said == verdict::not_signed)
            return sts_refusal(400, "IncompleteSignature", "The request is not signed as AWS4-HMAC-SHA256 has it.");
        return sts_refusal(403, "SignatureDoesNotMatch", "The signature, its time or its scope do not match.");
    }
};

}  // namespace valetkey::sandbox
