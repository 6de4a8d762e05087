#pragma once
/// @file
/// OBS's form policies, judged: the conditions of form_conditions.hpp, in the vendor's own JSON, and a rule of its own
/// on which fields need none.

#include <valetkey/policy/form_conditions.hpp>
#include <valetkey/time.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

/// The vendor's JSON as plain JSON: it also writes `\$` and `\v`.
[[nodiscard]] inline std::string plain_obs_json(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const pair = text[i] == '\\' && i + 1 < text.size();
        if (!pair) {
            out += text[i];
            continue;
        }
        char const escaped = text[++i];
        if (escaped == 'v')
            out.append("\\u000b");
        else if (escaped == '$')
            out += '$';
        else
            out.append({'\\', escaped});
    }
    return out;
}

/// Whether a field may be posted that no condition names.
/// @param name In lower case.
/// @par Source Huawei Cloud, OBS API reference, signature in a form (obs_04_0012); callback (obs_04_0095).
[[nodiscard]] constexpr bool needs_no_obs_condition(std::string_view name) noexcept {
    constexpr std::string_view names[] = {
        "accesskeyid", "awsaccesskeyid", "signature",        "x-amz-signature", "file",        "policy",
        "token",       "callbackurl",    "callbackbodytype", "callbackbody",    "callbackhost"};
    for (auto const each : names)
        if (name == each) return true;
    return name.starts_with("x-ignore-") || name.starts_with("x:");
}

/// @param policy Decoded from base64. One that ends in `,]}`, as the vendor's SDKs write it, can be read.
/// @return `extra_field` only when everything else is in order.
[[nodiscard]] inline form_answer ask_obs_form_policy(std::string_view policy, posted_form const& form,
                                                     utc_seconds now) {
    auto const json = plain_obs_json(policy);
    auto const conditions = ask_form_policy(json, form, {false, true, {}}, now);
    if (conditions != form_answer::allowed) return conditions;
    std::vector<std::pair<std::string, std::string>> bound;
    for (auto const& field : form.fields)
        if (!needs_no_obs_condition(detail::lower_text(field.first))) bound.push_back(field);
    return ask_form_policy(json, {form.bucket, bound, {}, false}, {true, true, {}}, now);
}

}  // namespace valetkey
