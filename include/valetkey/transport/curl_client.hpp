#pragma once
/// @file
/// The blocking transport over libcurl.

#include <valetkey/transport/curl_options.hpp>
#include <valetkey/transport/curl_transfer.hpp>
#include <valetkey/transport/fresh_source.hpp>
#include <valetkey/transport/http_client.hpp>

#include <utility>

namespace valetkey {

/// An `http_client`: HTTP/1.1, TLS verified, connections kept, no proxy, cookie or credential from the environment.
/// @par Errors  `timed_out`: no whole answer before the deadline. `unavailable`: no name, no connection, no trusted
/// TLS,
///              or it broke. `malformed_response`: no HTTP, or too long. Throws std::bad_alloc, and from the
///              constructor std::runtime_error where libcurl is too old.
/// @par Thread safety None: one a thread.
class curl_client {
public:
    explicit curl_client(curl_options options = {}) : options_{std::move(options)} {}

    [[nodiscard]] result<http_answer> send(http_request call, send_terms const& terms) {
        auto const refused = transfer_.prepare(std::move(call), terms);
        if (refused) return *refused;
        return transfer_.finish(curl_easy_perform(transfer_.handle()));
    }
    [[nodiscard]] fresh_source& source() noexcept { return source_; }

private:
    curl_options options_;
    detail::curl_transfer transfer_{options_};
    fresh_source source_;
};

}  // namespace valetkey
