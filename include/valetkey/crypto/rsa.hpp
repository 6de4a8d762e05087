#pragma once
/// @file
/// RSA signatures, verified.

#include <valetkey/crypto/digest.hpp>
#include <valetkey/crypto/openssl_ptr.hpp>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <initializer_list>
#include <optional>
#include <string_view>

namespace valetkey {

/// A public key of any size: whose it is, and whether it is long enough, is for the owner of its source to say.
class rsa_public_key {
public:
    /// @param pem `-----BEGIN PUBLIC KEY-----…`
    /// @return None: not a PEM text of an RSA key.
    [[nodiscard]] static std::optional<rsa_public_key> parse(std::string_view pem) {
        detail::openssl_ptr<BIO> const text{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
        if (!text) throw crypto_error{"valetkey: OpenSSL has no memory for a key"};
        rsa_public_key made{PEM_read_bio_PUBKEY(text.get(), nullptr, nullptr, nullptr)};
        ERR_clear_error();  // else a refused text stays for whoever looks next, such as a TLS connection
        if (!made.key_ || EVP_PKEY_get_base_id(made.key_.get()) != EVP_PKEY_RSA) return std::nullopt;
        return made;
    }

    /// PKCS#1 v1.5.
    template <class Hash>
    [[nodiscard]] bool verifies(std::initializer_list<std::string_view> pieces, std::string_view signature) const {
        auto const context = detail::new_digest_context();
        detail::require(EVP_DigestVerifyInit(context.get(), nullptr, detail::fetched<Hash>(), nullptr, key_.get()));
        for (auto const piece : pieces)
            detail::require(EVP_DigestVerifyUpdate(context.get(), piece.data(), piece.size()));
        bool const good = EVP_DigestVerifyFinal(context.get(), reinterpret_cast<unsigned char const*>(signature.data()),
                                                signature.size()) == 1;
        if (!good) ERR_clear_error();
        return good;
    }

private:
    explicit rsa_public_key(EVP_PKEY* key) noexcept : key_{key} {}
    detail::openssl_ptr<EVP_PKEY> key_;
};

}  // namespace valetkey
