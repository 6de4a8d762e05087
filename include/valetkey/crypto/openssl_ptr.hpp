#pragma once
/// @file
/// Who owns OpenSSL's objects, and what it writes as PEM.

#include <valetkey/crypto/digest.hpp>

#include <openssl/bio.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

namespace valetkey::detail {

struct free_openssl {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
template <class T>
using openssl_ptr = std::unique_ptr<T, free_openssl>;

/// @param write `int write(BIO*)`, 1 when it worked.
/// @par Errors Throws crypto_error.
template <class Write>
[[nodiscard]] std::string pem_text(Write write) {
    openssl_ptr<BIO> const memory{BIO_new(BIO_s_mem())};
    require(memory ? write(memory.get()) : 0);
    char* text = nullptr;
    auto const size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

}  // namespace valetkey::detail
