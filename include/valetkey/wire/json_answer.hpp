#pragma once
/// @file
/// A JSON answer of an STS: untrusted, bounded, and parsed in memory that is wiped.

#include <valetkey/secret.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/static_resource.hpp>
#include <boost/json/value.hpp>

#include <initializer_list>
#include <new>
#include <optional>
#include <string_view>

namespace valetkey {

/// Holds the document while it is read. `text(…)` is empty for what is missing or no string.
class json_answer {
public:
    static constexpr std::size_t max_size = 1 << 20;

    /// Depth is bounded by the parser (32). What does not fit the memory that an honest answer needs is no answer.
    explicit json_answer(std::string_view body) {
        if (body.empty() || body.size() > max_size) return;
        memory_.resize(std::size_t{16} * 1024 + 4 * body.size());
        try {
            store_.emplace(reinterpret_cast<unsigned char*>(memory_.data()), memory_.size());
            boost::system::error_code error;
            root_.emplace(
                boost::json::parse(body, error, &*store_));  // moved, not assigned: that would copy to the heap
            if (error) root_.reset();
        } catch (std::bad_alloc const&) {
            root_.reset();
        }
    }
    json_answer(json_answer&&) = delete;

    [[nodiscard]] bool valid() const noexcept { return root_ && root_->is_object(); }

    /// The string at a path of member names.
    template <class... Names>
    [[nodiscard]] std::string_view text(Names... names) const noexcept {
        auto const* at = find({std::string_view{names}...});
        auto const* text = at ? at->if_string() : nullptr;
        return text ? std::string_view{text->data(), text->size()} : std::string_view{};
    }
    /// Whether anything is there, of whatever type.
    template <class... Names>
    [[nodiscard]] bool has(Names... names) const noexcept {
        return find({std::string_view{names}...}) != nullptr;
    }

private:
    [[nodiscard]] boost::json::value const* find(std::initializer_list<std::string_view> names) const noexcept {
        if (!valid()) return nullptr;
        boost::json::value const* at = &*root_;
        for (auto const name : names) {
            auto const* object = at->if_object();
            at = object ? object->if_contains(name) : nullptr;
            if (!at) return nullptr;
        }
        return at;
    }
    wiped_text memory_;
    std::optional<boost::json::static_resource> store_;
    std::optional<boost::json::value> root_;
};

}  // namespace valetkey
