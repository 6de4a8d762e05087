#pragma once
/// @file
/// A request as one of the emulated clouds received it, and what it answers.

#include <valetkey/http_message.hpp>
#include <valetkey/signing/incoming.hpp>
#include <valetkey/transport/http_client.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::sandbox {

/// As it came over the wire, its body whole.
struct store_request {
    std::string method;
    std::string path;                  ///< percent-encoded, begins with `/`
    std::string query;                 ///< raw, without `?`
    std::vector<http_header> headers;  ///< names in lower case
    std::string body;

    [[nodiscard]] incoming_request view() const noexcept { return {method, path, query, headers, body}; }
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
        return view().header(name);
    }
    [[nodiscard]] std::string_view header_or_empty(std::string_view name) const noexcept {
        return view().header_or_empty(name);
    }
};

/// Why a request cannot even be judged.
enum class wire_fault : std::uint8_t { broken, too_large };

struct store_answer {
    int status = 200;
    std::string body{};
    std::string content_type{};  ///< empty: none
    std::vector<http_header> headers{};

    store_answer& with(std::string name, std::string value) {
        headers.push_back({std::move(name), std::move(value)});
        return *this;
    }
};

/// A call of a store's to the gateway, made before the store answers.
struct callback_call {
    http_request request;
    /// Makes the store's answer of the gateway's; none: the call failed.
    std::function<store_answer(std::optional<http_response>)> then;
};

/// `callback` comes first where there is one, and makes another answer.
struct store_outcome {
    store_answer answer{};
    std::optional<callback_call> callback{};

    store_outcome(store_answer made) : answer{std::move(made)} {}
    store_outcome(callback_call call) : callback{std::move(call)} {}
};

}  // namespace valetkey::sandbox
