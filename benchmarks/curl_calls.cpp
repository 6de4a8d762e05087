/// What an exchange with an STS costs at least: libcurl's multi interface on epoll, handles and connections kept, and
/// nothing else.
///   valetkey-curl-calls URL CONCURRENCY BODY_FILE
/// Says `ready`, then obeys lines of standard input: `run SECONDS` posts the body again and again and prints one line
/// of JSON with the calls and the seconds of CPU that this process has spent on them.

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    auto const seconds = [](timeval const& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

class caller {
public:
    caller(char const* url, std::size_t concurrency, std::string body) : body_{std::move(body)} {
        curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &caller::watch);
        curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
        curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &caller::set_timer);
        curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
        for (std::size_t i = 0; i < concurrency; ++i) handles_.push_back(make_handle(url));
    }
    caller(caller const&) = delete;
    ~caller() {
        for (auto* const handle : handles_) curl_easy_cleanup(handle);
        curl_multi_cleanup(multi_);
        curl_slist_free_all(headers_);
    }

    void run(double seconds) {
        calls_ = errors_ = 0;
        auto const cpu = cpu_seconds();
        until_ = steady::now() + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>{seconds});
        for (auto* const handle : handles_) begin(handle);
        while (under_way_ > 0) step();
        std::printf(R"({"calls":%zu,"errors":%zu,"cpu_seconds":%.6f})"
                    "\n",
                    calls_, errors_, cpu_seconds() - cpu);
        std::fflush(stdout);
    }

private:
    CURL* make_handle(char const* url) {
        auto* const handle = curl_easy_init();
        curl_easy_setopt(handle, CURLOPT_URL, url);
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body_.data());
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body_.size()));
        curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers_);
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &caller::ignore);
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
        return handle;
    }
    static std::size_t ignore(char*, std::size_t one, std::size_t count, void*) { return one * count; }
    static int watch(CURL*, curl_socket_t socket, int what, void* self, void* known) {
        auto& own = *static_cast<caller*>(self);
        epoll_event event{};
        event.data.fd = socket;
        if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
        if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
        int const action = what == CURL_POLL_REMOVE ? EPOLL_CTL_DEL : known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
        epoll_ctl(own.poll_, action, socket, &event);
        curl_multi_assign(own.multi_, socket, what == CURL_POLL_REMOVE ? nullptr : &own);
        return 0;
    }
    static int set_timer(CURLM*, long milliseconds, void* self) {
        static_cast<caller*>(self)->timeout_ = static_cast<int>(milliseconds);
        return 0;
    }

    void begin(CURL* handle) {
        ++under_way_;
        curl_multi_add_handle(multi_, handle);
    }
    void step() {
        std::array<epoll_event, 64> events;
        int running = 0;
        int const count = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), timeout_);
        if (count == 0) {
            timeout_ = -1;
            curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        for (int i = 0; i < count; ++i) {
            auto const& event = events.at(static_cast<std::size_t>(i));
            int const bits = ((event.events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0) |
                             ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                             ((event.events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(multi_, event.data.fd, bits, &running);
        }
        collect();
    }
    void collect() {
        int left = 0;
        while (auto const* const message = curl_multi_info_read(multi_, &left)) {
            auto* const handle = message->easy_handle;
            long status = 0;
            curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
            if (message->data.result != CURLE_OK || status != 200) ++errors_;
            ++calls_;
            --under_way_;
            curl_multi_remove_handle(multi_, handle);
            if (steady::now() < until_) begin(handle);
        }
    }

    std::string body_;
    curl_slist* headers_ = curl_slist_append(nullptr, "Content-Type: application/x-www-form-urlencoded");
    CURLM* multi_ = curl_multi_init();
    int poll_ = epoll_create1(0);
    int timeout_ = -1;
    std::vector<CURL*> handles_{};
    std::size_t under_way_ = 0;
    std::size_t calls_ = 0;
    std::size_t errors_ = 0;
    steady::time_point until_{};
};

}  // namespace

int main(int count, char** values) {
    if (count != 4) {
        std::fputs("valetkey-curl-calls URL CONCURRENCY BODY_FILE\n", stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    std::ifstream source{values[3], std::ios::binary};
    caller calls{values[1], std::stoul(values[2]), std::string{std::istreambuf_iterator<char>{source}, {}}};
    std::puts("ready");
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words{line};
        std::string word;
        double seconds = 1;
        words >> word >> seconds;
        calls.run(seconds);
    }
    return 0;
}
