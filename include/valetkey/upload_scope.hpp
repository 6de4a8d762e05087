#pragma once
/// @file
/// Where an upload may land. The one door into a policy: nothing else of a caller reaches one.

#include <valetkey/result.hpp>

#include <array>
#include <initializer_list>
#include <string_view>

namespace valetkey {

/// One key, or all keys under a prefix, which ends in `/`.
///
/// Its text is made of `a-z 0-9 - _ . /`, where `.` and `/` stand neither first, nor side by side, nor (in a key) last.
/// So no wildcard, quote, variable, blank, empty part or `..` can reach a policy of any cloud: an object of this type
/// with such a text cannot be made.
class upload_scope {
public:
    static constexpr std::size_t max_size = 255;

    /// @par Errors unsafe_scope: another alphabet, or ends in `.` or `/`. scope_too_long: above `max_size` bytes.
    [[nodiscard]] static result<upload_scope> key(std::initializer_list<std::string_view> pieces) {
        return join(pieces, false);
    }
    /// @par Errors unsafe_scope: another alphabet, or does not end in `/`. scope_too_long: above `max_size` bytes.
    [[nodiscard]] static result<upload_scope> prefix(std::initializer_list<std::string_view> pieces) {
        return join(pieces, true);
    }
    [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }
    [[nodiscard]] bool is_prefix() const noexcept { return prefix_; }

    /// Whether a text may be (a part of) a key: the alphabet and the rule of the marks, whatever its last byte.
    [[nodiscard]] static constexpr bool is_safe(std::string_view text) noexcept {
        bool safe = !text.empty();
        bool after_mark = true;
        for (char const c : text) {
            bool const mark = c == '.' || c == '/';
            bool const plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
            safe = safe && (mark ? !after_mark : plain);
            after_mark = mark;
        }
        return safe;
    }

private:
    upload_scope() = default;
    [[nodiscard]] static result<upload_scope> join(std::initializer_list<std::string_view> pieces, bool prefix) {
        upload_scope made;
        made.prefix_ = prefix;
        for (auto const piece : pieces) {
            if (piece.size() > max_size - made.size_) return failure{errc::scope_too_long};
            made.size_ += piece.copy(made.text_.data() + made.size_, piece.size());
        }
        auto const text = made.text();
        bool const well_ended = prefix ? text.ends_with('/') : !text.ends_with('/') && !text.ends_with('.');
        if (!is_safe(text) || !well_ended) return failure{errc::unsafe_scope};
        return made;
    }
    std::array<char, max_size> text_{};
    std::size_t size_ = 0;
    bool prefix_ = false;
};

}  // namespace valetkey
