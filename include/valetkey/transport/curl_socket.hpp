#pragma once
/// @file
/// A socket of libcurl's, watched by Asio.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/error_code.hpp>

#include <curl/curl.h>

#include <memory>

namespace valetkey::detail {

/// Stays registered for as long as the socket is open, so that a kept connection costs no registration.
/// `Loop::on_ready(fd, mask)` is told when it is ready; it may close this socket.
template <class Loop>
class curl_socket : public std::enable_shared_from_this<curl_socket<Loop>> {
public:
    curl_socket(boost::asio::io_context& context, Loop& loop) : descriptor_{context}, loop_{&loop} {}

    /// Takes the descriptor over; false: Asio cannot watch it, and it is still the caller's.
    [[nodiscard]] bool open(curl_socket_t fd) {
        boost::system::error_code failed;
        descriptor_.assign(fd, failed);
        return !failed;
    }
    /// What libcurl waits for: CURL_POLL_IN, CURL_POLL_OUT, both or, as 0, nothing.
    void want(int events) {
        wanted_ = events;
        if (events != 0) {
            wait_as_wanted();
        } else if (read_.waiting || write_.waiting) {
            boost::system::error_code ignored;
            descriptor_.cancel(ignored);
        }
    }
    void close() noexcept {
        forget();
        boost::system::error_code ignored;
        descriptor_.close(ignored);
    }
    /// Gives the descriptor back, still open.
    void release() {
        forget();
        if (descriptor_.is_open()) descriptor_.release();
    }

private:
    using descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
    struct direction {
        int event;
        int mask;
        descriptor::wait_type wait;
        bool waiting = false;
    };

    void forget() noexcept {
        loop_ = nullptr;
        wanted_ = 0;
    }
    void wait_as_wanted() {
        wait_for(read_);
        wait_for(write_);
    }
    void wait_for(direction& way) {
        if ((wanted_ & way.event) == 0 || way.waiting) return;
        way.waiting = true;
        descriptor_.async_wait(way.wait, [self = this->shared_from_this(), &way](boost::system::error_code failed) {
            way.waiting = false;
            self->on_wait(way, failed);
        });
    }
    void on_wait(direction const& way, boost::system::error_code failed) {
        bool const cancelled = failed == boost::asio::error::operation_aborted;
        if (loop_ != nullptr && !cancelled && (wanted_ & way.event) != 0)
            loop_->on_ready(descriptor_.native_handle(), failed ? CURL_CSELECT_ERR : way.mask);
        if (loop_ != nullptr) wait_as_wanted();
    }
    descriptor descriptor_;
    Loop* loop_;
    int wanted_ = 0;
    direction read_{CURL_POLL_IN, CURL_CSELECT_IN, descriptor::wait_read};
    direction write_{CURL_POLL_OUT, CURL_CSELECT_OUT, descriptor::wait_write};
};

}  // namespace valetkey::detail
