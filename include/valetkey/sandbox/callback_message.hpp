#pragma once
/// @file
/// What the calls of all emulated stores have in common: where they may go, and how a template becomes a body.

#include <valetkey/encoding/json_text.hpp>
#include <valetkey/encoding/percent.hpp>
#include <valetkey/service_url.hpp>

#include <boost/json/parse.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace valetkey::sandbox {

/// Where a call goes. The sandbox calls its own gateway alone: by TLS, on this machine.
struct callback_target {
    std::string url;
    std::string host;     ///< authority
    std::string path;     ///< percent-encoded, begins with `/`
    std::string query{};  ///< raw, without `?`

    /// Of several addresses, separated by `;`, the first: the next ones are for a first one that fails.
    [[nodiscard]] static std::optional<callback_target> parse(std::string_view text) {
        auto const first = text.substr(0, text.find(';'));
        constexpr std::size_t scheme = std::string_view{"https://"}.size();
        auto const end = std::min(first.find_first_of("/?#", scheme), first.size());
        auto const service = service_url::parse(first.substr(0, end));
        if (!service || !service->tls() || !is_this_machine(service->host())) return std::nullopt;
        auto const rest = first.substr(end);
        for (char const c : rest)
            if (c <= ' ' || c > '~' || c == '#') return std::nullopt;
        auto const mark = std::min(rest.find('?'), rest.size());
        std::string path{rest.substr(0, mark)};
        if (path.empty()) path = "/";
        if (!percent_decoded(path, false)) return std::nullopt;
        callback_target out{{}, std::string{service->authority()}, std::move(path), {}};
        out.query = rest.substr(std::min(mark + 1, rest.size()));
        out.url = service->text() + out.target();
        return out;
    }
    /// Path and raw query.
    [[nodiscard]] std::string target() const { return query.empty() ? path : path + "?" + query; }

private:
    [[nodiscard]] static bool is_this_machine(std::string_view host) noexcept {
        return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
    }
};

/// One of the two types in which stores send.
[[nodiscard]] inline bool is_json_type(std::string_view type) noexcept {
    return type.starts_with("application/json");
}
[[nodiscard]] inline bool is_callback_type(std::string_view type) noexcept {
    return is_json_type(type) || type.starts_with("application/x-www-form-urlencoded");
}

/// A template filled in. `open` and `close`: the brackets behind a `$`.
/// @param value `std::string value(std::string_view name, bool in_string)`: as it is to stand there; `in_string`:
///   between the quotes of a JSON text.
/// @return None: a `$` that begins no variable. OSS refuses that; of Qiniu it is unverified.
template <class Value>
[[nodiscard]] std::optional<std::string> fill_template(std::string_view text, char open, char close, Value value) {
    std::string out;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '$') {
            auto const end = text.find(close, i);
            if (i + 1 == text.size() || text[i + 1] != open || end == std::string_view::npos) return std::nullopt;
            out += value(text.substr(i + 2, end - i - 2), in_string);
            i = end;
            continue;
        }
        if (text[i] == '"' && (i == 0 || text[i - 1] != '\\')) in_string = !in_string;
        out += text[i];
    }
    return out;
}

/// A variable's value in a JSON body.
[[nodiscard]] inline std::string json_value(std::string_view text, bool in_string) {
    std::string out;
    if (in_string)
        append_json_escaped(out, text);
    else
        append_json_string(out, text);
    return out;
}

/// Whether a gateway's answer is JSON, which a store hands on.
[[nodiscard]] inline bool is_json(std::string_view text) {
    boost::system::error_code error;
    auto const document = boost::json::parse(text, error);
    return !error;
}

}  // namespace valetkey::sandbox
