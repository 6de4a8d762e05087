#pragma once
/// @file
/// The port of one emulated service: plain HTTP on loopback, CORS open to any origin.

#include <valetkey/http_date.hpp>
#include <valetkey/policy/form_conditions.hpp>
#include <valetkey/sandbox/store_message.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::sandbox {

/// What a port serves. `reply` is called once, at once or later, on the same thread.
struct cloud_service {
    using reply_type = std::function<void(store_answer)>;
    std::function<void(store_request const&, reply_type)> handle;
    std::function<store_answer(store_request const&, wire_fault)> refuse;  ///< of what has come as far as it is known
    std::uint64_t largest_body = 0;
};

namespace detail {

namespace http = boost::beast::http;

/// One connection; it owns itself while something is awaited.
class cloud_connection : public std::enable_shared_from_this<cloud_connection> {
public:
    cloud_connection(boost::asio::ip::tcp::socket socket, cloud_service const& service)
        : stream_{std::move(socket)}, service_{service} {}

    void read() {
        parser_.emplace();
        parser_->header_limit(64 * 1024);
        parser_->body_limit(boost::none);  // judged below, so that the refusal is the vendor's
        stream_.expires_after(std::chrono::minutes{2});
        http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](auto error, std::size_t) {
            error ? self->give_up(error) : self->read_body();
        });
    }

private:
    using parser = http::request_parser<http::string_body>;

    void read_body() {
        auto const announced = parser_->content_length();
        if (announced && *announced > service_.largest_body) return refuse(wire_fault::too_large);
        parser_->body_limit(service_.largest_body);
        if (boost::beast::iequals(parser_->get()[http::field::expect], "100-continue")) return go_on();
        read_rest();
    }
    void go_on() {
        static constexpr std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
        boost::asio::async_write(stream_, boost::asio::buffer(line), [self = shared_from_this()](auto error, auto) {
            if (!error) self->read_rest();
        });
    }
    void read_rest() {
        http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](auto error, std::size_t) {
            error ? self->give_up(error) : self->serve();
        });
    }

    void serve() {
        auto const request = take_request();
        keep_alive_ = parser_->keep_alive();
        if (request.method == "OPTIONS") return send(preflight(request), request.method);
        service_.handle(request, [self = shared_from_this(), method = request.method](store_answer answer) {
            self->send(std::move(answer), method);
        });
    }
    /// What is no HTTP gets an answer; who is gone, or says nothing, does not.
    void give_up(boost::system::error_code error) {
        if (error == http::error::body_limit) return refuse(wire_fault::too_large);
        static boost::system::error_code const of_http{http::error::bad_method};
        if (error.category() == of_http.category() && error != http::error::end_of_stream) refuse(wire_fault::broken);
    }
    void refuse(wire_fault why) {
        auto const request = take_request();
        keep_alive_ = false;
        send(service_.refuse(request, why), request.method);
    }
    [[nodiscard]] store_request take_request() {
        auto& message = parser_->get();
        store_request out;
        out.method = std::string{message.method_string()};
        std::string_view const target{message.target().data(), message.target().size()};
        auto const mark = std::min(target.find('?'), target.size());
        out.path = target.substr(0, mark);
        out.query = target.substr(std::min(mark + 1, target.size()));
        for (auto const& field : message) {
            std::string_view const name{field.name_string().data(), field.name_string().size()};
            out.headers.push_back({valetkey::detail::lower_text(name), std::string{field.value()}});
        }
        out.body = std::move(message.body());
        origin_ = out.header_or_empty("origin");
        return out;
    }
    [[nodiscard]] static store_answer preflight(store_request const& request) {
        store_answer answer{200};
        answer.with("Access-Control-Allow-Methods", "GET, HEAD, PUT, POST, DELETE");
        answer.with("Access-Control-Allow-Headers",
                    std::string{request.header_or_empty("access-control-request-headers")});
        return answer.with("Access-Control-Max-Age", "600");
    }
    void send(store_answer answer, std::string_view method) {
        response_ = {static_cast<http::status>(answer.status), 11};
        if (!origin_.empty()) {
            response_.set(http::field::access_control_allow_origin, origin_);
            response_.set(http::field::vary, "Origin");
            std::string exposed{"ETag, Location, Date, Content-Length"};
            for (auto const& header : answer.headers)
                if (header.name != "ETag" && header.name != "Location" && !header.name.starts_with("Access-"))
                    exposed.append(", ").append(header.name);
            response_.set(http::field::access_control_expose_headers, exposed);
        }
        for (auto& header : answer.headers) response_.insert(header.name, header.value);
        if (!answer.content_type.empty()) response_.set(http::field::content_type, answer.content_type);
        response_.set(http::field::date,
                      http_date(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())));
        response_.keep_alive(keep_alive_);
        if (answer.status != 204) response_.content_length(answer.body.size());
        if (method != "HEAD" && answer.status != 204) response_.body() = std::move(answer.body);
        stream_.expires_after(std::chrono::minutes{2});
        http::async_write(stream_, response_, [self = shared_from_this()](auto error, std::size_t) {
            if (!error && self->keep_alive_) return self->read();
            self->linger();
        });
    }
    /// What is still being sent is read for a moment: a client that is cut off while it sends does not see the answer.
    void linger() {
        boost::system::error_code ignored;
        stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
        stream_.expires_after(std::chrono::seconds{2});
        drain();
    }
    void drain() {
        buffer_.clear();
        stream_.async_read_some(buffer_.prepare(65536), [self = shared_from_this()](auto error, std::size_t) {
            if (!error) self->drain();
        });
    }
    boost::beast::tcp_stream stream_;
    cloud_service const& service_;
    boost::beast::flat_buffer buffer_;
    std::optional<parser> parser_;
    http::response<http::string_body> response_;
    std::string origin_;
    bool keep_alive_ = false;
};

}  // namespace detail

/// @par Thread safety The thread of its io_context.
class cloud_listener {
public:
    /// Binds a free port of 127.0.0.1.
    cloud_listener(boost::asio::io_context& io, cloud_service service)
        : acceptor_{io, {boost::asio::ip::address_v4::loopback(), 0}}, service_{std::move(service)} {
        accept();
    }
    cloud_listener(cloud_listener&&) = delete;
    [[nodiscard]] std::string url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }

private:
    void accept() {
        acceptor_.async_accept([this](boost::system::error_code error, boost::asio::ip::tcp::socket socket) {
            if (error == boost::asio::error::operation_aborted) return;
            if (!error) std::make_shared<detail::cloud_connection>(std::move(socket), service_)->read();
            accept();
        });
    }

    boost::asio::ip::tcp::acceptor acceptor_;
    cloud_service service_;
};

}  // namespace valetkey::sandbox
