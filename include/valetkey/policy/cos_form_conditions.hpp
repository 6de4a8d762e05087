#pragma once
/// @file
/// The evaluator of COS's form policies: that of the S3 family, with the signer's three mandatory conditions.

#include <valetkey/policy/form_conditions.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

namespace detail {

/// Whether one of the conditions pins a field to one value.
[[nodiscard]] inline bool pins_field(boost::json::array const& conditions, std::string_view name) {
    for (auto const& condition : conditions) {
        if (auto const* exact = condition.if_object())
            for (auto const& [field, value] : *exact)
                if (lower_text(field) == name) return true;
        auto const* list = condition.if_array();
        if (!list || list->size() != 3 || !(*list)[0].is_string() || !(*list)[1].is_string()) continue;
        auto const field = lower_text(*text_of((*list)[1]));
        if (lower_text(*text_of((*list)[0])) == "eq" && field.starts_with('$') && field.substr(1) == name) return true;
    }
    return false;
}

}  // namespace detail

/// A policy that does not pin who signed it, how and for which span is `unreadable`. The condition `q-sign-time` is on
/// the field `q-key-time`. Fields without a condition are not looked at.
/// @param policy The JSON text, decoded from base64. Its signature is checked by `verify_cos_form`.
/// @par Source Tencent Cloud, "POST Object" (436/14690).
[[nodiscard]] inline form_answer ask_cos_form_policy(std::string_view policy, posted_form const& form,
                                                     utc_seconds now) {
    boost::system::error_code error;
    auto const document = boost::json::parse(policy, error);
    auto const* root = error ? nullptr : document.if_object();
    auto const* list = root ? root->if_contains("conditions") : nullptr;
    auto const* conditions = list ? list->if_array() : nullptr;
    if (!conditions) return form_answer::unreadable;
    for (std::string_view const name : {"q-sign-algorithm", "q-ak", "q-sign-time"})
        if (!detail::pins_field(*conditions, name)) return form_answer::unreadable;

    std::vector<std::pair<std::string, std::string>> fields;
    for (auto const& [name, value] : form.fields) {
        auto const lower = detail::lower_text(name);
        if (lower != "q-sign-time") fields.emplace_back(name, value);
        if (lower == "q-key-time") fields.emplace_back("q-sign-time", value);
    }
    return ask_form_policy(policy, {form.bucket, fields, form.file_size, form.judge_absent}, {}, now);
}

}  // namespace valetkey
