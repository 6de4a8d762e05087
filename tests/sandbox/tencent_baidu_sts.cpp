#include <valetkey/sandbox/dialects/baidu.hpp>
#include <valetkey/sandbox/dialects/tencent.hpp>

#include "support/catch.hpp"

#include <boost/json/parse.hpp>

#include <string>
#include <string_view>

using namespace valetkey;
using namespace valetkey::sandbox;

namespace {
constexpr utc_seconds now{std::chrono::seconds{1'773'480'000}};

store_request received(http_request const& sent) {
    auto const path = sent.url.find('/', sent.url.find("//") + 2);
    auto const mark = std::min(sent.url.find('?', path), sent.url.size());
    return {sent.method, sent.url.substr(path, mark - path), sent.url.substr(std::min(mark + 1, sent.url.size())),
            sent.headers, sent.body};
}
template <class D>
auto an_account() {
    typename D::cloud::settings own;
    D::configure(own);
    own.root = {"root", secret{"root-secret"}};
    return own;
}

struct tencent_desk {
    tencent::settings own = an_account<tencent_dialect>();
    sealed_keys keys;

    http_request request(std::string body, std::string action = "GetFederationToken", utc_seconds at = now,
                         access_key const* by = nullptr) const {
        http_request out{"POST", "http://127.0.0.1:9/", {}, std::move(body)};
        out.headers = {{"host", "127.0.0.1:9"},
                       {"content-type", "application/json"},
                       {"x-tc-action", action},
                       {"x-tc-version", "2018-08-13"}};
        auto const& key = by ? *by : own.root;
        tc3_time const time{at};
        scope_input const in{time.day(), {}, "sts"};
        sign_tc3(out, key.id, {}, signing_key<tc3>(key.value, in), time, in);
        return out;
    }
    boost::json::object answer(store_request const& asked) {
        auto const got = tencent_dialect::sts(asked, own, keys, now);
        CHECK(got.status == 200);
        auto document = boost::json::parse(got.body).at("Response").as_object();
        CHECK(document.at("RequestId").as_string().size() == 32);
        return document;
    }
    std::string code(http_request const& sent) {
        auto const got = answer(received(sent));
        return got.contains("Error") ? std::string{got.at("Error").at("Code").as_string()} : "";
    }
};
constexpr std::string_view policy =
    R"({"version":"2.0","statement":[{"effect":"allow","action":["name/cos:PutObject"],"resource":["*"]}]})";
std::string asking(std::string_view more = {}, std::string_view text = policy) {
    return R"({"Name":"someone","Policy":")" + percent_encoded(text) + "\"" + std::string{more} + "}";
}
}  // namespace

TEST_CASE(
    "Tencent's STS: keys for a policy, and an error with status 200 for "
    "everything else",
    "[sandbox][tencent]") {
    tencent_desk desk;
    auto const got = desk.answer(received(desk.request(asking(R"(,"DurationSeconds":900)"))));
    REQUIRE(got.contains("Credentials"));
    CHECK(got.at("ExpiredTime").as_int64() == (now + std::chrono::seconds{900}).time_since_epoch().count());
    CHECK(got.at("Expiration").as_string() == timestamp{now + std::chrono::seconds{900}}.iso().view());
    auto const opened = desk.keys.open("tencent", std::string_view{got.at("Credentials").at("Token").as_string()});
    REQUIRE(opened);
    CHECK(opened->policy == policy);
    CHECK(opened->key.id == std::string_view{got.at("Credentials").at("TmpSecretId").as_string()});
    auto const standard = desk.answer(received(desk.request(asking())));
    CHECK(standard.at("ExpiredTime").as_int64() == now.time_since_epoch().count() + 1800);

    access_key const stranger{"stranger", secret{"root-secret"}};
    access_key const guess{"root", secret{"guess"}};
    CHECK(desk.code(desk.request(asking(), "GetFederationToken", now, &stranger)) == "AuthFailure.SecretIdNotFound");
    CHECK(desk.code(desk.request(asking(), "GetFederationToken", now, &guess)) == "AuthFailure.SignatureFailure");
    for (int const off : {-301, 301})
        CHECK(desk.code(desk.request(asking(), "GetFederationToken", now + std::chrono::seconds{off})) ==
              "AuthFailure.SignatureExpire");
    auto changed = desk.request(asking());
    changed.body.insert(1, " ");
    CHECK(desk.code(changed) == "AuthFailure.SignatureFailure");
    auto with_token = desk.request(asking());
    with_token.headers.push_back({"x-tc-token", "t"});
    CHECK(desk.code(with_token) == "AuthFailure.TokenFailure");
    CHECK(desk.code({"POST", "http://h/", {{"host", "h"}}, asking()}) == "AuthFailure.InvalidAuthorization");

    CHECK(desk.code(desk.request(asking(), "GetCallerIdentity")) == "UnsupportedOperation");
    CHECK(desk.code(desk.request("[]")) == "InvalidParameter.ParamError");
    CHECK(desk.code(desk.request("{")) == "InvalidParameter.ParamError");
    CHECK(desk.code(desk.request(asking(R"(,"Name":"other")"))) == "InvalidParameter.ParamError");
    for (std::string_view const name : {"", "some1", "some one"})
        CHECK(desk.code(desk.request(R"({"Name":")" + std::string{name} + R"(","Policy":"%7B"})")) ==
              "InvalidParameter.ParamError");
    for (std::string_view const bad : {"0", "-1", "129601", "\"900\"", "1.5", "null", "99999999999999999999"})
        CHECK(desk.code(desk.request(asking(R"(,"DurationSeconds":)" + std::string{bad}))) ==
              "InvalidParameter.OverTimeError");
    CHECK(desk.code(desk.request(R"({"Name":"someone"})")) == "InvalidParameter.StrategyFormatError");
    CHECK(desk.code(desk.request(R"({"Name":"someone","Policy":"%7"})")) == "InvalidParameter.StrategyFormatError");
    auto const principal = R"({"version":"2.0","principal":{},"statement":[]})";
    CHECK(desk.code(desk.request(asking({}, principal))) == "InvalidParameter.StrategyFormatError");
    auto const longer = std::string{policy} + std::string(2048, ' ');
    CHECK(desk.code(desk.request(asking({}, longer))) == "InvalidParameter.PolicyTooLong");
}

TEST_CASE("Tencent's STS: a role is that of the account, with its external id", "[sandbox][tencent]") {
    tencent_desk desk;
    auto const body = [](std::string_view role, std::string_view more = {}) {
        return R"({"RoleArn":")" + std::string{role} + R"(","RoleSessionName":"a-1","Policy":")" +
               percent_encoded(policy) + "\"" + std::string{more} + "}";
    };
    CHECK(desk.code(desk.request(body(""), "AssumeRole")) == "ResourceNotFound.RoleNotFound");
    desk.own.role = "qcs::cam::uin/1:roleName/r";
    desk.own.external_id = "ext";
    CHECK(desk.code(desk.request(body(desk.own.role), "AssumeRole")) == "UnauthorizedOperation");
    CHECK(desk.code(desk.request(body(desk.own.role, R"(,"ExternalId":"ext")"), "AssumeRole")).empty());
    CHECK(desk.code(desk.request(body(desk.own.role + "x", R"(,"ExternalId":"ext")"), "AssumeRole")) ==
          "ResourceNotFound.RoleNotFound");
    CHECK(desk.code(desk.request(body(desk.own.role, R"(,"ExternalId":"ext","DurationSeconds":43201)"),
                                 "AssumeRole")) == "InvalidParameter.OverTimeError");
}

namespace {
struct baidu_desk {
    baidu::settings own = an_account<baidu_dialect>();
    sealed_keys keys;

    http_request request(std::string path, parameters const& query, std::string body, utc_seconds at = now,
                         access_key const* by = nullptr) const {
        http_request out{"POST", "http://127.0.0.1:9" + path + "?" + encode_parameters(query), {}, std::move(body)};
        out.headers = {{"host", "127.0.0.1:9"}, {"content-type", "application/json; charset=UTF-8"}};
        auto const& key = by ? *by : own.root;
        sign_bce1(out, path, query, key.id, {}, signing_key<bce1>(key.value, {}), timestamp{at});
        return out;
    }
    boost::json::object answer(store_request const& asked, int status) {
        auto const got = baidu_dialect::sts(asked, own, keys, now);
        CHECK(got.status == status);
        return boost::json::parse(got.body).as_object();
    }
    std::string code(http_request const& sent, int status) {
        auto const got = answer(received(sent), status);
        if (!got.contains("code")) return "";
        CHECK(got.at("requestId").as_string().size() == 32);
        return std::string{got.at("code").as_string()};
    }
};
constexpr std::string_view list =
    R"({"accessControlList":[{"service":"bce:bos","region":"bj","effect":"Allow","resource":["b/k"],)"
    R"("permission":["WRITE"]}]})";
}  // namespace

TEST_CASE("Baidu's STS: keys for a list, and refusals in its codes", "[sandbox][baidu]") {
    baidu_desk desk;
    std::string const path = "/v1/sessionToken";
    std::string const body{list};
    auto const got = desk.answer(received(desk.request(path, {{"durationSeconds", "900"}}, body)), 200);
    CHECK(got.at("createTime").as_string() == timestamp{now}.iso().view());
    CHECK(got.at("expiration").as_string() == timestamp{now + std::chrono::seconds{900}}.iso().view());
    auto const opened = desk.keys.open("baidu", std::string_view{got.at("sessionToken").as_string()});
    REQUIRE(opened);
    CHECK(opened->policy == list);
    auto const standard = desk.answer(received(desk.request(path, {{"durationSeconds", ""}}, body)), 200);
    CHECK(standard.at("expiration").as_string() == timestamp{now + std::chrono::seconds{43200}}.iso().view());

    access_key const stranger{"stranger", secret{"root-secret"}};
    access_key const guess{"root", secret{"guess"}};
    CHECK(desk.code(desk.request(path, {}, body, now, &stranger), 403) == "InvalidAccessKeyId");
    CHECK(desk.code(desk.request(path, {}, body, now, &guess), 403) == "SignatureDoesNotMatch");
    CHECK(desk.code(desk.request(path, {}, body, now + std::chrono::hours{1}), 403) == "RequestTimeTooSkewed");
    CHECK(desk.code(desk.request(path, {}, body, now - std::chrono::hours{2}), 403) == "RequestExpired");
    auto longer = desk.request(path, {{"durationSeconds", "900"}}, body);
    longer.url.replace(longer.url.find("900"), 3, "901");
    CHECK(desk.code(longer, 403) == "SignatureDoesNotMatch");
    CHECK(desk.code({"POST", "http://h" + path, {{"host", "h"}}, body}, 403) == "AccessDenied");

    for (std::string_view const bad : {"0", "86401", "-1", "x"})
        CHECK(desk.code(desk.request(path, {{"durationSeconds", std::string{bad}}}, body), 400) ==
              "InvalidHTTPRequest");
    for (std::string_view const bad : {"", "{}", "[]", R"({"accessControlList":[]})"})
        CHECK(desk.code(desk.request(path, {}, std::string{bad}), 400) == "InappropriateJSON");
    CHECK(desk.code(desk.request("/v1/credential", {}, body), 400) == "InvalidURI");
    CHECK(desk.code(desk.request("/v2/sessionToken", {}, body), 400) == "InvalidURI");
}

TEST_CASE("Baidu's STS: a role is that of the account", "[sandbox][baidu]") {
    baidu_desk desk;
    auto const code = [&](std::string role, std::string account, std::string seconds, int status) {
        parameters const query{
            {"assumeRole", ""}, {"durationSeconds", seconds}, {"accountId", account}, {"roleName", role}};
        return desk.code(desk.request("/v1/credential", query, std::string{list}), status);
    };
    CHECK(code("", "", "900", 403) == "AccessDenied");
    desk.own.role = "r";
    desk.own.account_id = "a";
    CHECK(code("r", "a", "7200", 200).empty());
    CHECK(code("r", "a", "7201", 400) == "InvalidHTTPRequest");
    CHECK(code("r", "b", "900", 403) == "AccessDenied");
    CHECK(code("x", "a", "900", 403) == "AccessDenied");
}
