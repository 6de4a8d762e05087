#pragma once
/// @file
/// Text that wipes itself. A `secret` has no operator<<, no comparison in variable time and one loud way out.

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace valetkey {

/// Memory that is wiped when it is freed, so also when a container grows out of it.
template <class T>
struct wiping_allocator : std::allocator<T> {
    wiping_allocator() = default;
    template <class U>
    constexpr wiping_allocator(wiping_allocator<U> const&) noexcept {}
    template <class U>
    struct rebind {
        using other = wiping_allocator<U>;
    };
    void deallocate(T* p, std::size_t n) noexcept {
        ::explicit_bzero(static_cast<void*>(p), n * sizeof(T));
        std::allocator<T>::deallocate(p, n);
    }
};

/// A growing text for secrets. Not a std::string: a short one lives outside its allocator and would stay unwiped.
class wiped_text {
public:
    wiped_text() = default;
    explicit wiped_text(std::string_view text) : text_(text.begin(), text.end()) {}
    wiped_text(wiped_text const&) = default;
    wiped_text(wiped_text&&) noexcept = default;
    wiped_text& operator=(wiped_text const& other) {
        if (this != &other) {
            wipe();
            text_ = other.text_;
        }
        return *this;
    }
    wiped_text& operator=(wiped_text&&) noexcept = default;
    ~wiped_text() = default;

    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), text_.size()}; }
    [[nodiscard]] char* data() noexcept { return text_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return text_.capacity(); }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

    void reserve(std::size_t n) { text_.reserve(n); }
    void resize(std::size_t n) { text_.resize(n); }
    /// `text` may be a part of this very text.
    wiped_text& append(std::string_view text) {
        std::size_t const old = text_.size();
        if (old + text.size() > text_.capacity()) {
            std::vector<char, wiping_allocator<char>> grown;
            grown.reserve(2 * (old + text.size()));
            grown.insert(grown.end(), text_.begin(), text_.end());
            grown.insert(grown.end(), text.begin(), text.end());
            text_ = std::move(grown);
        } else {
            text_.resize(old + text.size());
            if (!text.empty()) std::memmove(text_.data() + old, text.data(), text.size());
        }
        return *this;
    }
    wiped_text& append(char c) { return append(std::string_view{&c, 1}); }
    /// Empties it and keeps the memory, which is zeroed.
    void wipe() noexcept {
        if (!text_.empty()) ::explicit_bzero(text_.data(), text_.size());
        text_.clear();
    }

private:
    std::vector<char, wiping_allocator<char>> text_;
};

class secret {
public:
    secret() = default;
    explicit secret(std::string_view text) : text_{text} {}
    [[nodiscard]] std::string_view reveal() const noexcept { return text_.view(); }
    [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

private:
    wiped_text text_;
};

}  // namespace valetkey
