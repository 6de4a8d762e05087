#pragma once
/// @file
/// Where a connection stands.

#include <cstdint>

namespace valetkey::gateway {

/// The states of a connection, in the order in which they usually come.
enum class connection_phase : std::uint8_t {
    handshake,
    idle,       ///< no byte of a request is here
    reading,    ///< a part of a request is here
    late,       ///< and the rest did not come in time
    answering,  ///< the handler has the request
    writing,    ///< an answer, or `100 Continue`, is on its way out
    dropped,    ///< the handler gave no answer
    leaving,    ///< all is said; the peer is told so
    lingering,  ///< what the client still sends is thrown away, so that it can read the answer
    closed
};

/// A flag that is up for the length of a block.
class raised_flag {
public:
    explicit raised_flag(bool& flag) noexcept : flag_{flag} { flag_ = true; }
    raised_flag(raised_flag const&) = delete;
    raised_flag& operator=(raised_flag const&) = delete;
    ~raised_flag() { flag_ = false; }

private:
    bool& flag_;
};

}  // namespace valetkey::gateway
