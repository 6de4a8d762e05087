#pragma once
/// @file
/// The fields of one request, whichever way they were spelt, and what they ask for. No heap.

#include <valetkey/gateway/refusals.hpp>
#include <valetkey/upload_request.hpp>

#include <boost/system/result.hpp>

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

namespace valetkey::gateway {

/// A text up to its capacity; what is longer is remembered as too long.
template <std::size_t Capacity>
class bounded_text {
public:
    void clear() noexcept { size_ = 0; }
    void append(std::string_view text) noexcept {
        for (char const c : text) append(c);
    }
    void append(char c) noexcept {
        if (size_ < Capacity) text_[size_] = c;
        if (size_ <= Capacity) ++size_;
    }
    [[nodiscard]] bool too_long() const noexcept { return size_ > Capacity; }
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_ < Capacity ? size_ : Capacity}; }

private:
    std::array<char, Capacity> text_{};
    std::size_t size_ = 0;
};

/// Collects fields, then judges them. The first refusal stays.
class request_fields {
public:
    void clear() noexcept {
        seen_.reset();
        present_.reset();
        refusal_.reset();
        name_.clear();
        open_ = false;
    }
    /// A field begins. False: refused.
    bool begin(std::string_view name) noexcept {
        open_ = true;
        name_.clear();
        name_.append(name);
        auto const* rule = name_.too_long() ? nullptr : rule_of(name_.view());
        if (!rule) return refuse({refused::unknown_field, name_.view()});
        current_ = static_cast<std::size_t>(rule - field_rules);
        if (seen_[current_]) return refuse({refused::duplicate_field, rule->name});
        seen_.set(current_);
        text().clear();
        return true;
    }
    bool append_text(std::string_view part) noexcept {
        if (!rule().is_text) return wrong_type();
        text().append(part);
        return true;
    }
    /// The text is whole; an empty one is no value.
    bool end_text() noexcept {
        open_ = false;
        if (!rule().is_text) return wrong_type();
        present_[current_] = text().too_long() || !text().view().empty();
        return true;
    }
    bool null() noexcept {
        open_ = false;
        return true;
    }
    bool integer(std::int64_t value) noexcept {
        open_ = false;
        if (rule().is_text) return wrong_type();
        numbers_[current_] = value;
        present_.set(current_);
        return true;
    }
    /// Above 2^63 - 1, or no integer at all.
    bool other_number() noexcept {
        return rule().is_text ? wrong_type() : refuse({refused::invalid_field, rule().name});
    }
    bool wrong_type() noexcept { return refuse({refused::wrong_type, rule().name}); }
    bool refuse(refusal const& why) noexcept {
        if (!refusal_) refusal_ = why;
        return false;
    }
    /// The spelling broke off: inside a field's value (then that field is named), or elsewhere.
    void broken() noexcept { refuse(open_ ? invalid(current_) : refusal{refused::broken_json}); }
    [[nodiscard]] bool expects_text() const noexcept { return rule().is_text; }

    /// What is asked for. Its texts are views into this object. Extension, UUID and the module's needs are checked
    /// again, and in depth, by `sts_service::plan`.
    [[nodiscard]] boost::system::result<upload_request, refusal> request() const noexcept {
        if (refusal_) return *refusal_;
        for (std::size_t const mandatory : {type, extension, is_need_callback, upload_module_})
            if (!present_[mandatory]) return refusal{refused::missing_field, field_rules[mandatory].name};
        upload_request made;
        if (numbers_[type] < 0 || numbers_[type] > 255) return refusal{refused::unknown_cloud, field_rules[type].name};
        made.type = static_cast<std::uint8_t>(numbers_[type]);
        auto const flag = [&](std::size_t field, bool& into) {
            into = present_[field] && numbers_[field] == 1;
            return !present_[field] || numbers_[field] == 0 || numbers_[field] == 1;
        };
        if (!flag(is_need_callback, made.need_callback)) return invalid(is_need_callback);
        if (!flag(is_dir, made.is_dir)) return invalid(is_dir);
        if (present_[project_id] && numbers_[project_id] < 0) return invalid(project_id);
        made.project_id = present_[project_id] ? static_cast<std::uint64_t>(numbers_[project_id]) : 0;
        auto const module = module_of(value(upload_module_));
        if (!module) return invalid(upload_module_);
        made.module = *module;
        bool web = false;
        if (!choice(platform, "app", "web", web)) return invalid(platform);
        made.platform = web ? client_platform::web : client_platform::app;
        if (!choice(grant, "sts", "form", made.form_only)) return invalid(grant);
        if (texts_[extension].too_long()) return invalid(extension);
        made.extension = value(extension);
        made.uuid = value(uuid);
        return made;
    }

private:
    enum : std::size_t { type, extension, is_need_callback, upload_module_, platform, project_id, is_dir, uuid, grant };
    static_assert(field_count == grant + 1 && field_rules[grant].name == "grant" && field_rules[uuid].name == "uuid" &&
                  field_rules[project_id].name == "projectId" && field_rules[upload_module_].name == "uploadModule");

    [[nodiscard]] static refusal invalid(std::size_t field) noexcept {
        return {refused::invalid_field, field_rules[field].name};
    }
    /// One of two words, the first by default.
    [[nodiscard]] bool choice(std::size_t field, std::string_view first, std::string_view second,
                              bool& is_second) const noexcept {
        is_second = value(field) == second;
        return !present_[field] || is_second || value(field) == first;
    }
    [[nodiscard]] field_rule const& rule() const noexcept { return field_rules[current_]; }
    [[nodiscard]] bounded_text<64>& text() noexcept { return texts_[current_]; }
    [[nodiscard]] std::string_view value(std::size_t field) const noexcept {
        return present_[field] ? texts_[field].view() : std::string_view{};
    }

    std::array<bounded_text<64>, field_count> texts_{};
    std::array<std::int64_t, field_count> numbers_{};
    std::bitset<field_count> seen_{};
    std::bitset<field_count> present_{};
    std::size_t current_ = 0;
    bool open_ = false;  // between a field's name and the end of its value
    bounded_text<32> name_{};
    std::optional<refusal> refusal_{};
};

}  // namespace valetkey::gateway
