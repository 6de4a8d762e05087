#include "support/vector_case.hpp"

#include <valetkey/policy/guard.hpp>
#include <valetkey/providers/ksyun.hpp>
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
    auto const nothing_else = [](store_action) { return false; };
    auto const holds = [&](std::string_view text) {
        return is_exactly(statement_policy<ksyun_policy>{text}, {"vk-demo", key}, nothing_else);
    };
    auto const written = *session_policy<ksyun_policy>("", "vk-demo", key);
    CHECK(holds(written));
    auto const with = [&](std::string_view from, std::string_view to) {
        auto text = written;
        return text.replace(text.find(from), from.size(), to);
    };
    CHECK_FALSE(holds(with("a.png", "*")));
    CHECK_FALSE(holds(with("a.png", "a.pn?")));
    CHECK_FALSE(holds(with("a.png", "a.png*")));
    CHECK_FALSE(holds(with("test/a.png", "*")));
    CHECK_FALSE(holds(with("vk-demo", "*")));
    CHECK_FALSE(holds(with("ks3:PutObject", "ks3:*")));
    CHECK_FALSE(holds(with("ks3:PutObject", "ks3:Put*")));
    CHECK_FALSE(holds(with("ks3:PutObject", R"(ks3:PutObject","ks3:GetObject)")));
    CHECK_FALSE(holds(with("ks3:AbortMultipartUpload", "ks3:DeleteObject")));
    CHECK_FALSE(holds(with("\"Allow\"", "\"Deny\"")));
    CHECK_FALSE(holds(with("\"Action\"", "\"NotAction\"")));
    CHECK_FALSE(holds(with(R"("Effect")", R"("Condition":{},"Effect")")));
    CHECK_FALSE(holds(written.substr(1)));
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
