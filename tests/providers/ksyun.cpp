#include "support/vector_case.hpp"

#include <valetkey/policy/guard.hpp>
#include <valetkey/providers/ksyun.hpp>
#include <valetkey/signing/verify_kss.hpp>
#include <valetkey/sts_service.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <boost/json/parse.hpp>
#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

using namespace valetkey;

namespace {

using service_type = sts_service<ksyun>;
auto const now = *parse_iso_time("2026-03-14T09:26:53Z");
std::string const folder = "test/resource/video/2026/03/14/10503/0f8fad5b-d9cb-469f-a165-70867728950e";

service_type::settings good_settings() {
    service_type::settings s;
    s.root = "test";
    s.callback_url = "https://app.example.com/upload/callback";
    auto& own = s.of<ksyun>().emplace();
    own.root = {"ROOTKEY", secret{"the root secret"}};
    own.form.emplace(access_key{"FORMKEY", secret{"the form secret"}});
    own.bucket = "vk-demo";
    own.region = "BEIJING";
    own.endpoint = "https://ks3-cn-beijing.ksyuncs.com";
    own.role = "krn:ksc:iam::2000000001:role/valetkey-uploader";
    own.max_size = 1000;
    return s;
}

template <class Change>
service_type service_with(Change change) {
    auto s = good_settings();
    change(*s.of<ksyun>());
    return service_type{std::move(s)};
}
service_type good_service() {
    return service_type{good_settings()};
}

fresh fresh_values() {
    fresh f{now, 10503, {}, {}};
    std::string_view{"0f8fad5b-d9cb-469f-a165-70867728950e"}.copy(f.uuid.text.data(), 36);
    std::string_view{"00112233445566778899aabbccddeeff"}.copy(f.request_id.text.data(), 32);
    return f;
}
upload_request ask() {
    upload_request r;
    r.type = ksyun::type;
    r.extension = "MP4";
    r.module = upload_module::resource_video;
    return r;
}

std::string answer(std::string_view expiration, std::string_view id = "STSID", std::string_view more = "") {
    return R"({"AssumeRoleResult":{"Credentials":{"Expiration":")" + std::string{expiration} +
           R"(","SecretAccessKey":"issued/secret+1","AccessKeyId":")" + std::string{id} +
           R"(","SecurityToken":"tok/en+\"1\"=="},"AssumedRoleUser":{"Krn":"krn:ksc:sts::1:x","AssumedRoleId":"1"}},)" +
           std::string{more} + R"("RequestId":"R"})";
}
std::string refused(std::string_view code) {
    return R"({"RequestId":"R","Error":{"Code":")" + std::string{code} + R"(","Message":"m"}})";
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
    return value ? std::string{value->as_string()} : std::string{};
}
std::string kss(std::string_view secret_value, std::string_view text) {
    std::string out;
    append_kss_signature(out, hmac_key<sha1>{secret_value}, text);
    return out;
}
std::string policy_sent(service_type& service, upload_request const& r) {
    auto const sent = *service.exchange(*service.plan(r, fresh_values()), {now, {}});
    for (auto const& [name, value] : vectors::decoded_pairs(sent->body))
        if (name == "Policy") return value;
    return {};
}

}  // namespace

TEST_CASE("KSyun: settings that cannot work are named, and the cloud refuses", "[ksyun][settings]") {
    struct row {
        std::string_view field;
        void (*spoil)(ksyun::settings&);
    };
    for (auto const& [field, spoil] :
         {row{"bucket", [](auto& s) { s.bucket = "vk*"; }},
          row{"bucket", [](auto& s) { s.bucket = "vk?demo"; }},
          row{"bucket", [](auto& s) { s.bucket = "vk/demo"; }},
          row{"bucket", [](auto& s) { s.bucket = "vk:demo"; }},
          row{"bucket", [](auto& s) { s.bucket = "vk\"demo"; }},
          row{"bucket", [](auto& s) { s.bucket = "vk.demo"; }},
          row{"bucket", [](auto& s) { s.bucket = "VK-demo"; }},
          row{"bucket", [](auto& s) { s.bucket = "-vk"; }},
          row{"bucket", [](auto& s) { s.bucket = "_vk"; }},
          row{"bucket", [](auto& s) { s.bucket = "vk"; }},
          row{"bucket", [](auto& s) { s.bucket = std::string(64, 'a'); }},
          row{"region", [](auto& s) { s.region = ""; }},
          row{"region", [](auto& s) { s.region = "BEI/JING"; }},
          row{"region", [](auto& s) { s.region = "BEI*"; }},
          row{"region", [](auto& s) { s.region = "BEI JING"; }},
          row{"region", [](auto& s) { s.region = std::string(33, 'B'); }},
          row{"endpoint", [](auto& s) { s.endpoint = ""; }},
          row{"endpoint", [](auto& s) { s.endpoint = "ks3-cn-beijing.ksyuncs.com"; }},
          row{"endpoint", [](auto& s) { s.endpoint = "http://ks3-cn-beijing.ksyuncs.com"; }},
          row{"endpoint", [](auto& s) { s.endpoint = "https://ks3-cn-beijing.ksyuncs.com/x"; }},
          row{"endpoint", [](auto& s) { s.endpoint = "https://u@ks3-cn-beijing.ksyuncs.com"; }},
          row{"bucket_endpoint", [](auto& s) { s.bucket_endpoint = "https://cdn.example/*"; }},
          row{"sts_endpoint", [](auto& s) { s.sts_endpoint = "http://sts.api.ksyun.com"; }},
          row{"role", [](auto& s) { s.role = ""; }},
          row{"role", [](auto& s) { s.role = "uploader"; }},
          row{"role", [](auto& s) { s.role = "krn:ksc:iam::1:user/a"; }},
          row{"role", [](auto& s) { s.role = "krn:ksc:iam::1:role/"; }},
          row{"role", [](auto& s) { s.role = "krn:ksc:iam:::role/a"; }},
          row{"role", [](auto& s) { s.role = "krn:ksc:iam::*:role/a"; }},
          row{"role", [](auto& s) { s.role = "krn:ksc:iam::1:role/*"; }},
          row{"role", [](auto& s) { s.role = "krn:ksc:iam::1:role/a?"; }},
          row{"role", [](auto& s) { s.role = "krn:ksc:iam::1:role/a\",\"x"; }},
          row{"role", [](auto& s) { s.role = "krn:ksc:iam::1:role/a:role/b"; }},
          row{"role", [](auto& s) { s.role = "acs:ram::1:role/a"; }},
          row{"sts_region", [](auto& s) { s.sts_region = ""; }},
          row{"sts_region", [](auto& s) { s.sts_region = "cn/beijing"; }},
          row{"sts_region", [](auto& s) { s.sts_region = "cn_beijing"; }},
          row{"duration_seconds", [](auto& s) { s.duration_seconds = 899; }},
          row{"duration_seconds", [](auto& s) { s.duration_seconds = 86401; }},
          row{"max_size", [](auto& s) { s.max_size = 0; }},
          row{"voucher_key", [](auto& s) { s.voucher_key = "form", s.form.reset(); }},
          row{"access_key_id", [](auto& s) { s.root.id.clear(); }},
          row{"access_key_secret", [](auto& s) { s.root.value = secret{}; }}}) {
        INFO(field);
        auto const service = service_with(spoil);
        REQUIRE(service.problems().size() == 1);
        CHECK(service.problems().front().what.field == field);
        CHECK(service.plan(ask(), fresh_values()).error().what == errc::invalid_settings);
    }
    CHECK(good_service().problems().empty());
    CHECK(service_with([](auto& s) { s.region = "JR_BEIJING"; }).problems().empty());
    CHECK(service_with([](auto& s) { s.bucket = "vk_demo"; }).problems().empty());
    CHECK(service_with([](auto& s) { s.duration_seconds = 86400; }).problems().empty());
}

TEST_CASE("KSyun: what the STS's failure becomes", "[ksyun][sts]") {
    struct row {
        int status;
        std::string body;
        errc what;
    };
    std::string const good = answer("2026-03-14T10:26:53Z");
    auto service = good_service();
    auto const plan = *service.plan(ask(), fresh_values());
    for (auto const& [status, body, what] :
         {row{400, refused("Throttling"), errc::throttled},
          row{400, refused("RequestThrottled"), errc::throttled},
          row{503, refused("TooManyRequests"), errc::throttled},
          row{200, refused("Throttling.User"), errc::throttled},
          row{429, "", errc::throttled},
          row{403, refused("SignatureDoesNotMatch"), errc::clock_skew},
          row{400, refused("RequestExpired"), errc::clock_skew},
          row{200, refused("RequestTimeTooSkewed"), errc::clock_skew},
          row{500, "", errc::unavailable},
          row{502, "<html>", errc::unavailable},
          row{408, "", errc::unavailable},
          row{500, refused("InternalError"), errc::unavailable},
          row{403, refused("AccessDenied"), errc::denied},
          row{400, refused("InvalidParameterValue"), errc::denied},
          row{200, refused("AccessDenied"), errc::denied},
          row{200, answer("2026-03-14T10:26:53Z", "STSID", R"("Error":{"Code":"NoSuchEntity"},)"), errc::denied},
          row{200, answer("2026-03-14T10:26:53Z", "STSID", R"("Error":{"Message":"m"},)"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53Z", "STSID", R"("Error":{},)"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53Z", "STSID", R"("Error":"denied",)"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53Z", "STSID", R"("Error":["x"],)"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53Z", "STSID", R"("Error":0,)"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53Z", "STSID", R"("Error":null,)"), errc::malformed_response},
          row{400, "what", errc::malformed_response},
          row{302, refused("Moved"), errc::malformed_response},
          row{204, good, errc::malformed_response},
          row{200, "", errc::malformed_response},
          row{200, "[]", errc::malformed_response},
          row{200, good.substr(0, good.size() - 1), errc::malformed_response},
          row{200, "<AssumeRoleResponse/>", errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53Z", ""), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53Z", "a b"), errc::malformed_response},
          row{200, answer("2026-03-14T09:26:53Z"), errc::malformed_response},
          row{200, answer("2026-03-14T17:26:53+08:00"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53+1"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53+99:00"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53+00:60"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53-08:00Z"), errc::malformed_response},
          row{200, answer("2026-03-14T10:26:53Z+00:00"), errc::malformed_response},
          row{200, answer("2026-03-14 10:26:53+00:00"), errc::malformed_response},
          row{200, answer("soon"), errc::malformed_response},
          row{200, answer(""), errc::malformed_response}}) {
        INFO(status << " " << body);
        auto const g = service.complete(plan, {status, body, {}}, now);
        REQUIRE_FALSE(g);
        CHECK(g.error().what == what);
    }
    auto const g = service.complete(plan, {403, refused("AccessDenied"), {}}, now);
    CHECK(g.error().vendor_code == "AccessDenied");
    CHECK(g.error().vendor_request == "R");
}

TEST_CASE("KSyun: a scope that does not fit is refused, the longest that fits is whole", "[ksyun][policy]") {
    auto s = good_settings();
    s.root = std::string(200, 'r');
    CHECK(service_type{std::move(s)}.plan(ask(), fresh_values()).error().what == errc::scope_too_long);

    std::string const bucket(63, 'b');
    std::string const text = std::string(upload_scope::max_size - 1, 'k') + "/";
    auto const policy = session_policy<ksyun_policy>("", bucket, *upload_scope::prefix({text}));
    REQUIRE(policy);
    CHECK(policy->size() <= 1024);
    CHECK(policy->ends_with(bucket + "/" + text + R"(*"]}]})"));
}

TEST_CASE("KSyun: the session policy is the upload and nothing else", "[ksyun][policy]") {
    auto service = good_service();
    std::string const head =
        R"({"Version":"2015-11-01","Statement":[{"Effect":"Allow","Action":["ks3:PutObject","ks3:AbortMultipartUpload","ks3:ListMultipartUploadParts"],"Resource":["krn:ksc:ks3:::vk-demo/)" +
        folder;
    auto r = ask();
    CHECK(policy_sent(service, r) == head + R"(.mp4"]}]})");
    r.platform = client_platform::web;  // no client of this vendor needs more
    CHECK(policy_sent(service, r) == head + R"(.mp4"]}]})");
    r.is_dir = true;
    CHECK(policy_sent(service, r) == head + R"(/*"]}]})");
}

TEST_CASE("KSyun: a session policy that says more, or something unknown, is noticed", "[ksyun][policy]") {
    auto const key = *upload_scope::key({"test/a.png"});
    auto const prefix = *upload_scope::prefix({"test/a/"});
    auto const holds = [&](std::string_view text, upload_scope const& scope) {
        return is_exactly(statement_policy<ksyun_policy>{text}, {"vk-demo", scope}, [](store_action) { return false; });
    };
    auto const of_key = *session_policy<ksyun_policy>("", "vk-demo", key);
    auto const of_prefix = *session_policy<ksyun_policy>("", "vk-demo", prefix);
    struct hole {
        std::string_view what;
        std::string_view with;
    };
    auto const replaced = [](std::string text, hole const& h) {
        auto const at = text.find(h.what);
        REQUIRE(at != std::string::npos);
        return text.replace(at, h.what.size(), h.with);
    };
    for (auto const& h :
         {hole{"a.png", "*"}, hole{"a.png", "a.pn?"}, hole{"a.png", "a.png*"}, hole{"a.png", "a.png?"},
          hole{"a.png", R"(a.pn\u003f)"}, hole{"a.png", R"(a.pn\u002a)"}, hole{"a.png", "?.png"},
          hole{"a.png", "A.PNG"}, hole{"a.png", "a.png/"}, hole{"a.png", ""}, hole{"a.png", "${*}"},
          hole{"test/", "t?st/"}, hole{"test/", "*/"}, hole{"test/a.png", "*"}, hole{"vk-demo/test/a.png", "*"},
          hole{"vk-demo/test/a.png", "vk-demo"}, hole{"vk-demo", "*"}, hole{"vk-demo", "vk-dem?"},
          hole{"vk-demo", "vk-demo*"}, hole{"vk-demo", "other"},
          // a key of another bucket may hold colons
          hole{"krn:ksc:ks3:::", "krn:ksc:ks3:*:"}, hole{"krn:ksc:ks3:::", "krn:*:"},
          hole{"krn:ksc:ks3:::", "krn:ksc:???:::"}, hole{"krn:ksc:ks3:::vk-demo/test/a.png", "*"},
          hole{"ks3:PutObject", "ks3:*"}, hole{"ks3:PutObject", "*"}, hole{"ks3:PutObject", "ks3:Put*"},
          hole{"ks3:PutObject", "ks3:PutObjec?"}, hole{"ks3:PutObject", R"(ks3:PutObject","ks3:GetObject)"},
          hole{"ks3:PutObject", R"(ks3:PutObject","KS3:DELETEOBJECT)"},
          hole{"ks3:PutObject", R"(ks3:PutObject","ks3:SomethingNew)"}, hole{R"("ks3:PutObject",)", ""},
          hole{"ks3:AbortMultipartUpload", "ks3:DeleteObject"},
          hole{R"(["ks3:PutObject","ks3:AbortMultipartUpload","ks3:ListMultipartUploadParts"])", "[]"},
          hole{R"(["ks3:PutObject","ks3:AbortMultipartUpload","ks3:ListMultipartUploadParts"])", "[1]"},
          hole{R"(["krn:ksc:ks3:::vk-demo/test/a.png"])", "[]"}, hole{R"(["krn:ksc:ks3:::vk-demo/test/a.png"])", "{}"},
          hole{"\"Allow\"", "\"Deny\""}, hole{"\"Allow\"", "\"allow\""}, hole{"\"Action\"", "\"NotAction\""},
          hole{"\"Resource\"", "\"NotResource\""}, hole{R"("Effect")", R"("Condition":{},"Effect")"},
          hole{R"("Effect")", R"("Principal":"*","Effect")"},
          // quotes in a key: a member comes twice, and it is not said which one counts
          hole{"a.png", R"(*"],"Resource":["krn:ksc:ks3:::vk-demo/test/a.png)"},
          hole{"a.png", R"(a.png"],"Resource":["krn:ksc:ks3:::vk-demo/test/*)"},
          hole{"a.png", R"(a.png"],"\u0052esource":["*)"}, hole{"a.png", R"(a.png","krn:ksc:ks3:::vk-demo/test/b.png)"},
          hole{"a.png", R"(a.png","krn:ksc:ks3:::far-away/and/else)"},
          hole{"[{", R"([{"Effect":"Allow","Action":"ks3:*","Resource":"*"},{)"},
          hole{"[{", R"([{"Effect":"Allow","Action":"ks3:PutObject","Resource":"krn:ksc:ks3:::far-away/k"},{)"},
          hole{"[{", R"([{"Effect":"Deny","Action":"*","Resource":"*"},{)"}, hole{"[{", R"([1,{)"},
          hole{R"("Version":"2015-11-01",)", R"("Version":"2015-11-01","Statement":[],)"},
          hole{R"("Version":"2015-11-01",)", R"("Version":"2015-11-01","More":1,)"}, hole{"a.png\"", "a.png"}}) {
        INFO(h.what << " -> " << h.with);
        CHECK_FALSE(holds(replaced(of_key, h), key));
    }
    for (auto const& h : {hole{"a/*", "a*"}, hole{"a/*", "a/"}, hole{"a/*", "a/?"}, hole{"a/*", "a/**"},
                          hole{"a/*", "*"}, hole{"a/*", "b/*"}, hole{"test/", "*/"}, hole{":::", ":*:"}})
        CHECK_FALSE(holds(replaced(of_prefix, h), prefix));
    CHECK_FALSE(holds(of_key, prefix));
    CHECK_FALSE(holds(of_prefix, key));
    CHECK_FALSE(holds(of_key, *upload_scope::key({"test/a.pn"})));
    for (std::string_view const bad : {"", "{}", "null", "[]", R"({"Statement":[]})", R"({"Statement":null})"})
        CHECK_FALSE(holds(bad, key));
    CHECK_FALSE(holds(of_key.substr(1), key));
    CHECK_FALSE(holds(of_key + "x", key));

    CHECK(holds(of_key, key));
    CHECK(holds(of_prefix, prefix));
    // the same, written otherwise
    CHECK(holds(R"({ "Statement" : {"Effect":"Allow","Action":["KS3:putobject","ks3:AbortMultipartUpload",
        "ks3:ListMultipartUploadParts"],"Resource":"krn:ksc:ks3:::vk-demo/test/a.png","Sid":"a:\"b"} })",
                key));
}

TEST_CASE("KSyun: every scope's policy is that scope", "[ksyun][policy]") {
    auto const is_narrow = [](std::string_view bucket, upload_scope const& scope) {
        auto const text = session_policy<ksyun_policy>("", bucket, scope);
        return text &&
               is_exactly(statement_policy<ksyun_policy>{*text}, {bucket, scope}, [](store_action) { return false; });
    };
    std::string const longest(upload_scope::max_size - 1, 'k');
    for (auto const& bucket : {std::string{"abc"}, std::string{"a_b-c9"}, std::string(63, 'b')})
        for (auto const& text : {std::string{"a"}, std::string{"0/x"}, std::string{"a-b_c.d"}, folder, longest}) {
            CHECK(is_narrow(bucket, *upload_scope::key({text})));
            CHECK(is_narrow(bucket, *upload_scope::prefix({text, "/"})));
        }
}

TEST_CASE("KSyun: a policy answers as the vendor's grammar says", "[ksyun][policy]") {
    auto const answer_of = [](std::string_view text, store_action action, std::string_view key) {
        return statement_policy<ksyun_policy>{text}.ask({action, "vk-demo", key});
    };
    std::string const uploads =
        R"({"Effect":"Allow","Action":["ks3:PutObject","ks3:Get*"],"Resource":"krn:ksc:ks3:::vk-demo/a/*/?.png"})";
    std::string const denial = R"({"Effect":"Deny","Action":"ks3:*","Resource":["krn:ksc:ks3:::vk-demo/a/secret/*"]})";
    auto const both = R"({"Version":"2015-11-01","Statement":[)" + uploads + "," + denial + "]}";
    CHECK(answer_of(both, store_action::put, "a/b/c.png") == policy_answer::allowed);
    CHECK(answer_of(both, store_action::put, "a/b/c/d.png") == policy_answer::allowed);
    CHECK(answer_of(both, store_action::read, "a/b/c.png") == policy_answer::allowed);
    CHECK(answer_of(both, store_action::read_acl, "a/b/c.png") == policy_answer::allowed);
    CHECK(answer_of(both, store_action::put, "a/secret/c.png") == policy_answer::denied);
    CHECK(answer_of(both, store_action::put, "a/b/cd.jpg") == policy_answer::denied);
    CHECK(answer_of(both, store_action::put, "A/b/c.png") == policy_answer::denied);
    CHECK(answer_of(both, store_action::remove, "a/b/c.png") == policy_answer::denied);
    CHECK(answer_of(both, store_action::list_objects, "") == policy_answer::denied);
    CHECK(statement_policy<ksyun_policy>{both}.ask({store_action::put, "other", "a/b/c.png"}) == policy_answer::denied);
    auto const twice = R"({"Statement":[)" + uploads + R"(],"Statement":[]})";
    for (std::string_view const bad :
         {std::string_view{twice},
          std::string_view{R"({"Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]})"},
          std::string_view{R"({"Statement":[{"Action":"*","Resource":"*"}]})"}, std::string_view{"x"}})
        CHECK(answer_of(bad, store_action::put, "a/b/c.png") == policy_answer::unreadable);
}

TEST_CASE("KSyun: AssumeRole is asked in a body, signed over host and date, afresh each time", "[ksyun][sts]") {
    auto service = good_service();
    auto const plan = *service.plan(ask(), fresh_values());
    auto const first = *service.exchange(plan, {now, {}});
    auto const second = *service.exchange(plan, {now + std::chrono::days{1}, {}});
    REQUIRE((first && second));
    CHECK(first->method == "POST");
    CHECK(first->url == "https://sts.api.ksyun.com/");
    CHECK(vectors::header_of(*first, "host") == "sts.api.ksyun.com");
    CHECK(vectors::header_of(*first, "accept") == "application/json");
    CHECK(vectors::header_of(*first, "content-type") == "application/x-www-form-urlencoded");
    CHECK(vectors::header_of(*first, "x-amz-date") == "20260314T092653Z");
    CHECK(vectors::header_of(*second, "x-amz-date") == "20260315T092653Z");
    CHECK(first->headers.size() == 5);
    auto const pairs = vectors::decoded_pairs(first->body);
    REQUIRE(pairs.size() == 6);
    auto const has = [&](std::string name, std::string value) {
        return std::find(pairs.begin(), pairs.end(), std::pair{name, value}) != pairs.end();
    };
    CHECK(has("Action", "AssumeRole"));
    CHECK(has("Version", "2015-11-01"));
    CHECK(has("DurationSeconds", "3600"));
    CHECK(has("RoleKrn", "krn:ksc:iam::2000000001:role/valetkey-uploader"));
    CHECK(has("RoleSessionName", "00112233445566778899aabbccddeeff"));
    CHECK(first->body == second->body);
    auto const authorization = vectors::header_of(*first, "authorization");
    CHECK(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential=ROOTKEY/20260314/cn-beijing-6/sts/aws4_request, "
                                  "SignedHeaders=host;x-amz-date, Signature="));
    CHECK(authorization != vectors::header_of(*second, "authorization"));

    auto elsewhere = service_with([](auto& s) {
        s.sts_region = "cn-shanghai-3";
        s.sts_endpoint = "https://sts.cn-shanghai-3.api.ksyun.com:8443/";
    });
    auto const sent = *elsewhere.exchange(*elsewhere.plan(ask(), fresh_values()), {now, {}});
    CHECK(sent->url == "https://sts.cn-shanghai-3.api.ksyun.com:8443/");
    CHECK(vectors::header_of(*sent, "host") == "sts.cn-shanghai-3.api.ksyun.com:8443");
    CHECK(vectors::header_of(*sent, "authorization").find("/20260314/cn-shanghai-3/sts/") != std::string::npos);
}

TEST_CASE("KSyun: each part of a request is signed", "[ksyun][sts]") {
    hmac_key<sha256> const key{"key"};
    scope_input const in{"20260314", "cn-beijing-6", "sts"};
    auto const signature = [&](auto change) {
        http_request r{"POST", "https://a.example/", {{"host", "a.example"}, {"accept", "x"}}, "Action=A"};
        parameters query;
        timestamp at{now};
        change(r, query, at);
        sign_ksyun_request(r, query, "ID", key, at, in);
        return vectors::header_of(r, "authorization");
    };
    auto const same = signature([](auto&, auto&, auto&) {});
    CHECK(same == signature([](auto& r, auto&, auto&) { r.headers[1].value = "unsigned"; }));
    CHECK(same != signature([](auto& r, auto&, auto&) { r.method = "GET"; }));
    CHECK(same != signature([](auto& r, auto&, auto&) { r.body = "Action=B"; }));
    CHECK(same != signature([](auto& r, auto&, auto&) { r.headers[0].value = "b.example"; }));
    CHECK(same != signature([](auto&, auto& query, auto&) { query.emplace_back("Action", "A"); }));
    CHECK(same != signature([](auto&, auto&, auto& at) { at = timestamp{now + std::chrono::seconds{1}}; }));
}

TEST_CASE("KSyun: an answer becomes keys and a voucher of the same second", "[ksyun]") {
    auto service = good_service();
    auto const plan = *service.plan(ask(), fresh_values());
    for (std::string_view const end :
         {"2026-03-14T10:26:53Z", "2026-03-14T10:26:53.987Z", "2026-03-14T18:26:53+08:00", "2026-03-14T18:26:53.5+0800",
          "2026-03-14T04:56:53-05:30", "2026-03-14T10:26:53+00:00"}) {
        INFO(end);
        std::string reply = answer(end);
        auto const g = service.complete(plan, {200, reply, {}}, now);
        reply.assign(reply.size(), '#');
        REQUIRE(g);
        CHECK(timestamp{g->expiration}.iso().view() == "2026-03-14T10:26:53Z");
        CHECK((*g)[grant::access_key_id] == "STSID");
        CHECK((*g)[grant::secret_access_key] == "issued/secret+1");
        CHECK((*g)[grant::security_token] == R"(tok/en+"1"==)");
        auto const data = json_of(*g);
        CHECK(data.size() == 19);
        CHECK(data.at("form").at("fields").as_object().size() == 5);
        CHECK(field_of(data, "key") == folder + ".mp4");
        CHECK(field_of(data, "KSSAccessKeyId") == "STSID");
        CHECK(field_of(data, "x-kss-security-token") == R"(tok/en+"1"==)");
        std::string const policy =
            R"({"expiration":"2026-03-14T10:26:53.000Z","conditions":[["content-length-range","1","1000"],["eq","$bucket","vk-demo"],["eq","$x-kss-security-token","tok/en+\"1\"=="],["eq","$key",")" +
            folder + R"(.mp4"]]})";
        CHECK(field_of(data, "Policy") == to_base64(policy));
        CHECK(field_of(data, "Signature") == kss("issued/secret+1", to_base64(policy)));
        CHECK(data.at("policy").as_string() == field_of(data, "Policy"));
        CHECK(data.at("signature").as_string() == field_of(data, "Signature"));
    }
}

TEST_CASE("KSyun: a prefix is granted as a prefix", "[ksyun]") {
    auto service = good_service();
    auto r = ask();
    r.is_dir = true;
    auto const data = json_of(granted(service, r));
    CHECK(field_of(data, "key") == folder + "/");
    std::string const policy =
        R"({"expiration":"2026-03-14T10:26:53.000Z","conditions":[["content-length-range","1","1000"],["eq","$bucket","vk-demo"],["eq","$x-kss-security-token","tok/en+\"1\"=="],["starts-with","$key",")" +
        folder + R"(/"]]})";
    CHECK(field_of(data, "Policy") == to_base64(policy));
}

TEST_CASE("KSyun: the upload identity signs alone, without a token, and no secret of ours leaves", "[ksyun]") {
    auto service = good_service();
    auto r = ask();
    r.form_only = true;
    auto const plan = *service.plan(r, fresh_values());
    CHECK_FALSE(service.exchange(plan, {now, {}})->has_value());
    auto by_form = service_with([](auto& s) { s.voucher_key = "form"; });
    auto const local = *service.complete(plan, {}, now);
    auto const mixed = granted(by_form, ask());
    std::string const policy =
        R"({"expiration":"2026-03-14T10:26:53.000Z","conditions":[["content-length-range","1","1000"],["eq","$bucket","vk-demo"],["eq","$key",")" +
        folder + R"(.mp4"]]})";
    for (auto const* g : {&local, &mixed}) {
        auto const data = json_of(*g);
        CHECK(field_of(data, "KSSAccessKeyId") == "FORMKEY");
        CHECK(field_of(data, "Policy") == to_base64(policy));
        CHECK(field_of(data, "Signature") == kss("the form secret", to_base64(policy)));
        CHECK(field_of(data, "x-kss-security-token").empty());
        std::string text;
        append_grant_json(text, *g);
        CHECK(text.find("the form secret") == std::string::npos);
        CHECK(text.find("the root secret") == std::string::npos);
        CHECK(text.find("ROOTKEY") == std::string::npos);
    }
    CHECK(local[grant::secret_access_key].empty());
    CHECK(local[grant::security_token].empty());
    CHECK(mixed[grant::access_key_id] == "STSID");
    CHECK(mixed[grant::secret_access_key] == "issued/secret+1");
}

TEST_CASE("KSyun: the key cache follows its secret", "[ksyun]") {
    kss_key_cache kept;
    secret const one{"one"};
    secret const two{"two"};
    for (auto const* value : {&one, &two, &one, &one}) {
        std::string signature;
        append_kss_signature(signature, kept.get(*value), "text");
        CHECK(signature == kss(value->reveal(), "text"));
    }
}

TEST_CASE("KSyun: a form that asks for a callback is pinned to it", "[ksyun][callback]") {
    auto service = good_service();
    auto r = ask();
    r.form_only = true;
    auto const plain = json_of(*service.complete(*service.plan(r, fresh_values()), {}, now));
    CHECK(plain.if_contains("callbackInfo") == nullptr);
    CHECK(field_of(plain, "x-kss-callbackurl").empty());
    r.need_callback = true;
    auto const data = json_of(*service.complete(*service.plan(r, fresh_values()), {}, now));
    std::string const url = "https://app.example.com/upload/callback";
    std::string const body =
        "objectId=10503&resourceType=1&bucket=${bucket}&key=${key}&objectSize=${objectSize}&etag=${etag}"
        "&mimeType=${mimeType}";
    CHECK(data.at("form").at("fields").as_object().size() == 6);
    CHECK(field_of(data, "x-kss-callbackurl") == url);
    CHECK(field_of(data, "x-kss-callbackbody") == body);
    CHECK(data.at("callbackInfo").at("callbackUrl").as_string() == url);
    CHECK(data.at("callbackInfo").at("callbackBody").as_string() == body);
    auto const& headers = data.at("callbackInfo").at("headers").as_object();
    CHECK(headers.size() == 2);
    CHECK(headers.at("x-kss-callbackurl").as_string() == url);
    CHECK(headers.at("x-kss-callbackbody").as_string() == body);
    std::string const policy =
        R"({"expiration":"2026-03-14T10:26:53.000Z","conditions":[["content-length-range","1","1000"],["eq","$bucket","vk-demo"],["eq","$x-kss-callbackurl",")" +
        url + R"("],["eq","$x-kss-callbackbody",")" + body + R"("],["eq","$key",")" + folder + R"(.mp4"]]})";
    CHECK(field_of(data, "Policy") == to_base64(policy));
}

TEST_CASE("KSyun: addresses follow from the settings", "[ksyun][settings]") {
    auto const made = [](auto change) {
        auto service = service_with(change);
        return granted(service, ask());
    };
    auto g = made([](auto&) {});
    CHECK(g[grant::endpoint] == "https://ks3-cn-beijing.ksyuncs.com");
    CHECK(g[grant::bucket_endpoint] == "https://vk-demo.ks3-cn-beijing.ksyuncs.com");
    CHECK(g[grant::form_url] == "https://vk-demo.ks3-cn-beijing.ksyuncs.com");
    CHECK(g[grant::region] == "BEIJING");
    g = made([](auto& s) { s.endpoint = "http://127.0.0.1:9000/"; });
    CHECK(g[grant::endpoint] == "http://127.0.0.1:9000");
    CHECK(g[grant::bucket_endpoint] == "http://127.0.0.1:9000/vk-demo");
    CHECK(g[grant::form_url] == "http://127.0.0.1:9000/vk-demo");
    g = made([](auto& s) { s.bucket_endpoint = "https://cdn.example"; });
    CHECK(g[grant::bucket_endpoint] == "https://cdn.example");
    CHECK(g[grant::form_url] == "https://cdn.example");
    g = made([](auto& s) { s.region = "JR_BEIJING"; });
    CHECK(g[grant::region] == "JR_BEIJING");
}

namespace {

constexpr std::string_view hostile_path = "/a%20b%2Bc%25d%26e%27f%21%28g%29%2Ah~i/%E6%96%87.png";
constexpr std::string_view sha256_of_hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// What a client sent; its signature was made by an independent implementation.
struct arrived {
    std::string method;
    std::string path;
    std::string query{};
    std::vector<http_header> headers{};
    std::string body{};
    known_key key{"STSID", secret{"issued/secret+1"}, R"(tok/en+"1"==)"};
    ks3_server server{"vk-demo", "BEIJING"};
    verifying_terms terms{now};

    [[nodiscard]] verdict judged() const {
        auto const find = [&](std::string_view id) { return id == key.id ? &key : nullptr; };
        return verify_ks3_request({method, path, query, headers, body}, find, server, terms);
    }
    std::string& header(std::string_view name) {
        return std::find_if(headers.begin(), headers.end(), [&](auto const& h) { return h.name == name; })->value;
    }
    void drop(std::string_view name) {
        std::erase_if(headers, [&](auto const& h) { return h.name == name; });
    }
    template <class Change>
    [[nodiscard]] verdict after(Change change) const {
        auto other = *this;
        change(other);
        return other.judged();
    }
};
secret const issued{"the issued secret/+1"};
std::string const token = R"(tok/en+"1"==)";
std::string const store_host = "vk-demo.ks3-cn-beijing.ksyuncs.com";

}  // namespace

TEST_CASE("KSyun: a request that is not signed by a known key is refused", "[ksyun][verify]") {
    arrived r{"PUT", "/k"};
    CHECK(r.judged() == verdict::not_signed);
    for (auto const& [authorization, what] :
         {std::pair<std::string, verdict>{"", verdict::not_signed},
          {"AWS id:sig", verdict::malformed},
          {"Bearer x", verdict::malformed},
          {"KSS ", verdict::malformed},
          {"KSS STSID", verdict::malformed},
          {"KSS STSID:c2ln", verdict::malformed},  // no date
          {"KSS4-HMAC-SHA256", verdict::malformed},
          {"KSS4-HMAC-SHA256 Credential=a/b", verdict::malformed},
          {"KSS4-HMAC-SHA512 Credential=STSID/20260314/BEIJING/ks3/kss4_request, SignedHeaders=host, Signature=a",
           verdict::malformed},
          {"AWS4-HMAC-SHA256 Credential=STSID/20260314/BEIJING/s3/aws4_request, SignedHeaders=host, Signature=a",
           verdict::malformed}}) {
        INFO(authorization);
        r.headers = {{"host", store_host}, {"authorization", authorization}};
        CHECK(r.judged() == what);
    }
    r.headers = {{"host", store_host}, {"date", "Sat, 14 Mar 2026 09:26:53 GMT"}, {"authorization", "KSS OTHER:c2ln"}};
    CHECK(r.judged() == verdict::unknown_key);
    r.headers.clear();
    for (std::string const query : {"Signature=", "Signature=a&Expires=x", "Signature=a&Signature=b&Expires=1",
                                    "X-Kss-Signature=a", "X-Amz-Signature=a", "Signature=%"}) {
        INFO(query);
        r.query = query;
        CHECK(r.judged() == verdict::malformed);
    }
}

TEST_CASE("KSyun: KSS in a header", "[ksyun][verify]") {
    arrived const good{"PUT",
                       std::string{hostile_path},
                       "x-id=PutObject",
                       {{"host", store_host},
                        {"date", "Sat, 14 Mar 2026 09:26:53 GMT"},
                        {"content-type", "image/png"},
                        {"content-md5", "XUFAKrxLKna5cZ2REBfFkg=="},
                        {"x-kss-meta-a-b", "2"},
                        {"x-kss-meta-a", "v  w"},
                        {"x-kss-security-token", token},
                        {"kss-uid", "1"},
                        {"authorization", "KSS STSID:pjjsLWpfFqP81S+AkqcqevEM57g="}},
                       "hello",
                       {"STSID", issued, token}};
    REQUIRE(good.judged() == verdict::accepted);
    CHECK(good.after([](auto& r) { r.drop("x-kss-security-token"); }) == verdict::wrong_token);
    CHECK(good.after([](auto& r) { r.header("x-kss-security-token") = "tok"; }) == verdict::wrong_token);
    CHECK(good.after([](auto& r) { r.key.session_token.clear(); }) == verdict::wrong_token);
    CHECK(good.after([](auto& r) { r.headers.push_back({"x-kss-security-token", token}); }) == verdict::malformed);
    CHECK(good.after([](auto& r) { r.query += "&security-token=x"; }) == verdict::malformed);
    CHECK(good.after([](auto& r) { r.terms.now += std::chrono::seconds{901}; }) == verdict::skewed);
    CHECK(good.after([](auto& r) { r.terms.now -= std::chrono::seconds{901}; }) == verdict::skewed);
    CHECK(good.after([](auto& r) { r.terms.now -= std::chrono::seconds{900}; }) == verdict::accepted);
    CHECK(good.after([](auto& r) { r.body = "hellp"; }) == verdict::wrong_body);
    CHECK(good.after([](auto& r) { r.key.value = secret{"other"}; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.server.bucket = "vk-dem"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.path += "x"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.path[2] = '/'; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.method = "POST"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.query = "acl"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.query = "uploads="; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.header("date") = "Sun, 14 Mar 2026 09:26:53 GMT"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.header("date") = "2026-03-14T09:26:53Z"; }) == verdict::malformed);
    CHECK(good.after([](auto& r) { r.header("content-type") = "image/gif"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.drop("content-md5"); }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.header("x-kss-meta-a") = "v w"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.headers.push_back({"x-kss-acl", "public-read"}); }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) {
        r.headers.push_back({"x-kss-date", "Sat, 14 Mar 2026 09:26:53 GMT"});
    }) == verdict::wrong_signature);
    // in no signature
    CHECK(good.after([](auto& r) { r.header("kss-uid") = "2"; }) == verdict::accepted);
    CHECK(good.after([](auto& r) { r.query = "max-parts=1"; }) == verdict::accepted);
}

TEST_CASE("KSyun: KSS with a date of its own, as documented and as older clients sign it", "[ksyun][verify]") {
    // the first is a public client's signature
    for (std::string const signature : {"4l7X5hO0Da/iOKNRSiDBO5+TnZ8=", "APIGjvNq30cwK7gCN2/u4SnQCvM="}) {
        arrived const good{"POST",
                           "/%E4%BF%A1%E9%81%93%E9%85%8D%E7%BD%AE%E4%BD%BF%E7%94%A8.pdf",
                           "uploads",
                           {{"host", "h"},
                            {"x-kss-date", "Sat, 17 Feb 2024 07:30:04 GMT"},
                            {"x-kss-server-side-encryption", "AES256"},
                            {"authorization", "KSS ak:" + signature}},
                           {},
                           {"ak", secret{"sk"}},
                           {"test", "BEIJING"},
                           {*parse_iso_time("2024-02-17T07:30:04Z")}};
        REQUIRE(good.judged() == verdict::accepted);
        CHECK(good.after([](auto& r) { r.headers.push_back({"date", "whatever"}); }) == verdict::accepted);
        CHECK(good.after([](auto& r) { r.header("x-kss-date")[21] = '1'; }) == verdict::wrong_signature);
        CHECK(good.after([](auto& r) { r.terms.now += std::chrono::hours{1}; }) == verdict::skewed);
        CHECK(good.after([](auto& r) { r.query = "uploads=x"; }) == verdict::wrong_signature);
        auto const in_path = [](arrived& r) {
            r.path = "/test" + r.path;
            r.server.bucket_in_path = true;
        };
        CHECK(good.after(in_path) == verdict::accepted);
    }
}

TEST_CASE("KSyun: a KSS URL of a key with doubled slashes, the bucket in its path", "[ksyun][verify]") {
    arrived const good{"PUT",
                       "/vk-demo/%2Flead/%2Fx",
                       "uploadId=u%2B%2F%20%3D&Expires=1773481313&KSSAccessKeyId=STSID&partNumber=2&x=y"
                       "&Signature=aXFf%2BN930JnLV4m7jCL03zA%2FcnM%3D&security-token=tok%2Fen%2B%221%22%3D%3D",
                       {{"host", "ks3-cn-beijing.ksyuncs.com"}},
                       "any body",
                       {"STSID", issued, token},
                       {"vk-demo", "BEIJING", true}};
    REQUIRE(good.judged() == verdict::accepted);
    auto const with = [&](std::string_view what, std::string_view to) {
        return good.after([&](auto& r) { r.query.replace(r.query.find(what), what.size(), to); });
    };
    CHECK(with("KSSAccessKeyId", "AccessKeyId") == verdict::accepted);
    CHECK(with("x=y", "x=z") == verdict::accepted);
    CHECK(with("&security-token=tok%2Fen%2B%221%22%3D%3D", "") == verdict::wrong_token);
    CHECK(with("tok%2F", "tok%2E") == verdict::wrong_token);
    CHECK(with("STSID", "STSIE") == verdict::unknown_key);
    CHECK(with("1773481313", "1773481314") == verdict::wrong_signature);
    CHECK(with("1773481313", "1773481313x") == verdict::malformed);
    CHECK(with("partNumber=2", "partNumber=3") == verdict::wrong_signature);
    CHECK(with("%2BN930", "%2BN931") == verdict::wrong_signature);
    CHECK(with("%20", "+") == verdict::wrong_signature);
    CHECK(with("x=y", "acl") == verdict::wrong_signature);
    CHECK(with("x=y", "response-content-type=text%2Fhtml") == verdict::wrong_signature);
    CHECK(with("x=y", "Expires=1773481313") == verdict::malformed);
    CHECK(good.after([](auto& r) { r.path = "/vk-demo//lead//x"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.headers.push_back({"content-type", "a/b"}); }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.headers.push_back({"x-kss-acl", "private"}); }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.headers.push_back({"content-md5", "AAAA"}); }) == verdict::wrong_body);
    auto const at = [&](std::int64_t seconds) {
        return good.after([&](auto& r) { r.terms.now = utc_seconds{std::chrono::seconds{seconds}}; });
    };
    CHECK(at(1773481313) == verdict::accepted);
    CHECK(at(1773481314) == verdict::expired);
    CHECK(at(0) == verdict::accepted);  // it has no beginning
}

TEST_CASE("KSyun: KSS4 in a header", "[ksyun][verify]") {
    std::string const authorization =
        "KSS4-HMAC-SHA256 Credential=STSID/20260314/BEIJING/ks3/kss4_request, "
        "SignedHeaders=content-type;host;x-kss-callbackbody;x-kss-content-sha256;x-kss-date;x-kss-security-token, "
        "Signature=5bf34c99ab2a72f18bed9af0b21134a25da9b0448d6d5c5eaa9569b53a3dd2e4";
    arrived const good{"PUT",
                       std::string{hostile_path},
                       "uploadId=u%2B%2F%20%3D&partNumber=2",
                       {{"host", store_host},
                        {"content-type", "image/png"},
                        {"x-kss-callbackbody", "a=${key}&b=  c"},
                        {"x-kss-content-sha256", std::string{sha256_of_hello}},
                        {"x-kss-date", "20260314T092653Z"},
                        {"x-kss-security-token", token},
                        {"user-agent", "u"},
                        {"authorization", authorization}},
                       "hello",
                       {"STSID", issued, token}};
    REQUIRE(good.judged() == verdict::accepted);
    auto const signed_as = [&](std::string_view what, std::string_view to) {
        return good.after([&](auto& r) {
            auto& text = r.header("authorization");
            text.replace(text.find(what), what.size(), to);
        });
    };
    CHECK(signed_as("KSS4-", "AWS4-") == verdict::malformed);
    CHECK(signed_as("kss4_request", "aws4_request") == verdict::wrong_scope);
    CHECK(signed_as("/ks3/", "/s3/") == verdict::wrong_scope);
    CHECK(signed_as("BEIJING", "SHANGHAI") == verdict::wrong_scope);
    CHECK(signed_as("20260314", "20260313") == verdict::wrong_scope);
    CHECK(signed_as("STSID", "STSIE") == verdict::unknown_key);
    CHECK(signed_as("5bf3", "5bf4") == verdict::wrong_signature);
    CHECK(signed_as("host;", "") == verdict::malformed);
    CHECK(signed_as("x-kss-callbackbody;", "") == verdict::malformed);
    CHECK(signed_as("content-type;", "") == verdict::wrong_signature);
    CHECK(signed_as("content-type;", "content-type;range;") == verdict::malformed);
    CHECK(good.after([](auto& r) { r.drop("x-kss-security-token"); }) == verdict::malformed);
    CHECK(good.after([](auto& r) { r.header("x-kss-security-token") += "="; }) == verdict::wrong_token);
    CHECK(good.after([](auto& r) { r.headers.push_back({"x-kss-acl", "public-read"}); }) == verdict::malformed);
    CHECK(good.after([](auto& r) { r.headers.push_back({"x-amz-acl", "public-read"}); }) == verdict::malformed);
    CHECK(good.after([](auto& r) { r.body = "hellp"; }) == verdict::wrong_body);
    CHECK(good.after([](auto& r) { r.header("x-kss-content-sha256") = "UNSIGNED-PAYLOAD"; }) ==
          verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.header("x-kss-content-sha256") = "none"; }) == verdict::malformed);
    CHECK(good.after([](auto& r) { r.header("x-kss-date")[14] = '4'; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.terms.now += std::chrono::seconds{901}; }) == verdict::skewed);
    CHECK(good.after([](auto& r) { r.terms.now -= std::chrono::seconds{901}; }) == verdict::skewed);
    CHECK(good.after([](auto& r) { r.path.back() = 'h'; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.query.back() = '3'; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.query += "&acl"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.header("host") = "other"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.header("user-agent") = "v"; }) == verdict::accepted);
}

TEST_CASE("KSyun: AWS4, as the vendor's fork of Amazon's client signs it", "[ksyun][verify]") {
    // the header of the hash is not listed, and blanks within a value are kept
    arrived const good{"PUT",
                       std::string{hostile_path},
                       {},
                       {{"host", store_host},
                        {"content-type", "image/png"},
                        {"x-amz-content-sha256", std::string{sha256_of_hello}},
                        {"x-amz-date", "20260314T092653Z"},
                        {"x-amz-meta-a", "v  w"},
                        {"x-amz-security-token", token},
                        {"authorization",
                         "AWS4-HMAC-SHA256 Credential=STSID/20260314/BEIJING/s3/aws4_request, "
                         "SignedHeaders=host;x-amz-date;x-amz-meta-a;x-amz-security-token, "
                         "Signature=039553046efa4218ffd9d14cb01a41c804fe3dc50b9d9d7db6ce4a0ba3ba56a2"}},
                       "hello",
                       {"STSID", issued, token}};
    REQUIRE(good.judged() == verdict::accepted);
    CHECK(good.after([](auto& r) { r.header("content-type") = "image/gif"; }) == verdict::accepted);
    CHECK(good.after([](auto& r) { r.body = "hellp"; }) == verdict::wrong_body);
    CHECK(good.after([](auto& r) { r.header("x-amz-content-sha256") = "UNSIGNED-PAYLOAD"; }) ==
          verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.header("x-amz-meta-a") = "v w"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.headers.push_back({"x-kss-callbackurl", "https://a"}); }) == verdict::malformed);
    CHECK(good.after([](auto& r) { r.headers.push_back({"content-md5", "AAAA"}); }) == verdict::wrong_body);
    CHECK(good.after([](auto& r) { r.key.session_token = "other"; }) == verdict::wrong_token);
    CHECK(good.after([](auto& r) { r.server.region = "beijing"; }) == verdict::wrong_scope);
}

TEST_CASE("KSyun: a KSS4 URL", "[ksyun][verify]") {
    arrived const good{
        "PUT",
        std::string{hostile_path},
        "X-Kss-Algorithm=KSS4-HMAC-SHA256&X-Kss-Credential=STSID%2F20260314%2FBEIJING%2Fks3%2Fkss4_request"
        "&X-Kss-Date=20260314T092653Z&X-Kss-Expires=900&X-Kss-Security-Token=tok%2Fen%2B%221%22%3D%3D"
        "&X-Kss-SignedHeaders=content-type%3Bhost"
        "&X-Kss-Signature=b3544b96b87ea4d0007e2a92a547555496690bb95acda9a0ee072a4f70242250",
        {{"host", store_host}, {"content-type", "image/png"}},
        "any body",
        {"STSID", issued, token}};
    REQUIRE(good.judged() == verdict::accepted);
    auto const with = [&](std::string_view what, std::string_view to) {
        return good.after([&](auto& r) { r.query.replace(r.query.find(what), what.size(), to); });
    };
    CHECK(with("KSS4-HMAC", "AWS4-HMAC") == verdict::malformed);
    CHECK(with("&X-Kss-Security-Token=tok%2Fen%2B%221%22%3D%3D", "") == verdict::wrong_token);
    CHECK(with("tok%2F", "tok%2E") == verdict::wrong_token);
    CHECK(with("Expires=900", "Expires=901") == verdict::wrong_signature);
    CHECK(with("Expires=900", "Expires=0") == verdict::malformed);
    CHECK(with("Expires=900", "Expires=604801") == verdict::malformed);
    CHECK(with("Expires=900", "Expires=900&X-Kss-Expires=900") == verdict::malformed);
    CHECK(with("content-type%3Bhost", "host") == verdict::wrong_signature);
    CHECK(with("content-type%3Bhost", "content-type") == verdict::malformed);
    CHECK(with("T092653Z", "T092654Z") == verdict::wrong_signature);
    CHECK(with("T092653Z", "T992653Z") == verdict::malformed);
    CHECK(with("b3544b", "b3544c") == verdict::wrong_signature);
    CHECK(with("&X-Kss-Signature", "&acl&X-Kss-Signature") == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.drop("content-type"); }) == verdict::malformed);
    CHECK(good.after([](auto& r) { r.header("content-type") = "a/b"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.headers.push_back({"x-kss-acl", "private"}); }) == verdict::malformed);
    CHECK(good.after([](auto& r) { r.method = "GET"; }) == verdict::wrong_signature);
    CHECK(good.after([](auto& r) { r.terms.now += std::chrono::seconds{900}; }) == verdict::accepted);
    CHECK(good.after([](auto& r) { r.terms.now += std::chrono::seconds{901}; }) == verdict::expired);
    CHECK(good.after([](auto& r) { r.terms.now -= std::chrono::seconds{901}; }) == verdict::skewed);
}

TEST_CASE("KSyun: what the token issuer sends is what its verifier takes", "[ksyun][verify][sts]") {
    auto service = good_service();
    auto const sent = **service.exchange(*service.plan(ask(), fresh_values()), {now, {}});
    known_key const root{"ROOTKEY", secret{"the root secret"}};
    auto const judged = [&](auto change, std::string_view region = "cn-beijing-6", utc_seconds at = now) {
        auto r = sent;
        std::string query;
        change(r, query);
        auto const find = [&](std::string_view id) { return id == root.id ? &root : nullptr; };
        return verify_ksyun_openapi({r.method, "/", query, r.headers, r.body}, find, {region, "sts"}, {at});
    };
    auto const nothing = [](auto&, auto&) {};
    CHECK(judged(nothing) == verdict::accepted);
    CHECK(judged(nothing, "cn-shanghai-3") == verdict::wrong_scope);
    CHECK(judged(nothing, "BEIJING") == verdict::wrong_scope);
    CHECK(judged(nothing, "cn-beijing-6", now + std::chrono::seconds{901}) == verdict::skewed);
    CHECK(judged([](auto& r, auto&) { r.body += "&DurationSeconds=86400"; }) == verdict::wrong_signature);
    CHECK(judged([](auto& r, auto&) { r.method = "GET"; }) == verdict::wrong_signature);
    CHECK(judged([](auto&, auto& query) { query = "Action=DeleteRole"; }) == verdict::wrong_signature);
    CHECK(judged([](auto& r, auto&) { r.headers[0].value = "other"; }) == verdict::wrong_signature);
    CHECK(judged([](auto& r, auto&) { r.headers.push_back({"x-amz-security-token", "t"}); }) == verdict::malformed);
    CHECK(judged([](auto& r, auto&) { r.headers.pop_back(); }) == verdict::not_signed);
}

TEST_CASE("KSyun: a posted form is judged by signature, token and policy", "[ksyun][verify]") {
    std::string const json =
        R"({"expiration":"2026-03-14T09:41:53.000Z","conditions":[["eq","$bucket","vk-demo"],)"
        R"(["starts-with","$KEY","目录/a'b/"],{"acl":"private"},["eq","$x-kss-security-token","tok/en+\"1\"=="],)"
        R"(["content-length-range","1","5"]]})";
    parameters const good{{"key", "目录/a'b/${filename}"},
                          {"ACL", "private"},
                          {"KSSAccessKeyId", "STSID"},
                          {"policy", to_base64(json)},
                          {"signature", "/Uz9mw4NQY1xuObr/1bYkZloVbo="},
                          {"X-Kss-Security-Token", token}};
    known_key const key{"STSID", issued, token};
    auto const find = [&](std::string_view id) { return id == key.id ? &key : nullptr; };
    auto const signed_by = [&](auto change) {
        auto fields = good;
        change(fields);
        return verify_kss_form(fields, find);
    };
    CHECK(verify_kss_form(good, find) == verdict::accepted);
    CHECK(verify_kss_form(parameters{}, find) == verdict::not_signed);
    CHECK(signed_by([](auto& f) { f[2].second = "STSIE"; }) == verdict::unknown_key);
    CHECK(signed_by([](auto& f) { f.erase(f.begin() + 2); }) == verdict::unknown_key);
    CHECK(signed_by([](auto& f) { f[3].second[0] = 'f'; }) == verdict::wrong_signature);
    CHECK(signed_by([](auto& f) { f[4].second[0] = 'u'; }) == verdict::wrong_signature);
    CHECK(signed_by([](auto& f) { f[5].second += "="; }) == verdict::wrong_token);
    CHECK(signed_by([](auto& f) { f.pop_back(); }) == verdict::wrong_token);
    CHECK(signed_by([](auto& f) { f.emplace_back("Policy", "e30="); }) == verdict::malformed);
    CHECK(signed_by([](auto& f) { f.emplace_back("x-kss-security-token", ""); }) == verdict::malformed);

    auto const allowed = [&](auto change, std::optional<std::uint64_t> size = 5, utc_seconds at = now) {
        auto fields = good;
        change(fields);
        return ask_kss_policy(json, {"vk-demo", fields, size}, at);
    };
    auto const nothing = [](auto&) {};
    CHECK(allowed(nothing) == form_answer::allowed);
    CHECK(allowed(nothing, 0) == form_answer::too_small);
    CHECK(allowed(nothing, 6) == form_answer::too_large);
    CHECK(allowed(nothing, 5, now + std::chrono::seconds{900}) == form_answer::expired);
    CHECK(allowed([](auto& f) { f[0].second = "目录/a"; }) == form_answer::condition_failed);
    CHECK(allowed([](auto& f) { f.erase(f.begin()); }) == form_answer::condition_failed);
    CHECK(allowed([](auto& f) { f[1].second = "public-read"; }) == form_answer::condition_failed);
    CHECK(allowed([](auto& f) { f.erase(f.begin() + 1); }) == form_answer::condition_failed);
    CHECK(allowed([](auto& f) { f.emplace_back("x-kss-callbackurl", "https://evil"); }) == form_answer::extra_field);
    CHECK(allowed([](auto& f) { f.emplace_back("name", "a.png"); }) == form_answer::extra_field);
    CHECK(ask_kss_policy(json, {"other", good, 5}, now) == form_answer::condition_failed);
    CHECK(ask_kss_policy("{}", {"vk-demo", good, 5}, now) == form_answer::unreadable);
}

TEST_CASE("KSyun: the voucher is what its verifier takes", "[ksyun][verify]") {
    auto service = good_service();
    auto r = ask();
    r.need_callback = true;
    for (bool const dir : {false, true}) {
        r.is_dir = dir;
        auto const data = json_of(granted(service, r));
        parameters fields;
        for (auto const& [name, value] : data.at("form").at("fields").as_object())
            fields.emplace_back(std::string{name}, std::string{value.as_string()});
        if (dir) fields.front().second += "sub/a.txt";
        known_key const key{"STSID", secret{"issued/secret+1"}, R"(tok/en+"1"==)"};
        CHECK(verify_kss_form(fields, [&](std::string_view) { return &key; }) == verdict::accepted);
        auto const policy = *from_base64(field_of(data, "Policy"));
        auto const answered = [&](std::uint64_t size) {
            return ask_kss_policy(policy, {"vk-demo", fields, size}, now);
        };
        CHECK(answered(1) == form_answer::allowed);
        CHECK(answered(1000) == form_answer::allowed);
        CHECK(answered(0) == form_answer::too_small);
        CHECK(answered(1001) == form_answer::too_large);
        fields.front().second = dir ? "test/x" : fields.front().second + "x";
        CHECK(answered(1) == form_answer::condition_failed);
    }
}
