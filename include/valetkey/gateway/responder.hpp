#pragma once
/// @file
/// How a handler answers.

#include <valetkey/gateway/answer.hpp>
#include <valetkey/gateway/http_input.hpp>

#include <concepts>
#include <string_view>
#include <utility>

namespace valetkey::gateway {

/// The right to answer one request, once. Keeps the request's connection and buffers alive. It may be used at once,
/// inside the handler, or later on the same thread; when it ends unused the connection is closed without an answer.
/// Thread safety: only the thread of the handler that was given it.
class responder {
public:
    /// How a connection takes its answer; made by the connection.
    struct operations {
        void (*send)(void* connection, answer const& what);
        void (*drop)(void* connection);
    };
    /// @param connection its reference is handed over: exactly one of the operations is called, once.
    responder(void* connection, operations const& how) noexcept : connection_{connection}, how_{&how} {}
    responder(responder&& other) noexcept : connection_{std::exchange(other.connection_, nullptr)}, how_{other.how_} {}
    responder& operator=(responder&& other) noexcept {
        std::swap(connection_, other.connection_);
        std::swap(how_, other.how_);
        return *this;
    }
    ~responder() {
        if (connection_) how_->drop(connection_);
    }

    /// Answers. Everything is copied before it returns; when the client is gone nothing happens.
    /// The request's views end with this call. A second call does nothing.
    /// @param status       200…599.
    /// @param header_lines complete lines, each with its CRLF. The front adds the status line, `Date`,
    ///                     `Content-Length` (not with 204) and `Connection`, and leaves the body of HEAD out.
    void send(int status, std::string_view header_lines, std::string_view body) {
        if (connection_) {
            how_->send(std::exchange(connection_, nullptr), {status, header_lines, body});
        }
    }

    /// Still to be answered.
    explicit operator bool() const noexcept { return connection_ != nullptr; }

private:
    void* connection_;
    operations const* how_;
};

/// What a listener serves. `handle` gets each complete request. `refuse` gets what the front refuses (400, 408, 413,
/// 431) with as much of the request as is known, or null: it writes body and headers, the front closes afterwards.
/// Optional: `connection_opened()` and `connection_closed()`, noexcept, to count; `failed(std::exception_ptr)`, told of
/// an exception that came out of a handler on its thread (that request's connection is closed, the others go on).
template <class H>
concept front_handler = requires(H& handler, http_input const& input, http_input const* partial, responder reply) {
    handler.handle(input, std::move(reply));
    handler.refuse(400, partial, std::move(reply));
};

}  // namespace valetkey::gateway
