#pragma once
/// @file
/// HMAC (RFC 2104) with the hash states after the inner and the outer pad kept, so that a message costs its own blocks
/// and two more.

#include <valetkey/crypto/digest.hpp>

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>
#include <string_view>

namespace valetkey {

/// A key ready to sign. Holds no copy of the key's bytes: both states are wiped when freed.
/// @par Thread safety Not even for shared reading: it has a scratch state. One a thread.
template <class Hash>
class hmac_key {
public:
    static constexpr std::size_t block = 64;  // of MD5, SHA-1 and SHA-256

    /// The key is both texts, joined.
    explicit hmac_key(std::string_view first, std::string_view second = {}) {
        std::array<unsigned char, block> pad{};
        if (first.size() + second.size() > block) {
            auto short_key = digest<Hash>({first, second});
            std::copy(short_key.begin(), short_key.end(), pad.begin());
            OPENSSL_cleanse(short_key.data(), short_key.size());
        } else {
            auto* const end = std::copy(first.begin(), first.end(), pad.data());
            std::copy(second.begin(), second.end(), end);
        }
        for (auto& byte : pad) byte ^= 0x36U;
        absorb(inner_, pad);
        for (auto& byte : pad) byte ^= 0x36U ^ 0x5cU;
        absorb(outer_, pad);
        OPENSSL_cleanse(pad.data(), pad.size());
    }
    explicit hmac_key(digest_bytes<Hash> const& key)
        : hmac_key{std::string_view{reinterpret_cast<char const*>(key.data()), key.size()}} {}

    [[nodiscard]] digest_bytes<Hash> sign(std::initializer_list<std::string_view> message) const {
        detail::require(EVP_MD_CTX_copy_ex(scratch_.get(), inner_.get()));
        for (auto const piece : message) detail::require(EVP_DigestUpdate(scratch_.get(), piece.data(), piece.size()));
        digest_bytes<Hash> mac;
        detail::require(EVP_DigestFinal_ex(scratch_.get(), mac.data(), nullptr));
        detail::require(EVP_MD_CTX_copy_ex(scratch_.get(), outer_.get()));
        detail::require(EVP_DigestUpdate(scratch_.get(), mac.data(), mac.size()));
        detail::require(EVP_DigestFinal_ex(scratch_.get(), mac.data(), nullptr));
        return mac;
    }
    [[nodiscard]] digest_bytes<Hash> sign(std::string_view message) const { return sign({message}); }

private:
    static void absorb(detail::digest_context const& state, std::span<unsigned char const> pad) {
        detail::require(EVP_DigestInit_ex(state.get(), detail::fetched<Hash>(), nullptr));
        detail::require(EVP_DigestUpdate(state.get(), pad.data(), pad.size()));
    }
    detail::digest_context inner_ = detail::new_digest_context();
    detail::digest_context outer_ = detail::new_digest_context();
    detail::digest_context scratch_ = detail::new_digest_context();
};

/// Whether two texts are equal, in a time that depends on their lengths alone.
[[nodiscard]] inline bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace valetkey
