#pragma once
/// @file
/// What the client gets: one wiped text and slices of it, and a few numbers.

#include <valetkey/secret.hpp>
#include <valetkey/time.hpp>
#include <valetkey/upload_request.hpp>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace valetkey {

/// Copy and move it freely. Give an old one back to `complete` and its memory is used again.
class grant {
public:
    enum part : std::uint8_t {
        access_key_id,
        secret_access_key,
        security_token,
        bucket,
        endpoint,
        bucket_endpoint,
        form_url,
        region,
        relative_path,
        policy,
        signature,
        callback_url,
        callback_body,
        own_1,  ///< the provider's own form fields and headers
        own_2,
        own_3,
        own_4,
        own_5,
        own_6,
        own_7,
        own_8,
        own_9,
        own_10,
        own_11,
        own_12,
        parts
    };
    /// A form field, or a header, and the part that is its value. It does not exist while that part is absent.
    struct field {
        std::string_view name;
        part value;
    };

    std::uint8_t type = 0;
    bool is_dir = false;
    bool has_callback = false;
    upload_module module{};
    std::uint64_t object_id = 0;
    std::uint64_t max_size = 0;  ///< bytes
    utc_seconds start{};         ///< valid from
    utc_seconds expiration{};    ///< of the keys and of the voucher
    utc_seconds server_time{};

    [[nodiscard]] std::string_view operator[](part p) const noexcept {
        return text_.view().substr(at_[p].begin, at_[p].size);
    }
    [[nodiscard]] bool has(part p) const noexcept { return at_[p].present; }
    /// What a page posts before the file. Fields without a value are in the table, but not in the form: ask `has`.
    [[nodiscard]] std::span<field const> form() const noexcept { return form_; }
    /// The headers that ask the store for the callback.
    [[nodiscard]] std::span<field const> callback_headers() const noexcept { return headers_; }

    /// Forgets everything but the memory.
    void start_over(std::span<field const> form, std::span<field const> headers) {
        text_.wipe();
        at_ = {};
        form_ = form;
        headers_ = headers;
        has_callback = false;
    }
    /// A piece may be a part of this very grant.
    void put(part p, std::initializer_list<std::string_view> pieces) {
        std::size_t size = text_.size();
        for (auto const piece : pieces) size += piece.size();
        wiped_text outgrown;  // outlives the loop: a piece may lie in it
        if (size > text_.capacity()) {
            wiped_text grown;
            grown.reserve(2 * size);
            grown.append(text_.view());
            outgrown = std::move(text_);
            text_ = std::move(grown);
        }
        std::size_t const begin = text_.size();
        for (auto const piece : pieces) text_.append(piece);
        at_[p] = {begin, text_.size() - begin, true};
    }

private:
    struct slice {
        std::size_t begin = 0;
        std::size_t size = 0;
        bool present = false;
    };
    wiped_text text_;
    std::array<slice, parts> at_{};
    std::span<field const> form_{};     // a provider's static data
    std::span<field const> headers_{};  // likewise
};

}  // namespace valetkey
