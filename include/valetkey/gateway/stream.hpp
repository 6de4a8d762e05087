#pragma once
/// @file
/// Plain TCP and TLS on a non-blocking socket.

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <span>
#include <string_view>

namespace valetkey::gateway {

using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// What a non-blocking attempt came to. `closed`: the peer ended it, or it is broken.
enum class io_status { done, want_read, want_write, closed };

struct io_result {
    io_status status;
    /// Moved bytes, above 0 when a read or write is done.
    std::size_t bytes = 0;
};

namespace detail {

/// Bytes that were written to a socket and not yet taken by the peer.
inline int unacknowledged(tcp_socket& socket) noexcept {
    int bytes = 0;
    return ::ioctl(socket.native_handle(), TIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

}  // namespace detail

/// Plain TCP with the steps of a TLS stream. Every call returns at once; to wait for readiness use the socket.
class plain_stream {
public:
    /// @param socket connected and in non-blocking mode.
    explicit plain_stream(tcp_socket&& socket) noexcept : socket_{std::move(socket)} {}

    tcp_socket& socket() noexcept { return socket_; }
    io_result handshake() noexcept { return {io_status::done}; }
    /// The peer has begun a handshake.
    bool begun() noexcept { return true; }
    io_result read(std::span<char> into) noexcept {
        return result(::recv(socket_.native_handle(), into.data(), into.size(), 0), io_status::want_read);
    }
    io_result write(std::string_view bytes) noexcept {
        return result(::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL), io_status::want_write);
    }
    /// Bytes that were written and not yet taken by the peer.
    int in_flight() noexcept { return detail::unacknowledged(socket_); }
    /// Bytes are here that the socket does not show any more.
    bool buffered() const noexcept { return false; }
    /// Tells the peer that nothing more will come.
    io_result farewell() noexcept { return {io_status::done}; }

private:
    static io_result result(ssize_t n, io_status blocked) noexcept {
        if (n > 0) return {io_status::done, static_cast<std::size_t>(n)};
        bool const again = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
        return {again ? blocked : io_status::closed};
    }

    tcp_socket socket_;
};

/// TLS by OpenSSL directly on the socket. `asio::ssl::stream` keeps two 17 KiB buffers and a pair of BIOs for each
/// connection for ever; here `SSL_MODE_RELEASE_BUFFERS` works, and an idle connection costs what OpenSSL needs.
/// The process must ignore SIGPIPE.
class tls_stream {
public:
    /// @param socket connected and in non-blocking mode.
    /// @param context made by `make_tls_context`; the stream holds a reference of its own.
    tls_stream(tcp_socket&& socket, SSL_CTX* context) noexcept : socket_{std::move(socket)}, ssl_{SSL_new(context)} {
        if (ssl_ && SSL_set_fd(ssl_.get(), socket_.native_handle()) == 1) {
            SSL_set_accept_state(ssl_.get());
        } else {
            broken_ = true;
        }
    }

    tcp_socket& socket() noexcept { return socket_; }
    io_result handshake() noexcept {
        return attempt([this](std::size_t&) { return SSL_do_handshake(ssl_.get()); });
    }
    /// The peer has begun a handshake.
    bool begun() noexcept {
        boost::system::error_code ignored;
        return !broken_ && (BIO_number_read(SSL_get_rbio(ssl_.get())) != 0 || socket_.available(ignored) != 0);
    }
    io_result read(std::span<char> into) noexcept {
        return attempt([&](std::size_t& n) { return SSL_read_ex(ssl_.get(), into.data(), into.size(), &n); });
    }
    io_result write(std::string_view bytes) noexcept {
        return attempt([&](std::size_t& n) { return SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &n); });
    }
    /// Bytes that were written and not yet taken by the peer.
    int in_flight() noexcept { return detail::unacknowledged(socket_); }
    /// Bytes are here that the socket does not show any more; they may be a part of a record.
    bool buffered() const noexcept { return !broken_ && SSL_has_pending(ssl_.get()) != 0; }
    /// Sends the close_notify alert.
    io_result farewell() noexcept {
        return attempt([this](std::size_t&) { return SSL_shutdown(ssl_.get()) < 0 ? -1 : 1; });
    }

private:
    struct free_ssl {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };

    template <class Operation>
    io_result attempt(Operation operation) noexcept {
        if (broken_) return {io_status::closed};
        if (ERR_peek_error() != 0) {
            ERR_clear_error();  // another's error would be taken for ours
        }
        std::size_t bytes = 0;
        int const code = operation(bytes);
        return code > 0 ? io_result{io_status::done, bytes} : failed(code);
    }

    io_result failed(int code) noexcept {
        switch (SSL_get_error(ssl_.get(), code)) {
            case SSL_ERROR_WANT_READ: return {io_status::want_read};
            case SSL_ERROR_WANT_WRITE: return {io_status::want_write};
            case SSL_ERROR_ZERO_RETURN: return {io_status::closed};
            default:
                broken_ = true;  // OpenSSL forbids any further call, SSL_shutdown too
                ERR_clear_error();
                return {io_status::closed};
        }
    }

    tcp_socket socket_;
    std::unique_ptr<SSL, free_ssl> ssl_;
    bool broken_ = false;
};

}  // namespace valetkey::gateway
