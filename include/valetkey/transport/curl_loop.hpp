#pragma once
/// @file
/// The inside of `curl_multi_client`: what libcurl asks of an event loop, given by Asio.

#include <valetkey/transport/answer_handler.hpp>
#include <valetkey/transport/curl_options.hpp>
#include <valetkey/transport/curl_socket.hpp>
#include <valetkey/transport/curl_transfer.hpp>
#include <valetkey/transport/http_client.hpp>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/io_context.hpp>

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <new>
#include <optional>
#include <unordered_map>
#include <utility>

namespace valetkey::detail {

/// No code of a user's runs inside these functions, but for one handler as the last act of `on_ready` and `on_time`;
/// it may destroy the client.
class curl_loop : public std::enable_shared_from_this<curl_loop> {
public:
    using executor_type = boost::asio::io_context::executor_type;

    curl_loop(boost::asio::io_context& context, curl_options options)
        : context_{context}, options_{std::move(options)}, timer_{context}, share_{make_share()}, multi_{make_multi()} {
        curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
        curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &curl_loop::on_socket);
        curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &curl_loop::on_timer);
        curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
    }
    curl_loop(curl_loop&&) = delete;

    [[nodiscard]] executor_type get_executor() const noexcept { return context_.get_executor(); }
    [[nodiscard]] std::size_t in_flight() const noexcept { return busy_.size(); }

    template <class Handler>
    void start(http_request call, send_terms const& terms, Handler handler) {
        if (idle_.empty()) add_idle();
        auto& running = idle_.front();
        auto refused = running.transfer.prepare(std::move(call), terms);
        running.ticket = ++tickets_;
        auto slot = boost::asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) slot.assign(canceller{weak_from_this(), running.ticket});
        running.handler = make_answer_handler(get_executor(), std::move(handler));
        busy_.splice(busy_.begin(), idle_, running.place);  // nothing throws from here on
        if (refused) return end(running, std::move(*refused));
        allow_connections();
        running.added = curl_multi_add_handle(multi_.get(), running.transfer.handle()) == CURLM_OK;
        if (!running.added) return end(running, failure{errc::unavailable});
        act_on_time(delivery::post);  // sends at once what a kept connection takes
    }
    void cancel_all() {
        while (!busy_.empty()) end(busy_.front(), failure{errc::cancelled});
        arm_timer();
    }
    /// Ends every exchange and closes every connection. Nothing works afterwards.
    void shut_down() {
        cancel_all();
        idle_.clear();
        multi_.reset();
        share_.reset();
        sockets_.clear();
        due_.reset();
        arm_timer();
    }
    void on_ready(curl_socket_t fd, int mask) { act(fd, mask, delivery::now); }

private:
    using clock = std::chrono::steady_clock;
    using socket_type = curl_socket<curl_loop>;
    struct running_transfer {
        explicit running_transfer(curl_options const& options) : transfer{options} {}
        curl_transfer transfer;
        answer_handler_ptr handler{};
        std::uint64_t ticket = 0;
        bool added = false;
        std::list<running_transfer>::iterator place{};
    };
    struct canceller {
        std::weak_ptr<curl_loop> loop;
        std::uint64_t ticket;
        void operator()(boost::asio::cancellation_type type) const {
            auto const alive = loop.lock();
            if (alive && type != boost::asio::cancellation_type::none) alive->cancel(ticket);
        }
    };
    struct watched {
        std::shared_ptr<socket_type> socket;
        bool ours = false;  ///< opened by us; libcurl's resolver has sockets of its own
        bool kept = false;  ///< a connection without an exchange on it
    };
    struct free_share {
        void operator()(CURLSH* share) const noexcept { curl_share_cleanup(share); }
    };
    struct free_multi {
        void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
    };

    [[nodiscard]] static CURLSH* make_share() {
        require_curl();
        CURLSH* const made = curl_share_init();
        if (made == nullptr) throw std::bad_alloc{};
        return made;
    }
    [[nodiscard]] static CURLM* make_multi() {
        CURLM* const made = curl_multi_init();
        if (made == nullptr) throw std::bad_alloc{};
        return made;
    }

    void add_idle() {
        auto& made = idle_.emplace_front(options_);
        made.place = idle_.begin();
        made.transfer.set(CURLOPT_PRIVATE, &made);
        made.transfer.set(CURLOPT_SHARE, share_.get());
        made.transfer.set(CURLOPT_OPENSOCKETFUNCTION, &curl_loop::on_open);
        made.transfer.set(CURLOPT_OPENSOCKETDATA, this);
        made.transfer.set(CURLOPT_CLOSESOCKETFUNCTION, &curl_loop::on_close);
        made.transfer.set(CURLOPT_CLOSESOCKETDATA, this);
    }
    void cancel(std::uint64_t ticket) {
        for (auto& running : busy_) {
            if (running.ticket != ticket) continue;
            end(running, failure{errc::cancelled});
            return arm_timer();
        }
    }
    void end(running_transfer& running, failure why) {
        (void)take_answer(running, CURLE_ABORTED_BY_CALLBACK);
        deliver(put_back(running), delivery::post, std::move(why));
    }
    [[nodiscard]] result<http_answer> take_answer(running_transfer& running, CURLcode code) {
        if (std::exchange(running.added, false)) curl_multi_remove_handle(multi_.get(), running.transfer.handle());
        return running.transfer.finish(code);
    }
    /// The transfer is idle again, or gone.
    [[nodiscard]] answer_handler_ptr put_back(running_transfer& running) {
        auto handler = std::move(running.handler);
        if (idle_.size() < std::max<std::size_t>(options_.max_idle, 1)) {
            idle_.splice(idle_.begin(), busy_, running.place);
        } else {
            busy_.erase(running.place);
        }
        allow_connections();
        return handler;
    }
    /// CURLMOPT_MAXCONNECTS counts connections in use as well: a fixed number would close the kept ones under load.
    /// The connection that comes back is counted among those of `busy_`, therefore - 1. 0 would mean no limit.
    void allow_connections() {
        auto const limit = std::max<std::size_t>(busy_.size() + options_.max_idle, 2) - 1;
        curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(limit));
    }
    /// libcurl looks at its limit once for each connection that comes back; of several that come back in one call the
    /// later ones are held against a limit of before. What is too many ends here; libcurl finds it dead and forgets it.
    void end_surplus() noexcept {
        for (auto at = sockets_.begin(); kept_ > options_.max_idle && at != sockets_.end(); ++at) {
            if (!at->second.kept) continue;
            ::shutdown(at->first, SHUT_RDWR);
            set_kept(at->second, false);
        }
    }
    void set_kept(watched& which, bool kept) noexcept {
        if (std::exchange(which.kept, kept) == kept) return;
        kept ? ++kept_ : --kept_;
    }

    void act(curl_socket_t fd, int mask, delivery how) {
        int running = 0;
        curl_multi_socket_action(multi_.get(), fd, mask, &running);
        settle(how);
    }
    /// libcurl tells its next time anew after this call, and only if there is one.
    void act_on_time(delivery how) {
        due_.reset();
        act(CURL_SOCKET_TIMEOUT, 0, how);
    }
    /// Delivers what is finished. Nearly always it is one answer, and to use it while the caches know it pays.
    void settle(delivery how) {
        answer_handler_ptr last;
        result<http_answer> answer{failure{errc::unavailable}};
        int left = 0;
        while (auto const* message = curl_multi_info_read(multi_.get(), &left)) {
            running_transfer* running = nullptr;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &running);
            if (last) deliver(std::move(last), delivery::post, std::move(answer));
            answer = take_answer(*running, message->data.result);
            last = put_back(*running);
        }
        end_surplus();
        arm_timer();
        if (last) deliver(std::move(last), how, std::move(answer));
    }
    /// A timer that is armed for an earlier time stays: most time-outs never come, so re-arming would be the rule.
    void arm_timer() {
        if (!due_) {
            if (std::exchange(armed_, std::nullopt)) timer_.cancel();
            return;
        }
        if (armed_ && *armed_ <= *due_) return;
        armed_ = due_;
        timer_.expires_at(*due_);
        timer_.async_wait([self = weak_from_this()](boost::system::error_code failed) {
            auto const alive = self.lock();
            if (alive && !failed) alive->on_time();
        });
    }
    void on_time() {
        armed_.reset();
        if (due_ && *due_ <= clock::now()) return act_on_time(delivery::now);
        arm_timer();
    }

    static int on_timer(CURLM*, long milliseconds, void* self) noexcept {
        auto& due = static_cast<curl_loop*>(self)->due_;
        due.reset();
        if (milliseconds >= 0) due = clock::now() + std::chrono::milliseconds{milliseconds};
        return 0;
    }
    static int on_socket(CURL*, curl_socket_t fd, int events, void* self, void*) noexcept {
        auto& loop = *static_cast<curl_loop*>(self);
        loop.watch(fd, events == CURL_POLL_REMOVE ? 0 : events);
        return 0;
    }
    static curl_socket_t on_open(void* self, curlsocktype, curl_sockaddr* address) noexcept {
        auto& loop = *static_cast<curl_loop*>(self);
        auto const fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
        if (fd < 0 || loop.add_socket(fd, true)) return fd;
        ::close(fd);
        return CURL_SOCKET_BAD;
    }
    static int on_close(void* self, curl_socket_t fd) noexcept {
        auto& loop = *static_cast<curl_loop*>(self);
        auto const found = loop.sockets_.find(fd);
        if (found == loop.sockets_.end()) return ::close(fd);
        loop.set_kept(found->second, false);
        found->second.socket->close();
        loop.sockets_.erase(found);
        return 0;
    }
    void watch(curl_socket_t fd, int events) {
        auto const found = sockets_.find(fd);
        if (found == sockets_.end()) {
            if (events != 0 && add_socket(fd, false)) sockets_[fd].socket->want(events);
            return;
        }
        found->second.socket->want(events);
        if (found->second.ours) return set_kept(found->second, events == 0);
        if (events != 0) return;
        found->second.socket->release();
        sockets_.erase(found);
    }
    [[nodiscard]] bool add_socket(curl_socket_t fd, bool ours) {
        if (auto const stale = sockets_.find(fd); stale != sockets_.end()) stale->second.socket->release();
        auto made = std::make_shared<socket_type>(context_, *this);
        if (!made->open(fd)) return false;
        sockets_[fd] = {std::move(made), ours};
        return true;
    }

    boost::asio::io_context& context_;
    curl_options const options_;
    boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>, executor_type> timer_;
    std::optional<clock::time_point> due_{};    // when libcurl wants to be called
    std::optional<clock::time_point> armed_{};  // when the timer calls
    std::unordered_map<curl_socket_t, watched> sockets_;
    std::size_t kept_ = 0;  // of them
    std::unique_ptr<CURLSH, free_share> share_;
    std::unique_ptr<CURLM, free_multi> multi_;
    std::list<running_transfer> idle_;
    std::list<running_transfer> busy_;
    std::uint64_t tickets_ = 0;
};

}  // namespace valetkey::detail
