#pragma once
/// @file
/// A ticket: what was issued, in a text that only its issuer can have made. It travels with an upload and comes back
/// with a callback; whoever has the key believes it, and nothing else that came along.
///
/// `MAC HEAD BUCKET~SUBJECT~KEY`, less than 300 of `A-Za-z0-9._~-`: the MAC is HMAC-SHA256, cut to 128 bits, as 22
/// characters; HEAD has the numbers as 48; SUBJECT is base64url; `/` in KEY is `~`. To verify one elsewhere: cut it
/// behind 22 characters, HMAC-SHA256 the rest with the key, compare the first 16 bytes.

#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/base64.hpp>
#include <valetkey/result.hpp>
#include <valetkey/secret.hpp>
#include <valetkey/time.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace valetkey {

/// What a ticket says.
struct ticket {
    std::uint8_t cloud = 0;        ///< its wire number
    std::uint8_t module_kind = 0;  ///< `resourceType`
    bool is_prefix = false;        ///< `key` is a prefix: the ticket is for all below it
    bool must_arrive = false;      ///< a callback was asked for
    std::uint64_t object_id = 0;
    std::uint64_t most = 0;  ///< bytes
    utc_seconds issued{};    ///< first; a renewal does not move it
    utc_seconds end{};
    std::string bucket{};
    std::string subject{};
    std::string key{};
    friend bool operator==(ticket const&, ticket const&) = default;
};

/// The keys that tickets are made and believed with: the first makes, all believe. What was made with one that is no
/// longer listed is worth nothing.
/// @par Thread safety One a thread.
class ticket_keys {
public:
    static constexpr std::size_t longest = 299;
    static constexpr std::size_t least_key = 32;  ///< characters of a key, which are used as its bytes

    /// @param keys At least one, at most 64, each of at least `least_key` characters.
    explicit ticket_keys(std::span<secret const> keys) {
        for (auto const& key : keys) keys_.emplace_back(key.reveal());
    }

    /// @par Errors scope_too_long: bucket, subject and key have no room.
    [[nodiscard]] result<std::string> seal(ticket const& what) const {
        std::string text = head_of(what);
        text.append(what.bucket).append("~").append(packed(what.subject)).append("~");
        auto const from = text.size();
        text.append(what.key);
        std::replace(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), '/', '~');
        if (text.size() + mac_size > longest) return failure{errc::scope_too_long};
        return mac_of(keys_.front(), text) + text;
    }
    /// None: nobody who has a key made it. Its end is for the caller to judge.
    [[nodiscard]] std::optional<ticket> open(std::string_view sealed) const {
        if (sealed.size() < mac_size + head_size || sealed.size() > longest) return std::nullopt;
        auto const text = sealed.substr(mac_size);
        bool believed = false;
        for (auto const& key : keys_)
            believed = equal_in_constant_time(mac_of(key, text), sealed.substr(0, mac_size)) || believed;
        return believed ? read(text) : std::nullopt;
    }

private:
    static constexpr std::size_t mac_size = 22;
    static constexpr std::size_t head_bytes = 36;
    static constexpr std::size_t head_size = head_bytes / 3 * 4;
    static constexpr char version = 1;

    /// Base64url without padding.
    [[nodiscard]] static std::string packed(std::string_view bytes) {
        auto text = to_base64url(bytes);
        text.erase(std::min(text.find('='), text.size()));
        return text;
    }
    [[nodiscard]] static std::optional<std::string> unpacked(std::string_view text) {
        std::string padded{text};
        padded.append((4 - padded.size() % 4) % 4, '=');
        return from_base64url(padded);
    }
    [[nodiscard]] static std::string mac_of(hmac_key<sha256> const& key, std::string_view text) {
        auto const whole = key.sign({text});
        return packed({reinterpret_cast<char const*>(whole.data()), 16});
    }

    static void append(std::string& out, std::uint64_t number) {
        for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 255U);
    }
    [[nodiscard]] static std::uint64_t number_at(std::string_view bytes, std::size_t at) noexcept {
        std::uint64_t number = 0;
        for (std::size_t i = at; i < at + 8; ++i) number = number << 8U | static_cast<unsigned char>(bytes[i]);
        return number;
    }
    [[nodiscard]] static std::string head_of(ticket const& what) {
        std::string out{version, static_cast<char>(what.cloud), static_cast<char>(what.module_kind),
                        static_cast<char>((what.is_prefix ? 1 : 0) | (what.must_arrive ? 2 : 0))};
        append(out, what.object_id);
        append(out, what.most);
        append(out, static_cast<std::uint64_t>(what.issued.time_since_epoch().count()));
        append(out, static_cast<std::uint64_t>(what.end.time_since_epoch().count()));
        return packed(out);
    }
    /// Of what is believed.
    [[nodiscard]] static std::optional<ticket> read(std::string_view text) {
        auto const head = unpacked(text.substr(0, head_size));
        auto const rest = text.substr(head_size);
        auto const first = rest.find('~');
        auto const second = first == std::string_view::npos ? first : rest.find('~', first + 1);
        if (!head || head->front() != version || second == std::string_view::npos) return std::nullopt;
        auto subject = unpacked(rest.substr(first + 1, second - first - 1));
        if (!subject) return std::nullopt;
        auto const seconds = [&](std::size_t at) {
            return utc_seconds{std::chrono::seconds{static_cast<std::int64_t>(number_at(*head, at))}};
        };
        ticket made;
        made.cloud = static_cast<std::uint8_t>((*head)[1]);
        made.module_kind = static_cast<std::uint8_t>((*head)[2]);
        made.is_prefix = ((*head)[3] & 1) != 0;
        made.must_arrive = ((*head)[3] & 2) != 0;
        made.object_id = number_at(*head, 4);
        made.most = number_at(*head, 12);
        made.issued = seconds(20);
        made.end = seconds(28);
        made.bucket = rest.substr(0, first);
        made.subject = std::move(*subject);
        made.key = rest.substr(second + 1);
        std::replace(made.key.begin(), made.key.end(), '~', '/');
        return made;
    }

    std::vector<hmac_key<sha256>> keys_;
};

}  // namespace valetkey
