#pragma once
/// @file
/// Answers as they go over the wire.

#include <valetkey/gateway/wiped_buffer.hpp>
#include <valetkey/time.hpp>

#include <boost/beast/http/status.hpp>

#include <array>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace valetkey::gateway {

/// The `Date` header line, written once a second.
class date_line {
public:
    /// @param now UTC, seconds since 1970.
    /// @return a whole line with its CRLF, valid until the next call. IMF-fixdate of RFC 9110, section 5.6.7.
    std::string_view at(std::time_t now) noexcept {
        if (now != second_) {
            second_ = now;
            write();
        }
        return {text_.data(), size_};
    }

private:
    void write() noexcept {
        static constexpr char const* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        static constexpr char const* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        std::tm t{};
        ::gmtime_r(&second_, &t);
        auto const n =
            std::snprintf(text_.data(), text_.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[t.tm_wday],
                          t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
        size_ = static_cast<std::size_t>(n);
    }

    std::time_t second_ = -1;
    std::size_t size_ = 0;
    std::array<char, 64> text_{};
};

/// An answer without what the front adds.
struct answer {
    /// 200…599.
    int status;
    /// Complete header lines, each with its CRLF; not `Date`, `Content-Length` or `Connection`.
    std::string_view header_lines;
    std::string_view body;
};

/// What the connection adds to an answer.
struct answer_frame {
    /// A whole line with its CRLF.
    std::string_view date;
    /// Version of the request, 10 or 11.
    int version;
    bool keep_alive;
    /// HEAD: the length is told, the body is not sent.
    bool head_only;
};

namespace detail {

inline std::string_view reason(int status) noexcept {
    namespace http = boost::beast::http;
    return http::obsolete_reason(http::int_to_status(static_cast<unsigned>(status)));
}

/// HTTP/1.1 keeps and HTTP/1.0 closes a connection unless told otherwise.
inline std::string_view connection_line(answer_frame const& frame) noexcept {
    if (!frame.keep_alive) return "Connection: close\r\n";
    return frame.version == 10 ? "Connection: keep-alive\r\n" : "";
}

}  // namespace detail

/// Appends the whole answer as it goes over the wire. 204 has neither length nor body.
inline void append_answer(wiped_buffer& out, answer const& what, answer_frame const& frame) {
    static constexpr std::size_t own_lines = 256;
    bool const empty = what.status == 204;
    auto const body = empty || frame.head_only ? std::string_view{} : what.body;
    out.reserve(own_lines + what.header_lines.size() + body.size());
    out.append("HTTP/1.1 ");
    out.append(decimal{what.status});
    out.append(" ");
    out.append(detail::reason(what.status));
    out.append("\r\n");
    out.append(frame.date);
    if (!empty) {
        out.append("Content-Length: ");
        out.append(decimal{what.body.size()});
        out.append("\r\n");
    }
    out.append(detail::connection_line(frame));
    out.append(what.header_lines);
    out.append("\r\n");
    out.append(body);
}

}  // namespace valetkey::gateway
