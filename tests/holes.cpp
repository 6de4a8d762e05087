/// What would be a hole in any cloud: a voucher or a session policy that says more than the plan, for each cloud of the
/// library. tests/mutations puts such holes back and sees that they are noticed.

#include <valetkey/gateway/request_json.hpp>

#include <boost/json/parse.hpp>
#include "support/catch.hpp"

#include "fuzz/clouds.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace valetkey;
using fuzz::now;

namespace {

using fields = std::vector<std::pair<std::string, std::string>>;

template <class P>
upload_request ask() {
    upload_request r;
    r.type = P::type;
    r.extension = "mp4";
    return r;
}
template <class P>
typename sts_service<P>::settings settings_of(typename P::settings own) {
    typename sts_service<P>::settings all;
    all.root = "test";
    all.template of<P>() = std::move(own);
    return all;
}

/// One grant, and what its store says of uploads with its form.
template <class P>
class posting {
public:
    explicit posting(grant const& g) : bucket_{g[grant::bucket]} {
        fuzz::decode_base64(g[grant::policy], policy_);
        for (auto const& field : g.form())
            if (g.has(field.value)) fields_.emplace_back(field.name, g[field.value]);
    }
    [[nodiscard]] std::string const& policy() const { return policy_; }
    [[nodiscard]] std::string& field(std::string_view name) {
        return std::find_if(fields_.begin(), fields_.end(), [&](auto const& f) { return f.first == name; })->second;
    }
    /// The field whose value this is; null when there is none.
    [[nodiscard]] std::string* field_with(std::string_view value) {
        auto const at = std::find_if(fields_.begin(), fields_.end(), [&](auto const& f) { return f.second == value; });
        return at == fields_.end() ? nullptr : &at->second;
    }
    void move_to(std::string_view bucket) { bucket_ = bucket; }
    [[nodiscard]] bool allowed(std::string_view key, std::uint64_t bytes, utc_seconds at) {
        field("key") = key;
        return fuzz::vendor<P>::ask(policy_, {bucket_, fields_, bytes, true}, at) == form_answer::allowed;
    }

private:
    std::string bucket_;
    std::string policy_;
    fields fields_;
};

constexpr std::uint64_t most = 1000;
auto const end = now + std::chrono::minutes{30};

/// The voucher beside the keys of an STS; of a cloud without one, or with `form_only`, the local one.
template <class P>
grant granted(bool is_dir, bool form_only) {
    sts_service<P> service{settings_of<P>(fuzz::good_settings<P>(1))};
    auto r = ask<P>();
    r.is_dir = is_dir;
    r.form_only = form_only;
    auto const plan = service.plan(r, fuzz::fresh_values());
    REQUIRE(plan);
    std::string body;
    if constexpr (asks_sts<P>) {
        auto const iso = timestamp{end}.iso();
        decimal const number{end.time_since_epoch().count()};
        fuzz::vendor<P>::answer(body, fuzz::good_settings<P>(1), {.end = iso, .end_number = number});
    }
    auto g = service.complete(*plan, {200, body, {}}, now);
    REQUIRE(g);
    return std::move(*g);
}

/// AWS with one part that is not to be trusted.
struct careless_settings : aws {
    static constexpr std::string_view name = "careless settings";
    static checked<site> locate(settings const& own) {
        return locate_store(own, own.region, "https://store.example", "https://sts.example", bucket_place::in_path);
    }
};
template <int Hole>
struct careless_policy : aws {
    struct token_issuer : aws::token_issuer {
        static result<std::string> session_policy(located<settings> const& cloud, decision const& what) {
            auto text = *aws::token_issuer::session_policy(cloud, what);
            auto const put = [&](std::string_view old, std::string_view by) {
                auto const at = text.find(old);
                REQUIRE(at != std::string::npos);
                text.replace(at, old.size(), by);
            };
            switch (Hole) {
                case 0: break;
                case 1: put("vk-demo/test", "vk-demo/*/test"); break;
                case 2: put(".mp4", ".mp4*"); break;
                case 3: put("\"s3:PutObject\"", "\"s3:PutObject\",\"s3:GetObject\""); break;
                case 4: put("vk-demo/", "*/"); break;
                default: text.clear();
            }
            return text;
        }
    };
};
template <class P>
result<std::optional<http_request>> exchanged() {
    sts_service<P> service{settings_of<P>(fuzz::good_settings<aws>(1))};
    return service.exchange(*service.plan(ask<P>(), fuzz::fresh_values()), {now, {}});
}

}  // namespace

TEST_CASE("each cloud: a voucher is for this key or prefix, these sizes, and ends with the keys", "[holes][voucher]") {
    fuzz::every_cloud::each([]<class P>() {
        for (bool const is_dir : {false, true}) {
            for (bool const form_only : {false, true}) {
                auto const g = granted<P>(is_dir, form_only);
                posting<P> post{g};
                INFO(P::name << (is_dir ? " prefix " : " key ") << post.policy());
                std::string const own{g[grant::relative_path]};
                auto const inside = is_dir ? own + "a/b.txt" : own;
                CHECK(post.allowed(inside, 1, now));
                CHECK(post.allowed(inside, most, now));
                CHECK_FALSE(post.allowed(inside, 0, now));
                CHECK_FALSE(post.allowed(inside, most + 1, now));
                CHECK(post.allowed(inside, 1, g.expiration - std::chrono::seconds{1}));
                CHECK_FALSE(post.allowed(inside, 1, g.expiration + std::chrono::seconds{1}));
                if (asks_sts<P> && !form_only) CHECK(g.expiration == end);
                auto const stem = own.substr(0, own.size() - 1);
                for (auto const& key : {stem, stem + "x", stem + "x/a", own.substr(0, own.rfind('/', own.size() - 2)),
                                        "x" + own, std::string{"x"}}) {
                    INFO(key);
                    CHECK_FALSE(post.allowed(key, 1, now));
                }
                if (!is_dir) CHECK_FALSE(post.allowed(own + "x", 1, now));
                post.move_to(std::string{g[grant::bucket]} + "x");
                CHECK_FALSE(post.allowed(inside, 1, now));
            }
        }
    });
}

TEST_CASE("each cloud: a session policy, as it is sent, is this key or prefix, and the upload alone",
          "[holes][session]") {
    fuzz::every_cloud::each([]<class P>() {
        if constexpr (asks_sts<P>) {
            for (unsigned const kind : {0U, 1U, 2U, 3U}) {
                auto const own = fuzz::good_settings<P>(1);
                sts_service<P> const service{settings_of<P>(own)};
                auto r = ask<P>();
                r.is_dir = (kind & 1U) != 0;
                r.platform = kind & 2U ? client_platform::web : client_platform::app;
                auto const plan = service.plan(r, fuzz::fresh_values());
                REQUIRE(plan);
                auto const& what = plan->decided();
                auto const site = P::locate(own);
                located<typename P::settings> const cloud{own, *site};
                auto const text = P::token_issuer::session_policy(cloud, what);
                REQUIRE(text);
                INFO(P::name << " " << *text);
                auto const policy = P::token_issuer::policy(cloud, *text);
                auto const allows = [&](store_action action, std::string_view bucket, std::string_view key) {
                    return policy.ask({action, bucket, key}) == policy_answer::allowed;
                };
                std::string const scope{what.scope.text()};
                auto const inside = r.is_dir ? scope + "a/b.txt" : scope;
                auto const stem = scope.substr(0, scope.size() - 1);
                CHECK(allows(store_action::put, own.bucket, inside));
                CHECK(allows(store_action::abort_upload, own.bucket, inside));
                for (auto const action : every_action) {
                    INFO(static_cast<int>(action));
                    bool const upload = action == store_action::put || action == store_action::abort_upload ||
                                        action == store_action::list_parts;
                    // a browser's client may need one of these two, at its own key
                    bool const needed = r.platform == client_platform::web &&
                                        (action == store_action::list_uploads || action == store_action::read);
                    if (!upload && !needed) CHECK_FALSE(allows(action, own.bucket, inside));
                    if (is_of_bucket(action)) CHECK_FALSE(allows(action, own.bucket, ""));
                    for (auto const& key : {std::string{"x"}, stem, stem + "x", stem + "x/a", "x" + scope,
                                            scope.substr(0, scope.rfind('/', scope.size() - 2) + 1)})
                        CHECK_FALSE(allows(action, own.bucket, key));
                    CHECK_FALSE(allows(action, own.bucket + "x", inside));
                    CHECK_FALSE(allows(action, own.bucket.substr(1), inside));
                }
            }
        }
    });
}

TEST_CASE("each cloud: a voucher works with its own token alone, where the vendor's form has one to pin",
          "[holes][voucher]") {
    fuzz::every_cloud::each([]<class P>() {
        if (!asks_sts<P> || !fuzz::vendor<P>::pins_token) return;
        INFO(P::name);
        auto const g = granted<P>(false, false);
        posting<P> post{g};
        CHECK(post.allowed(g[grant::relative_path], 1, now));
        auto* const token = post.field_with(g[grant::security_token]);
        REQUIRE(token);
        *token += "x";
        CHECK_FALSE(post.allowed(g[grant::relative_path], 1, now));
    });
}

TEST_CASE("Qiniu: an upload token replaces nothing", "[holes][qiniu]") {
    for (bool const is_dir : {false, true}) {
        posting<qiniu> const post{granted<qiniu>(is_dir, true)};
        CHECK(boost::json::parse(post.policy()).at("insertOnly") == 1);
    }
}

TEST_CASE("a session policy that allows more than the plan, or less, is not sent", "[holes][guard]") {
    CHECK(exchanged<careless_policy<0>>());
    CHECK(exchanged<careless_policy<1>>().error().what == errc::unsafe_scope);
    CHECK(exchanged<careless_policy<2>>().error().what == errc::unsafe_scope);
    CHECK(exchanged<careless_policy<3>>().error().what == errc::unsafe_scope);
    CHECK(exchanged<careless_policy<4>>().error().what == errc::unsafe_scope);
    CHECK(exchanged<careless_policy<5>>().error().what == errc::unsafe_scope);
}

TEST_CASE("no voucher leaves when the last question says no", "[holes][guard]") {
    auto own = fuzz::good_settings<aws>(1);
    own.bucket.clear();  // then another bucket is this one
    sts_service<careless_settings> service{settings_of<careless_settings>(std::move(own))};
    auto r = ask<careless_settings>();
    r.form_only = true;
    auto const plan = service.plan(r, fuzz::fresh_values());
    REQUIRE(plan);
    CHECK(service.complete(*plan, {}, now).error().what == errc::unsafe_scope);
}

TEST_CASE("a field that comes twice is no request, in either spelling", "[holes][fields]") {
    gateway::request_fields read;
    gateway::request_json{}.read(
        R"({"type":2,"extension":"a","isNeedCallback":0,"uploadModule":"temp","extension":"b"})", read);
    CHECK_FALSE(read.request().has_value());
    gateway::read_query("type=2&extension=a&isNeedCallback=0&uploadModule=temp&extension=b", read);
    CHECK_FALSE(read.request().has_value());
    gateway::read_query("type=2&extension=a&isNeedCallback=0&uploadModule=temp", read);
    CHECK(read.request().has_value());
}
