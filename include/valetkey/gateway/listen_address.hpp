#pragma once

#include <cstdint>
#include <string>

namespace valetkey::gateway {

/// Where a listener listens. `address`: IPv4 or IPv6, without brackets. `port` 0: a free one.
struct listen_address {
    std::string address{};
    std::uint16_t port = 0;

    friend bool operator==(listen_address const&, listen_address const&) = default;
};

}  // namespace valetkey::gateway
