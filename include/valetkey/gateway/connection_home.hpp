#pragma once
/// @file
/// What connections share.

#include <valetkey/gateway/answer.hpp>
#include <valetkey/gateway/exchange_buffers.hpp>

#include <atomic>
#include <cstddef>

namespace valetkey::gateway {

/// What the connections of one listener on one thread share. Only `open` may be read by others.
template <class Handler>
struct connection_home {
    explicit connection_home(front_limits const& limits) : buffers{limits} {}

    Handler* handler = nullptr;
    buffer_pool buffers;
    date_line date;
    bool draining = false;             // no request is awaited any more
    std::atomic<std::size_t> open{0};  // connections that exist

    /// A connection begins to exist.
    void opened() noexcept {
        open.store(open.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);  // one thread alone writes
        if constexpr (requires(Handler & h) { h.connection_opened(); }) {
            handler->connection_opened();
        }
    }
    /// Its socket is closed; a responder may still hold it.
    void closed() noexcept {
        if constexpr (requires(Handler & h) { h.connection_closed(); }) {
            handler->connection_closed();
        }
    }
    /// It exists no more.
    void ended() noexcept { open.store(open.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed); }
};

}  // namespace valetkey::gateway
