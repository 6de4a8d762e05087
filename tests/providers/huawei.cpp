#include <valetkey/encoding/base64.hpp>
#include <valetkey/policy/guard.hpp>
#include <valetkey/policy/obs_form_conditions.hpp>
#include <valetkey/providers/huawei.hpp>
#include <valetkey/signing/verify_obs.hpp>
#include <valetkey/signing/verify_sdk_hmac.hpp>
#include <valetkey/sts_service.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <boost/json/parse.hpp>
#include "support/catch.hpp"
#include "support/vector_case.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace valetkey;
using std::chrono::minutes;
using std::chrono::seconds;
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

upload_scope const key_scope = *upload_scope::key({key});
upload_scope const prefix_scope = *upload_scope::prefix({prefix});

std::string policy_of(upload_scope const& scope, bool sts5 = false) {
    return sts5 ? *obs_session_policy<obs_policy_5_0>("vk-demo", scope)
                : *obs_session_policy<obs_policy_1_1>("vk-demo", scope);
}
bool is_narrow(std::string const& text, upload_scope const& scope) {
    return is_exactly(obs_policy{text}, {"vk-demo", scope}, [](store_action) { return false; });
}
std::string replaced(std::string text, std::string_view what, std::string_view with) {
    auto const at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}
/// One statement of version 1.1.
std::string statement(std::string_view effect, std::string_view action, std::string_view resource) {
    std::string out{R"({"Effect":")"};
    return out.append(effect)
        .append(R"(","Action":")")
        .append(action)
        .append(R"(","Resource":")")
        .append(resource)
        .append("\"}");
}
policy_answer answer_of(std::string const& statements, policy_question const& q) {
    return obs_policy{R"({"Version":"1.1","Statement":[)" + statements + "]}"}.ask(q);
}

known_key const temporary{"HSTTEMP1", secret{"SharedTempSecretKey0000000000000000000001"}, "ggVj/+=="};
known_key const long_term{"ROOTKEY", secret{"the root secret"}, {}};
known_key const* find_key(std::string_view id) {
    return id == temporary.id ? &temporary : id == long_term.id ? &long_term : nullptr;
}

/// A request as it arrived; its signature was made elsewhere, from the vendor's documents.
struct arrival {
    std::string method;
    std::string path;
    std::string query{};
    std::vector<http_header> headers{};
    std::string body{};
    obs_place place = obs_place::in_host;
    utc_seconds at = now;

    std::string& header(std::string_view name) {
        auto const found =
            std::find_if(headers.begin(), headers.end(), [&](auto const& each) { return each.name == name; });
        REQUIRE(found != headers.end());
        return found->value;
    }
    void drop(std::string_view name) {
        std::erase_if(headers, [&](auto const& each) { return each.name == name; });
    }
    [[nodiscard]] verdict at_obs() const {
        return verify_obs_request({method, path, query, headers, body}, find_key, {"vk-demo", "cn-north-4", place},
                                  {at});
    }
    [[nodiscard]] verdict at_iam() const {
        return verify_sdk_hmac({method, path, query, headers, body}, find_key, {at});
    }
};
struct spoilt {
    std::string_view what;
    void (*spoil)(arrival&);
    verdict answer;
};

std::string const obs_host = "vk-demo.obs.cn-north-4.myhuaweicloud.com";
std::string const http_now = "Sat, 14 Mar 2026 09:26:53 GMT";

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
            obs_policy const policy{text};
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

TEST_CASE("OBS: a session policy that was widened is not released", "[huawei][guard]") {
    struct hole {
        std::string_view what;
        std::string_view with;
    };
    auto const refuse = [](upload_scope const& scope, std::initializer_list<hole> holes) {
        for (auto const& [what, with] : holes) {
            INFO(what << " -> " << with);
            CHECK_FALSE(is_narrow(replaced(policy_of(scope), what, with), scope));
        }
    };
    std::string_view const name = "0f8fad5b-d9cb-469f-a165-70867728950e.mp4";
    refuse(key_scope,
           {
               {name, "*"},
               {name, "0f8fad5b-d9cb-469f-a165-70867728950e.mp4*"},
               {name, "0f8fad5b-d9cb-469f-a165-70867728950e.mp?"},
               {name, "*.mp4"},
               {name, "0f8fad5b-d9cb-469f-a165-70867728950e.MP4"},
               {name, "other.mp4"},
               {"/2026/", "/*/"},
               {"/2026/", "/202?/"},
               {"vk-demo/", "vk-demo*/"},
               {"vk-demo/", "*/"},
               {"vk-demo/", "vk-dem?/"},
               {"vk-demo/", "vk-demo2/"},
               {"obs:*:*:object:", "obs:*:*:*:"},
               {"obs:*:*:object:", "*:*:*:object:"},
               {"obs:*:*:object:", "obs:*:*:bucket:"},
               {"obs:*:*:object:vk-demo/", "obs:*:"},
               {"obs:object:PutObject", "obs:object:*"},
               {"obs:object:PutObject", "obs:object:PutObject*"},
               {"obs:object:PutObject", "obs:*:*"},
               {"obs:object:PutObject", "*"},
               {"obs:object:PutObject", "obs:object:Put?bject"},
               {"obs:object:PutObject", "obs:object:GetObject"},
               {"\"obs:object:PutObject\",", ""},
               {"\"obs:object:PutObject\"", "\"obs:object:PutObject\",\"obs:object:DeleteObject\""},
               {"\"obs:object:PutObject\"", "\"obs:object:PutObject\",\"obs:object:RestoreObject\""},
               {"\"obs:object:PutObject\"", "\"obs:object:PutObject\",\"obs:bucket:ListBucket\""},
               {"Allow", "Deny"},
               {"Allow", "Permit"},
               // another resource, also one that few questions would find
               {"\"]}]}", "\",\"obs:*:*:object:vk-demo/other\"]}]}"},
               {"\"]}]}", "\",\"obs:*:*:object:vk-demo/*:x\"]}]}"},
               {"\"]}]}", "\",\"obs:*:*:bucket:vk-demo/other\"]}]}"},
               {"\"]}]}", "\",\"*\"]}]}"},
               // another statement
               {"[{", R"([{"Effect":"Allow","Action":"*","Resource":"*"},{)"},
               {"[{", R"([{"Effect":"Allow","Action":"obs:object:GetObject","Resource":"obs:*:*:object:b/k"},{)"},
               {"[{", R"([{"Effect":"Deny","Action":"*","Resource":"*"},{)"},
               {"[{", R"([{"Effect":"Allow","Action":"*"},{)"},
               // quotes
               {"\"]}]}", R"("],"NotResource":["x"]}]})"},
               {"\"]}]}", R"("],"Condition":{}}]})"},
               {"\"]}]}", R"("],"Resource":["*"]}]})"},
               {"\"Resource\"", R"("Resource":["*"],"Resource")"},
               {"\"Statement\"", R"("Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}],"Statement")"},
               {"\"Statement\"", R"("Id":"x","Statement")"},
               {"vk-demo/", "vk-demo/${*}"},
               {"\"1.1\"", "\"1.0\""},
               {"\"Version\":\"1.1\",", ""},
               {"\"]}]}", "]}]}"},
               {"\"]}]}", "\"]}]}}"},
           });
    refuse(prefix_scope,
           {
               {"950e/*", "950e*"},
               {"950e/*", "950e/"},
               {"950e/*", "950e/?"},
               {"950e/*", "950e/**"},
               {"10503/0f8fad5b-d9cb-469f-a165-70867728950e/*", "10503/*"},
               {"10503/0f8fad5b-d9cb-469f-a165-70867728950e/*", "*/0f8fad5b-d9cb-469f-a165-70867728950e/"},
               {"vk-demo/test", "vk-demo/tes?"},
               {"\"]}]}", "\",\"obs:*:*:object:vk-demo/other\"]}]}"},
               {"obs:*:*:object:vk-demo/test", "obs:*:*:object:vk-demo/*"},
           });
    for (std::string const nothing :
         {"", "{}", "[]", R"({"Version":"1.1"})", R"({"Version":"1.1","Statement":[]})",
          R"({"Version":"1.1","Statement":[1]})",
          R"({"Version":"1.1","Statement":[{"Effect":"Allow","Action":[],"Resource":[]}]})"})
        CHECK_FALSE(is_narrow(nothing, key_scope));
    CHECK_FALSE(is_narrow(policy_of(key_scope), prefix_scope));
    CHECK_FALSE(is_narrow(policy_of(prefix_scope), key_scope));
    CHECK_FALSE(is_narrow(policy_of(key_scope), *upload_scope::key({key.substr(0, key.size() - 1)})));

    for (bool const sts5 : {false, true}) {
        for (auto const* text : {"t/a", "a-b_c.d/x", "t/y", "t/1", "a/b/c/d.e", "xx"})
            CHECK(is_narrow(policy_of(*upload_scope::key({text}), sts5), *upload_scope::key({text})));
        for (auto const* text : {"t/", "a-b_c.d/x/", "t/y/", "a/b/c/1/"})
            CHECK(is_narrow(policy_of(*upload_scope::prefix({text}), sts5), *upload_scope::prefix({text})));
        CHECK(is_narrow(policy_of(key_scope, sts5), key_scope));
        CHECK(is_narrow(policy_of(prefix_scope, sts5), prefix_scope));
    }
}

TEST_CASE("OBS: a policy means what the vendor says, and nothing is read into it", "[huawei][policy]") {
    using enum policy_answer;
    auto const put_at = [](std::string_view at, std::string_view in = "vk-demo") {
        return policy_question{store_action::put, in, at};
    };
    auto const one = [&](std::string_view resource, policy_question const& q) {
        return answer_of(statement("Allow", "obs:object:PutObject", resource), q);
    };
    CHECK(one("obs:*:*:object:vk-demo/a/*", put_at("a/b/c")) == allowed);
    CHECK(one("OBS:*:*:Object:vk-demo/a/*", put_at("a/b/c")) == allowed);
    CHECK(one("obs:*:*:object:vk-demo/a/*", put_at("a/")) == allowed);
    CHECK(one("obs:*:*:object:vk-demo/a/*", put_at("a")) == denied);
    CHECK(one("obs:*:*:object:vk-demo/a*", put_at("ab/c")) == allowed);
    CHECK(one("obs:*:*:object:vk-demo/a", put_at("a/b")) == denied);
    CHECK(one("obs:*:*:object:vk-demo", put_at("")) == denied);
    CHECK(one("*", put_at("any")) == allowed);
    CHECK(one("obs:*:*:*:*", put_at("any")) == allowed);
    // a `:` in a key reaches no other part
    CHECK(one("obs:*:*:object:vk-demo/a/*", put_at("x:object:vk-demo/a/b")) == denied);
    CHECK(one("obs:*:*:object:vk-demo/a/*", put_at("k:object:vk-demo/a/b", "other")) == denied);
    CHECK(one("obs:*:*:object:vk-demo/a:b", put_at("a:b")) == allowed);
    // where readings part
    CHECK(one("obs:*:*:object:vk-demo/a?c", put_at("abc")) == unreadable);
    CHECK(one("obs:*:*:object:vk-demo/A", put_at("a")) == unreadable);
    CHECK(one("obs:*:*:bucket:vk-demo/*", put_at("a")) == unreadable);
    CHECK(one("obs:cn-north-4:me:object:vk-demo/a", put_at("a")) == unreadable);
    CHECK(one("obs:*", put_at("a")) == unreadable);
    CHECK(one("oss:*:*:object:vk-demo/a", put_at("a")) == denied);
    CHECK(one("obs:*:*:object:vk-demo/${x}", put_at("a")) == unreadable);
    // actions have no letter case
    for (auto const action : {"obs:object:putObject", "OBS:OBJECT:PUTOBJECT", "obs:object:put*", "obs:*:*", "*"})
        CHECK(answer_of(statement("allow", action, "obs:*:*:object:vk-demo/a"), put_at("a")) == allowed);
    CHECK(answer_of(statement("Allow", "obs:object:PutObjectAcl", "*"), put_at("a")) == denied);
    auto const bucket = statement("Allow", "obs:bucket:*", "obs:*:*:bucket:vk-demo");
    CHECK(answer_of(bucket, {store_action::list_objects, "vk-demo", "a/"}) == allowed);
    CHECK(answer_of(bucket, {store_action::list_objects, "vk-demo2", "a/"}) == denied);
    // Deny goes before Allow, and is doubted the other way
    auto const allow = statement("Allow", "obs:object:PutObject", "obs:*:*:object:vk-demo/*") + ",";
    CHECK(answer_of(allow + statement("Deny", "obs:object:*", "obs:*:*:object:vk-demo/a/*"), put_at("a/b")) == denied);
    CHECK(answer_of(allow + statement("Deny", "obs:object:*", "obs:*:*:object:vk-demo/a/*"), put_at("b")) == allowed);
    CHECK(answer_of(allow + statement("deny", "*", "obs:*:*:object:vk-demo/a?"), put_at("ab")) == unreadable);
    CHECK(answer_of(allow + statement("Deny", "*", "obs:*:*:bucket:vk-demo/*"), put_at("a")) == unreadable);
    CHECK(answer_of(statement("Allow", "*", "obs:*:*:object:vk-demo/a?") + "," +
                        statement("Deny", "*", "obs:*:*:bucket:vk-demo/*"),
                    put_at("ab")) == unreadable);
    // one statement need not be in a list, and may have a name
    CHECK(obs_policy{R"({"Version":"5.0","Statement":{"Sid":"s","Effect":"Allow","Action":"*","Resource":"*"}})"}.ask(
              put_at("a")) == allowed);
    CHECK(
        obs_policy{R"({ "Version" : "5.0", "Statement": [ {"Effect":"Allow","Action":["*"],"Resource":["\"\\:{"]} ] })"}
            .ask(put_at("a")) == denied);
}

TEST_CASE("OBS: what signs a header must be there, and as it was signed", "[huawei][signing]") {
    arrival const good{"PUT",
                       "/a%20b%2Bc/%E4%B8%AD%27.txt",
                       "uploadId=A%2B/%3D&x-id=1&versionId&partNumber=2",
                       {{"host", obs_host},
                        {"authorization", "OBS HSTTEMP1:GPzOQCrxfXZsgQ6w/YhnQn7fgl8="},
                        {"content-md5", "XUFAKrxLKna5cZ2REBfFkg=="},
                        {"content-type", "text/plain; charset=utf-8"},
                        {"x-obs-meta-m", " 1"},
                        {"x-obs-meta-m", "two  words "},
                        {"date", "Sat, 14 Mar 2026 00:00:00 GMT"},
                        {"x-obs-date", http_now},
                        {"x-obs-security-token", "ggVj/+=="}},
                       "hello"};
    CHECK(good.at_obs() == verdict::accepted);
    for (auto const& [what, spoil, answer] : {
             spoilt{"signature", [](auto& r) { r.header("authorization").back() = 'A'; }, verdict::wrong_signature},
             spoilt{"scheme", [](auto& r) { r.header("authorization")[0] = 'o'; }, verdict::malformed},
             spoilt{"twin's word", [](auto& r) { r.header("authorization").replace(0, 3, "AWS"); },
                    verdict::wrong_token},
             spoilt{"key", [](auto& r) { r.header("authorization")[4] = 'X'; }, verdict::unknown_key},
             spoilt{"another's key", [](auto& r) { r.header("authorization").replace(4, 8, "ROOTKEY"); },
                    verdict::wrong_token},
             spoilt{"no colon", [](auto& r) { r.header("authorization") = "OBS HSTTEMP1"; }, verdict::malformed},
             spoilt{"no signature at all", [](auto& r) { r.drop("authorization"); }, verdict::not_signed},
             spoilt{"method", [](auto& r) { r.method = "POST"; }, verdict::wrong_signature},
             spoilt{"path", [](auto& r) { r.path += "x"; }, verdict::wrong_signature},
             spoilt{"one byte's letters", [](auto& r) { r.path.replace(r.path.find("%2B"), 3, "%2b"); },
                    verdict::wrong_signature},
             spoilt{"path that is none", [](auto& r) { r.path += "%"; }, verdict::malformed},
             spoilt{"sub-resource", [](auto& r) { r.query.back() = '3'; }, verdict::wrong_signature},
             spoilt{"more sub-resources", [](auto& r) { r.query += "&acl"; }, verdict::wrong_signature},
             spoilt{"query that is none", [](auto& r) { r.query += "%zz"; }, verdict::malformed},
             spoilt{"type", [](auto& r) { r.header("content-type") = "text/html"; }, verdict::wrong_signature},
             spoilt{"digest", [](auto& r) { r.header("content-md5")[0] = 'Y'; }, verdict::wrong_body},
             spoilt{"body", [](auto& r) { r.body = "hellp"; }, verdict::wrong_body},
             spoilt{"meta", [](auto& r) { r.drop("x-obs-meta-m"); }, verdict::wrong_signature},
             spoilt{"more headers",
                    [](auto& r) {
                        r.headers.push_back({"x-obs-acl", "public-read"});
                    },
                    verdict::wrong_signature},
             spoilt{"token", [](auto& r) { r.header("x-obs-security-token") = "ggVj/+=a"; }, verdict::wrong_token},
             spoilt{"no token", [](auto& r) { r.drop("x-obs-security-token"); }, verdict::wrong_token},
             spoilt{"date", [](auto& r) { r.header("x-obs-date")[24] = '4'; }, verdict::wrong_signature},
             spoilt{"no date", [](auto& r) { r.header("x-obs-date") = "now"; }, verdict::malformed},
             spoilt{"late", [](auto& r) { r.at += minutes{15} + seconds{1}; }, verdict::skewed},
             spoilt{"early", [](auto& r) { r.at -= minutes{15} + seconds{1}; }, verdict::skewed},
             spoilt{"bucket in the path", [](auto& r) { r.place = obs_place::in_path; }, verdict::wrong_scope},
             spoilt{"claimed SHA-256",
                    [](auto& r) {
                        r.headers.push_back({"x-obs-content-sha256", std::string(64, '0')});
                    },
                    verdict::wrong_body},
         }) {
        INFO(what);
        auto bad = good;
        spoil(bad);
        CHECK(bad.at_obs() == answer);
    }
    auto unsigned_change = good;
    unsigned_change.query.replace(unsigned_change.query.find("x-id=1"), 6, "x-id=2");
    unsigned_change.header("date") = "never";
    unsigned_change.at += minutes{15};
    CHECK(unsigned_change.at_obs() == verdict::accepted);
}

TEST_CASE("OBS: the native signature's twin, in the path and on a domain of the bucket's own", "[huawei][signing]") {
    arrival const in_path{
        "POST",
        "/vk-demo/k",
        "uploads",
        {{"host", "127.0.0.1:9000"}, {"authorization", "AWS ROOTKEY:picdIMG/d7aI2l4HJJeJwM5r4BY="}, {"date", http_now}},
        {},
        obs_place::in_path};
    CHECK(in_path.at_obs() == verdict::accepted);
    auto bad = in_path;
    bad.header("date")[24] = '4';
    CHECK(bad.at_obs() == verdict::wrong_signature);
    bad = in_path;
    bad.path = "/vk-demo2/k";
    CHECK(bad.at_obs() == verdict::wrong_scope);
    bad.path = "/vk-demo";
    CHECK(bad.at_obs() == verdict::wrong_signature);
    bad = in_path;
    bad.headers.push_back({"x-amz-security-token", "a"});
    CHECK(bad.at_obs() == verdict::wrong_token);

    // the SDKs do not agree about the port
    for (auto const& [host, signature] : {std::pair{"img.example.com", "QPYRWwTKp9mi9nnW7hTLSxCQw2g="},
                                          std::pair{"img.example.com:8443", "QPYRWwTKp9mi9nnW7hTLSxCQw2g="},
                                          std::pair{"img.example.com:8443", "ENYw0DtPmCvi+IsBkNpyAXkJMBU="}}) {
        arrival r{"PUT",
                  "/k",
                  {},
                  {{"host", host},
                   {"authorization", std::string{"AWS ROOTKEY:"} + signature},
                   {"content-type", "text/plain"},
                   {"x-amz-date", http_now}},
                  "x",
                  obs_place::own_domain};
        CHECK(r.at_obs() == verdict::accepted);
        r.header("host")[0] = 'x';
        CHECK(r.at_obs() == verdict::wrong_signature);
    }
}

TEST_CASE("OBS: a URL is good until its end, as it was signed", "[huawei][signing]") {
    arrival const good{
        "PUT",
        "/k%2A",
        "AccessKeyId=HSTTEMP1&Expires=1773480713&acl=&prefix=p&response-content-type=a/b%20&"
        "x-obs-callback=YQ%3D%3D&x-obs-security-token=ggVj/+%3D%3D&Signature=7pY/THqNiaaDorfBdiwIIztQAhc%3D",
        {{"host", obs_host}, {"content-type", "text/plain"}, {"x-obs-meta-a", "1"}}};
    CHECK(good.at_obs() == verdict::accepted);
    for (auto const& [what, spoil, answer] : {
             spoilt{"at its end", [](auto& r) { r.at += seconds{300}; }, verdict::accepted},
             spoilt{"long before", [](auto& r) { r.at -= minutes{600}; }, verdict::accepted},
             spoilt{"no signed parameter", [](auto& r) { r.query = replaced(r.query, "prefix=p", "prefix=q"); },
                    verdict::accepted},
             spoilt{"after its end", [](auto& r) { r.at += seconds{301}; }, verdict::expired},
             spoilt{"a later end", [](auto& r) { r.query = replaced(r.query, "1773480713", "1773480714"); },
                    verdict::wrong_signature},
             spoilt{"no end", [](auto& r) { r.query = replaced(r.query, "1773480713", "never"); }, verdict::malformed},
             spoilt{"a folder's policy", [](auto& r) { r.query = replaced(r.query, "Expires", "Policy"); },
                    verdict::malformed},
             spoilt{"two ends", [](auto& r) { r.query += "&Expires=1773480713"; }, verdict::malformed},
             spoilt{"two signatures", [](auto& r) { r.query += "&Signature=a"; }, verdict::not_signed},
             spoilt{"key", [](auto& r) { r.query = replaced(r.query, "HSTTEMP1", "HSTTEMP2"); }, verdict::unknown_key},
             spoilt{"no key", [](auto& r) { r.query = replaced(r.query, "AccessKeyId", "accesskeyid"); },
                    verdict::malformed},
             spoilt{"twin's key", [](auto& r) { r.query = replaced(r.query, "AccessKeyId", "AWSAccessKeyId"); },
                    verdict::wrong_token},
             spoilt{"token", [](auto& r) { r.query = replaced(r.query, "ggVj", "ggVk"); }, verdict::wrong_token},
             spoilt{"no token", [](auto& r) { r.query = replaced(r.query, "&x-obs-security-token=ggVj/+%3D%3D", ""); },
                    verdict::wrong_token},
             spoilt{"callback", [](auto& r) { r.query = replaced(r.query, "YQ", "YR"); }, verdict::wrong_signature},
             spoilt{"sub-resource", [](auto& r) { r.query = replaced(r.query, "acl=&", ""); },
                    verdict::wrong_signature},
             spoilt{"method", [](auto& r) { r.method = "GET"; }, verdict::wrong_signature},
             spoilt{"path", [](auto& r) { r.path = "/k%2a"; }, verdict::wrong_signature},
             spoilt{"type", [](auto& r) { r.drop("content-type"); }, verdict::wrong_signature},
             spoilt{"meta", [](auto& r) { r.header("x-obs-meta-a") = "2"; }, verdict::wrong_signature},
             spoilt{"digest",
                    [](auto& r) {
                        r.headers.push_back({"content-md5", "XUFAKrxLKna5cZ2REBfFkg=="});
                    },
                    verdict::wrong_body},
         }) {
        INFO(what);
        auto r = good;
        spoil(r);
        CHECK(r.at_obs() == answer);
    }
}

TEST_CASE("OBS: AWS4 as the vendor's SDKs write it, and as AWS does", "[huawei][signing]") {
    auto const signed_as = [](std::string query, std::string meta, std::string_view signature) {
        return arrival{"GET",
                       "/k%2A",
                       std::move(query),
                       {{"host", obs_host},
                        {"authorization",
                         "AWS4-HMAC-SHA256 Credential=HSTTEMP1/20260314/cn-north-4/s3/"
                         "aws4_request,SignedHeaders=date;host;x-amz-content-sha256;x-amz-meta-m;x-amz-security-token,"
                         "Signature=" +
                             std::string{signature}},
                        {"date", http_now},
                        {"x-amz-content-sha256", "UNSIGNED-PAYLOAD"},
                        {"x-amz-meta-m", std::move(meta)},
                        {"x-amz-security-token", "ggVj/+=="}}};
    };
    auto const sdk = signed_as("uploads&prefix=a/b", "two  words",
                               "9482325c91f579d107353272383e1261cd9c949c9e4c44e023996ad83378ca55");
    CHECK(sdk.at_obs() == verdict::accepted);
    for (auto const* query : {"prefix=a/b&uploads", "prefix=a%2Fb&uploads="})
        CHECK(signed_as(query, "two  words", "0bfa2b85aae3439906bc911883739f383556f7a18dfa52f89f09f3935ec07c3e")
                  .at_obs() == verdict::accepted);
    for (auto const& [what, spoil, answer] : {
             spoilt{"date", [](auto& r) { r.header("date")[24] = '4'; }, verdict::wrong_signature},
             spoilt{"a date that is not signed",
                    [](auto& r) { r.header("authorization") = replaced(r.header("authorization"), "date;", ""); },
                    verdict::malformed},
             spoilt{"a header that is not signed",
                    [](auto& r) {
                        r.headers.push_back({"x-obs-acl", "public-read"});
                    },
                    verdict::malformed},
             spoilt{"day",
                    [](auto& r) { r.header("authorization") = replaced(r.header("authorization"), "0314", "0315"); },
                    verdict::wrong_scope},
             spoilt{"region",
                    [](auto& r) { r.header("authorization") = replaced(r.header("authorization"), "h-4", "h-1"); },
                    verdict::wrong_scope},
             spoilt{"token", [](auto& r) { r.header("x-amz-security-token") = "a"; }, verdict::wrong_token},
             spoilt{"query", [](auto& r) { r.query += "&acl"; }, verdict::wrong_signature},
             spoilt{"path", [](auto& r) { r.path = "/k%2a"; }, verdict::wrong_signature},
             spoilt{"late", [](auto& r) { r.at += minutes{16}; }, verdict::skewed},
             spoilt{"payload", [](auto& r) { r.header("x-amz-content-sha256") = std::string(64, 'a'); },
                    verdict::wrong_body},
         }) {
        INFO(what);
        auto r = sdk;
        spoil(r);
        CHECK(r.at_obs() == answer);
    }

    arrival const url{"POST",
                      "/k",
                      "uploads&x-amz-security-token=ggVj%2F%2B%3D%3D&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
                      "HSTTEMP1%2F20260314%2Fcn-north-4%2Fs3%2Faws4_request&X-Amz-Date=20260314T092653Z&X-Amz-Expires="
                      "900&X-Amz-SignedHeaders=host&X-Amz-Signature="
                      "9dfc393008ece650a8045033e6c46595f29d5be945eff8350a72da7e3fbf74ab",
                      {{"host", obs_host}}};
    for (auto const& [what, spoil, answer] : {
             spoilt{"as it is", [](auto&) {}, verdict::accepted},
             spoilt{"at its end", [](auto& r) { r.at += minutes{15}; }, verdict::accepted},
             spoilt{"after its end", [](auto& r) { r.at += minutes{15} + seconds{1}; }, verdict::expired},
             spoilt{"long before", [](auto& r) { r.at -= minutes{15} + seconds{1}; }, verdict::skewed},
             spoilt{"a later end", [](auto& r) { r.query = replaced(r.query, "=900", "=901"); },
                    verdict::wrong_signature},
             spoilt{"no end", [](auto& r) { r.query = replaced(r.query, "=900", "="); }, verdict::malformed},
             spoilt{"an end beyond all", [](auto& r) { r.query = replaced(r.query, "=900", "=99999999999"); },
                    verdict::malformed},
             spoilt{"one byte's letters", [](auto& r) { r.query = replaced(r.query, "%2B", "%2b"); },
                    verdict::wrong_signature},
             spoilt{"no token", [](auto& r) { r.query = replaced(r.query, "x-amz-security", "x-amz-insecurity"); },
                    verdict::wrong_token},
             spoilt{"two tokens", [](auto& r) { r.query += "&X-Amz-Security-Token=ggVj%2F%2B%3D%3D"; },
                    verdict::wrong_token},
             spoilt{"algorithm", [](auto& r) { r.query = replaced(r.query, "SHA256", "SHA1"); }, verdict::malformed},
             spoilt{"a header that is not signed",
                    [](auto& r) {
                        r.headers.push_back({"x-amz-acl", "a"});
                    },
                    verdict::malformed},
             spoilt{"host", [](auto& r) { r.header("host") = "other"; }, verdict::wrong_signature},
         }) {
        INFO(what);
        auto r = url;
        spoil(r);
        CHECK(r.at_obs() == answer);
    }
}

TEST_CASE("OBS: a form's signature, and what its policy allows", "[huawei][signing]") {
    auto const check = [](parameters const& fields) { return verify_obs_form(fields, find_key, "cn-north-4"); };
    std::string const policy =
        "eyJleHBpcmF0aW9uIjoiMjAyNi0wMy0xNFQxMDoyNjo1My4wMDBaIiwiY29uZGl0aW9ucyI6W3siYnVja2V0IjoidmstZGVtbyJ9LHsieC1vYn"
        "Mtc2"
        "VjdXJpdHktdG9rZW4iOiJnZ1ZqLys9PSJ9LFsic3RhcnRzLXdpdGgiLCIka2V5IiwiYSBcJOS4rS8iXSxbImNvbnRlbnQtbGVuZ3RoLXJhbmdl"
        "Iiwx"
        "LDEwXV19";
    parameters const native{{"key", "a $\xe4\xb8\xad/b"},
                            {"AccessKeyId", "HSTTEMP1"},
                            {"x-obs-security-token", "ggVj/+=="},
                            {"policy", policy},
                            {"signature", "IBigHSvvbjViL959BLMtqp5ZN8Y="}};
    parameters const one_field{{"KEY", "a $\xe4\xb8\xad/b"},
                               {"X-Obs-Security-Token", "ggVj/+=="},
                               {"token", "HSTTEMP1:IBigHSvvbjViL959BLMtqp5ZN8Y=:" + policy},
                               {"signature", "not looked at"}};
    parameters twin = native;
    twin[1].first = "AWSAccessKeyId";
    twin[2].first = "x-amz-security-token";
    for (auto const& fields : {native, one_field, twin}) CHECK(check(fields).what == verdict::accepted);
    CHECK(check(native).policy.find(R"("a \$)") != std::string::npos);

    auto const with = [&](std::string_view name, std::string_view value) {
        auto fields = native;
        for (auto& field : fields)
            if (field.first == name) field.second = value;
        return check(fields).what;
    };
    CHECK(with("AccessKeyId", "HSTTEMP2") == verdict::unknown_key);
    CHECK(with("AccessKeyId", "ROOTKEY") == verdict::wrong_token);
    CHECK(with("x-obs-security-token", "ggVj/+=") == verdict::wrong_token);
    CHECK(with("x-obs-security-token", "") == verdict::wrong_token);
    CHECK(with("policy", "f" + policy.substr(1)) == verdict::wrong_signature);
    CHECK(with("policy", policy.substr(1)) == verdict::malformed);
    CHECK(with("policy", "") == verdict::wrong_signature);
    CHECK(with("signature", "IBigHSvvbjViL959BLMtqp5ZN8Z=") == verdict::wrong_signature);
    auto twice = native;
    twice.emplace_back("Key", "other");
    CHECK(check(twice).what == verdict::malformed);
    auto two_tokens = native;
    two_tokens.emplace_back("x-amz-security-token", "other");
    CHECK(check(two_tokens).what == verdict::malformed);
    for (auto const& token :
         {std::string{}, std::string{":"}, std::string{"::"}, std::string{"HSTTEMP1:x"}, "HSTTEMP1::" + policy})
        CHECK(check({{"x-obs-security-token", "ggVj/+=="}, {"token", token}}).what != verdict::accepted);
    CHECK(check({}).what == verdict::unknown_key);

    auto const ask = [&](parameters const& fields, std::uint64_t size = 10, utc_seconds at = now) {
        return ask_obs_form_policy(check(native).policy, {"vk-demo", fields, size}, at);
    };
    CHECK(ask(native) == form_answer::allowed);
    CHECK(ask(native, 11) == form_answer::too_large);
    CHECK(ask(native, 0) == form_answer::too_small);
    CHECK(ask(native, 10, now + minutes{60}) == form_answer::expired);
    auto elsewhere = native;
    elsewhere[0].second = "a /b";
    CHECK(ask(elsewhere) == form_answer::condition_failed);
    // fields that need a condition, and fields that need none
    auto more = native;
    for (auto const* free : {"callbackUrl", "callbackBody", "x:name", "x-ignore-this", "file", "token"})
        more.emplace_back(free, "a");
    CHECK(ask(more) == form_answer::allowed);
    more.emplace_back("x-obs-acl", "public-read");
    CHECK(ask(more) == form_answer::extra_field);
    CHECK(plain_obs_json(R"(\$\v\\$\"\)") == R"($\u000b\\$\"\)");
}

TEST_CASE("OBS: a form signed with AWS4, whose policy ends in a comma", "[huawei][signing]") {
    parameters const good{{"key", "k"},
                          {"x-amz-security-token", "ggVj/+=="},
                          {"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
                          {"X-Amz-Credential", "HSTTEMP1/20260314/cn-north-4/s3/aws4_request"},
                          {"X-Amz-Date", "20260314T092653Z"},
                          {"X-Amz-Signature", "1cf7a07cb5fe74f8d6b12066091c9f890b767aacd34329f28db163bc0d735d79"},
                          {"policy",
                           "eyJleHBpcmF0aW9uIjoiMjAyNi0wMy0xNFQxMDoyNjo1M1oiLCAiY29uZGl0aW9ucyI6W3sieC1hbXotc2VjdXJpdHk"
                           "tdG9rZW4iOiJnZ1ZqLys9P"
                           "SJ9LHsieC1hbXotYWxnb3JpdGhtIjoiQVdTNC1ITUFDLVNIQTI1NiJ9LHsieC1hbXotZGF0ZSI6IjIwMjYwMzE0VDA5"
                           "MjY1M1oifSx7IngtYW16LW"
                           "NyZWRlbnRpYWwiOiJIU1RURU1QMS8yMDI2MDMxNC9jbi1ub3J0aC00L3MzL2F3czRfcmVxdWVzdCJ9LHsiYnVja2V0I"
                           "joidmstZGVtbyJ9LHsia2V"
                           "5IjoiayJ9LF19"}};
    auto const made = verify_obs_form(good, find_key, "cn-north-4");
    CHECK(made.what == verdict::accepted);
    CHECK(made.policy.ends_with(",]}"));
    CHECK(ask_obs_form_policy(made.policy, {"vk-demo", good}, now) == form_answer::allowed);
    CHECK(ask_obs_form_policy(made.policy, {"other", good}, now) == form_answer::condition_failed);
    CHECK(verify_obs_form(good, find_key, "cn-north-1").what == verdict::wrong_scope);
    for (auto const& [name, value] : {std::pair{"X-Amz-Algorithm", "AWS4-HMAC-SHA1"},
                                      std::pair{"X-Amz-Credential", "HSTTEMP1/20260315/cn-north-4/s3/aws4_request"},
                                      std::pair{"X-Amz-Date", "20260314"}, std::pair{"X-Amz-Signature", ""},
                                      std::pair{"x-amz-security-token", "a"}}) {
        auto bad = good;
        for (auto& field : bad)
            if (field.first == name) field.second = value;
        INFO(name);
        CHECK(verify_obs_form(bad, find_key, "cn-north-4").what != verdict::accepted);
    }
}

TEST_CASE("OBS: the store takes our own voucher, and none that drops or edits its callback", "[huawei][signing]") {
    for (bool const is_dir : {false, true}) {
        auto r = is_dir ? ask_dir() : ask();
        r.need_callback = true;
        auto const g = granted(cloud(), r);
        parameters fields;
        for (auto const& [name, part] : g.form())
            if (g.has(part)) fields.emplace_back(name, g[part]);
        if (is_dir) fields[0].second += "a/b.png";
        known_key const issued{"HST1", secret{"issued/secret"}, "ggVj/+=="};
        auto const found = verify_obs_form(
            fields, [&](std::string_view id) { return id == issued.id ? &issued : nullptr; }, "cn-north-4");
        REQUIRE(found.what == verdict::accepted);
        auto const judged = [&](parameters const& posted, std::uint64_t size) {
            return ask_obs_form_policy(found.policy, {"vk-demo", posted, size}, now);
        };
        CHECK(judged(fields, 1) == form_answer::allowed);
        CHECK(judged(fields, 1000) == form_answer::allowed);
        CHECK(judged(fields, 0) == form_answer::too_small);
        CHECK(judged(fields, 1001) == form_answer::too_large);
        for (std::string_view const name : {"key", "callbackUrl", "callbackBody"}) {
            auto bad = fields;
            for (auto& field : bad)
                if (field.first == name) field.second.insert(0, "x");
            CHECK(judged(bad, 1) == form_answer::condition_failed);
            std::erase_if(bad, [&](auto const& field) { return field.first == name; });
            CHECK(judged(bad, 1) == form_answer::condition_failed);
        }
    }
}

TEST_CASE("SDK-HMAC-SHA256: what IAM refuses", "[huawei][signing]") {
    arrival const good{"GET",
                       "/v3/users",
                       "name=%E4%B8%AD%27&a=*&a=%20+",
                       {{"host", "iam.example"},
                        {"authorization",
                         "SDK-HMAC-SHA256 Access=HSTTEMP1, SignedHeaders=host;x-domain-id;x-sdk-date;x-security-token, "
                         "Signature=921132ce0e86152fe05728c6921277007d8d603fdd2093fe39309a77e9db73f8"},
                        {"x-domain-id", "dom"},
                        {"x-sdk-date", "20260314T092653Z"},
                        {"x-security-token", "ggVj/+=="}}};
    for (auto const& [what, spoil, answer] : {
             spoilt{"as it is", [](auto&) {}, verdict::accepted},
             spoilt{"a header that is not signed",
                    [](auto& r) {
                        r.headers.push_back({"accept", "*"});
                    },
                    verdict::accepted},
             spoilt{"at the window's end", [](auto& r) { r.at += minutes{15}; }, verdict::accepted},
             spoilt{"late", [](auto& r) { r.at += minutes{15} + seconds{1}; }, verdict::skewed},
             spoilt{"early", [](auto& r) { r.at -= minutes{15} + seconds{1}; }, verdict::skewed},
             spoilt{"not signed", [](auto& r) { r.drop("authorization"); }, verdict::not_signed},
             spoilt{"signature", [](auto& r) { r.header("authorization").back() = '9'; }, verdict::wrong_signature},
             spoilt{"key",
                    [](auto& r) { r.header("authorization") = replaced(r.header("authorization"), "HSTTEMP1", "X"); },
                    verdict::unknown_key},
             spoilt{"scheme", [](auto& r) { r.header("authorization").insert(15, "0"); }, verdict::malformed},
             spoilt{"two signatures", [](auto& r) { r.header("authorization") += ", Signature=a"; },
                    verdict::malformed},
             spoilt{"an unknown part", [](auto& r) { r.header("authorization") += ", Region=a"; }, verdict::malformed},
             spoilt{"no signature",
                    [](auto& r) { r.header("authorization").erase(r.header("authorization").find(", Sig")); },
                    verdict::malformed},
             spoilt{"a list that is not sorted",
                    [](auto& r) {
                        r.header("authorization") =
                            replaced(r.header("authorization"), "host;x-domain-id", "x-domain-id;host");
                    },
                    verdict::malformed},
             spoilt{"a signed header that is missing", [](auto& r) { r.drop("host"); }, verdict::malformed},
             spoilt{"a date that is not signed",
                    [](auto& r) { r.header("authorization") = replaced(r.header("authorization"), "x-sdk-date;", ""); },
                    verdict::malformed},
             spoilt{
                 "an account that is not signed",
                 [](auto& r) { r.header("authorization") = replaced(r.header("authorization"), "x-domain-id;", ""); },
                 verdict::malformed},
             spoilt{"date", [](auto& r) { r.header("x-sdk-date")[14] = '4'; }, verdict::wrong_signature},
             spoilt{"no date", [](auto& r) { r.header("x-sdk-date") = "today"; }, verdict::malformed},
             spoilt{"account", [](auto& r) { r.header("x-domain-id") = "mod"; }, verdict::wrong_signature},
             spoilt{"token", [](auto& r) { r.header("x-security-token") = "ggVj"; }, verdict::wrong_token},
             spoilt{"query", [](auto& r) { r.query.back() = '-'; }, verdict::wrong_signature},
             spoilt{"path", [](auto& r) { r.path = "/v3/groups"; }, verdict::wrong_signature},
             spoilt{"method", [](auto& r) { r.method = "POST"; }, verdict::wrong_signature},
             spoilt{"body", [](auto& r) { r.body = "x"; }, verdict::wrong_signature},
         }) {
        INFO(what);
        auto r = good;
        spoil(r);
        CHECK(r.at_iam() == answer);
    }

    auto const assume = [](std::vector<http_header> headers, std::string_view names, std::string_view signature) {
        headers.push_back({"x-sdk-date", "20260314T092653Z"});
        headers.push_back({"authorization", std::string{"SDK-HMAC-SHA256 Access=ROOTKEY, SignedHeaders="}
                                                .append(names)
                                                .append(", Signature=")
                                                .append(signature)});
        return arrival{"POST", "/v5/agencies/assume", {}, std::move(headers), R"({"a":1})"};
    };
    // `host` need not be signed
    auto json = assume({{"content-type", "application/json"}}, "content-type;x-sdk-date",
                       "ac271a769ab85b95718da3ca779263b6992de7b01917c8b925b6a4ec50117554");
    CHECK(json.at_iam() == verdict::accepted);
    json.headers.push_back({"x-security-token", "a"});
    CHECK(json.at_iam() == verdict::wrong_token);
    auto payload = assume({{"content-type", "text/plain"}, {"x-sdk-content-sha256", "UNSIGNED-PAYLOAD"}},
                          "content-type;x-sdk-content-sha256;x-sdk-date",
                          "9ebca8e3c654ef17986ebe194c14d754c1677ff715494506fcc638f313441f1e");
    CHECK(payload.at_iam() == verdict::accepted);
    payload.header("x-sdk-content-sha256") = std::string(64, '0');
    CHECK(payload.at_iam() == verdict::wrong_body);
}
