#pragma once
/// @file
/// UTF-8, one character at a time, for texts that others wrote.

#include <cstddef>
#include <string_view>

namespace valetkey::gateway {

/// The first character of a text. `size` 0: its bytes are not UTF-8 (RFC 3629: overlong, surrogate, cut, beyond
/// 10FFFF).
struct utf8_character {
    char32_t code = 0;
    std::size_t size = 0;
};

[[nodiscard]] constexpr utf8_character first_character(std::string_view text) noexcept {
    if (text.empty()) return {};
    auto const byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
    char32_t const first = byte(0);
    if (first < 0x80) return {first, 1};
    std::size_t const size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (size == 0 || size > text.size()) return {};
    char32_t code = first & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) return {};
        code = code << 6U | (byte(i) & 0x3fU);
    }
    constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool const surrogate = code >= 0xd800 && code < 0xe000;
    return code < least[size] || code > 0x10ffff || surrogate ? utf8_character{} : utf8_character{code, size};
}

[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        auto const size = first_character(text).size;
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

/// Control characters of ASCII and of Latin-1, line ends, and marks that reorder what a terminal shows.
[[nodiscard]] constexpr bool is_unprintable(char32_t code) noexcept {
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069);
}

/// Whether a text is UTF-8 without any of those.
[[nodiscard]] constexpr bool is_printable_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        auto const [code, size] = first_character(text);
        if (size == 0 || is_unprintable(code)) return false;
        text.remove_prefix(size);
    }
    return true;
}

}  // namespace valetkey::gateway
