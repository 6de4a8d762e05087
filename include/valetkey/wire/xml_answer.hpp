#pragma once
/// @file
/// An XML answer of an STS: untrusted, bounded, and parsed in place in memory that is wiped. The parser (pugixml) does
/// not recurse and knows no external entities.

#include <valetkey/secret.hpp>

#include <pugixml.hpp>

#include <cstring>
#include <string_view>

namespace valetkey {

/// Holds the document while it is read. Names are compared without a name-space prefix; unknown elements are skipped.
class xml_answer {
public:
    static constexpr std::size_t max_size = 1 << 20;
    static constexpr int max_depth = 16;

    explicit xml_answer(std::string_view body) : memory_{body.size() <= max_size ? body : std::string_view{}} {
        constexpr unsigned options =
            pugi::parse_minimal | pugi::parse_escapes | pugi::parse_cdata | pugi::parse_doctype;
        if (memory_.empty() || body.find('\0') != std::string_view::npos) return;
        auto const parsed = document_.load_buffer_inplace(memory_.data(), memory_.size(), options, pugi::encoding_utf8);
        valid_ = parsed && is_plain();
    }
    xml_answer(xml_answer&&) = delete;

    [[nodiscard]] bool valid() const noexcept { return valid_; }

    /// The text at a path of element names, the root's first; empty for what is missing.
    template <class... Names>
    [[nodiscard]] std::string_view text(Names... names) const noexcept {
        if (!valid_) return {};
        pugi::xml_node at = document_;
        for (std::string_view const name : {std::string_view{names}...}) {
            at = child(at, name);
            if (!at) return {};
        }
        return at.text().get();
    }

private:
    static std::string_view local_name(pugi::xml_node node) noexcept {
        std::string_view const name = node.name();
        auto const colon = name.find(':');
        return colon == std::string_view::npos ? name : name.substr(colon + 1);
    }
    static pugi::xml_node child(pugi::xml_node parent, std::string_view name) noexcept {
        for (auto node = parent.first_child(); node; node = node.next_sibling())
            if (local_name(node) == name) return node;
        return {};
    }
    /// One root element, no DOCTYPE, no deep nesting: an honest issuer sends none.
    [[nodiscard]] bool is_plain() const noexcept {
        int elements = 0;
        for (auto node = document_.first_child(); node; node = node.next_sibling()) {
            if (node.type() == pugi::node_doctype) return false;
            elements += node.type() == pugi::node_element ? 1 : 0;
        }
        if (elements != 1) return false;
        int depth = 0;
        for (pugi::xml_node node = document_.first_child(); node;) {
            if (node.first_child()) {
                node = node.first_child();
                if (++depth > max_depth) return false;
                continue;
            }
            while (node && !node.next_sibling()) {
                node = node.parent();
                --depth;
            }
            if (node) node = node.next_sibling();
        }
        return true;
    }
    wiped_text memory_;
    pugi::xml_document document_;
    bool valid_ = false;
};

}  // namespace valetkey
