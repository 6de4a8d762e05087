#pragma once
/// @file
/// One thread of the server.

#include <valetkey/gateway/listener.hpp>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

namespace valetkey::gateway {

/// For servers without an admin listener.
struct no_admin {
    void handle(http_input const&, responder) noexcept {}
    void refuse(int, http_input const*, responder) noexcept {}
};

/// One thread of a server: its loop, its handler, its listeners and the one timer that enforces every deadline.
template <front_handler Handler, front_handler Admin>
class worker {
public:
    /// @param make called at once as `make(index, io_context&)`; gives the handler, which need not be movable.
    template <class MakeHandler>
    worker(std::size_t index, front_limits const& limits, MakeHandler& make)
        : front_home_{limits}, admin_home_{limits}, handler_{make(index, io_)} {
        front_home_.handler = &handler_;
    }
    worker(worker const&) = delete;
    worker& operator=(worker const&) = delete;
    ~worker() {
        begin_drain(std::chrono::milliseconds{0});
        join();
    }

    /// Before `start`.
    void serve(bound_socket&& socket, tls_context tls) {
        front_.emplace(std::move(socket).release(io_), front_home_, std::move(tls));
    }
    /// Before `start`.
    /// @param make called at once as `make(io_context&)`.
    template <class MakeAdmin>
    void serve_admin(bound_socket&& socket, MakeAdmin& make) {
        admin_handler_.emplace(made_by<MakeAdmin>{make, io_});
        admin_home_.handler = &*admin_handler_;
        admin_.emplace(std::move(socket).release(io_), admin_home_, nullptr);
    }
    void start() {
        thread_ = std::thread{[this] { run(); }};
    }

    /// Calls `action(handler)` on the worker's thread. From any thread; does not wait.
    template <class Action>
    void post(Action action) {
        boost::asio::post(io_, [this, action = std::move(action)]() mutable { action(handler_); });
    }
    /// The same with the admin handler, where there is one.
    template <class Action>
    void post_admin(Action action) {
        boost::asio::post(io_, [this, action = std::move(action)]() mutable {
            if (admin_handler_) action(*admin_handler_);
        });
    }
    /// From any thread.
    void set_tls(tls_context tls) {
        boost::asio::post(io_, [this, tls = std::move(tls)]() mutable { front_->set_tls(std::move(tls)); });
    }
    /// From any thread.
    void set_limits(front_limits const& limits) {
        boost::asio::post(io_, [this, limits] {
            front_home_.buffers.set_limits(limits);
            admin_home_.buffers.set_limits(limits);
        });
    }
    /// From any thread.
    std::size_t connections() const noexcept {
        return front_home_.open.load(std::memory_order_relaxed) + admin_home_.open.load(std::memory_order_relaxed);
    }

    /// From any thread: see `server::drain`. `join` waits for the end.
    void begin_drain(std::chrono::milliseconds limit) {
        boost::asio::post(io_, [this, until = steady_clock::now() + limit] { drain(until); });
    }
    void join() {
        if (thread_.joinable()) thread_.join();
    }
    /// After `join`: every connection had come to its end before the limit.
    bool drained() const noexcept { return drained_; }

private:
    using timer = boost::asio::basic_waitable_timer<steady_clock, boost::asio::wait_traits<steady_clock>,
                                                    boost::asio::io_context::executor_type>;
    static constexpr auto sweep_time = std::chrono::milliseconds{100};
    static constexpr auto draining_sweep_time = std::chrono::milliseconds{10};

    template <class Make>
    struct made_by {
        Make& make;
        boost::asio::io_context& io;
        operator Admin() const { return make(io); }
    };

    template <class Action>
    void each_listener(Action action) {
        if (front_) action(*front_);
        if (admin_) action(*admin_);
    }

    void run() {
        each_listener([](auto& of) { of.accept(); });
        sweep_later(sweep_time);
        while (!finished()) {
        }
        each_listener([](auto& of) { of.abort(); });
        io_.restart();
        while (!polled()) {
        }
    }

    /// @return false when an exception came out of a handler: its request is lost, the others go on.
    template <class Loop>
    bool guarded(Loop loop) {
        try {
            loop();
            return true;
        } catch (...) {
            if constexpr (requires { handler_.failed(std::current_exception()); }) {
                handler_.failed(std::current_exception());
            }
            return false;
        }
    }
    bool finished() {
        return guarded([this] { io_.run(); });
    }
    bool polled() {
        return guarded([this] { io_.poll(); });
    }

    void sweep_later(std::chrono::milliseconds time) {
        sweeper_.expires_after(time);
        sweeper_.async_wait([this](boost::system::error_code ec) {
            if (!ec) sweep();
        });
    }

    void sweep() {
        sweep_later(drain_until_ ? draining_sweep_time : sweep_time);
        auto const now = steady_clock::now();
        each_listener([now](auto& of) { of.sweep(now); });
        if (drain_until_) end_drain(now);
    }

    void drain(steady_clock::time_point until) {
        drain_until_ = until;
        each_listener([](auto& of) { of.drain(); });
        sweep_later(std::chrono::milliseconds{0});
    }

    void end_drain(steady_clock::time_point now) {
        drained_ = true;
        each_listener([this](auto const& of) { drained_ = drained_ && of.empty(); });
        if (drained_ || now >= *drain_until_) io_.stop();
    }

    // In this order: whatever is left in the loop when it ends still refers to its home.
    connection_home<Handler> front_home_;
    connection_home<Admin> admin_home_;
    boost::asio::io_context io_{1};
    Handler handler_;
    std::optional<Admin> admin_handler_;
    std::optional<listener<tls_stream, Handler>> front_;
    std::optional<listener<plain_stream, Admin>> admin_;
    timer sweeper_{io_.get_executor()};
    std::optional<steady_clock::time_point> drain_until_;
    bool drained_ = false;
    std::thread thread_;
};

}  // namespace valetkey::gateway
