#pragma once
/// @file
/// Base64 on one line, padded. RFC 4648 sections 4 (standard) and 5 (URL-safe).

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

[[nodiscard]] constexpr std::size_t base64_size(std::size_t bytes) noexcept {
    return (bytes + 2) / 3 * 4;
}

/// Appends to any text with `size`, `resize` and `data`.
template <class Text>
void append_base64(Text& out, std::span<unsigned char const> bytes) {
    std::size_t const old = out.size();
    out.resize(old + base64_size(bytes.size()) + 1);  // EVP_EncodeBlock ends with a zero byte
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()) + old, bytes.data(), static_cast<int>(bytes.size()));
    out.resize(out.size() - 1);
}
template <class Text>
void append_base64(Text& out, std::string_view text) {
    append_base64(out, std::span{reinterpret_cast<unsigned char const*>(text.data()), text.size()});
}

/// `-` and `_` for `+` and `/`; the padding stays.
template <class Text, class Bytes>
void append_base64url(Text& out, Bytes const& bytes) {
    std::size_t const old = out.size();
    append_base64(out, bytes);
    for (std::size_t i = old; i < out.size(); ++i) {
        char& c = out.data()[i];
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    }
}

template <class Bytes>
[[nodiscard]] std::string to_base64(Bytes const& bytes) {
    std::string out;
    append_base64(out, bytes);
    return out;
}

template <class Bytes>
[[nodiscard]] std::string to_base64url(Bytes const& bytes) {
    std::string out;
    append_base64url(out, bytes);
    return out;
}

/// Strict: whole groups, padding only at the end, no other character, no stray bits.
[[nodiscard]] inline std::optional<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    auto const padding = text.ends_with("==") ? 2U : text.ends_with('=') ? 1U : 0U;
    std::string out(text.size() / 4 * 3, '\0');
    int const size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<unsigned char const*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return std::nullopt;
    out.resize(out.size() - padding);
    return to_base64(std::string_view{out}) == text ? std::optional{std::move(out)} : std::nullopt;
}
/// The same in the URL-safe alphabet, padded.
[[nodiscard]] inline std::optional<std::string> from_base64url(std::string_view text) {
    std::string standard{text};
    for (char& c : standard) {
        if (c == '+' || c == '/') return std::nullopt;
        c = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    return from_base64(standard);
}

}  // namespace valetkey
