#include "support/vectors_baidu.hpp"

#include <valetkey/providers/baidu.hpp>
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
         {std::string{}, std::string{"{}"}, std::string{"[]"}, std::string{R"({"accessControlList":{}})"}, list(""),
          list("1"), list(entry(R"("WRITE")")), list(entry("[]")), list(entry("[1]")), list(entry(R"(["WRITE","*"])")),
          list(entry(R"(["write"])")), list(entry(R"(["MODIFY"])")), list(entry(R"(["WRITE"])", R"(,"grantee":[])")),
          list(entry(R"(["WRITE"])")) + "x", R"({"x":1,)" + list(entry(R"(["WRITE"])")).substr(1),
          list(R"({"service":"bce:*","region":"bj","effect":"Allow","resource":["*"],"permission":["WRITE"]})"),
          list(R"({"service":"bce:bos","region":"","effect":"Allow","resource":["*"],"permission":["WRITE"]})"),
          list(R"({"service":"bce:bos","region":"bj","effect":"allow","resource":["*"],"permission":["WRITE"]})"),
          list(R"({"service":"bce:bos","region":"bj","effect":"Allow","resource":[],"permission":["WRITE"]})")}) {
        INFO(text);
        CHECK(read_list(text).ask(put) == policy_answer::unreadable);
    }
    CHECK(baidu_policy{list(entry(R"(["WRITE"])")), "gz"}.ask(put) == policy_answer::denied);
    CHECK(read_list(list(entry(R"(["LIST"])"))).ask(put) == policy_answer::denied);
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
