#pragma once
/// @file
/// What a request and a connection may cost.

#include <chrono>
#include <cstddef>

namespace valetkey::gateway {

/// What one request and one connection may cost. A change reaches the requests that begin after it.
struct front_limits {
    /// Largest head in bytes: request line, header fields and the empty line. Above: 431.
    std::size_t header_bytes = 16384;
    /// Largest body in bytes, without chunk framing. Above: 413.
    std::size_t body_bytes = 8192;
    /// The TLS handshake, each head from its first byte, and each body must be complete in this time, however slowly
    /// bytes drip (408); a client that takes nothing of its answer for this long is dropped.
    std::chrono::milliseconds header_time{10'000};
    /// A connection that waits this long for its first or next request is closed.
    std::chrono::milliseconds idle_time{60'000};
};

}  // namespace valetkey::gateway
