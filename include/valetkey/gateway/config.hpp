#pragma once
/// @file
/// The gateway's configuration file as plain values. See the README for the file itself.

#include <valetkey/gateway/callers.hpp>
#include <valetkey/gateway/config_clouds.hpp>
#include <valetkey/gateway/config_reader.hpp>
#include <valetkey/gateway/config_urls.hpp>
#include <valetkey/gateway/front_limits.hpp>
#include <valetkey/gateway/listen_address.hpp>
#include <valetkey/sts_service.hpp>

#include <arpa/inet.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace valetkey::gateway {

struct limit_settings {
    std::uint32_t body_bytes = 8192;
    std::uint32_t header_bytes = 16384;
    std::chrono::seconds header_time{10};
    std::chrono::seconds idle_time{60};
    std::chrono::seconds sts_time{5};
    std::uint32_t requests_per_minute = 0;  ///< of one subject; 0: no limit

    [[nodiscard]] front_limits front() const noexcept { return {header_bytes, body_bytes, header_time, idle_time}; }
};

/// How callers prove who they are, and where object ids come from. A reload does not change the kind.
enum class auth_kind : std::uint8_t { tokens };
enum class object_id_kind : std::uint8_t { sqlite };

/// What stands in front of every key when `paths.root` does not say.
inline constexpr std::string_view default_root = "upload";

/// A configuration that was read and checked. Paths are absolute.
template <class Service>
struct config {
    listen_address listen{};
    std::filesystem::path certificate{};
    std::filesystem::path private_key{};
    std::optional<listen_address> admin{};
    auth_kind auth = auth_kind::tokens;
    callers tokens{};
    std::vector<std::string> origins{};  ///< `cors.origins`
    unsigned threads = 0;                ///< 0: as many as there are processors
    limit_settings limits{};
    object_id_kind object_ids = object_id_kind::sqlite;
    std::filesystem::path object_id_file{};
    typename Service::settings service{};  ///< root, callback URL and every configured cloud
};

namespace detail {

[[nodiscard]] inline bool is_ip_address(std::string const& text) noexcept {
    unsigned char bytes[sizeof(in6_addr)];
    return ::inet_pton(AF_INET, text.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

[[nodiscard]] inline listen_address read_address(config_section const& section) {
    listen_address out;
    out.address = section.string("address", config_section::mandatory);
    if (!is_ip_address(out.address)) section.fail("address", "must be an IPv4 or IPv6 address, such as 0.0.0.0 or ::1");
    section.number("port", out.port, {0, 65535}, config_section::mandatory);
    return out;
}

/// The absolute path of a file that is there and can be read.
[[nodiscard]] inline std::filesystem::path read_existing_file(config_section const& section, std::string_view name) {
    auto path = section.file(name);
    auto const problem = path.empty() ? std::nullopt : file_problem_of(path);
    if (problem) section.fail(name, "names a file that " + problem->what);
    return path;
}

/// The SQLite file is looked at, never opened: closing it here would drop the locks that a running counter has on it.
[[nodiscard]] inline std::filesystem::path read_database_file(config_section const& section) {
    auto path = section.file("file");
    std::error_code ignored;
    auto const status = std::filesystem::status(path, ignored);
    if (!std::filesystem::is_directory(path.parent_path(), ignored)) {
        section.fail("file", "is in a folder that does not exist");
    } else if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
        section.fail("file", "is not a regular file");
    }
    return path;
}

inline void read_seconds(config_section const& section, std::string_view name, std::chrono::seconds& into,
                         std::uint64_t most) {
    auto count = static_cast<std::uint64_t>(into.count());
    section.number(name, count, {1, most});
    into = std::chrono::seconds{count};
}

[[nodiscard]] inline limit_settings read_limits(config_section const& section) {
    section.knows(
        {"body_bytes", "header_bytes", "header_seconds", "idle_seconds", "sts_seconds", "requests_per_minute"});
    limit_settings out;
    section.number("body_bytes", out.body_bytes, {256, 8192});
    section.number("header_bytes", out.header_bytes, {1024, 16384});
    read_seconds(section, "header_seconds", out.header_time, 3600);
    read_seconds(section, "idle_seconds", out.idle_time, 3600);
    read_seconds(section, "sts_seconds", out.sts_time, 60);
    section.number("requests_per_minute", out.requests_per_minute, {0, 1'000'000'000});
    return out;
}

[[nodiscard]] inline std::vector<std::string> read_origins(config_section const& section) {
    section.knows({"origins"});
    std::vector<std::string> out;
    for (auto const& node : section.array("origins")) {
        auto const path = element_path(section.path_of("origins"), out.size());
        std::string const origin{section.reader().text(node, path).view()};
        if (!is_browser_origin(origin))
            section.reader().fail(path,
                                  "must be scheme://host[:port] as browsers send it: lower case, no slash at the "
                                  "end, no default port, no *");
        if (std::find(out.begin(), out.end(), origin) != out.end()) section.reader().fail(path, "stands there twice");
        out.push_back(origin);
    }
    return out;
}

[[nodiscard]] inline std::string read_root(config_section const& section) {
    section.knows({"root"});
    auto root = section.find("root") ? section.string("root") : std::string{default_root};
    if (!upload_scope::is_safe(root) || root.ends_with('/') || root.ends_with('.'))
        section.fail("root", "must be made of a-z 0-9 - _ . /, with . and / neither first, last nor side by side");
    return root;
}

[[nodiscard]] inline std::string read_callback_url(config_section const& section) {
    section.knows({"url"});
    auto url = section.string("url", config_section::mandatory);
    if (auto problem = callback_url_problem(url)) section.fail("url", std::move(*problem));
    return url;
}

[[nodiscard]] inline callers read_tokens(config_section const& auth) {
    auth.is_one_of({"tokens"});
    auto const section = auth.section("tokens");
    section.knows({"file"});
    auto const file = section.file("file");
    if (auth.reader().failed()) return {};
    auto loaded = callers::load(file, section.path_of("file"));
    if (!loaded) auth.reader().fail(loaded.error().path, loaded.error().what);
    return loaded ? std::move(*loaded) : callers{};
}

template <class Config>
void read_listeners(config_section const& root, Config& into) {
    auto const listen = root.section("listen", config_section::mandatory);
    listen.knows({"address", "port", "certificate", "private_key"});
    into.listen = read_address(listen);
    into.certificate = read_existing_file(listen, "certificate");
    into.private_key = read_existing_file(listen, "private_key");
    auto const admin = root.section("admin");
    if (!admin.present()) return;
    admin.knows({"address", "port"});
    into.admin = read_address(admin);
    if (into.admin->port != 0 && into.admin == into.listen) admin.fail("port", "is the port of `listen`, too");
}

/// What only the whole of the settings shows.
template <class... Ps, class Settings>
void check_service(config_reader& reader, Settings& settings) {
    using service = sts_service<Ps...>;
    auto const crowded = modules_without_room<Ps...>(settings);
    if (!crowded.empty())
        reader.fail("paths.root", "is too long: above " + std::to_string(upload_scope::max_size) +
                                      " bytes the longest key of a module has no room: " + joined(crowded));
    for (auto const& problem : service{typename service::settings{settings}}.problems())
        reader.fail("clouds." + std::string{problem.cloud} + "." + std::string{problem.what.field}, problem.what.what);
}

}  // namespace detail

/// Reads a configuration and all it names but certificate and key, which are only found readable, and the object ids'
/// file, which its owner opens. Opens no listener and changes nothing.
///
/// Any string may be `${env:NAME}` or `${file:PATH}` (without one line end at its end), as a whole. Whatever is not
/// known is refused.
/// @param folder Where relative paths start.
/// @par Errors The first problem, with its JSON path; never with a value.
template <class... Ps>
[[nodiscard]] config_result<config<sts_service<Ps...>>> read_config(json_node const& document,
                                                                    std::filesystem::path const& folder) {
    config_reader reader{folder, config_reader::references::environment_and_files};
    config_section const root{reader, &document, {}};
    root.knows({"listen", "admin", "auth", "cors", "threads", "limits", "paths", "callback", "object_ids", "clouds"});
    config<sts_service<Ps...>> out;
    detail::read_listeners(root, out);
    out.tokens = detail::read_tokens(root.section("auth", config_section::mandatory));
    out.origins = detail::read_origins(root.section("cors"));
    root.number("threads", out.threads, {0, 256});
    out.limits = detail::read_limits(root.section("limits"));
    out.service.root = detail::read_root(root.section("paths"));
    out.service.callback_url = detail::read_callback_url(root.section("callback", config_section::mandatory));
    auto const object_ids = root.section("object_ids", config_section::mandatory);
    object_ids.is_one_of({"sqlite"});
    object_ids.section("sqlite").knows({"file"});
    out.object_id_file = detail::read_database_file(object_ids.section("sqlite"));
    detail::read_clouds<Ps...>(root.section("clouds", config_section::mandatory), out.service);
    if (!reader.failed()) detail::check_service<Ps...>(reader, out.service);
    if (reader.failed()) return reader.error();
    return out;
}

/// The same for a service's type: `read_config(std::type_identity<my_service>{}, document, folder)`.
template <class... Ps>
[[nodiscard]] config_result<config<sts_service<Ps...>>> read_config(std::type_identity<sts_service<Ps...>>,
                                                                    json_node const& document,
                                                                    std::filesystem::path const& folder) {
    return read_config<Ps...>(document, folder);
}

/// A configuration as its file has it.
struct config_document {
    json_node root;
    std::filesystem::path folder;
};
[[nodiscard]] inline config_result<config_document> read_config_file(std::filesystem::path const& file) {
    constexpr std::size_t largest_file = 1 << 20;
    std::error_code failed;
    auto const absolute = std::filesystem::absolute(file, failed);
    if (failed) return config_error{{}, "cannot be found"};
    auto document = read_json_file(absolute, largest_file);
    if (!document) return document.error();
    return config_document{std::move(*document), absolute.parent_path()};
}

/// `read_config` of a file; relative paths start at its folder.
/// @par Example auto const read = load_config<qiniu, aws>("/etc/valetkey/gateway.json");
template <class... Ps>
[[nodiscard]] config_result<config<sts_service<Ps...>>> load_config(std::filesystem::path const& file) {
    auto const document = read_config_file(file);
    if (!document) return document.error();
    return read_config<Ps...>(document->root, document->folder);
}

/// The same for a service's type: `load_config(std::type_identity<my_service>{}, file)`.
template <class... Ps>
[[nodiscard]] config_result<config<sts_service<Ps...>>> load_config(std::type_identity<sts_service<Ps...>>,
                                                                    std::filesystem::path const& file) {
    return load_config<Ps...>(file);
}

/// The fields that a reload leaves as they were, although the new file says otherwise; each deserves a warning.
template <class Service>
[[nodiscard]] std::vector<std::string_view> unchanged_by_reload(config<Service> const& running,
                                                                config<Service> const& wanted) {
    std::vector<std::string_view> out;
    if (running.listen != wanted.listen) out.push_back("listen");
    if (running.admin != wanted.admin) out.push_back("admin");
    if (running.auth != wanted.auth) out.push_back("auth");
    if (running.threads != wanted.threads) out.push_back("threads");
    if (running.object_ids != wanted.object_ids || running.object_id_file != wanted.object_id_file)
        out.push_back("object_ids");
    return out;
}

}  // namespace valetkey::gateway
