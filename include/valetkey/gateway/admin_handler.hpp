#pragma once
/// @file
/// The admin listener's one route: the metrics.

#include <valetkey/gateway/http_input.hpp>
#include <valetkey/gateway/metrics.hpp>
#include <valetkey/gateway/refusals.hpp>
#include <valetkey/gateway/responder.hpp>
#include <valetkey/gateway/route.hpp>

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::gateway {

class admin_handler {
public:
    explicit admin_handler(std::span<worker_metrics const* const> workers) : workers_{workers} {}

    void handle(http_input const& in, responder reply) {
        if (route_of(in.path) != route::metrics) return refuse({refused::no_such_path}, std::move(reply));
        if (in.method != "GET") return refuse({refused::wrong_method}, std::move(reply), "Allow: GET\r\n");
        reply.send(200, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nCache-Control: no-store\r\n",
                   render_metrics(workers_));
    }
    void refuse(int status, http_input const*, responder reply) {
        refuse({refusal_of_status(status)}, std::move(reply));
    }

private:
    static void refuse(refusal const& why, responder reply, std::string_view lines = {}) {
        std::string body;
        append_refusal(body, why);
        reply.send(row_of(why.what).status,
                   std::string{"Content-Type: application/json\r\nCache-Control: no-store\r\n"}.append(lines), body);
    }
    std::span<worker_metrics const* const> workers_;
};

}  // namespace valetkey::gateway
