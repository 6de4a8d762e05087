#include <valetkey/encoding/base64.hpp>
#include <valetkey/providers/huawei.hpp>
#include <valetkey/sts_service.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <boost/json/parse.hpp>
#include "support/catch.hpp"
#include "support/vector_case.hpp"

#include <string>
#include <string_view>

using namespace valetkey;
using service_type = sts_service<huawei>;

namespace {

auto const now = *parse_iso_time("2026-03-14T09:26:53Z");
constexpr std::string_view key = "test/resource/video/2026/03/14/10503/0f8fad5b-d9cb-469f-a165-70867728950e.mp4";
constexpr std::string_view prefix = "test/resource/video/2026/03/14/10503/0f8fad5b-d9cb-469f-a165-70867728950e/";

/// By agency where `api` is iam3.
service_type::settings cloud(std::string api = "iam3") {
    service_type::settings s;
    s.root = "test";
    s.callback_url = "https://app.example.com/upload/callback?a=b";
    auto& own = s.of<huawei>().emplace();
    own.root = {"ROOTKEY", secret{"the root secret"}};
    own.form.emplace(access_key{"FORMKEY", secret{"the form secret"}});
    own.bucket = "vk-demo";
    own.region = "cn-north-4";
    own.max_size = 1000;
    own.agency_name = "upload-agency";
    own.domain_id = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    own.api = std::move(api);
    return s;
}
service_type::settings by_token() {
    auto s = cloud();
    s.of<huawei>()->agency_name.clear();
    s.of<huawei>()->domain_id.clear();
    return s;
}

fresh fresh_values() {
    fresh f{now, 10503, {}, {}};
    std::string_view{"0f8fad5b-d9cb-469f-a165-70867728950e"}.copy(f.uuid.text.data(), 36);
    std::string_view{"00112233445566778899aabbccddeeff"}.copy(f.request_id.text.data(), 32);
    return f;
}

upload_request ask() {
    upload_request r;
    r.type = huawei::type;
    r.extension = "mp4";
    r.module = upload_module::resource_video;
    return r;
}
upload_request ask_form() {
    auto r = ask();
    r.form_only = true;
    return r;
}
upload_request ask_dir() {
    auto r = ask();
    r.is_dir = true;
    return r;
}

http_request sent(service_type::settings s, upload_request const& r = ask()) {
    service_type service{std::move(s)};
    return **service.exchange(*service.plan(r, fresh_values()), {now, {}});
}

std::string iam3_answer(std::string_view expires = "2026-03-14T10:26:53.587000Z", std::string_view access = "HST1") {
    return R"({"credential":{"access":")" + std::string{access} +
           R"(","secret":"issued secret","securitytoken":"ggVj/+==","expires_at":")" + std::string{expires} + "\"}}";
}
std::string with_printable_secret(std::string text) {
    auto const at = text.find("issued secret");
    return at == std::string::npos ? text : text.replace(at, 13, "issued/secret");
}
std::string const iam3_good = with_printable_secret(iam3_answer());
std::string const sts5_good =
    R"({"source_identity":"","assumed_agency":{"urn":"u","id":"i"},"credentials":{"access_key_id":"HST1",)"
    R"("secret_access_key":"issued/secret","security_token":"ggVj/+==","expiration":"2026-03-14T10:26:53.123Z"}})";

grant granted(service_type::settings s, upload_request const& r, http_response const& reply) {
    service_type service{std::move(s)};
    return *service.complete(*service.plan(r, fresh_values()), reply, now);
}
grant granted(service_type::settings s, upload_request const& r = ask()) {
    return granted(std::move(s), r, {201, iam3_good, {}});
}

errc refusal(http_response const& reply, std::string api = "iam3") {
    service_type service{cloud(std::move(api))};
    auto const g = service.complete(*service.plan(ask(), fresh_values()), reply, now);
    REQUIRE_FALSE(g);
    return g.error().what;
}

boost::json::object data_of(grant const& g) {
    std::string json;
    append_grant_json(json, g);
    return boost::json::parse(json).as_object();
}
std::string text_of(boost::json::value const& value) {
    return std::string{value.as_string()};
}

std::string obs_signature(std::string_view secret_value, std::string_view text) {
    return to_base64(hmac_key<sha1>{secret_value}.sign(text));
}

}  // namespace

TEST_CASE("OBS: settings that cannot work are named", "[huawei][settings]") {
    struct row {
        std::string_view field;
        std::string api;
        void (*spoil)(huawei::settings&);
    };
    for (auto const& [field, api, spoil] : {
             row{"api", "iam3", [](auto& own) { own.api = "v3"; }},
             row{"api", "iam3", [](auto& own) { own.api.clear(); }},
             row{"agency_name", "iam3", [](auto& own) { own.agency_name.clear(); }},
             row{"domain_id", "iam3", [](auto& own) { own.domain_id.clear(); }},
             row{"agency_name", "sts5", [](auto& own) { own.agency_name.clear(); }},
             row{"domain_id", "sts5", [](auto& own) { own.domain_id.clear(); }},
             row{"agency_name", "sts5", [](auto& own) { own.agency_name.clear(), own.domain_id.clear(); }},
             row{"agency_name", "iam3", [](auto& own) { own.agency_name = "a*"; }},
             row{"agency_name", "sts5", [](auto& own) { own.agency_name = "a:b"; }},
             row{"agency_name", "sts5", [](auto& own) { own.agency_name = "a/b"; }},
             row{"agency_name", "sts5", [](auto& own) { own.agency_name = "a\"b"; }},
             row{"agency_name", "iam3", [](auto& own) { own.agency_name = std::string(65, 'a'); }},
             row{"domain_id", "sts5", [](auto& own) { own.domain_id = "a:agency:b"; }},
             row{"domain_id", "iam3", [](auto& own) { own.domain_id = "a b"; }},
             row{"account_id", "iam3", [](auto& own) { own.account_id = "a\r\nx-evil: 1"; }},
             row{"account_id", "sts5", [](auto& own) { own.account_id = "a"; }},
             row{"external_id", "iam3", [](auto& own) { own.external_id = "id"; }},
             row{"external_id", "sts5", [](auto& own) { own.external_id = "a b"; }},
             row{"external_id", "sts5", [](auto& own) { own.external_id = "a"; }},
             row{"bucket", "iam3", [](auto& own) { own.bucket = "vk*"; }},
             row{"bucket", "iam3", [](auto& own) { own.bucket = "vk/demo"; }},
             row{"bucket", "sts5", [](auto& own) { own.bucket = "vk\"],"; }},
             row{"region", "iam3", [](auto& own) { own.region = "cn.north"; }},
             row{"duration_seconds", "iam3", [](auto& own) { own.duration_seconds = 899; }},
             row{"duration_seconds", "iam3", [](auto& own) { own.duration_seconds = 86401; }},
             row{"duration_seconds", "sts5", [](auto& own) { own.duration_seconds = 43201; }},
             row{"sts_endpoint", "iam3", [](auto& own) { own.sts_endpoint = "http://iam.example"; }},
             row{"endpoint", "iam3", [](auto& own) { own.endpoint = "https://obs.example/x"; }},
             row{"voucher_key", "iam3", [](auto& own) { own.voucher_key = "form", own.form.reset(); }},
         }) {
        auto s = cloud(api);
        spoil(*s.of<huawei>());
        service_type const service{std::move(s)};
        INFO(field);
        REQUIRE(service.problems().size() == 1);
        CHECK(service.problems().front().what.field == field);
        CHECK(service.plan(ask(), fresh_values()).error().what == errc::invalid_settings);
    }
    auto longest = cloud();
    longest.of<huawei>()->duration_seconds = 86400;
    auto external = cloud("sts5");
    external.of<huawei>()->external_id = "id:1/2";
    for (auto* good : {&longest, &external}) CHECK(service_type{std::move(*good)}.problems().empty());
    CHECK(service_type{by_token()}.problems().empty());
}

TEST_CASE("OBS: a resource of more than 128 characters is refused, never widened", "[huawei][policy]") {
    std::string const bucket(63, 'b');
    // "obs:*:*:object:" + bucket + "/" leave 49
    auto const of = [&](std::size_t size, bool is_prefix) {
        std::string const name(is_prefix ? size - 1 : size, 'k');
        auto const scope = is_prefix ? *upload_scope::prefix({name, "/"}) : *upload_scope::key({name});
        return obs_session_policy<obs_policy_1_1>(bucket, scope);
    };
    CHECK(of(50, false).error().what == errc::scope_too_long);
    CHECK(of(49, true).error().what == errc::scope_too_long);  // its star counts
    CHECK(of(49, false)->size() <= 2048);
    CHECK(of(48, true)->find("/" + std::string(47, 'k') + "/*\"]") != std::string::npos);
    auto const longest = *upload_scope::prefix({std::string(254, 'k'), "/"});
    CHECK(obs_session_policy<obs_policy_5_0>(bucket, longest)->size() <= 2048);

    auto s = cloud();
    s.of<huawei>()->bucket = bucket;
    service_type service{std::move(s)};
    CHECK(service.exchange(*service.plan(ask(), fresh_values()), {now, {}}).error().what == errc::scope_too_long);
    // a form has no such limit
    CHECK(service.complete(*service.plan(ask_form(), fresh_values()), {}, now));
}

TEST_CASE("OBS: what an answer becomes that grants nothing", "[huawei][wire]") {
    struct row {
        int status;
        std::string body;
        errc what;
    };
    auto const gateway = [](std::string_view code) {
        return R"({"error_msg":"m","error_code":")" + std::string{code} + R"(","request_id":"r"})";
    };
    std::string const keystone = R"({"error":{"code":401,"message":"m","title":"Unauthorized"}})";
    auto const both = {
        row{429, "", errc::throttled},
        row{429, gateway("IAM.0012"), errc::throttled},
        row{400, gateway("IAM.0012"), errc::throttled},
        row{200, gateway("IAM.0012"), errc::throttled},
        row{500, gateway("IAM.0006"), errc::unavailable},
        row{502, "<html>", errc::unavailable},
        row{503, "", errc::unavailable},
        row{504, keystone, errc::unavailable},
        row{410, gateway("IAM.0020"), errc::unavailable},
        row{401, gateway("APIGW.0301"), errc::clock_skew},
        row{401, gateway("APIG.0301"), errc::clock_skew},
        row{400, gateway("IAM.1041"), errc::denied},
        row{400, gateway("IAM.1106"), errc::denied},
        row{401, gateway("IAM.0061"), errc::denied},
        row{401, keystone, errc::denied},
        row{403, gateway("PAP5.0001"), errc::denied},
        row{404, gateway("STS5.1106"), errc::denied},
        row{400, gateway("STS5.9999"), errc::denied},
        row{403, R"({"error":{"error_code":"IAM.0002","error_msg":"m"}})", errc::denied},
        row{403, R"({"code":"IAM.0003","message":"m"})", errc::denied},
        row{200, gateway("IAM.0002"), errc::denied},
        row{201, keystone, errc::denied},
        row{400, "what", errc::malformed_response},
        row{401, "{}", errc::malformed_response},
        row{400, R"({"error_code":5})", errc::malformed_response},
        row{302, gateway("IAM.0002"), errc::malformed_response},
        row{204, "", errc::malformed_response},
        row{200, "", errc::malformed_response},
        row{200, "[]", errc::malformed_response},
        row{201, "null", errc::malformed_response},
        row{201, R"({"credential":[],"credentials":[]})", errc::malformed_response},
        row{201, std::string(100000, '['), errc::malformed_response},
    };
    for (std::string const api : {"iam3", "sts5"})
        for (auto const& [status, body, what] : both) {
            INFO(api << " " << status << " " << body.substr(0, 100));
            CHECK(refusal({status, body, {}}, api) == what);
        }
    for (auto const& body :
         {with_printable_secret(iam3_answer("2026-03-14T09:26:53Z")),
          with_printable_secret(iam3_answer("2026-03-22T09:26:53Z")), with_printable_secret(iam3_answer("soon")),
          with_printable_secret(iam3_answer("")), with_printable_secret(iam3_answer("2026-03-14T10:26:53Z", "")),
          iam3_answer(), iam3_good.substr(0, iam3_good.size() - 1), iam3_good + "}", sts5_good}) {
        INFO(body);
        CHECK(refusal({201, body, {}}) == errc::malformed_response);
    }
    CHECK(refusal({200, iam3_good, {}}, "sts5") == errc::malformed_response);
    CHECK(refusal({204, iam3_good, {}}) == errc::malformed_response);
    auto const spoiled = R"({"error_code":"IAM.0002",)" + iam3_good.substr(1);
    CHECK(refusal({201, spoiled, {}}) == errc::denied);
}

TEST_CASE("OBS: a bad signature is a clock error only while our clock may be wrong", "[huawei][wire]") {
    std::string const body = R"({"error_msg":"m","error_code":"APIGW.0301","request_id":"r"})";
    for (auto const off : {-1200, -61, 61, 1200})
        CHECK(refusal({401, body, now + std::chrono::seconds{off}}) == errc::clock_skew);
    for (auto const off : {-60, 0, 60}) CHECK(refusal({401, body, now + std::chrono::seconds{off}}) == errc::denied);
    service_type service{cloud()};
    auto const g = service.complete(*service.plan(ask(), fresh_values()), {401, body, now}, now);
    CHECK(g.error().vendor_code == "APIGW.0301");
    CHECK(g.error().vendor_request == "r");
}

TEST_CASE("OBS: the session policy is the upload and nothing else", "[huawei][policy]") {
    std::string const classic =
        R"({"Version":"1.1","Statement":[{"Effect":"Allow","Action":["obs:object:PutObject","obs:object:AbortMultipartUpload","obs:object:ListMultipartUploadParts"],"Resource":["obs:*:*:object:vk-demo/)";
    std::string const identity =
        R"({"Version":"5.0","Statement":[{"Effect":"Allow","Action":["obs:object:putObject","obs:object:abortMultipartUpload","obs:object:listMultipartUploadParts"],"Resource":["obs:*:*:object:vk-demo/)";
    auto web = ask();
    web.platform = client_platform::web;
    for (auto const& r : {ask(), web, ask_dir()}) {
        auto const resource = r.is_dir ? std::string{prefix} + "*" : std::string{key};
        auto const iam3 = boost::json::parse(sent(cloud(), r).body).at("auth").at("identity").at("policy");
        CHECK(boost::json::serialize(iam3) == classic + resource + R"("]}]})");
        auto const sts5 = boost::json::parse(sent(cloud("sts5"), r).body).at("policy");
        CHECK(text_of(sts5) == identity + resource + R"("]}]})");

        for (auto const& text : {boost::json::serialize(iam3), text_of(sts5)}) {
            statement_policy<obs_policy> const policy{text};
            auto const answer = [&](store_action action, std::string_view bucket, std::string at) {
                return policy.ask({action, bucket, at});
            };
            auto const inside = r.is_dir ? std::string{prefix} + "a/b.png" : std::string{key};
            for (auto const action : every_action) {
                bool const upload = action == store_action::put || action == store_action::abort_upload ||
                                    action == store_action::list_parts;
                CHECK(answer(action, "vk-demo", inside) == (upload ? policy_answer::allowed : policy_answer::denied));
                CHECK(answer(action, "vk-demo2", inside) == policy_answer::denied);
                CHECK(answer(action, "vk-demo", inside + "/..") != policy_answer::unreadable);
                CHECK(answer(action, "vk-demo", "test/resource/video/2026/03/14/10503/x") == policy_answer::denied);
                CHECK(answer(action, "vk-demo", "x" + inside) == policy_answer::denied);
            }
            if (!r.is_dir) CHECK(answer(store_action::put, "vk-demo", inside + "x") == policy_answer::denied);
        }
    }
}

TEST_CASE("IAM by token: what is sent is what the vendor's SDK sends, byte for byte", "[huawei][vectors]") {
    huawei::settings own;
    own.root = {"HWROOTAKSHARED000001", secret{"SharedRootSecretKey0000000000000000000001"}};
    own.bucket = "media-shared";
    own.region = "ap-southeast-1";
    own.duration_seconds = 1800;
    auto const at = huawei::locate(own);
    located<huawei::settings> const there{own, *at};
    decision const what{*upload_scope::prefix({"dir/"})};
    huawei::cache kept;
    auto const policy = huawei::token_issuer::session_policy(there, what);
    auto const r =
        *huawei::token_issuer::request(there, what, *policy, {*parse_iso_time("2026-04-01T00:00:00Z"), {}}, kept);
    CHECK(r.method == "POST");
    CHECK(r.url == "https://iam.ap-southeast-1.myhuaweicloud.com/v3.0/OS-CREDENTIAL/securitytokens");
    CHECK(
        r.body ==
        R"({"auth":{"identity":{"methods":["token"],"policy":{"Version":"1.1","Statement":[{"Effect":"Allow","Action":["obs:object:PutObject","obs:object:AbortMultipartUpload","obs:object:ListMultipartUploadParts"],"Resource":["obs:*:*:object:media-shared/dir/*"]}]},"token":{"duration_seconds":1800}}}})");
    CHECK(vectors::header_of(r, "authorization") ==
          "SDK-HMAC-SHA256 Access=HWROOTAKSHARED000001, SignedHeaders=content-type;host;x-sdk-date, "
          "Signature=52dd864b2895d859e6ae235780bad6294ea4fff8fe083818672c016d12f2965a");
}

TEST_CASE("IAM by agency and STS 5: the members that the vendor names", "[huawei]") {
    auto s = cloud();
    s.of<huawei>()->account_id = "abc0";
    auto const iam3 = sent(std::move(s));
    CHECK(iam3.url == "https://iam.cn-north-4.myhuaweicloud.com/v3.0/OS-CREDENTIAL/securitytokens");
    auto const identity = boost::json::parse(iam3.body).at("auth").at("identity").as_object();
    CHECK(boost::json::serialize(identity.at("methods")) == R"(["assume_role"])");
    CHECK(
        boost::json::serialize(identity.at("assume_role")) ==
        R"({"agency_name":"upload-agency","domain_id":"0a1b2c3d4e5f60718293a4b5c6d7e8f9","duration_seconds":3600,"session_user":{"name":"v00112233445566778899aabbccddeef"}})");
    CHECK(vectors::header_of(iam3, "x-domain-id") == "abc0");
    CHECK(vectors::header_of(iam3, "x-sdk-date") == "20260314T092653Z");
    CHECK(vectors::header_of(iam3, "authorization")
              .starts_with("SDK-HMAC-SHA256 Access=ROOTKEY, SignedHeaders=content-type;host;x-domain-id;x-sdk-date, "));

    auto t = cloud("sts5");
    t.of<huawei>()->external_id = "customer-1";
    auto const sts5 = sent(std::move(t));
    CHECK(sts5.url == "https://sts.cn-north-4.myhuaweicloud.com/v5/agencies/assume");
    auto body = boost::json::parse(sts5.body).as_object();
    body.erase("policy");
    CHECK(
        boost::json::serialize(body) ==
        R"({"duration_seconds":3600,"external_id":"customer-1","agency_urn":"iam::0a1b2c3d4e5f60718293a4b5c6d7e8f9:agency:upload-agency","agency_session_name":"00112233445566778899aabbccddeeff"})");
    CHECK(vectors::header_of(sts5, "authorization")
              .starts_with("SDK-HMAC-SHA256 Access=ROOTKEY, SignedHeaders=content-type;host;x-sdk-date, "));
    for (auto const& r : {iam3, sts5}) {
        CHECK(r.method == "POST");
        CHECK(vectors::header_of(r, "content-type") == "application/json");
        CHECK((r.url + r.body).find("secret") == std::string::npos);
        for (auto const& header : r.headers) CHECK(header.value.find("secret") == std::string::npos);
    }
}

TEST_CASE("OBS: the voucher is this key, this size, this end, and signed with the keys of its answer",
          "[huawei][policy]") {
    for (bool const is_dir : {false, true}) {
        auto const g = granted(cloud(), is_dir ? ask_dir() : ask());
        CHECK(g[grant::access_key_id] == "HST1");
        CHECK(g[grant::secret_access_key] == "issued/secret");
        CHECK(g[grant::security_token] == "ggVj/+==");
        CHECK(timestamp{g.expiration}.iso().view() == "2026-03-14T10:26:53Z");
        std::string const policy =
            R"({"expiration":"2026-03-14T10:26:53Z","conditions":[["content-length-range",1,1000],{"bucket":"vk-demo"},{"x-obs-security-token":"ggVj/+=="},)" +
            (is_dir ? R"(["starts-with","$key",")" + std::string{prefix} + R"("]]})"
                    : R"({"key":")" + std::string{key} + R"("}]})");
        CHECK(g[grant::policy] == to_base64(policy));
        CHECK(g[grant::signature] == obs_signature("issued/secret", g[grant::policy]));
        auto const fields = data_of(g).at("form").at("fields").as_object();
        CHECK(fields.size() == 5);
        CHECK(text_of(fields.at("key")) == (is_dir ? prefix : key));
        CHECK(text_of(fields.at("AccessKeyId")) == "HST1");
        CHECK(text_of(fields.at("x-obs-security-token")) == "ggVj/+==");
        CHECK(text_of(fields.at("policy")) == g[grant::policy]);
        CHECK(text_of(fields.at("signature")) == g[grant::signature]);
    }
    auto const g = granted(cloud("sts5"), ask(), {200, sts5_good, {}});
    CHECK(g[grant::signature] == obs_signature("issued/secret", g[grant::policy]));
    CHECK(timestamp{g.expiration}.iso().view() == "2026-03-14T10:26:53Z");
}

TEST_CASE("OBS: the upload identity signs a form without a token, and no long-term secret leaves", "[huawei]") {
    auto s = cloud();
    s.of<huawei>()->voucher_key = "form";
    auto const by_form = granted(std::move(s));
    CHECK(by_form[grant::access_key_id] == "HST1");
    CHECK(by_form[grant::secret_access_key] == "issued/secret");
    auto const local = granted(cloud(), ask_form(), {});
    CHECK(local[grant::access_key_id] == "FORMKEY");
    CHECK(local[grant::secret_access_key].empty());
    CHECK(local[grant::security_token].empty());
    for (auto const& g : {by_form, local}) {
        auto const fields = data_of(g).at("form").at("fields").as_object();
        CHECK(text_of(fields.at("AccessKeyId")) == "FORMKEY");
        CHECK(fields.if_contains("x-obs-security-token") == nullptr);
        CHECK(g[grant::signature] == obs_signature("the form secret", g[grant::policy]));
        std::string json;
        append_grant_json(json, g);
        for (std::string_view const hidden : {"the form secret", "the root secret", "ROOTKEY"})
            CHECK(json.find(hidden) == std::string::npos);
    }
}

TEST_CASE("OBS: kept keys are those of the secret that is asked for", "[huawei]") {
    service_type service{cloud()};
    auto const form = *service.plan(ask_form(), fresh_values());
    auto const sts = *service.plan(ask(), fresh_values());
    grant g;
    for (int round = 0; round < 3; ++round) {
        g = *service.complete(form, {}, now, std::move(g));
        CHECK(g[grant::signature] == obs_signature("the form secret", g[grant::policy]));
        g = *service.complete(sts, {201, iam3_good, {}}, now, std::move(g));
        CHECK(g[grant::signature] == obs_signature("issued/secret", g[grant::policy]));
    }
    huawei::kept_key<sha1> kept;
    for (std::string_view const value : {"a", "b", "b", "a"})
        CHECK(to_base64(kept.get(secret{value}).sign("x")) == obs_signature(value, "x"));
}

TEST_CASE("OBS: a form that asks for a callback is pinned to it, and the header says the same", "[huawei][callback]") {
    auto r = ask();
    r.need_callback = true;
    auto const g = granted(cloud(), r);
    auto const data = data_of(g);
    std::string const url = "https://app.example.com/upload/callback?a=b";
    std::string const body = "objectId=10503&resourceType=1&bucket=$(bucket)&key=$(key)&fsize=$(fsize)&etag=$(etag)";
    auto const& info = data.at("callbackInfo").as_object();
    CHECK(text_of(info.at("callbackUrl")) == url);
    CHECK(text_of(info.at("callbackBody")) == body);
    auto const& fields = data.at("form").at("fields").as_object();
    CHECK(fields.size() == 8);
    CHECK(text_of(fields.at("callbackUrl")) == url);
    CHECK(text_of(fields.at("callbackBody")) == body);
    CHECK(text_of(fields.at("callbackBodyType")) == "application/x-www-form-urlencoded");
    CHECK(info.at("headers").as_object().size() == 1);
    CHECK(text_of(info.at("headers").at("x-obs-callback")) ==
          to_base64(R"({"callbackUrl":")" + url + R"(","callbackBody":")" + body +
                    R"(","callbackBodyType":"application/x-www-form-urlencoded"})"));
    std::string const policy =
        R"({"expiration":"2026-03-14T10:26:53Z","conditions":[["content-length-range",1,1000],{"bucket":"vk-demo"},{"x-obs-security-token":"ggVj/+=="},{"callbackUrl":")" +
        url + R"("},["starts-with","$callbackBody","objectId=10503&resourceType=1&bucket="],{"key":")" +
        std::string{key} + R"("}]})";
    CHECK(g[grant::policy] == to_base64(policy));
    CHECK(g[grant::signature] == obs_signature("issued/secret", g[grant::policy]));
}

TEST_CASE("OBS: addresses follow from the settings", "[huawei][settings]") {
    auto const made = [](auto change) {
        auto s = cloud();
        change(*s.of<huawei>());
        auto const call = sent(s);
        auto const g = granted(std::move(s), ask_form(), {});
        return std::string{g[grant::endpoint]}
            .append(" ")
            .append(g[grant::bucket_endpoint])
            .append(" ")
            .append(call.url.substr(0, call.url.find("/v")));
    };
    CHECK(made([](auto&) {}) ==
          "https://obs.cn-north-4.myhuaweicloud.com https://vk-demo.obs.cn-north-4.myhuaweicloud.com "
          "https://iam.cn-north-4.myhuaweicloud.com");
    CHECK(made([](auto& own) { own.api = "sts5", own.region = "ap-southeast-3"; }) ==
          "https://obs.ap-southeast-3.myhuaweicloud.com https://vk-demo.obs.ap-southeast-3.myhuaweicloud.com "
          "https://sts.ap-southeast-3.myhuaweicloud.com");
    CHECK(made([](auto& own) { own.region = "eu-west-101"; }) ==
          "https://obs.eu-west-101.myhuaweicloud.eu https://vk-demo.obs.eu-west-101.myhuaweicloud.eu "
          "https://iam.eu-west-101.myhuaweicloud.eu");
    CHECK(made([](auto& own) {
              own.endpoint = "http://127.0.0.1:9000", own.sts_endpoint = "https://iam.example:8443/";
          }) == "http://127.0.0.1:9000 http://127.0.0.1:9000/vk-demo https://iam.example:8443");
}

TEST_CASE("SDK-HMAC-SHA256: the stages of the signature", "[huawei][signing]") {
    CHECK(sdk_canonical_path("/") == "/");
    CHECK(sdk_canonical_path("/v5/agencies/assume") == "/v5/agencies/assume/");
    CHECK(sdk_canonical_path("/a b/\xc3\xa9*/") == "/a%20b/%C3%A9%2A/");
    CHECK(sdk_payload_hash({}, "") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sdk_payload_hash({{"x-sdk-content-sha256", "UNSIGNED-PAYLOAD"}}, "x") == "UNSIGNED-PAYLOAD");
    http_request r{"GET", "https://h/", {{"host", "h"}, {"x-b", " 1  2\t"}}, {}};
    sign_sdk_hmac(r, "/", {{"b", ""}, {"a", " +"}, {"a", "*"}}, "AK", "TOKEN", hmac_key<sha256>{"SK"}, timestamp{now});
    std::string const canonical =
        "GET\n/\na=%20%2B&a=%2A&b=\nhost:h\nx-b:1  2\nx-sdk-date:20260314T092653Z\nx-security-token:TOKEN\n\n"
        "host;x-b;x-sdk-date;x-security-token\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    auto const signature = to_hex(hmac_key<sha256>{"SK"}.sign(sdk_string_to_sign("20260314T092653Z", canonical)));
    CHECK(vectors::header_of(r, "authorization") ==
          "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-b;x-sdk-date;x-security-token, Signature=" +
              std::string{signature.view()});
}
