#pragma once
/// @file
/// Sockets that listen.

#include <valetkey/gateway/listen_address.hpp>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/system/result.hpp>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <utility>

namespace valetkey::gateway {

using tcp_acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// A listening socket that belongs to no loop yet.
class bound_socket {
public:
    bound_socket(boost::asio::ip::tcp::endpoint const& where, int descriptor) noexcept
        : where_{where}, descriptor_{descriptor} {}
    bound_socket(bound_socket&& other) noexcept
        : where_{other.where_}, descriptor_{std::exchange(other.descriptor_, -1)} {}
    bound_socket& operator=(bound_socket&&) = delete;
    ~bound_socket() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }

    /// The port is the real one.
    boost::asio::ip::tcp::endpoint const& where() const noexcept { return where_; }
    /// Hands the socket over to a loop.
    tcp_acceptor release(boost::asio::io_context& io) && {
        return {io.get_executor(), where_.protocol(), std::exchange(descriptor_, -1)};
    }

private:
    boost::asio::ip::tcp::endpoint where_;
    int descriptor_;
};

namespace detail {

using reuse_port = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

inline boost::system::result<bound_socket> bind_once(boost::asio::ip::tcp::endpoint const& where, bool shared) {
    static constexpr int backlog = 4096;
    boost::asio::io_context io;
    tcp_acceptor acceptor{io.get_executor()};
    boost::system::error_code ec;
    acceptor.open(where.protocol(), ec) || acceptor.set_option(tcp_acceptor::reuse_address{true}, ec) ||
        acceptor.set_option(reuse_port{shared}, ec) ||
        (where.protocol() == boost::asio::ip::tcp::v6() && acceptor.set_option(boost::asio::ip::v6_only{false}, ec)) ||
        acceptor.bind(where, ec) || acceptor.listen(backlog, ec);
    if (ec) return ec;
    auto const real = acceptor.local_endpoint(ec);
    return bound_socket{real, acceptor.release()};
}

}  // namespace detail

/// Binds one more socket to a port that may be shared with others of this process (SO_REUSEPORT).
[[nodiscard]] inline boost::system::result<bound_socket> bind_shared(boost::asio::ip::tcp::endpoint const& where) {
    return detail::bind_once(where, true);
}

/// Binds the first socket of a port.
/// @par Errors a sentence with the address: not an IP address, in use (by another process too, although ports are
///             shared here: two servers would take each other's clients), not allowed.
[[nodiscard]] inline boost::system::result<bound_socket, std::string> bind_first(listen_address const& where) {
    auto const name = where.address + " port " + std::to_string(where.port);
    boost::system::error_code ec;
    auto const address = boost::asio::ip::make_address(where.address, ec);
    if (ec) return name + ": not an IP address";
    // closed again before the shared one is bound
    if (auto const alone = detail::bind_once({address, where.port}, false); !alone) {
        return name + ": " + alone.error().message();
    }
    auto shared = bind_shared({address, where.port});
    if (!shared) return name + ": " + shared.error().message();
    return std::move(*shared);
}

/// Lets the process open as many files as the system allows it. A failure leaves the limit as it was.
inline void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

}  // namespace valetkey::gateway
