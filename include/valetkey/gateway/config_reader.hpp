#pragma once
/// @file
/// Straight-line reading of an operator's file. The first error is kept; after it everything reads as its default.

#include <valetkey/gateway/config_files.hpp>
#include <valetkey/gateway/strict_json.hpp>
#include <valetkey/gateway/utf8.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::gateway {

/// `a, b, c`
template <class Names>
[[nodiscard]] std::string joined(Names const& names) {
    std::string out;
    for (std::string_view const name : names) out.append(out.empty() ? "" : ", ").append(name);
    return out;
}

/// What one reading of a file shares: its folder, the first error, and how strings are resolved.
class config_reader {
public:
    /// What a string may be besides itself.
    enum class references : std::uint8_t { none, environment_and_files };

    config_reader(std::filesystem::path folder, references allowed) : folder_{std::move(folder)}, allowed_{allowed} {}
    config_reader(config_reader&&) = delete;

    void fail(std::string path, std::string what) {
        if (!first_) first_ = config_error{std::move(path), std::move(what)};
    }
    [[nodiscard]] bool failed() const noexcept { return first_.has_value(); }
    [[nodiscard]] config_error const& error() const noexcept { return *first_; }

    /// Absolute; a relative one starts at the file's folder.
    [[nodiscard]] std::filesystem::path resolve(std::string_view path) const { return folder_ / path; }

    /// A string of the file: itself, `${env:NAME}` or `${file:PATH}`.
    [[nodiscard]] wiped_text text(json_node const& node, std::string const& path) {
        wiped_text out;
        auto const raw = node.text.view();
        if (node.is != json_node::kind::string) {
            fail(path, "must be a string");
        } else if (raw.find("${") == std::string_view::npos) {
            out = node.text;
        } else if (allowed_ == references::none) {
            fail(path, "holds ${, and this file has no variables");
        } else if (raw.starts_with("${env:") && is_one_reference(raw)) {
            out = from_environment(raw.substr(6, raw.size() - 7), path);
        } else if (raw.starts_with("${file:") && is_one_reference(raw)) {
            out = from_file(raw.substr(7, raw.size() - 8), path);
        } else {
            fail(path, "holds ${: only the whole value may be ${env:NAME} or ${file:PATH}");
        }
        if (failed()) return {};
        if (out.empty()) fail(path, "is empty: give a value, or leave the field out");
        if (!is_printable_utf8(out.view()))
            fail(path, "holds control characters, line ends or bytes that are not UTF-8");
        return failed() ? wiped_text{} : std::move(out);
    }

private:
    static bool is_one_reference(std::string_view raw) noexcept {
        return raw.ends_with('}') && raw.find("${", 2) == std::string_view::npos;
    }
    wiped_text from_environment(std::string_view name, std::string const& path) {
        constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
        bool const is_name = !name.empty() && letters.substr(0, 53).find(name.front()) != std::string_view::npos &&
                             name.find_first_not_of(letters) == std::string_view::npos;
        if (!is_name) {
            fail(path, "must be ${env:NAME}, where NAME is made of A-Z a-z 0-9 _");
            return {};
        }
        char const* const value = std::getenv(std::string{name}.c_str());
        if (!value) fail(path, "names an environment variable that is not set");
        return value ? wiped_text{value} : wiped_text{};
    }
    wiped_text from_file(std::string_view name, std::string const& path) {
        constexpr std::size_t most = 1 << 16;
        if (name.empty()) fail(path, "must be ${file:PATH}");
        if (name.empty()) return {};
        auto bytes = read_file(resolve(name), most);
        if (!bytes) {
            fail(path, "names a file that " + bytes.error().what);
            return {};
        }
        if (bytes->view().ends_with('\n')) bytes->resize(bytes->size() - 1);
        if (bytes->view().ends_with('\r')) bytes->resize(bytes->size() - 1);
        return std::move(*bytes);
    }

    std::filesystem::path folder_;
    references allowed_;
    std::optional<config_error> first_;
};

/// The smallest and the largest value, both included.
struct number_range {
    std::uint64_t least = 0;
    std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
};

/// One object of the file. An absent one reads like one without members.
class config_section {
public:
    enum class presence : std::uint8_t { optional, mandatory };
    static constexpr auto optional = presence::optional;
    static constexpr auto mandatory = presence::mandatory;

    config_section(config_reader& reader, json_node const* node, std::string path)
        : reader_{reader}, node_{node}, path_{std::move(path)} {
        if (node_ && node_->is != json_node::kind::object) {
            fail_here("must be an object");
            node_ = nullptr;
        }
    }

    [[nodiscard]] bool present() const noexcept { return node_ != nullptr; }
    [[nodiscard]] config_reader& reader() const noexcept { return reader_; }
    [[nodiscard]] std::string const& path() const noexcept { return path_; }
    [[nodiscard]] std::string path_of(std::string_view name) const { return member_path(path_, name); }
    [[nodiscard]] std::span<json_node const> members() const noexcept {
        return node_ ? std::span<json_node const>{node_->children} : std::span<json_node const>{};
    }
    void fail(std::string_view name, std::string what) const { reader_.fail(path_of(name), std::move(what)); }
    void fail_here(std::string what) const { reader_.fail(path_, std::move(what)); }

    /// Refuses every other member.
    template <class Names = std::initializer_list<std::string_view>>
    void knows(Names const& names) const {
        for (auto const& member : members())
            if (std::find(std::begin(names), std::end(names), member.name.view()) == std::end(names))
                fail(member.name.view(), "is not known; known here: " + joined(names));
    }
    /// Refuses anything but one member of these.
    void is_one_of(std::initializer_list<std::string_view> kinds) const {
        knows(kinds);
        if (members().size() != 1) fail_here("must have exactly one of: " + joined(kinds));
    }

    [[nodiscard]] json_node const* find(std::string_view name, presence need = optional) const {
        auto const* found = node_ ? node_->find(name) : nullptr;
        if (!found && need == mandatory) fail(name, "is missing");
        return found;
    }
    [[nodiscard]] config_section section(std::string_view name, presence need = optional) const {
        return {reader_, find(name, need), path_of(name)};
    }
    /// Empty when absent.
    [[nodiscard]] wiped_text text(std::string_view name, presence need = optional) const {
        auto const* found = find(name, need);
        return found ? reader_.text(*found, path_of(name)) : wiped_text{};
    }
    [[nodiscard]] std::string string(std::string_view name, presence need = optional) const {
        return std::string{text(name, need).view()};
    }
    /// The absolute path that a string means.
    [[nodiscard]] std::filesystem::path file(std::string_view name) const {
        auto const given = text(name, mandatory);
        return given.empty() ? std::filesystem::path{} : reader_.resolve(given.view());
    }
    template <class Number>
    void number(std::string_view name, Number& into, number_range range, presence need = optional) const {
        auto const* found = find(name, need);
        if (!found) return;
        if (found->is != json_node::kind::integer || found->integer < range.least || found->integer > range.most) {
            fail(name, "must be an integer from " + std::to_string(range.least) + " to " + std::to_string(range.most));
        } else {
            into = static_cast<Number>(found->integer);
        }
    }
    void boolean(std::string_view name, bool& into) const {
        auto const* found = find(name);
        if (found && found->is != json_node::kind::boolean) fail(name, "must be true or false");
        if (found) into = found->truth;
    }
    [[nodiscard]] std::span<json_node const> array(std::string_view name, presence need = optional) const {
        auto const* found = find(name, need);
        if (!found) return {};
        if (found->is != json_node::kind::array) fail(name, "must be an array");
        return found->children;
    }

private:
    config_reader& reader_;
    json_node const* node_;
    std::string path_;
};

/// A file as strict JSON.
/// @param most Bytes.
[[nodiscard]] inline config_result<json_node> read_json_file(std::filesystem::path const& path, std::size_t most) {
    auto const bytes = read_file(path, most);
    if (!bytes) return config_error{{}, bytes.error().what};
    return parse_strict_json(bytes->view());
}

}  // namespace valetkey::gateway
