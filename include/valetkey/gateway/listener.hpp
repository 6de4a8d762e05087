#pragma once
/// @file
/// A port's clients on one thread.

#include <valetkey/gateway/bound_socket.hpp>
#include <valetkey/gateway/connection.hpp>
#include <valetkey/gateway/tls.hpp>

#include <boost/asio/error.hpp>
#include <boost/intrusive/list.hpp>

#include <sys/socket.h>

#include <concepts>
#include <utility>
#include <vector>

namespace valetkey::gateway {

/// Accepts clients of one port for one thread and keeps their list.
/// Thread safety: the thread of its io_context only.
template <class Stream, front_handler Handler>
class listener {
public:
    static constexpr bool secure = std::same_as<Stream, tls_stream>;

    /// @param home outlives every connection, so it is destroyed after the io_context.
    listener(tcp_acceptor&& acceptor, connection_home<Handler>& home, tls_context tls)
        : acceptor_{std::move(acceptor)}, incoming_{acceptor_.get_executor()}, home_{home}, tls_{std::move(tls)} {}

    void accept() {
        accepting_ = true;
        acceptor_.async_accept(incoming_, peer_, [this](boost::system::error_code ec) { accepted(ec); });
    }

    /// For the connections to come.
    void set_tls(tls_context tls) noexcept { tls_ = std::move(tls); }

    /// Ends what has waited for too long; takes up accepting again when that was given up.
    void sweep(steady_clock::time_point now) {
        if (!accepting_ && !home_.draining) accept();
        for (auto const& each : chosen([now](auto const& c) { return c.deadline() <= now; })) each->expire();
    }

    /// Stops accepting; clients that the kernel has already accepted still count. Then see `connection::drain`.
    void drain() {
        boost::system::error_code ec;
        acceptor_.cancel(ec);
        acceptor_.non_blocking(true, ec);
        while (!ec) {
            tcp_socket last{acceptor_.get_executor()};
            boost::asio::ip::tcp::endpoint peer;
            acceptor_.accept(last, peer, ec);
            if (!ec) open(std::move(last), peer);
        }
        acceptor_.close(ec);
        home_.draining = true;
        for (auto const& each : chosen(all)) each->drain();
    }

    /// Closes every connection at once; answers under way are lost.
    void abort() {
        for (auto const& each : chosen(all)) each->abort();
    }

    /// No connection is left.
    bool empty() const noexcept { return home_.open.load(std::memory_order_relaxed) == 0; }

private:
    using connection_type = connection<Stream, Handler>;
    using connection_list = boost::intrusive::list<connection_type, boost::intrusive::constant_time_size<false>>;

    void accepted(boost::system::error_code ec) {
        accepting_ = false;
        if (!ec) open(std::exchange(incoming_, tcp_socket{acceptor_.get_executor()}), peer_);
        if (!home_.draining && !starved(ec)) accept();
    }

    /// Nothing can be accepted for want of descriptors or memory: trying at once would only burn the thread.
    static bool starved(boost::system::error_code ec) noexcept {
        namespace errc = boost::system::errc;
        return ec == errc::too_many_files_open || ec == errc::too_many_files_open_in_system ||
               ec == errc::no_buffer_space || ec == errc::not_enough_memory;
    }

    void open(tcp_socket socket, boost::asio::ip::tcp::endpoint const& peer) {
        boost::system::error_code ec;
        socket.non_blocking(true, ec);
        if (ec) return;
        socket.set_option(boost::asio::ip::tcp::no_delay{true}, ec);
        typename connection_type::pointer const opened{
            new connection_type{make_stream(std::move(socket)), peer_name{peer.address()}, home_}};
        connections_.push_back(*opened);
        opened->start();
        if (home_.draining) opened->drain();
    }

    Stream make_stream(tcp_socket&& socket) {
        if constexpr (secure) {
            return Stream{std::move(socket), tls_->native_handle()};
        } else {
            return Stream{std::move(socket)};
        }
    }

    static bool all(connection_type const&) noexcept { return true; }

    /// A list of its own, which also holds them: a step may end any connection.
    template <class Wanted>
    std::vector<typename connection_type::pointer> chosen(Wanted wanted) {
        std::vector<typename connection_type::pointer> found;
        for (auto& each : connections_) {
            if (wanted(each)) found.emplace_back(&each);
        }
        return found;
    }

    tcp_acceptor acceptor_;
    tcp_socket incoming_;
    boost::asio::ip::tcp::endpoint peer_;
    connection_home<Handler>& home_;
    tls_context tls_;
    connection_list connections_;
    bool accepting_ = false;
};

}  // namespace valetkey::gateway
