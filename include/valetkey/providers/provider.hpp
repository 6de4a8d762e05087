#pragma once
/// @file
/// What makes a struct a cloud, as a concept that speaks: the compiler's first error is the sentence that helps.

#include <valetkey/credentials.hpp>
#include <valetkey/grant.hpp>
#include <valetkey/http_message.hpp>
#include <valetkey/policy/question.hpp>
#include <valetkey/providers/store.hpp>
#include <valetkey/result.hpp>
#include <valetkey/upload_request.hpp>
#include <valetkey/upload_scope.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

/// What was decided for one request. Owns all it needs.
struct decision {
    upload_scope scope;
    std::uint64_t object_id = 0;
    upload_module module{};
    client_platform platform{};
    bool need_callback = false;
    bool form_only = false;
    fixed_text<32> request_id{};
};

/// Who signs a voucher, and for how long it is good.
struct signing {
    access_key const& key;
    std::string_view security_token;  ///< empty: a long-term key
    utc_seconds now;
    utc_seconds expiration;
};

/// A cloud's settings, and the addresses that follow from them.
template <class Settings>
struct located {
    Settings const& own;
    site const& at;
};

/// The token issuer of a cloud whose voucher is all there is.
struct local_only {};

template <class P>
concept has_identity = requires {
    { P::type } -> std::convertible_to<std::uint8_t>;
    { P::name } -> std::convertible_to<std::string_view>;
};
template <class P>
concept has_settings = std::derived_from<typename P::settings, store_settings> &&
    requires(typename P::settings const& s) {
    { P::locate(s) } -> std::same_as<checked<site>>;
};
template <class P>
concept has_path_builder = requires(std::string_view root, upload_request const& r, fresh const& f) {
    { P::path_builder::scope(root, r, f) } -> std::same_as<result<upload_scope>>;
};
template <class P>
concept has_signer = std::default_initializable<typename P::cache> &&
    requires(located<typename P::settings> const& cloud, decision const& d, signing const& with,
             typename P::cache& kept, grant& into) {
    P::signer::sign(cloud, d, with, kept, into);
    std::span<grant::field const>{P::signer::form};
    std::span<grant::field const>{P::signer::callback_headers};
};
template <class P>
concept asks_sts = requires(located<typename P::settings> const& cloud, decision const& d, attempt const& a,
                            typename P::cache& kept, http_response const& r, std::string_view policy) {
    { P::token_issuer::session_policy(cloud, d) } -> std::same_as<result<std::string>>;
    { P::token_issuer::policy(cloud, policy).ask(policy_question{}) } -> std::same_as<policy_answer>;
    { P::token_issuer::may(store_action{}, d) } -> std::same_as<bool>;
    { P::token_issuer::request(cloud, d, policy, a, kept) } -> std::same_as<result<http_request>>;
    { P::token_issuer::parse(cloud, r, a.now) } -> std::same_as<result<temporary_credentials>>;
};
template <class P>
concept has_token_issuer = std::same_as<typename P::token_issuer, local_only> || asks_sts<P>;

template <class P>
consteval bool check_provider() {
    static_assert(has_identity<P>, "valetkey: a provider needs `static constexpr std::uint8_t type` and `name`");
    static_assert(has_settings<P>,
                  "valetkey: a provider needs `settings` derived from store_settings and `locate(settings)` "
                  "that returns checked<site>");
    static_assert(has_path_builder<P>,
                  "valetkey: `path_builder::scope(root, request, fresh)` must return result<upload_scope>");
    static_assert(has_signer<P>,
                  "valetkey: a provider needs `cache`, and `signer` with `form`, `callback_headers` and "
                  "sign(located, decision, signing, cache&, grant&)");
    static_assert(
        has_token_issuer<P>,
        "valetkey: `token_issuer` is local_only, or has pure session_policy(…), policy(…), may(…), request(…) and "
        "parse(…)");
    return true;
}

template <class... Ps>
constexpr bool distinct_types = [] {
    std::array<bool, 256> seen{};
    return (!std::exchange(seen[Ps::type], true) && ...);
}();

}  // namespace valetkey
