#pragma once
/// @file
/// What a caller may ask for, and what is fresh for each plan.

#include <valetkey/time.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace valetkey {

/// The original interface's modules. The number is its `resourceType`.
enum class upload_module : std::uint8_t {
    resource_video = 1,
    resource_image = 2,
    bs_project = 3,
    app_project = 4,
    material_template = 5,
    directorytemp = 6
};

/// The one table of module names; `temp` is another name of `directorytemp`.
inline constexpr std::array<std::pair<std::string_view, upload_module>, 7> module_names{
    {{"resource_video", upload_module::resource_video},
     {"resource_image", upload_module::resource_image},
     {"bs_project", upload_module::bs_project},
     {"app_project", upload_module::app_project},
     {"material_template", upload_module::material_template},
     {"directorytemp", upload_module::directorytemp},
     {"temp", upload_module::directorytemp}}};

[[nodiscard]] constexpr std::optional<upload_module> module_of(std::string_view name) noexcept {
    for (auto const& [known, module] : module_names)
        if (known == name) return module;
    return std::nullopt;
}
[[nodiscard]] constexpr std::string_view name_of(upload_module module) noexcept {
    for (auto const& [name, known] : module_names)
        if (known == module) return name;
    return {};
}

enum class client_platform : std::uint8_t { app, web };

/// Borrowed for the call that takes it: a plan copies what it needs.
struct upload_request {
    std::uint8_t type = 0;         ///< the provider's number
    std::string_view extension{};  ///< 1–16 of `A-Za-z0-9`, no dot; used in lower case
    upload_module module = upload_module::directorytemp;
    bool need_callback = false;
    client_platform platform = client_platform::app;
    std::uint64_t project_id = 0;  ///< 0: none; `bs_project` needs one
    bool is_dir = false;           ///< a prefix instead of one key
    std::string_view uuid{};       ///< `material_template`: RFC 9562 text or 32 hex digits; elsewhere ignored
    bool form_only = false;        ///< `grant: form`: the voucher alone, signed locally
};

/// What the owner of clock and entropy gives for one plan. `uuid`: version 4, lower case. `request_id`: 32 of
/// `0-9 a-f`, never used twice; the STS session is named after it, so that the cloud's audit log leads back here.
struct fresh {
    utc_seconds now{};
    std::uint64_t object_id = 0;
    fixed_text<36> uuid{};
    fixed_text<32> request_id{};
};

/// Anew for every try of an exchange: Aliyun refuses a nonce that was used. `nonce`: 32 of `0-9 a-f`.
struct attempt {
    utc_seconds now{};
    fixed_text<32> nonce{};
};

}  // namespace valetkey
