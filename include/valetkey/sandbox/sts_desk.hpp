#pragma once
/// @file
/// What every emulated STS does alike: read parameters, judge the duration, seal the keys.

#include <valetkey/credentials.hpp>
#include <valetkey/sandbox/sealed_keys.hpp>
#include <valetkey/sandbox/store_message.hpp>
#include <valetkey/signing/message.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace valetkey::sandbox {

/// The long-term key of the gateway, by which an STS is asked.
[[nodiscard]] inline auto root_key_of(access_key const& root) {
    return [known = known_key{root.id, root.value, {}}](std::string_view id) -> known_key const* {
        return id == known.id ? &known : nullptr;
    };
}

/// An `application/x-www-form-urlencoded` body; none when it cannot be read.
[[nodiscard]] inline std::optional<std::vector<query_pair>> read_parameters(std::string_view body) {
    std::string blanks{body};
    std::replace(blanks.begin(), blanks.end(), '+', ' ');
    return split_query(blanks);
}

/// Seconds in decimal digits within a range; none otherwise.
[[nodiscard]] inline std::optional<std::chrono::seconds> read_duration(std::string_view text, std::uint64_t least,
                                                                       std::uint64_t most) {
    std::uint64_t seconds = 0;
    auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (text.empty() || bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (seconds < least || seconds > most) return std::nullopt;
    return std::chrono::seconds{seconds};
}

}  // namespace valetkey::sandbox
