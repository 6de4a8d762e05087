#pragma once
/// @file
/// The parts of a gateway put together: configuration, TLS, ids, workers; start, reload, drain.

#include <valetkey/gateway/admin_handler.hpp>
#include <valetkey/gateway/config.hpp>
#include <valetkey/gateway/log.hpp>
#include <valetkey/gateway/server.hpp>
#include <valetkey/gateway/tls.hpp>
#include <valetkey/gateway/upload_handler.hpp>
#include <valetkey/gateway/worker_metrics.hpp>
#include <valetkey/sts_service.hpp>
#include <valetkey/vending/sqlite_ids.hpp>

#include <boost/asio/thread_pool.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::gateway {

/// A running gateway for the clouds of its list.
/// @tparam Annex See no_annex.
/// @par Thread safety All calls belong to one thread.
template <class Annex, class... Ps>
class basic_gateway {
public:
    using service_type = sts_service<Ps...>;
    using config_type = config<service_type>;
    /// Where a configuration comes from; asked anew for each reload.
    using config_source = std::function<config_result<config_type>()>;
    [[nodiscard]] static config_source from_file(std::filesystem::path file) {
        return [file = std::move(file)] { return load_config<Ps...>(file); };
    }

    /// A configuration with what it names: certificate and key fit, the ids' file can be used.
    struct prepared {
        config_type settings;
        tls_context tls;
    };

    /// Opens no listener and changes nothing.
    /// @param listen Takes the place of the configuration's.
    /// @par Errors The JSON path and what is expected there.
    [[nodiscard]] static config_result<prepared> prepare(config_source const& source,
                                                         std::optional<listen_address> const& listen) {
        auto settings = source();
        if (!settings) return settings.error();
        if (listen) settings->listen = *listen;
        auto tls = load_tls_context(settings->certificate.string(), settings->private_key.string());
        if (!tls) return config_error{"listen", std::move(tls.error())};
        return prepared{std::move(*settings), std::move(*tls)};
    }
    /// Likewise; and the file of object ids. Not while this process has it open.
    [[nodiscard]] static config_result<prepared> check(config_source const& source,
                                                       std::optional<listen_address> const& listen) {
        auto made = prepare(source, listen);
        if (!made) return made;
        if (auto const ids = sqlite_ids::check(made->settings.object_id_file); !ids) return id_error(ids.error());
        return made;
    }

    /// @param annex Null: none. Outlives the gateway.
    explicit basic_gateway(std::shared_ptr<spdlog::logger> log, Annex* annex = nullptr)
        : log_{std::move(log)}, annex_{annex} {}

    /// Listens and serves. @return The address that clients can connect to, `ADDR:PORT`.
    [[nodiscard]] config_result<std::string> start(prepared with) {
        auto ids = sqlite_ids::open(with.settings.object_id_file);
        if (!ids) return id_error(ids.error());
        ids_ = std::move(*ids);
        front_.emplace(server_options{with.settings.listen, with.settings.admin, with.settings.threads,
                                      with.settings.limits.front()},
                       std::move(with.tls));
        if (auto const bound = front_->listen(); !bound) return config_error{"listen", bound.error()};
        let_annex_see(with.settings);
        started_with_ = settings_ = std::make_shared<config_type const>(std::move(with.settings));
        for (unsigned i = 0; i < front_->threads(); ++i) {
            metrics_.push_back(std::make_unique<worker_metrics>(cloud_labels<Ps...>));
            pages_.push_back(metrics_.back().get());
        }
        service_type::for_each_cloud([this]<class P>() { gates_[P::type] = std::make_shared<endpoint_gate>(); });
        shared_.emplace(shared_type{*log_, *ids_, pool_, gates_, front_->threads(), annex_});
        front_->start(
            [this](std::size_t worker, boost::asio::io_context& io) {
                return handler_type{io, settings_, *metrics_[worker], *shared_};
            },
            [this](boost::asio::io_context&) { return admin_handler{pages_}; });
        warn_of_crowded_modules();
        auto const where = text_of(front_->endpoint());
        log_event(*log_, spdlog::level::info, "start", {"listening on ", where});
        if (settings_->admin)
            log_event(*log_, spdlog::level::info, "start", {"admin on ", text_of(front_->admin_endpoint())});
        return {boost::system::in_place_value, where};
    }

    /// Takes the file up again, without dropping a connection. A bad one is logged, and the old one stays.
    void reload(config_source const& source, std::optional<listen_address> const& listen) {
        auto made = prepare(source, listen);
        if (!made) {
            log_event(*log_, spdlog::level::err, "reload",
                      {"refused, the old configuration stays: ", made.error().path, ": ", made.error().what});
            return;
        }
        for (auto const field : unchanged_by_reload(*started_with_, made->settings))
            log_event(*log_, spdlog::level::warn, "reload", {field, " has changed in the file; that takes a restart"});
        let_annex_see(made->settings);
        made->settings.tokens.keep_budgets_of(settings_->tokens);
        settings_ = std::make_shared<config_type const>(std::move(made->settings));
        front_->set_tls(made->tls);
        front_->set_limits(settings_->limits.front());
        front_->for_each_worker([with = settings_](handler_type& handler) { handler.take_up(with); });
        warn_of_crowded_modules();
        log_event(*log_, spdlog::level::info, "reload", {"taken up"});
    }

    /// Answers what has arrived, then ends.
    void drain(std::chrono::milliseconds limit) {
        bool const complete = front_->drain(limit);
        pool_.join();
        log_event(*log_, complete ? spdlog::level::info : spdlog::level::warn, "stop",
                  {complete ? "all requests were answered" : "requests were cut off at the limit"});
    }

private:
    using handler_type = upload_handler<service_type, Annex>;
    using shared_type = shared_parts<Annex>;

    void let_annex_see(config_type& settings) {
        if constexpr (!std::same_as<Annex, no_annex>)
            if (annex_) annex_->take_up(settings, text_of(front_->endpoint()));
    }

    /// Names the modules whose shortest key does not fit a cloud's policy limit: each of their requests will be
    /// refused.
    void warn_of_crowded_modules() const {
        service_type service{settings_->service};
        service_type::for_each_cloud([&]<class P>() {
            if (!service.serves(P::type)) return;
            for (auto const& [name, module] : module_names)
                if (name_of(module) == name && !has_room<P>(service, module))
                    log_event(*log_, spdlog::level::warn, "settings",
                              {"clouds.", P::name, ": with this bucket and paths.root no key of ", name,
                               " fits the cloud's policy limit"});
        });
    }
    template <class P>
    [[nodiscard]] static bool has_room(service_type& service, upload_module module) {
        upload_request shortest;
        shortest.type = P::type;
        shortest.module = module;
        shortest.extension = "a";
        shortest.project_id = 1;
        shortest.uuid = "00000000000000000000000000000000";
        fresh values{{}, 1, {}, {}};
        values.uuid.text.fill('0');
        values.request_id.text.fill('0');
        auto const plan = service.plan(shortest, values);
        if (!plan) return plan.error().what != errc::scope_too_long;
        auto const call = service.exchange(*plan, {});
        return call || call.error().what != errc::scope_too_long;
    }

    static config_error id_error(failure const& why) { return {std::string{why.field}, why.vendor_code}; }
    static std::string text_of(boost::asio::ip::tcp::endpoint const& at) {
        auto const address = at.address().to_string();
        return (at.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(at.port());
    }

    std::shared_ptr<spdlog::logger> log_;
    Annex* annex_;
    std::unique_ptr<sqlite_ids> ids_;
    boost::asio::thread_pool pool_{1};
    std::shared_ptr<config_type const> settings_;
    std::shared_ptr<config_type const> started_with_;
    std::vector<std::unique_ptr<worker_metrics>> metrics_;
    std::vector<worker_metrics const*> pages_;
    std::array<std::shared_ptr<endpoint_gate>, 256> gates_{};
    std::optional<shared_type> shared_;
    std::optional<server<handler_type, admin_handler>> front_;  // ends first: its threads use all the others
};

template <class... Ps>
using gateway = basic_gateway<no_annex, Ps...>;

}  // namespace valetkey::gateway
