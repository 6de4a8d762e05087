#pragma once
/// @file
/// The evaluator of Qiniu's put policies.

#include <valetkey/policy/form_conditions.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace valetkey {

/// What is uploaded with a token.
struct kodo_upload {
    std::string_view bucket;
    std::optional<std::string_view> key{};  ///< none: the client names none
    std::optional<std::uint64_t> size{};    ///< bytes; none: not judged
};

/// Whether an upload token's policy lets it land there. A scope is compared literally: `bucket` (new keys only),
/// `bucket:key`, or with `isPrefixalScope` `bucket:prefix`.
/// @par Source Qiniu, "put policy" (kodo/1206).
[[nodiscard]] inline form_answer ask_put_policy(std::string_view json, kodo_upload const& upload, utc_seconds now) {
    boost::system::error_code error;
    auto const document = boost::json::parse(json, error);
    auto const* root = error || has_twin_members(json, document) ? nullptr : document.if_object();
    auto const number = [&](std::string_view name) -> std::optional<std::uint64_t> {
        auto const* value = root->if_contains(name);
        return value && value->is_number() ? detail::size_of(*value) : std::nullopt;
    };
    auto const* scope_value = root ? root->if_contains("scope") : nullptr;
    auto const scope = scope_value ? detail::text_of(*scope_value) : std::nullopt;
    if (!scope || !number("deadline")) return form_answer::unreadable;
    if (static_cast<std::uint64_t>(now.time_since_epoch().count()) > *number("deadline")) return form_answer::expired;
    auto const colon = scope->find(':');
    if (scope->substr(0, colon) != upload.bucket) return form_answer::condition_failed;
    if (colon != std::string_view::npos) {
        auto const own = scope->substr(colon + 1);
        bool const prefix = number("isPrefixalScope").value_or(0) == 1;
        if (!upload.key || (prefix ? !upload.key->starts_with(own) : *upload.key != own))
            return form_answer::condition_failed;
    }
    if (upload.size && *upload.size < number("fsizeMin").value_or(0)) return form_answer::too_small;
    if (upload.size && number("fsizeLimit") && *upload.size > *number("fsizeLimit")) return form_answer::too_large;
    return form_answer::allowed;
}

}  // namespace valetkey
