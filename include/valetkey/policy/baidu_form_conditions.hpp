#pragma once
/// @file
/// The evaluator of BOS's form policies, which are a small relative of the S3 family's: three conditions, and a key
/// that is a pattern.

#include <valetkey/policy/baidu_policy.hpp>
#include <valetkey/policy/form_conditions.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace valetkey {

namespace detail {

/// One run over the conditions of a BOS policy.
class bos_form_judge {
public:
    explicit bos_form_judge(posted_form const& form) : form_{form} {}

    [[nodiscard]] form_answer judge(boost::json::array const& conditions) const {
        if (posts_twice()) return form_answer::extra_field;
        for (auto const& condition : conditions) {
            auto const answer = condition.is_object()  ? members(condition.get_object())
                                : condition.is_array() ? size_range(condition.get_array())
                                                       : form_answer::unreadable;
            if (answer != form_answer::allowed) return answer;
        }
        return form_answer::allowed;
    }

private:
    /// What is judged could be another one than what is stored.
    [[nodiscard]] bool posts_twice() const {
        for (auto const& [name, value] : form_.fields)
            if (std::count_if(form_.fields.begin(), form_.fields.end(), [&own = name](auto const& other) {
                    return lower_text(other.first) == lower_text(own);
                }) > 1)
                return true;
        return false;
    }
    [[nodiscard]] std::optional<std::string_view> posted(std::string_view name) const {
        if (name == "bucket") return form_.bucket;
        for (auto const& [field, value] : form_.fields)
            if (lower_text(field) == name) return std::string_view{value};
        return std::nullopt;
    }
    [[nodiscard]] form_answer members(boost::json::object const& condition) const {
        if (condition.empty()) return form_answer::unreadable;
        for (auto const& [written, value] : condition) {
            auto const wanted = text_of(value);
            if (!wanted) return form_answer::unreadable;
            auto const name = lower_text(written);
            auto const is = posted(name);
            if (!is && !form_.judge_absent) continue;
            bool const fits = is && (name == "key" ? matches_wildcard(*wanted, *is, false) : *wanted == *is);
            if (!fits) return form_answer::condition_failed;
        }
        return form_answer::allowed;
    }
    [[nodiscard]] form_answer size_range(boost::json::array const& condition) const {
        if (condition.size() != 3 || text_of(condition[0]) != "content-length-range") return form_answer::unreadable;
        auto const least = size_of(condition[1]);
        auto const most = size_of(condition[2]);
        if (!least || !most) return form_answer::unreadable;
        if (form_.file_size && *form_.file_size < *least) return form_answer::too_small;
        return form_.file_size && *form_.file_size > *most ? form_answer::too_large : form_answer::allowed;
    }

    posted_form const& form_;
};

}  // namespace detail

/// Whether the posted fields and the file satisfy every condition: `bucket` and other fields exactly, `key` as a
/// pattern whose `*` is a wildcard, sizes. There is no `starts-with`; lists other than of sizes are unreadable. A field
/// that is posted twice is one too many.
/// @param policy The JSON text, decoded from base64.
/// @par Source Baidu, "PostObject".  Checked by vectors/baidu.json, kind post_policy.
[[nodiscard]] inline form_answer ask_bos_form(std::string_view policy, posted_form const& form, utc_seconds now) {
    boost::system::error_code error;
    auto const document = boost::json::parse(policy, error);
    auto const* root = error || has_twin_members(policy, document) ? nullptr : document.if_object();
    auto const* expiration = root ? root->if_contains("expiration") : nullptr;
    auto const* conditions = root ? root->if_contains("conditions") : nullptr;
    if (!expiration || !conditions || !conditions->is_array() || conditions->get_array().empty())
        return form_answer::unreadable;
    auto const end = parse_iso_time(detail::text_of(*expiration).value_or(std::string_view{}));
    if (!end) return form_answer::unreadable;
    if (now >= *end) return form_answer::expired;
    return detail::bos_form_judge{form}.judge(conditions->get_array());
}

}  // namespace valetkey
