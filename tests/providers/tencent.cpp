#include <valetkey/providers/tencent.hpp>
#include <valetkey/sts_service.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <boost/json/parse.hpp>
#include "support/catch.hpp"
#include "support/vectors_tencent.hpp"

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

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

namespace {

/// The policies that a test widens: of a key and of a prefix, for an app and for a browser.
struct written {
    upload_scope scope;
    client_platform platform;
    std::string text;

    [[nodiscard]] bool is_let_out(std::string const& changed) const {
        return is_exactly(
            tencent_policy{changed, {"ap-guangzhou", "1250000000"}}, {"vk-demo-1250000000", scope},
            [&](store_action a) { return a == store_action::list_uploads && platform == client_platform::web; });
    }
    /// With the first `from` replaced.
    [[nodiscard]] std::string with(std::string_view from, std::string_view to) const {
        auto out = text;
        auto const at = out.find(from);
        REQUIRE(at != std::string::npos);
        return out.replace(at, from.size(), to);
    }
};
std::vector<written> every_written() {
    std::vector<written> out;
    for (bool const is_dir : {false, true})
        for (auto const platform : {client_platform::app, client_platform::web}) {
            auto const scope = is_dir ? *upload_scope::prefix({"a/b/"}) : *upload_scope::key({"a/b.txt"});
            out.push_back({scope, platform,
                           *write_tencent_policy({"ap-guangzhou", "1250000000"}, "vk-demo-1250000000", scope,
                                                 platform == client_platform::web)});
        }
    return out;
}

}  // namespace

TEST_CASE("COS: a policy that is wider than its scope is not let out", "[tencent][policy]") {
    std::string const bucket = "qcs::cos:ap-guangzhou:uid/1250000000:vk-demo-1250000000/";
    for (auto const& each : every_written()) {
        CHECK(each.is_let_out(each.text));
        std::string const own = bucket + std::string{each.scope.text()} + (each.scope.is_prefix() ? "*" : "");
        auto const resource = [&](std::string const& to) { return each.with(own, to); };
        auto const statement = [&](std::string const& more) {
            return each.with("\"statement\":[", "\"statement\":[" + more);
        };
        auto const grant = [&](std::string const& action, std::string const& where) {
            return statement(R"({"effect":"allow","action":[")" + action + R"("],"resource":[")" + where + R"("]},)");
        };
        std::vector<std::string> const wide{
            // the resource: everything, the parent, the sibling, a hole in the middle, another owner, region or bucket
            resource("*"),
            resource(bucket + "*"),
            resource(bucket + "a*"),
            resource(bucket + "a/*"),
            resource(bucket + "a/b*"),
            resource(bucket + "a/*/*"),
            resource(bucket + "a/b?txt"),
            resource(bucket + "*.txt"),
            resource(own + "*"),
            resource(own + "x"),
            resource("qcs::cos:*:uid/1250000000:vk-demo-1250000000/" + own.substr(bucket.size())),
            resource("qcs::cos:ap-guangzhou:uid/*:vk-demo-1250000000/" + own.substr(bucket.size())),
            resource("qcs::cos:ap-guangzhou:*/" + own.substr(bucket.size())),
            resource("qcs::cos:ap-guangzhou:uid/1250000000:*/" + own.substr(bucket.size())),
            resource("qcs::cos:ap-guangzhou:uid/1250000000:vk-*/" + own.substr(bucket.size())),
            resource("qcs::cos::uid/1250000000:vk-demo-1250000000/" + own.substr(bucket.size())),
            resource("qcs::cos:ap-guangzhou::vk-demo-1250000000/" + own.substr(bucket.size())),
            resource("qcs::cos:ap-guangzhou:uid/1250000000:prefix//1250000000/vk-demo/" + own.substr(bucket.size())),
            resource("qcs::cos:ap-guangzhou:uid/1250000000:other-1250000000/" + own.substr(bucket.size())),
            // a quote that ends the text: one resource more, or a member once more
            resource(own + "\",\"" + bucket + "other/key.txt"),
            resource(own + "\",\"*"),
            resource("*\"],\"resource\":[\"" + own),
            resource(own + "\"],\"resource\":[\"*"),
            // other actions
            each.with("name/cos:PutObject", "name/cos:*"),
            each.with("name/cos:PutObject", "*"),
            each.with("name/cos:PutObject", "name/cos:Put*"),
            each.with("name/cos:PutObject", "name/cos:P?tObject"),
            each.with("name/cos:PutObject", "name/cos:PutObject\",\"name/cos:GetObject"),
            each.with("name/cos:PutObject", "name/cos:PutObject\",\"NAME/COS:DELETEOBJECT"),
            each.with("name/cos:PutObject", "name/cos:PutObject\",\"name/cos:GetBucket"),
            each.with("name/cos:PutObject", "name/cos:PutObject\",\"name/cos:ListMultipartUploads"),
            each.with("name/cos:PutObject", "name/cos:PutObject\",\"name/cos:AppendObject"),
            each.with("name/cos:PutObject", "name/cos:PutObject\",\"cos:GetObject"),
            each.with("name/cos:PutObject", "name/cos:PutObject\",\"permid/280649"),
            // further statements, before and behind
            grant("name/cos:PutObject", bucket + "other/key.txt"),
            grant("name/cos:ListParts", "*"),
            grant("name/cos:GetObject", own),
            grant("name/cos:GetObject", bucket + "other/key.txt"),
            grant("name/cos:GetBucket", bucket),
            grant("name/cos:ListMultipartUploads", bucket),
            grant("name/cos:ListMultipartUploads", own),
            grant("*", "*"),
            statement(each.text.substr(each.text.find('{', 1), each.text.find("]}") + 2 - each.text.find('{', 1)) +
                      ","),
            // narrower than the scope, or nothing, or no policy
            resource(bucket + std::string{each.scope.text()}) + (each.scope.is_prefix() ? "" : "x"),
            each.with("\"allow\"", "\"deny\""),
            each.with("\"name/cos:AbortMultipartUpload\"", "\"name/cos:ListParts\""),
            each.with("\"name/cos:PutObject\",", ""),
            grant("name/cos:PutObject", own).replace(26, 5, "deny "),
            R"({"version":"2.0","statement":[]})",
            R"({"version":"2.0","statement":[{"effect":"allow","action":[],"resource":[]}]})",
            each.with("2.0", "3.0"),
            each.with(":", ": "),
            "{}",
            "",
        };
        for (auto const& text : wide) {
            INFO(text);
            CHECK_FALSE(each.is_let_out(text));
        }
    }
}

TEST_CASE("COS: the list of open uploads is let out for the uploads' own key alone", "[tencent][policy]") {
    for (auto const& each : every_written()) {
        if (each.platform != client_platform::web) continue;
        auto const own = std::string{each.scope.text()} + (each.scope.is_prefix() ? "*" : "");
        auto const condition = R"("cos:prefix":")" + own + "\"";
        for (auto const& text : {
                 each.with(condition, R"("cos:prefix":"*")"),
                 each.with(condition, R"("cos:prefix":"")"),
                 each.with(condition, R"("cos:prefix":"a/*")"),
                 each.with(condition, R"("cos:prefix":[")" + own + R"(","x"])"),
                 each.with(condition, R"("cos:max-keys":"1")"),
                 each.with(R"(,"condition":{"string_)" + std::string{each.scope.is_prefix() ? "like" : "equal"} +
                               "\":{" + condition + "}}",
                           ""),
                 each.with(R"("name/cos:ListMultipartUploads")",
                           R"("name/cos:ListMultipartUploads","name/cos:GetBucket")"),
                 each.with(R"("name/cos:ListMultipartUploads")", R"("name/cos:GetBucket")"),
                 each.with(R"("name/cos:ListMultipartUploads")", R"("name/cos:List*")"),
             }) {
            INFO(text);
            CHECK_FALSE(each.is_let_out(text));
        }
    }
}

TEST_CASE("COS: every module's policy is let out", "[tencent][policy]") {
    for (auto const module :
         {upload_module::bs_project, upload_module::app_project, upload_module::resource_video,
          upload_module::resource_image, upload_module::material_template, upload_module::directorytemp})
        for (bool const is_dir : {false, true})
            for (auto const platform : {client_platform::app, client_platform::web})
                for (auto* const change : {+[](tencent::settings&) {}, +[](tencent::settings& s) { use_role(s); }}) {
                    auto service = with(change);
                    auto r = ask(is_dir, platform);
                    r.module = module;
                    r.project_id = 8357;
                    r.uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";
                    auto const call = service.exchange(*service.plan(r, fresh_values()), {now, {}});
                    REQUIRE(call);
                    REQUIRE(*call);
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

namespace {

// Made by the vendor's SDKs, with hostile names: cos-nodejs-sdk-v5@3.0.0 through a recording proxy, the signers of
// tencentcloud-sdk-nodejs-common@4.1.220 and qcloud-cos-sts@3.1.3. The form is made by Node's own HMAC.
constexpr char const*
    hostile_cases
        [] =
            {
                R"json({"name":"a key of marks","kind":"put_object","input":{"key_id":"AKIDhostileTemp01","key_secret":"hostile+Secret/001=","session_token":"tok+/=&%41 n","bucket":"vk-hostile-1250000001","region":"eu-frankfurt","key":"q?x=1&y#z;w,@:$[]{}|\\^`\"<>.txt","time":"2026-05-06T07:08:09Z","key_time":"1778051288;1778052188","method":"PUT","body":"body-3"},"expect":{"method":"PUT","url":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/q%3Fx%3D1%26y%23z%3Bw%2C%40%3A%24%5B%5D%7B%7D%7C%5C%5E%60%22%3C%3E.txt","headers":{"content-type":"text/plain; charset=UTF-8","content-length":"6","cache-control":"","authorization":"q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778052188&q-key-time=1778051288;1778052188&q-header-list=content-length;content-type;host&q-url-param-list=&q-signature=3135f6721c767fc8fe17e84a2bd5a8f96895bbb8","x-cos-security-token":"tok+/=&%41 n","host":"vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com"},"body":"body-3"}})json",
                R"json({"name":"a key beyond the BMP","kind":"put_object","input":{"key_id":"AKIDhostileTemp01","key_secret":"hostile+Secret/001=","session_token":"to+k/e=n&%4","bucket":"vk-hostile-1250000001","region":"eu-frankfurt","key":"é̂/😀 emoji/ñ.bin","time":"2026-05-06T07:08:09Z","key_time":"1778051288;1778052188","method":"PUT","body":"body-4"},"expect":{"method":"PUT","url":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/%C3%A9%CC%82/%F0%9F%98%80%20emoji/%C3%B1.bin","headers":{"content-type":"application/octet-stream","content-length":"6","cache-control":"","authorization":"q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778052188&q-key-time=1778051288;1778052188&q-header-list=content-length;content-type;host&q-url-param-list=&q-signature=f56437184c543115c988217969db82ebed77eb6a","x-cos-security-token":"to+k/e=n&%4","host":"vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com"},"body":"body-4"}})json",
                R"json({"name":"headers of marks","kind":"put_object","input":{"key_id":"AKIDhostileTemp01","key_secret":"hostile+Secret/001=","session_token":"T","bucket":"vk-hostile-1250000001","region":"eu-frankfurt","key":"m.txt","time":"2026-05-06T07:08:09Z","key_time":"1778051288;1778052188","method":"PUT","body":"x"},"expect":{"method":"PUT","url":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/m.txt","headers":{"x-cos-meta-a":"v !'()*~+%&=;,","x-cos-meta-zz":"Mixed CASE","x-cos-meta-empty":"","expires":"Wed, 21 Oct 2026 07:28:00 GMT","cache-control":"max-age=60, public","content-disposition":"attachment; filename=\"a b (1)!.txt\"","content-encoding":"gzip","x-cos-acl":"private","x-cos-storage-class":"STANDARD_IA","content-length":"1","authorization":"q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778052188&q-key-time=1778051288;1778052188&q-header-list=cache-control;content-disposition;content-encoding;content-length;expires;host;x-cos-acl;x-cos-meta-a;x-cos-meta-zz;x-cos-storage-class&q-url-param-list=&q-signature=12f0cf71356ae76a006aa64006243afc04cba594","x-cos-security-token":"T","host":"vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com"},"body":"x"}})json",
                R"json({"name":"host unsigned","kind":"put_object","input":{"key_id":"AKIDhostileTemp01","key_secret":"hostile+Secret/001=","session_token":"T","bucket":"vk-hostile-1250000001","region":"eu-frankfurt","key":"nh.txt","time":"2026-05-06T07:08:09Z","key_time":"1778051288;1778052188","method":"PUT","body":"x"},"expect":{"method":"PUT","url":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/nh.txt","headers":{"content-length":"1","cache-control":"","authorization":"q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778052188&q-key-time=1778051288;1778052188&q-header-list=content-length&q-url-param-list=&q-signature=04f766ff550176d671fc6616f0089d2a14ceffbb","x-cos-security-token":"T","host":"vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com"},"body":"x"}})json",
                R"json({"name":"complete, with its MD5","kind":"put_object","input":{"key_id":"AKIDhostileTemp01","key_secret":"hostile+Secret/001=","session_token":"T","bucket":"vk-hostile-1250000001","region":"eu-frankfurt","key":"a b+c%d&e'f(g)h!i*j~k.txt","time":"2026-05-06T07:08:09Z","key_time":"1778051288;1778052188","method":"POST","body":"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;e1&quot;</ETag></Part><Part><PartNumber>2</PartNumber><ETag>&quot;e2&quot;</ETag></Part></CompleteMultipartUpload>"},"expect":{"method":"POST","url":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/a%20b%2Bc%25d%26e%27f%28g%29h%21i%2Aj~k.txt?uploadId=u1","headers":{"content-type":"application/xml","content-md5":"7bU3x152Iw7ODn+kHU5dPQ==","content-length":"183","authorization":"q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778052188&q-key-time=1778051288;1778052188&q-header-list=content-length;content-md5;content-type;host&q-url-param-list=uploadid&q-signature=f11dd4d221c5e00693ab0617ea89b0f00f9eae61","x-cos-security-token":"T","host":"vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com"},"body":"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&quot;e1&quot;</ETag></Part><Part><PartNumber>2</PartNumber><ETag>&quot;e2&quot;</ETag></Part></CompleteMultipartUpload>"}})json",
                R"json({"name":"list, with a prefix","kind":"put_object","input":{"key_id":"AKIDhostileTemp01","key_secret":"hostile+Secret/001=","session_token":"T","bucket":"vk-hostile-1250000001","region":"eu-frankfurt","key":"","time":"2026-05-06T07:08:09Z","key_time":"1778051288;1778052188","method":"GET","body":""},"expect":{"method":"GET","url":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/?uploads=&delimiter=%2F&encoding-type=url&prefix=a%20b%2F%E6%8A%A5%26&max-uploads=7","headers":{"authorization":"q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778052188&q-key-time=1778051288;1778052188&q-header-list=host&q-url-param-list=delimiter;encoding-type;max-uploads;prefix;uploads&q-signature=4cb812ce5807c1e67c11764a498d332c75dc9741","x-cos-security-token":"T","host":"vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com"},"body":""}})json",
                R"json({"name":"parameters in two orders","kind":"put_object","input":{"key_id":"AKIDhostileTemp01","key_secret":"hostile+Secret/001=","session_token":"T","bucket":"vk-hostile-1250000001","region":"eu-frankfurt","key":"q.txt","time":"2026-05-06T07:08:09Z","key_time":"1778051288;1778052188","method":"PUT","body":"x"},"expect":{"method":"PUT","url":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/q.txt?%E6%8A%A5=1&z=2&a%2Fb=3&a-b=4&A%20B=%21%27%28%29%2A~&empty=&ci-process=x%2By","headers":{"content-length":"1","authorization":"q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778052188&q-key-time=1778051288;1778052188&q-header-list=content-length;host&q-url-param-list=%e6%8a%a5;a%20b;a%2fb;a-b;ci-process;empty;z&q-signature=d3757ac2fdef6db0765046874bd8718f9529fce9","x-cos-security-token":"T","host":"vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com"},"body":"x"}})json",
                R"json({"name":"presigned, parameters and headers","kind":"presigned_url","input":{"key_id":"AKIDhostileTemp01","key_secret":"hostile+Secret/001=","session_token":"T","bucket":"vk-hostile-1250000001","region":"eu-frankfurt","key":"q?x=1&y#z;w,@:$[]{}|\\^`\"<>.txt","time":"2026-05-06T07:08:09Z","key_time":"1778051288;1778051888","expires_in":600,"method":"PUT","headers":{"Content-Type":"image/png; x=\"y\"","x-cos-meta-a":"b c!"},"query":{"报":"1","z":"2","a/b":"3","a-b":"4"}},"expect":{"method":"PUT","url":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/q%3Fx%3D1%26y%23z%3Bw%2C%40%3A%24%5B%5D%7B%7D%7C%5C%5E%60%22%3C%3E.txt?q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778051888&q-key-time=1778051288;1778051888&q-header-list=content-type;host;x-cos-meta-a&q-url-param-list=%e6%8a%a5;a%2fb;a-b;z&q-signature=900d834722339163227a0ce1af8f65e4a7f15274&x-cos-security-token=T&a-b=4&a%2Fb=3&z=2&%E6%8A%A5=1","url_with_encoded_param_list":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/q%3Fx%3D1%26y%23z%3Bw%2C%40%3A%24%5B%5D%7B%7D%7C%5C%5E%60%22%3C%3E.txt?q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778051888&q-key-time=1778051288;1778051888&q-header-list=content-type;host;x-cos-meta-a&q-url-param-list=%25e6%258a%25a5%3ba%252fb%3ba-b%3bz&q-signature=900d834722339163227a0ce1af8f65e4a7f15274&x-cos-security-token=T&a-b=4&a%2Fb=3&z=2&%E6%8A%A5=1"}})json",
                R"json({"name":"presigned, unsigned parameters behind","kind":"presigned_url","input":{"key_id":"AKIDhostileTemp01","key_secret":"hostile+Secret/001=","session_token":"T","bucket":"vk-hostile-1250000001","region":"eu-frankfurt","key":"plain.txt","time":"2026-05-06T07:08:09Z","key_time":"1778051288;1778051888","expires_in":600,"method":"PUT","headers":{},"query":{}},"expect":{"method":"PUT","url":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/plain.txt?q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778051888&q-key-time=1778051288;1778051888&q-header-list=host&q-url-param-list=&q-signature=909bf91420b640cddfc1ddfd22739991b6adb9b3&x-cos-security-token=T&foo=bar&x=%E6%8A%A5+1","url_with_encoded_param_list":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/plain.txt?q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778051888&q-key-time=1778051288;1778051888&q-header-list=host&q-url-param-list=&q-signature=909bf91420b640cddfc1ddfd22739991b6adb9b3&x-cos-security-token=T&foo=bar&x=%E6%8A%A5+1"}})json",
                R"json({"name":"TC3, a type in two cases","kind":"sts_request","input":{"signature":"TC3-HMAC-SHA256","key_id":"AKIDlong","key_secret":"longsecret","session_token":null,"region":null,"endpoint":"sts.tencentcloudapi.com","language":null,"time":"2026-05-06T07:08:09Z","action":"GetFederationToken","version":"2018-08-13","params":{"Name":"x","Policy":"%7B'%2B"},"body":"{\"Name\":\"x\",\"Policy\":\"%7B'%2B\"}","content_type":"application/json; charset=UTF-8"},"expect":{"method":"POST","url":"https://sts.tencentcloudapi.com/","headers":{"host":"sts.tencentcloudapi.com","content-type":"application/json; charset=UTF-8","x-tc-action":"GetFederationToken","x-tc-version":"2018-08-13","x-tc-timestamp":"1778051289","authorization":"TC3-HMAC-SHA256 Credential=AKIDlong/2026-05-06/sts/tc3_request, SignedHeaders=content-type;host, Signature=2b0657157b82e1cae0a9006030a3e93440bc89563957dd3f620bf5d5cc0c3081"},"body":"{\"Name\":\"x\",\"Policy\":\"%7B'%2B\"}"}})json",
                R"json({"name":"TC3 by GET","kind":"sts_request","input":{"signature":"TC3-HMAC-SHA256","key_id":"AKIDlong","key_secret":"longsecret","session_token":"T+=","region":"ap-beijing","endpoint":"sts.tencentcloudapi.com","language":null,"time":"2026-05-06T07:08:09Z","action":"AssumeRole","version":"2018-08-13","params":{"RoleArn":"qcs::cam::uin/1:roleName/x","RoleSessionName":"s !'()*+~报","DurationSeconds":900},"method":"GET"},"expect":{"method":"GET","url":"https://sts.tencentcloudapi.com/?RoleArn=qcs%3A%3Acam%3A%3Auin%2F1%3AroleName%2Fx&RoleSessionName=s%20!%27()*%2B~%E6%8A%A5&DurationSeconds=900","headers":{"host":"sts.tencentcloudapi.com","content-type":"application/x-www-form-urlencoded","x-tc-action":"AssumeRole","x-tc-version":"2018-08-13","x-tc-timestamp":"1778051289","authorization":"TC3-HMAC-SHA256 Credential=AKIDlong/2026-05-06/sts/tc3_request, SignedHeaders=content-type;host, Signature=7023f1bef59b6e39c89e6eb0331da9cf41f28f2cdac4bb10943596763eff245b","x-tc-region":"ap-beijing","x-tc-token":"T+="},"body":""}})json",
                R"json({"name":"HmacSHA1, a policy of marks","kind":"sts_request","input":{"signature":"HmacSHA1","key_id":"AKIDlong","key_secret":"longsecret","region":"ap-chengdu","endpoint":"sts.tencentcloudapi.com","time":"2026-05-06T07:08:09Z","nonce":15000,"action":"GetFederationToken","version":"2018-08-13","session_name":"cos-sts-nodejs","duration_seconds":1800,"role_arn":null,"policy_json":"{\"version\":\"2.0\",\"statement\":[{\"effect\":\"allow\",\"action\":[\"name/cos:PutObject\"],\"resource\":[\"qcs::cos:ap-x:uid/1:b-1/a b!'()*~+&%报.txt\"]}]}"},"expect":{"method":"POST","url":"https://sts.tencentcloudapi.com/","headers":{"accept":"application/json","content-type":"application/x-www-form-urlencoded","host":"sts.tencentcloudapi.com"},"body":"SecretId=AKIDlong&Timestamp=1778051289&Nonce=15000&Action=GetFederationToken&DurationSeconds=1800&Version=2018-08-13&Region=ap-chengdu&Policy=%257B%2522version%2522%253A%25222.0%2522%252C%2522statement%2522%253A%255B%257B%2522effect%2522%253A%2522allow%2522%252C%2522action%2522%253A%255B%2522name%252Fcos%253APutObject%2522%255D%252C%2522resource%2522%253A%255B%2522qcs%253A%253Acos%253Aap-x%253Auid%252F1%253Ab-1%252Fa%2520b%21%27%28%29%2A~%252B%2526%2525%25E6%258A%25A5.txt%2522%255D%257D%255D%257D&Name=cos-sts-nodejs&Signature=Zt%2BCWNcapncWNh0I5wgu%2FTpNJRU%3D"}})json",
                R"json({"name":"POST /?sts with a temporary key","kind":"sts_request","input":{"key_id":"AKIDhostileTemp01","key_secret":"hostile+Secret/001=","session_token":"T+/=","bucket":"vk-hostile-1250000001","region":"eu-frankfurt","key":"","time":"2026-05-06T07:08:09Z","key_time":"1778051288;1778052188","method":"POST","query":{"sts":""},"body":"{\"Type\":\"AssumeRole\",\"RoleArn\":\"qcs::cam::uin/1:roleName/报\",\"Policy\":{}}"},"expect":{"method":"POST","url":"https://vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com/?sts=","headers":{"content-type":"application/json","content-length":"74","authorization":"q-sign-algorithm=sha1&q-ak=AKIDhostileTemp01&q-sign-time=1778051288;1778052188&q-key-time=1778051288;1778052188&q-header-list=content-length;content-type;host&q-url-param-list=sts&q-signature=a86954372923616eea70457cac8e8212d9950b53","host":"vk-hostile-1250000001.cos.eu-frankfurt.myqcloud.com","x-cos-security-token":"T+/="},"body":"{\"Type\":\"AssumeRole\",\"RoleArn\":\"qcs::cam::uin/1:roleName/报\",\"Policy\":{}}"}})json",
                R"json({"name":"a form with pinned fields","kind":"post_policy","input":{"key_id":"AKIDhostileTemp01","key_secret":"hostile+Secret/001=","session_token":"tok+/=&%41 n","bucket":"vk-hostile-1250000001","region":"eu-frankfurt","key":"目录/文件 (1)+%2F%25.txt","prefix":null,"time":"2026-05-06T07:08:09Z","expires_in":900,"policy_json":"{\"expiration\":\"2026-05-06T07:23:09.000Z\",\"conditions\":[{\"q-sign-algorithm\":\"sha1\"},{\"q-ak\":\"AKIDhostileTemp01\"},{\"q-sign-time\":\"1778051289;1778052189\"},{\"bucket\":\"vk-hostile-1250000001\"},{\"key\":\"目录/文件 (1)+%2F%25.txt\"},[\"content-length-range\",1,5],{\"x-cos-meta-a\":\"!'()*\"},[\"eq\",\"$success_action_status\",\"200\"],{\"acl\":\"private\"}]}"},"expect":{"method":"POST","url":"https://x/","fields":{"key":"目录/文件 (1)+%2F%25.txt","x-cos-meta-a":"!'()*","success_action_status":"200","acl":"private","q-sign-algorithm":"sha1","q-ak":"AKIDhostileTemp01","q-key-time":"1778051289;1778052189","q-signature":"8c8ed271abdb4d787ed427f57d74b12c69af7aa0","policy":"eyJleHBpcmF0aW9uIjoiMjAyNi0wNS0wNlQwNzoyMzowOS4wMDBaIiwiY29uZGl0aW9ucyI6W3sicS1zaWduLWFsZ29yaXRobSI6InNoYTEifSx7InEtYWsiOiJBS0lEaG9zdGlsZVRlbXAwMSJ9LHsicS1zaWduLXRpbWUiOiIxNzc4MDUxMjg5OzE3NzgwNTIxODkifSx7ImJ1Y2tldCI6InZrLWhvc3RpbGUtMTI1MDAwMDAwMSJ9LHsia2V5Ijoi55uu5b2VL+aWh+S7tiAoMSkrJTJGJTI1LnR4dCJ9LFsiY29udGVudC1sZW5ndGgtcmFuZ2UiLDEsNV0seyJ4LWNvcy1tZXRhLWEiOiIhJygpKiJ9LFsiZXEiLCIkc3VjY2Vzc19hY3Rpb25fc3RhdHVzIiwiMjAwIl0seyJhY2wiOiJwcml2YXRlIn1dfQ==","x-cos-security-token":"tok+/=&%41 n"},"last_field":"file","success_status":204}})json",
};

struct hostile_case {
    boost::json::object whole;
    explicit hostile_case(char const* text) : whole{boost::json::parse(text).as_object()} {}
    [[nodiscard]] vectors::vector_case view() const {
        vectors::members const m{whole};
        return {m.must("kind"), m.object("input"), m.object("expect")};
    }
    [[nodiscard]] static hostile_case named(std::string_view name) {
        for (auto const* text : hostile_cases)
            if (hostile_case c{text}; c.whole.at("name").as_string() == name) return c;
        throw std::logic_error{"no such case"};
    }
};

/// A request of one of those cases that a test may spoil, and what the store says to it.
struct at_store {
    hostile_case whole;
    vectors::received request = vectors::received::from(whole.view());
    vectors::case_keys keys{whole.view()};

    explicit at_store(std::string_view name) : whole{hostile_case::named(name)} {}
    [[nodiscard]] verdict ask(cos_server const& server = {}) const {
        return verify_cos_request(request.view(), keys, request.terms(true), server);
    }
    [[nodiscard]] verdict ask_sts() const { return verify_tencent_sts(request.view(), keys, request.terms(true)); }
    at_store& header(std::string_view name, std::string value) {
        request.drop(name);
        request.headers.push_back({std::string{name}, std::move(value)});
        return *this;
    }
    at_store& authorization(std::string_view from, std::string_view to) {
        auto& text = *request.find("authorization");
        auto const at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, from.size(), to);
        return *this;
    }
    at_store& query(std::string_view from, std::string_view to) {
        auto const at = request.query.find(from);
        REQUIRE(at != std::string::npos);
        request.query.replace(at, from.size(), to);
        return *this;
    }
};

}  // namespace

TEST_CASE("COS: what the vendor's SDKs sign with hostile names is verified, and nothing near it", "[tencent][verify]") {
    for (auto const* text : hostile_cases) {
        hostile_case const c{text};
        INFO(c.whole.at("name").as_string());
        CHECK_NOTHROW(vectors::runner<tencent>::run(c.view()));
    }
}

TEST_CASE("COS: why a request is refused", "[tencent][verify]") {
    using v = verdict;
    std::string const name = "a key of marks";
    auto const asked = [&](auto spoil, std::string const& which = "a key of marks") {
        at_store s{which};
        spoil(s);
        return s.ask();
    };
    using s = at_store&;
    CHECK(asked([](s) {}) == v::accepted);
    CHECK(asked([](s r) { r.request.drop("authorization"); }) == v::not_signed);
    CHECK(asked([](s r) { r.header("authorization", "AWS4-HMAC-SHA256 Credential=x"); }) == v::malformed);
    CHECK(asked([](s r) { r.authorization("sha1", "sha2"); }) == v::malformed);
    CHECK(asked([](s r) { r.authorization("&q-ak=", "&q-ak=x&q-ak="); }) == v::malformed);
    CHECK(asked([](s r) { r.authorization("&q-ak=", "&x=y&q-ak="); }) == v::malformed);
    CHECK(asked([](s r) { r.authorization("&q-url-param-list=", ""); }) == v::malformed);
    CHECK(asked([](s r) { r.authorization("q-sign-time=1778051288", "q-sign-time=1778051287"); }) == v::malformed);
    CHECK(asked([](s r) { r.authorization("q-header-list=", "q-header-list=;"); }) == v::malformed);
    CHECK(asked([](s r) { r.authorization("&q-url-param-list=", ";&q-url-param-list="); }) == v::malformed);
    CHECK(asked([](s r) { r.authorization("q-url-param-list=", "q-url-param-list=uploads"); }) == v::malformed);
    CHECK(asked([](s r) { r.authorization("AKIDhostile", "AKIDhostilE"); }) == v::unknown_key);
    CHECK(asked([](s r) { r.request.drop("x-cos-security-token"); }) == v::wrong_token);
    CHECK(asked([](s r) { r.header("x-cos-security-token", "tok+/=&%41 m"); }) == v::wrong_token);
    CHECK(asked([](s r) { r.header("x-cos-security-token", "tok+/=&A n"); }) == v::wrong_token);
    CHECK(asked([](s r) { r.request.query = "x-cos-security-token=x"; }) == v::malformed);
    CHECK(asked([](s r) { r.keys.key.session_token.clear(); }) == v::wrong_token);
    CHECK(asked([](s r) { r.keys.key.value = secret{"another"}; }) == v::wrong_signature);
    CHECK(asked([](s r) { r.request.method = "POST"; }) == v::wrong_signature);
    CHECK(asked([](s r) { r.request.path += "/"; }) == v::wrong_signature);
    CHECK(asked([](s r) { r.request.path += "%"; }) == v::malformed);
    CHECK(asked([](s r) { r.header("host", "vk-other-1250000001.cos.eu-frankfurt.myqcloud.com"); }) ==
          v::wrong_signature);
    CHECK(asked([](s r) { r.request.now = utc_seconds{std::chrono::seconds{1778051287}}; }) == v::skewed);
    CHECK(asked([](s r) { r.request.now = utc_seconds{std::chrono::seconds{1778051288}}; }) == v::accepted);
    CHECK(asked([](s r) { r.request.now = utc_seconds{std::chrono::seconds{1778052188}}; }) == v::accepted);
    CHECK(asked([](s r) { r.request.now = utc_seconds{std::chrono::seconds{1778052189}}; }) == v::expired);
    // a key's secret makes any span; one that cannot be read is none
    for (std::string_view const span :
         {"1778051288", "1778051288;", ";1778052188", "1778052188;1778051288", "-1;1778052188",
          "1778051288;177805218800", "1778051288;1778052188;1", " 1778051288;1778052188", "1778051288;+1778052188"})
        CHECK(qsign_span::check(span, utc_seconds{std::chrono::seconds{1778051300}}) == v::malformed);
    // parameters: what is listed counts, what is not is the vendor's to ignore
    std::string const listing = "list, with a prefix";
    CHECK(asked([](s r) { r.query("prefix=", "prefix=x"); }, listing) == v::wrong_signature);
    CHECK(asked([](s r) { r.query("uploads=", "uploads"); }, listing) == v::accepted);
    CHECK(asked([](s r) { r.query("uploads=", ""); }, listing) == v::malformed);
    CHECK(asked([](s r) { r.query("uploads=", "uploads=&uploads="); }, listing) == v::wrong_signature);
    CHECK(asked([](s r) { r.request.query += "&other=1"; }, listing) == v::accepted);
    // the body: only its digest is signed, where there is one
    std::string const complete = "complete, with its MD5";
    CHECK(asked([](s r) { r.request.body += " "; }, complete) == v::wrong_body);
    CHECK(asked([](s r) { r.request.drop("content-md5"); }, complete) == v::wrong_signature);
    CHECK(asked([](s r) { r.request.body += " "; }) == v::accepted);
    // an empty header may be dropped or come, a signed one may not
    std::string const headers = "headers of marks";
    CHECK(asked([](s r) { r.request.drop("x-cos-meta-empty"); }, headers) == v::accepted);
    CHECK(asked([](s r) { r.request.drop("x-cos-meta-a"); }, headers) == v::wrong_signature);
    CHECK(asked([](s r) { r.header("x-cos-meta-zz", "mixed CASE"); }, headers) == v::wrong_signature);
    CHECK(asked([](s r) { r.request.headers.push_back({"x-cos-acl", "public-read"}); }, headers) == v::wrong_signature);
    // a signature that fits every bucket
    CHECK(asked([](s) {}, "host unsigned") == v::malformed);
    CHECK(at_store{"host unsigned"}.ask({.host_must_be_signed = false}) == v::accepted);
}

TEST_CASE("COS: why a presigned url is refused", "[tencent][verify]") {
    using v = verdict;
    auto const asked = [](auto spoil) {
        at_store s{"presigned, unsigned parameters behind"};
        spoil(s);
        return s.ask();
    };
    using s = at_store&;
    CHECK(asked([](s) {}) == v::accepted);
    CHECK(asked([](s r) { r.query("1778051288;", "1778051288%3B"), r.query("1778051288;", "1778051288%3b"); }) ==
          v::accepted);
    CHECK(asked([](s r) { r.request.body = "any"; }) == v::accepted);
    CHECK(asked([](s r) { r.query("foo=bar", "foo=baz"); }) == v::accepted);
    CHECK(asked([](s r) { r.query("x-cos-security-token=T", "x-cos-security-token=t"); }) == v::wrong_token);
    CHECK(asked([](s r) { r.query("&x-cos-security-token=T", ""); }) == v::wrong_token);
    CHECK(asked([](s r) { r.query("=T", "=T&x-cos-security-token=T"); }) == v::malformed);
    CHECK(asked([](s r) { r.query("&x-cos-security-token=T", ""), r.header("x-cos-security-token", "T"); }) ==
          v::accepted);
    CHECK(asked([](s r) { r.header("authorization", "q-sign-algorithm=sha1"); }) == v::malformed);
    CHECK(asked([](s r) { r.query("q-signature=", "signature="); }) == v::malformed);
    CHECK(asked([](s r) { r.query("q-ak=", "q-ak=x&q-ak="); }) == v::malformed);
    CHECK(asked([](s r) { r.request.now += std::chrono::seconds{600}; }) == v::expired);
    CHECK(asked([](s r) { r.request.now -= std::chrono::seconds{2}; }) == v::skewed);
    CHECK(asked([](s r) { r.request.query.clear(); }) == v::not_signed);
    CHECK(asked([](s r) { r.header("host", "other.example.com"); }) == v::wrong_signature);
}

TEST_CASE("COS: a form is refused for its signature or for its policy", "[tencent][verify]") {
    using v = verdict;
    auto const c = hostile_case::named("a form with pinned fields");
    vectors::case_keys const keys{c.view()};
    auto const good = c.view().expect.pairs("fields");
    auto const at = c.view().time();
    auto const with = [&](std::string_view name, std::string const& value) {
        auto fields = good;
        for (auto& field : fields)
            if (field.first == name) field.second = value;
        return fields;
    };
    auto const without = [&](std::string_view name) {
        auto fields = good;
        std::erase_if(fields, [&](auto const& field) { return field.first == name; });
        return fields;
    };
    CHECK(verify_cos_form(good, keys, at) == v::accepted);
    CHECK(verify_cos_form(without("q-signature"), keys, at) == v::not_signed);
    for (std::string_view const name : {"q-ak", "q-key-time", "q-sign-algorithm", "policy"})
        CHECK(verify_cos_form(without(name), keys, at) == v::malformed);
    CHECK(verify_cos_form(without("x-cos-security-token"), keys, at) == v::wrong_token);
    CHECK(verify_cos_form(with("x-cos-security-token", "t"), keys, at) == v::wrong_token);
    CHECK(verify_cos_form(with("q-sign-algorithm", "sha256"), keys, at) == v::malformed);
    CHECK(verify_cos_form(with("q-ak", "x"), keys, at) == v::unknown_key);
    CHECK(verify_cos_form(with("policy", "e30"), keys, at) == v::malformed);
    CHECK(verify_cos_form(with("policy", "e30="), keys, at) == v::wrong_signature);
    CHECK(verify_cos_form(with("q-key-time", "1778051289;1778052190"), keys, at) == v::wrong_signature);
    CHECK(verify_cos_form(good, keys, at + std::chrono::seconds{901}) == v::expired);
    CHECK(verify_cos_form(good, keys, at - std::chrono::seconds{1}) == v::skewed);
    auto twice = good;
    twice.emplace_back("Key", "another");
    CHECK(verify_cos_form(twice, keys, at) == v::malformed);

    using f = form_answer;
    std::string const bucket = "vk-hostile-1250000001";
    auto const policy = c.view().input.must("policy_json");
    auto const ask = [&](std::string const& text, parameters const& fields, std::uint64_t size = 3) {
        return ask_cos_form_policy(text, {bucket, fields, size}, at);
    };
    CHECK(ask(policy, good) == f::allowed);
    CHECK(ask(policy, good, 0) == f::too_small);
    CHECK(ask(policy, good, 6) == f::too_large);
    for (std::string_view const name : {"key", "x-cos-meta-a", "success_action_status", "acl", "q-ak", "q-key-time"}) {
        CHECK(ask(policy, with(name, "x")) == f::condition_failed);
        CHECK(ask(policy, without(name)) == f::condition_failed);
    }
    auto posing = with("q-key-time", "1;2");
    posing.insert(posing.begin(), {"q-sign-time", "1778051289;1778052189"});
    CHECK(ask(policy, posing) == f::condition_failed);
    CHECK(ask_cos_form_policy(policy, {"other-1250000001", good, 3}, at) == f::condition_failed);
    CHECK(ask_cos_form_policy(policy, {bucket, good, 3}, at + std::chrono::seconds{900}) == f::expired);
    for (std::string const name : {"q-sign-algorithm", "q-ak", "q-sign-time"}) {
        auto free = policy;
        free.replace(free.find("\"" + name + "\""), name.size() + 2, "\"bucket\"");
        CHECK(ask(free, good) == f::unreadable);
    }
    for (std::string const bad : {"", "[]", R"({"expiration":"2026-05-06T07:23:09.000Z"})",
                                  R"({"expiration":"2026-05-06T07:23:09.000Z","conditions":{}})"})
        CHECK(ask(bad, good) == f::unreadable);
}

TEST_CASE("COS: why a request to STS is refused", "[tencent][verify]") {
    using v = verdict;
    auto const asked = [](std::string const& which, auto spoil) {
        at_store s{which};
        spoil(s);
        return s.ask_sts();
    };
    using s = at_store&;
    std::string const tc3 = "TC3, a type in two cases";
    std::string const by_get = "TC3 by GET";
    CHECK(asked(tc3, [](s) {}) == v::accepted);
    CHECK(asked(tc3, [](s r) { r.request.drop("authorization"); }) == v::not_signed);
    CHECK(asked(tc3, [](s r) { r.authorization("TC3-HMAC-SHA256", "TC3-HMAC-SHA512"); }) == v::malformed);
    CHECK(asked(tc3, [](s r) { r.authorization("content-type;host", "host;content-type"); }) == v::malformed);
    CHECK(asked(tc3, [](s r) { r.authorization("content-type;host", "content-type"); }) == v::malformed);
    CHECK(asked(tc3, [](s r) { r.authorization("content-type;host", "content-type;host;x-tc-none"); }) == v::malformed);
    CHECK(asked(tc3, [](s r) { r.authorization("content-type;host", "content-type;host;x-tc-version"); }) ==
          v::wrong_signature);
    CHECK(asked(tc3, [](s r) { r.authorization("/sts/", "/cvm/"); }) == v::wrong_scope);
    CHECK(asked(tc3, [](s r) { r.authorization("/2026-05-06/", "/2026-05-07/"); }) == v::wrong_scope);
    CHECK(asked(tc3, [](s r) { r.authorization("AKIDlong", "AKIDlonger"); }) == v::unknown_key);
    CHECK(asked(tc3, [](s r) { r.authorization(", Signature=", ", Signature=0"); }) == v::wrong_signature);
    CHECK(asked(tc3, [](s r) { r.header("x-tc-token", "T"); }) == v::wrong_token);
    CHECK(asked(by_get, [](s r) { r.request.drop("x-tc-token"); }) == v::wrong_token);
    CHECK(asked(tc3, [](s r) { r.request.drop("x-tc-timestamp"); }) == v::malformed);
    CHECK(asked(tc3, [](s r) { r.header("x-tc-timestamp", "1778051290"); }) == v::wrong_signature);
    CHECK(asked(tc3, [](s r) { r.request.now += std::chrono::minutes{5}; }) == v::accepted);
    CHECK(asked(tc3, [](s r) { r.request.now -= std::chrono::minutes{5}; }) == v::accepted);
    CHECK(asked(tc3, [](s r) { r.request.now += std::chrono::seconds{301}; }) == v::skewed);
    CHECK(asked(tc3, [](s r) { r.request.now -= std::chrono::seconds{301}; }) == v::skewed);
    CHECK(asked(tc3, [](s r) { r.request.body += " "; }) == v::wrong_signature);
    CHECK(asked(tc3, [](s r) { r.request.path = "/x"; }) == v::malformed);
    CHECK(asked(tc3, [](s r) { r.request.headers.push_back({"host", "x"}); }) == v::malformed);
    CHECK(asked(tc3, [](s r) { r.request.method = "PUT"; }) == v::wrong_signature);
    CHECK(asked(by_get, [](s) {}) == v::accepted);
    CHECK(asked(by_get, [](s r) { r.query("900", "901"); }) == v::wrong_signature);

    std::string const older = "HmacSHA1, a policy of marks";
    auto const change = [](at_store& r, std::string_view from, std::string_view to) {
        auto const at = r.request.body.find(from);
        REQUIRE(at != std::string::npos);
        r.request.body.replace(at, from.size(), to);
    };
    CHECK(asked(older, [](s) {}) == v::accepted);
    CHECK(asked(older, [&](s r) { change(r, "Signature=", "Sign="); }) == v::not_signed);
    CHECK(asked(older, [&](s r) { change(r, "Nonce=", "Once="); }) == v::malformed);
    CHECK(asked(older, [&](s r) { change(r, "1778051289", "soon"); }) == v::malformed);
    CHECK(asked(older, [&](s r) { change(r, "AKIDlong", "AKID"); }) == v::unknown_key);
    CHECK(asked(older, [&](s r) { change(r, "Region=", "Token=T&Region="); }) == v::wrong_token);
    CHECK(asked(older, [&](s r) { change(r, "Region=", "Region=x&Region="); }) == v::malformed);
    CHECK(asked(older, [&](s r) { change(r, "Region=", "More=1&Region="); }) == v::wrong_signature);
    CHECK(asked(older, [&](s r) { change(r, "Region=", "SignatureMethod=HmacSHA256&Region="); }) == v::wrong_signature);
    CHECK(asked(older, [&](s r) { change(r, "Region=", "SignatureMethod=MD5&Region="); }) == v::malformed);
    CHECK(asked(older, [](s r) { r.header("host", "sts.example.com"); }) == v::wrong_signature);
    CHECK(asked(older, [](s r) { r.request.now += std::chrono::seconds{301}; }) == v::skewed);
    CHECK(asked(older, [](s r) { r.request.now -= std::chrono::seconds{301}; }) == v::skewed);

    std::string const door = "POST /?sts with a temporary key";
    CHECK(asked(door, [](s) {}) == v::accepted);
    CHECK(asked(door, [](s r) { r.authorization("q-url-param-list=sts", "q-url-param-list="); }) == v::malformed);
    CHECK(asked(door, [](s r) { r.request.query.clear(); }) == v::malformed);
    CHECK(asked(door, [](s r) { r.request.path = "/key"; }) == v::malformed);
    CHECK(asked(door, [](s r) { r.request.method = "PUT"; }) == v::malformed);
    CHECK(asked(door, [](s r) { r.request.drop("x-cos-security-token"); }) == v::wrong_token);
    CHECK(asked(door, [](s r) { r.header("content-type", "text/plain"); }) == v::wrong_signature);
    CHECK(asked("a key of marks", [](s) {}) == v::malformed);  // an upload is no request to STS
}

TEST_CASE("COS: TC3 takes more signed headers, in lower case as the document has them", "[tencent][verify]") {
    // the document's own way, spelt out
    std::string const canonical =
        "POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:sts.tencentcloudapi.com\n"
        "x-tc-action:getfederationtoken\n\ncontent-type;host;x-tc-action\n" +
        std::string{to_hex(digest<sha256>({"{}"})).view()};
    auto const text = "TC3-HMAC-SHA256\n1773480413\n2026-03-14/sts/tc3_request\n" +
                      std::string{to_hex(digest<sha256>({canonical})).view()};
    hmac_key<sha256> const day{hmac_key<sha256>{"TC3s"}.sign("2026-03-14")};
    hmac_key<sha256> const signing{hmac_key<sha256>{day.sign("sts")}.sign("tc3_request")};
    std::vector<http_header> headers{{"host", "sts.tencentcloudapi.com"},
                                     {"content-type", "application/json; charset=UTF-8"},
                                     {"x-tc-action", "GetFederationToken"},
                                     {"x-tc-timestamp", "1773480413"},
                                     {"authorization",
                                      "TC3-HMAC-SHA256 Credential=id/with/slashes/2026-03-14/sts/tc3_request, "
                                      "SignedHeaders=content-type;host;x-tc-action, Signature=" +
                                          std::string{to_hex(signing.sign(text)).view()}}};
    known_key const known{"id/with/slashes", secret{"s"}, ""};
    auto const find = [&](std::string_view id) { return id == known.id ? &known : nullptr; };
    auto const ask = [&] { return verify_tencent_sts({"POST", "/", "", headers, "{}"}, find, {now}); };
    CHECK(ask() == verdict::accepted);
    headers[2].value = "AssumeRole";
    CHECK(ask() == verdict::wrong_signature);
}

TEST_CASE("COS: what we sign, we verify", "[tencent][verify]") {
    auto service = with([](auto&) {});
    auto const request = sent(service);
    known_key const root{"ROOTKEY", secret{"the root secret"}, ""};
    auto const find = [&](std::string_view id) { return id == root.id ? &root : nullptr; };
    CHECK(verify_tencent_sts({"POST", "/", "", request.headers, request.body}, find, {now}) == verdict::accepted);

    known_key const issued_key{"AKIDtemporary", secret{"issued/secret+1="}, "tok/1+=="};
    auto const find_issued = [&](std::string_view id) { return id == issued_key.id ? &issued_key : nullptr; };
    for (bool const is_dir : {false, true}) {
        auto const g = sts_grant(service, ask(is_dir));
        parameters fields;
        for (auto const& [name, value] : fields_of(g)) fields.emplace_back(name, value);
        for (auto& [name, value] : fields)
            if (name == "key" && is_dir) value += "a.mp4";
        CHECK(verify_cos_form(fields, find_issued, now) == verdict::accepted);
        auto const judge = [&](std::uint64_t size, utc_seconds at) {
            return ask_cos_form_policy(*from_base64(g[grant::policy]), {"vk-demo-1250000000", fields, size}, at);
        };
        CHECK(judge(1000, now) == form_answer::allowed);
        CHECK(judge(0, now) == form_answer::too_small);
        CHECK(judge(1001, now) == form_answer::too_large);
        CHECK(judge(1, g.expiration) == form_answer::expired);
    }
}
