#pragma once
/// @file
/// The evaluator of form policies of the S3 family: do the posted fields and the file satisfy every condition? Clouds
/// differ by data.

#include <valetkey/policy/question.hpp>
#include <valetkey/policy/twin_members.hpp>
#include <valetkey/time.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

enum class form_answer : std::uint8_t {
    allowed,
    unreadable,  ///< no policy of the grammar
    expired,
    condition_failed,
    extra_field,  ///< posted without a condition, where the cloud wants one
    too_small,
    too_large,
};

/// How a cloud reads form policies.
struct form_rules {
    bool every_field_needs_condition = false;  ///< AWS: but policy, signature, file and x-ignore-…
    bool trailing_comma = false;               ///< Huawei's V4 form ends in `,]}`
    std::string_view signature_field{};        ///< never needs a condition
    bool bucket_needs_condition = false;       ///< AWS: even where no field names it
};

/// What was posted.
struct posted_form {
    std::string_view bucket{};                                       ///< the store's own, for conditions on `bucket`
    std::vector<std::pair<std::string, std::string>> const& fields;  ///< names in any letter case
    std::optional<std::uint64_t> file_size{};                        ///< bytes; none: not judged
    bool judge_absent = true;  ///< a condition on a field that is not posted fails
};

namespace detail {

[[nodiscard]] inline std::string lower_text(std::string_view text) {
    std::string out{text};
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}
[[nodiscard]] inline std::optional<std::string_view> text_of(boost::json::value const& value) noexcept {
    auto const* text = value.if_string();
    return text ? std::optional<std::string_view>{std::string_view{text->data(), text->size()}} : std::nullopt;
}
/// A number of bytes; a string of digits will do.
[[nodiscard]] inline std::optional<std::uint64_t> size_of(boost::json::value const& value) noexcept {
    if (value.is_int64() && value.get_int64() >= 0) return static_cast<std::uint64_t>(value.get_int64());
    if (value.is_uint64()) return value.get_uint64();
    auto const text = text_of(value).value_or(std::string_view{});
    std::uint64_t number = 0;
    auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    return !text.empty() && bad == std::errc{} && end == text.data() + text.size() ? std::optional{number}
                                                                                   : std::nullopt;
}

/// One run over a policy's conditions.
class form_judge {
public:
    form_judge(form_rules const& rules, posted_form const& form) : rules_{rules}, form_{form} {}

    [[nodiscard]] form_answer judge(boost::json::array const& conditions) {
        for (auto const& condition : conditions) {
            auto const answer = condition.is_object()  ? exact_members(condition.get_object())
                                : condition.is_array() ? listed(condition.get_array())
                                                       : form_answer::unreadable;
            if (answer != form_answer::allowed) return answer;
        }
        return rules_.every_field_needs_condition ? no_extra_fields() : form_answer::allowed;
    }

private:
    [[nodiscard]] std::optional<std::string_view> posted(std::string_view name) const {
        if (name == "bucket") return form_.bucket;
        for (auto const& [field, value] : form_.fields)
            if (lower_text(field) == name) return std::string_view{value};
        return std::nullopt;
    }
    [[nodiscard]] std::string field_name(std::string_view written) {
        auto name = lower_text(written);
        conditioned_.push_back(name);
        return name;
    }
    template <class Fits>
    [[nodiscard]] form_answer require(std::string const& name, Fits fits) const {
        auto const value = posted(name);
        if (!value) return form_.judge_absent ? form_answer::condition_failed : form_answer::allowed;
        return fits(*value) ? form_answer::allowed : form_answer::condition_failed;
    }
    [[nodiscard]] form_answer exact_members(boost::json::object const& condition) {
        if (condition.empty()) return form_answer::unreadable;
        for (auto const& [name, value] : condition) {
            auto const wanted = text_of(value);
            if (!wanted) return form_answer::unreadable;
            auto const answer = require(field_name(name), [&](std::string_view is) { return is == *wanted; });
            if (answer != form_answer::allowed) return answer;
        }
        return form_answer::allowed;
    }
    [[nodiscard]] form_answer listed(boost::json::array const& condition) {
        if (condition.size() != 3 || !condition[0].is_string()) return form_answer::unreadable;
        auto const how = lower_text(*text_of(condition[0]));
        if (how == "content-length-range") return size_range(condition[1], condition[2]);
        auto const field = text_of(condition[1]);
        if (!field || !field->starts_with('$')) return form_answer::unreadable;
        auto const name = field_name(field->substr(1));
        if (how == "in" || how == "not-in") return one_of(name, condition[2], how == "in");
        auto const wanted = text_of(condition[2]);
        if (!wanted) return form_answer::unreadable;
        if (how == "eq") return require(name, [&](std::string_view is) { return is == *wanted; });
        if (how == "starts-with") return require(name, [&](std::string_view is) { return is.starts_with(*wanted); });
        return form_answer::unreadable;
    }
    [[nodiscard]] form_answer one_of(std::string const& name, boost::json::value const& list, bool in) const {
        if (!list.is_array()) return form_answer::unreadable;
        for (auto const& each : list.get_array())
            if (!each.is_string()) return form_answer::unreadable;
        return require(name, [&](std::string_view is) {
            auto const& all = list.get_array();
            bool const found =
                std::any_of(all.begin(), all.end(), [&](auto const& each) { return *text_of(each) == is; });
            return found == in;
        });
    }
    [[nodiscard]] form_answer size_range(boost::json::value const& least, boost::json::value const& most) const {
        auto const from = size_of(least);
        auto const to = size_of(most);
        if (!from || !to) return form_answer::unreadable;
        if (form_.file_size && *form_.file_size < *from) return form_answer::too_small;
        return form_.file_size && *form_.file_size > *to ? form_answer::too_large : form_answer::allowed;
    }
    [[nodiscard]] form_answer no_extra_fields() const {
        if (rules_.bucket_needs_condition && !is_conditioned("bucket")) return form_answer::extra_field;
        for (auto const& [field, value] : form_.fields) {
            auto const name = lower_text(field);
            bool const free = name == "policy" || name == "file" || name == lower_text(rules_.signature_field) ||
                              name.starts_with("x-ignore-");
            if (!free && !is_conditioned(name)) return form_answer::extra_field;
        }
        return form_answer::allowed;
    }

    [[nodiscard]] bool is_conditioned(std::string_view name) const {
        return std::find(conditioned_.begin(), conditioned_.end(), name) != conditioned_.end();
    }

    form_rules const& rules_;
    posted_form const& form_;
    std::vector<std::string> conditioned_;
};

}  // namespace detail

/// @param policy The JSON text, decoded from base64.
/// @par Source AWS, "POST Policy"; the other clouds' sheets name what differs.
[[nodiscard]] inline form_answer ask_form_policy(std::string_view policy, posted_form const& form,
                                                 form_rules const& rules, utc_seconds now) {
    boost::json::parse_options options;
    options.allow_trailing_commas = rules.trailing_comma;
    boost::system::error_code error;
    auto const document = boost::json::parse(policy, error, {}, options);
    auto const* root = error || has_twin_members(policy, document) ? nullptr : document.if_object();
    auto const* expiration = root ? root->if_contains("expiration") : nullptr;
    auto const* conditions = root ? root->if_contains("conditions") : nullptr;
    if (!expiration || !conditions || !conditions->is_array() || conditions->get_array().empty())
        return form_answer::unreadable;
    auto const end = parse_iso_time(detail::text_of(*expiration).value_or(std::string_view{}));
    if (!end) return form_answer::unreadable;
    if (now >= *end) return form_answer::expired;
    return detail::form_judge{rules, form}.judge(conditions->get_array());
}

}  // namespace valetkey
