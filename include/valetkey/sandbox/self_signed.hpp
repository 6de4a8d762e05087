#pragma once
/// @file
/// A certificate for loopback, signed by itself.

#include <valetkey/crypto/openssl_ptr.hpp>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <utility>

namespace valetkey::sandbox {

/// PEM texts.
struct self_signed_pair {
    std::string certificate;
    std::string private_key;
};

namespace detail {

struct free_x509 {
    void operator()(X509* p) const noexcept { X509_free(p); }
    void operator()(X509_EXTENSION* p) const noexcept { X509_EXTENSION_free(p); }
};
template <class T>
using x509_ptr = std::unique_ptr<T, free_x509>;

inline void add_extension(X509* certificate, int what, char const* value) {
    x509_ptr<X509_EXTENSION> const made{X509V3_EXT_conf_nid(nullptr, nullptr, what, value)};
    valetkey::detail::require(made && X509_add_ext(certificate, made.get(), -1));
}

}  // namespace detail

/// P-256, good for `localhost`, 127.0.0.1 and ::1, thirty days.
/// @par Errors Throws crypto_error.
[[nodiscard]] inline self_signed_pair make_self_signed() {
    valetkey::detail::openssl_ptr<EVP_PKEY> const key{EVP_EC_gen("P-256")};
    detail::x509_ptr<X509> const made{X509_new()};
    valetkey::detail::require(key && made);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 30L * 24 * 3600);
    auto* const name = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>("ValetKey sandbox"), -1,
                               -1, 0);
    X509_set_issuer_name(made.get(), name);
    X509_set_pubkey(made.get(), key.get());
    detail::add_extension(made.get(), NID_basic_constraints, "critical,CA:TRUE");
    detail::add_extension(made.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
    valetkey::detail::require(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);
    return {valetkey::detail::pem_text([&](BIO* to) { return PEM_write_bio_X509(to, made.get()); }),
            valetkey::detail::pem_text([&](BIO* to) {
                return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
            })};
}

}  // namespace valetkey::sandbox
