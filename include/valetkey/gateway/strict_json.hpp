#pragma once
/// @file
/// JSON files of the operator, read without mercy into a small tree in wiped memory. Boost.JSON's own tree keeps the
/// last of duplicate keys silently, so this one is built from its SAX events.

#include <valetkey/secret.hpp>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/system/result.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::gateway {

/// Why a configuration is refused. Neither text ever holds a value, as any value may be a secret.
struct config_error {
    std::string path{};  ///< `clouds.aliyun.role`, `cors.origins[0]`; empty: the file as a whole
    std::string what{};  ///< English, for the operator: what is expected there
};
template <class T>
using config_result = boost::system::result<T, config_error>;

/// One line for the operator.
[[nodiscard]] inline std::string to_string(config_error const& error) {
    return error.path.empty() ? error.what : error.path + ": " + error.what;
}

/// A name as a part of a path, fit to be shown.
[[nodiscard]] inline std::string shown_name(std::string_view name) {
    constexpr std::size_t longest = 64;
    if (name.empty()) return "\"\"";
    std::string out{name.substr(0, longest)};
    std::replace_if(
        out.begin(), out.end(), [](char c) { return c <= ' ' || c > '~'; }, '?');
    return name.size() > longest ? out + "…" : out;
}
[[nodiscard]] inline std::string member_path(std::string_view parent, std::string_view name) {
    return parent.empty() ? shown_name(name) : std::string{parent} + "." + shown_name(name);
}
[[nodiscard]] inline std::string element_path(std::string_view parent, std::size_t index) {
    return std::string{parent} + "[" + std::to_string(index) + "]";
}

/// A value of the file. All its text is wiped when it goes.
struct json_node {
    enum class kind : std::uint8_t { null, boolean, integer, number, string, array, object };

    kind is = kind::null;
    bool truth = false;
    std::uint64_t integer = 0;  ///< without sign, fraction and exponent; every other number is a `number`
    wiped_text name{};          ///< as a member of an object
    wiped_text text{};
    std::vector<json_node> children{};

    [[nodiscard]] json_node const* find(std::string_view wanted) const noexcept {
        auto const found =
            std::find_if(children.begin(), children.end(), [&](auto const& c) { return c.name.view() == wanted; });
        return is == kind::object && found != children.end() ? &*found : nullptr;
    }
};

namespace detail {

/// Builds the tree from the parser's events.
class json_tree_builder {
public:
    static constexpr std::size_t max_object_size = 256;  // duplicates are sought one by one
    static constexpr std::size_t max_array_size = 1 << 16;
    static constexpr std::size_t max_key_size = 1024;
    static constexpr std::size_t max_string_size = 1 << 16;

    using error = boost::json::error_code;
    using text = boost::json::string_view;

    bool on_document_begin(error&) { return true; }
    bool on_document_end(error&) { return true; }
    bool on_object_begin(error&) { return open(json_node::kind::object); }
    bool on_object_end(std::size_t, error&) { return close(); }
    bool on_array_begin(error&) { return open(json_node::kind::array); }
    bool on_array_end(std::size_t, error&) { return close(); }
    bool on_key_part(text part, std::size_t, error&) { return append(name_, part); }
    bool on_key(text part, std::size_t, error& ec) {
        append(name_, part);
        twice_ = open_.back()->find(name_.view()) != nullptr;
        if (twice_) ec = boost::json::error::syntax;
        return !twice_;
    }
    bool on_string_part(text part, std::size_t, error&) { return append(string_, part); }
    bool on_string(text part, std::size_t, error&) {
        append(string_, part);
        add(json_node::kind::string).text = std::exchange(string_, {});
        return true;
    }
    bool on_number_part(text part, error&) { return append(string_, part); }
    bool on_int64(std::int64_t value, text part, error&) {
        append(string_, part);
        return add_integer(static_cast<std::uint64_t>(value));
    }
    bool on_uint64(std::uint64_t value, text part, error&) {
        append(string_, part);
        return add_integer(value);
    }
    bool on_double(double, text, error&) {
        string_.wipe();
        add(json_node::kind::number);
        return true;
    }
    bool on_bool(bool value, error&) {
        add(json_node::kind::boolean).truth = value;
        return true;
    }
    bool on_null(error&) {
        add(json_node::kind::null);
        return true;
    }
    bool on_comment_part(text, error&) { return true; }
    bool on_comment(text, error&) { return true; }

    [[nodiscard]] json_node take() { return std::move(root_); }
    [[nodiscard]] bool found_twice() const noexcept { return twice_; }
    /// The path of the value that was being read.
    [[nodiscard]] std::string where() const {
        std::string path;
        for (std::size_t i = 1; i < open_.size(); ++i) path = path_of(*open_[i - 1], open_[i]->name.view(), path, 1);
        // without a name nothing was being read in an object yet, unless the name itself is empty and there twice
        bool const reads = !open_.empty() && (open_.back()->is == json_node::kind::array || !name_.empty() || twice_);
        return reads ? path_of(*open_.back(), name_.view(), path, 0) : path;
    }

private:
    /// @param inside 1 when the element has already a place among its parent's children.
    static std::string path_of(json_node const& parent, std::string_view name, std::string const& path,
                               std::size_t inside) {
        if (parent.is == json_node::kind::array) return element_path(path, parent.children.size() - inside);
        return member_path(path, name);
    }
    static bool append(wiped_text& to, text part) {
        if (!part.empty()) to.append({part.data(), part.size()});
        return true;
    }
    json_node& add(json_node::kind is) {
        json_node& node = open_.empty() ? root_ : open_.back()->children.emplace_back();
        node.is = is;
        node.name = std::exchange(name_, {});
        return node;
    }
    bool add_integer(std::uint64_t value) {
        bool const negative = string_.view().starts_with('-');
        string_.wipe();
        add(negative ? json_node::kind::number : json_node::kind::integer).integer = value;
        return true;
    }
    // an open node is the last child of an open node, so no growing vector moves one
    bool open(json_node::kind is) {
        open_.push_back(&add(is));
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    json_node root_;
    std::vector<json_node*> open_;
    wiped_text name_;
    wiped_text string_;
    bool twice_ = false;
};

[[nodiscard]] inline std::string position(std::string_view text, std::size_t offset) {
    auto const before = text.substr(0, offset);
    auto const line = 1 + std::count(before.begin(), before.end(), '\n');
    auto const column = before.size() - (before.rfind('\n') + 1);  // npos + 1 is 0
    return "line " + std::to_string(line) + ", column " + std::to_string(column + 1);
}

}  // namespace detail

/// RFC 8259 and nothing beyond: no comments, trailing commas or bytes behind the document, no byte order mark, valid
/// UTF-8 throughout, at most eight levels deep.
/// @par Errors Broken JSON with its position, a duplicate key with its path.
[[nodiscard]] inline config_result<json_node> parse_strict_json(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = 8;
    boost::json::basic_parser<detail::json_tree_builder> parser{options};
    boost::json::error_code ec;
    auto const used = parser.write_some(false, text.data(), text.size(), ec);
    auto& tree = parser.handler();
    if (tree.found_twice())
        return config_error{tree.where(), "stands there twice (" + detail::position(text, used) + ")"};
    if (!ec && used < text.size()) ec = boost::json::error::extra_data;
    if (ec) return config_error{tree.where(), "is not JSON: " + ec.message() + " at " + detail::position(text, used)};
    return tree.take();
}

}  // namespace valetkey::gateway
