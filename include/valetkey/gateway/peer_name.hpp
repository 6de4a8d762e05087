#pragma once
/// @file
/// A client's address as text.

#include <boost/asio/ip/address.hpp>

#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace valetkey::gateway {

/// A client's address as text, without a heap. An IPv4 client of an IPv6 socket is written as IPv4.
class peer_name {
public:
    explicit peer_name(boost::asio::ip::address const& address) noexcept {
        namespace ip = boost::asio::ip;
        if (address.is_v6() && !address.to_v6().is_v4_mapped()) {
            write(AF_INET6, address.to_v6().to_bytes().data());
        } else {
            auto const v4 = address.is_v4() ? address.to_v4() : ip::make_address_v4(ip::v4_mapped, address.to_v6());
            write(AF_INET, v4.to_bytes().data());
        }
    }
    std::string_view text() const noexcept { return {text_.data(), size_}; }

private:
    void write(int family, unsigned char const* bytes) noexcept {
        ::inet_ntop(family, bytes, text_.data(), static_cast<socklen_t>(text_.size()));
        size_ = static_cast<std::uint8_t>(std::string_view{text_.data()}.size());
    }

    std::array<char, INET6_ADDRSTRLEN> text_{};
    std::uint8_t size_ = 0;
};

}  // namespace valetkey::gateway
