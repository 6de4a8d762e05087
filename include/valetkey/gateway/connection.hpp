#pragma once
/// @file
/// One client's connection.

#include <valetkey/gateway/connection_home.hpp>
#include <valetkey/gateway/connection_phase.hpp>
#include <valetkey/gateway/peer_name.hpp>
#include <valetkey/gateway/responder.hpp>
#include <valetkey/gateway/stream.hpp>

#include <boost/asio/post.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string_view>
#include <utility>

namespace valetkey::gateway {

using steady_clock = std::chrono::steady_clock;

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
        home_.opened();
    }
    connection(connection const&) = delete;
    connection& operator=(connection const&) = delete;
    ~connection() {
        if (phase_ != phase::closed) close();
        give_back();
        home_.ended();
    }

    void start() {
        deadline_ = after(limits().header_time);
        drive();
    }

    /// When the connection has waited for too long.
    steady_clock::time_point deadline() const noexcept { return deadline_; }

    /// The deadline has passed.
    void expire() {
        if (phase_ == phase::lingering) return close();
        if (phase_ == phase::writing && takes_more()) return await_taking();
        if (phase_ == phase::reading) {
            phase_ = phase::late;
        } else if (phase_ == phase::handshake || phase_ == phase::idle) {
            leave(false);
        } else {
            return abort();
        }
        drive();
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
        if (phase_ == phase::closed) return;
        boost::system::error_code ignored;
        stream_.socket().set_option(boost::asio::socket_base::linger{true, 0}, ignored);
        close();
    }

private:
    using phase = connection_phase;
    enum class next { step, wait };

    static constexpr auto linger_time = std::chrono::seconds{2};
    static constexpr auto drained_linger_time = std::chrono::milliseconds{500};
    static constexpr std::size_t linger_bytes = std::size_t{16} << 20;
    static constexpr unsigned steps_a_turn = 100;  // a request takes three, 16 KiB of a long answer one
    static constexpr auto never = steady_clock::time_point::max();

    static steady_clock::time_point after(std::chrono::milliseconds time) noexcept {
        return steady_clock::now() + time;
    }
    front_limits const& limits() const noexcept { return home_.buffers.limits(); }

    /// Takes steps until one has to wait. Called again from inside, it leaves the steps to the outer call.
    void drive() {
        if (driving_) return;
        pointer const self{this};
        raised_flag const inside{driving_};
        for (unsigned steps = 0; step() == next::step;) {
            if (++steps == steps_a_turn) return yield();
        }
    }

    /// Lets other connections have their turn.
    void yield() {
        boost::asio::post(stream_.socket().get_executor(), [self = pointer{this}] { self->drive(); });
    }

    next step() {
        switch (phase_) {
            case phase::handshake: return shake_hands();
            case phase::idle:
            case phase::reading: return read();
            case phase::late: return refuse(408);
            case phase::writing: return write();
            case phase::leaving: return say_farewell();
            case phase::lingering: return linger();
            case phase::dropped: return give_up();
            case phase::answering:
            case phase::closed: break;
        }
        return next::wait;
    }

    next shake_hands() {
        auto const [status, bytes] = stream_.handshake();
        if (status == io_status::closed) return leave(true);  // the alert must reach the peer
        if (status != io_status::done) return wait(status);
        become_idle();
        return next::step;
    }

    next read() {
        if (!buffers_) buffers_ = home_.buffers.lend();
        auto const [status, bytes] = stream_.read(buffers_->reader.room());
        if (status != io_status::done) return nothing_read(status);
        if (phase_ == phase::idle) begin_request();
        return judge(buffers_->reader.received(bytes));
    }

    next nothing_read(io_status status) {
        if (status == io_status::closed) return leave(false);
        if (phase_ == phase::idle && stream_.buffered()) {
            begin_request();  // a part of a TLS record is here: from now on time runs
        } else if (phase_ == phase::idle) {
            give_back();
            if (home_.draining) return leave(false);
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
        if (how_far == reading::complete) return hand_over();
        if (how_far == reading::refused) return refuse(reader.refusal());
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
    next refuse(int status) {
        refused_ = true;
        auto const& input = prepare();
        home_.handler->refuse(status, input.method.empty() ? nullptr : &input, reply());
        return next::step;
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
        static constexpr responder::operations how{send_to, drop_from};
        return {pointer{this}.detach(), how};
    }
    static void send_to(void* self, answer const& what) {
        pointer const held{static_cast<connection*>(self), false};
        held->send(what);
    }
    static void drop_from(void* self) {
        pointer const held{static_cast<connection*>(self), false};
        held->drop();
    }

    void send(answer const& what) {
        if (phase_ != phase::answering) return;  // the client is gone
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
    bool more_input() { return buffers_->reader.pipelined() != 0 || unread(); }
    bool unread() {
        boost::system::error_code ignored;
        return stream_.buffered() || stream_.socket().available(ignored) != 0;
    }

    next write() {
        auto& output = buffers_->output;
        auto const [status, bytes] = stream_.write(output.unsent());
        if (status == io_status::closed) return give_up();
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
    bool takes_more() { return stream_.in_flight() < in_flight_; }

    next written() {
        buffers_->output.clear();
        if (std::exchange(interim_, false)) {
            phase_ = phase::reading;
            deadline_ = after(limits().header_time);
            return next::step;
        }
        if (last_) return leave(refused_ || more_input());
        return next_request();
    }

    next next_request() {
        auto const how_far = buffers_->reader.next();
        if (!buffers_->reader.empty()) {
            begin_request();
            return judge(how_far);
        }
        become_idle();
        if (home_.draining || stream_.buffered()) return next::step;
        give_back();
        return wait(io_status::want_read);
    }

    next give_up() {
        abort();
        return next::wait;
    }

    /// @param client_may_send an answer must reach a client that has not said all of its own yet.
    next leave(bool client_may_send) {
        client_may_send_ = client_may_send;
        phase_ = phase::leaving;
        deadline_ = after(linger_time);
        return next::step;
    }

    next say_farewell() {
        auto const [status, bytes] = stream_.farewell();
        if (status == io_status::want_read || status == io_status::want_write) return wait(status);
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

    next linger() {
        std::array<char, 16384> thrown_away;
        auto const n = ::recv(stream_.socket().native_handle(), thrown_away.data(), thrown_away.size(), 0);
        if (n > 0 && (lingered_ += static_cast<std::size_t>(n)) < linger_bytes) return next::step;
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return wait(io_status::want_read);
        close();
        return next::wait;
    }

    void close() noexcept {
        phase_ = phase::closed;
        home_.closed();
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
        if (!ec) drive();
    }

    void give_back() {
        if (buffers_) home_.buffers.take_back(std::move(buffers_));
    }

    home& home_;
    Stream stream_;
    buffer_pool::loan buffers_{};
    steady_clock::time_point deadline_ = never;
    steady_clock::time_point first_byte_{};
    std::size_t lingered_ = 0;
    int in_flight_ = 0;
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

}  // namespace valetkey::gateway
