#pragma once
/// @file
/// The part of the configuration that the list of clouds decides. What a cloud's `settings` adapt for Hana is what its
/// section may hold: the members' names are the fields' names, but for the two kinds of key pair.

#include <valetkey/gateway/config_reader.hpp>
#include <valetkey/sts_service.hpp>
#include <valetkey/upload_request.hpp>
#include <valetkey/vending/object_ids.hpp>

#include <boost/hana/accessors.hpp>
#include <boost/hana/core/to.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>

#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace valetkey::gateway::detail {

inline constexpr std::string_view key_fields[] = {"access_key_id", "access_key_secret"};

inline void read_key(config_section const& section, access_key& into) {
    into.id = section.string(key_fields[0], config_section::mandatory);
    into.value = secret{section.text(key_fields[1], config_section::mandatory).view()};
}

/// The cloud's own key pair: two fields of the cloud's section, whatever the member is called.
inline void read_field(config_section const& cloud, std::string_view, access_key& into) {
    read_key(cloud, into);
}
inline void read_field(config_section const& cloud, std::string_view name, std::optional<access_key>& into) {
    auto const section = cloud.section(name);
    if (!section.present()) return;
    section.knows(key_fields);
    read_key(section, into.emplace());
}
inline void read_field(config_section const& cloud, std::string_view name, std::string& into) {
    if (cloud.find(name)) into = cloud.string(name);
}
inline void read_field(config_section const& cloud, std::string_view name, bool& into) {
    cloud.boolean(name, into);
}
template <std::unsigned_integral Number>
void read_field(config_section const& cloud, std::string_view name, Number& into) {
    cloud.number(name, into, {0, std::numeric_limits<Number>::max()});
}

/// Calls `visit(name, member)` for each member that Hana knows.
template <class Settings, class Visit>
void for_each_setting(Settings& settings, Visit visit) {
    boost::hana::for_each(boost::hana::accessors<std::remove_const_t<Settings>>(), [&](auto const& member) {
        visit(std::string_view{boost::hana::to<char const*>(boost::hana::first(member))},
              boost::hana::second(member)(settings));
    });
}

template <class Settings>
[[nodiscard]] std::vector<std::string_view> fields_of() {
    std::vector<std::string_view> names;
    Settings const any{};
    for_each_setting(any, [&](std::string_view name, auto const& member) {
        if constexpr (std::same_as<decltype(member), access_key const&>) {
            names.insert(names.end(), std::begin(key_fields), std::end(key_fields));
        } else {
            names.push_back(name);
        }
    });
    return names;
}

template <class P, class Settings>
void read_cloud(config_section const& clouds, Settings& into) {
    auto const cloud = clouds.section(P::name);
    if (!cloud.present()) return;
    auto& own = into.template of<P>().emplace();
    cloud.knows(fields_of<typename P::settings>());
    for_each_setting(own, [&](std::string_view name, auto& member) { read_field(cloud, name, member); });
}

template <class... Ps, class Settings>
void read_clouds(config_section const& clouds, Settings& into) {
    constexpr std::string_view names[] = {Ps::name...};
    for (auto const& member : clouds.members())
        if (std::find(std::begin(names), std::end(names), member.name.view()) == std::end(names))
            clouds.fail(member.name.view(), "is not a cloud of this program; it has: " + joined(names));
    if (clouds.present() && clouds.members().empty()) clouds.fail_here("must have at least one of: " + joined(names));
    (read_cloud<Ps>(clouds, into), ...);
}

/// Whether the longest key that a cloud builds for a module fits.
template <class P>
[[nodiscard]] bool fits(std::string_view root, upload_module module) {
    static constexpr std::string_view longest_uuid = "ffffffff-ffff-ffff-ffff-ffffffffffff";
    fresh f{};
    f.object_id = largest_object_id;
    longest_uuid.copy(f.uuid.text.data(), longest_uuid.size());
    upload_request r{};
    r.type = P::type;
    r.extension = "ffffffffffffffff";
    r.module = module;
    r.project_id = std::numeric_limits<std::int64_t>::max();
    r.uuid = longest_uuid;
    bool const key = P::path_builder::scope(root, r, f).has_value();
    r.is_dir = true;
    return key && P::path_builder::scope(root, r, f).has_value();
}

/// The names of the modules whose longest key does not fit below the root, for a cloud that is configured.
template <class... Ps, class Settings>
[[nodiscard]] std::vector<std::string_view> modules_without_room(Settings& settings) {
    std::vector<std::string_view> found;
    for (auto const& [name, module] : module_names) {
        bool const room = ((!settings.template of<Ps>() || fits<Ps>(settings.root, module)) && ...);
        if (!room && name_of(module) == name) found.push_back(name);
    }
    return found;
}

}  // namespace valetkey::gateway::detail
