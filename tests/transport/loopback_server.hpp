#pragma once
/// @file
/// An HTTP server on 127.0.0.1 that behaves as badly as it is told to, one reaction a request. Its own thread.

#include <boost/asio.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace loopback {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

struct reaction {
    enum after { keep, close, reset, hang, repeat };  // repeat: `again` and again, a pause of `delay` between
    std::string bytes{};
    after then = keep;
    std::chrono::milliseconds delay{0};  // otherwise before `bytes`
    std::string again{};
};

inline std::string response(std::string const& status, std::string const& body, std::string const& headers = {}) {
    return "HTTP/1.1 " + status + "\r\n" + headers + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body;
}

/// `script` gets the whole request, and how many came before it.
class server {
public:
    using script = std::function<reaction(std::string const& request, std::size_t before)>;

    explicit server(script what) : script_{std::move(what)} {
        accept();
        thread_ = std::thread{[this] { context_.run(); }};
    }
    ~server() {
        context_.stop();
        thread_.join();
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port()) + "/"; }
    unsigned short port() const { return port_; }
    std::vector<std::string> requests() const {
        std::lock_guard const lock{mutex_};
        return requests_;
    }
    std::size_t accepted() const {
        std::lock_guard const lock{mutex_};
        return accepted_;
    }
    std::size_t open() const {
        std::lock_guard const lock{mutex_};
        return open_;
    }

private:
    struct session : std::enable_shared_from_this<session> {
        session(server& s, tcp::socket&& accepted)
            : owner{s}, socket{std::move(accepted)}, timer{socket.get_executor()} {}
        ~session() {
            std::lock_guard const lock{owner.mutex_};
            --owner.open_;
        }
        void read() {
            asio::async_read_until(socket, asio::dynamic_buffer(input), "\r\n\r\n",
                                   [self = shared_from_this()](auto failed, std::size_t head) {
                                       if (!failed) self->read_body(head);
                                   });
        }
        void read_body(std::size_t head) {
            auto const at = input.find("Content-Length: ");  // as libcurl writes it
            auto const body = at < head ? std::stoul(input.substr(at + 16)) : 0UL;
            auto const missing = head + body - std::min(head + body, input.size());
            asio::async_read(socket, asio::dynamic_buffer(input), asio::transfer_exactly(missing),
                             [self = shared_from_this(), whole = head + body](auto failed, std::size_t) {
                                 if (!failed) self->react(whole);
                             });
        }
        void react(std::size_t whole) {
            auto const request = input.substr(0, whole);
            input.erase(0, whole);
            reply = owner.next(request);
            if (reply.then == reaction::repeat || reply.delay == 0ms) return write();
            wait([self = shared_from_this()] { self->write(); });
        }
        void write() {
            asio::async_write(socket, asio::buffer(reply.bytes), [self = shared_from_this()](auto failed, std::size_t) {
                if (!failed) self->finish();
            });
        }
        void finish() {
            auto const self = shared_from_this();
            switch (reply.then) {
                case reaction::keep: return read();
                case reaction::close: return;
                case reaction::reset: return socket.set_option(asio::socket_base::linger{true, 0});
                case reaction::hang: return wait_for_end();
                case reaction::repeat: return repeat();
            }
        }
        void repeat() {
            reply.bytes = reply.again;
            wait([self = shared_from_this()] { self->write(); });
        }
        void wait_for_end() {
            asio::async_read(socket, asio::dynamic_buffer(input), [self = shared_from_this()](auto, std::size_t) {});
        }
        template <class Then>
        void wait(Then then) {
            timer.expires_after(reply.delay);
            timer.async_wait([then](auto failed) {
                if (!failed) then();
            });
        }
        server& owner;
        tcp::socket socket;
        asio::steady_timer timer;
        std::string input{};
        reaction reply{};
    };

    reaction next(std::string const& request) {
        std::size_t before = 0;
        {
            std::lock_guard const lock{mutex_};
            before = requests_.size();
            requests_.push_back(request);
        }
        return script_(request, before);
    }
    void accept() {
        acceptor_.async_accept([this](auto failed, tcp::socket socket) {
            if (failed) return;
            {
                std::lock_guard const lock{mutex_};
                ++accepted_;
                ++open_;
            }
            std::make_shared<session>(*this, std::move(socket))->read();
            accept();
        });
    }
    script script_;
    mutable std::mutex mutex_;  // before context_, whose destructor ends the sessions
    std::vector<std::string> requests_;
    std::size_t accepted_ = 0;
    std::size_t open_ = 0;
    asio::io_context context_;
    tcp::acceptor acceptor_{context_, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
    unsigned short port_ = acceptor_.local_endpoint().port();
    std::thread thread_;
};

}  // namespace loopback
