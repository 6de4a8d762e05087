#pragma once

#include <boost/asio/error.hpp>
#include <boost/intrusive/list.hpp>
#include <concepts>
#include <sys/socket.h>
#include <utility>
#include <valetkey/gateway/bound_socket.hpp>
#include <valetkey/gateway/connection.hpp>
#include <valetkey/gateway/tls.hpp>
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
    void set_tls(tls_context tls) noexcept {
        tls_ = std::move(tls);
    }

    /// Ends what has waited for too long; takes up accepting again when that was given up.
    void sweep(steady_clock::time_point now) {
        if (!accepting_ && !home_.draining) {
            accept();
        }
        for (auto& each : connections_) {
            if (each.deadline() <= now) {
                chosen_.emplace_back(&each);
            }
        }
        for_chosen([](connection_type& each) { each.expire(); });
    }

    /// Stops accepting; clients that the kernel has already accepted still count. Then see `connection::drain`.
    void drain() {
        boost::system::error_code ec;
        acceptor_.cancel(ec);
        acceptor_.non_blocking(true, ec);
        for (tcp_socket last{acceptor_.get_executor()}; !ec && !acceptor_.accept(last, peer_, ec);) {
            open(std::exchange(last, tcp_socket{acceptor_.get_executor()}));
        }
        acceptor_.close(ec);
        home_.draining = true;
        choose_all();
        for_chosen([](connection_type& each) { each.drain(); });
    }

    /// Closes every connection at once; answers under way are lost.
    void abort() {
        choose_all();
        for_chosen([](connection_type& each) { each.abort(); });
    }

    /// No connection is left.
    bool empty() const noexcept {
        return home_.open.load(std::memory_order_relaxed) == 0;
    }

private:
    using connection_type = connection<Stream, Handler>;
    using connection_list = boost::intrusive::list<connection_type, boost::intrusive::constant_time_size<false>>;

    void accepted(boost::system::error_code ec) {
        accepting_ = false;
        if (home_.draining) {
            return;
        }
        if (!ec) {
            open(std::exchange(incoming_, tcp_socket{acceptor_.get_executor()}));
        }
        if (!starved(ec)) {
            accept();
        }
    }

    /// Nothing can be accepted for want of descriptors or memory: trying at once would only burn the thread.
    static bool starved(boost::system::error_code ec) noexcept {
        namespace errc = boost::system::errc;
        return ec == errc::too_many_files_open || ec == errc::too_many_files_open_in_system ||
               ec == errc::no_buffer_space || ec == errc::not_enough_memory;
    }

    void open(tcp_socket socket) {
        boost::system::error_code ec;
        socket.non_blocking(true, ec);
        if (ec) {
            return;
        }
        socket.set_option(boost::asio::ip::tcp::no_delay{true}, ec);
        typename connection_type::pointer const opened{
            new connection_type{make_stream(std::move(socket)), peer_name{peer_.address()}, home_}};
        connections_.push_back(*opened);
        opened->start();
    }

    Stream make_stream(tcp_socket&& socket) {
        if constexpr (secure) {
            return Stream{std::move(socket), tls_->native_handle()};
        } else {
            return Stream{std::move(socket)};
        }
    }

    void choose_all() {
        for (auto& each : connections_) {
            chosen_.emplace_back(&each);
        }
    }

    /// Chosen first, touched then: a step may end any connection and so change the list.
    template <class Action>
    void for_chosen(Action action) {
        for (auto const& each : chosen_) {
            action(*each);
        }
        chosen_.clear();
    }

    tcp_acceptor acceptor_;
    tcp_socket incoming_;
    boost::asio::ip::tcp::endpoint peer_;
    connection_home<Handler>& home_;
    tls_context tls_;
    connection_list connections_;
    std::vector<typename connection_type::pointer> chosen_;
    bool accepting_ = false;
};

}  // namespace valetkey::gateway
