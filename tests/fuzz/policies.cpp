/// Any request, and any settings that their check lets through, for each cloud: what is granted allows the planned
/// upload and nothing beside it. The session policy and the voucher are read as they are sent and asked by the
/// evaluators.

#include "clouds.hpp"
#include "keys.hpp"

#include <valetkey/encoding/json_text.hpp>
#include <valetkey/encoding/percent.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <algorithm>
#include <chrono>

namespace {

using namespace fuzz;

/// How often each is asked about one input; the input decides which of the keys.
constexpr unsigned keys_asked = 5;
constexpr unsigned vouchers_asked = 2;

/// Bytes as letters of an alphabet: most inputs shall get past the checks.
std::string mapped(std::string_view bytes, std::string_view alphabet) {
    std::string out{bytes};
    for (char& c : out) c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    return out;
}
constexpr std::string_view lower_case = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view of_names = "abcdefghijklmnopqrstuvwxyz0123456789-";
constexpr std::string_view of_keys = "abcdefghijklmnopqrstuvwxyz-_./";
constexpr std::string_view marks = "aZ09-_.:/*?$%\"\\ =+,@;{}&#'<>|!~`[]()^";

/// Some settings become anything; whether they may be is for the settings' check to say.
template <class Settings>
void change_settings(Settings& own, input& in) {
    unsigned const which = in.byte();
    unsigned at = 0;
    for_each_setting(own, [&](std::string_view name, auto& member) {
        if constexpr (std::is_same_v<decltype(member), std::string&>) {
            bool const is_one_word = name == "voucher_key" || name == "api";
            if (is_one_word || (which & 192U) != 192 || !(which >> (at++ % 6) & 1U)) return;
            unsigned const how = in.byte();
            auto const bytes = in.text(70);
            switch (how % 8) {
                case 0: member = bytes; break;
                case 1: member = mapped(bytes, marks); break;
                case 2: member.insert(how / 8 % (member.size() + 1), mapped(bytes, marks)); break;
                case 3: member.resize(how / 8 % (member.size() + 1)); break;
                case 4: member = mapped(bytes, of_names); break;
                default: member.insert(how / 8 % (member.size() + 1), mapped(bytes, of_names)); break;
            }
        }
    });
    unsigned const more = in.byte();
    if (more & 1U) own.max_size = in.number<std::uint32_t>();
    if (more & 2U) own.duration_seconds = 900 + in.number<std::uint16_t>();
    if (more & 4U) own.voucher_key = "form";
    if (more % 16 == 8) own.form.reset();
    own.allow_http = (more & 16U) != 0;
}

/// A request and the texts that it borrows.
struct request_texts {
    std::string extension;
    std::string uuid;
};
upload_request read_request(input& in, request_texts& texts) {
    upload_request r;
    unsigned const flags = in.byte();
    bool const raw = flags / 32 == 7;
    r.is_dir = flags & 1U;
    r.need_callback = flags & 2U;
    r.platform = flags & 4U ? client_platform::web : client_platform::app;
    r.module = static_cast<upload_module>(raw ? in.byte() : 1 + in.byte() % 6);
    r.project_id = in.number<std::uint16_t>() + (raw ? 0U : 1U);
    auto const extension = in.text(17);
    texts.extension = raw ? std::string{extension} : mapped(extension, lower_case) + (extension.empty() ? "mp4" : "");
    texts.uuid = raw ? std::string{in.text(40)} : mapped(in.take(8), "0123456789abcdefABCDEF");
    if (!raw) texts.uuid.resize(32, '7');
    r.extension = texts.extension;
    r.uuid = texts.uuid;
    return r;
}

/// What the platform's own client cannot do without, and nobody else gets.
bool is_for_browsers(store_action action, decision const& what) {
    return what.platform == client_platform::web &&
           (action == store_action::list_uploads || action == store_action::read);
}

bool is_upload(store_action action) {
    return action == store_action::put || action == store_action::abort_upload || action == store_action::list_parts;
}

bool has_capital(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

template <class P, class Policy>
void ask_session(Policy const& policy, std::string_view bucket, decision const& what, std::uint64_t seed,
                 std::string_view extra) {
    bool const prefix = what.scope.is_prefix();
    key_maker keys{what.scope};
    bucket_maker buckets;
    auto const answer = [&](store_action action, std::string_view in, std::string_view key) {
        auto const said = policy.ask({action, in, key});
        // whether names have letter case is not documented for every vendor: then the answer is neither
        bool const open = has_capital(key) || has_capital(in) || has_capital(bucket);
        require(said != policy_answer::unreadable || open, P::name, "its own policy is unreadable", key);
        return said == policy_answer::allowed;
    };
    auto const must_deny = [&](store_action action, std::string_view in, std::string_view key) {
        if (answer(action, in, key)) wider(P::name, "session policy", decimal{static_cast<int>(action)}, in, key);
    };
    for (unsigned i = 0; i < keys_asked; ++i, seed = spread({}, seed + i)) {
        auto const key = keys.make(static_cast<unsigned>(seed >> 8U), seed, extra);
        if (side_of(what.scope, key) == side::outside)
            must_deny(seed & 1U ? store_action::put : every_action[seed % every_action.size()], bucket, key);
    }
    auto const action = every_action[(seed >> 16U) % every_action.size()];
    auto const own = keys.inside(prefix, seed, extra);
    require(answer(store_action::put, bucket, own), P::name, "the upload itself is denied", own);
    if (is_upload(action)) {
        // one vendor sells list-parts with reading alone, so only to browsers, whose client needs it
        bool const needed = action != store_action::list_parts || what.platform == client_platform::web;
        require(answer(action, bucket, own) || !needed, P::name, "a part of the upload is denied", own);
    } else if (!P::token_issuer::may(action, what) || !is_for_browsers(action, what)) {
        must_deny(action, bucket, is_of_bucket(action) ? std::string_view{} : own);
        must_deny(action, bucket, own);
    }
    must_deny(is_upload(action) ? action : store_action::put,
              buckets.make(bucket, static_cast<unsigned>(seed >> 24U), seed, extra), own);
}

/// The policy stands in the request as it was judged: as it is, percent-encoded, or inside a JSON string.
bool is_sent(http_request const& sent, std::string_view policy) {
    static std::string form;
    auto const holds = [&](std::string_view text) {
        return sent.body.find(text) != std::string::npos || sent.url.find(text) != std::string::npos;
    };
    if (holds(policy)) return true;
    form = percent_encoded(policy);
    if (holds(form)) return true;
    form.clear();
    append_json_escaped(form, policy);
    return holds(form);
}

template <class P, class Service>
void judge_session(Service& service, typename Service::upload_plan const& plan, located<typename P::settings> cloud,
                   std::uint64_t seed, std::string_view extra) {
    if constexpr (asks_sts<P>) {
        auto const& what = plan.decided();
        auto const text = P::token_issuer::session_policy(cloud, what);
        if (!text) {
            require(text.error().what == errc::scope_too_long, P::name, "no session policy");
            return;
        }
        require(!text->empty(), P::name, "an empty session policy");
        ask_session<P>(P::token_issuer::policy(cloud, *text), cloud.own.bucket, what, seed, extra);
        if (seed >> 32U & 7U) return;
        auto const sent = service.exchange(plan, {now, {}});
        require(sent.has_value(), P::name, "the guard refuses a good policy", *text);
        require(sent->has_value() && is_sent(**sent, *text), P::name, "another policy is sent", *text);
    }
}

/// What no answer may hold.
void require_no_secret(std::string_view cloud, std::string_view text) {
    require(text.find(root_secret) == std::string_view::npos && text.find(form_secret) == std::string_view::npos, cloud,
            "a long-term secret leaves", text);
}

template <class P>
void judge_voucher(grant const& g, typename P::settings const& own, decision const& what, std::uint64_t seed,
                   std::string_view extra) {
    static std::string policy;
    decode_base64(g[grant::policy], policy);
    require_no_secret(P::name, policy);
    std::vector<std::pair<std::string, std::string>> fields;
    std::string* posted_key = nullptr;
    std::size_t token_at = 0;
    fields.reserve(g.form().size());
    for (auto const& field : g.form()) {
        if (!g.has(field.value)) continue;
        if (field.value == grant::security_token || g[field.value] == g[grant::security_token])
            token_at = fields.size() + 1;
        fields.emplace_back(field.name, g[field.value]);
        if (fields.back().first == "key") posted_key = &fields.back().second;
    }
    require(posted_key && *posted_key == what.scope.text(), P::name, "the form's key is another one");
    auto const ask = [&](std::string_view bucket, std::string_view key, std::uint64_t bytes, utc_seconds at) {
        posted_key->assign(key);
        auto const said = vendor<P>::ask(policy, {bucket, fields, bytes, true}, at);
        require(said != form_answer::unreadable, P::name, "its own form policy is unreadable", policy);
        return said == form_answer::allowed;
    };
    key_maker keys{what.scope};
    bucket_maker buckets;
    for (unsigned i = 0; i < vouchers_asked; ++i, seed = spread({}, seed + i)) {
        auto const key = keys.make(static_cast<unsigned>(seed >> 8U), seed, extra);
        if (side_of(what.scope, key) == side::outside && ask(own.bucket, key, 1, now))
            wider(P::name, "voucher", own.bucket, key, policy);
    }
    auto const inside = keys.inside(what.scope.is_prefix(), seed, extra);
    auto const must_refuse = [&](char const* why, std::string_view bucket, std::uint64_t bytes, utc_seconds at) {
        if (ask(bucket, inside, bytes, at)) wider(P::name, "voucher", why, bucket, policy);
    };
    require(ask(own.bucket, inside, own.max_size, now), P::name, "the upload itself is refused", inside, policy);
    switch (seed >> 24U & 7U) {
        case 0: return must_refuse("an empty file", own.bucket, 0, now);
        case 1: return must_refuse("a file that is too large", own.bucket, own.max_size + 1, now);
        case 2: return must_refuse("its end has passed", own.bucket, 1, g.expiration + std::chrono::seconds{1});
        case 3:
            if (!token_at || g[grant::security_token].empty() || !vendor<P>::pins_token) return;
            // a voucher of the upload identity has none
            fields[token_at - 1].second += "x";
            return must_refuse("another token", own.bucket, 1, now);
        default:
            return must_refuse("another bucket",
                               buckets.make(own.bucket, static_cast<unsigned>(seed >> 16U), seed, extra), 1, now);
    }
}

template <class P>
void judge_grant(result<grant> const& granted, typename P::settings const& own, decision const& what, utc_seconds end,
                 std::uint64_t seed, std::string_view extra) {
    require(granted.has_value(), P::name, "no grant", granted ? "" : name_of(granted.error().what));
    require(granted->expiration == end, P::name, "another end");
    static std::string json;
    json.clear();
    append_grant_json(json, *granted);
    require_no_secret(P::name, json);
    judge_voucher<P>(*granted, own, what, seed, extra);
}

template <class P>
void run(input in, std::uint64_t seed) {
    using service_type = sts_service<P>;
    auto own = good_settings<P>(in.byte());
    change_settings(own, in);
    typename service_type::settings all;
    unsigned mode = in.byte();
    if (!asks_sts<P> && mode % 3 == 0) ++mode;  // there is no session to ask about
    all.root =
        mode & 128U ? mode & 64U ? std::string{in.text(200)} : "r" + mapped(in.text(200), of_keys) + "r" : "test";
    all.callback_url = "https://app.example.com/upload/callback";
    static request_texts texts;
    auto r = read_request(in, texts);
    r.type = P::type;
    r.form_only = mode % 3 == 1;
    auto const site = P::locate(own);
    all.template of<P>() = own;
    service_type service{std::move(all)};
    if (!site) return;
    auto const plan = service.plan(r, fresh_values(in.number<std::uint32_t>()));
    if (!plan) return;
    auto const& what = plan->decided();
    if (!is_safe_key(what.scope.text(), r.is_dir)) wider(P::name, what.scope.text());
    if (mode % 3 == 0) return judge_session<P>(service, *plan, {own, *site}, seed, in.rest());
    if (r.form_only || !asks_sts<P>) {
        auto const end = now + std::chrono::seconds{own.duration_seconds};
        return judge_grant<P>(service.complete(*plan, {}, now), own, what, end, seed, in.rest());
    }
    if constexpr (asks_sts<P>) {
        auto const end = now + std::chrono::seconds{1 + in.number<std::uint16_t>()};
        decimal const number{end.time_since_epoch().count()};
        auto const iso = timestamp{end}.iso();
        static std::string body;
        body.clear();
        vendor<P>::answer(body, own, {.end = iso, .end_number = number});
        judge_grant<P>(service.complete(*plan, {200, body, {}}, now), own, what, end, seed, in.rest());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    auto const seed = spread(in.rest());
    auto const which = in.byte();
    every_cloud::pick(which, [&]<class P>() { run<P>(in, seed); });
    return 0;
}
