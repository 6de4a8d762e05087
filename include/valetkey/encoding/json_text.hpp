#pragma once
/// @file
/// A JSON string appended to a text: `"`, `\` and control characters escaped, everything else as it is (UTF-8 in,
/// UTF-8 out).

#include <string_view>

namespace valetkey {

/// Appends to any text with `append(std::string_view)`. Without the quotes around it.
template <class Text>
void append_json_escaped(Text& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::size_t done = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        out.append(text.substr(done, i - done));
        done = i + 1;
        if (byte >= 0x20) {
            char const pair[] = {'\\', text[i]};
            out.append(std::string_view{pair, 2});
        } else {
            char const escape[] = {'\\', 'u', '0', '0', digits[byte >> 4U], digits[byte & 15U]};
            out.append(std::string_view{escape, 6});
        }
    }
    out.append(text.substr(done));
}

template <class Text>
void append_json_string(Text& out, std::string_view text) {
    out.append(std::string_view{"\""});
    append_json_escaped(out, text);
    out.append(std::string_view{"\""});
}

}  // namespace valetkey
