#include "support/vectors_baidu.hpp"

#include <valetkey/policy/baidu_form_conditions.hpp>
#include <valetkey/policy/guard.hpp>
#include <valetkey/providers/baidu.hpp>
#include <valetkey/signing/verify_bce1.hpp>
#include <valetkey/sts_service.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <boost/json/parse.hpp>
#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace valetkey;

namespace {

using service_type = sts_service<baidu>;
auto const now = *parse_iso_time("2026-03-14T09:26:53Z");
std::string const folder = "test/resource/video/2026/03/14/10503/0f8fad5b-d9cb-469f-a165-70867728950e";
std::string const request_id = "00112233445566778899aabbccddeeff";

service_type::settings good_settings() {
    service_type::settings s;
    s.root = "test";
    s.callback_url = "https://app.example.com/upload/callback";
    auto& own = s.of<baidu>().emplace();
    own.root = {"ROOTKEY", secret{"the root secret"}};
    own.form.emplace(access_key{"FORMKEY", secret{"the form secret"}});
    own.bucket = "vk-demo";
    own.region = "bj";
    own.max_size = 1000;
    return s;
}
template <class Change>
service_type service_with(Change change) {
    auto s = good_settings();
    change(*s.of<baidu>());
    return service_type{std::move(s)};
}
service_type good_service() {
    return service_type{good_settings()};
}
void assume(baidu::settings& own) {
    own.role = "valet.Up-loader_1";
    own.account_id = "dc9b5191440d4f93851ddffb00000001";
}

fresh fresh_values() {
    fresh f{now, 10503, {}, {}};
    std::string_view{"0f8fad5b-d9cb-469f-a165-70867728950e"}.copy(f.uuid.text.data(), 36);
    request_id.copy(f.request_id.text.data(), 32);
    return f;
}
upload_request ask() {
    upload_request r;
    r.type = baidu::type;
    r.extension = "MP4";
    r.module = upload_module::resource_video;
    return r;
}
upload_request ask_web() {
    auto r = ask();
    r.platform = client_platform::web;
    return r;
}

std::string answer(std::string_view expiration, std::string_view id = "TEMPKEY", std::string_view more = "") {
    return R"({"accessKeyId":")" + std::string{id} +
           R"(","secretAccessKey":"issued/secret+1","sessionToken":"tok/en+1==","createTime":"2026-03-14T09:26:53Z",)" +
           R"("expiration":")" + std::string{expiration} + R"(",)" + std::string{more} + R"("userId":"u"})";
}
std::string refused(std::string_view code) {
    return R"({"code":")" + std::string{code} + R"(","message":"m","requestId":"R"})";
}
http_request sent(service_type& service, upload_request const& r) {
    auto const call = service.exchange(*service.plan(r, fresh_values()), {now, {}});
    REQUIRE(call);
    REQUIRE(*call);
    return **call;
}
grant granted(service_type& service, upload_request const& r) {
    auto const plan = *service.plan(r, fresh_values());
    return *service.complete(plan, {200, answer("2026-03-14T10:26:53Z"), {}}, now);
}
boost::json::object json_of(grant const& g) {
    std::string text;
    append_grant_json(text, g);
    return boost::json::parse(text).as_object();
}
std::string field_of(boost::json::object const& data, std::string_view name) {
    auto const* value = data.at("form").at("fields").as_object().if_contains(name);
    return value ? std::string{value->as_string()} : std::string{"(absent)"};
}
std::string policy_of(grant const& g) {
    std::string out(g[grant::policy].size(), '\0');
    auto const size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<unsigned char const*>(g[grant::policy].data()), static_cast<int>(out.size()));
    out.resize(static_cast<std::size_t>(size));
    return out.substr(0, out.rfind('}') + 1);
}
std::string signature_of(std::string_view secret_text, std::string_view policy) {
    return std::string{to_hex(hmac_key<sha256>{secret_text}.sign(policy)).view()};
}
upload_scope key_scope() {
    return *upload_scope::key({"a/b.txt"});
}
baidu_policy read_list(std::string_view text) {
    return {text, "bj"};
}

}  // namespace

TEST_CASE("BOS: settings that cannot work are named", "[baidu][settings]") {
    struct row {
        std::string_view field;
        void (*spoil)(baidu::settings&);
    };
    for (auto const& [field, spoil] : {
             row{"role", [](auto& own) { own.role = "up"; }},
             row{"account_id", [](auto& own) { own.account_id = "1"; }},
             row{"role", [](auto& own) { assume(own), own.role = "up*"; }},
             row{"role", [](auto& own) { assume(own), own.role = "up&userId=1"; }},
             row{"role", [](auto& own) { assume(own), own.role = "a/b"; }},
             row{"role", [](auto& own) { assume(own), own.role = "a\"b"; }},
             row{"role", [](auto& own) { assume(own), own.role = "\xe8\xa7\x92"; }},
             row{"role", [](auto& own) { assume(own), own.role = std::string(129, 'a'); }},
             row{"account_id", [](auto& own) { assume(own), own.account_id = "1&roleName=x"; }},
             row{"account_id", [](auto& own) { assume(own), own.account_id = "*"; }},
             row{"account_id", [](auto& own) { assume(own), own.account_id = std::string(65, '1'); }},
             row{"bucket", [](auto& own) { own.bucket = "vk*"; }},
             row{"bucket", [](auto& own) { own.bucket = "."; }},
             row{"bucket", [](auto& own) { own.bucket = ".."; }},
             row{"bucket", [](auto& own) { own.bucket = "..", own.endpoint = "http://127.0.0.1:9000"; }},
             row{"bucket", [](auto& own) { own.bucket = "vk/demo"; }},
             row{"bucket", [](auto& own) { own.bucket = "vk\"]"; }},
             row{"region", [](auto& own) { own.region = "*"; }},
             row{"region", [](auto& own) { own.region = "bj.evil"; }},
             row{"duration_seconds", [](auto& own) { own.duration_seconds = 59; }},
             row{"duration_seconds", [](auto& own) { own.duration_seconds = 43201; }},
             row{"duration_seconds", [](auto& own) { assume(own), own.duration_seconds = 7201; }},
             row{"endpoint", [](auto& own) { own.endpoint = "http://bj.bcebos.com"; }},
             row{"endpoint", [](auto& own) { own.endpoint = "https://bj.bcebos.com/v1"; }},
             row{"sts_endpoint", [](auto& own) { own.sts_endpoint = "sts.bj.baidubce.com"; }},
             row{"voucher_key", [](auto& own) { own.voucher_key = "form", own.form.reset(); }},
         }) {
        INFO(field);
        auto const service = service_with(spoil);
        REQUIRE(service.problems().size() == 1);
        CHECK(service.problems().front().what.field == field);
        CHECK(service.plan(ask(), fresh_values()).error().what == errc::invalid_settings);
    }
    CHECK(good_service().problems().empty());
    CHECK(service_with(assume).problems().empty());
    CHECK(service_with([](auto& own) { own.duration_seconds = 43200; }).problems().empty());
}

TEST_CASE("BOS: what a failure of STS becomes", "[baidu]") {
    struct row {
        int status;
        std::string body;
        errc what;
    };
    std::string const good = answer("2026-03-14T10:26:53Z");
    auto service = good_service();
    auto const plan = *service.plan(ask(), fresh_values());
    for (auto const& [status, body, what] :
         {row{429, "", errc::throttled},
          row{429, refused("AccessDenied"), errc::throttled},
          row{403, refused("RequestTimeTooSkewed"), errc::clock_skew},
          row{400, refused("RequestExpired"), errc::clock_skew},
          row{500, refused("InternalError"), errc::unavailable},
          row{400, refused("InternalError"), errc::unavailable},
          row{200, refused("InternalError"), errc::unavailable},
          row{400, refused("Http400"), errc::unavailable},
          row{502, "<html>", errc::unavailable},
          row{503, "", errc::unavailable},
          row{504, "{}", errc::unavailable},
          row{403, refused("AccessDenied"), errc::denied},
          row{500, refused("AccessDenied"), errc::denied},
          row{200, refused("AccessDenied"), errc::denied},
          row{403, refused("SignatureDoesNotMatch"), errc::denied},
          row{403, refused("InvalidAccessKeyId"), errc::denied},
          row{400, refused("InvalidHTTPAuthHeader"), errc::denied},
          row{400, refused("InvalidRequest"), errc::denied},
          row{400, refused("InappropriateJSON"), errc::denied},
          row{412, refused("PreconditionFailed"), errc::denied},
          row{403, refused("OptInRequired"), errc::denied},
          row{404, refused("SomethingNew"), errc::denied},
          row{200, refused("SomethingNew"), errc::denied},
          row{200, answer("2026-03-14T10:26:53Z", "TEMPKEY", R"("code":"AccessDenied",)"), errc::denied},
          row{400, "what", errc::malformed_response},
          row{400, R"({"code":7})", errc::malformed_response},
          row{302, refused("AccessDenied").replace(9, 12, "Moved"), errc::malformed_response},
          row{204, good, errc::malformed_response},
          row{200, "", errc::malformed_response},
          row{200, "[]", errc::malformed_response},
          row{200, "{}", errc::malformed_response},
          row{200, good.substr(0, good.size() - 1), errc::malformed_response},
          row{200, good + "x", errc::malformed_response},
          row{200, answer("2026-03-14T09:26:53Z"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53"), errc::malformed_response},
          row{200, answer("2027-03-14T10:26:53Z"), errc::malformed_response},
          row{200, answer(""), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53Z", ""), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53Z", "a b"), errc::malformed_response},
          row{200, std::string(2 << 20, ' ') + good, errc::malformed_response}}) {
        INFO(status << " " << body.substr(0, 200));
        auto const g = service.complete(plan, {status, body, {}}, now);
        REQUIRE_FALSE(g);
        CHECK(g.error().what == what);
    }
    auto const g = service.complete(plan, {403, refused("AccessDenied"), {}}, now);
    CHECK(g.error().vendor_code == "AccessDenied");
    CHECK(g.error().vendor_request == "R");
}

TEST_CASE("BOS: a list that does not fit is refused, not widened", "[baidu][policy]") {
    std::string const endless(3000, 'b');
    CHECK(write_baidu_policy("n", "bj", endless, key_scope(), client_platform::app).error().what ==
          errc::scope_too_long);
    std::string const long_part(upload_scope::max_size - 1, 'k');
    auto const longest = write_baidu_policy(request_id, std::string(32, 'r'), std::string(63, 'b'),
                                            *upload_scope::prefix({long_part, "/"}), client_platform::web);
    REQUIRE(longest);
    CHECK(longest->size() == bos_access_list::longest);
}

TEST_CASE("BOS: a list that is not understood grants nothing", "[baidu][policy]") {
    policy_question const put{store_action::put, "vk", "a/b.txt"};
    auto const list = [](std::string_view entry) { return R"({"accessControlList":[)" + std::string{entry} + "]}"; };
    auto const entry = [](std::string_view permission, std::string_view more = "") {
        return R"({"service":"bce:bos","region":"bj","effect":"Allow","resource":["vk/a/b.txt"],"permission":)" +
               std::string{permission} + std::string{more} + "}";
    };
    REQUIRE(read_list(list(entry(R"(["WRITE"])"))).ask(put) == policy_answer::allowed);
    for (auto const& text :
         {std::string{},
          std::string{"{}"},
          std::string{"[]"},
          std::string{R"({"accessControlList":{}})"},
          list(""),
          list("1"),
          list(entry(R"("WRITE")")),
          list(entry("[]")),
          list(entry("[1]")),
          list(entry(R"(["WRITE","*"])")),
          list(entry(R"(["write"])")),
          list(entry(R"(["ListParts"])")),
          list(entry(R"(["WRITE"])", R"(,"grantee":[])")),
          list(entry(R"(["WRITE"])")) + "x",
          R"({"x":1,)" + list(entry(R"(["WRITE"])")).substr(1),
          list(R"({"service":"bce:*","region":"bj","effect":"Allow","resource":["*"],"permission":["WRITE"]})"),
          list(R"({"service":"bce:bos","region":"","effect":"Allow","resource":["*"],"permission":["WRITE"]})"),
          list(R"({"service":"bce:bos","region":"bj","effect":"allow","resource":["*"],"permission":["WRITE"]})"),
          list(R"({"service":"bce:bos","region":"bj","effect":"Allow","resource":[],"permission":["WRITE"]})"),
          list(R"({"service":"bce:bos","region":"bj","effect":"Allow","resource":[""],"permission":["WRITE"]})"),
          list(R"({"service":"bce:bos","region":"bj","effect":"Allow","resource":"*","permission":["WRITE"]})"),
          list(entry(R"(["WRITE"])", R"(,"effect":"Allow")")),
          list(entry(R"(["WRITE"])", R"(,"resource":["*"])")),
          list(entry(R"(["WRITE"])", R"(,"re\u0073ource":["*"])")),
          R"({"accessControlList":[],)" + list(entry(R"(["WRITE"])")).substr(1)}) {
        INFO(text);
        CHECK(read_list(text).ask(put) == policy_answer::unreadable);
    }
    // of a region that nobody asks about: it grants somewhere
    CHECK(baidu_policy{list(entry(R"(["WRITE"])")), "gz"}.ask(put) == policy_answer::unreadable);
    CHECK(read_list(list(entry(R"(["LIST"])"))).ask(put) == policy_answer::denied);
}

TEST_CASE("BOS: an Allow is read widely and a Deny narrowly", "[baidu][policy]") {
    using enum store_action;
    auto const entry = [](std::string_view effect, std::string_view permission, std::string_view resource,
                          std::string_view region = "bj") {
        return R"({"service":"bce:bos","region":")" + std::string{region} + R"(","effect":")" + std::string{effect} +
               R"(","resource":[")" + std::string{resource} + R"("],"permission":[")" + std::string{permission} +
               R"("]})";
    };
    auto const ask = [&](std::string const& entries, store_action action, std::string_view key = "a/b") {
        return read_list(R"({"accessControlList":[)" + entries + "]}").ask({action, "vk", key});
    };
    auto const allowed = policy_answer::allowed;
    auto const denied = policy_answer::denied;
    CHECK(ask(entry("Allow", "WRITE", "vk/a/b"), put) == allowed);
    CHECK(ask(entry("Allow", "WRITE", "vk/a/*", "*"), put) == allowed);
    CHECK(ask(entry("Allow", "WRITE", "vk/*/b"), put) == allowed);
    CHECK(ask(entry("Allow", "WRITE", "vk/a/?"), put) == allowed);
    CHECK(ask(entry("Allow", "WRITE", "*"), put) == allowed);
    CHECK(ask(entry("Allow", "WRITE", "vk/A/b"), put) == denied);
    CHECK(ask(entry("Allow", "WRITE", "vk/a"), put) == denied);
    CHECK(ask(entry("Allow", "WRITE", "vk/a/b"), read) == denied);
    CHECK(ask(entry("Allow", "MODIFY", "vk/a/b"), put) == allowed);
    CHECK(ask(entry("Allow", "PutObject", "vk/a/b"), abort_upload) == allowed);
    CHECK(ask(entry("Allow", "PutObject", "vk/a/b"), remove) == denied);
    for (auto const action : every_action)
        CHECK(ask(entry("Allow", "FULL_CONTROL", "vk/a/b"), action, is_of_bucket(action) ? "" : "a/b") == allowed);
    CHECK(ask(entry("Allow", "LIST", "vk/a/*"), list_objects, "") == allowed);
    CHECK(ask(entry("Allow", "LIST", "v*"), list_uploads, "x/") == allowed);
    CHECK(ask(entry("Allow", "LIST", "vk2/a/*"), list_objects, "") == denied);

    auto const all = entry("Allow", "FULL_CONTROL", "vk/*") + ",";
    CHECK(ask(all + entry("Deny", "DeleteObject", "vk/a/b"), remove) == denied);
    CHECK(ask(entry("Deny", "WRITE", "vk/a/*") + "," + entry("Allow", "WRITE", "vk/a/b"), put) == denied);
    CHECK(ask(all + entry("Deny", "WRITE", "vk/a/*", "*"), put) == denied);
    CHECK(ask(all + entry("Deny", "WRITE", "vk/a/*", "gz"), put) == allowed);
    CHECK(ask(all + entry("Deny", "WRITE", "vk/*/b"), put) == allowed);
    CHECK(ask(all + entry("Deny", "WRITE", "vk/a/?"), put) == allowed);
    CHECK(ask(all + entry("Deny", "MODIFY", "vk/a/b"), put) == allowed);
    CHECK(ask(all + entry("Deny", "PutObject", "vk/a/b"), put) == allowed);
    CHECK(ask(all + entry("Deny", "GetObject", "vk/a/b"), list_parts) == allowed);
}

namespace {

bool is_narrow(std::string_view text, upload_scope const& scope, client_platform platform) {
    auto const settings = good_settings();
    auto const& own = *settings.of<baidu>();
    auto const at = *baidu::locate(own);
    decision const what{scope, 1, upload_module::resource_video, platform, false, false, {}};
    return is_exactly(baidu::token_issuer::policy({own, at}, text), {own.bucket, scope},
                      [&](store_action action) { return baidu::token_issuer::may(action, what); });
}
std::string written(upload_scope const& scope, client_platform platform) {
    return *write_baidu_policy(request_id, "bj", "vk-demo", scope, platform);
}
std::string replaced(std::string text, std::string_view what, std::string_view with) {
    auto const at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("BOS: a widened list is not released", "[baidu][policy][guard]") {
    auto const key = *upload_scope::key({"test/a/b.png"});
    auto const prefix = *upload_scope::prefix({"test/a/b/"});
    struct hole {
        std::string_view what;
        std::string_view with;
    };
    for (auto const platform : {client_platform::app, client_platform::web}) {
        auto const text = written(key, platform);
        auto const under = written(prefix, platform);
        CHECK(is_narrow(text, key, platform));
        CHECK(is_narrow(under, prefix, platform));
        CHECK_FALSE(is_narrow(text, prefix, platform));
        CHECK_FALSE(is_narrow(under, key, platform));
        CHECK_FALSE(is_narrow(text, *upload_scope::key({"test/a/b.pn"}), platform));
        CHECK_FALSE(is_narrow(text, *upload_scope::key({"test/a/b.png.x"}), platform));
        for (
            auto const& [what, with] : {
                hole{"b.png", "*"},
                hole{"b.png", "b.png*"},
                hole{"b.png", "?.png"},
                hole{"/a/", "/*/"},
                hole{"b.png", "b.p*ng"},
                hole{"test/a/b.png", "*"},
                hole{"vk-demo/test/a/b.png", "*"},
                hole{"vk-demo/", "*/"},
                hole{"vk-demo/", "vk-demo*/"},
                hole{"vk-demo/", "vk-other/"},
                hole{"b.png", "b.jpg"},
                hole{R"("vk-demo/)", R"("*","vk-demo/)"},
                hole{R"("vk-demo/)", R"("vk-other/secret","vk-demo/)"},
                hole{R"(b.png")", R"(b.png","vk-demo/c")"},
                hole{R"(b.png")", R"(b.png\u002a")"},
                hole{R"(b.png")", R"(b.png\",\"*")"},
                hole{R"(b.png")", R"(b.png)"},
                hole{R"(b.png")", R"(b.png"],"resource":["*")"},
                hole{R"("WRITE")", R"("WRITE","LIST")"},
                hole{R"("WRITE")", R"("FULL_CONTROL")"},
                hole{R"("WRITE")", R"("READ")"},
                hole{R"("WRITE")", R"("WRITE","*")"},
                hole{R"("bj")", R"("*")"},
                hole{R"("bj")", R"("gz")"},
                hole{"Allow", "Deny"},
                hole{"Deny", "Allow"},
                hole{"DeleteObject", "GetObject"},
                hole{"bce:bos", "bce:*"},
                hole{R"("id":)", R"("accessControlList":[],"id":)"},
                hole{
                    "[{",
                    R"([{"service":"bce:bos","region":"bj","effect":"Allow","resource":["*"],"permission":["WRITE"]},{)"},
                hole{
                    "[{",
                    R"([{"service":"bce:bos","region":"bj","effect":"Allow","resource":["vk-demo/*"],"permission":["GetObject"]},{)"},
                hole{
                    "[{",
                    R"([{"service":"bce:bos","region":"bj","effect":"Allow","resource":["vk-demo/other"],"permission":["GetObject"]},{)"},
                hole{
                    "[{",
                    R"([{"service":"bce:bos","region":"gz","effect":"Allow","resource":["other/x"],"permission":["READ"]},{)"},
                hole{
                    "[{",
                    R"([{"service":"bce:bos","region":"bj","effect":"Deny","resource":["*"],"permission":["WRITE"]},{)"},
                hole{
                    "[{",
                    R"([{"grantee":[],"service":"bce:bos","region":"bj","effect":"Allow","resource":["*"],"permission":["READ"]},{)"},
            }) {
            INFO(what << " -> " << with);
            CHECK_FALSE(is_narrow(replaced(text, what, with), key, platform));
        }
        for (auto const& [what, with] :
             {hole{"b/*", "b*"}, hole{"b/*", "b/"}, hole{"a/b/*", "a/*"}, hole{"a/b/*", "?/b/*"},
              hole{"a/b/*", "*/b/*"}, hole{"b/*", "b/**"}, hole{"vk-demo/", "*/"}, hole{"test/", "tes*/"},
              hole{R"(["vk-demo/test/a/b/*"])", R"(["vk-demo/test/a/b/a/b.txt","victim/secret"])"},
              hole{R"(["vk-demo/test/a/b/*"])", R"(["vk-demo/test/a/b/*","victim/*"])"}}) {
            INFO(what << " -> " << with);
            CHECK_FALSE(is_narrow(replaced(under, what, with), prefix, platform));
        }
        for (std::string_view const nothing : {"", "{}", "null", R"({"accessControlList":[]})", R"({"id":"x"})"})
            CHECK_FALSE(is_narrow(nothing, key, platform));
        // without its Deny it would delete
        auto const deny = text.find(R"(,{"service")");
        CHECK_FALSE(is_narrow(text.substr(0, deny) + "]}", key, platform));
    }
    // the browser's reading is nobody else's
    CHECK_FALSE(is_narrow(written(key, client_platform::web), key, client_platform::app));
    CHECK(is_narrow(written(key, client_platform::app), key, client_platform::web));
}

TEST_CASE("BOS: every list of ours is exactly its scope", "[baidu][policy][guard]") {
    std::string const longest(upload_scope::max_size - 1, 'k');
    for (auto const platform : {client_platform::app, client_platform::web}) {
        for (std::string const text :
             {"a", "ab", "a.b", "a/b", "x/y", "x/x", "-", "_", "a/b/c.d-e_f/0.png", longest.c_str()}) {
            INFO(text);
            auto const key = *upload_scope::key({text});
            auto const prefix = *upload_scope::prefix({text, "/"});
            CHECK(is_narrow(written(key, platform), key, platform));
            CHECK(is_narrow(written(prefix, platform), prefix, platform));
        }
    }
}

TEST_CASE("BOS: the list is the upload and nothing else", "[baidu][policy]") {
    auto const list_of = [](upload_request const& r) {
        auto service = good_service();
        return sent(service, r).body;
    };
    auto const expected = [](std::string_view rights, std::string const& resource) {
        return R"({"id":")" + request_id +
               R"(","accessControlList":[{"service":"bce:bos","region":"bj","effect":"Allow","permission":)" +
               std::string{rights} + R"(,"resource":["vk-demo/)" + resource +
               R"("]},{"service":"bce:bos","region":"bj","effect":"Deny","permission":["DeleteObject"],)"
               R"("resource":["vk-demo/)" +
               resource + R"("]}]})";
    };
    auto r = ask();
    CHECK(list_of(r) == expected(R"(["WRITE"])", folder + ".mp4"));
    r.is_dir = true;
    CHECK(list_of(r) == expected(R"(["WRITE"])", folder + "/*"));
    r.platform = client_platform::web;
    CHECK(list_of(r) == expected(R"(["WRITE","READ"])", folder + "/*"));
    CHECK(list_of(ask_web()) == expected(R"(["WRITE","READ"])", folder + ".mp4"));
}

TEST_CASE("BOS: what the list allows, by its evaluator", "[baidu][policy]") {
    using enum store_action;
    std::string const key = folder + ".mp4";
    for (bool const web : {false, true}) {
        for (bool const is_dir : {false, true}) {
            auto service = good_service();
            auto r = web ? ask_web() : ask();
            r.is_dir = is_dir;
            auto const body = sent(service, r).body;
            auto const list = read_list(body);
            CHECK(list.wildcards() == (is_dir ? 1U : 0U));
            std::string const inside = is_dir ? folder + "/a/b" : key;
            for (auto const action : every_action) {
                bool const granted_here = action == put || action == abort_upload ||
                                          (web && (action == list_parts || action == store_action::read));
                auto const expected = granted_here ? policy_answer::allowed : policy_answer::denied;
                INFO(static_cast<int>(action) << web << is_dir);
                CHECK(list.ask({action, "vk-demo", inside}) == expected);
                CHECK(list.ask({action, "vk-demo", ""}) == policy_answer::denied);
                CHECK(list.ask({action, "vk-demo2", inside}) == policy_answer::denied);
                CHECK(list.ask({action, "vk-dem", inside}) == policy_answer::denied);
                CHECK(list.ask({action, "vk-demo", folder}) == policy_answer::denied);
                CHECK(list.ask({action, "vk-demo", folder + ".mp4x"}) == policy_answer::denied);
                CHECK(list.ask({action, "vk-demo", folder + "x/a"}) == policy_answer::denied);
            }
        }
    }
}

TEST_CASE("BOS: GetSessionToken and AssumeRole are asked as their SDKs ask", "[baidu]") {
    auto session = good_service();
    auto const token = sent(session, ask());
    CHECK(token.method == "POST");
    CHECK(token.url == "https://sts.bj.baidubce.com/v1/sessionToken?durationSeconds=3600");
    CHECK(vectors::header_of(token, "host") == "sts.bj.baidubce.com");
    CHECK(vectors::header_of(token, "content-type") == "application/json; charset=UTF-8");
    CHECK(vectors::header_of(token, "content-length") == std::to_string(token.body.size()));
    CHECK(vectors::header_of(token, "x-bce-date") == "2026-03-14T09:26:53Z");
    CHECK(
        vectors::header_of(token, "authorization")
            .starts_with("bce-auth-v1/ROOTKEY/2026-03-14T09:26:53Z/1800/content-length;content-type;host;x-bce-date/"));

    auto by_role = service_with([](auto& own) {
        assume(own);
        own.sts_endpoint = "http://127.0.0.1:8080";
        own.duration_seconds = 7200;
    });
    auto const role = sent(by_role, ask());
    CHECK(role.url ==
          "http://127.0.0.1:8080/v1/credential?assumeRole=&durationSeconds=7200"
          "&accountId=dc9b5191440d4f93851ddffb00000001&roleName=valet.Up-loader_1");
    CHECK(vectors::header_of(role, "host") == "127.0.0.1:8080");
    CHECK(role.body.find(R"("permission":["WRITE"])") != std::string::npos);
    for (auto const& request : {token, role}) {
        CHECK(request.url.find("secret") == std::string::npos);
        for (auto const& header : request.headers) CHECK(header.value.find("secret") == std::string::npos);
    }
}

TEST_CASE("BOS: each try is signed afresh, with the secret of now", "[baidu]") {
    auto service = good_service();
    auto const plan = *service.plan(ask(), fresh_values());
    auto const authorization = [&](utc_seconds at) {
        auto const call = *service.exchange(plan, {at, {}});
        return vectors::header_of(*call, "authorization");
    };
    auto const first = authorization(now);
    CHECK(first != authorization(now + std::chrono::seconds{1}));
    CHECK(first == authorization(now));
    auto other = service_with([](auto& own) { own.root.value = secret{"another"}; });
    CHECK(vectors::header_of(sent(other, ask()), "authorization") != first);
}

TEST_CASE("bce-auth-v1: order, encoding and what is left out", "[baidu][signing]") {
    CHECK(bce1_canonical_query({}) == "");
    CHECK(bce1_canonical_query({{"b", ""}, {"AuthoriZation", "x"}, {"a", "1/2 *~"}, {"authorization2", ""}}) ==
          "a=1%2F2%20%2A~&authorization2=&b=");
    CHECK(bce1_canonical_query({{"a", "1"}, {"a-b", "2"}, {"\xe9", "+"}}) == "%E9=%2B&a-b=2&a=1");
    bce1_headers const headers{{{"host", "h:8080"},
                                {"x-bce-meta-a-b", " 2 "},
                                {"x-bce-meta-a", "1"},
                                {"x-bce-empty", " "},
                                {"user-agent", "u"},
                                {"content-md5", "a=="}},
                               is_bce1_header};
    CHECK(headers.lines() == "content-md5:a%3D%3D\nhost:h%3A8080\nx-bce-meta-a-b:2\nx-bce-meta-a:1");
    CHECK(headers.names() == "content-md5;host;x-bce-meta-a-b;x-bce-meta-a");
    CHECK(bce1_canonical_request("PUT", "/k%20", "", headers) == "PUT\n/k%20\n\n" + headers.lines());
}

TEST_CASE("bce-auth-v1: the vendor document's own sample", "[baidu][signing]") {
    std::string const id(32, 'a');
    timestamp const at{*parse_iso_time("2015-04-27T08:23:49Z")};
    bce1_headers const headers{{{"host", "bj.bcebos.com"},
                                {"date", "Mon, 27 Apr 2015 16:23:49 +0800"},
                                {"content-type", "text/plain"},
                                {"content-length", "8"},
                                {"content-md5", "NFzcPqhviddjRNnSOGo4rw=="},
                                {"x-bce-date", "2015-04-27T08:23:49Z"}},
                               is_bce1_header};
    auto const query = bce1_canonical_query({{"partNumber", "9"}, {"uploadId", "a44cc9bab11cbd156984767aad637851"}});
    auto const canonical = bce1_canonical_request("PUT", "/v1/test/myfolder/readme.txt", query, headers);
    CHECK(bce1_signature(hmac_key<sha256>{std::string(32, 'b')}, bce1_prefix(id, at), canonical).view() ==
          "d74a04362e6a848f5b39b15421cb449427f419c95a480fd6b8cf9fc783e2999e");
}

TEST_CASE("BOS: an answer becomes keys and a voucher of the same second", "[baidu]") {
    auto service = good_service();
    auto const plan = *service.plan(ask(), fresh_values());
    std::string reply = answer("2026-03-14T10:26:53.750Z", "TEMPKEY", R"("roleId":"r",)");
    auto const g = *service.complete(plan, {200, reply, {}}, now);
    reply.assign(reply.size(), '#');
    CHECK(g[grant::access_key_id] == "TEMPKEY");
    CHECK(g[grant::secret_access_key] == "issued/secret+1");
    CHECK(g[grant::security_token] == "tok/en+1==");
    CHECK(timestamp{g.expiration}.iso().view() == "2026-03-14T10:26:53Z");
    CHECK(policy_of(g) ==
          R"({"expiration":"2026-03-14T10:26:53Z","conditions":[{"bucket":"vk-demo"},["content-length-range",1,1000],)"
          R"({"key":")" +
              folder + R"(.mp4"}]})");
    CHECK(g[grant::signature] == signature_of("issued/secret+1", g[grant::policy]));
    auto const data = json_of(g);
    CHECK(data.at("form").at("url").as_string() == "https://vk-demo.bj.bcebos.com");
    CHECK(data.at("endpoint").as_string() == "https://bj.bcebos.com");
    CHECK(data.at("form").at("fields").as_object().size() == 6);
    CHECK(field_of(data, "key") == folder + ".mp4");
    CHECK(field_of(data, "accessKey") == "TEMPKEY");
    CHECK(field_of(data, "policy") == g[grant::policy]);
    CHECK(field_of(data, "signature") == g[grant::signature]);
    CHECK(field_of(data, "x-bce-security-token") == "tok/en+1==");
    CHECK(field_of(data, "success-action-status") == "201");
    CHECK(data.if_contains("callbackInfo") == nullptr);
}

TEST_CASE("BOS: a prefix is a wildcard in the form's policy, and its key the prefix", "[baidu]") {
    auto service = good_service();
    auto r = ask();
    r.is_dir = true;
    auto const g = granted(service, r);
    CHECK(policy_of(g).ends_with(R"(,{"key":")" + folder + R"(/*"}]})"));
    CHECK(field_of(json_of(g), "key") == folder + "/");
}

TEST_CASE("BOS: grant form and voucher_key form are signed by the upload identity, without a token", "[baidu]") {
    auto service = service_with([](auto& own) { own.voucher_key = "form"; });
    auto const mixed = granted(service, ask());
    CHECK(mixed[grant::access_key_id] == "TEMPKEY");
    CHECK(mixed[grant::security_token] == "tok/en+1==");
    auto r = ask();
    r.form_only = true;
    auto const plan = *service.plan(r, fresh_values());
    auto const local = *service.complete(plan, {}, now);
    CHECK(local[grant::access_key_id] == "FORMKEY");
    CHECK(local[grant::secret_access_key].empty());
    CHECK(local[grant::security_token].empty());
    for (auto const& g : {mixed, local}) {
        auto const data = json_of(g);
        CHECK(field_of(data, "accessKey") == "FORMKEY");
        CHECK(field_of(data, "x-bce-security-token") == "(absent)");
        CHECK(g[grant::signature] == signature_of("the form secret", g[grant::policy]));
        CHECK(boost::json::serialize(data).find("the form secret") == std::string::npos);
        CHECK(boost::json::serialize(data).find("the root secret") == std::string::npos);
    }
    CHECK(mixed[grant::policy] == local[grant::policy]);
}

TEST_CASE("BOS: a callback is a request header; a form asks for none", "[baidu]") {
    auto service = good_service();
    auto r = ask();
    r.need_callback = true;
    auto const data = json_of(granted(service, r));
    auto const& info = data.at("callbackInfo").as_object();
    CHECK(info.at("callbackUrl").as_string() == "https://app.example.com/upload/callback");
    CHECK(info.at("callbackBody").as_string() == "objectId=10503&resourceType=1");
    // base64url of ["https://app.example.com/upload/callback"] and {"objectId":"10503","resourceType":"1"}
    CHECK(info.at("headers").as_object().size() == 1);
    CHECK(info.at("headers").at("x-bce-process").as_string() ==
          "callback/callback,u_WyJodHRwczovL2FwcC5leGFtcGxlLmNvbS91cGxvYWQvY2FsbGJhY2siXQ,m_sync,"
          "v_eyJvYmplY3RJZCI6IjEwNTAzIiwicmVzb3VyY2VUeXBlIjoiMSJ9");
    CHECK(data.at("form").at("fields").as_object().size() == 6);
}

TEST_CASE("BOS: addresses follow from the settings", "[baidu][settings]") {
    auto const made = [](auto change) {
        auto service = service_with(change);
        return granted(service, ask());
    };
    CHECK(made([](auto& own) { own.region = "fwh"; })[grant::form_url] == "https://vk-demo.fwh.bcebos.com");
    auto g = made([](auto& own) { own.endpoint = "http://127.0.0.1:9000"; });
    CHECK(g[grant::endpoint] == "http://127.0.0.1:9000");
    CHECK(g[grant::bucket_endpoint] == "http://127.0.0.1:9000/vk-demo");
    g = made([](auto& own) { own.endpoint = "http://localhost:9000"; });
    CHECK(g[grant::bucket_endpoint] == "http://vk-demo.localhost:9000");
    g = made([](auto& own) { own.bucket_endpoint = "https://cdn.example"; });
    CHECK(g[grant::form_url] == "https://cdn.example");
    CHECK(g[grant::endpoint] == "https://bj.bcebos.com");
}

namespace {

/// Made by an independent implementation of the document: a key, parameters and headers with marks of all kinds.
struct sent_by_another {
    std::string method = "PUT";
    std::string path = "/a%20b%2Bc%25d%26e%27%28f%29%21%2A~/%E6%8A%A5%E5%91%8A.txt";
    std::string query = "uploadId=u%2B%2F%3D%27&partNumber=1&x";
    std::vector<http_header> headers{{"host", "vk-demo.bj.bcebos.com"},
                                     {"content-length", "5"},
                                     {"content-type", " text/plain; charset=utf-8 "},
                                     {"x-bce-date", "2026-03-14T09:26:53Z"},
                                     {"x-bce-security-token", "tok/en+1=="},
                                     {"x-bce-meta-a", "1"},
                                     {"x-bce-meta-a-b", "2"},
                                     {"authorization", prefix + names + "/" + signature}};
    std::string body = "hello";
    verifying_terms terms{now};

    static constexpr char const* prefix = "bce-auth-v1/AK/1/2026-03-14T09:26:53Z/1800/";
    static inline std::string const names =
        "content-length;content-type;host;x-bce-date;x-bce-meta-a;x-bce-meta-a-b;x-bce-security-token";
    static inline std::string const signature = "35a27440fa24ec9737eafba4672c0ac50e9ee26a5533f62ec2e00ac2be8c2810";

    std::string& header(std::string_view name) {
        for (auto& each : headers)
            if (each.name == name) return each.value;
        return headers.emplace_back(http_header{std::string{name}, {}}).value;
    }
    void drop(std::string_view name) {
        std::erase_if(headers, [&](auto const& each) { return each.name == name; });
    }
    [[nodiscard]] verdict judge(std::string const& token = "tok/en+1==") const {
        known_key const key{"AK/1", secret{"s3cret+/=\xc3\xa9"}, token};
        auto const find = [&](std::string_view id) { return id == key.id ? &key : nullptr; };
        return verify_bce1(incoming_request{method, path, query, headers, body}, find, terms);
    }
};
sent_by_another presigned(std::string const& seconds, std::string const& signature) {
    sent_by_another r;
    r.headers = {{"host", "vk-demo.bj.bcebos.com"}, {"content-type", "image/png"}};
    r.body.clear();
    r.query = "authorization=bce-auth-v1%2FAK%2F1%2F2026-03-14T09%3A26%3A53Z%2F" + seconds +
              "%2Fcontent-type%3Bhost%2F" + signature + "&x-bce-security-token=tok%2Fen%2B1%3D%3D";
    return r;
}
std::string const of_600 = "8238e18b321a2d5350933df7f16fad6f2f69b3d640c2f3b114efefb6433f02d0";
std::string const for_ever = "cdae9d6afaf269d674c800c34af335628f8e5c939ee98f8bcce8243790518f13";

}  // namespace

TEST_CASE("bce-auth-v1: what another implementation signed is accepted, however it is sent", "[baidu][verify]") {
    struct row {
        std::string_view what;
        void (*change)(sent_by_another&);
    };
    for (auto const& [what, change] : {
             row{"as it is", [](auto&) {}},
             row{"the default names", [](auto& r) { r.header("authorization") = r.prefix + ("/" + r.signature); }},
             row{"another order of names",
                 [](auto& r) {
                     r.header("authorization") = std::string{r.prefix} +
                                                 "x-bce-security-token;x-bce-meta-a-b;x-bce-meta-a;x-bce-date;host;"
                                                 "content-type;content-length/" +
                                                 r.signature;
                 }},
             row{"marks of the path as they are",
                 [](auto& r) { r.path = "/a%20b+c%25d&e'(f)!*~/%E6%8A%A5%E5%91%8A.txt"; }},
             row{"marks of the query as they are", [](auto& r) { r.query = "x=&partNumber=1&uploadId=u+/%3D'"; }},
             row{"lower case in the query", [](auto& r) { r.query = "x&partNumber=1&uploadId=u%2b/%3d%27"; }},
             row{"an empty header", [](auto& r) { r.header("x-bce-acl") = ""; }},
             row{"headers that are not signed", [](auto& r) { r.header("x-bce-later") = "1", r.header("date") = "x"; }},
             row{"the last moment", [](auto& r) { r.terms.now += std::chrono::seconds{1800}; }},
             row{"a clock that is behind", [](auto& r) { r.terms.now -= std::chrono::minutes{15}; }},
             row{"another body, which nothing hashes", [](auto& r) { r.body = "x"; }},
         }) {
        INFO(what);
        sent_by_another r;
        change(r);
        CHECK(r.judge() == verdict::accepted);
    }
    auto url = presigned("600", of_600);
    CHECK(url.judge() == verdict::accepted);
    url.terms.now += std::chrono::seconds{600};
    CHECK(url.judge() == verdict::accepted);
    url.terms.now += std::chrono::seconds{1};
    CHECK(url.judge() == verdict::expired);
    auto endless = presigned("-1", for_ever);
    endless.terms.now += std::chrono::years{20};
    CHECK(endless.judge() == verdict::accepted);
    // the vendor's npm package does not encode a parameter's name
    sent_by_another by_npm;
    by_npm.method = "GET";
    by_npm.query = "a%2Fb%20'%20c=1%202";
    by_npm.headers = {{"host", "vk-demo.bj.bcebos.com"},
                      {"x-bce-security-token", "tok/en+1=="},
                      {"authorization",
                       "bce-auth-v1/AK/1/2026-03-14T09:26:53Z/1800/host;x-bce-security-token/"
                       "9a657791121006210cf148e2bde55b4bd6e24b20babce71b69c5dfac025a0c98"}};
    CHECK(by_npm.judge() == verdict::accepted);
    by_npm.query = "a%2Fb%20'%20c=1%203";
    CHECK(by_npm.judge() == verdict::wrong_signature);
    // the list of names is encoded by one package and not by another
    for (std::string const names : {"host;x-bce-meta-a%21b", "host;x-bce-meta-a!b"}) {
        std::vector<http_header> const headers{
            {"host", "h"},
            {"x-bce-meta-a!b", "1"},
            {"authorization", "bce-auth-v1/AK/2026-03-14T09:26:53Z/1800/" + names +
                                  "/c46fb6acd3dbe2128384d85257841926d2f6f4e84bc368c81b134ea9225279d1"}};
        known_key const key{"AK", secret{"s"}, {}};
        CHECK(verify_bce1({"PUT", "/k", "", headers, {}}, [&](std::string_view) { return &key; }, {now}) ==
              verdict::accepted);
    }
}

TEST_CASE("bce-auth-v1: a name that is not encoded cannot stand for two parameters", "[baidu][verify]") {
    known_key const key{"AK", secret{"s"}, {}};
    auto const find = [&](std::string_view id) { return id == key.id ? &key : nullptr; };
    http_request request{"PUT", {}, {{"host", "h"}}, {}};
    sign_bce1(request, "/k", {{"a", "1"}, {"b", "2"}}, key.id, {}, signing_key<bce1>(key.value, {}), timestamp{now});
    auto const judge = [&](std::string_view query) {
        return verify_bce1({"PUT", "/k", query, request.headers, {}}, find, {now});
    };
    CHECK(judge("a=1&b=2") == verdict::accepted);
    CHECK(judge("b=2&&a=1") == verdict::accepted);
    CHECK(judge("a%3D1%26b=2") == verdict::wrong_signature);
    CHECK(judge("a=1%26b%3D2") == verdict::wrong_signature);
    CHECK(judge("a=1&b=2&b=2") == verdict::wrong_signature);
}

TEST_CASE("bce-auth-v1: what was changed, or is another's, is refused", "[baidu][verify]") {
    struct row {
        std::string_view what;
        void (*change)(sent_by_another&);
        verdict expected;
    };
    for (auto const& [what, change, expected] : {
             row{"no signature", [](auto& r) { r.drop("authorization"); }, verdict::not_signed},
             row{"an empty one", [](auto& r) { r.header("authorization") = ""; }, verdict::not_signed},
             row{"another scheme", [](auto& r) { r.header("authorization").replace(0, 11, "bce-auth-v2"); },
                 verdict::malformed},
             row{"a scheme that only begins so", [](auto& r) { r.header("authorization").insert(11, "0"); },
                 verdict::malformed},
             row{"too few parts",
                 [](auto& r) { r.header("authorization") = "bce-auth-v1/AK/2026-03-14T09:26:53Z/1800"; },
                 verdict::malformed},
             row{"a time without Z", [](auto& r) { r.header("authorization").replace(36, 1, "z"); },
                 verdict::malformed},
             row{"seconds that are none", [](auto& r) { r.header("authorization").replace(38, 4, "18x0"); },
                 verdict::malformed},
             row{"seconds below -1", [](auto& r) { r.header("authorization").replace(38, 4, "-2"); },
                 verdict::malformed},
             row{"no seconds", [](auto& r) { r.header("authorization").replace(38, 4, ""); }, verdict::malformed},
             row{"endless seconds", [](auto& r) { r.header("authorization").replace(38, 4, "99999999999"); },
                 verdict::malformed},
             row{"other seconds", [](auto& r) { r.header("authorization").replace(38, 4, "1801"); },
                 verdict::wrong_signature},
             row{"seconds in another form", [](auto& r) { r.header("authorization").replace(38, 4, "01800"); },
                 verdict::wrong_signature},
             row{"for ever", [](auto& r) { r.header("authorization").replace(38, 4, "-1"); }, verdict::wrong_signature},
             row{"another key", [](auto& r) { r.header("authorization").replace(12, 2, "AX"); }, verdict::unknown_key},
             row{"the signature in upper case",
                 [](auto& r) { r.header("authorization").replace(r.header("authorization").size() - 61, 1, "A"); },
                 verdict::wrong_signature},
             row{"half a signature",
                 [](auto& r) { r.header("authorization").resize(r.header("authorization").size() - 32); },
                 verdict::wrong_signature},
             row{"no host among the names",
                 [](auto& r) { r.header("authorization") = r.prefix + ("content-length;x-bce-date/" + r.signature); },
                 verdict::malformed},
             row{"no host at all", [](auto& r) { r.drop("host"); }, verdict::malformed},
             row{"an empty host", [](auto& r) { r.header("host") = ""; }, verdict::malformed},
             row{"a name in upper case",
                 [](auto& r) {
                     r.header("authorization").replace(r.header("authorization").find("content-type"), 1, "C");
                 },
                 verdict::wrong_signature},
             row{"a name less",
                 [](auto& r) { r.header("authorization").erase(r.header("authorization").find("x-bce-meta-a;"), 13); },
                 verdict::wrong_signature},
             row{"another method", [](auto& r) { r.method = "POST"; }, verdict::wrong_signature},
             row{"another key of the store", [](auto& r) { r.path += "x"; }, verdict::wrong_signature},
             row{"a path in lower case", [](auto& r) { r.path.replace(r.path.find("%2B"), 3, "%2b"); },
                 verdict::malformed},
             row{"a path that is not encoded", [](auto& r) { r.path += "%4"; }, verdict::malformed},
             row{"a query that is not encoded", [](auto& r) { r.query += "%"; }, verdict::malformed},
             row{"a parameter more", [](auto& r) { r.query += "&acl"; }, verdict::wrong_signature},
             row{"a parameter less", [](auto& r) { r.query.resize(r.query.size() - 2); }, verdict::wrong_signature},
             row{"a blank for a plus", [](auto& r) { r.query.replace(r.query.find("%2B"), 3, "%20"); },
                 verdict::wrong_signature},
             row{"a second signature in the query", [](auto& r) { r.query += "&Authorization=x"; }, verdict::malformed},
             row{"a second signature in a header",
                 [](auto& r) {
                     r.headers.push_back({"authorization", r.header("authorization")});
                 },
                 verdict::malformed},
             row{"a signed header", [](auto& r) { r.header("content-type") = "text/plain"; }, verdict::wrong_signature},
             row{"a signed header less", [](auto& r) { r.drop("x-bce-meta-a"); }, verdict::wrong_signature},
             row{"a signed header twice",
                 [](auto& r) {
                     r.headers.push_back({"x-bce-meta-a", "9"});
                 },
                 verdict::wrong_signature},
             row{"another host", [](auto& r) { r.header("host") = "vk-demo2.bj.bcebos.com"; },
                 verdict::wrong_signature},
             row{"another date, signed", [](auto& r) { r.header("x-bce-date") = "2026-03-14T09:26:54Z"; },
                 verdict::wrong_signature},
             row{"a date of another day, signed", [](auto& r) { r.header("x-bce-date") = "2026-03-15T09:26:53Z"; },
                 verdict::malformed},
             row{"a date that is none", [](auto& r) { r.header("x-bce-date") = "20260314T092653Z"; },
                 verdict::malformed},
             row{"no token", [](auto& r) { r.drop("x-bce-security-token"); }, verdict::wrong_token},
             row{"another token", [](auto& r) { r.header("x-bce-security-token") = "tok/en+1="; },
                 verdict::wrong_token},
             row{"another token beside", [](auto& r) { r.query += "&x-bce-security-token=x"; }, verdict::wrong_token},
             row{"a second token",
                 [](auto& r) {
                     r.headers.push_back({"x-bce-security-token", "x"});
                 },
                 verdict::wrong_token},
             row{"too early", [](auto& r) { r.terms.now -= std::chrono::seconds{901}; }, verdict::skewed},
             row{"too late", [](auto& r) { r.terms.now += std::chrono::seconds{1801}; }, verdict::expired},
             row{"a body that does not fit its digest",
                 [](auto& r) { r.header("content-md5") = "XUFAKrxLKna5cZ2REBfFkQ=="; }, verdict::wrong_body},
         }) {
        INFO(what);
        sent_by_another r;
        change(r);
        CHECK(r.judge() == expected);
    }
    sent_by_another digest_fits;
    digest_fits.header("content-md5") = "XUFAKrxLKna5cZ2REBfFkg==";
    CHECK(digest_fits.judge() == verdict::accepted);
    CHECK(sent_by_another{}.judge({}) == verdict::wrong_token);
}

TEST_CASE("bce-auth-v1: a token or a date that is not signed must fit all the same", "[baidu][verify]") {
    known_key const temporary{"AK", secret{"s"}, "token"};
    known_key const lasting{"LONG", secret{"s"}, {}};
    auto const find = [&](std::string_view id) {
        return id == temporary.id ? &temporary : id == lasting.id ? &lasting : nullptr;
    };
    auto const judge = [&](std::string_view id, std::vector<http_header> more, std::string const& query = "") {
        std::vector<http_header> headers{{"host", "h"}};
        auto authorization = bce1_prefix(id, timestamp{now});
        auto const canonical =
            bce1_canonical_request("PUT", "/k", "", {headers, [](std::string_view name) { return name == "host"; }});
        auto const signature = bce1_signature(signing_key<bce1>(secret{"s"}, {}), authorization, canonical);
        authorization.append("/host/").append(signature.view());
        headers.push_back({"authorization", authorization});
        for (auto& each : more) headers.push_back(std::move(each));
        return verify_bce1({"PUT", "/k", query, headers, {}}, find, {now});
    };
    CHECK(judge("AK", {{"x-bce-security-token", "token"}}) == verdict::accepted);
    CHECK(judge("AK", {{"x-bce-security-token", "tokem"}}) == verdict::wrong_token);
    CHECK(judge("AK", {{"x-bce-security-token", ""}}) == verdict::wrong_token);
    CHECK(judge("AK", {}) == verdict::wrong_token);
    CHECK(judge("LONG", {}) == verdict::accepted);
    CHECK(judge("LONG", {{"x-bce-security-token", ""}}) == verdict::accepted);
    CHECK(judge("LONG", {{"x-bce-security-token", "token"}}) == verdict::wrong_token);
    CHECK(judge("LONG", {}, "x-bce-security-token=token") == verdict::wrong_token);
    CHECK(judge("LONG", {{"x-bce-date", "2026-03-14T09:26:53Z"}}) == verdict::accepted);
    CHECK(judge("LONG", {{"x-bce-date", "2026-03-14T09:26:54Z"}}) == verdict::malformed);
}

TEST_CASE("bce-auth-v1: a URL that was changed is refused", "[baidu][verify]") {
    auto const with = [](auto change) {
        auto r = presigned("600", of_600);
        change(r);
        return r.judge();
    };
    auto const swap = [](std::string what, std::string to) {
        return [what, to](sent_by_another& r) { r.query.replace(r.query.find(what), what.size(), to); };
    };
    CHECK(with([](auto&) {}) == verdict::accepted);
    CHECK(with(swap("%2F600", "%2F601")) == verdict::wrong_signature);
    CHECK(with(swap("%2F600", "%2F-1")) == verdict::wrong_signature);
    CHECK(with(swap("8238", "8239")) == verdict::wrong_signature);
    CHECK(with(swap("AK%2F1", "AK%2F2")) == verdict::unknown_key);
    CHECK(with(swap("&x-bce-security-token=tok%2Fen%2B1%3D%3D", "")) == verdict::wrong_token);
    CHECK(with(swap("en%2B1", "en+1")) == verdict::accepted);  // a raw plus is a plus
    CHECK(with(swap("en%2B1", "en%201")) == verdict::wrong_token);
    CHECK(with(swap("content-type%3Bhost", "content-type")) == verdict::malformed);
    CHECK(with(swap("content-type%3B", "")) == verdict::wrong_signature);
    CHECK(with([](auto& r) { r.query += "&authorization="; }) == verdict::malformed);
    CHECK(with([](auto& r) { r.query += "&uploads"; }) == verdict::wrong_signature);
    CHECK(with([](auto& r) { r.header("content-type") = "image/gif"; }) == verdict::wrong_signature);
    CHECK(with([](auto& r) { r.header("authorization") = "bce-auth-v1/x"; }) == verdict::malformed);
    CHECK(with([](auto& r) { r.method = "GET"; }) == verdict::wrong_signature);
    CHECK(with([](auto& r) { r.path = "/"; }) == verdict::wrong_signature);
    CHECK(with([](auto& r) { r.path = ""; }) == verdict::wrong_signature);
    CHECK(with([](auto& r) { r.terms.now -= std::chrono::seconds{901}; }) == verdict::skewed);
}

TEST_CASE("BOS: a form is verified by its key, its token and its policy's conditions", "[baidu][verify]") {
    known_key const key{"AK/1", secret{"s3cret+/=\xc3\xa9"}, "tok/en+1=="};
    auto const find = [&](std::string_view id) { return id == key.id ? &key : nullptr; };
    parameters const good{{"key", "a/b.txt"},
                          {"accessKey", "AK/1"},
                          {"policy",
                           "eyJleHBpcmF0aW9uIjoiMjAyNi0wMy0xNFQxMDoyNjo1M1oiLCJjb25kaXRpb25zIjpbeyJidWNrZXQiOiJ2ay1kZW1"
                           "vIn0seyJrZXkiOiJhLyo"
                           "ifSxbImNvbnRlbnQtbGVuZ3RoLXJhbmdlIiwxLDEwXV19"},
                          {"signature", "c5db536a34f8b3b77a76f7072885fecd87f748f12cf8c79747b3dfbacdb884b8"}};
    auto const judge = [&](auto change, std::string_view token = "tok/en+1==") {
        auto fields = good;
        change(fields);
        return verify_bce1_form(fields, token, find);
    };
    auto const same = [](parameters&) {};
    auto const token_field = [](parameters& f) { f.emplace_back("x-bce-security-token", "tok/en+1=="); };
    CHECK(judge(same) == verdict::accepted);
    CHECK(judge(same, "") == verdict::wrong_token);
    CHECK(judge(same, "tok") == verdict::wrong_token);
    CHECK(judge(token_field, "") == verdict::accepted);
    CHECK(judge(token_field) == verdict::accepted);
    CHECK(judge(token_field, "tok") == verdict::wrong_token);
    CHECK(judge([](auto& f) { f.emplace_back("x-bce-security-token", "tok"); }) == verdict::wrong_token);
    CHECK(judge([](auto& f) { f[1].second = "AK"; }) == verdict::unknown_key);
    CHECK(judge([](auto& f) { f[2].second[0] = 'f'; }) == verdict::wrong_signature);
    CHECK(judge([](auto& f) { f[3].second[0] = 'C'; }) == verdict::wrong_signature);
    CHECK(judge([](auto& f) { f[3].second.clear(); }) == verdict::wrong_signature);
    CHECK(judge([](auto& f) { f.resize(2); }) == verdict::not_signed);
    CHECK(judge([](auto& f) { f.emplace_back("Policy", "x"); }) == verdict::malformed);
    CHECK(judge([](auto& f) { f.emplace_back("accesskey", "AK/1"); }) == verdict::malformed);
}

TEST_CASE("BOS: a form's key is a pattern, everything else is exact", "[baidu][policy]") {
    auto const ask = [](std::string const& conditions, std::string const& key, std::optional<std::uint64_t> size = {},
                        parameters more = {}, bool absent = true) {
        more.emplace_back("key", key);
        return ask_bos_form(R"({"expiration":"2026-03-14T10:26:53Z","conditions":[)" + conditions + "]}",
                            {"vk-demo", more, size, absent}, now);
    };
    std::string const bucket = R"({"bucket":"vk-demo"},)";
    CHECK(ask(bucket + R"({"key":"a/b"})", "a/b") == form_answer::allowed);
    CHECK(ask(bucket + R"({"key":"a/b"})", "a/bc") == form_answer::condition_failed);
    CHECK(ask(bucket + R"({"key":"a/?"})", "a/b") == form_answer::condition_failed);
    CHECK(ask(bucket + R"({"key":"a/*"})", "a/b/c") == form_answer::allowed);
    CHECK(ask(bucket + R"({"key":"a/*"})", "a") == form_answer::condition_failed);
    CHECK(ask(bucket + R"({"key":"a/*"},{"key":"a/b*"})", "a/c") == form_answer::condition_failed);
    CHECK(ask(R"({"bucket":"vk*"},{"key":"a/*"})", "a/b") == form_answer::condition_failed);
    CHECK(ask(R"({"bucket":"vk-demo","key":"a/*"})", "a/b") == form_answer::allowed);
    CHECK(ask(bucket + R"(["content-length-range",1,10])", "k", 10) == form_answer::allowed);
    CHECK(ask(bucket + R"(["content-length-range",1,10])", "k", 0) == form_answer::too_small);
    CHECK(ask(bucket + R"(["content-length-range",1,10])", "k", 11) == form_answer::too_large);
    CHECK(ask(R"({"x-bce-meta-a":"*"})", "k", {}, {{"X-Bce-Meta-A", "b"}}) == form_answer::condition_failed);
    CHECK(ask(R"({"x-bce-meta-a":"b"})", "k", {}, {{"X-Bce-Meta-A", "b"}}) == form_answer::allowed);
    CHECK(ask(R"({"x-bce-meta-a":"b"})", "k") == form_answer::condition_failed);
    CHECK(ask(R"({"x-bce-meta-a":"b"})", "k", {}, {}, false) == form_answer::allowed);
    CHECK(ask(bucket + R"({"key":"a/*"})", "a/b", {}, {{"Key", "x"}}) == form_answer::extra_field);
    for (std::string const bad :
         {R"(["starts-with","$key","a/"])", R"(["eq","$key","k"])", R"(["content-length-range",1])",
          R"(["content-length-range",-1,10])", R"(["Content-Length-Range",1,10])", R"({"key":1})", R"({"key":["k"]})",
          "{}", "1", "[]", R"({"key":"x","key":"k"})"})
        CHECK(ask(bad, "k") == form_answer::unreadable);
    parameters const none;
    for (std::string_view const bad :
         {"", "[]", "{}", R"({"expiration":"2026-03-14T10:26:53Z","conditions":[]})", R"({"conditions":[{"key":"*"}]})",
          R"({"expiration":"2026-03-14T10:26:53Z","conditions":[{"key":"*"}],"conditions":[{"key":"a"}]})",
          R"({"expiration":"soon","conditions":[{"key":"*"}]})"})
        CHECK(ask_bos_form(bad, {"vk-demo", none}, now) == form_answer::unreadable);
    CHECK(ask_bos_form(R"({"expiration":"2026-03-14T09:26:53Z","conditions":[{"key":"*"}]})", {"vk-demo", none}, now) ==
          form_answer::expired);
}

TEST_CASE("BOS: what the service sends and vends is what the verifier accepts", "[baidu][verify]") {
    known_key const root{"ROOTKEY", secret{"the root secret"}, {}};
    known_key const temporary{"TEMPKEY", secret{"issued/secret+1"}, "tok/en+1=="};
    auto const find = [&](std::string_view id) {
        return id == root.id ? &root : id == temporary.id ? &temporary : nullptr;
    };
    for (bool const role : {false, true}) {
        auto service = service_with([role](auto& own) { role ? assume(own) : void(); });
        auto const call = sent(service, ask_web());
        auto const target = call.url.substr(call.url.find('/', 8));
        auto const mark = target.find('?');
        auto const judge = [&](std::string_view query, utc_seconds at) {
            return verify_bce1({call.method, target.substr(0, mark), query, call.headers, call.body}, find, {at});
        };
        auto const query = target.substr(mark + 1);
        CHECK(judge(query, now) == verdict::accepted);
        CHECK(judge(query + "0", now) == verdict::wrong_signature);
        CHECK(judge(query, now + std::chrono::seconds{1801}) == verdict::expired);
    }
    for (bool const is_dir : {false, true}) {
        auto service = good_service();
        auto r = ask();
        r.is_dir = is_dir;
        auto const g = granted(service, r);
        auto const data = json_of(g);
        parameters fields;
        for (auto const& [name, value] : data.at("form").at("fields").as_object())
            fields.emplace_back(std::string{name}, std::string{value.as_string()});
        for (auto& [name, value] : fields)
            if (name == "key" && is_dir) value += "1.ts";
        CHECK(verify_bce1_form(fields, {}, find) == verdict::accepted);
        auto const at = [&](utc_seconds when, std::uint64_t size) {
            return ask_bos_form(policy_of(g), {"vk-demo", fields, size}, when);
        };
        CHECK(at(now, 1000) == form_answer::allowed);
        CHECK(at(now, 1001) == form_answer::too_large);
        CHECK(at(now, 0) == form_answer::too_small);
        CHECK(at(g.expiration, 1) == form_answer::expired);
        for (auto& [name, value] : fields)
            if (name == "key") value.insert(0, "x");
        CHECK(at(now, 1) == form_answer::condition_failed);
    }
}
