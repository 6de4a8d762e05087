#pragma once
/// @file
/// The server side of TLS, from PEM.

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/result.hpp>

#include <string.h>

#include <csignal>
#include <cstddef>
#include <fstream>
#include <ios>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::gateway {

/// Shared by all threads; connections keep what they need of it, so a new one may take its place at any time.
using tls_context = std::shared_ptr<boost::asio::ssl::context>;

/// PEM text and the name under which an error speaks of it.
struct pem_text {
    std::string_view name;
    std::string_view text;
};

namespace detail {

template <auto Free>
struct openssl_free {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};
using bio_ptr = std::unique_ptr<BIO, openssl_free<BIO_free>>;
using certificate_ptr = std::unique_ptr<X509, openssl_free<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, openssl_free<EVP_PKEY_free>>;
using tls_check = boost::system::result<void, std::string>;

inline std::string openssl_failure(std::string_view name, std::string_view what) {
    auto text = std::string{name}.append(": ").append(what);
    if (char const* const reason = ERR_reason_error_string(ERR_peek_last_error())) {
        text.append(" (").append(reason).append(")");
    }
    ERR_clear_error();
    return text;
}

inline bio_ptr pem_reader(pem_text const& pem) {
    return bio_ptr{BIO_new_mem_buf(pem.text.data(), static_cast<int>(pem.text.size()))};
}

/// An encrypted key must be an error: OpenSSL would otherwise ask for its passphrase on the terminal.
inline int no_passphrase(char*, int, int, void*) {
    return -1;
}

inline tls_check use_chain(SSL_CTX* context, pem_text const& pem) {
    auto const reader = pem_reader(pem);
    certificate_ptr const own{PEM_read_bio_X509_AUX(reader.get(), nullptr, no_passphrase, nullptr)};
    if (!own) return openssl_failure(pem.name, "no PEM certificate");
    if (SSL_CTX_use_certificate(context, own.get()) != 1) {
        return openssl_failure(pem.name, "the certificate cannot be used");
    }
    while (certificate_ptr next{PEM_read_bio_X509(reader.get(), nullptr, no_passphrase, nullptr)}) {
        if (SSL_CTX_add1_chain_cert(context, next.get()) != 1) {
            return openssl_failure(pem.name, "a certificate of the chain cannot be used");
        }
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        return openssl_failure(pem.name, "a certificate of the chain is not readable");
    }
    ERR_clear_error();
    return {};
}

inline tls_check use_key(SSL_CTX* context, pem_text const& certificate, pem_text const& pem) {
    key_ptr const key{PEM_read_bio_PrivateKey(pem_reader(pem).get(), nullptr, no_passphrase, nullptr)};
    if (!key) return openssl_failure(pem.name, "no PEM private key without passphrase");
    if (X509_check_private_key(SSL_CTX_get0_certificate(context), key.get()) != 1) {
        auto const what = std::string{"the key does not belong to the certificate in "}.append(certificate.name);
        return openssl_failure(pem.name, what);
    }
    if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) return openssl_failure(pem.name, "the key cannot be used");
    return {};
}

/// Clients that offer protocols by ALPN are told which one this is; others go on without.
inline int choose_protocol(SSL*, unsigned char const** chosen, unsigned char* size, unsigned char const* offered,
                           unsigned offered_size, void*) {
    static constexpr unsigned char ours[] = "\x08http/1.1";
    unsigned char* selected = nullptr;
    if (SSL_select_next_proto(&selected, size, ours, sizeof ours - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    *chosen = selected;
    return SSL_TLSEXT_ERR_OK;
}

inline bool use_protocols(SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 && SSL_CTX_set_num_tickets(context, 1) == 1 &&
           SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1 &&
           SSL_CTX_set_ciphersuites(context,
                                    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                                    "TLS_CHACHA20_POLY1305_SHA256") == 1 &&
           SSL_CTX_set_cipher_list(context,
                                   "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                                   "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                                   "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305") == 1;
}

/// A file that may hold a secret, up to 1 MiB of it; wiped at the end.
class wiped_file {
public:
    explicit wiped_file(std::string const& path) {
        static constexpr std::size_t largest = std::size_t{1} << 20;
        std::ifstream file{path, std::ios::binary};
        text_.resize(largest);  // at once: growing would leave copies behind
        file.read(text_.data(), static_cast<std::streamsize>(largest));
        text_.resize(static_cast<std::size_t>(file.gcount()));
        readable_ = file.is_open() && !file.bad();
    }
    wiped_file(wiped_file const&) = delete;
    wiped_file& operator=(wiped_file const&) = delete;
    ~wiped_file() { ::explicit_bzero(text_.data(), text_.size()); }
    bool readable() const noexcept { return readable_; }
    std::string_view text() const noexcept { return text_; }

private:
    bool readable_ = false;
    std::string text_;
};

}  // namespace detail

/// Makes the server side of TLS: 1.2 and 1.3, X25519 then P-256, AES-128-GCM and ECDSA first, one session ticket, no
/// renegotiation, no compression, no early data.
/// @param chain PEM: the server's certificate first, then the intermediate ones.
/// @param key   PEM, without passphrase.
/// @par Errors a sentence that begins with the `name` of the text that is bad.
[[nodiscard]] inline boost::system::result<tls_context, std::string> make_tls_context(pem_text const& chain,
                                                                                      pem_text const& key) {
    ERR_clear_error();
    auto context = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
    auto* const native = context->native_handle();
    if (!detail::use_protocols(native)) return detail::openssl_failure("TLS", "OpenSSL refuses the protocol settings");
    if (auto const used = detail::use_chain(native, chain); !used) return used.error();
    if (auto const used = detail::use_key(native, chain, key); !used) return used.error();
    return context;
}

/// The same from two files; an error begins with the path of the bad one.
[[nodiscard]] inline boost::system::result<tls_context, std::string> load_tls_context(std::string const& chain_path,
                                                                                      std::string const& key_path) {
    detail::wiped_file const chain{chain_path};
    detail::wiped_file const key{key_path};
    for (auto const& [file, path] : {std::pair{&chain, &chain_path}, std::pair{&key, &key_path}}) {
        if (!file->readable()) return *path + ": cannot be read";
    }
    return make_tls_context({chain_path, chain.text()}, {key_path, key.text()});
}

/// OpenSSL writes to sockets with `write`: without this a client that is gone would end the process.
inline void ignore_sigpipe() noexcept {
    std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace valetkey::gateway
