#pragma once
/// @file
/// Temporary keys that live in their own token: sealed, so that a changed bit is refused, and nothing is kept.

#include <valetkey/crypto/digest.hpp>
#include <valetkey/crypto/random.hpp>
#include <valetkey/encoding/base64.hpp>
#include <valetkey/secret.hpp>
#include <valetkey/signing/incoming.hpp>
#include <valetkey/time.hpp>

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace valetkey::sandbox {

/// What an STS issued.
struct temporary_key {
    known_key key{};
    std::string policy{};  ///< the session policy as it was sent
    utc_seconds end{};
};

/// Seals with AES-256-GCM under a key of this process.
/// @par Errors Throws crypto_error when OpenSSL fails.
/// @par Thread safety `open` from any thread, `issue` on one.
class sealed_keys {
public:
    /// @param cloud Bound into the token: another cloud does not take it.
    /// @param prefix What the vendor's temporary key ids begin with.
    [[nodiscard]] temporary_key issue(std::string_view cloud, std::string_view prefix, std::string policy,
                                      utc_seconds end) {
        temporary_key made;
        made.key.id = std::string{prefix} + std::string{random_.hex_id().view().substr(0, 16)};
        made.key.value = secret{std::string{random_.hex_id().view()} + std::string{random_.hex_id().view().substr(24)}};
        made.policy = std::move(policy);
        made.end = end;
        wiped_text plain;
        plain.append(made.key.id).append("\n").append(made.key.value.reveal()).append("\n");
        plain.append(decimal{end.time_since_epoch().count()}).append("\n").append(made.policy);
        made.key.session_token = seal(cloud, plain.view());
        return made;
    }

    /// None: not a token of this cloud and this process, or changed. Its end is for the caller to judge.
    [[nodiscard]] std::optional<temporary_key> open(std::string_view cloud, std::string_view token) const {
        auto const plain = unseal(cloud, token);
        if (!plain) return std::nullopt;
        auto rest = plain->view();
        auto const line = [&rest] {
            auto const text = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(text.size() + 1);
            return text;
        };
        temporary_key found;
        found.key.id = line();
        found.key.value = secret{line()};
        found.end = utc_seconds{std::chrono::seconds{std::stoll(std::string{line()})}};
        found.key.session_token = token;
        found.policy = rest;
        return found;
    }

private:
    static constexpr int nonce_size = 12;
    static constexpr int tag_size = 16;
    struct free_cipher {
        void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
    };
    using cipher = std::unique_ptr<EVP_CIPHER_CTX, free_cipher>;

    static unsigned char const* bytes(std::string_view text) noexcept {
        return reinterpret_cast<unsigned char const*>(text.data());
    }
    [[nodiscard]] std::string seal(std::string_view cloud, std::string_view plain) {
        auto const nonce = random_.take<nonce_size>();
        std::string out(nonce_size + plain.size() + tag_size, '\0');
        std::copy(nonce.begin(), nonce.end(), out.begin());
        auto* const at = reinterpret_cast<unsigned char*>(out.data());
        cipher const with{EVP_CIPHER_CTX_new()};
        int written = 0;
        valetkey::detail::require(EVP_EncryptInit_ex2(with.get(), EVP_aes_256_gcm(), key_.data(), at, nullptr));
        valetkey::detail::require(
            EVP_EncryptUpdate(with.get(), nullptr, &written, bytes(cloud), static_cast<int>(cloud.size())));
        valetkey::detail::require(
            EVP_EncryptUpdate(with.get(), at + nonce_size, &written, bytes(plain), static_cast<int>(plain.size())));
        valetkey::detail::require(EVP_EncryptFinal_ex(with.get(), at + nonce_size + written, &written));
        valetkey::detail::require(
            EVP_CIPHER_CTX_ctrl(with.get(), EVP_CTRL_GCM_GET_TAG, tag_size, at + nonce_size + plain.size()));
        return std::string{to_base64(out)};
    }
    [[nodiscard]] std::optional<wiped_text> unseal(std::string_view cloud, std::string_view token) const {
        auto sealed = from_base64(token);
        if (!sealed || sealed->size() < nonce_size + tag_size || to_base64(*sealed) != token) return std::nullopt;
        auto* const at = reinterpret_cast<unsigned char*>(sealed->data());
        auto const size = sealed->size() - nonce_size - tag_size;
        wiped_text plain;
        plain.resize(size);
        auto* const into = reinterpret_cast<unsigned char*>(plain.data());
        cipher const with{EVP_CIPHER_CTX_new()};
        int written = 0;
        bool const whole =
            with && EVP_DecryptInit_ex2(with.get(), EVP_aes_256_gcm(), key_.data(), at, nullptr) == 1 &&
            EVP_DecryptUpdate(with.get(), nullptr, &written, bytes(cloud), static_cast<int>(cloud.size())) == 1 &&
            EVP_DecryptUpdate(with.get(), into, &written, at + nonce_size, static_cast<int>(size)) == 1 &&
            EVP_CIPHER_CTX_ctrl(with.get(), EVP_CTRL_GCM_SET_TAG, tag_size, at + nonce_size + size) == 1 &&
            EVP_DecryptFinal_ex(with.get(), into + written, &written) == 1;
        if (!whole) return std::nullopt;
        return plain;
    }

    random_pool random_;
    std::array<unsigned char, 32> key_ = random_.take<32>();
};

}  // namespace valetkey::sandbox
