/// Any status, body and date as the answer of each STS: keys that can be used and end in the future, or an error.

#include "clouds.hpp"

namespace {

using namespace fuzz;

bool is_printable(std::string_view text) {
    for (char const c : text)
        if (c <= ' ' || c > '~') return false;
    return !text.empty();
}

/// One cloud with settings of one variant, and a plan that awaits an answer.
template <class P>
struct waiting {
    explicit waiting(unsigned variant) : own{good_settings<P>(variant)}, service{settings_of(own)} {
        upload_request r;
        r.type = P::type;
        r.extension = "mp4";
        plan = service.plan(r, fresh_values());
        require(plan.has_value(), P::name, "no plan");
    }
    static typename sts_service<P>::settings settings_of(typename P::settings const& own) {
        typename sts_service<P>::settings all;
        all.root = "test";
        all.template of<P>() = own;
        return all;
    }
    typename P::settings own;
    sts_service<P> service;
    result<typename sts_service<P>::upload_plan> plan{failure{errc::not_configured}};
};

bool may_fail_with(errc what) {
    return what == errc::throttled || what == errc::unavailable || what == errc::clock_skew || what == errc::denied ||
           what == errc::malformed_response;
}

/// An honest answer, with some of its values replaced by the input's. Its end may be any time, well written.
template <class P>
std::string_view near_an_answer(input& in, typename P::settings const& own, std::string& body) {
    unsigned const which = in.byte();
    auto end = now + std::chrono::hours{1};
    if (which & 128U) end = now + std::chrono::seconds{in.number<std::int32_t>() / 1024};
    auto const iso = timestamp{end}.iso();
    decimal const number{end.time_since_epoch().count()};
    issued_texts texts{.end = iso, .end_number = number};
    for (unsigned i = 0;
         std::string_view * text : {&texts.id, &texts.value, &texts.token, &texts.end, &texts.end_number})
        if (which >> i++ & 1U) *text = in.text(40);
    body.clear();
    if constexpr (requires { vendor<P>::answer(body, own, texts); }) vendor<P>::answer(body, own, texts);
    if (which & 32U) body.resize(in.number<std::uint16_t>() % (body.size() + 1));
    if (which & 64U) body.insert(in.number<std::uint16_t>() % (body.size() + 1), in.rest());
    return body;
}

/// The end stands in the answer, where that writes nothing as an escape.
bool names_end(std::string_view body, utc_seconds end) {
    if (body.find_first_of("\\&") != std::string_view::npos) return true;
    auto const iso = timestamp{end}.iso();
    return body.find(iso.view().substr(0, 19)) != std::string_view::npos ||
           body.find(decimal{end.time_since_epoch().count()}) != std::string_view::npos;
}

template <class P>
void run(input in, unsigned variant) {
    static waiting<P> all[] = {waiting<P>{0}, waiting<P>{1}, waiting<P>{2}, waiting<P>{3}};
    auto& [own, service, plan] = all[variant % std::size(all)];
    constexpr int statuses[] = {200, 201, 204, 302, 400, 401, 403, 404, 408, 429, 500, 503};
    unsigned const how = in.byte();
    int const status = how & 1U ? statuses[in.byte() % std::size(statuses)] : 200;
    std::optional<utc_seconds> date;
    if (how & 2U) date = now + std::chrono::seconds{in.number<std::int16_t>()};
    static std::string made;
    static grant memory;
    auto const body = how & 4U ? near_an_answer<P>(in, own, made) : in.rest();
    auto granted = service.complete(*plan, {status, body, date}, now, std::move(memory));
    if (!granted) {
        auto const& f = granted.error();
        require(may_fail_with(f.what), P::name, "an error that no STS causes", name_of(f.what));
        for (std::string_view const text : {std::string_view{f.vendor_code}, std::string_view{f.vendor_request}})
            require(text.size() <= 128 && text.find_first_of("\r\n\x1b") == std::string_view::npos, P::name, text);
        return;
    }
    auto const& g = *granted;
    if (!asks_sts<P>) return;
    require(status == 200 || status == 201, P::name, "keys out of a refusal", body);
    for (auto const part : {grant::access_key_id, grant::secret_access_key, grant::security_token})
        require(is_printable(g[part]), P::name, "keys that cannot be used", g[part]);
    if (g.expiration <= now || g.expiration > now + std::chrono::days{7}) wider(P::name, "the end", body);
    require(!vendor<P>::ends_in_utc || names_end(body, g.expiration), P::name, "an end that nobody named", body);
    memory = std::move(*granted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    unsigned const which = in.byte();
    every_cloud::pick(which, [&]<class P>() {
        if constexpr (asks_sts<P>) run<P>(in, which / static_cast<unsigned>(every_cloud::count));
    });
    return 0;
}
