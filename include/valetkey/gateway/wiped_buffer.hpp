#pragma once
/// @file
/// Bytes on their way out.

#include <string.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace valetkey::gateway {

/// Bytes on their way out. Answers hold secrets, so whatever was written is wiped: when it is cleared, when the buffer
/// moves to a larger place and when it ends.
class wiped_buffer {
public:
    /// A buffer that grew above this many bytes gives its memory back when it is cleared.
    static constexpr std::size_t kept_bytes = 65536;

    wiped_buffer() = default;
    wiped_buffer(wiped_buffer const&) = delete;
    wiped_buffer& operator=(wiped_buffer const&) = delete;
    ~wiped_buffer() { clear(); }

    /// Makes room for `bytes` more, so that appending them does not move what is there.
    void reserve(std::size_t bytes) {
        if (bytes <= capacity_ - size_) return;
        auto const wanted = std::max({size_ + bytes, 2 * capacity_, std::size_t{4096}});
        auto larger = std::make_unique_for_overwrite<char[]>(wanted);
        std::copy_n(data_.get(), size_, larger.get());
        wipe();
        data_ = std::move(larger);
        capacity_ = wanted;
    }
    void append(std::string_view text) {
        reserve(text.size());
        text.copy(data_.get() + size_, text.size());
        size_ += text.size();
    }

    /// What was appended and not yet sent.
    std::string_view unsent() const noexcept { return {data_.get() + sent_, size_ - sent_}; }
    void sent(std::size_t bytes) noexcept { sent_ += bytes; }

    void clear() noexcept {
        wipe();
        size_ = 0;
        sent_ = 0;
        if (capacity_ > kept_bytes) {
            data_.reset();
            capacity_ = 0;
        }
    }

private:
    void wipe() noexcept {
        if (size_ != 0) ::explicit_bzero(data_.get(), size_);
    }

    std::unique_ptr<char[]> data_;
    std::size_t size_ = 0;
    std::size_t sent_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace valetkey::gateway
