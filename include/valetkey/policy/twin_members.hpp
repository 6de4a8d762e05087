#pragma once
/// @file
/// Whether a member stands twice in a JSON object. The parser keeps one of them silently; which of the two a vendor
/// takes is its secret, so no evaluator reads such a policy.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <string_view>

namespace valetkey {

namespace detail {

/// The members that a document kept.
[[nodiscard]] inline std::size_t count_members(boost::json::value const& value) noexcept {
    std::size_t count = 0;
    if (auto const* object = value.if_object())
        for (auto const& member : *object) count += 1 + count_members(member.value());
    if (auto const* list = value.if_array())
        for (auto const& each : *list) count += count_members(each);
    return count;
}

}  // namespace detail

/// @param json Well-formed: what `document` was parsed from. A colon outside of its strings is a member.
[[nodiscard]] inline bool has_twin_members(std::string_view json, boost::json::value const& document) noexcept {
    std::size_t written = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] == '\\')
            ++i;
        else if (json[i] == '"')
            in_string = !in_string;
        else if (json[i] == ':' && !in_string)
            ++written;
    }
    return written != detail::count_members(document);
}

}  // namespace valetkey
