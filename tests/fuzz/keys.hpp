#pragma once
/// @file
/// Keys and buckets beside those that were planned: what a hole would let through.

#include "input.hpp"

#include <valetkey/upload_scope.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace fuzz {

/// Whether a key may be written by who holds a scope. The prefix itself, a folder's mark, belongs to neither side.
enum class side { inside, outside, neither };
[[nodiscard]] inline side side_of(valetkey::upload_scope const& scope, std::string_view key) noexcept {
    auto const own = scope.text();
    if (!scope.is_prefix()) return key == own ? side::inside : side::outside;
    if (key == own) return side::neither;
    return key.size() > own.size() && key.substr(0, own.size()) == own ? side::inside : side::outside;
}

/// One key near a scope: `kind` says how it is made, `seed` and `extra` what of. Its memory is used again.
class key_maker {
public:
    static constexpr unsigned kinds = 26;

    explicit key_maker(valetkey::upload_scope const& scope) noexcept : own_{scope.text()} {}

    [[nodiscard]] std::string_view make(unsigned kind, std::uint64_t seed, std::string_view extra) {
        std::size_t const at = seed % own_.size();
        auto const parent = own_.substr(0, own_.rfind('/', own_.size() - 2) + 1);
        switch (kind % kinds) {
            case 0: return is("");
            case 1: return is(own_.substr(0, own_.size() - 1));
            case 2: return is(own_, "x");
            case 3: return is(own_, "/x");
            case 4: return is(own_, "/");
            case 5: return is(own_.substr(0, own_.size() - 1), "x");
            case 6: return is(own_.substr(0, own_.size() - 1), "x/a");
            case 7: return is(own_.substr(0, own_.size() - 1), "/../x");
            case 8: return is(parent);
            case 9: return is(parent, "x");
            case 10: return is(parent, extra);
            case 11: return is(parent, "*");
            case 12: return is("*");
            case 13: return is(own_, "*");
            case 14: return is(own_, std::string_view{"\0", 1});
            case 15: return is("/", own_);
            case 16: return is(own_, own_);
            case 17: return is(extra);
            case 18: return is(own_.substr(0, at));
            case 19: return is(own_.substr(0, at), "*", own_.substr(at + 1));
            case 20: return is(own_.substr(0, at), "?", own_.substr(at + 1));
            case 21: return is(own_.substr(0, at), extra, own_.substr(at));
            case 22: return is(own_.substr(0, at), own_.substr(at + 1));
            case 23: return is(own_.substr(0, at), "/", own_.substr(at));
            case 24: {
                is(own_);
                char& c = text_[at];
                c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c == 'x' ? 'y' : 'x';
                return text_;
            }
            default: return is(own_, extra);
        }
    }
    /// Surely inside.
    [[nodiscard]] std::string_view inside(bool prefix, std::uint64_t seed, std::string_view extra) {
        constexpr std::array<std::string_view, 6> tails{"a", "a/b.txt", "*", "../x", "?", "a b"};
        if (!prefix) return is(own_);
        return seed % 7 == 6 && !extra.empty() ? is(own_, extra) : is(own_, tails[seed % tails.size()]);
    }

private:
    template <class... Texts>
    std::string_view is(Texts const&... texts) {
        text_.clear();
        (text_.append(std::string_view{texts}), ...);
        return text_;
    }
    std::string_view own_;
    std::string text_;
};

/// A bucket that is not this one.
class bucket_maker {
public:
    static constexpr unsigned kinds = 7;
    [[nodiscard]] std::string_view make(std::string_view own, unsigned kind, std::uint64_t seed,
                                        std::string_view extra) {
        text_ = own;
        switch (kind % kinds) {
            case 0: text_ += 'x'; break;
            case 1: text_.pop_back(); break;
            case 2: text_[seed % text_.size()] = text_[seed % text_.size()] == 'x' ? 'y' : 'x'; break;
            case 3: text_ = "*"; break;
            case 4: text_.insert(0, "x"); break;
            case 5: text_ = extra; break;
            default: text_.append("/").append(extra); break;
        }
        if (text_ == own) text_ += '-';
        return text_;
    }

private:
    std::string text_;
};

}  // namespace fuzz
