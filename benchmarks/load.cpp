/// A load generator: keep-alive connections to one server, each with one request under way.
///   valetkey-load https|http PORT CONNECTIONS REQUEST_FILE
/// Opens all connections, lets each ask once, says `ready`, then obeys lines of standard input:
///   run SECONDS [ACTIVE]   ask again and again over the first ACTIVE connections, then print one line of JSON;
///                          what was under way at the end is awaited and counted
///   show                   print the last answer's size and its first line
/// Ends with its input. One thread; TLS 1.3, AES-128-GCM, X25519, no certificate is checked.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

struct free_tls {
    void operator()(SSL* tls) const noexcept { SSL_free(tls); }
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};

enum class outcome { done, again, broken };

/// A non-blocking socket, with or without TLS upon it.
class stream {
public:
    stream(std::uint16_t port, SSL_CTX* context) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)} {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int const on = 1;
        setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (socket_ < 0 ||
            (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS))
            throw std::runtime_error{"no connection"};
        if (!context) return;
        tls_.reset(SSL_new(context));
        SSL_set_fd(tls_.get(), socket_);
        SSL_set_connect_state(tls_.get());
    }
    stream(stream&& other) noexcept : socket_{std::exchange(other.socket_, -1)}, tls_{std::move(other.tls_)} {}
    ~stream() {
        if (socket_ >= 0) ::close(socket_);
    }
    [[nodiscard]] int socket() const noexcept { return socket_; }

    [[nodiscard]] outcome handshake() {
        if (tls_) return judged(SSL_do_handshake(tls_.get()));
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size);
        return error == 0 ? outcome::done : outcome::broken;
    }
    [[nodiscard]] outcome write(std::string_view text) {
        if (tls_) return judged(SSL_write(tls_.get(), text.data(), static_cast<int>(text.size())));
        return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())
                   ? outcome::done
                   : outcome::broken;
    }
    [[nodiscard]] outcome read(std::string& into) {
        static std::array<char, 1U << 16U> buffer;
        auto const size = tls_ ? SSL_read(tls_.get(), buffer.data(), static_cast<int>(buffer.size()))
                               : static_cast<int>(::recv(socket_, buffer.data(), buffer.size(), 0));
        if (size > 0) into.append(buffer.data(), static_cast<std::size_t>(size));
        if (tls_) return judged(size);
        return size > 0 ? outcome::done : size < 0 && errno == EAGAIN ? outcome::again : outcome::broken;
    }

private:
    [[nodiscard]] outcome judged(int answer) const {
        if (answer > 0) return outcome::done;
        auto const why = SSL_get_error(tls_.get(), answer);
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? outcome::again : outcome::broken;
    }
    int socket_;
    std::unique_ptr<SSL, free_tls> tls_{};
};

/// The size of the answer that `text` begins with, 0 while it is not whole. Only answers with a length are understood.
std::size_t whole_answer(std::string_view text) {
    auto const head = text.find("\r\n\r\n");
    if (head == text.npos) return 0;
    std::string small{text.substr(0, head)};
    std::transform(small.begin(), small.end(), small.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    auto const field = small.find("\r\ncontent-length:");
    if (field == small.npos) throw std::runtime_error{"an answer without Content-Length"};
    auto const size = head + 4 + std::strtoul(small.c_str() + field + 17, nullptr, 10);
    return text.size() < size ? 0 : size;
}

struct connection {
    enum class phase { opening, asking, idle, dead };
    stream wire;
    phase now = phase::opening;
    std::string in{};
    steady::time_point asked{};
};

class generator {
public:
    generator(std::uint16_t port, SSL_CTX* context, std::string request) : request_{std::move(request)} {
        open_ = [port, context] { return stream{port, context}; };
    }

    /// Opens them, at most `at_once` handshakes at a time, and lets each ask once.
    void open(std::size_t count) {
        constexpr std::size_t at_once = 64;
        connections_.reserve(count);
        while (connections_.size() < count || under_way_ > 0) {
            while (connections_.size() < count && under_way_ < at_once) add();
            wait();
        }
    }

    void run(double seconds, std::size_t active) {
        begin();
        until_ = begun_ + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>{seconds});
        for (auto& c : connections_) {
            if (active-- == 0) break;
            if (c.now == connection::phase::idle) ask(c);
        }
        while (under_way_ > 0) wait();
        report();
    }
    void show() const {
        std::printf("%zu %s\n", last_.size(), last_.substr(0, last_.find("\r\n")).c_str());
        std::fflush(stdout);
    }

private:
    void begin() {
        took_.clear();
        errors_ = 0;
        begun_ = steady::now();
    }
    void report() {
        std::chrono::duration<double> const time = steady::now() - begun_;
        std::sort(took_.begin(), took_.end());
        auto const at = [&](double part) {
            return took_.empty() ? 0U : took_[static_cast<std::size_t>(part * static_cast<double>(took_.size() - 1))];
        };
        std::printf(R"({"requests":%zu,"errors":%zu,"seconds":%.4f,"p50_us":%u,"p99_us":%u,"bytes":%zu})"
                    "\n",
                    took_.size(), errors_, time.count(), at(0.5), at(0.99), last_.size());
        std::fflush(stdout);
    }

    void add() {
        auto& c = connections_.emplace_back(connection{open_()});
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        event.data.u64 = connections_.size() - 1;
        epoll_ctl(poll_, EPOLL_CTL_ADD, c.wire.socket(), &event);
        ++under_way_;
    }
    void wait() {
        std::array<epoll_event, 256> events;
        int const count = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 30000);
        if (count <= 0) throw std::runtime_error{"no answer in 30 seconds"};
        for (int i = 0; i < count; ++i) step(connections_[events.at(static_cast<std::size_t>(i)).data.u64]);
    }

    void step(connection& c) {
        if (c.now == connection::phase::dead) return;
        if (c.now == connection::phase::opening) {
            auto const opened = c.wire.handshake();
            if (opened == outcome::broken) return lose(c);
            if (opened == outcome::again) return;
            --under_way_;
            ask(c);
        }
        for (;;) {
            auto const read = c.wire.read(c.in);
            if (read == outcome::broken) return lose(c);
            if (read == outcome::again) return;
            if (auto const size = whole_answer(c.in); size != 0) take(c, size);
        }
    }
    void ask(connection& c) {
        c.now = connection::phase::asking;
        c.asked = steady::now();
        ++under_way_;
        if (c.wire.write(request_) != outcome::done) lose(c);
    }
    void take(connection& c, std::size_t size) {
        auto const now = steady::now();
        took_.push_back(
            static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(now - c.asked).count()));
        if (!std::string_view{c.in}.starts_with("HTTP/1.1 200 ")) ++errors_;
        last_.assign(c.in, 0, size);
        c.in.erase(0, size);
        --under_way_;
        c.now = connection::phase::idle;
        if (now < until_) ask(c);
    }
    void lose(connection& c) {
        if (c.now != connection::phase::idle) --under_way_;
        ++errors_;
        c.now = connection::phase::dead;
    }

    std::string request_;
    std::function<stream()> open_;
    int poll_ = epoll_create1(0);
    std::vector<connection> connections_{};
    std::size_t under_way_ = 0;  // handshakes and requests
    std::size_t errors_ = 0;     // lost connections and answers other than 200
    std::vector<std::uint32_t> took_{};
    std::string last_{};
    steady::time_point begun_{};
    steady::time_point until_{};
};

std::unique_ptr<SSL_CTX, free_tls> make_context() {
    std::unique_ptr<SSL_CTX, free_tls> context{SSL_CTX_new(TLS_client_method())};
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context.get(), "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(context.get(), "X25519");
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return context;
}

void allow_many_files() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

int serve(std::string_view scheme, std::uint16_t port, std::size_t count, char const* file) {
    std::ifstream source{file, std::ios::binary};
    std::string request{std::istreambuf_iterator<char>{source}, {}};
    if (request.empty()) throw std::runtime_error{"no request"};
    auto const context = scheme == "https" ? make_context() : nullptr;
    generator load{port, context.get(), std::move(request)};
    load.open(count);
    std::puts("ready");
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words{line};
        std::string word;
        double seconds = 1;
        std::size_t active = count;
        words >> word;
        if (word == "run") {
            words >> seconds;
            if (!(words >> active)) active = count;
            load.run(seconds, active);
        } else {
            load.show();
        }
    }
    return 0;
}

}  // namespace

int main(int count, char** values) {
    if (count != 5) {
        std::fputs("valetkey-load https|http PORT CONNECTIONS REQUEST_FILE\n", stderr);
        return 2;
    }
    std::signal(SIGPIPE, SIG_IGN);
    allow_many_files();
    try {
        return serve(values[1], static_cast<std::uint16_t>(std::stoul(values[2])), std::stoul(values[3]), values[4]);
    } catch (std::exception const& why) {
        std::fprintf(stderr, "valetkey-load: %s\n", why.what());
        return 1;
    }
}
