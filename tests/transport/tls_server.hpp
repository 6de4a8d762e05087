#pragma once
/// @file
/// An HTTPS server on 127.0.0.1 with a certificate of its own making. Answers every request with 200 and "secure".

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

namespace loopback {

template <auto Free>
struct openssl_free {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, openssl_free<&EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, openssl_free<&X509_free>>;

/// Self-signed, good for one hour and one name (`DNS:…` or `IP:…`).
inline certificate_ptr make_certificate(EVP_PKEY* key, std::string const& subject) {
    certificate_ptr made{X509_new()};
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), key);
    auto* const name = X509_get_subject_name(made.get());
    auto const* const common_name = reinterpret_cast<unsigned char const*>("ValetKey test");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
    X509_set_issuer_name(made.get(), name);
    for (auto const& [id, value] : {std::pair{NID_subject_alt_name, subject}, {NID_basic_constraints, "CA:TRUE"}}) {
        auto* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
        X509_add_ext(made.get(), extension, -1);
        X509_EXTENSION_free(extension);
    }
    X509_sign(made.get(), key, EVP_sha256());
    return made;
}

class tls_server {
public:
    /// Writes its certificate to `ca_file`, so that a client can trust it.
    tls_server(std::string const& subject, std::string const& ca_file) {
        std::signal(SIGPIPE, SIG_IGN);
        key_ptr const key{EVP_EC_gen("P-256")};
        auto const certificate = make_certificate(key.get(), subject);
        SSL_CTX_use_certificate(context_.get(), certificate.get());
        SSL_CTX_use_PrivateKey(context_.get(), key.get());
        auto* const file = std::fopen(ca_file.c_str(), "w");
        PEM_write_X509(file, certificate.get());
        std::fclose(file);
        thread_ = std::thread{[this] { run(); }};
    }
    ~tls_server() {
        stopped_ = true;
        boost::asio::io_context context;
        boost::asio::ip::tcp::socket last{context};
        last.connect(acceptor_.local_endpoint());  // wakes `accept`
        last.close();
        thread_.join();
    }
    std::string url() const { return "https://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/"; }
    int handshakes() const { return handshakes_; }
    int resumed() const { return resumed_; }

    std::atomic<bool> close_after_answer{false};

private:
    void run() {
        while (!stopped_) {
            auto socket = acceptor_.accept();
            std::unique_ptr<SSL, openssl_free<&SSL_free>> const tls{SSL_new(context_.get())};
            SSL_set_fd(tls.get(), static_cast<int>(socket.native_handle()));
            if (stopped_ || SSL_accept(tls.get()) != 1) continue;
            ++handshakes_;
            if (SSL_session_reused(tls.get()) == 1) ++resumed_;
            for (bool last = false; !last;) last = close_after_answer || !serve(tls.get(), "");
            if (close_after_answer) serve(tls.get(), "connection: close\r\n");
            SSL_shutdown(tls.get());
        }
    }
    static bool serve(SSL* tls, std::string const& header) {
        char byte = 0;
        std::string request;
        while (!request.ends_with("nonce=") && SSL_read(tls, &byte, 1) == 1) request += byte;
        for (int i = 0; i < 32 && SSL_read(tls, &byte, 1) == 1; ++i) request += byte;
        auto const answer = "HTTP/1.1 200 OK\r\n" + header + "content-length: 6\r\n\r\nsecure";
        return request.size() > 32 && SSL_write(tls, answer.data(), static_cast<int>(answer.size())) > 0;
    }
    std::unique_ptr<SSL_CTX, openssl_free<&SSL_CTX_free>> context_{SSL_CTX_new(TLS_server_method())};
    boost::asio::io_context io_;
    boost::asio::ip::tcp::acceptor acceptor_{
        io_, boost::asio::ip::tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
    std::atomic<bool> stopped_{false};
    std::atomic<int> handshakes_{0};
    std::atomic<int> resumed_{0};
    std::thread thread_;
};

}  // namespace loopback
