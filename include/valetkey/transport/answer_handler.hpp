#pragma once
/// @file
/// A completion handler of any type that waits for an answer.

#include <valetkey/transport/http_client.hpp>

#include <boost/asio/append.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/recycling_allocator.hpp>

#include <memory>
#include <utility>

namespace valetkey::detail {

enum class delivery {
    none,  ///< the handler is destroyed
    post,  ///< it runs later
    now    ///< it runs at once, if its executor allows
};

/// `leave` frees the memory, which is of the handler's associated allocator, before the handler runs.
struct answer_handler {
    void (*leave)(answer_handler*, delivery, result<http_answer>*);
};
struct drop_handler {
    void operator()(answer_handler* handler) const { handler->leave(handler, delivery::none, nullptr); }
};
using answer_handler_ptr = std::unique_ptr<answer_handler, drop_handler>;

template <class Handler>
struct answer_handler_of : answer_handler {
    using executor_type = boost::asio::io_context::executor_type;
    using handler_executor = boost::asio::associated_executor_t<Handler, executor_type>;
    using associated = boost::asio::associated_allocator_t<Handler, boost::asio::recycling_allocator<void>>;
    using allocator = typename std::allocator_traits<associated>::template rebind_alloc<answer_handler_of>;

    answer_handler_of(executor_type loop, Handler&& h)
        : answer_handler{&answer_handler_of::take_leave},
          io{loop},
          handler{std::move(h)},
          work{boost::asio::get_associated_executor(handler, io)} {}

    [[nodiscard]] static allocator allocator_of(Handler const& h) {
        return allocator{boost::asio::get_associated_allocator(h, boost::asio::recycling_allocator<void>{})};
    }
    static void take_leave(answer_handler* base, delivery how, result<http_answer>* answer) {
        auto* const self = static_cast<answer_handler_of*>(base);
        auto memory = allocator_of(self->handler);
        answer_handler_of taken{std::move(*self)};
        self->~answer_handler_of();
        memory.deallocate(self, 1);
        if (how == delivery::none) return;
        auto bound = boost::asio::append(std::move(taken.handler), std::move(*answer));
        if (how == delivery::now) {
            boost::asio::dispatch(taken.io, std::move(bound));
        } else {
            boost::asio::post(taken.io, std::move(bound));
        }
    }
    executor_type io;
    Handler handler;
    boost::asio::executor_work_guard<handler_executor> work;
};

template <class Handler>
[[nodiscard]] answer_handler_ptr make_answer_handler(boost::asio::io_context::executor_type io, Handler handler) {
    using made_type = answer_handler_of<Handler>;
    auto memory = made_type::allocator_of(handler);
    auto* const room = memory.allocate(1);
    return answer_handler_ptr{::new (static_cast<void*>(room)) made_type{io, std::move(handler)}};
}

inline void deliver(answer_handler_ptr handler, delivery how, result<http_answer> answer) {
    auto* const waiting = handler.release();
    waiting->leave(waiting, how, &answer);
}

}  // namespace valetkey::detail
