#pragma once
/// @file
/// One case of a vectors file, and what running it through the library showed.

#include <valetkey/encoding/percent.hpp>
#include <valetkey/http_message.hpp>
#include <valetkey/signing/message.hpp>
#include <valetkey/time.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vectors {

using valetkey::parameters;

/// Thrown by a runner: why the case does not pass.
struct mismatch : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void require_equal(std::string_view what, std::string_view ours, std::string_view expected) {
    if (ours != expected)
        throw mismatch{std::string{what} + " differs\n    ours:     " + std::string{ours} +
                       "\n    expected: " + std::string{expected}};
}

/// A JSON object whose members are read by name.
class members {
public:
    explicit members(boost::json::object const& object) : object_{object} {}
    [[nodiscard]] boost::json::value const* find(std::string_view name) const { return object_.if_contains(name); }
    [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
    /// Empty when absent; numbers as text.
    [[nodiscard]] std::string text(std::string_view name) const {
        auto const* value = find(name);
        return value ? as_text(*value) : std::string{};
    }
    [[nodiscard]] std::string must(std::string_view name) const {
        if (!has(name)) throw mismatch{"the case has no member " + std::string{name}};
        return text(name);
    }
    [[nodiscard]] members object(std::string_view name) const {
        auto const* value = find(name);
        if (!value || !value->is_object()) throw mismatch{"the case has no object " + std::string{name}};
        return members{value->get_object()};
    }
    /// Name and value pairs of an object, or of an array of pairs; none when absent.
    [[nodiscard]] parameters pairs(std::string_view name) const {
        parameters out;
        auto const* value = find(name);
        if (!value || value->is_null()) return out;
        if (auto const* object = value->if_object()) {
            for (auto const& [key, each] : *object) out.emplace_back(std::string{key}, as_text(each));
        } else {
            for (auto const& each : value->as_array())
                out.emplace_back(as_text(each.as_array().at(0)), as_text(each.as_array().at(1)));
        }
        return out;
    }

private:
    static std::string as_text(boost::json::value const& value) {
        if (value.is_null()) return {};
        if (auto const* text = value.if_string()) return {text->begin(), text->end()};
        return boost::json::serialize(value);
    }
    boost::json::object const& object_;
};

struct vector_case {
    std::string kind;
    members input;
    members expect;

    /// `input.time`, a fraction cut off.
    [[nodiscard]] valetkey::utc_seconds time() const {
        auto const at = valetkey::parse_iso_time(input.must("time"));
        if (!at) throw mismatch{"input.time is no time"};
        return *at;
    }
    [[nodiscard]] std::string secret() const { return input.must("key_secret"); }
    /// Where the request goes: `input.endpoint`, else as the vendor's SDK had it.
    [[nodiscard]] std::string host() const {
        auto address = input.has("endpoint") ? input.text("endpoint") : expect.must("url");
        if (auto const scheme = address.find("://"); scheme != std::string::npos) address.erase(0, scheme + 3);
        return address.substr(0, address.find_first_of("/?"));
    }
    [[nodiscard]] std::vector<valetkey::http_header> extra_headers() const {
        std::vector<valetkey::http_header> out;
        for (auto const& [name, value] : input.pairs("extra_headers")) out.push_back({name, value});
        return out;
    }
};

[[nodiscard]] inline std::string header_of(valetkey::http_request const& request, std::string_view name) {
    for (auto const& header : request.headers)
        if (header.name == name) return header.value;
    throw mismatch{"we send no header " + std::string{name}};
}

[[nodiscard]] inline parameters decoded_pairs(std::string_view encoded) {
    parameters out;
    while (!encoded.empty()) {
        auto const pair = encoded.substr(0, encoded.find('&'));
        encoded.remove_prefix(std::min(pair.size() + 1, encoded.size()));
        auto const equals = std::min(pair.find('='), pair.size());
        auto const name = valetkey::percent_decoded(pair.substr(0, equals), true);
        auto const value = valetkey::percent_decoded(pair.substr(std::min(equals + 1, pair.size())), true);
        if (!name || !value) throw mismatch{"a pair is not percent-encoded"};
        out.emplace_back(*name, *value);
    }
    std::sort(out.begin(), out.end());
    return out;
}

[[nodiscard]] inline std::string query_of(std::string_view url) {
    auto const mark = url.find('?');
    return mark == std::string_view::npos ? std::string{} : std::string{url.substr(mark + 1)};
}

enum class body_as { text, pairs };

/// Method, body, each listed header and the decoded query.
inline void require_request(valetkey::http_request const& ours, members const& expect, body_as how = body_as::text) {
    require_equal("method", ours.method, expect.must("method"));
    if (how == body_as::text)
        require_equal("body", ours.body, expect.must("body"));
    else if (decoded_pairs(ours.body) != decoded_pairs(expect.must("body")))
        throw mismatch{"the decoded body differs"};
    for (auto const& [name, value] : expect.pairs("headers"))
        require_equal("header " + name, header_of(ours, name), value);
    if (decoded_pairs(query_of(ours.url)) != decoded_pairs(query_of(expect.must("url"))))
        throw mismatch{"the decoded query differs"};
}

/// Every field that the input yields; what the input does not hold is the page's own and in no signature.
inline void require_fields(parameters const& ours, members const& expect) {
    auto const expected = expect.pairs("fields");
    for (auto const& own : ours) {
        auto const same_name = [&](auto const& field) { return field.first == own.first; };
        auto const at = std::find_if(expected.begin(), expected.end(), same_name);
        if (at == expected.end()) throw mismatch{"the vendor's form has no field " + own.first};
        require_equal("field " + own.first, own.second, at->second);
    }
}

/// Specialised for each cloud: `static void run(vector_case const&)` throws `mismatch`.
template <class Cloud>
struct runner;

[[noreturn]] inline void not_yet(vector_case const& c) {
    throw mismatch{"kind " + c.kind + " cannot be run yet for this cloud"};
}

}  // namespace vectors
