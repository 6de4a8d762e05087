#pragma once
/// @file
/// Huawei Cloud's IAM v3 and STS 5, emulated.

#include <valetkey/crypto/random.hpp>
#include <valetkey/policy/huawei_policy.hpp>
#include <valetkey/providers/huawei.hpp>
#include <valetkey/sandbox/sealed_keys.hpp>
#include <valetkey/sandbox/store_message.hpp>
#include <valetkey/sandbox/sts_desk.hpp>
#include <valetkey/signing/verify_sdk_hmac.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::sandbox {

/// The desk that issues keys, as `api` has it.
/// @par Source Huawei Cloud, IAM API reference (iam_04_0101, iam_04_0002), its error codes; AssumeAgency (api-iam5).
class huawei_desk {
public:
    static constexpr std::string_view key_prefix = "HST";

    huawei_desk(huawei::settings const& own, sealed_keys& keys, utc_seconds now) : own_{own}, keys_{keys}, now_{now} {}

    [[nodiscard]] store_answer serve(store_request const& request) {
        bool const sts5 = own_.api == "sts5";
        std::string_view const path = sts5 ? "/v5/agencies/assume" : "/v3.0/OS-CREDENTIAL/securitytokens";
        if (request.method != "POST" || request.path != path)
            return refusal(404, "APIGW.0101", "The API does not exist: the sandbox offers POST " + std::string{path});
        verifying_terms terms;
        terms.now = now_;
        auto const said = verify_sdk_hmac(request.view(), root_key_of(own_.root), terms);
        if (said != verdict::accepted) return refusal(said);
        auto const domain = request.header_or_empty("x-domain-id");
        if (!domain.empty() && !own_.account_id.empty() && domain != own_.account_id)
            return refusal(401, "APIGW.0301", "Incorrect IAM authentication information: X-Domain-Id is another's.");
        boost::system::error_code error;
        auto const document = boost::json::parse(request.body, error);
        if (error || has_twin_members(request.body, document))
            return refusal(400, "IAM.0007", "The body is not JSON that can be read.");
        return sts5 ? assume(document) : create(document);
    }

private:
    using value = boost::json::value;

    [[nodiscard]] static value const* find(value const& in, std::string_view pointer) {
        boost::system::error_code error;
        return in.find_pointer(pointer, error);
    }
    [[nodiscard]] static std::string_view text(value const& in, std::string_view pointer) {
        auto const* found = find(in, pointer);
        return found && found->is_string() ? std::string_view{found->get_string()} : std::string_view{};
    }
    /// The documents write the number as one and as a text.
    [[nodiscard]] static std::optional<std::chrono::seconds> duration(value const& in, std::string_view pointer,
                                                                      std::string_view otherwise, std::uint64_t most) {
        auto const* found = find(in, pointer);
        auto const digits = !found               ? std::string{otherwise}
                            : found->is_string() ? std::string{std::string_view{found->get_string()}}
                                                 : boost::json::serialize(*found);
        return read_duration(digits, 900, most);
    }
    [[nodiscard]] bool is_readable(std::string_view policy) const {
        return obs_policy{policy}.ask({store_action::read, own_.bucket, "-"}) != policy_answer::unreadable;
    }

    /// By agency, or by the token that the signature stands for: narrowed, the keys are the signing user's own.
    [[nodiscard]] store_answer create(value const& asked) {
        auto const* methods = find(asked, "/auth/identity/methods");
        auto const way = text(asked, "/auth/identity/methods/0");
        bool const agency = way == "assume_role";
        if (!methods || !methods->is_array() || methods->get_array().size() != 1 || (!agency && way != "token"))
            return refusal(400, "IAM.0011", "auth.identity.methods must be [\"assume_role\"] or [\"token\"].");
        if (agency &&
            (own_.agency_name.empty() || text(asked, "/auth/identity/assume_role/domain_id") != own_.domain_id ||
             text(asked, "/auth/identity/assume_role/agency_name") != own_.agency_name))
            return refusal(404, "IAM.0004", "Could not find the agency.");
        if (find(asked, "/auth/identity/assume_role/session_user") &&
            !is_session_user(text(asked, "/auth/identity/assume_role/session_user/name")))
            return refusal(400, "IAM.0011", "session_user.name is not valid.");
        auto const lasts = duration(asked, "/auth/identity/" + std::string{way} + "/duration_seconds", "900", 86400);
        if (!lasts) return refusal(400, "IAM.0011", "duration_seconds must be 900 to 86400.");
        auto const* policy = find(asked, "/auth/identity/policy");
        if (!policy || !policy->is_object()) return refusal(400, "IAM.0011", "auth.identity.policy must be an object.");
        auto written = boost::json::serialize(*policy);
        if (auto const code = policy_fault(*policy, written); !code.empty())
            return refusal(400, code, "The policy is beyond a limit of IAM.");
        if (text(*policy, "/Version") != "1.1" || !is_readable(written))
            return refusal(400, "IAM.0011", "The policy cannot be read.");
        auto const issued = keys_.issue(huawei::name, key_prefix, std::move(written), now_ + *lasts);
        std::string end{timestamp{issued.end}.iso().view().substr(0, 19)};
        return answer(201, {{"credential",
                             {{"access", issued.key.id},
                              {"secret", issued.key.value.reveal()},
                              {"securitytoken", issued.key.session_token},
                              {"expires_at", end + ".000000Z"}}}});
    }
    /// Letters, digits, blanks and `-_.`, the first a letter.
    [[nodiscard]] static bool is_session_user(std::string_view name) noexcept {
        return valetkey::detail::is_made_of(name, " -_.", 1, 32) && (name[0] | 0x20) >= 'a' && (name[0] | 0x20) <= 'z';
    }
    /// What is longer than IAM takes. @return Its code.
    [[nodiscard]] static std::string_view policy_fault(value const& policy, std::string_view written) {
        if (written.size() > obs_policy_1_1::max_size) return "IAM.1048";
        auto const* list = find(policy, "/Statement");
        if (!list || !list->is_array()) return {};
        if (list->get_array().size() > 8) return "IAM.1028";
        for (auto const& each : list->get_array()) {
            std::size_t actions = 0;
            std::size_t resources = 0;
            std::string_view wrong;
            if (auto const* names = find(each, "/Action"))
                (void)valetkey::detail::for_each_text(*names, [&](std::string_view) { ++actions; });
            auto const look = [&](std::string_view resource) {
                ++resources;
                if (resource.size() > obs_policy_1_1::max_resource) wrong = "IAM.1048";
                if (resource.empty() || resource.find(' ') != resource.npos) wrong = "IAM.1041";
            };
            if (auto const* names = find(each, "/Resource")) (void)valetkey::detail::for_each_text(*names, look);
            if (actions > 100) return "IAM.1033";
            if (resources > 10) return "IAM.1040";
            if (!wrong.empty()) return wrong;
        }
        return {};
    }

    /// Which code STS has for a parameter that is not valid is unverified: IAM's stands in.
    [[nodiscard]] store_answer assume(value const& asked) {
        auto const agency = own_.domain_id + ":agency:" + own_.agency_name;
        if (text(asked, "/agency_urn") != "iam::" + agency)
            return refusal(404, "STS5.1106", "The agency cannot be found.");
        if (text(asked, "/external_id") != own_.external_id)
            return refusal(403, "STS5.1001", "The agency is not authorised: its external_id is another.");
        std::string const session{text(asked, "/agency_session_name")};
        if (!valetkey::detail::is_made_of(session, "+=,.@-_", 2, 128))
            return refusal(400, "IAM.0011", "agency_session_name is not valid.");
        auto const lasts = duration(asked, "/duration_seconds", "3600", 43200);
        if (!lasts) return refusal(400, "IAM.0011", "duration_seconds must be 900 to 43200.");
        std::string policy{text(asked, "/policy")};
        if (policy.size() < 2 || policy.size() > obs_policy_5_0::max_size || !is_readable(policy))
            return refusal(400, "PAP5.0011", "The policy document is malformed: a text of 2 to 2048 is wanted.");
        auto const issued = keys_.issue(huawei::name, key_prefix, std::move(policy), now_ + *lasts);
        return answer(200, {{"source_identity", ""},
                            {"assumed_agency",
                             {{"urn", "sts::" + own_.domain_id + ":assumed-agency:" + own_.agency_name + "/" + session},
                              {"id", own_.agency_name + ":" + session}}},
                            {"credentials",
                             {{"access_key_id", issued.key.id},
                              {"secret_access_key", issued.key.value.reveal()},
                              {"security_token", issued.key.session_token},
                              {"expiration", timestamp{issued.end}.iso_milliseconds().view()}}}});
    }

    [[nodiscard]] static store_answer answer(int status, boost::json::object const& document) {
        return {status, boost::json::serialize(document), "application/json"};
    }
    [[nodiscard]] static store_answer refusal(int status, std::string_view code, std::string_view message) {
        auto const id = random_pool{}.hex_id();
        return answer(status, {{"error_msg", message}, {"error_code", code}, {"request_id", id.view()}});
    }
    /// The gateway has one code for all of them.
    [[nodiscard]] static store_answer refusal(verdict said) {
        std::string message{"Incorrect IAM authentication information: "};
        message += said == verdict::unknown_key  ? "the access key does not exist"
                   : said == verdict::skewed     ? "x-sdk-date is more than 15 minutes away"
                   : said == verdict::not_signed ? "the request is not signed"
                                                 : "verify aksk signature fail";
        return refusal(401, "APIGW.0301", message);
    }

    huawei::settings const& own_;
    sealed_keys& keys_;
    utc_seconds now_;
};

}  // namespace valetkey::sandbox
