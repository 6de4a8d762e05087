#pragma once
/// @file
/// The one place that turns an `http_request` into options of libcurl, and a CURLcode into an error of ours.

#include <valetkey/http_date.hpp>
#include <valetkey/transport/curl_options.hpp>
#include <valetkey/transport/http_client.hpp>

#include <curl/curl.h>
#include <strings.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::detail {

inline void require_curl() {
    static CURLcode const ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (ready != CURLE_OK) throw std::runtime_error{"valetkey: libcurl cannot be initialised"};
}

/// What happened, apart from time-outs. A broken connection is worth another try, nonsense is not.
[[nodiscard]] inline errc errc_of(CURLcode code) noexcept {
    switch (code) {
        case CURLE_URL_MALFORMAT: return errc::invalid_settings;
        case CURLE_WRITE_ERROR:           // our own bounds
        case CURLE_OUT_OF_MEMORY:         // one endless header line
        case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9, or no HTTP at all
        case CURLE_FILESIZE_EXCEEDED:
        case CURLE_BAD_CONTENT_ENCODING:
        case CURLE_WEIRD_SERVER_REPLY: return errc::malformed_response;
        default: return errc::unavailable;
    }
}

/// The header list in one piece of memory that is used again; libcurl reads it during the transfer.
class curl_headers {
public:
    /// False: a line break or a NUL in a header.
    [[nodiscard]] bool fill(std::vector<http_header> const& given) {
        text_.wipe();
        begins_.clear();
        for (auto const& [name, value] : given) {
            if (!is_line(name) || !is_line(value)) return false;
            begins_.push_back(text_.size());
            text_.append(name).append(value.empty() ? std::string_view{";"} : std::string_view{": "}).append(value);
            text_.append('\0');
        }
        for (std::string_view const name : {"accept", "content-type", "expect"}) suppress(given, name);
        link();
        return true;
    }
    [[nodiscard]] curl_slist* list() noexcept { return nodes_.data(); }
    void wipe() noexcept { text_.wipe(); }

private:
    [[nodiscard]] static bool is_line(std::string_view text) noexcept {
        return text.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos;
    }
    /// Keeps libcurl from adding a header of its own.
    void suppress(std::vector<http_header> const& given, std::string_view name) {
        auto const same = [name](http_header const& header) { return header.name == name; };
        if (std::any_of(given.begin(), given.end(), same)) return;
        begins_.push_back(text_.size());
        text_.append(name).append(std::string_view{":\0", 2});
    }
    void link() {
        nodes_.resize(begins_.size());
        for (std::size_t i = 0; i < nodes_.size(); ++i)
            nodes_[i] = {text_.data() + begins_[i], i + 1 < nodes_.size() ? &nodes_[i + 1] : nullptr};
    }
    wiped_text text_;
    std::vector<std::size_t> begins_;
    std::vector<curl_slist> nodes_;
};

/// An easy handle that sends one request at a time, again and again. It stays where it is: libcurl knows its address.
/// @par Errors Throws std::runtime_error where libcurl lacks an option that safety rests on, and std::bad_alloc.
class curl_transfer {
public:
    explicit curl_transfer(curl_options const& options) : options_{&options}, easy_{make_handle()} {
        restrict_protocol();
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_QUICK_EXIT, 1L);  // a resolver that hangs must not hold up the deadline
        set(CURLOPT_TCP_NODELAY, 1L);
        set(CURLOPT_TCP_KEEPALIVE, 1L);
        set(CURLOPT_PROXY, options.proxy.c_str());
        set(CURLOPT_NOPROXY, "");  // not what the environment says
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        if (options.max_idle == 0) set(CURLOPT_FORBID_REUSE, 1L);
        set(CURLOPT_WRITEFUNCTION, &curl_transfer::on_body);
        set(CURLOPT_WRITEDATA, this);
        set(CURLOPT_HEADERFUNCTION, &curl_transfer::on_header);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_PREREQFUNCTION, &curl_transfer::on_send);
        set(CURLOPT_PREREQDATA, this);
    }
    curl_transfer(curl_transfer&&) = delete;

    [[nodiscard]] CURL* handle() const noexcept { return easy_.get(); }

    template <class Value>
    void set(CURLoption option, Value value) {
        CURLcode const code = curl_easy_setopt(easy_.get(), option, value);
        if (code == CURLE_OUT_OF_MEMORY) throw std::bad_alloc{};
        if (code != CURLE_OK) throw std::runtime_error{"valetkey: this libcurl lacks an option"};
    }

    /// Makes the handle ready to be performed. A failure: it is not.
    [[nodiscard]] std::optional<failure> prepare(http_request call, send_terms const& terms) {
        using std::chrono::milliseconds;
        until_ = terms.until;
        auto const left = std::chrono::ceil<milliseconds>(until_ - std::chrono::steady_clock::now());
        if (left <= milliseconds{0}) return failure{errc::timed_out};
        call_ = std::move(call);
        if (!headers_.fill(call_.headers)) return failure{errc::invalid_settings, "header"};
        auto const total = std::min<milliseconds>(left, std::chrono::hours{24});
        set(CURLOPT_TIMEOUT_MS, static_cast<long>(total.count()));
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(total, options_->connect_timeout).count()));
        set(CURLOPT_FRESH_CONNECT, terms.new_connection ? 1L : 0L);
        set_message();
        sent_ = false;
        header_bytes_ = 0;
        header_done_ = false;
        date_.reset();
        return std::nullopt;
    }

    /// The answer, or how it broke. Leaves nothing behind that is worth reading.
    [[nodiscard]] result<http_answer> finish(CURLcode code) {
        call_ = {};
        headers_.wipe();
        auto body = std::move(body_);
        body_ = {};
        if (code == CURLE_OK && !header_done_) code = CURLE_PARTIAL_FILE;  // libcurl takes a cut header for a whole one
        if (code != CURLE_OK) return describe(code);
        long status = 0;
        curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
        return http_answer{static_cast<int>(status), std::move(body), date_};
    }

private:
    struct free_handle {
        void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
    };
    using handle_ptr = std::unique_ptr<CURL, free_handle>;

    [[nodiscard]] static handle_ptr make_handle() {
        require_curl();
        handle_ptr made{curl_easy_init()};
        if (!made) throw std::bad_alloc{};
        return made;
    }
    void restrict_protocol() {
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_PATH_AS_IS, 1L);
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
        set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
        set(CURLOPT_SSL_VERIFYPEER, 1L);
        set(CURLOPT_SSL_VERIFYHOST, 2L);
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        if (options_->ca_file.empty()) return;
        set(CURLOPT_CAINFO, options_->ca_file.c_str());
        set(CURLOPT_CAPATH, static_cast<char const*>(nullptr));
    }
    void set_message() {
        set(CURLOPT_URL, call_.url.c_str());
        if (call_.body.empty() && call_.method != "POST" && call_.method != "PUT") {
            set(CURLOPT_HTTPGET, 1L);
        } else {
            set(CURLOPT_POST, 1L);
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call_.body.size()));
            set(CURLOPT_POSTFIELDS, call_.body.data());
        }
        set(CURLOPT_CUSTOMREQUEST, call_.method.c_str());
        set(CURLOPT_HTTPHEADER, headers_.list());
    }
    /// A time-out before the deadline is one of the connect phase, so another try may work.
    [[nodiscard]] failure describe(CURLcode code) const {
        constexpr std::chrono::milliseconds rounding{5};
        bool const over = std::chrono::steady_clock::now() + rounding >= until_;
        errc const what = code == CURLE_OPERATION_TIMEDOUT && over ? errc::timed_out : errc_of(code);
        return {what, {}, "curl " + std::to_string(static_cast<int>(code)) + ": " + curl_easy_strerror(code)};
    }

    static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) noexcept try {
        auto& transfer = *static_cast<curl_transfer*>(self);
        std::size_t const bytes = size * count;
        if (bytes > transfer.options_->max_body - transfer.body_.size()) return CURL_WRITEFUNC_ERROR;
        transfer.body_.append({data, bytes});
        return bytes;
    } catch (std::bad_alloc const&) {
        return CURL_WRITEFUNC_ERROR;
    }
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) noexcept {
        auto& transfer = *static_cast<curl_transfer*>(self);
        std::string_view const line{data, size * count};
        transfer.header_bytes_ += line.size();
        if (transfer.header_bytes_ > transfer.options_->max_header) return CURL_WRITEFUNC_ERROR;
        if (line.starts_with("HTTP/")) transfer.header_done_ = false;  // after an interim answer
        if (!transfer.header_done_) transfer.read_header(line);        // what follows it are trailers
        return line.size();
    }
    /// Called when a connection is there. libcurl would send the same bytes a second time when a kept connection turns
    /// out to be dead; clouds refuse a nonce that they have seen, so that is left to the next try.
    static int on_send(void* self, char*, char*, int, int) noexcept {
        bool const again = std::exchange(static_cast<curl_transfer*>(self)->sent_, true);
        return again ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
    }
    void read_header(std::string_view line) noexcept {
        constexpr std::string_view name = "date:";
        while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
        header_done_ = line.empty();
        if (line.size() < name.size() || ::strncasecmp(line.data(), name.data(), name.size()) != 0) return;
        line.remove_prefix(std::min(line.find_first_not_of(" \t", name.size()), line.size()));
        date_ = parse_http_date(line.substr(0, line.find_last_not_of(" \t") + 1));
    }

    curl_options const* options_;
    handle_ptr easy_;
    http_request call_;
    curl_headers headers_;
    wiped_text body_;
    std::optional<utc_seconds> date_;
    std::size_t header_bytes_ = 0;
    bool header_done_ = false;
    bool sent_ = false;
    deadline until_{};
};

}  // namespace valetkey::detail
