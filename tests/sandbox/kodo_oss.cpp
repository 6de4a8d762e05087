/// Kodo and OSS, in process: what their policies, headers and callbacks demand.

#include <valetkey/http_date.hpp>
#include <valetkey/sandbox/dialects/aliyun.hpp>
#include <valetkey/sandbox/dialects/qiniu.hpp>
#include <valetkey/sandbox/s3_store.hpp>
#include <valetkey/signing/verify_oss_callback.hpp>

#include "support/catch.hpp"

using namespace valetkey;
using namespace valetkey::sandbox;

namespace {

auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());

store_request form_of(std::string path, parameters const& fields, std::string const& bytes,
                      std::string type = "text/plain") {
    store_request out{"POST",
                      std::move(path),
                      "",
                      {{"host", "127.0.0.1:1"}, {"content-type", "multipart/form-data; boundary=b"}},
                      {}};
    for (auto const& [name, value] : fields)
        out.body += "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
    out.body +=
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"q.txt\"\r\nContent-Type: " + type +
        "\r\n\r\n" + bytes + "\r\n--b--\r\n";
    return out;
}
store_request as_request(http_request const& call) {
    auto const at = call.url.find('/', 8);
    auto const mark = std::min(call.url.find('?'), call.url.size());
    return {call.method, call.url.substr(at, mark - at), call.url.substr(std::min(mark + 1, call.url.size())),
            call.headers, call.body};
}
std::string header_of(store_answer const& a, std::string_view n) {
    for (auto const& h : a.headers)
        if (h.name == n) return h.value;
    return {};
}

struct kodo {
    memory_budget budget;
    sealed_keys sealed;
    kodo_store store{budget, sealed};
    kodo() {
        qiniu::settings own;
        qiniu_dialect::configure(own);
        own.root = {"root", secret{"root-secret"}};
        own.form = access_key{"form", secret{"form-secret"}};
        store.take_up(own);
    }
    static std::string token(std::string const& more, std::string scope = "valetkey-sandbox:u/1.txt",
                             std::string id = "form") {
        auto const end = std::to_string((now + std::chrono::minutes{10}).time_since_epoch().count());
        return upload_token(id, hmac_key<sha1>{id + "-secret"},
                            R"({"scope":")" + scope + R"(","deadline":)" + end + more + "}");
    }
    store_outcome post(std::string const& t, std::optional<std::string> key = "u/1.txt", parameters more = {},
                       std::string bytes = "hello", std::string type = "text/plain") {
        parameters f{{"token", t}};
        if (key) f.emplace_back("key", *key);
        f.insert(f.end(), more.begin(), more.end());
        return store.handle(form_of("/", f, bytes, type), now);
    }
};

}  // namespace

TEST_CASE("Kodo calls back", "[sandbox]") {
    kodo k;
    std::string const url = R"(,"callbackUrl":"https://127.0.0.1:8443/upload/callback?t=a%2Fb")";
    SECTION("form type") {
        auto out = k.post(
            kodo::token(
                url +
                R"~(,"callbackBody":"objectId=7&key=$(key)&fsize=$(fsize)&etag=$(etag)&mime=$(mimeType)&b=$(bucket)&x=$(x:a)&none=$(x:b)&f=$(fname)")~"),
            "u/1.txt", {{"x:a", "1&2"}});
        REQUIRE(out.callback);
        auto const& r = out.callback->request;
        CHECK(r.body ==
              "objectId=7&key=u%2F1.txt&fsize=5&etag=Fqr0xh3cxeii2r7eDztILNmuqUNN&mime=text%2Fplain&b=valetkey-sandbox&"
              "x=1%262&none=&f=a%20%22q.txt");
        auto const seen = as_request(r);
        CHECK(seen.query == "t=a%2Fb");
        CHECK(seen.header_or_empty("host") == "127.0.0.1:8443");
        known_key const key{"form", secret{"form-secret"}, {}};
        auto find = [&](std::string_view id) { return id == "form" ? &key : nullptr; };
        verifying_terms terms;
        terms.now = now;
        CHECK(verify_qiniu_request(seen.view(), find, terms) == verdict::accepted);
        CHECK(k.store.find("u/1.txt"));
        auto ok = out.callback->then(http_response{200, R"({"a":1})"});
        CHECK(ok.status == 200);
        CHECK(ok.body == R"({"a":1})");
        for (auto bad : {std::optional<http_response>{http_response{403, R"({"a":1})"}},
                         std::optional<http_response>{http_response{200, "no json"}}, std::optional<http_response>{}}) {
            auto no = out.callback->then(bad);
            CHECK(no.status == 579);
            auto const doc = boost::json::parse(no.body);
            auto const inner = boost::json::parse(doc.at("error").as_string());
            CHECK(inner.at("callback_bodyType").as_string() == "application/x-www-form-urlencoded");
            INFO(no.body);
        }
        CHECK(!header_of(out.answer, "X-Reqid").empty());
    }
    SECTION("JSON type") {
        auto out = k.post(kodo::token(
            url +
            R"~(,"callbackBodyType":"application/json","callbackBody":"{\"k\":$(key),\"f\":\"$(fname)\",\"n\":$(fsize)}")~"));
        REQUIRE(out.callback);
        CHECK(out.callback->request.body == R"({"k":"u/1.txt","f":"a \"q.txt","n":5})");
    }
    SECTION("refused before anything is stored") {
        for (std::string bad :
             {R"(,"callbackUrl":"http://127.0.0.1:1/x","callbackBody":"a=1")",
              R"(,"callbackUrl":"https://example.com/x","callbackBody":"a=1")",
              R"(,"callbackUrl":"https://127.0.0.1:1@example.com/x","callbackBody":"a=1")",
              R"(,"callbackUrl":"https://127.0.0.1.example.com/x","callbackBody":"a=1")",
              R"(,"callbackUrl":"https://localhost/x")", R"(,"callbackBody":"a=1")",
              R"(,"callbackUrl":"https://localhost/x","callbackBody":"a=$1")",
              R"(,"callbackUrl":"https://localhost/x","callbackBody":"a=1","callbackBodyType":"text/plain")",
              R"(,"saveKey":"x")", R"(,"callbackUrl":"https://localhost/ x","callbackBody":"a=1")"}) {
            auto out = k.post(kodo::token(bad));
            CHECK(!out.callback);
            CHECK(out.answer.status == 400);
            CHECK(!k.store.find("u/1.txt"));
        }
    }
}
TEST_CASE("Kodo enforces the put policy", "[sandbox]") {
    kodo k;
    auto const is = [&](store_outcome const& o, int status) {
        INFO(o.answer.body);
        CHECK(o.answer.status == status);
    };
    is(k.post(kodo::token(R"(,"keylimit":["u/2.txt"])")), 403);
    is(k.post(kodo::token(R"(,"mimeLimit":"image/*")")), 403);
    is(k.post(kodo::token(R"(,"mimeLimit":"!text/plain;a/b")")), 403);
    is(k.post(kodo::token(R"(,"mimeLimit":"image/*")"), "u/1.txt", {}, "%PDF-1", "image/png"), 403);
    is(k.post(kodo::token(R"(,"fsizeLimit":4)")), 413);
    is(k.post(kodo::token(R"(,"fsizeMin":6)")), 403);
    is(k.post(kodo::token("", "other:u/1.txt")), 631);
    is(k.post(kodo::token("", "valetkey-sandbox:u/1.txt", "root"), "u/2.txt"), 403);
    is(k.post(kodo::token(R"(,"isPrefixalScope":1)", "valetkey-sandbox:u/"), "u/../x"), 400);
    is(k.post(kodo::token(R"(,"isPrefixalScope":1)", "valetkey-sandbox:u/"), "v/x"), 403);
    is(k.post(kodo::token(""), std::nullopt), 403);
    is(k.post(kodo::token(R"(,"deadline":1)")), 400);  // twice
    is(k.post("x:y:z"), 401);
    is(k.post(""), 401);
    is(k.post(
           upload_token("root", hmac_key<sha1>{"root-secret"}, R"({"scope":"valetkey-sandbox:u/1.txt","deadline":1})")),
       401);
    is(k.post(upload_token("root", hmac_key<sha1>{"root-secret"}, R"([1])")), 400);
    CHECK(!k.store.find("u/1.txt"));
    is(k.post(kodo::token(R"~(,"mimeLimit":"image/*;text/*","returnBody":"{\"k\":\"$(key)\",\"s\":$(fsize)}")~")), 200);
    CHECK(k.store.find("u/1.txt"));
    is(k.post(kodo::token(""), "u/1.txt", {}, "other"), 200);  // may replace
    is(k.post(kodo::token(R"(,"insertOnly":1)"), "u/1.txt", {}, "third"), 614);
    is(k.post(kodo::token("", "valetkey-sandbox"), "u/1.txt", {}, "third"), 614);
    is(k.post(kodo::token("", "valetkey-sandbox"), std::nullopt, {}, "hello"), 200);
    CHECK(k.store.find("Fqr0xh3cxeii2r7eDztILNmuqUNN"));
    std::string big(5 << 20, 'a');
    CHECK(qetag(big).starts_with("l"));
}

namespace {
struct oss {
    memory_budget budget;
    sealed_keys sealed;
    s3_store<aliyun_dialect> store{budget, sealed};
    temporary_key key;
    access_key form{"form", secret{"form-secret"}};
    oss(std::string const& resource = "acs:oss:*:*:valetkey-sandbox/u/1.txt") {
        aliyun::settings own;
        aliyun_dialect::configure(own);
        own.root = {"root", secret{"root-secret"}};
        own.form = form;
        own.endpoint = "http://127.0.0.1:1";
        store.take_up(own);
        key = sealed.issue("aliyun", "STS.",
                           R"({"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:PutObject"],"Resource":[")" +
                               resource + R"("]}]})",
                           now + std::chrono::minutes{10});
    }
    store_request signed1(std::string method, std::string key_path, std::vector<http_header> more = {},
                          std::string body = "hello") const {
        store_request out{std::move(method), "/valetkey-sandbox/" + key_path, "", std::move(more), std::move(body)};
        out.headers.push_back({"host", "127.0.0.1:1"});
        out.headers.push_back({"content-length", std::to_string(out.body.size())});
        out.headers.push_back({"x-oss-security-token", key.key.session_token});
        auto const text = http_date(now);
        out.headers.push_back({"x-oss-date", text});
        auto const path = *percent_decoded(out.path, false);
        auto const s = valetkey::detail::oss1_string_to_sign(out.view(), text, path, {});
        out.headers.push_back(
            {"authorization", "OSS " + key.key.id + ":" + to_base64(hmac_key<sha1>{key.key.value.reveal()}.sign(s))});
        return out;
    }
    /// @param members What the policy begins with.
    parameters fields1(std::string const& members) const {
        auto const policy = to_base64("{" + members + R"("expiration":")" +
                                      std::string{timestamp{now + std::chrono::minutes{5}}.iso().view()} +
                                      R"(","conditions":[["starts-with","$key","u/"]]})");
        return {{"key", "u/1.txt"},
                {"policy", policy},
                {"OSSAccessKeyId", key.key.id},
                {"Signature", sign_oss1_policy(hmac_key<sha1>{key.key.value.reveal()}, policy)},
                {"x-oss-security-token", key.key.session_token}};
    }
    store_request form4(std::vector<std::string> const& conditions, parameters more, utc_seconds at = now,
                        bool temporary = true) const {
        timestamp const t{at};
        scope_input const in{t.yyyymmdd(), "cn-hangzhou", "oss"};
        auto const id = temporary ? key.key.id : form.id;
        secret const value = temporary ? key.key.value : form.value;
        std::string const cred = id + "/" + std::string{credential_scope<oss4>(in)};
        std::string const date{t.basic().view()};
        std::string policy = R"({"expiration":")" +
                             std::string{timestamp{now + std::chrono::minutes{5}}.iso_milliseconds().view()} +
                             R"(","conditions":[["content-length-range",1,10])";
        for (auto const& c : conditions) {
            policy += ",";
            if (c == "version")
                policy += R"({"x-oss-signature-version":"OSS4-HMAC-SHA256"})";
            else if (c == "credential")
                policy += R"({"x-oss-credential":")" + cred + "\"}";
            else if (c == "date")
                policy += R"(["eq","$x-oss-date",")" + date + "\"]";
            else if (c == "token")
                policy += R"({"x-oss-security-token":")" + key.key.session_token + "\"}";
            else
                policy += c;
        }
        policy += "]}";
        auto const b = to_base64(policy);
        parameters f{{"key", "u/1.txt"},
                     {"policy", b},
                     {"x-oss-signature-version", "OSS4-HMAC-SHA256"},
                     {"x-oss-credential", cred},
                     {"x-oss-date", date},
                     {"x-oss-signature", std::string{sign_policy(signing_key<oss4>(value, in), b).view()}}};
        if (temporary) f.emplace_back("x-oss-security-token", key.key.session_token);
        f.insert(f.end(), more.begin(), more.end());
        return form_of("/valetkey-sandbox", f, "hello");
    }
};
std::string code(store_answer const& a) {
    auto const at = a.body.find("<Code>");
    return at == a.body.npos
               ? std::to_string(a.status)
               : std::to_string(a.status) + " " + a.body.substr(at + 6, a.body.find('<', at + 6) - at - 6);
}
std::string callback64(std::string const& url, std::string const& body, std::string const& more = "") {
    std::string j{R"({"callbackUrl":)"};
    append_json_string(j, url);
    j += R"(,"callbackBody":)";
    append_json_string(j, body);
    j += more + "}";
    return to_base64(j);
}
}  // namespace

TEST_CASE("OSS: headers", "[sandbox]") {
    oss o;
    CHECK(code(o.store.handle(o.signed1("PUT", "u/1.txt"), now).answer) == "200");
    CHECK(code(o.store.handle(o.signed1("PUT", "u/1.txt", {{"x-oss-forbid-overwrite", "true"}}), now).answer) ==
          "409 FileAlreadyExists");
    CHECK(code(o.store.handle(o.signed1("PUT", "u/1.txt", {{"x-oss-forbid-overwrite", "yes"}}), now).answer) ==
          "400 InvalidArgument");
    CHECK(code(o.store.handle(o.signed1("PUT", "u/2.txt"), now).answer) == "403 AccessDenied");
    CHECK(code(o.store.handle(o.signed1("PUT", "u/1.txt", {{"x-oss-object-acl", "private"}}), now).answer) ==
          "403 AccessDenied");
    CHECK(code(o.store.handle(o.signed1("PUT", "u/1.txt", {{"x-oss-tagging", "a=b"}}), now).answer) ==
          "403 AccessDenied");
    CHECK(code(o.store.handle(o.signed1("PUT", "x:valetkey-sandbox/u/1.txt"), now).answer) == "403 AccessDenied");
    CHECK(code(o.store.handle(o.signed1("PUT", "u/1.txt"), now + std::chrono::minutes{16}).answer) ==
          "403 RequestTimeTooSkewed");
    CHECK(
        code(o.store.handle(o.signed1("PUT", "u/1.txt", {{"content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="}}), now).answer) ==
        "400 InvalidDigest");
    auto const r = o.store.handle(o.signed1("PUT", "u/1.txt"), now).answer;
    CHECK(header_of(r, "ETag") == "\"5D41402ABC4B2A76B9719D911017C592\"");
    CHECK(!header_of(r, "x-oss-request-id").empty());
    CHECK(!o.store.find("x:valetkey-sandbox/u/1.txt"));
    auto late = o.signed1("PUT", "u/1.txt");
    CHECK(code(o.store.handle(late, now + std::chrono::minutes{11}).answer) == "403 InvalidAccessKeyId");
}
TEST_CASE("OSS: presigned URLs", "[sandbox]") {
    oss o;
    store_request url{
        "PUT", "/valetkey-sandbox/u/1.txt", "", {{"host", "127.0.0.1:1"}, {"content-length", "5"}}, "hello"};
    auto const end = std::to_string((now + std::chrono::minutes{1}).time_since_epoch().count());
    auto const s = valetkey::detail::oss1_string_to_sign(url.view(), end, "/valetkey-sandbox/u/1.txt",
                                                         {{"security-token", o.key.key.session_token, true}});
    url.query = encode_parameters({{"OSSAccessKeyId", o.key.key.id},
                                   {"Expires", end},
                                   {"Signature", to_base64(hmac_key<sha1>{o.key.key.value.reveal()}.sign(s))},
                                   {"security-token", o.key.key.session_token}});
    CHECK(code(o.store.handle(url, now).answer) == "200");
    CHECK(code(o.store.handle(url, now + std::chrono::minutes{2}).answer) == "403 AccessDenied");
    url.headers.push_back({"content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="});
    CHECK(code(o.store.handle(url, now).answer) == "403 SignatureDoesNotMatch");
}
TEST_CASE("OSS: forms", "[sandbox]") {
    oss o;
    std::vector<std::string> const all{"version", "credential", "date", "token", R"(["eq","$key","u/1.txt"])"};
    CHECK(code(o.store.handle(o.form4(all, {}), now).answer) == "204");
    CHECK(code(o.store.handle(o.form4(all, {{"x-oss-forbid-overwrite", "true"}}), now).answer) == "403 AccessDenied");
    auto with = all;
    with.push_back(R"({"x-oss-forbid-overwrite":"true"})");
    CHECK(code(o.store.handle(o.form4(with, {{"x-oss-forbid-overwrite", "true"}}), now).answer) ==
          "409 FileAlreadyExists");
    for (std::size_t i = 0; i < 4; ++i) {
        auto less = all;
        less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
        auto const a = o.store.handle(o.form4(less, {}), now).answer;
        CHECK(code(a) == "403 AccessDenied");
        CHECK(a.body.find("Extra input fields") != a.body.npos);
    }
    CHECK(
        code(o.store
                 .handle(o.form4({"version", "credential", "date", R"(["eq","$key","u/1.txt"])"}, {}, now, false), now)
                 .answer) == "204");
    CHECK(code(o.store.handle(o.form4(all, {}, now + std::chrono::minutes{20}), now).answer) ==
          "403 RequestTimeTooSkewed");
    CHECK(code(o.store.handle(o.form4(all, {}, now - std::chrono::days{8}), now).answer) == "403 AccessDenied");
    CHECK(code(o.store.handle(o.form4(all, {}, now - std::chrono::days{2}), now).answer) == "204");
    auto acl = all;
    acl.push_back(R"({"x-oss-object-acl":"private"})");
    CHECK(code(o.store.handle(o.form4(acl, {{"x-oss-object-acl", "private"}}), now).answer) == "403 AccessDenied");
    // version 1
    auto f = o.fields1("");
    f.emplace_back("success_action_status", "201");
    CHECK(code(o.store.handle(form_of("/valetkey-sandbox", f, "hello"), now).answer) == "201");
    f[0].second = "u/2.txt";
    CHECK(code(o.store.handle(form_of("/valetkey-sandbox", f, "hello"), now).answer) == "403 AccessDenied");
    f[0].second = "u/1.txt";
    f[3].second = "x";
    CHECK(code(o.store.handle(form_of("/valetkey-sandbox", f, "hello"), now).answer) == "403 SignatureDoesNotMatch");
    f.erase(f.begin() + 4);
    CHECK(code(o.store.handle(form_of("/valetkey-sandbox", f, "hello"), now).answer) == "403 InvalidAccessKeyId");
    CHECK(code(o.store.handle(form_of("/valetkey-sandbox", {{"key", "u/1.txt"}}, "hello"), now).answer) ==
          "403 AccessDenied");
}
TEST_CASE("OSS calls back", "[sandbox]") {
    oss o;
    std::string const body =
        "objectId=${x:objectId}&resourceType=${x:resourceType}&bucket=${bucket}&object=${object}&size=${size}&etag=${"
        "etag}&mimeType=${mimeType}";
    std::vector<http_header> const ask{
        {"x-oss-callback", callback64("https://127.0.0.1:8443/a%20b?c=%20d", body)},
        {"x-oss-callback-var", to_base64(std::string_view{R"({"x:objectId":"7 8","x:resourceType":"2"})"})},
        {"content-type", "image/png"}};
    auto out = o.store.handle(o.signed1("PUT", "u/1.txt", ask), now);
    REQUIRE(out.callback);
    CHECK(out.callback->request.body ==
          "objectId=7%208&resourceType=2&bucket=valetkey-sandbox&object=u%2F1.txt&size=5&etag="
          "5D41402ABC4B2A76B9719D911017C592&mimeType=image%2Fpng");
    auto const pem = o.store.handle({"GET", "/callback_pub_key_v1.pem", "", {{"host", "127.0.0.1:1"}}, ""}, now).answer;
    CHECK(pem.status == 200);
    auto const key = rsa_public_key::parse(pem.body);
    REQUIRE(key);
    auto const seen = as_request(out.callback->request);
    CHECK(verify_oss_callback(seen.view(), *key) == verdict::accepted);
    std::vector<std::string> const further{"http://127.0.0.1:1/callback_pub_key_v1.pem"};
    CHECK(oss_callback_key_url(seen.view(), further) == further[0]);
    auto const ok = out.callback->then(http_response{200, R"({"ok":1})"});
    CHECK(ok.status == 200);
    CHECK(ok.body == R"({"ok":1})");
    CHECK(!header_of(ok, "ETag").empty());
    CHECK(code(out.callback->then(http_response{403, "{}"})) == "203 CallbackFailed");
    CHECK(code(out.callback->then(http_response{200, "x"})) == "203 CallbackFailed");
    CHECK(code(out.callback->then(std::nullopt)) == "203 CallbackFailed");
    UNSCOPED_INFO(out.callback->then(std::nullopt).body);
    auto json = o.store.handle(
        o.signed1("PUT", "u/1.txt",
                  {{"x-oss-callback", callback64("https://localhost/x", R"({"b":${bucket},"s":${size},"m":${x:m}})",
                                                 R"(,"callbackBodyType":"application/json")")}}),
        now);
    REQUIRE(json.callback);
    CHECK(json.callback->request.body == R"({"b":"valetkey-sandbox","s":5,"m":""})");
    // a form
    std::vector<std::string> const all{"version", "credential", "date", "token"};
    auto form = o.store.handle(o.form4(all, {{"callback", callback64("https://127.0.0.1:8443/cb", body)},
                                             {"x:objectId", "9"},
                                             {"x:resourceType", "1"}}),
                               now);
    REQUIRE(form.callback);
    CHECK(form.callback->request.body.starts_with("objectId=9&resourceType=1&bucket="));
    oss fresh;
    for (auto const& bad :
         {std::string{"no base64"}, to_base64(std::string_view{"[]"}), callback64("http://127.0.0.1/", "a=1"),
          callback64("https://example.com/", "a=1"), callback64("https://localhost/", ""),
          callback64("https://localhost/", "a=$b"), callback64("https://localhost:1@e.com/", "a")}) {
        CHECK(code(fresh.store.handle(fresh.signed1("PUT", "u/1.txt", {{"x-oss-callback", bad}}), now).answer) ==
              "400 InvalidArgument");
        CHECK(code(fresh.store.handle(fresh.form4(all, {{"callback", bad}}), now).answer) == "400 InvalidArgument");
    }
    CHECK(!fresh.store.find("u/1.txt"));
}
TEST_CASE("OSS: STS", "[sandbox]") {
    oss o;
    auto const ask = [&](parameters change, std::string secret_ = "root-secret", std::string id = "root",
                         utc_seconds at = now) {
        parameters q{
            {"DurationSeconds", "900"},
            {"Policy",
             R"({"Version":"1","Statement":[{"Effect":"Allow","Action":["oss:PutObject"],"Resource":["acs:oss:*:*:b/k"]}]})"},
            {"RoleArn", "acs:ram::123456789012:role/valetkey-upload"},
            {"RoleSessionName", "abc"}};
        for (auto& [n, v] : q)
            for (auto const& c : change)
                if (c.first == n) v = c.second;
        for (auto const& c : change)
            if (c.first == "ExternalId") q.push_back(c);
        http_request r{"POST",
                       "",
                       {{"host", "h"},
                        {"x-acs-action", "AssumeRole"},
                        {"x-acs-version", "2015-04-01"},
                        {"x-acs-date", std::string{timestamp{at}.iso().view()}},
                        {"x-acs-signature-nonce", "n"}},
                       ""};
        sign_acs3(r, q, id, {}, hmac_key<sha256>{secret_});
        auto const a = o.store.sts({"POST", "/", encode_parameters(q), r.headers, ""}, now);
        auto const doc = boost::json::parse(a.body);
        auto const* c = doc.as_object().if_contains("Code");
        return std::to_string(a.status) + " " +
               (c ? std::string{c->as_string()}
                  : std::string{doc.at("Credentials").at("AccessKeyId").as_string()}.substr(0, 4));
    };
    CHECK(ask({}) == "200 STS.");
    CHECK(ask({{"DurationSeconds", "899"}}) == "400 InvalidParameter.DurationSeconds");
    CHECK(ask({{"DurationSeconds", "43201"}}) == "400 InvalidParameter.DurationSeconds");
    CHECK(ask({{"Policy", "{}"}}) == "400 InvalidParameter.PolicyGrammar");
    CHECK(ask({{"Policy", std::string(2049, 'x')}}) == "400 InvalidParameter.PolicySize");
    CHECK(ask({{"RoleArn", "acs:ram::123456789012:role/other"}}) == "404 EntityNotExist.Role");
    CHECK(ask({{"RoleSessionName", "a b"}}) == "400 InvalidParameter.RoleSessionName");
    CHECK(ask({{"ExternalId", "x"}}) == "403 NoPermission");
    CHECK(ask({}, "wrong") == "400 SignatureDoesNotMatch");
    CHECK(ask({}, "root-secret", "nobody") == "404 InvalidAccessKeyId.NotFound");
    CHECK(ask({}, "root-secret", "root", now - std::chrono::hours{1}) == "400 InvalidTimeStamp.Expired");
}
TEST_CASE("OSS: a URL that asks for a callback, a policy with more", "[sandbox]") {
    oss o;
    store_request url{
        "PUT", "/valetkey-sandbox/u/1.txt", "", {{"host", "127.0.0.1:1"}, {"content-length", "5"}}, "hello"};
    auto const end = std::to_string((now + std::chrono::minutes{1}).time_since_epoch().count());
    auto const cb = callback64("https://localhost/x", "a=${x:v}");
    auto const var = to_base64(std::string_view{"{\"x:v\":\"1\"}"});
    auto const s = valetkey::detail::oss1_string_to_sign(
        url.view(), end, "/valetkey-sandbox/u/1.txt",
        {{"security-token", o.key.key.session_token, true}, {"callback", cb, true}, {"callback-var", var, true}});
    url.query = encode_parameters({{"OSSAccessKeyId", o.key.key.id},
                                   {"Expires", end},
                                   {"Signature", to_base64(hmac_key<sha1>{o.key.key.value.reveal()}.sign(s))},
                                   {"security-token", o.key.key.session_token},
                                   {"callback", cb},
                                   {"callback-var", var}});
    auto out = o.store.handle(url, now);
    REQUIRE(out.callback);
    CHECK(out.callback->request.body == "a=1");
    auto const f = o.fields1(R"("test":1,)");
    CHECK(code(o.store.handle(form_of("/valetkey-sandbox", f, "hello"), now).answer) == "400 InvalidPolicyDocument");
}
