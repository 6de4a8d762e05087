#include "support/toy.hpp"

#include <valetkey/valetkey.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <boost/json/parse.hpp>
#include "support/catch.hpp"

#include <set>
#include <string>

using namespace valetkey;
using service_type = sts_service<qiniu, aws, aliyun, mine::toy>;

namespace {

auto const now = *parse_iso_time("2026-03-14T09:26:53Z");

service_type::settings all_clouds() {
    service_type::settings s;
    s.root = "test";
    s.callback_url = "https://app.example.com/upload/callback";
    auto const fill = [](auto& own, std::string region) {
        own.root = {"ROOTKEY", secret{"the root secret"}};
        own.form.emplace(access_key{"FORMKEY", secret{"the form secret"}});
        own.bucket = "vk-demo";
        own.region = std::move(region);
        own.max_size = 1000;
    };
    fill(s.of<qiniu>().emplace(), "z0");
    fill(s.of<aws>().emplace(), "us-east-1");
    s.of<aws>()->role = "arn:aws:iam::111122223333:role/up";
    fill(s.of<aliyun>().emplace(), "cn-beijing");
    s.of<aliyun>()->role = "acs:ram::1111:role/up";
    fill(s.of<mine::toy>().emplace(), "here");
    return s;
}

fresh fresh_values() {
    fresh f{now, 10503, {}, {}};
    std::string_view{"0f8fad5b-d9cb-469f-a165-70867728950e"}.copy(f.uuid.text.data(), 36);
    std::string_view{"00112233445566778899aabbccddeeff"}.copy(f.request_id.text.data(), 32);
    return f;
}

upload_request ask(std::uint8_t type, upload_module module = upload_module::resource_video) {
    upload_request r;
    r.type = type;
    r.extension = "MP4";
    r.module = module;
    return r;
}

constexpr std::uint8_t every_type[] = {qiniu::type, aws::type, aliyun::type, mine::toy::type};

std::string aws_answer(std::string_view expiration, std::string_view key = "ASIA1",
                       std::string_view action = "AssumeRole") {
    std::string const a{action};
    return "<" + a + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + a +
           "Result><Credentials><AccessKeyId>" + std::string{key} +
           "</AccessKeyId><SecretAccessKey>issued/secret+1</SecretAccessKey><SessionToken>tok&amp;en/1+==</"
           "SessionToken><Expiration>" +
           std::string{expiration} + "</Expiration></Credentials></" + a + "Result></" + a + "Response>";
}
std::string aliyun_answer(std::string_view expiration) {
    return R"({"RequestId":"R","Credentials":{"AccessKeyId":"STS.1","AccessKeySecret":"issued secret"","SecurityToken":"CAIS/1","Expiration":")" +
           std::string{expiration} + "\"}}";
}

}  // namespace

TEST_CASE("a number that is not in the list is an error value", "[service]") {
    service_type const service{all_clouds()};
    for (int type = 0; type < 256; ++type) {
        bool const listed = std::find(std::begin(every_type), std::end(every_type), type) != std::end(every_type);
        auto const plan = service.plan(ask(static_cast<std::uint8_t>(type)), fresh_values());
        CHECK(plan.has_value() == listed);
        if (!listed) CHECK(plan.error().what == errc::unsupported_cloud);
        CHECK(service_type::cloud_name(static_cast<std::uint8_t>(type)).empty() != listed);
    }
    service_type const bare{{}};
    CHECK(bare.plan(ask(aws::type), fresh_values()).error().what == errc::not_configured);
    CHECK_FALSE(bare.serves(aws::type));
}

TEST_CASE("a bad request names its field", "[service]") {
    service_type const service{all_clouds()};
    auto const fails = [&](upload_request const& r, errc what, std::string_view field) {
        auto const plan = service.plan(r, fresh_values());
        REQUIRE_FALSE(plan);
        CHECK(plan.error().what == what);
        CHECK(plan.error().field == field);
    };
    for (auto const type : every_type) {
        for (std::string_view const extension :
             {"a.b", "a*", "a/b", "..", "a b", "aaaaaaaaaaaaaaaaa", "m$4", "\xef\xbc\x8e"}) {
            auto r = ask(type);
            r.extension = extension;
            fails(r, errc::invalid_field, "extension");
        }
        auto r = ask(type);
        r.extension = {};
        fails(r, errc::missing_field, "extension");
        fails(ask(type, upload_module::bs_project), errc::missing_field, "projectId");
        fails(ask(type, upload_module::material_template), errc::missing_field, "uuid");
        fails(ask(type, upload_module{77}), errc::invalid_field, "uploadModule");
        for (std::string_view const uuid :
             {"x", "*", "0f8fad5b-d9cb-469f-a165-70867728950", "0f8fad5b-d9cb-469f-a165-70867728950g",
              "0f8fad5bd9cb469fa16570867728950e1", "{0f8fad5b-d9cb-469f-a165-70867728950e}",
              "0f8fad5b-d9cb-469f-a165_70867728950e", "../../../../../../../../../../../ab"}) {
            r = ask(type, upload_module::material_template);
            r.uuid = uuid;
            fails(r, errc::invalid_field, "uuid");
        }
    }
}

TEST_CASE("keys are named as the original interface names them", "[path]") {
    service_type const service{all_clouds()};
    struct row {
        upload_module module;
        std::uint64_t project;
        std::string_view key;
    };
    std::string_view const tail = "/10503/0f8fad5b-d9cb-469f-a165-70867728950e";
    for (auto const& [module, project, folder] :
         {row{upload_module::resource_video, 0, "test/resource/video/2026/03/14"},
          row{upload_module::resource_image, 9, "test/resource/image/2026/03/14"},
          row{upload_module::bs_project, 8357, "test/project/bs/8357"},
          row{upload_module::app_project, 0, "test/project/app/2026/03/14"},
          row{upload_module::app_project, 8357, "test/project/app/8357"},
          row{upload_module::material_template, 0, "test/material/template/abcdef00112233445566778899aabbcc"},
          row{upload_module::directorytemp, 0, "test/temp/2026/03/14"}}) {
        auto r = ask(aws::type, module);
        r.project_id = project;
        r.uuid = "ABCDEF00112233445566778899AABBCC";
        CHECK(service.plan(r, fresh_values())->scope().text() == std::string{folder}.append(tail).append(".mp4"));
        r.is_dir = true;
        auto const prefix = service.plan(r, fresh_values());
        CHECK(prefix->scope().text() == std::string{folder}.append(tail).append("/"));
        CHECK(prefix->scope().is_prefix());
    }
}

TEST_CASE("a path builder that leaves the alphabet, or lies about its kind, grants nothing", "[path]") {
    struct hostile : mine::toy {
        struct path_builder {
            static result<upload_scope> scope(std::string_view root, upload_request const& r, fresh const&) {
                return r.need_callback ? upload_scope::prefix({root, "/"}) : upload_scope::key({root, "/*"});
            }
        };
    };
    sts_service<hostile>::settings s;
    s.root = "test";
    s.callback_url = "https://a.example";
    s.of<hostile>().emplace(*all_clouds().of<mine::toy>());
    sts_service<hostile> const service{std::move(s)};
    auto r = ask(mine::toy::type);
    CHECK(service.plan(r, fresh_values()).error().what == errc::unsafe_scope);
    r.need_callback = true;
    CHECK(service.plan(r, fresh_values()).error().what == errc::unsafe_scope);
}

TEST_CASE("settings that cannot work are named, and their cloud refuses", "[settings]") {
    struct row {
        std::string_view field;
        void (*spoil)(service_type::settings&);
    };
    for (auto const& [field, spoil] : {
             row{"bucket", [](auto& s) { s.template of<aws>()->bucket = "b*"; }},
             row{"bucket", [](auto& s) { s.template of<aws>()->bucket = ""; }},
             row{"region", [](auto& s) { s.template of<aws>()->region = "us/east"; }},
             row{"role", [](auto& s) { s.template of<aws>()->role = "admin"; }},
             row{"role", [](auto& s) { s.template of<aws>()->role = "arn:aws:iam::1:role/a\"b"; }},
             row{"endpoint", [](auto& s) { s.template of<aws>()->endpoint = "http://s3.example"; }},
             row{"endpoint", [](auto& s) { s.template of<aws>()->endpoint = "https://s3.example/x"; }},
             row{"sts_endpoint", [](auto& s) { s.template of<aws>()->sts_endpoint = "sts.example"; }},
             row{"bucket_endpoint", [](auto& s) { s.template of<aws>()->bucket_endpoint = "http://cdn.example"; }},
             row{"duration_seconds", [](auto& s) { s.template of<aws>()->duration_seconds = 899; }},
             row{"duration_seconds", [](auto& s) { s.template of<aws>()->duration_seconds = 43201; }},
             row{"max_size", [](auto& s) { s.template of<aws>()->max_size = 0; }},
             row{"max_size", [](auto& s) { s.template of<aws>()->max_size = largest_upload + 1; }},
             row{"voucher_key", [](auto& s) { s.template of<aws>()->voucher_key = "both"; }},
             row{"voucher_key",
                 [](auto& s) { s.template of<aws>()->voucher_key = "form", s.template of<aws>()->form.reset(); }},
             row{"access_key_id", [](auto& s) { s.template of<aws>()->root.id.clear(); }},
             row{"access_key_secret", [](auto& s) { s.template of<aws>()->root.value = secret{}; }},
             row{"external_id", [](auto& s) { s.template of<aws>()->external_id = "a b"; }},
             row{"external_id",
                 [](auto& s) { s.template of<aws>()->external_id = "id", s.template of<aws>()->role.clear(); }},
         }) {
        INFO(field);
        auto s = all_clouds();
        spoil(s);
        service_type const service{std::move(s)};
        REQUIRE(service.problems().size() == 1);
        CHECK(service.problems().front().cloud == "aws");
        CHECK(service.problems().front().what.field == field);
        CHECK(service.plan(ask(aws::type), fresh_values()).error().what == errc::invalid_settings);
        CHECK(service.plan(ask(aliyun::type), fresh_values()));
    }
    auto s = all_clouds();
    s.of<aliyun>()->role.clear();
    CHECK(service_type{std::move(s)}.problems().front().what.field == "role");
    CHECK(service_type{all_clouds()}.problems().empty());
}

TEST_CASE("addresses follow from the settings", "[settings]") {
    auto const made = [](auto change, std::uint8_t type) {
        auto s = all_clouds();
        change(s);
        service_type service{std::move(s)};
        auto r = ask(type);
        r.form_only = true;
        return *service.complete(*service.plan(r, fresh_values()), {}, now);
    };
    auto g = made([](auto&) {}, aws::type);
    CHECK(g[grant::endpoint] == "https://s3.us-east-1.amazonaws.com");
    CHECK(g[grant::bucket_endpoint] == "https://vk-demo.s3.us-east-1.amazonaws.com");
    g = made([](auto& s) { s.template of<aws>()->region = "cn-north-1"; }, aws::type);
    CHECK(g[grant::bucket_endpoint] == "https://vk-demo.s3.cn-north-1.amazonaws.com.cn");
    g = made([](auto& s) { s.template of<aws>()->path_style = true; }, aws::type);
    CHECK(g[grant::bucket_endpoint] == "https://s3.us-east-1.amazonaws.com/vk-demo");
    g = made([](auto& s) { s.template of<aws>()->endpoint = "http://127.0.0.1:9000/"; }, aws::type);
    CHECK(g[grant::endpoint] == "http://127.0.0.1:9000");
    CHECK(g[grant::bucket_endpoint] == "http://127.0.0.1:9000/vk-demo");
    CHECK(g[grant::form_url] == "http://127.0.0.1:9000/vk-demo");
    g = made([](auto& s) { s.template of<aliyun>()->bucket_endpoint = "https://cdn.example"; }, aliyun::type);
    CHECK(g[grant::bucket_endpoint] == "https://cdn.example");
    CHECK(g[grant::form_url] == "https://cdn.example");
    CHECK(g[grant::endpoint] == "https://oss-cn-beijing.aliyuncs.com");
    CHECK(g[grant::region] == "oss-cn-beijing");
    g = made([](auto& s) { s.template of<aliyun>()->region = "oss-cn-hangzhou"; }, aliyun::type);
    CHECK(g[grant::bucket_endpoint] == "https://vk-demo.oss-cn-hangzhou.aliyuncs.com");
    CHECK(g[grant::region] == "oss-cn-hangzhou");
    CHECK(made([](auto&) {}, qiniu::type)[grant::form_url] == "https://up.qiniup.com");
    CHECK(made([](auto& s) { s.template of<qiniu>()->region = "z2"; }, qiniu::type)[grant::endpoint] ==
          "https://up-z2.qiniup.com");
}

TEST_CASE("a local grant needs no exchange, shows no secret and ends when it should", "[service]") {
    service_type service{all_clouds()};
    for (auto const type : every_type) {
        auto r = ask(type);
        r.form_only = true;
        auto const plan = service.plan(r, fresh_values());
        REQUIRE(plan);
        CHECK(plan->is_local());
        CHECK_FALSE(service.exchange(*plan, {now, {}})->has_value());
        auto const g = service.complete(*plan, {}, now);
        REQUIRE(g);
        CHECK((*g)[grant::secret_access_key].empty());
        CHECK((*g)[grant::access_key_id] == "FORMKEY");
        CHECK(g->expiration == now + std::chrono::hours{1});
        std::string json;
        append_grant_json(json, *g);
        CHECK(json.find("secret\":\"t") == std::string::npos);
        CHECK(json.find("the form secret") == std::string::npos);
        CHECK(json.find("the root secret") == std::string::npos);
        auto const data = boost::json::parse(json).as_object();
        CHECK(data.at("form").at("fields").as_object().size() > 1);
        CHECK(data.if_contains("callbackInfo") == nullptr);
    }
    auto s = all_clouds();
    s.of<aws>()->form.reset();
    service_type const no_form{std::move(s)};
    auto r = ask(aws::type);
    r.form_only = true;
    CHECK(no_form.plan(r, fresh_values()).error().what == errc::form_not_configured);
}

TEST_CASE("each try is signed afresh; a plan outlives request, reload and service", "[service]") {
    auto const of = [](http_request const& r, std::string_view name) { return vectors::header_of(r, name); };
    for (auto const type : {aws::type, aliyun::type}) {
        service_type service{all_clouds()};
        auto const plan = [&] {
            std::string const text{"mp4"};
            auto r = ask(type);
            r.extension = text;
            return *service.plan(r, fresh_values());
        }();
        auto other = all_clouds();
        other.of<aws>()->bucket = other.of<aliyun>()->bucket = "another";
        service = service_type{std::move(other)};
        attempt second{now + std::chrono::seconds{1}, {}};
        second.nonce.text.fill('2');
        attempt first{now, {}};
        first.nonce.text.fill('1');
        auto const one = service.exchange(plan, first);
        auto const two = service.exchange(plan, second);
        REQUIRE((one && *one && two && *two));
        CHECK(of(**one, "authorization") != of(**two, "authorization"));
        CHECK((**one).url + (**one).body == (**two).url + (**two).body);
        CHECK(((**one).url + (**one).body).find("vk-demo") != std::string::npos);
        CHECK(((**one).url + (**one).body).find("00112233445566778899aabbccddeeff") != std::string::npos);
    }
}

TEST_CASE("AWS: the session policy is the upload and nothing else", "[aws][policy]") {
    auto const policy_of = [](bool is_dir) {
        service_type service{all_clouds()};
        auto r = ask(aws::type);
        r.is_dir = is_dir;
        auto const sent = *service.exchange(*service.plan(r, fresh_values()), {now, {}});
        for (auto const& [name, value] : vectors::decoded_pairs(sent->body))
            if (name == "Policy") return value;
        return std::string{};
    };
    std::string const head =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:PutObject","s3:AbortMultipartUpload","s3:ListMultipartUploadParts"],"Resource":"arn:aws:s3:::vk-demo/test/resource/video/2026/03/14/10503/0f8fad5b-d9cb-469f-a165-70867728950e)";
    CHECK(policy_of(false) == head + R"(.mp4"}]})");
    CHECK(policy_of(true) == head + R"(/*"}]})");
}

TEST_CASE("an STS answer becomes keys and a voucher of the same second", "[service]") {
    service_type service{all_clouds()};
    auto r = ask(aws::type);
    r.need_callback = true;
    auto const plan = *service.plan(r, fresh_values());
    std::string reply = aws_answer("2026-03-14T10:26:53.5Z");
    auto const g = service.complete(plan, {200, reply, {}}, now);
    reply.assign(reply.size(), '#');
    REQUIRE(g);
    CHECK((*g)[grant::access_key_id] == "ASIA1");
    CHECK((*g)[grant::secret_access_key] == "issued/secret+1");
    CHECK((*g)[grant::security_token] == "tok&en/1+==");
    CHECK(timestamp{g->expiration}.iso().view() == "2026-03-14T10:26:53Z");
    std::string json;
    append_grant_json(json, *g);
    auto const data = boost::json::parse(json).as_object();
    CHECK(data.at("form").at("fields").at("X-Amz-Security-Token").as_string() == "tok&en/1+==");
    CHECK(data.at("callbackInfo").at("callbackBody").as_string() == "objectId=10503&resourceType=1");
    CHECK(data.at("callbackInfo").as_object().if_contains("headers") == nullptr);
    CHECK(data.size() == 20);
}

TEST_CASE("voucher_key form: the upload identity signs, the keys stay temporary", "[service]") {
    auto s = all_clouds();
    s.of<aws>()->voucher_key = "form";
    service_type service{std::move(s)};
    auto const plan = *service.plan(ask(aws::type), fresh_values());
    auto const g = *service.complete(plan, {200, aws_answer("2026-03-14T10:26:53Z"), {}}, now);
    CHECK(g[grant::access_key_id] == "ASIA1");
    std::string json;
    append_grant_json(json, g);
    CHECK(json.find("FORMKEY/20260314") != std::string::npos);
    CHECK(json.find("X-Amz-Security-Token") == std::string::npos);
}

TEST_CASE("what a cloud's failure becomes", "[service]") {
    struct row {
        int status;
        std::string body;
        errc what;
    };
    auto const error = [](std::string_view code) {
        return "<ErrorResponse><Error><Type>Sender</Type><Code>" + std::string{code} +
               "</Code><Message>m</Message></Error><RequestId>R</RequestId></ErrorResponse>";
    };
    std::string const good = aws_answer("2026-03-14T10:26:53Z");
    service_type service{all_clouds()};
    auto const aws_plan = *service.plan(ask(aws::type), fresh_values());
    for (auto const& [status, body, what] :
         {row{400, error("Throttling"), errc::throttled},
          row{503, error("SlowDown"), errc::throttled},
          row{429, "", errc::throttled},
          row{500, "", errc::unavailable},
          row{503, "x", errc::unavailable},
          row{403, error("AccessDenied"), errc::denied},
          row{403, "<Error><Code>AccessDenied</Code></Error>", errc::denied},
          row{403, error("SignatureDoesNotMatch"), errc::clock_skew},
          row{400, error("RequestExpired"), errc::clock_skew},
          row{400, "what", errc::malformed_response},
          row{302, "", errc::malformed_response},
          row{204, good, errc::malformed_response},
          row{200, "", errc::malformed_response},
          row{200, good.substr(0, good.size() - 3), errc::malformed_response},
          row{200, aws_answer("2026-03-14T09:26:53Z"), errc::malformed_response},
          row{200, aws_answer(""), errc::malformed_response},
          row{200, aws_answer("2026-03-14T10:26:53Z", ""), errc::malformed_response},
          row{200, "<!DOCTYPE a>" + good, errc::malformed_response},
          row{200, aws_answer("2026-03-14T10:26:53Z", "A", "GetFederationToken"), errc::malformed_response},
          row{200, "{}", errc::malformed_response}}) {
        INFO(status << " " << body);
        auto const g = service.complete(aws_plan, {status, body, {}}, now);
        REQUIRE_FALSE(g);
        CHECK(g.error().what == what);
    }
    auto const oss_plan = *service.plan(ask(aliyun::type), fresh_values());
    auto const oss_error = [](std::string_view code) {
        return R"({"RequestId":"R","Code":")" + std::string{code} + R"(","Message":"m"})";
    };
    for (
        auto const& [status, body, what] :
        {row{400, oss_error("Throttling.User"), errc::throttled},
         row{400, oss_error("SignatureNonceUsed"), errc::unavailable},
         row{400, oss_error("InvalidTimeStamp.Expired"), errc::clock_skew},
         row{403, oss_error("NoPermission"), errc::denied}, row{500, oss_error("InternalError"), errc::unavailable},
         row{404, oss_error("EntityNotExist.Role"), errc::denied},
         row{200,
             R"({"Credentials":{"AccessKeyId":1,"AccessKeySecret":"s","SecurityToken":"t","Expiration":"2026-03-14T10:26:53Z"}})",
             errc::malformed_response},
         row{200, aliyun_answer("2026-03-14T10:26:53Z"), errc::malformed_response},
         row{200, "[]", errc::malformed_response}}) {
        INFO(status << " " << body);
        auto const g = service.complete(oss_plan, {status, body, {}}, now);
        REQUIRE_FALSE(g);
        CHECK(g.error().what == what);
    }
}

TEST_CASE("OSS: a form that asks for a callback is pinned to it", "[aliyun][policy]") {
    service_type service{all_clouds()};
    auto r = ask(aliyun::type);
    r.form_only = true;
    r.need_callback = true;
    auto const g = *service.complete(*service.plan(r, fresh_values()), {}, now);
    std::string json;
    append_grant_json(json, g);
    auto const data = boost::json::parse(json).as_object();
    auto const callback = std::string{data.at("form").at("fields").at("callback").as_string()};
    CHECK(data.at("callbackInfo").at("headers").at("x-oss-callback").as_string() == callback);
    std::string pinned;
    append_base64(pinned, R"({"callback":")" + callback + "\"}");
    CHECK(std::string{data.at("callbackInfo").at("callbackBody").as_string()}.starts_with(
        "objectId=${x:objectId}&resourceType=${x:resourceType}"));
    wiped_text memory;
    post_policy policy{memory, "2026-03-14T10:26:53.000Z"};
    policy.exactly("bucket", "vk-demo").exactly("x-oss-signature-version", "OSS4-HMAC-SHA256");
    policy.exactly("x-oss-credential", "FORMKEY/20260314/cn-beijing/oss/aliyun_v4_request")
        .exactly("x-oss-date", "20260314T092653Z");
    policy.size_range(1, 1000).exactly("callback", callback);
    policy.key_in_list(
        *upload_scope::key({"test/resource/video/2026/03/14/10503/0f8fad5b-d9cb-469f-a165-70867728950e.mp4"}));
    CHECK(g[grant::policy] == to_base64(policy.finish()));
}
