#pragma once
/// @file
/// Buffers that connections borrow for a request.

#include <valetkey/gateway/request_reader.hpp>
#include <valetkey/gateway/wiped_buffer.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace valetkey::gateway {

/// What a connection needs while a request is under way, and only then.
struct exchange_buffers {
    explicit exchange_buffers(front_limits const& limits)
        : storage_bytes{request_reader::storage_bytes(limits)},
          storage{std::make_unique_for_overwrite<char[]>(storage_bytes)},
          reader{{storage.get(), storage_bytes}, limits} {}

    std::size_t storage_bytes;
    std::unique_ptr<char[]> storage;
    request_reader reader;
    wiped_buffer output;
};

/// Lends exchange buffers to the connections of one thread, so that idle ones hold none.
class buffer_pool {
public:
    using buffers = std::unique_ptr<exchange_buffers>;

    explicit buffer_pool(front_limits const& limits) : limits_{limits} { free_.reserve(kept); }

    /// From now on buffers are made for these limits; what is lent goes on with its own.
    void set_limits(front_limits const& limits) {
        limits_ = limits;
        ++generation_;
        free_.clear();
    }
    front_limits const& limits() const noexcept { return limits_; }

    struct loan {
        buffers what;
        unsigned generation = 0;
        exchange_buffers* operator->() const noexcept { return what.get(); }
        explicit operator bool() const noexcept { return what != nullptr; }
    };
    [[nodiscard]] loan lend() {
        if (free_.empty()) return {std::make_unique<exchange_buffers>(limits_), generation_};
        loan lent{std::move(free_.back()), generation_};
        free_.pop_back();
        return lent;
    }
    /// Wipes what was in the buffers and keeps them for the next request.
    void take_back(loan lent) {
        lent->reader.reset();
        lent->output.clear();
        if (lent.generation == generation_ && free_.size() < kept) free_.push_back(std::move(lent.what));
    }

private:
    static constexpr std::size_t kept = 64;

    front_limits limits_;
    std::vector<buffers> free_;
    unsigned generation_ = 0;
};

}  // namespace valetkey::gateway
