#pragma once
/// @file
/// The HTTPS front.

#include <valetkey/gateway/bound_socket.hpp>
#include <valetkey/gateway/worker.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/result.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace valetkey::gateway {

struct server_options {
    listen_address listen;
    /// Plain HTTP, served by the first worker.
    std::optional<listen_address> admin;
    /// 0: as many as there are processors.
    unsigned threads = 0;
    front_limits limits;
};

/// The HTTPS front: one thread a core, each with its own loop, its own socket of the shared port and its own handler.
/// @tparam Handler answers requests; see `front_handler`.
/// Thread safety: the calls belong to one thread, but what is posted runs on the workers' threads.
/// @par Example
///   server<my_handler> front{options, *load_tls_context("chain.pem", "key.pem")};
///   if (auto const bound = front.listen(); !bound) return complain(bound.error());
///   front.start([](std::size_t worker, io_context& io) { return my_handler{worker, io}; });
///   wait_for_sigterm();
///   front.drain(10s);
template <front_handler Handler, front_handler Admin = no_admin>
class server {
public:
    server(server_options options, tls_context tls) : options_{std::move(options)}, tls_{std::move(tls)} {
        if (options_.threads == 0) options_.threads = std::max(1u, std::thread::hardware_concurrency());
    }

    /// Binds every port; clients may connect from now on and wait for `start`. Ignores SIGPIPE and raises the limit of
    /// open files, both for the process.
    /// @par Errors a sentence that names the address.
    [[nodiscard]] boost::system::result<void, std::string> listen() {
        ignore_sigpipe();
        raise_descriptor_limit();
        auto first = bind_first(options_.listen);
        if (!first) return first.error();
        sockets_.push_back(std::move(*first));
        while (sockets_.size() < options_.threads) {
            auto further = bind_shared(sockets_.front().where());
            if (!further) return options_.listen.address + ": " + further.error().message();
            sockets_.push_back(std::move(*further));
        }
        endpoint_ = sockets_.front().where();
        return listen_admin();
    }

    /// After `listen`: with the real port.
    boost::asio::ip::tcp::endpoint const& endpoint() const noexcept { return endpoint_; }
    /// After `listen`, with an admin listener.
    boost::asio::ip::tcp::endpoint const& admin_endpoint() const noexcept { return admin_endpoint_; }
    unsigned threads() const noexcept { return options_.threads; }

    /// Makes the handlers, all on the calling thread, then starts the threads.
    /// @param make       `make(std::size_t worker, io_context&)` → Handler; called once a worker.
    /// @param make_admin `make_admin(io_context&)` → Admin; called once, where there is an admin listener.
    template <class MakeHandler, class MakeAdmin>
    void start(MakeHandler make, MakeAdmin make_admin) {
        for (auto& socket : sockets_) {
            workers_.push_back(std::make_unique<worker_type>(workers_.size(), options_.limits, make));
            workers_.back()->serve(std::move(socket), tls_);
        }
        if (admin_socket_) workers_.front()->serve_admin(std::move(*admin_socket_), make_admin);
        sockets_.clear();
        admin_socket_.reset();
        for (auto const& each : workers_) each->start();
    }
    template <class MakeHandler>
    void start(MakeHandler make) {
        start(std::move(make), [](boost::asio::io_context&) { return Admin{}; });
    }

    /// Calls `action(handler)` on each worker's thread, with a copy of the action each. Does not wait.
    template <class Action>
    void for_each_worker(Action const& action) {
        for (auto const& each : workers_) each->post(action);
    }
    /// Calls `action(admin_handler)` on the first worker's thread, where there is an admin listener. Does not wait.
    template <class Action>
    void for_admin(Action action) {
        workers_.front()->post_admin(std::move(action));
    }

    /// New connections use the new context, the others keep theirs.
    void set_tls(tls_context const& tls) {
        for (auto const& each : workers_) each->set_tls(tls);
    }
    /// For the requests that begin from now on.
    void set_limits(front_limits const& limits) {
        for (auto const& each : workers_) each->set_limits(limits);
    }
    /// Open connections, admin's included. From any thread.
    std::size_t connections() const noexcept {
        std::size_t sum = 0;
        for (auto const& each : workers_) sum += each->connections();
        return sum;
    }

    /// Stops accepting, answers every request whose last byte has arrived, lets requests that have arrived in part go
    /// on, closes everything else, and ends the threads: when nothing is left, or at the limit. Waits for that.
    /// @return true when nothing was cut off.
    bool drain(std::chrono::milliseconds limit) {
        for (auto const& each : workers_) each->begin_drain(limit);
        bool complete = true;
        for (auto const& each : workers_) {
            each->join();
            complete = complete && each->drained();
        }
        return complete;
    }

private:
    using worker_type = worker<Handler, Admin>;

    boost::system::result<void, std::string> listen_admin() {
        if (!options_.admin) return {};
        auto bound = bind_first(*options_.admin);
        if (!bound) return bound.error();
        admin_endpoint_ = bound->where();
        admin_socket_.emplace(std::move(*bound));
        return {};
    }

    server_options options_;
    tls_context tls_;
    std::vector<bound_socket> sockets_;
    std::optional<bound_socket> admin_socket_;
    boost::asio::ip::tcp::endpoint endpoint_;
    boost::asio::ip::tcp::endpoint admin_endpoint_;
    std::vector<std::unique_ptr<worker_type>> workers_;
};

}  // namespace valetkey::gateway
