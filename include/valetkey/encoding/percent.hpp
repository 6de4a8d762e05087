#pragma once
/// @file
/// Percent-encoding as every V4-like signature wants it: over the UTF-8 bytes `A-Z a-z 0-9 - . _ ~` stay, the rest
/// becomes `%XX` in upper case. So blank is `%20`, never `+`, and `! ' ( ) *` are encoded.

#include <optional>
#include <string>
#include <string_view>

namespace valetkey {

namespace detail {
[[nodiscard]] constexpr bool is_unreserved(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}
[[nodiscard]] constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}
}  // namespace detail

/// `keep`: further bytes that stay, for example `/` in a path.
inline void append_percent_encoded(std::string& out, std::string_view text, std::string_view keep = {}) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (char const c : text) {
        if (detail::is_unreserved(c) || keep.find(c) != std::string_view::npos) {
            out += c;
        } else {
            auto const byte = static_cast<unsigned char>(c);
            out += '%';
            out += digits[byte >> 4U];
            out += digits[byte & 15U];
        }
    }
}
[[nodiscard]] inline std::string percent_encoded(std::string_view text, std::string_view keep = {}) {
    std::string out;
    append_percent_encoded(out, text, keep);
    return out;
}

/// None when a `%` is not followed by two hex digits. `plus_is_blank`: as HTML forms and queries have it.
[[nodiscard]] inline std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (i + 2 >= text.size()) return std::nullopt;
            int const high = detail::hex_value(text[i + 1]);
            int const low = detail::hex_value(text[i + 2]);
            if (high < 0 || low < 0) return std::nullopt;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += text[i] == '+' && plus_is_blank ? ' ' : text[i];
        }
    }
    return out;
}

}  // namespace valetkey
