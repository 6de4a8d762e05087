#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string_view>
#include <utility>
#include <valetkey/gateway/exchange_buffers.hpp>
#include <valetkey/gateway/responder.hpp>
#include <valetkey/gateway/stream.hpp>

namespace valetkey::gateway {

using steady_clock = std::chrono::steady_clock;

/// The client's address as text, without a heap.
class peer_name {
public:
    explicit peer_name(boost::asio::ip::address const& address) noexcept;
    std::string_view text() const noexcept {
        return {text_.data(), size_};
    }

private:
    std::array<char, 46> text_{};
    std::uint8_t size_ = 0;
};

namespace detail {

/// A flag that is up for the length of a block.
class raised {
public:
    explicit raised(bool& flag) noexcept : flag_{flag} {
        flag_ = true;
    }
    raised(raised const&) = delete;
    raised& operator=(raised const&) = delete;
    ~raised() {
        flag_ = false;
    }

private:
    bool& flag_;
};

}  // namespace detail

/// What the connections of one listener share. One thread's own.
template <class Handler>
struct connection_home {
    explicit connection_home(front_limits const& limits) : buffers{limits} {}

    Handler* handler = nullptr;
    buffer_pool buffers;
    date_line date;
    bool draining = false;             // no request is awaited any more
    std::atomic<std::size_t> open{0};  // connections that exist; written by one thread, read by any

    void count(std::ptrdiff_t change) noexcept {
        open.store(open.load(std::memory_order_relaxed) + static_cast<std::size_t>(change), std::memory_order_relaxed);
    }
};

/// One client: handshake, requests one after the other, their answers, the end. A state machine without coroutines:
/// `drive` takes steps until one has to wait; the socket's readiness, a late answer or the sweeper drive it on.
/// Lives as long as something refers to it: a pending wait or a responder.
template <class Stream, class Handler>
class connection : public boost::intrusive_ref_counter<connection<Stream, Handler>, boost::thread_unsafe_counter>,
                   public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    using pointer = boost::intrusive_ptr<connection>;
    using home = connection_home<Handler>;

    connection(Stream&& stream, peer_name const& peer, home& shared)
        : home_{shared}, stream_{std::move(stream)}, peer_{peer} {
        home_.count(1);
    }
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection() {
        give_back();
        home_.count(-1);
    }

    void start() {
        deadline_ = after(limits().header_time);
        drive();
    }

    /// When the connection has waited for too long.
    steady_clock::time_point deadline() const noexcept {
        return deadline_;
    }

    /// The deadline has passed.
    void expire() {
        switch (phase_) {
            case phase::handshake:
            case phase::idle:
                leave(false);
                return drive();
            case phase::reading:
                refuse(408);
                return drive();
            case phase::lingering:
                return close();
            case phase::writing:
                return takes_more() ? await_taking() : abort();
            default:
                return abort();
        }
    }

    /// The server drains: ends what waits for a request, unless bytes of one are here already.
    void drain() {
        if (phase_ == phase::lingering) {
            deadline_ = std::min(deadline_, after(drained_linger_time));
        } else if (phase_ == phase::handshake && !stream_.begun()) {
            leave(false);
            drive();
        } else if (phase_ == phase::idle) {
            drive();  // tries to read: bytes may be here that no event has told of yet
        }
    }

    /// Closes at once; an answer that comes later is dropped.
    void abort() noexcept {
        boost::system::error_code ignored;
        stream_.socket().set_option(boost::asio::socket_base::linger{true, 0}, ignored);
        close();
    }

private:
    enum class phase : std::uint8_t {
        handshake,
        idle,       // no byte of a request is here
        reading,    // a part of a request is here
        answering,  // the handler has the request
        writing,    // an answer, or `100 Continue`, is on its way out
        answered,   // the next request's turn
        leaving,    // all is said; the peer is told so
        lingering,  // what the client still sends is thrown away, so that it can read the answer
        dropped,    // the handler gave no answer
        closed
    };
    enum class next { step, wait };

    static constexpr auto linger_time = std::chrono::seconds{2};
    static constexpr auto drained_linger_time = std::chrono::milliseconds{500};
    static constexpr std::size_t linger_bytes = std::size_t{64} << 20;
    static constexpr unsigned requests_a_turn = 32;
    static constexpr auto never = steady_clock::time_point::max();

    static steady_clock::time_point after(std::chrono::milliseconds time) noexcept {
        return steady_clock::now() + time;
    }
    front_limits const& limits() const noexcept {
        return home_.buffers.limits();
    }

    /// Takes steps until one has to wait. Called again from inside, it leaves the steps to the outer call.
    void drive() {
        if (driving_) {
            return;
        }
        pointer const self{this};
        detail::raised const inside{driving_};
        requests_this_turn_ = 0;
        while (step() == next::step) {
        }
    }

    next step() {
        switch (phase_) {
            case phase::handshake:
                return shake_hands();
            case phase::idle:
            case phase::reading:
                return read();
            case phase::writing:
                return write();
            case phase::answered:
                return next_request();
            case phase::leaving:
                return say_farewell();
            case phase::lingering:
                return linger();
            case phase::dropped:
                abort();
                return next::wait;
            case phase::answering:
            case phase::closed:
                break;
        }
        return next::wait;
    }

    next shake_hands() {
        auto const [status, bytes] = stream_.handshake();
        if (status == io_status::closed) {
            return leave(true);  // the alert must reach the peer
        }
        if (status != io_status::done) {
            return wait(status);
        }
        become_idle();
        return next::step;
    }

    next read() {
        if (!buffers_) {
            buffers_ = home_.buffers.lend();
        }
        auto const [status, bytes] = stream_.read(buffers_->reader.room());
        if (status != io_status::done) {
            return nothing_read(status);
        }
        if (phase_ == phase::idle) {
            begin_request();
        }
        return judge(buffers_->reader.received(bytes));
    }

    next nothing_read(io_status status) {
        if (status == io_status::closed) {
            return leave(false);
        }
        if (phase_ == phase::idle) {
            give_back();
            if (home_.draining && !stream_.buffered()) {
                return leave(false);
            }
        }
        return wait(status);
    }

    void become_idle() {
        phase_ = phase::idle;
        deadline_ = after(limits().idle_time);
    }

    void begin_request() {
        phase_ = phase::reading;
        in_body_ = false;
        first_byte_ = steady_clock::now();
        deadline_ = first_byte_ + limits().header_time;
    }

    next judge(reading how_far) {
        auto& reader = buffers_->reader;
        if (how_far == reading::complete) {
            return hand_over();
        }
        if (how_far == reading::refused) {
            refuse(reader.refusal());
            return next::step;
        }
        if (!in_body_ && reader.head_done()) {
            in_body_ = true;
            deadline_ = after(limits().header_time);
        }
        if (reader.take_continue()) {
            interim_ = true;
            buffers_->output.append("HTTP/1.1 100 Continue\r\n\r\n");
            phase_ = phase::writing;
        }
        return next::step;
    }

    next hand_over() {
        auto& input = prepare();
        home_.handler->handle(input, reply());
        return next::step;
    }

    /// The handler writes the answer; whatever else the client sends on this connection is not heard any more.
    void refuse(int status) {
        refused_ = true;
        auto const& input = prepare();
        home_.handler->refuse(status, input.method.empty() ? nullptr : &input, reply());
    }

    http_input& prepare() {
        phase_ = phase::answering;
        deadline_ = never;
        auto& input = buffers_->reader.input();
        input.peer = peer_.text();
        input.first_byte = first_byte_;
        return input;
    }

    responder reply() {
        static constexpr responder::operations how{
            [](void* self, answer const& what) { pointer{static_cast<connection*>(self), false}->send(what); },
            [](void* self) { pointer{static_cast<connection*>(self), false}->drop(); }};
        return {pointer{this}.detach(), how};
    }

    void send(answer const& what) {
        if (phase_ != phase::answering) {
            return;  // the client is gone
        }
        auto const& input = buffers_->reader.input();
        last_ = refused_ || !input.keep_alive || (home_.draining && !more_input());
        append_answer(buffers_->output, what,
                      {home_.date.at(std::time(nullptr)), input.version, !last_, input.method == "HEAD"});
        phase_ = phase::writing;
        drive();
    }

    void drop() {
        if (phase_ == phase::answering) {
            phase_ = phase::dropped;
            drive();
        }
    }

    /// While draining: a request behind this one has begun to arrive, and shall have its answer too.
    bool more_input() {
        return buffers_->reader.pipelined() != 0 || unread();
    }
    bool unread() {
        boost::system::error_code ignored;
        return stream_.buffered() || stream_.socket().available(ignored) != 0;
    }

    next write() {
        auto& output = buffers_->output;
        auto const [status, bytes] = stream_.write(output.unsent());
        if (status == io_status::closed) {
            abort();
            return next::wait;
        }
        if (status != io_status::done) {
            await_taking();
            return wait(status);
        }
        output.sent(bytes);
        return output.unsent().empty() ? written() : next::step;
    }

    void await_taking() {
        in_flight_ = stream_.in_flight();
        deadline_ = after(limits().header_time);
    }
    /// The client has taken something since: a socket tells of room only when a good part of its buffer is free.
    bool takes_more() {
        return stream_.in_flight() < in_flight_;
    }

    next written() {
        buffers_->output.clear();
        if (std::exchange(interim_, false)) {
            phase_ = phase::reading;
            deadline_ = after(limits().header_time);
            return next::step;
        }
        if (last_) {
            return leave(refused_ || more_input());
        }
        phase_ = phase::answered;
        return ++requests_this_turn_ < requests_a_turn ? next::step : yield();
    }

    next next_request() {
        auto const how_far = buffers_->reader.next();
        if (!buffers_->reader.empty()) {
            begin_request();
            return judge(how_far);
        }
        become_idle();
        if (home_.draining || stream_.buffered()) {
            return next::step;
        }
        give_back();
        return wait(io_status::want_read);
    }

    /// Lets other connections have their turn.
    next yield() {
        boost::asio::post(stream_.socket().get_executor(), [self = pointer{this}] { self->drive(); });
        return next::wait;
    }

    next leave(bool client_may_send) {
        client_may_send_ = client_may_send;
        phase_ = phase::leaving;
        deadline_ = after(linger_time);
        return next::step;
    }

    next say_farewell() {
        auto const [status, bytes] = stream_.farewell();
        if (status == io_status::want_read || status == io_status::want_write) {
            return wait(status);
        }
        boost::system::error_code ignored;
        stream_.socket().shutdown(boost::asio::socket_base::shutdown_send, ignored);
        give_back();
        if (!client_may_send_) {
            close();
            return next::wait;
        }
        phase_ = phase::lingering;
        deadline_ = after(home_.draining ? drained_linger_time : std::chrono::milliseconds{linger_time});
        return next::step;
    }

    /// Linux throws bytes of a TCP socket away without copying them.
    next linger() {
        auto const n = ::recv(stream_.socket().native_handle(), nullptr, linger_bytes, MSG_TRUNC);
        if (n > 0 && (lingered_ += static_cast<std::size_t>(n)) < linger_bytes) {
            return next::step;
        }
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
            return wait(io_status::want_read);
        }
        close();
        return next::wait;
    }

    void close() noexcept {
        phase_ = phase::closed;
        deadline_ = never;
        boost::system::error_code ignored;
        stream_.socket().close(ignored);
    }

    next wait(io_status for_what) {
        bool const reads = for_what == io_status::want_read;
        if (!std::exchange(reads ? waits_to_read_ : waits_to_write_, true)) {
            stream_.socket().async_wait(
                reads ? tcp_socket::wait_read : tcp_socket::wait_write,
                [self = pointer{this}, reads](boost::system::error_code ec) { self->ready(reads, ec); });
        }
        return next::wait;
    }

    void ready(bool reads, boost::system::error_code ec) {
        (reads ? waits_to_read_ : waits_to_write_) = false;
        if (!ec) {
            drive();
        }
    }

    void give_back() {
        if (buffers_) {
            home_.buffers.take_back(std::move(buffers_));
        }
    }

    home& home_;
    Stream stream_;
    buffer_pool::loan buffers_{};
    steady_clock::time_point deadline_ = never;
    steady_clock::time_point first_byte_{};
    std::size_t lingered_ = 0;
    int in_flight_ = 0;
    unsigned requests_this_turn_ = 0;
    peer_name peer_;
    phase phase_ = phase::handshake;
    bool driving_ = false;
    bool waits_to_read_ = false;
    bool waits_to_write_ = false;
    bool in_body_ = false;
    bool interim_ = false;
    bool refused_ = false;
    bool last_ = false;
    bool client_may_send_ = false;
};

inline peer_name::peer_name(boost::asio::ip::address const& address) noexcept {
    auto const shown = address.is_v6() && address.to_v6().is_v4_mapped()
                           ? boost::asio::ip::address{boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped,
                                                                                        address.to_v6())}
                           : address;
    if (shown.is_v4()) {
        auto const bytes = shown.to_v4().to_bytes();
        ::inet_ntop(AF_INET, bytes.data(), text_.data(), static_cast<socklen_t>(text_.size()));
    } else {
        auto const bytes = shown.to_v6().to_bytes();
        ::inet_ntop(AF_INET6, bytes.data(), text_.data(), static_cast<socklen_t>(text_.size()));
    }
    size_ = static_cast<std::uint8_t>(std::string_view{text_.data()}.size());
}

}  // namespace valetkey::gateway
