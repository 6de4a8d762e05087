#pragma once
/// @file
/// Object ids, leased in blocks from a durable counter. A crash skips the rest of a block; no id comes twice.

#include <valetkey/result.hpp>

#include <concepts>
#include <cstdint>
#include <utility>

namespace valetkey {

/// JavaScript reads larger integers wrongly.
inline constexpr std::uint64_t largest_object_id = (std::uint64_t{1} << 53U) - 1;

/// Ids from `next` on, before `end`.
struct id_block {
    std::uint64_t next = 0;
    std::uint64_t end = 0;

    [[nodiscard]] bool empty() const noexcept { return next == end; }
    [[nodiscard]] std::uint64_t size() const noexcept { return end - next; }
    /// @pre Not empty.
    [[nodiscard]] std::uint64_t take() noexcept { return next++; }
};

/// A durable counter: what it leased once it never leases again, whoever asks, whatever crashes.
template <class S>
concept id_source = requires(S& source) {
    { source.lease() } -> std::same_as<result<id_block>>;
};

/// One thread's ids. Touches its source once a block.
/// @par Thread safety One a thread; the source is shared.
template <id_source Source>
class object_ids {
public:
    explicit object_ids(Source& source) noexcept : source_{&source} {}

    /// Waits for the source when nothing is left.
    /// @par Errors no_object_id.
    [[nodiscard]] result<std::uint64_t> take() {
        if (block_.empty()) block_ = std::exchange(spare_, {});
        if (block_.empty()) {
            auto const leased = source_->lease();
            if (!leased) return leased.error();
            block_ = note(*leased);
        }
        return block_.take();
    }

    /// For loops that must not wait: whether a block should be leased elsewhere and handed to `add` soon.
    [[nodiscard]] bool wants_spare() const noexcept { return spare_.empty() && block_.size() <= last_size_ / 2; }
    /// One that is not wanted is skipped.
    void add(id_block spare) noexcept {
        if (spare_.empty()) spare_ = note(spare);
    }

    /// How many were leased in all.
    [[nodiscard]] std::uint64_t leased() const noexcept { return leased_; }

private:
    id_block note(id_block leased) noexcept {
        last_size_ = leased.size();
        leased_ += leased.size();
        return leased;
    }

    Source* source_;
    id_block block_{};
    id_block spare_{};
    std::uint64_t last_size_ = 0;
    std::uint64_t leased_ = 0;
};

}  // namespace valetkey
