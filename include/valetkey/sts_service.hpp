#pragma once
/// @file
/// The service: a list of clouds, a table of their steps, and three pure functions.

#include <valetkey/crypto/digest.hpp>
#include <valetkey/policy/guard.hpp>
#include <valetkey/providers/provider.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

namespace detail {

[[nodiscard]] constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// A request whose texts are checked and in lower case. Lives on the stack of `plan`; its views point into itself.
class checked_request {
public:
    explicit checked_request(upload_request const& asked) : request_{asked} {}
    checked_request(checked_request&&) = delete;

    [[nodiscard]] result<upload_request const*> check() noexcept {
        auto const extension = request_.extension;
        if (extension.empty()) return failure{errc::missing_field, "extension"};
        if (!is_made_of(extension, {}, 1, extension_.size())) return failure{errc::invalid_field, "extension"};
        request_.extension = copy_lower(extension, extension_.data());
        if (name_of(request_.module).empty()) return failure{errc::invalid_field, "uploadModule"};
        if (request_.module == upload_module::bs_project && request_.project_id == 0)
            return failure{errc::missing_field, "projectId"};
        if (request_.module == upload_module::material_template) {
            if (request_.uuid.empty()) return failure{errc::missing_field, "uuid"};
            if (!is_uuid(request_.uuid)) return failure{errc::invalid_field, "uuid"};
            request_.uuid = copy_lower(request_.uuid, uuid_.data());
        } else {
            request_.uuid = {};
        }
        return &request_;
    }

private:
    [[nodiscard]] static bool is_uuid(std::string_view text) noexcept {
        if (text.size() != 32 && text.size() != 36) return false;
        for (std::size_t i = 0; i < text.size(); ++i) {
            bool const dash = text.size() == 36 && (i == 8 || i == 13 || i == 18 || i == 23);
            char const c = lower(text[i]);
            bool const hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
            if (dash ? c != '-' : !hex) return false;
        }
        return true;
    }
    [[nodiscard]] static std::string_view copy_lower(std::string_view text, char* to) noexcept {
        for (std::size_t i = 0; i < text.size(); ++i) to[i] = lower(text[i]);
        return {to, text.size()};
    }
    upload_request request_;
    std::array<char, 16> extension_{};
    std::array<char, 36> uuid_{};
};

}  // namespace detail

/// Vends for the clouds of the list and holds no code of any other. Pure: no clock, no entropy, no I/O.
///
/// A move-only value that keeps derived keys, so each thread has its own, made from the same settings; assigning a new
/// one is a reload. Nothing throws but bad_alloc.
///
/// @par Thread safety One object a thread. Plans may be moved between threads.
/// @par Example
///   auto plan  = service.plan(request, fresh);
///   auto call  = service.exchange(*plan, attempt);   // a request to the cloud's STS, or none
///   auto reply = transport(**call);                  // yours
///   auto grant = service.complete(*plan, reply, now);
template <class... Ps>
class sts_service {
    static_assert((check_provider<Ps>() && ...));
    static_assert(distinct_types<Ps...>, "valetkey: two providers of the list claim the same type");

    template <class P>
    struct configured {
        std::optional<typename P::settings> own{};
    };
    template <class P>
    struct ready {
        typename P::settings const* own = nullptr;
        std::optional<checked<site>> at{};
    };
    template <class P>
    struct kept {
        typename P::cache keys{};
    };
    struct caches : kept<Ps>... {};
    struct steps;

public:
    /// One optional entry a cloud, found by its type: `s.of<aws>().emplace() = …`.
    struct settings : configured<Ps>... {
        std::string root{};          ///< the first part of every key; `a-z 0-9 - _ . /`, no mark at either end
        std::string callback_url{};  ///< where stores report a finished upload; empty: no request may ask for it

        template <class P>
        [[nodiscard]] std::optional<typename P::settings>& of() noexcept {
            static_assert((std::same_as<P, Ps> || ...), "valetkey: this cloud is not in the service's list");
            return static_cast<configured<P>&>(*this).own;
        }
        template <class P>
        [[nodiscard]] std::optional<typename P::settings> const& of() const noexcept {
            return static_cast<configured<P> const&>(*this).own;
        }
    };

    /// What keeps a cloud from working: its name and the setting.
    struct problem {
        std::string_view cloud;
        settings_problem what;
    };

private:
    struct configuration : ready<Ps>... {
        explicit configuration(settings s) : given{std::move(s)} { (locate<Ps>(), ...); }
        configuration(configuration&&) = delete;
        template <class P>
        void locate() {
            auto const& entry = static_cast<configured<P> const&>(given).own;
            if (!entry) return;
            static_cast<ready<P>&>(*this).own = &*entry;
            static_cast<ready<P>&>(*this).at = P::locate(*entry);
        }
        settings given;
    };

public:
    /// What was decided. Owns all it needs: it outlives the request, a reload and the service.
    class upload_plan {
    public:
        [[nodiscard]] upload_scope const& scope() const noexcept { return what_.scope; }
        [[nodiscard]] decision const& decided() const noexcept { return what_; }
        [[nodiscard]] std::string_view cloud() const noexcept { return steps_->name; }
        /// Whether `complete` can answer without an exchange.
        [[nodiscard]] bool is_local() const noexcept { return what_.form_only || !steps_->asks; }

    private:
        friend sts_service;
        upload_plan(steps const& of, std::shared_ptr<configuration const> with, decision const& what)
            : steps_{&of}, with_{std::move(with)}, what_{what} {}
        steps const* steps_;  // its provider's: the caller's number is looked up once, at the border
        std::shared_ptr<configuration const> with_;  // a reload does not reach a plan under way
        decision what_;
    };

    explicit sts_service(settings s) : configuration_{std::make_shared<configuration const>(std::move(s))} {}
    sts_service(sts_service&&) noexcept = default;
    sts_service& operator=(sts_service&&) noexcept = default;

    /// Every setting that cannot be used. A cloud with one answers `invalid_settings`.
    [[nodiscard]] std::vector<problem> problems() const {
        std::vector<problem> found;
        (add_problem<Ps>(found), ...);
        return found;
    }
    /// Whether a cloud is compiled in and has settings.
    [[nodiscard]] bool serves(std::uint8_t type) const noexcept {
        return table[type] && table[type]->configured(*configuration_);
    }
    /// The name of a cloud that is compiled in, else empty.
    [[nodiscard]] static constexpr std::string_view cloud_name(std::uint8_t type) noexcept {
        return table[type] ? table[type]->name : std::string_view{};
    }

    /// Calls `visit.template operator()<P>()` for each cloud of the list.
    template <class Visit>
    static constexpr void for_each_cloud(Visit visit) {
        (visit.template operator()<Ps>(), ...);
    }

    /// Decides once: validates and builds the key.
    /// @par Errors unsupported_cloud, not_configured, form_not_configured, invalid_settings, missing_field,
    /// invalid_field,
    ///   scope_too_long, unsafe_scope (the root).
    [[nodiscard]] result<upload_plan> plan(upload_request const& r, fresh const& f) const {
        auto const* of = table[r.type];
        if (!of) return failure{errc::unsupported_cloud, "type"};
        detail::checked_request request{r};
        auto const valid = request.check();
        if (!valid) return valid.error();
        auto const what = of->decide(*configuration_, **valid, f);
        if (!what) return what.error();
        return upload_plan{*of, configuration_, *what};
    }

    /// The signed request to the cloud's STS, or none for a local grant. To retry, ask again with fresh time and nonce.
    /// @par Errors scope_too_long, unsafe_scope (the policy's evaluator disagrees), crypto_failed.
    [[nodiscard]] result<std::optional<http_request>> exchange(upload_plan const& p, attempt const& a) {
        try {
            return p.steps_->request(*p.with_, p.what_, a, caches_);
        } catch (crypto_error const&) {
            return failure{errc::crypto_failed};
        }
    }

    /// Reads the answer (`{}` of a local grant) and signs the voucher.
    /// @param recycled An old grant whose memory may be used again.
    /// @par Errors throttled, unavailable, clock_skew, denied, malformed_response, crypto_failed.
    [[nodiscard]] result<grant> complete(upload_plan const& p, http_response const& r, utc_seconds now,
                                         grant recycled = {}) {
        try {
            return p.steps_->finish(*p.with_, p.what_, r, now, caches_, std::move(recycled));
        } catch (crypto_error const&) {
            return failure{errc::crypto_failed};
        }
    }

private:
    struct steps {
        std::string_view name;
        bool asks;  // an STS, unless the form alone is wanted
        bool (*configured)(configuration const&) noexcept;
        result<decision> (*decide)(configuration const&, upload_request const&, fresh const&);
        result<std::optional<http_request>> (*request)(configuration const&, decision const&, attempt const&, caches&);
        result<grant> (*finish)(configuration const&, decision const&, http_response const&, utc_seconds, caches&,
                                grant);
    };

    template <class P>
    void add_problem(std::vector<problem>& found) const {
        auto const& at = static_cast<ready<P> const&>(*configuration_).at;
        if (at && !*at) found.push_back({P::name, at->error()});
    }
    template <class P>
    static located<typename P::settings> cloud(configuration const& all) noexcept {
        return {*static_cast<ready<P> const&>(all).own, **static_cast<ready<P> const&>(all).at};
    }
    template <class P>
    static bool is_configured(configuration const& all) noexcept {
        return static_cast<ready<P> const&>(all).own != nullptr;
    }
    template <class P>
    static result<decision> decide(configuration const& all, upload_request const& r, fresh const& f) {
        auto const* own = static_cast<ready<P> const&>(all).own;
        if (!own) return failure{errc::not_configured, "type"};
        if (!*static_cast<ready<P> const&>(all).at)
            return failure{errc::invalid_settings, static_cast<ready<P> const&>(all).at->error().field};
        if (r.form_only && !own->form) return failure{errc::form_not_configured, "grant"};
        if (r.need_callback && all.given.callback_url.empty()) return failure{errc::invalid_field, "isNeedCallback"};
        auto const scope = P::path_builder::scope(all.given.root, r, f);
        if (!scope) return scope.error();
        // the type of the scope must fit what was asked for, whoever built it
        if (scope->is_prefix() != r.is_dir) return failure{errc::unsafe_scope};
        return decision{*scope, f.object_id, r.module, r.platform, r.need_callback, r.form_only, f.request_id};
    }
    template <class P>
    static result<std::optional<http_request>> request(configuration const& all, decision const& what, attempt const& a,
                                                       caches& c) {
        if constexpr (asks_sts<P>) {
            if (!what.form_only) {
                auto const own = cloud<P>(all);
                auto const policy = P::token_issuer::session_policy(own, what);
                if (!policy) return policy.error();
                // on the text as it will be sent: exactly this upload, or nothing is asked for
                auto const may = [&](store_action action) { return P::token_issuer::may(action, what); };
                if (!is_exactly(P::token_issuer::policy(own, *policy), {own.own.bucket, what.scope}, may))
                    return failure{errc::unsafe_scope};
                auto made = P::token_issuer::request(own, what, *policy, a, static_cast<kept<P>&>(c).keys);
                if (!made) return made.error();
                return std::optional<http_request>{std::move(*made)};
            }
        }
        return std::optional<http_request>{};
    }
    template <class P>
    static result<grant> finish(configuration const& all, decision const& what, http_response const& r, utc_seconds now,
                                caches& c, grant into) {
        auto const own = cloud<P>(all);
        // on the typed policy that every voucher is written from
        if (!is_exactly(upload_permission{own.own.bucket, what.scope})) return failure{errc::unsafe_scope};
        if constexpr (asks_sts<P>) {
            if (!what.form_only) {
                auto const issued = P::token_issuer::parse(own, r, now);
                if (!issued) return issued.error();
                bool const by_form = own.own.voucher_key == "form";
                auto const token = issued->security_token.reveal();
                fill<P>(all, what,
                        {by_form ? *own.own.form : issued->key, by_form ? std::string_view{} : token, now,
                         issued->expiration},
                        c, into);
                into.put(grant::access_key_id, {issued->key.id});
                into.put(grant::secret_access_key, {issued->key.value.reveal()});  // the only secret that ever leaves
                into.put(grant::security_token, {token});
                return into;
            }
        }
        auto const until = now + std::chrono::seconds{own.own.duration_seconds};
        fill<P>(all, what, {what.form_only ? *own.own.form : own.own.root, {}, now, until}, c, into);
        return into;
    }
    template <class P>
    static void fill(configuration const& all, decision const& what, signing const& with, caches& c, grant& into) {
        auto const own = cloud<P>(all);
        into.start_over(P::signer::form, P::signer::callback_headers);
        into.type = P::type;
        into.is_dir = what.scope.is_prefix();
        into.module = what.module;
        into.object_id = what.object_id;
        into.max_size = own.own.max_size;
        into.start = with.now;
        into.server_time = with.now;
        into.expiration = with.expiration;
        into.put(grant::access_key_id, {with.key.id});
        into.put(grant::bucket, {own.own.bucket});
        into.put(grant::endpoint, {own.at.endpoint});
        into.put(grant::bucket_endpoint, {own.at.bucket_endpoint});
        into.put(grant::form_url, {own.at.form_url});
        into.put(grant::region, {own.at.region});
        into.put(grant::relative_path, {what.scope.text()});
        if (what.need_callback) {
            into.has_callback = true;
            into.put(grant::callback_url, {all.given.callback_url});
        }
        P::signer::sign(own, what, with, static_cast<kept<P>&>(c).keys, into);
    }

    template <class P>
    static constexpr steps steps_of{P::name, asks_sts<P>, &is_configured<P>, &decide<P>, &request<P>, &finish<P>};
    static constexpr auto table = [] {  // null: 5, and every cloud left out. A byte cannot miss it.
        std::array<steps const*, 256> t{};
        ((t[Ps::type] = &steps_of<Ps>), ...);
        return t;
    }();

    std::shared_ptr<configuration const> configuration_;
    caches caches_{};
};

}  // namespace valetkey
