#pragma once
/// @file
/// The asynchronous transport: libcurl's multi interface on one Asio io_context.

#include <valetkey/transport/curl_loop.hpp>
#include <valetkey/transport/fresh_source.hpp>
#include <valetkey/transport/http_client.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace valetkey {

/// An `async_http_client`, as strict as `curl_client`. Any number of exchanges at once; `max_idle` connections are
/// kept.
///
/// Kept connections do not hold up `io_context::run`: it returns when no exchange is in flight. To drain, start no more
/// and let it run until `in_flight()` is 0, or `cancel()`. The destructor ends what is in flight with `cancelled`.
/// @par Errors As `curl_client`; and `cancelled`.
/// @par Thread safety None: one a thread, used on the thread that runs its io_context, which must outlive it.
class curl_multi_client {
public:
    using executor_type = boost::asio::io_context::executor_type;

    explicit curl_multi_client(boost::asio::io_context& context, curl_options options = {})
        : loop_{std::make_shared<detail::curl_loop>(context, std::move(options))} {}
    curl_multi_client(curl_multi_client&&) = delete;
    ~curl_multi_client() { loop_->shut_down(); }

    [[nodiscard]] executor_type get_executor() const noexcept { return loop_->get_executor(); }
    [[nodiscard]] fresh_source& source() noexcept { return source_; }

    /// Completion signature: `void(result<http_answer>)`. The handler is never called from within this function.
    /// @par Cancellation Terminal, partial and total: `errc::cancelled`; the connection is closed.
    template <class CompletionToken>
    auto async_send(http_request call, send_terms const& terms, CompletionToken&& token) {
        return boost::asio::async_initiate<CompletionToken, void(result<http_answer>)>(
            [](auto handler, detail::curl_loop* loop, http_request what, send_terms how) {
                loop->start(std::move(what), how, std::move(handler));
            },
            token, loop_.get(), std::move(call), terms);
    }

    [[nodiscard]] std::size_t in_flight() const noexcept { return loop_->in_flight(); }
    /// Ends every exchange with `cancelled`. New ones may follow.
    void cancel() { loop_->cancel_all(); }

private:
    std::shared_ptr<detail::curl_loop> loop_;
    fresh_source source_;
};

}  // namespace valetkey
