#pragma once
/// @file
/// multipart/form-data (RFC 7578), read strictly: a form that two readers could understand differently is none.

#include <valetkey/http_message.hpp>
#include <valetkey/policy/form_conditions.hpp>
#include <valetkey/signing/message.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::sandbox {

/// What is wrong with a form.
enum class form_fault : std::uint8_t {
    none,
    not_a_form,     ///< another content type
    broken,         ///< its framing, or it ends too early
    field_twice,    ///< names in any letter case
    file_not_last,  ///< fields behind it
    no_file,
    fields_too_large,
};

/// A form as it was posted. The file borrows from the request's body.
struct posted_data {
    form_fault fault = form_fault::none;
    parameters fields{};  ///< in their order, without the file
    std::optional<std::string_view> file{};
    std::string file_name{};
    std::string file_type{};

    /// The value of a field, its name in any letter case.
    [[nodiscard]] std::optional<std::string_view> field(std::string_view lower_name) const {
        for (auto const& [name, value] : fields)
            if (valetkey::detail::lower_text(name) == lower_name) return std::string_view{value};
        return std::nullopt;
    }
};

namespace detail {

/// `form-data; name="key"; filename="a.png"`: one parameter of it; none when it is absent.
[[nodiscard]] inline std::optional<std::string> disposition_value(std::string_view header, std::string_view name) {
    for (auto at = header.find(';'); at != std::string_view::npos; at = header.find(';', at)) {
        at = header.find_first_not_of(" \t", at + 1);
        if (at == std::string_view::npos) break;
        auto const equals = header.find('=', at);
        if (equals == std::string_view::npos) break;
        bool const wanted = valetkey::detail::lower_text(header.substr(at, equals - at)) == name;
        std::string value;
        at = equals + 1;
        if (at < header.size() && header[at] == '"') {
            for (++at; at < header.size() && header[at] != '"'; ++at) {
                if (header[at] == '\\' && at + 1 < header.size()) ++at;
                value += header[at];
            }
            if (at == header.size()) return std::nullopt;
        } else {
            auto const end = std::min(header.find(';', at), header.size());
            value = header.substr(at, end - at);
        }
        if (wanted) return value;
    }
    return std::nullopt;
}

/// The lines before a part's content. @return Its `Content-Disposition`; `type` is set where there is one.
[[nodiscard]] inline std::optional<std::string_view> read_part_head(std::string_view head, std::string& type) {
    std::optional<std::string_view> disposition;
    while (!head.empty()) {
        auto const line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(line.size() + 2, head.size()));
        auto const colon = line.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        auto const name = valetkey::detail::lower_text(line.substr(0, colon));
        auto value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        if (name == "content-disposition" && disposition) return std::nullopt;
        if (name == "content-disposition") disposition = value;
        if (name == "content-type") type = value;
    }
    if (!disposition || !valetkey::detail::lower_text(disposition->substr(0, 9)).starts_with("form-data"))
        return std::nullopt;
    return disposition;
}

}  // namespace detail

/// How a store reads forms.
struct form_reading {
    bool file_is_last = true;
    std::size_t most_before_file = 20480;  ///< bytes
};

/// @param content_type Of the request, with its boundary.
[[nodiscard]] inline posted_data read_form(std::string_view content_type, std::string_view body,
                                           form_reading const& how) {
    posted_data out;
    auto const because = [&out](form_fault fault) {
        out.fault = fault;
        return std::move(out);
    };
    if (!valetkey::detail::lower_text(content_type).starts_with("multipart/form-data"))
        return because(form_fault::not_a_form);
    auto const boundary = detail::disposition_value(content_type, "boundary");
    if (!boundary || boundary->empty() || boundary->size() > 200) return because(form_fault::broken);
    auto const opening = "--" + *boundary;
    auto const between = "\r\n" + opening;
    if (!body.starts_with(opening)) return because(form_fault::broken);
    auto rest = body.substr(opening.size());
    while (!rest.starts_with("--")) {
        auto const head_end = rest.find("\r\n\r\n");
        if (!rest.starts_with("\r\n") || head_end == std::string_view::npos) return because(form_fault::broken);
        std::string type;
        auto const head = head_end == 0 ? std::string_view{} : rest.substr(2, head_end - 2);
        auto const disposition = detail::read_part_head(head, type);
        auto const name = disposition ? detail::disposition_value(*disposition, "name") : std::nullopt;
        auto const end = rest.find(between, head_end + 2);
        if (!name || end == std::string_view::npos || end < head_end + 4) return because(form_fault::broken);
        auto const content = rest.substr(head_end + 4, end - head_end - 4);
        rest.remove_prefix(end + between.size());
        if (out.file && how.file_is_last) return because(form_fault::file_not_last);
        auto const lower = valetkey::detail::lower_text(*name);
        if (out.field(lower) || (lower == "file" && out.file)) return because(form_fault::field_twice);
        if (lower == "file") {
            out.file = content;
            out.file_name = detail::disposition_value(*disposition, "filename").value_or("");
            out.file_type = type;
        } else {
            out.fields.emplace_back(*name, content);
        }
    }
    std::size_t before = 0;
    for (auto const& [name, value] : out.fields) before += name.size() + value.size();
    if (before > how.most_before_file) return because(form_fault::fields_too_large);
    // behind the last boundary nothing but one line end
    if (rest != "--" && rest != "--\r\n") return because(form_fault::broken);
    if (!out.file) return because(form_fault::no_file);
    return out;
}

}  // namespace valetkey::sandbox
