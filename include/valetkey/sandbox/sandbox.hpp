#pragma once
/// @file
/// The seven clouds on one thread, on loopback ports of their own.

#include <valetkey/credentials.hpp>
#include <valetkey/sandbox/cloud_listener.hpp>
#include <valetkey/sandbox/object_store.hpp>
#include <valetkey/sandbox/s3_store.hpp>
#include <valetkey/sandbox/sealed_keys.hpp>
#include <valetkey/transport/curl_multi.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <chrono>
#include <concepts>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace valetkey::sandbox {

namespace detail {
template <class D>
struct store_of {
    using type = s3_store<D>;
};
template <class D>
requires requires {
    typename D::store;
}
struct store_of<D> {
    using type = typename D::store;
};
}  // namespace detail

/// Where one emulated cloud listens.
struct cloud_place {
    std::string_view name;
    std::string url;      ///< of the store
    std::string sts_url;  ///< empty: the cloud has none
    std::string bucket;
};

/// Emulated clouds that enforce what they are sent. It shares no secret with anything outside: root and upload
/// identities, and the key that seals tokens, are made here.
/// @tparam Ds Dialects, a cloud each.
/// @par Thread safety `find` and `policy_of` from any thread; the others on the thread that made it.
template <class... Ds>
class sandbox {
public:
    sandbox() { (open<Ds>(), ...); }
    sandbox(sandbox&&) = delete;
    ~sandbox() {
        io_.stop();
        if (thread_.joinable()) thread_.join();
    }

    /// Calls `visit.operator()<Cloud>(settings&)`: the account as its gateway is to be configured.
    template <class Visit>
    void for_each_account(Visit visit) {
        (visit.template operator()<typename Ds::cloud>(desk_of<Ds>().account), ...);
    }
    /// Each cloud's settings as the gateway has them: `of.operator()<Cloud>()` → settings. Before `start`, and whenever
    /// they change.
    template <class SettingsOf>
    void take_up(SettingsOf of) {
        (boost::asio::post(io_, [&store = desk_of<Ds>().store,
                                 own = of.template operator()<typename Ds::cloud>()] { store.take_up(own); }),
         ...);
    }
    /// Once.
    /// @param ca_file By which the gateway's certificate is believed when a store calls back.
    void start(std::string ca_file) {
        curl_options options;
        options.ca_file = std::move(ca_file);
        http_.emplace(io_, options);
        thread_ = std::thread{[this] {
            while (!ran()) {
            }
        }};
    }

    [[nodiscard]] std::vector<cloud_place> places() const { return {place_of<Ds>()...}; }
    /// A stored object of the named cloud.
    [[nodiscard]] std::optional<stored_object> find(std::string_view cloud, std::string_view key) const {
        std::optional<stored_object> found;
        (void)((Ds::cloud::name == cloud && (found = std::get<desk<Ds>>(desks_).store.find(key), true)) || ...);
        return found;
    }

    /// The session policy in a token of the named cloud; none: not its token.
    [[nodiscard]] std::optional<std::string> policy_of(std::string_view cloud, std::string_view token) const {
        auto key = shared_.keys.open(cloud, token);
        return key ? std::optional{std::move(key->policy)} : std::nullopt;
    }

private:
    struct common {
        memory_budget budget;
        sealed_keys keys;
    };
    template <class D>
    struct desk {
        desk(common& shared) : store{shared.budget, shared.keys} {}
        typename D::cloud::settings account{};
        typename detail::store_of<D>::type store;
        std::optional<cloud_listener> objects{};
        std::optional<cloud_listener> sts{};
    };
    template <class D>
    [[nodiscard]] desk<D>& desk_of() {
        return std::get<desk<D>>(desks_);
    }
    template <class D>
    [[nodiscard]] cloud_place place_of() const {
        auto const& own = std::get<desk<D>>(desks_);
        return {D::cloud::name, own.objects->url(), own.sts ? own.sts->url() : std::string{}, own.account.bucket};
    }
    template <class D>
    static constexpr bool has_sts = requires(typename detail::store_of<D>::type& store, store_request const& request) {
        { store.sts(request, utc_seconds{}) } -> std::same_as<store_answer>;
    };

    template <class D>
    void open() {
        auto& own = desk_of<D>();
        auto& store = own.store;
        own.objects.emplace(io_, cloud_service{[this, &store](store_request const& request, auto reply) {
                                                   answer(store.handle(request, now()), std::move(reply));
                                               },
                                               [&store](store_request const& request, wire_fault why) {
                                                   return store.refuse(request, why);
                                               },
                                               largest_body});
        auto& account = own.account;
        D::configure(account);
        account.root = make_key();
        account.form = make_key();
        account.max_size = std::uint64_t{32} << 20U;
        account.endpoint = own.objects->url();
        if constexpr (has_sts<D>) {
            own.sts.emplace(
                io_, cloud_service{
                         [&store](store_request const& request, auto reply) { reply(store.sts(request, now())); },
                         [](store_request const&, wire_fault) { return store_answer{400}; }, std::uint64_t{1} << 20U});
            account.sts_endpoint = own.sts->url();
        }
    }
    /// False when an exception came out of a request: its connection is lost, the others go on.
    [[nodiscard]] bool ran() noexcept {
        try {
            io_.run();
            return true;
        } catch (std::exception const&) {
            return false;
        }
    }
    [[nodiscard]] access_key make_key() {
        return {std::string{random_.hex_id().view()}, secret{std::string{random_.hex_id().view()}}};
    }
    void answer(store_outcome outcome, cloud_service::reply_type reply) {
        if (!outcome.callback) return reply(std::move(outcome.answer));
        auto call = std::move(*outcome.callback);
        http_->async_send(std::move(call.request), {deadline_after(std::chrono::seconds{5})},
                          [then = std::move(call.then), headers = std::move(outcome.answer.headers),
                           reply = std::move(reply)](result<http_answer> got) {
                              auto made = then(got ? std::optional{got->view()} : std::nullopt);
                              made.headers.insert(made.headers.end(), headers.begin(), headers.end());
                              reply(std::move(made));
                          });
    }
    [[nodiscard]] static utc_seconds now() {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }

    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    random_pool random_;
    common shared_;
    std::tuple<desk<Ds>...> desks_{(static_cast<void>(Ds::cloud::type), shared_)...};
    std::optional<curl_multi_client> http_;
    std::thread thread_;
};

}  // namespace valetkey::sandbox
