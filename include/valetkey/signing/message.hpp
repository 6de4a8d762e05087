#pragma once
/// @file
/// The pieces that every signature over an HTTP message is made of.

#include <valetkey/encoding/percent.hpp>
#include <valetkey/http_message.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

/// Decoded name and value, in the order in which they are sent.
using parameters = std::vector<std::pair<std::string, std::string>>;

/// `name=value&…`, both percent-encoded, in the given order: a form body, or a query.
[[nodiscard]] inline std::string encode_parameters(parameters const& decoded) {
    std::string out;
    for (auto const& [name, value] : decoded) {
        if (!out.empty()) out += '&';
        append_percent_encoded(out, name);
        out += '=';
        append_percent_encoded(out, value);
    }
    return out;
}

/// By which text a canonical query is sorted: AWS says the encoded names, Aliyun the raw ones. An empty value keeps its
/// `=`.
enum class query_order { by_encoded_name, by_raw_name };

[[nodiscard]] inline std::string canonical_query(parameters decoded, query_order order = query_order::by_encoded_name) {
    if (order == query_order::by_raw_name) {
        std::sort(decoded.begin(), decoded.end());
        return encode_parameters(decoded);
    }
    std::string out;
    for (auto& [name, value] : decoded) {
        name = percent_encoded(name);
        value = percent_encoded(value);
    }
    std::sort(decoded.begin(), decoded.end());
    for (auto const& [name, value] : decoded) {
        if (!out.empty()) out += '&';
        out.append(name).append("=").append(value);
    }
    return out;
}

/// What is signed of a header value: line ends and runs of blanks and tabs are one blank, and none at either end.
[[nodiscard]] inline std::string folded(std::string_view value) {
    std::string out;
    for (char const c : value) {
        bool const blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (!blank)
            out += c;
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    if (out.ends_with(' ')) out.pop_back();
    return out;
}

/// Likewise where only the ends are trimmed.
[[nodiscard]] inline std::string trimmed(std::string_view value) {
    constexpr std::string_view blanks = " \t\r\n";
    auto const begin = value.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return std::string{value.substr(begin, value.find_last_not_of(blanks) - begin + 1)};
}

/// Headers in the order of their names, ready for a canonical request.
class canonical_headers {
public:
    /// Keeps the headers that `is_signed(name)` names, their values as `normal(value)`. Several of one name are joined
    /// with a comma.
    template <class Predicate, class Normal>
    canonical_headers(std::vector<http_header> const& headers, Predicate is_signed, Normal normal) {
        std::vector<http_header> sorted;
        for (auto const& header : headers)
            if (is_signed(std::string_view{header.name})) sorted.push_back({header.name, normal(header.value)});
        std::stable_sort(sorted.begin(), sorted.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
        for (std::size_t i = 0; i < sorted.size(); ++i) {
            bool const repeated = i > 0 && sorted[i].name == sorted[i - 1].name;
            if (repeated) {
                lines_.back() = ',';
            } else {
                if (i > 0) names_ += ';';
                names_ += sorted[i].name;
                lines_.append(sorted[i].name).append(":");
            }
            lines_.append(sorted[i].value).append("\n");
        }
    }
    /// `name:value\n` of each.
    [[nodiscard]] std::string const& lines() const noexcept { return lines_; }
    /// `name;name;…`
    [[nodiscard]] std::string const& names() const noexcept { return names_; }

private:
    std::string lines_;
    std::string names_;
};

/// The canonical request of AWS Signature Version 4 and of Aliyun's ACS3: the same six parts.
[[nodiscard]] inline std::string canonical_request(std::string_view method, std::string_view path,
                                                   std::string_view query, canonical_headers const& headers,
                                                   std::string_view payload_hash) {
    std::string out;
    out.append(method).append("\n").append(path).append("\n").append(query).append("\n");
    out.append(headers.lines()).append("\n").append(headers.names()).append("\n").append(payload_hash);
    return out;
}

}  // namespace valetkey
