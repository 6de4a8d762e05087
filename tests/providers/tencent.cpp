#include <valetkey/providers/tencent.hpp>
#include <valetkey/sts_service.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <boost/json/parse.hpp>
#include "support/catch.hpp"
#include "support/vectors_tencent.hpp"

#include <map>
#include <string>

using namespace valetkey;
using service_type = sts_service<tencent>;

namespace {

auto const now = *parse_iso_time("2026-03-14T09:26:53Z");  // 1773480413
std::string const key = "test/resource/video/2026/03/14/10503/0f8fad5b-d9cb-469f-a165-70867728950e";

service_type::settings good_settings() {
    service_type::settings s;
    s.root = "test";
    s.callback_url = "https://app.example.com/upload/callback";
    auto& own = s.of<tencent>().emplace();
    own.root = {"ROOTKEY", secret{"the root secret"}};
    own.form.emplace(access_key{"FORMKEY", secret{"the form secret"}});
    own.bucket = "vk-demo-1250000000";
    own.region = "ap-guangzhou";
    own.max_size = 1000;
    return s;
}
service_type with(void (*change)(tencent::settings&)) {
    auto s = good_settings();
    change(*s.of<tencent>());
    return service_type{std::move(s)};
}
void use_role(tencent::settings& own) {
    own.role = "qcs::cam::uin/100000000001:roleName/up";
    own.external_id = "partner:7";
}

fresh fresh_values() {
    fresh f{now, 10503, {}, {}};
    std::string_view{"0f8fad5b-d9cb-469f-a165-70867728950e"}.copy(f.uuid.text.data(), 36);
    std::string_view{"00112233445566778899aabbccddeeff"}.copy(f.request_id.text.data(), 32);
    return f;
}

upload_request ask(bool is_dir = false, client_platform platform = client_platform::app) {
    upload_request r;
    r.type = tencent::type;
    r.extension = "MP4";
    r.module = upload_module::resource_video;
    r.is_dir = is_dir;
    r.platform = platform;
    return r;
}

http_request sent(service_type& service, upload_request const& r = ask(), utc_seconds at = now) {
    return **service.exchange(*service.plan(r, fresh_values()), {at, {}});
}
boost::json::object body_of(http_request const& r) {
    return boost::json::parse(r.body).as_object();
}
std::string policy_of(http_request const& r) {
    auto const body = body_of(r);
    return *percent_decoded(std::string_view{body.at("Policy").as_string()}, false);
}

std::string answer(std::string_view credentials, std::string_view ends) {
    return R"({"Response":{"Credentials":)" + std::string{credentials} + "," + std::string{ends} +
           R"(,"RequestId":"R"}})";
}
std::string const issued = R"({"Token":"tok/1+==","TmpSecretId":"AKIDtemporary","TmpSecretKey":"issued/secret+1="})";
std::string const one_hour = R"("ExpiredTime":1773484013,"Expiration":"2026-03-14T10:26:53Z")";

grant local_grant(service_type& service, upload_request r) {
    r.form_only = true;
    return *service.complete(*service.plan(r, fresh_values()), {}, now);
}
grant sts_grant(service_type& service, upload_request const& r) {
    return *service.complete(*service.plan(r, fresh_values()), {200, answer(issued, one_hour), {}}, now);
}
std::string json_of(grant const& g) {
    std::string json;
    append_grant_json(json, g);
    return json;
}
std::map<std::string, std::string> fields_of(grant const& g) {
    std::map<std::string, std::string> out;
    for (auto const& field : g.form())
        if (g.has(field.value)) out.emplace(field.name, g[field.value]);
    return out;
}

/// The formula of the vendor's document, spelt out.
std::string signature_by_hand(std::string_view secret_value, std::string_view key_time, std::string_view policy_json) {
    auto const sign_key = to_hex(hmac_key<sha1>{secret_value}.sign(key_time));
    return std::string{to_hex(hmac_key<sha1>{sign_key.view()}.sign(to_hex(digest<sha1>({policy_json})))).view()};
}

}  // namespace

TEST_CASE("COS: settings that cannot work are named", "[tencent][settings]") {
    struct row {
        std::string_view field;
        void (*spoil)(tencent::settings&);
    };
    for (auto const& [field, spoil] : {
             row{"bucket", [](auto& s) { s.bucket = "vk-demo"; }},
             row{"bucket", [](auto& s) { s.bucket = "1250000000"; }},
             row{"bucket", [](auto& s) { s.bucket = "-1250000000"; }},
             row{"bucket", [](auto& s) { s.bucket = "vk--1250000000-"; }},
             row{"bucket", [](auto& s) { s.bucket = "vk--1250000000"; }},
             row{"bucket", [](auto& s) { s.bucket = "-vk-1250000000"; }},
             row{"bucket", [](auto& s) { s.bucket = "Vk-1250000000"; }},
             row{"bucket", [](auto& s) { s.bucket = "v.k-1250000000"; }},
             row{"bucket", [](auto& s) { s.bucket = "vk_demo-1250000000"; }},
             row{"bucket", [](auto& s) { s.bucket = "vk-12500000x0"; }},
             row{"bucket", [](auto& s) { s.bucket = "vk*-1250000000"; }},
             row{"bucket", [](auto& s) { s.bucket = "vk-1250000000/*"; }},
             row{"bucket", [](auto& s) { s.bucket = "vk:uid-1250000000"; }},
             row{"bucket", [](auto& s) { s.bucket = std::string(54, 'b') + "-1250000000"; }},
             row{"region", [](auto& s) { s.region = "*"; }},
             row{"region", [](auto& s) { s.region = "ap-guangzhou:uid"; }},
             row{"region", [](auto& s) { s.region = ""; }},
             row{"role", [](auto& s) { s.role = "up"; }},
             row{"role", [](auto& s) { s.role = "qcs::cam::uin/1:roleName/"; }},
             row{"role", [](auto& s) { s.role = "qcs::cam::uin/:roleName/up"; }},
             row{"role", [](auto& s) { s.role = "qcs::cam::uin/1x:roleName/up"; }},
             row{"role", [](auto& s) { s.role = "qcs::cam::uin/1:user/up"; }},
             row{"role", [](auto& s) { s.role = "qcs::cam::uin/1:roleName/a*"; }},
             row{"role", [](auto& s) { s.role = "qcs::cam::uin/1:roleName/a/b"; }},
             row{"role", [](auto& s) { s.role = "qcs::cam::uin/1:roleName/a\"b"; }},
             row{"role", [](auto& s) { s.role = "qcs::cam::uin/1:roleName/a\\"; }},
             row{"external_id", [](auto& s) { use_role(s), s.external_id = "a\"b"; }},
             row{"external_id", [](auto& s) { use_role(s), s.external_id = "a"; }},
             row{"external_id", [](auto& s) { use_role(s), s.external_id = std::string(129, 'a'); }},
             row{"external_id", [](auto& s) { s.external_id = "partner"; }},
             row{"duration_seconds", [](auto& s) { s.duration_seconds = 899; }},
             row{"duration_seconds", [](auto& s) { s.duration_seconds = 129601; }},
             row{"duration_seconds", [](auto& s) { use_role(s), s.duration_seconds = 43201; }},
             row{"endpoint", [](auto& s) { s.endpoint = "http://cos.example"; }},
             row{"endpoint", [](auto& s) { s.endpoint = "https://cos.example/x"; }},
             row{"sts_endpoint", [](auto& s) { s.sts_endpoint = "https://sts.example?x"; }},
             row{"bucket_endpoint", [](auto& s) { s.bucket_endpoint = "cdn.example"; }},
         }) {
        auto const service = with(spoil);
        INFO(field);
        REQUIRE(service.problems().size() == 1);
        CHECK(service.problems().front().what.field == field);
        CHECK(service.plan(ask(), fresh_values()).error().what == errc::invalid_settings);
    }
    for (auto* const change : {+[](tencent::settings&) {}, +[](tencent::settings& s) { use_role(s); },
                               +[](tencent::settings& s) { s.role = "qcs::cam::uin/1:role/4611686018427397919"; },
                               +[](tencent::settings& s) { s.duration_seconds = 129600; },
                               +[](tencent::settings& s) { s.bucket = "a-1-22-1250000000"; }})
        CHECK(with(change).problems().empty());
}

TEST_CASE("COS: what a failure becomes", "[tencent]") {
    struct row {
        int status;
        std::string body;
        errc what;
    };
    auto const error = [](std::string_view code) {
        return R"({"Response":{"Error":{"Code":")" + std::string{code} + R"(","Message":"m"},"RequestId":"R"}})";
    };
    std::string const good = answer(issued, one_hour);
    auto service = with([](auto&) {});
    auto const plan = *service.plan(ask(), fresh_values());
    for (auto const& [status, body, what] : {
             row{200, error("RequestLimitExceeded"), errc::throttled},
             row{200, error("RequestLimitExceeded.UinLimitExceeded"), errc::throttled},
             row{200, error("InvalidParameter.OverLimit"), errc::throttled},
             row{503, error("RequestLimitExceeded"), errc::throttled},
             row{429, "", errc::throttled},
             row{200, error("InternalError.SystemError"), errc::unavailable},
             row{200, error("InternalError"), errc::unavailable},
             row{500, "", errc::unavailable},
             row{502, "<html>", errc::unavailable},
             row{200, error("AuthFailure.SignatureExpire"), errc::clock_skew},
             row{200, error("InternalError.IllegalRole"), errc::denied},
             row{200, error("AuthFailure.SignatureFailure"), errc::denied},
             row{200, error("InvalidParameter.PolicyTooLong"), errc::denied},
             row{200, error("InvalidParameter.GrantOtherResource"), errc::denied},
             row{200, error("ResourceNotFound.RoleNotFound"), errc::denied},
             row{200, error("UnauthorizedOperation"), errc::denied},
             row{200, error("FailedOperation.TempKeyNotAllowed"), errc::denied},
             row{403, error("UnauthorizedOperation"), errc::denied},
             row{400, "what", errc::malformed_response},
             row{302, error("UnauthorizedOperation"), errc::malformed_response},
             row{204, good, errc::malformed_response},
             row{200, "", errc::malformed_response},
             row{200, "[]", errc::malformed_response},
             row{200, "{}", errc::malformed_response},
             row{200, R"({"Response":"Error"})", errc::malformed_response},
             row{200, good.substr(0, good.size() - 1), errc::malformed_response},
             row{200, good + "x", errc::malformed_response},
             row{200, std::string(100, '['), errc::malformed_response},
             // an error beside keys is an error, whatever its shape
             row{200, answer(issued, one_hour + R"(,"Error":{"Code":"UnauthorizedOperation"})"), errc::denied},
             row{200, answer(issued, one_hour + R"(,"Error":{"Code":5})"), errc::malformed_response},
             row{200, answer(issued, one_hour + R"(,"Error":{})"), errc::malformed_response},
             row{200, answer(issued, one_hour + R"(,"Error":"x")"), errc::malformed_response},
             row{200, answer("null", one_hour), errc::malformed_response},
             row{200, answer(R"({"Token":"t","TmpSecretId":"","TmpSecretKey":"s"})", one_hour),
                 errc::malformed_response},
             row{200, answer(R"({"Token":"t t","TmpSecretId":"i","TmpSecretKey":"s"})", one_hour),
                 errc::malformed_response},
             row{200, answer(R"({"Token":"t","TmpSecretId":1,"TmpSecretKey":"s"})", one_hour),
                 errc::malformed_response},
             row{200, answer(issued, R"("Expiration":"2026-03-14T10:26:53Z")"), errc::malformed_response},
             row{200, answer(issued, R"("ExpiredTime":"1773484013")"), errc::malformed_response},
             row{200, answer(issued, R"("ExpiredTime":1773484013.5)"), errc::malformed_response},
             row{200, answer(issued, R"("ExpiredTime":9223372036854775807)"), errc::malformed_response},
             row{200, answer(issued, R"("ExpiredTime":-1773484013)"), errc::malformed_response},
             row{200, answer(issued, R"("ExpiredTime":1773480413)"), errc::malformed_response},
             row{200, answer(issued, R"("ExpiredTime":1774480413)"), errc::malformed_response},
             row{200, answer(issued, R"("ExpiredTime":1773484013,"Expiration":"2026-03-14T11:26:53Z")"),
                 errc::malformed_response},
             row{200, answer(issued, R"("ExpiredTime":1773484013,"Expiration":"soon")"), errc::malformed_response},
         }) {
        INFO(status << " " << body);
        auto const g = service.complete(plan, {status, body, {}}, now);
        REQUIRE_FALSE(g);
        CHECK(g.error().what == what);
    }
    auto const refused = service.complete(plan, {200, error("AuthFailure.TokenFailure"), {}}, now).error();
    CHECK(refused.vendor_code == "AuthFailure.TokenFailure");
    CHECK(refused.vendor_request == "R");
    for (auto const ends : {R"("ExpiredTime":1773484013,"Expiration":null)", R"("ExpiredTime":1773484013)",
                            R"("ExpiredTime":1773484013,"Expiration":"2026-03-14T10:26:53.9Z","Error":null)"})
        CHECK(service.complete(plan, {200, answer(issued, ends), {}}, now)->expiration == now + std::chrono::hours{1});
}

TEST_CASE("COS: a policy that does not fit is refused, never widened", "[tencent][policy]") {
    auto const scope = *upload_scope::prefix({std::string(upload_scope::max_size - 1, 'a'), "/"});
    std::string const region(tencent_policy_text::max_region, 'r');
    std::string const bucket(tencent_policy_text::max_bucket, '1');
    std::string const huge(2000, '1');
    CHECK(write_tencent_policy({region, bucket}, bucket, scope, true)->size() <= tencent_policy_text::max_size);
    CHECK(write_tencent_policy({region, "1"}, huge, scope, false).error().what == errc::scope_too_long);
    CHECK(write_tencent_policy({region, "1"}, huge, scope, true).error().what == errc::scope_too_long);
}

TEST_CASE("COS: the session policy is the upload and nothing else", "[tencent][policy]") {
    std::string const resource = "qcs::cos:ap-guangzhou:uid/1250000000:vk-demo-1250000000/";
    std::string const head =
        R"({"version":"2.0","statement":[{"effect":"allow","action":["name/cos:PutObject","name/cos:PostObject","name/cos:InitiateMultipartUpload","name/cos:ListParts","name/cos:UploadPart","name/cos:CompleteMultipartUpload","name/cos:AbortMultipartUpload"],"resource":[")" +
        resource + key;
    std::string const listing = R"("]},{"effect":"allow","action":["name/cos:ListMultipartUploads"],"resource":[")" +
                                resource + R"("],"condition":)";
    auto const policy = [](bool is_dir, client_platform platform) {
        auto service = with([](auto&) {});
        return policy_of(sent(service, ask(is_dir, platform)));
    };
    CHECK(policy(false, client_platform::app) == head + R"(.mp4"]}]})");
    CHECK(policy(true, client_platform::app) == head + R"(/*"]}]})");
    // the client's sliced upload asks for the open uploads of the very key it writes
    CHECK(policy(false, client_platform::web) ==
          head + ".mp4" + listing + R"({"string_equal":{"cos:prefix":")" + key + R"(.mp4"}}}]})");
    CHECK(policy(true, client_platform::web) ==
          head + "/*" + listing + R"({"string_like":{"cos:prefix":")" + key + R"(/*"}}}]})");
    for (auto const platform : {client_platform::app, client_platform::web})
        CHECK_NOTHROW(boost::json::parse(policy(true, platform)));
}

TEST_CASE("COS: what the evaluator does not understand grants nothing", "[tencent][policy]") {
    tencent_owner const at{"ap-guangzhou", "1250000000"};
    std::string const bucket = "vk-demo-1250000000";
    std::string const resource = "qcs::cos:ap-guangzhou:uid/1250000000:vk-demo-1250000000/";
    std::string const all_five =
        R"("name/cos:PutObject","name/cos:PostObject","name/cos:InitiateMultipartUpload","name/cos:UploadPart","name/cos:CompleteMultipartUpload")";
    auto const document = [](std::string const& statement) {
        return R"({"version":"2.0","statement":[)" + statement + "]}";
    };
    auto const statement = [&](std::string const& actions, std::string const& key_pattern, std::string const& rest = "",
                               std::string const& effect = "allow") {
        return R"({"effect":")" + effect + R"(","action":[)" + actions + R"(],"resource":[")" + resource + key_pattern +
               "\"]" + rest + "}";
    };
    auto const put = [&](std::string const& text, std::string_view where = "a/b") {
        return tencent_policy{text, at}.ask({store_action::put, bucket, where});
    };
    CHECK(put(document(statement(all_five, "a/b"))) == policy_answer::allowed);
    CHECK(put(document(statement(R"("name/cos:*")", "a/*"))) == policy_answer::allowed);
    CHECK(put(document(statement(R"("NAME/COS:*")", "a/*"))) == policy_answer::allowed);
    CHECK(put(document(statement(all_five, "a/b")), "a/c") == policy_answer::denied);
    CHECK(put(document(statement(all_five, "a/")), "a/c") == policy_answer::denied);
    CHECK(put(document(statement(R"("name/cos:GetObject")", "*"))) == policy_answer::denied);
    CHECK(put(document(statement(all_five, "*") + "," + statement(all_five, "a/*", "", "deny"))) ==
          policy_answer::denied);
    for (auto const& unreadable : {
             std::string{"x"},
             std::string{"{}"},
             std::string{R"({"version":"2.0","statement":[]})"},
             R"({"version":"1.0","statement":[)" + statement(all_five, "a/b") + "]}",
             R"({"version":"2.0","principal":"*","statement":[)" + statement(all_five, "a/b") + "]}",
             document(statement(all_five, "a/b", R"(,"not_action":[])")),
             document(statement(all_five, "a/b", "", "maybe")),
             document(statement("5", "a/b")),
             document(statement(R"("name/cos:PostObject")", "a/b")),  // a part of an upload
             document(statement(all_five, "a/b", R"(,"condition":{"string_equal":{"cos:prefix":5}})")),
             document(statement(all_five, "a/b", R"(,"condition":{"string_not_equal":{"cos:prefix":"a"}})")),
             document(statement(all_five, "a/b", R"(,"condition":{"ip_equal":{"qcs:ip":"10.0.0.0/8"}})")),
             document(statement(all_five, "a/b", R"(,"condition":{}})")),
             document(statement(all_five, "a/b") + ",5"),
         }) {
        INFO(unreadable);
        CHECK(put(unreadable) == policy_answer::unreadable);
    }
    // no upload has a parameter `prefix`
    CHECK(put(document(statement(all_five, "a/b", R"(,"condition":{"string_equal":{"cos:prefix":"a/b"}})"))) ==
          policy_answer::denied);
}

TEST_CASE("COS: the policy as sent allows the upload, and to the browser the list of its own uploads",
          "[tencent][policy]") {
    tencent_owner const at{"ap-guangzhou", "1250000000"};
    std::string_view const bucket = "vk-demo-1250000000";
    for (bool const is_dir : {false, true}) {
        auto const scope = is_dir ? *upload_scope::prefix({"a/b/"}) : *upload_scope::key({"a/b.txt"});
        std::string const inside = is_dir ? "a/b/c.txt" : "a/b.txt";
        for (bool const web : {false, true}) {
            auto const text = *write_tencent_policy(at, bucket, scope, web);
            tencent_policy const policy{text, at};
            auto const listing = [&](std::string_view prefix, std::string_view where = "vk-demo-1250000000") {
                return policy.ask({store_action::list_uploads, where, prefix}) == policy_answer::allowed;
            };
            CHECK(is_exactly(policy, {bucket, scope}, [&](store_action a) { return a == store_action::list_uploads; }));
            CHECK(listing(inside) == web);
            CHECK_FALSE(listing(""));
            CHECK_FALSE(listing("a"));
            CHECK_FALSE(listing("a/"));
            CHECK_FALSE(listing("a/b"));
            CHECK_FALSE(listing("a/x/c.txt"));
            CHECK_FALSE(listing(inside, "other-1250000000"));
            CHECK(policy.ask({store_action::list_objects, bucket, inside}) == policy_answer::denied);
            // widened by one character, it is not let out
            for (std::string_view const hole : {"a/*", "a*", "a/b*", "*"}) {
                auto wide = text;
                auto const where = wide.find(scope.text());
                wide.replace(where, scope.text().size() + (is_dir ? 1 : 0), hole);
                INFO(wide);
                CHECK_FALSE(is_exactly(tencent_policy{wide, at}, {bucket, scope}, [](store_action) { return true; }));
            }
        }
    }
}

TEST_CASE("COS: without a role a federated user is asked for, with one the role", "[tencent]") {
    auto service = with([](auto&) {});
    auto const federated = sent(service);
    CHECK(federated.method == "POST");
    CHECK(federated.url == "https://sts.tencentcloudapi.com/");
    CHECK(vectors::header_of(federated, "host") == "sts.tencentcloudapi.com");
    CHECK(vectors::header_of(federated, "x-tc-action") == "GetFederationToken");
    CHECK(vectors::header_of(federated, "x-tc-version") == "2018-08-13");
    CHECK(vectors::header_of(federated, "x-tc-region") == "ap-guangzhou");
    CHECK(vectors::header_of(federated, "x-tc-timestamp") == "1773480413");
    auto body = body_of(federated);
    CHECK(body.size() == 3);
    CHECK(body.at("Name").as_string() == "gghhiijjkkllmmnnooppaabbccddeeff");  // letters alone
    CHECK(body.at("DurationSeconds").as_int64() == 3600);

    auto by_role = with([](auto& s) { use_role(s), s.sts_endpoint = "http://127.0.0.1:99", s.duration_seconds = 900; });
    auto const assumed = sent(by_role);
    CHECK(assumed.url == "http://127.0.0.1:99/");
    CHECK(vectors::header_of(assumed, "host") == "127.0.0.1:99");
    CHECK(vectors::header_of(assumed, "x-tc-action") == "AssumeRole");
    body = body_of(assumed);
    CHECK(body.size() == 5);
    CHECK(body.at("RoleArn").as_string() == "qcs::cam::uin/100000000001:roleName/up");
    CHECK(body.at("RoleSessionName").as_string() == "00112233445566778899aabbccddeeff");
    CHECK(body.at("ExternalId").as_string() == "partner:7");
    CHECK(body.at("DurationSeconds").as_int64() == 900);
    CHECK(policy_of(assumed) == policy_of(federated));
    auto without_id = with([](auto& s) { use_role(s), s.external_id.clear(); });
    CHECK_FALSE(body_of(sent(without_id)).contains("ExternalId"));
}

TEST_CASE("COS: an STS request is signed for its second, and by the day of that second", "[tencent][signing]") {
    auto service = with([](auto&) {});
    auto const authorization = [&](utc_seconds at) {
        return vectors::header_of(sent(service, ask(), at), "authorization");
    };
    auto const last = *parse_iso_time("2026-03-14T23:59:59Z");
    auto const before = authorization(last);
    auto const after = authorization(last + std::chrono::seconds{1});
    CHECK(
        before.starts_with("TC3-HMAC-SHA256 Credential=ROOTKEY/2026-03-14/sts/tc3_request, "
                           "SignedHeaders=content-type;host, Signature="));
    CHECK(after.find("/2026-03-15/sts/") != std::string::npos);
    CHECK(authorization(last) == before);  // the kept key is the key of its day
    CHECK(authorization(last - std::chrono::seconds{1}) != before);

    auto const request = sent(service, ask(), last);
    auto const canonical = "POST\n/\n\ncontent-type:application/json\nhost:sts.tencentcloudapi.com\n\n" +
                           std::string{"content-type;host\n"}.append(to_hex(digest<sha256>({request.body})).view());
    auto const to_sign = "TC3-HMAC-SHA256\n1773532799\n2026-03-14/sts/tc3_request\n" +
                         std::string{to_hex(digest<sha256>({canonical})).view()};
    hmac_key<sha256> const day{hmac_key<sha256>{"TC3the root secret"}.sign("2026-03-14")};
    hmac_key<sha256> const signing{hmac_key<sha256>{day.sign("sts")}.sign("tc3_request")};
    CHECK(before.ends_with("Signature=" + std::string{to_hex(signing.sign(to_sign)).view()}));
}

TEST_CASE("COS: keys and voucher of one answer", "[tencent]") {
    auto service = with([](auto&) {});
    for (bool const is_dir : {false, true}) {
        auto const g = sts_grant(service, ask(is_dir));
        CHECK(g[grant::access_key_id] == "AKIDtemporary");
        CHECK(g[grant::secret_access_key] == "issued/secret+1=");
        CHECK(g[grant::security_token] == "tok/1+==");
        CHECK(g[grant::bucket] == "vk-demo-1250000000");
        CHECK(g[grant::region] == "ap-guangzhou");
        CHECK(g[grant::endpoint] == "https://cos.ap-guangzhou.myqcloud.com");
        CHECK(g[grant::form_url] == "https://vk-demo-1250000000.cos.ap-guangzhou.myqcloud.com");
        CHECK(g.expiration == now + std::chrono::hours{1});
        std::string const condition =
            is_dir ? R"(["starts-with","$key",")" + key + R"(/"])" : R"({"key":")" + key + R"(.mp4"})";
        std::string const policy =
            R"({"expiration":"2026-03-14T10:26:53.000Z","conditions":[{"q-sign-algorithm":"sha1"},{"q-ak":"AKIDtemporary"},{"q-sign-time":"1773480413;1773484013"},{"bucket":"vk-demo-1250000000"},["content-length-range",1,1000],)" +
            condition + "]}";
        auto const signature = signature_by_hand("issued/secret+1=", "1773480413;1773484013", policy);
        CHECK(fields_of(g) == std::map<std::string, std::string>{{"key", key + (is_dir ? "/" : ".mp4")},
                                                                 {"policy", to_base64(policy)},
                                                                 {"q-sign-algorithm", "sha1"},
                                                                 {"q-ak", "AKIDtemporary"},
                                                                 {"q-key-time", "1773480413;1773484013"},
                                                                 {"q-signature", signature},
                                                                 {"x-cos-security-token", "tok/1+=="}});
        auto const json = json_of(g);
        for (std::string_view const never : {"the root secret", "the form secret", "ROOTKEY", "callbackInfo"})
            CHECK(json.find(never) == std::string::npos);
    }
}

TEST_CASE("COS: voucher_key form, and a form alone, are signed by the upload identity", "[tencent]") {
    auto service = with([](auto& s) { s.voucher_key = "form"; });
    auto const mixed = sts_grant(service, ask());
    CHECK(mixed[grant::access_key_id] == "AKIDtemporary");
    auto fields = fields_of(mixed);
    CHECK(fields.at("q-ak") == "FORMKEY");
    CHECK_FALSE(fields.contains("x-cos-security-token"));
    auto const first = fields.at("q-signature");
    auto const local = local_grant(service, ask());
    CHECK(local[grant::access_key_id] == "FORMKEY");
    CHECK(local[grant::secret_access_key].empty());
    CHECK(local[grant::security_token].empty());
    fields = fields_of(local);
    CHECK(fields.at("q-signature") == first);  // same identity, same span: the kept key
    CHECK(fields.at("q-key-time") == "1773480413;1773484013");
    CHECK_FALSE(fields.contains("x-cos-security-token"));
    CHECK(json_of(local).find("the form secret") == std::string::npos);
    // neither another secret nor another second meets the kept key
    auto longer = with([](auto& s) { s.duration_seconds = 7200; });
    CHECK(fields_of(local_grant(longer, ask())).at("q-key-time") == "1773480413;1773487613");
    auto const plan = [&] {
        auto r = ask();
        r.form_only = true;
        return *service.plan(r, fresh_values());
    }();
    auto const later = *service.complete(plan, {}, now + std::chrono::seconds{1});
    std::string const policy =
        R"({"expiration":"2026-03-14T10:26:54.000Z","conditions":[{"q-sign-algorithm":"sha1"},{"q-ak":"FORMKEY"},{"q-sign-time":"1773480414;1773484014"},{"bucket":"vk-demo-1250000000"},["content-length-range",1,1000],{"key":")" +
        key + R"(.mp4"}]})";
    CHECK(later[grant::policy] == to_base64(policy));
    CHECK(later[grant::signature] == signature_by_hand("the form secret", "1773480414;1773484014", policy));
}

TEST_CASE("COS: the callback is a field of the form and a header, its ids constant text", "[tencent]") {
    auto service = with([](auto&) {});
    auto r = ask();
    r.need_callback = true;
    auto const g = sts_grant(service, r);
    CHECK(g[grant::callback_body] == "objectId=10503&resourceType=1&object=${object}&etag=${etag}");
    auto const expected = to_base64(std::string_view{
        R"({"callbackUrl":"https://app.example.com/upload/callback","callbackBodyType":"application/x-www-form-urlencoded","callbackBody":"objectId=10503&resourceType=1&object=${object}&etag=${etag}"})"});
    CHECK(fields_of(g).at("x-cos-callback") == expected);
    auto const data = boost::json::parse(json_of(g)).as_object();
    auto const& info = data.at("callbackInfo").as_object();
    CHECK(info.at("headers").as_object().size() == 1);
    CHECK(info.at("headers").at("x-cos-callback").as_string() == expected);
    CHECK(fields_of(local_grant(service, r)).at("x-cos-callback") == expected);
    CHECK_FALSE(fields_of(sts_grant(service, ask())).contains("x-cos-callback"));
}

TEST_CASE("COS: addresses follow from the settings", "[tencent][settings]") {
    auto own = with([](auto& s) { s.bucket_endpoint = "https://vk-demo-1250000000.cos.accelerate.myqcloud.com"; });
    auto g = local_grant(own, ask());
    CHECK(g[grant::endpoint] == "https://cos.ap-guangzhou.myqcloud.com");
    CHECK(g[grant::bucket_endpoint] == "https://vk-demo-1250000000.cos.accelerate.myqcloud.com");
    auto local = with([](auto& s) { s.endpoint = "http://localhost:9000"; });
    g = local_grant(local, ask());
    CHECK(g[grant::bucket_endpoint] == "http://vk-demo-1250000000.localhost:9000");
    auto address = with([](auto& s) { s.endpoint = "http://127.0.0.1:9000"; });
    g = local_grant(address, ask());
    CHECK(g[grant::bucket_endpoint] == "http://127.0.0.1:9000/vk-demo-1250000000");
}

TEST_CASE("COS: lists of a header signature are encoded, in lower case and sorted", "[tencent][signing]") {
    qsign_list const list{{{"uploadId", "A/b +*'()!"}, {"partNumber", "1"}, {"x-Cos-\xe6\x8a\xa5", ""}}};
    CHECK(list.names() == "partnumber;uploadid;x-cos-%e6%8a%a5");
    CHECK(list.pairs() == "partnumber=1&uploadid=A%2Fb%20%2B%2A%27%28%29%21&x-cos-%e6%8a%a5=");
    qsign_list const none{{}};
    auto const http = std::string{to_hex(digest<sha1>({"put\n/a b//..\n\n\n"})).view()};
    CHECK(qsign_string_to_sign("1;2", "PUT", "/a b//..", none, none) == "sha1\n1;2\n" + http + "\n");

    http_request request{
        "PUT", "https://h/", {{"host", "h"}, {"cache-control", ""}, {"x-other", "1"}, {"x-cos-acl", "private"}}, ""};
    sign_qsign(request, "/k", {}, "ID", "token", qsign_key(secret{"s"}, "1;2"), "1;2");
    CHECK(vectors::header_of(request, "authorization")
              .starts_with("q-sign-algorithm=sha1&q-ak=ID&q-sign-time=1;2&q-key-time=1;2&"
                           "q-header-list=host;x-cos-acl&q-url-param-list=&q-signature="));
    CHECK(vectors::header_of(request, "x-cos-security-token") == "token");
}

TEST_CASE("COS: a kept SignKey is used for its secret and its span alone", "[tencent][signing]") {
    qsign_key_cache kept;
    auto const sign = [&](std::string_view value, std::string_view span) {
        return sign_qsign_policy(kept.get(secret{value}, span), "{}").view() == signature_by_hand(value, span, "{}");
    };
    for (int round = 0; round < 2; ++round) {
        CHECK(sign("a", "1;2"));
        CHECK(sign("b", "1;2"));
        CHECK(sign("b", "1;3"));
    }
}
