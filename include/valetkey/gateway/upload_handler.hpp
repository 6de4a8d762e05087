#pragma once
/// @file
/// The gateway's routes, read from top to bottom: who asks, for what, may they, plan, exchange, answer.

#include <valetkey/gateway/config.hpp>
#include <valetkey/gateway/http_input.hpp>
#include <valetkey/gateway/log.hpp>
#include <valetkey/gateway/openapi.hpp>
#include <valetkey/gateway/refusals.hpp>
#include <valetkey/gateway/request_json.hpp>
#include <valetkey/gateway/responder.hpp>
#include <valetkey/gateway/worker_metrics.hpp>
#include <valetkey/secret.hpp>
#include <valetkey/transport/async_issue.hpp>
#include <valetkey/transport/curl_multi.hpp>
#include <valetkey/transport/gated_client.hpp>
#include <valetkey/vending/sqlite_ids.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/string.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::gateway {

/// What a program adds to the gateway's listener; this one adds nothing. An annex has
///   take_up(config&, std::string_view where)   before the first request and at each reload
///   owns(path) → bool                          whether a path is the annex's; then it may only be got
///   document(path) → annex_document const*     what anybody may see; null: none
///   file(path) → std::shared_ptr<std::string const>   for callers with a token; null: none
/// the last three from any thread.
struct no_annex {};

/// @par Example {"text/html; charset=utf-8", "Content-Security-Policy: …\r\n", "<!doctype html>…"}
struct annex_document {
    std::string_view content_type;
    std::string_view lines;  ///< further header lines
    std::string text;
};

/// What the workers share. Outlives them.
template <class Annex>
struct shared_parts {
    spdlog::logger& log;
    sqlite_ids& ids;
    boost::asio::thread_pool& pool;                                ///< leases ids where nobody waits
    std::array<std::shared_ptr<endpoint_gate>, 256> const& gates;  ///< by a cloud's number
    std::size_t workers;
    Annex* annex;  ///< null: none
};

/// Answers on one worker's thread, with everything of its own: service, STS connections, ids, entropy, counters.
/// @par Thread safety One thread. `take_up` is posted to it.
template <class Service, class Annex = no_annex>
class upload_handler {
public:
    using config_type = config<Service>;

    upload_handler(boost::asio::io_context& io, std::shared_ptr<config_type const> with, worker_metrics& metrics,
                   shared_parts<Annex> const& shared)
        : io_{io},
          with_{std::move(with)},
          service_{with_->service},
          http_{io, idle_share(shared.workers)},
          ids_{shared.ids},
          metrics_{metrics},
          shared_{shared} {
        Service::for_each_cloud([this]<class P>() {
            gated_[P::type] = std::make_unique<gated_client_type>(http_, shared_.gates[P::type], 0);
        });
        set_budgets();
    }
    upload_handler(upload_handler&&) = delete;

    /// From now on; what is under way ends as it began.
    void take_up(std::shared_ptr<config_type const> with) {
        service_ = Service{with->service};
        with_ = std::move(with);
        set_budgets();
    }

    void connection_opened() noexcept {
        metrics_.connections_accepted.add();
        metrics_.connections_open.add();
    }
    void connection_closed() noexcept { metrics_.connections_open.subtract(); }

    void handle(http_input const& in, responder reply) {
        context c = begin(&in, std::move(reply));
        try {
            dispatch(in, c);
        } catch (std::exception const&) {
            refuse(c, {refused::internal});
        }
    }
    /// What the front refuses: 400, 408, 413, 431.
    void refuse(int status, http_input const* partial, responder reply) {
        context c = begin(partial, std::move(reply));
        refuse(c, {refusal_of_status(status)});
    }

private:
    using plan_type = typename Service::upload_plan;
    using gated_client_type = gated_client<curl_multi_client>;
    using clock = std::chrono::steady_clock;

    /// One request, from its last byte to its answer. The entry's views live as long as the responder and the
    /// configuration.
    struct context {
        responder reply;
        std::shared_ptr<config_type const> with;
        fixed_text<32> request_id;
        clock::time_point begun;
        std::string_view allowed_origin{};
        std::optional<std::uint8_t> cloud{};  // once it is known which is meant
        std::optional<failure> why{};
        request_entry entry{};
    };

    /// A worker's part of the connections that may stay open without an exchange.
    static curl_options idle_share(std::size_t workers) {
        curl_options options;
        options.max_idle /= workers;
        return options;
    }

    void set_budgets() {
        Service::for_each_cloud([this]<class P>() {
            auto const& own = with_->service.template of<P>();
            gated_[P::type]->set_budget(own ? own->sts_per_second : 0);
        });
    }

    context begin(http_input const* in, responder reply) {
        context c{std::move(reply), with_, http_.source().make_attempt().nonce, in ? in->first_byte : clock::now()};
        metrics_.requests_in_flight.add();
        if (!in) return c;
        c.entry.method = in->method;
        c.entry.path = route_of(in->path);
        c.entry.peer = in->peer;
        for (auto const& origin : with_->origins)
            if (origin == in->origin) c.allowed_origin = origin;
        return c;
    }

    void dispatch(http_input const& in, context& c) {
        if (in.authorization_count > 1) return refuse(c, {refused::broken_http});
        bool const preflight =
            in.method == "OPTIONS" && !in.origin.empty() && !in.access_control_request_method.empty();
        switch (c.entry.path) {
            case route::upload:
                if (preflight) return allow(c);
                if (in.method != "GET" && in.method != "POST") return refuse_method(c, "GET, POST, OPTIONS");
                return vend(in, c);
            case route::callback:
                if (preflight) return allow(c);
                if (in.method != "POST") return refuse_method(c, "POST, OPTIONS");
                return refuse(c, {refused::callback_not_believed});
            case route::healthz: return constant(in, c, R"({"status":"ok"})");
            case route::readyz:
                if (in.method == "GET" && out_of_ids_) return refuse(c, {refused::not_ready});
                return constant(in, c, R"({"status":"ready"})");
            case route::openapi: return constant(in, c, openapi_document);
            default: return show_annex(in, c);
        }
    }

    void show_annex(http_input const& in, context& c) {
        if constexpr (!std::same_as<Annex, no_annex>) {
            if (!shared_.annex || !shared_.annex->owns(in.path)) return refuse(c, {refused::no_such_path});
            if (in.method != "GET") return refuse_method(c, "GET");
            if (auto const* page = shared_.annex->document(in.path))
                return send(c, 200, 0, page->text, page->lines, page->content_type);
            if (!c.with->tokens.find_by_header(in.authorization)) return refuse_caller(c);
            if (auto const file = shared_.annex->file(in.path))
                return send(c, 200, 0, *file, {}, "application/octet-stream");
        }
        refuse(c, {refused::no_such_path});
    }

    // ---- the main job
    // ------------------------------------------------------------------------------------------------

    void vend(http_input const& in, context& c) {
        auto const* who = c.with->tokens.find_by_header(in.authorization);
        if (!who) return refuse_caller(c);
        c.entry.subject = who->subject();
        if (auto const wait = who->take(c.with->limits.requests_per_minute, clock::now()); wait != 0) {
            metrics_.requests_limited.add();
            return refuse(c, {refused::too_many_requests}, retry_after(wait));
        }
        if (auto const why = read_fields(in)) return refuse(c, {*why});
        auto const request = fields_.request();
        if (!request) return refuse(c, request.error());
        c.entry.module = name_of(request->module);
        c.entry.cloud = Service::cloud_name(request->type);
        c.cloud = request->type;
        if (!who->allows(request->module)) return refuse(c, {refused::module_forbidden});
        if (enters_path(*request) && !who->allows_project(request->project_id))
            return refuse(c, {refused::project_forbidden});

        auto const id = take_id();
        if (!id) return fail(c, id.error());
        c.entry.object_id = *id;
        auto fresh = http_.source().make_fresh(*id);
        fresh.request_id = c.request_id;
        auto plan = service_.plan(*request, fresh);
        if (!plan) return fail(c, plan.error());
        if (plan->is_local()) return finish(c, service_.complete(*plan, {}, fresh.now, std::move(last_)));
        exchange(std::move(*plan), std::move(c));
    }

    void exchange(plan_type plan, context c) {
        auto& counts = metrics_.cloud(*c.cloud);
        auto& client = *gated_[*c.cloud];
        counts.exchange_begun();
        auto const begun = clock::now();
        auto const until = begun + c.with->limits.sts_time;
        auto done = [this, &counts, begun, c = std::move(c)](result<grant> granted) mutable {
            counts.exchange_ended(granted ? errc{} : granted.error().what, clock::now() - begun);
            finish(c, std::move(granted));
        };
        async_exchange(service_, client, std::move(plan), until, std::move(done));
    }

    void finish(context& c, result<grant> granted) {
        if (!granted) return fail(c, granted.error());
        metrics_.cloud(*c.cloud).granted();
        body_.wipe();
        body_.append(R"({"code":0,"message":"","data":)");
        append_grant_json(body_, *granted);
        body_.append("}");
        last_ = std::move(*granted);
        send(c, 200, 0, body_.view());
        body_.wipe();
    }

    [[nodiscard]] result<std::uint64_t> take_id() {
        auto id = ids_.take();
        out_of_ids_ = !id;
        metrics_.object_ids_leased.add(ids_.leased() - metrics_.object_ids_leased.value());
        if (ids_.wants_spare() && !leasing_) order_spare();
        return id;
    }
    /// A lease waits for the disk, so another thread asks for it.
    void order_spare() {
        leasing_ = true;
        boost::asio::post(shared_.pool, [this, &source = shared_.ids, &io = io_] {
            auto block = source.lease();
            boost::asio::post(io, [this, block = std::move(block)] {
                leasing_ = false;
                if (block) ids_.add(*block);
            });
        });
    }

    /// Chunks that bring nothing are no body.
    [[nodiscard]] std::optional<refused> read_fields(http_input const& in) {
        if (in.body.empty() && in.method == "POST" && !in.query.empty()) return refused::query_with_post;
        if (!in.body.empty()) {
            if (!is_json(in)) return refused::not_json;
            if (!in.query.empty()) return refused::two_spellings;
            json_.read(in.body, fields_);
        } else {
            read_query(in.query, fields_);
        }
        return std::nullopt;
    }
    /// `application/json`, and no other character set than UTF-8.
    [[nodiscard]] static bool is_json(http_input const& in) noexcept {
        auto type = in.content_type.substr(0, in.content_type.find(';'));
        auto parameter = in.content_type.substr(type.size());
        type = type.substr(0, type.find_last_not_of(" \t") + 1);
        parameter.remove_prefix(std::min(parameter.find_first_not_of("; \t"), parameter.size()));
        auto const is = [](std::string_view a, std::string_view b) { return boost::beast::iequals(a, b); };
        return in.content_type_count == 1 && is(type, "application/json") &&
               (parameter.empty() || is(parameter, "charset=utf-8") || is(parameter, "charset=\"utf-8\""));
    }
    [[nodiscard]] static bool enters_path(upload_request const& r) noexcept {
        return r.project_id != 0 && (r.module == upload_module::bs_project || r.module == upload_module::app_project);
    }

    // ---- answers
    // -----------------------------------------------------------------------------------------------------

    void constant(http_input const& in, context& c, std::string_view body) {
        if (in.method != "GET") return refuse_method(c, "GET");
        send(c, 200, 0, body);
    }
    void allow(context& c) {
        if (c.allowed_origin.empty()) return send(c, 204, 0, {});
        send(c, 204, 0, {},
             "Access-Control-Allow-Methods: GET, POST\r\nAccess-Control-Allow-Headers: Authorization, Content-Type\r\n"
             "Access-Control-Max-Age: 600\r\n");
    }
    void refuse_method(context& c, std::string_view allowed) {
        refuse(c, {refused::wrong_method}, std::string{"Allow: "}.append(allowed).append("\r\n"));
    }
    [[nodiscard]] static std::string retry_after(unsigned seconds) {
        return std::string{"Retry-After: "}.append(decimal{seconds}).append("\r\n");
    }
    void fail(context& c, failure const& why) {
        c.why = why;
        if (c.cloud) metrics_.cloud(*c.cloud).not_granted(why.what);
        refuse(c, {refusal_of(why.what), why.field});
    }
    void refuse(context& c, refusal const& why, std::string_view lines = {}) {
        if (!c.reply) return;
        auto const& row = row_of(why.what);
        body_.wipe();
        append_refusal(body_, why);
        send(c, row.status, row.number, body_.view(), row.status == 503 ? "Retry-After: 2\r\n" : lines);
    }

    void refuse_caller(context& c) {
        refuse(c, {refused::no_token}, "WWW-Authenticate: Bearer realm=\"valetkey\"\r\n");
    }

    void send(context& c, int status, int number, std::string_view body, std::string_view lines = {},
              std::string_view content_type = "application/json") {
        head_.assign("Content-Type: ").append(content_type);
        head_.append("\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: ");
        head_.append(c.request_id.view()).append("\r\n").append(lines);
        if (!c.allowed_origin.empty()) {
            head_.append("Access-Control-Allow-Origin: ").append(c.allowed_origin);
            head_.append("\r\nAccess-Control-Expose-Headers: X-Request-Id, Retry-After\r\nVary: Origin\r\n");
        }
        note(c, status, number, body.size());  // before the answer: the entry's views end with it
        c.reply.send(status, head_, body);
    }
    void note(context& c, int status, int number, std::size_t bytes) {
        auto& entry = c.entry;
        entry.time = std::chrono::system_clock::now();
        entry.request_id = c.request_id;
        entry.status = status;
        entry.code = number;
        entry.bytes = bytes;
        entry.took = clock::now() - c.begun;
        if (c.why) {
            entry.vendor_code =
                c.why->vendor_code.empty() ? name_of(c.why->what) : std::string_view{c.why->vendor_code};
            entry.vendor_request = c.why->vendor_request;
        }
        metrics_.requests_in_flight.subtract();
        metrics_.answered(entry.path, status, entry.took);
        log_request(shared_.log, entry);
    }

    boost::asio::io_context& io_;
    std::shared_ptr<config_type const> with_;
    Service service_;
    curl_multi_client http_;
    std::array<std::unique_ptr<gated_client_type>, 256> gated_;
    object_ids<sqlite_ids> ids_;
    bool leasing_ = false;
    bool out_of_ids_ = false;
    worker_metrics& metrics_;
    shared_parts<Annex> shared_;
    request_json json_;
    request_fields fields_;
    grant last_;  // its memory is used again
    std::string head_;
    wiped_text body_;
};

}  // namespace valetkey::gateway
