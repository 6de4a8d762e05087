#pragma once
/// @file
/// Lower-case hexadecimal.

#include <valetkey/time.hpp>

#include <array>
#include <cstddef>

namespace valetkey {

template <std::size_t N>
[[nodiscard]] constexpr fixed_text<2 * N> to_hex(std::array<unsigned char, N> const& bytes) noexcept {
    constexpr std::string_view digits = "0123456789abcdef";
    fixed_text<2 * N> out;
    for (std::size_t i = 0; i < N; ++i) {
        out.text[2 * i] = digits[bytes[i] >> 4U];
        out.text[2 * i + 1] = digits[bytes[i] & 15U];
    }
    return out;
}

}  // namespace valetkey
