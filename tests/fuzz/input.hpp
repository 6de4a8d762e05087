#pragma once
/// @file
/// What a fuzz target reads its input with, and how it ends when something is wrong.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

/// The input, taken from the front; behind its end all is zero and empty.
class input {
public:
    input(std::uint8_t const* data, std::size_t size) noexcept : rest_{reinterpret_cast<char const*>(data), size} {}

    [[nodiscard]] std::uint8_t byte() noexcept {
        if (rest_.empty()) return 0;
        auto const value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    template <class Number>
    [[nodiscard]] Number number() noexcept {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < sizeof(Number); ++i) value = value << 8U | byte();
        return static_cast<Number>(value);
    }
    /// A byte says how long it is.
    [[nodiscard]] std::string_view text(std::size_t most) noexcept { return take(byte() % (most + 1)); }
    [[nodiscard]] std::string_view take(std::size_t size) noexcept {
        auto const out = rest_.substr(0, size);
        rest_.remove_prefix(out.size());
        return out;
    }
    [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

private:
    std::string_view rest_;
};

/// Depends on every byte, so that what is asked differs from input to input, and not from run to run.
[[nodiscard]] inline std::uint64_t spread(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325U) noexcept {
    for (char const c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash ^ hash >> 29U;
}

/// Ends the run. `word`: `WIDER` when more is allowed than was planned, `BROKEN` for every other broken promise.
template <class... Texts>
[[noreturn]] void stop(char const* word, Texts const&... texts) {
    std::fputs(word, stderr);
    auto const show = [](std::string_view text) {
        std::fputs(" [", stderr);
        for (char const c : text)
            if (c >= ' ' && c <= '~')
                std::fputc(c, stderr);
            else
                std::fprintf(stderr, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
        std::fputc(']', stderr);
    };
    (show(texts), ...);
    std::fputc('\n', stderr);
    std::abort();
}
template <class... Texts>
[[noreturn]] void wider(Texts const&... texts) {
    stop("WIDER", texts...);
}
template <class... Texts>
void require(bool good, Texts const&... texts) {
    if (!good) stop("BROKEN", texts...);
}

/// The alphabet of a key, told once more and apart from the library: `a-z 0-9 - _`, and between them single `.` or `/`.
[[nodiscard]] inline bool is_safe_key(std::string_view text, bool prefix) noexcept {
    if (text.empty() || text.size() > 255) return false;
    if (prefix && text.back() != '/') return false;
    auto const body = prefix ? text.substr(0, text.size() - 1) : text;
    char before = '/';
    for (char const c : body) {
        bool const mark = c == '.' || c == '/';
        bool const plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!plain && !mark) return false;
        if (mark && (before == '.' || before == '/')) return false;
        before = c;
    }
    return before != '.' && before != '/';
}

/// Base64, either alphabet, without its padding; `out` is used again.
inline void decode_base64(std::string_view text, std::string& out) {
    out.clear();
    std::uint32_t bits = 0;
    int count = 0;
    for (char const c : text) {
        if (c == '=') break;
        int const value = c >= 'A' && c <= 'Z'   ? c - 'A'
                          : c >= 'a' && c <= 'z' ? c - 'a' + 26
                          : c >= '0' && c <= '9' ? c - '0' + 52
                          : c == '+' || c == '-' ? 62
                          : c == '/' || c == '_' ? 63
                                                 : -1;
        require(value >= 0, "not base64", text);
        bits = bits << 6U | static_cast<std::uint32_t>(value);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU);
    }
}

}  // namespace fuzz
