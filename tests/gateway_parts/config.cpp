/// The configuration and the table of callers: what is refused, with which path, and what good files mean.

#include <valetkey/crypto/digest.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/gateway/config.hpp>
#include <valetkey/providers/aliyun.hpp>
#include <valetkey/providers/aws.hpp>
#include <valetkey/providers/qiniu.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "support/catch.hpp"

#include <sys/stat.h>

#include <atomic>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

template <class T>
struct Catch::StringMaker<boost::system::result<T, valetkey::gateway::config_error>> {
    static std::string convert(boost::system::result<T, valetkey::gateway::config_error> const& r) {
        return r ? "a value" : to_string(r.error());
    }
};

using namespace valetkey;
using namespace valetkey::gateway;
namespace json = boost::json;

namespace {

using service = sts_service<qiniu, aws, aliyun>;

constexpr std::string_view secret_text = "NEVERSHOWN";

/// A folder with all that a configuration names.
class folder {
public:
    folder() {
        std::string name = (std::filesystem::temp_directory_path() / "valetkey-config-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
        write("tls.pem", "certificate");
        write("tls.key", "key");
        write("tokens.json", R"({"tokens":[]})");
    }
    folder(folder&&) = delete;
    ~folder() { std::filesystem::remove_all(path_); }

    void write(std::string const& name, std::string_view text) const {
        std::ofstream{path_ / name, std::ios::binary} << text;
    }
    [[nodiscard]] std::filesystem::path path(std::string_view name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

json::value base() {
    return json::parse(R"({
        "listen": {"address": "127.0.0.1", "port": 0, "certificate": "tls.pem", "private_key": "tls.key"},
        "admin": {"address": "127.0.0.1", "port": 9443},
        "auth": {"tokens": {"file": "tokens.json"}},
        "cors": {"origins": ["https://app.example.com", "http://localhost:5173"]},
        "threads": 2,
        "limits": {"body_bytes": 4096, "header_bytes": 8192, "header_seconds": 7, "idle_seconds": 30,
                   "sts_seconds": 3, "requests_per_minute": 100},
        "paths": {"root": "test"},
        "callback": {"url": "https://upload.example.com/upload/callback"},
        "object_ids": {"sqlite": {"file": "ids.db"}},
        "clouds": {
            "aws": {"access_key_id": "AKIDNEVERSHOWN", "access_key_secret": "NEVERSHOWN1", "bucket": "vk-aws",
                    "region": "us-east-1", "role": "arn:aws:iam::111122223333:role/NEVERSHOWN"},
            "aliyun": {"access_key_id": "LTAINEVERSHOWN", "access_key_secret": "NEVERSHOWN2", "bucket": "vk-aliyun",
                       "region": "oss-cn-hangzhou", "role": "acs:ram::1111222233334444:role/uploader",
                       "form": {"access_key_id": "LTAIFORM", "access_key_secret": "NEVERSHOWN3"}},
            "qiniu": {"access_key_id": "QINIUNEVERSHOWN", "access_key_secret": "NEVERSHOWN4", "bucket": "vk-qiniu",
                      "region": "z0"}}})");
}

/// Lays `changes` over `onto`. `null` takes a member out, the string "<null>" is a null.
void lay(json::value& onto, json::value const& changes) {
    if (!onto.is_object() || !changes.is_object()) {
        onto = changes == "<null>" ? json::value{} : changes;
        return;
    }
    for (auto const& [name, change] : changes.get_object()) {
        if (change.is_null()) {
            onto.get_object().erase(name);
        } else {
            lay(onto.get_object()[name], change);
        }
    }
}

config_result<config<service>> load_text(folder const& in, std::string_view text) {
    in.write("gateway.json", text);
    return load_config<qiniu, aws, aliyun>(in.path("gateway.json"));
}
config_result<config<service>> load_changed(folder const& in, std::string_view changes) {
    auto settings = base();
    lay(settings, json::parse(changes));
    return load_text(in, json::serialize(settings));
}

std::string shown(config_error const& error) {
    return to_string(error);
}

struct bad {
    std::string changes;
    std::string path;
    std::string says;  // a part of the text
};

void refuse(folder const& in, bad const& each) {
    INFO(each.changes);
    auto const read = load_changed(in, each.changes);
    REQUIRE(read.has_error());
    CHECK(read.error().path == each.path);
    CHECK(read.error().what.find(each.says) != std::string::npos);
    INFO(shown(read.error()));
    CHECK(shown(read.error()).find(secret_text) == std::string::npos);
    CHECK(is_printable_utf8(shown(read.error())));
}

std::string hash_of(std::string_view token) {
    return std::string{to_hex(digest<sha256>({token})).view()};
}

config_result<callers> load_tokens(folder const& in, std::string_view text) {
    in.write("tokens.json", text);
    return callers::load(in.path("tokens.json"), "auth.tokens.file");
}

}  // namespace

TEST_CASE("configuration: a value that cannot be used is refused with its path", "[gateway][config]") {
    folder const in;
    std::vector<bad> const cases{
        // sections
        {R"({"listen":null})", "listen", "is missing"},
        {R"({"listen":[]})", "listen", "must be an object"},
        {R"({"listen":"<null>"})", "listen", "must be an object"},
        {R"({"auth":null})", "auth", "is missing"},
        {R"({"auth":{"tokens":null}})", "auth", "exactly one of: tokens"},
        {R"({"auth":{"jwt":{}}})", "auth.jwt", "known here: tokens"},
        {R"({"auth":{"tokens":{"file":null}}})", "auth.tokens.file", "is missing"},
        {R"({"auth":{"tokens":{"path":"x"}}})", "auth.tokens.path", "known here: file"},
        {R"({"auth":{"tokens":{"file":"absent.json"}}})", "auth.tokens.file", "cannot be read"},
        {R"({"object_ids":null})", "object_ids", "is missing"},
        {R"({"object_ids":{"sqlite":null}})", "object_ids", "exactly one of: sqlite"},
        {R"({"object_ids":{"postgres":{}}})", "object_ids.postgres", "known here: sqlite"},
        {R"({"object_ids":{"sqlite":{"file":null}}})", "object_ids.sqlite.file", "is missing"},
        {R"({"object_ids":{"sqlite":{"file":"no/such/ids.db"}}})", "object_ids.sqlite.file", "folder"},
        {R"({"object_ids":{"sqlite":{"file":"."}}})", "object_ids.sqlite.file", "regular file"},
        {R"({"callback":null})", "callback", "is missing"},
        {R"({"callback":{"url":null}})", "callback.url", "is missing"},
        {R"({"clouds":null})", "clouds", "is missing"},
        {R"({"clouds":{"aws":null,"aliyun":null,"qiniu":null}})", "clouds", "at least one of: qiniu, aws, aliyun"},
        {R"({"clouds":{"tencent":{}}})", "clouds.tencent", "it has: qiniu, aws, aliyun"},
        {R"({"clouds":{"AWS":{}}})", "clouds.AWS", "is not a cloud"},
        {R"({"cloud":{}})", "cloud", "known here: listen, admin, auth, cors"},
        {R"({"a\nb\u202e\u00e9":1})", "a?b?????", "is not known"},
        {R"({"":1})", "\"\"", "is not known"},
        // listen and admin
        {R"({"listen":{"address":null}})", "listen.address", "is missing"},
        {R"({"listen":{"address":1}})", "listen.address", "must be a string"},
        {R"({"listen":{"address":"localhost"}})", "listen.address", "IPv4 or IPv6"},
        {R"({"listen":{"address":"127.0.0.1:80"}})", "listen.address", "IPv4 or IPv6"},
        {R"({"listen":{"address":"[::1]"}})", "listen.address", "IPv4 or IPv6"},
        {R"({"listen":{"address":""}})", "listen.address", "is empty"},
        {R"({"listen":{"port":null}})", "listen.port", "is missing"},
        {R"({"listen":{"port":"8443"}})", "listen.port", "must be an integer from 0 to 65535"},
        {R"({"listen":{"port":65536}})", "listen.port", "65535"},
        {R"({"listen":{"port":-1}})", "listen.port", "65535"},
        {R"({"listen":{"port":8443.0}})", "listen.port", "65535"},
        {R"({"listen":{"port":true}})", "listen.port", "65535"},
        {R"({"listen":{"certificate":null}})", "listen.certificate", "is missing"},
        {R"({"listen":{"certificate":"absent.pem"}})", "listen.certificate", "cannot be read: No such file"},
        {R"({"listen":{"certificate":"."}})", "listen.certificate", "not a regular file"},
        {R"({"listen":{"certificate":"a\u0000b"}})", "listen.certificate", "control characters"},
        {R"({"listen":{"private_key":"absent.key"}})", "listen.private_key", "cannot be read"},
        {R"({"listen":{"private_key":["tls.key"]}})", "listen.private_key", "must be a string"},
        {R"({"listen":{"host":"x"}})", "listen.host", "known here: address, port, certificate, private_key"},
        {R"({"admin":{"port":null}})", "admin.port", "is missing"},
        {R"({"admin":{"address":"0"}})", "admin.address", "IPv4"},
        {R"({"admin":{"certificate":"tls.pem"}})", "admin.certificate", "is not known"},
        {R"({"admin":{"port":8443},"listen":{"port":8443}})", "admin.port", "port of `listen`"},
        // cors
        {R"({"cors":{"origin":[]}})", "cors.origin", "known here: origins"},
        {R"({"cors":{"origins":"https://a.example"}})", "cors.origins", "must be an array"},
        {R"({"cors":{"origins":["https://a.example",5]}})", "cors.origins[1]", "must be a string"},
        {R"({"cors":{"origins":["https://a.example","https://a.example"]}})", "cors.origins[1]", "twice"},
        // threads and limits
        {R"({"threads":257})", "threads", "0 to 256"},
        {R"({"threads":-1})", "threads", "0 to 256"},
        {R"({"limits":5})", "limits", "must be an object"},
        {R"({"limits":{"body":1}})", "limits.body", "known here: body_bytes"},
        {R"({"limits":{"body_bytes":255}})", "limits.body_bytes", "256 to 8192"},
        {R"({"limits":{"body_bytes":8193}})", "limits.body_bytes", "256 to 8192"},
        {R"({"limits":{"header_bytes":1023}})", "limits.header_bytes", "1024 to 16384"},
        {R"({"limits":{"header_bytes":16385}})", "limits.header_bytes", "1024 to 16384"},
        {R"({"limits":{"header_seconds":0}})", "limits.header_seconds", "1 to 3600"},
        {R"({"limits":{"header_seconds":1.5}})", "limits.header_seconds", "1 to 3600"},
        {R"({"limits":{"idle_seconds":3601}})", "limits.idle_seconds", "1 to 3600"},
        {R"({"limits":{"sts_seconds":0}})", "limits.sts_seconds", "1 to 60"},
        {R"({"limits":{"sts_seconds":61}})", "limits.sts_seconds", "1 to 60"},
        {R"({"limits":{"requests_per_minute":1000000001}})", "limits.requests_per_minute", "0 to 1000000000"},
        {R"({"limits":{"requests_per_minute":1e3}})", "limits.requests_per_minute", "integer"},
        {R"({"limits":{"requests_per_minute":18446744073709551616}})", "limits.requests_per_minute", "integer"},
        // root
        {R"({"paths":{"roots":"x"}})", "paths.roots", "known here: root"},
        {R"({"paths":{"root":""}})", "paths.root", "is empty"},
        {R"({"paths":{"root":"/test"}})", "paths.root", "must be made of"},
        {R"({"paths":{"root":"test/"}})", "paths.root", "must be made of"},
        {R"({"paths":{"root":"test."}})", "paths.root", "must be made of"},
        {R"({"paths":{"root":"a//b"}})", "paths.root", "must be made of"},
        {R"({"paths":{"root":"a/../b"}})", "paths.root", "must be made of"},
        {R"({"paths":{"root":"Test"}})", "paths.root", "must be made of"},
        {R"({"paths":{"root":"te*st"}})", "paths.root", "must be made of"},
        {"{\"paths\":{\"root\":\"" + std::string(300, 'a') + "\"}}", "paths.root", "resource_video, "},
        // callback
        {R"({"callback":{"host":"x"}})", "callback.host", "known here: url"},
        // clouds
        {R"({"clouds":{"aws":5}})", "clouds.aws", "must be an object"},
        {R"({"clouds":{"aws":{"access_key_id":null}}})", "clouds.aws.access_key_id", "is missing"},
        {R"({"clouds":{"aws":{"access_key_secret":null}}})", "clouds.aws.access_key_secret", "is missing"},
        {R"({"clouds":{"aws":{"access_key_secret":""}}})", "clouds.aws.access_key_secret", "is empty"},
        {R"({"clouds":{"aws":{"access_key_secret":7}}})", "clouds.aws.access_key_secret", "must be a string"},
        {R"({"clouds":{"aws":{"access_key_secret":"NEVERSHOWN\n"}}})", "clouds.aws.access_key_secret", "line ends"},
        {R"({"clouds":{"aws":{"root":{}}}})", "clouds.aws.root", "access_key_id, access_key_secret, bucket, region"},
        {R"({"clouds":{"aws":{"bucket":null}}})", "clouds.aws.bucket", "1 to 63"},
        {R"({"clouds":{"aws":{"bucket":"a/*NEVERSHOWN"}}})", "clouds.aws.bucket", "1 to 63"},
        {R"({"clouds":{"aws":{"region":null}}})", "clouds.aws.region", "region"},
        {R"({"clouds":{"aws":{"role":"NEVERSHOWN"}}})", "clouds.aws.role", "ARN"},
        {R"({"clouds":{"aws":{"rolle":"NEVERSHOWN"}}})", "clouds.aws.rolle", "external_id, path_style"},
        {R"({"clouds":{"aws":{"path_style":1}}})", "clouds.aws.path_style", "true or false"},
        {R"({"clouds":{"aws":{"duration_seconds":899}}})", "clouds.aws.duration_seconds", "900 to 43200"},
        {R"({"clouds":{"aws":{"duration_seconds":"3600"}}})", "clouds.aws.duration_seconds", "integer"},
        {R"({"clouds":{"aws":{"max_size":0}}})", "clouds.aws.max_size", "1 to 5368709120"},
        {R"({"clouds":{"aws":{"max_size":-1}}})", "clouds.aws.max_size", "integer"},
        {R"({"clouds":{"aws":{"endpoint":"http://store.example"}}})", "clouds.aws.endpoint", "not loopback"},
        {R"({"clouds":{"aws":{"sts_endpoint":"https://sts.example/NEVERSHOWN"}}})", "clouds.aws.sts_endpoint", "HOST"},
        {R"({"clouds":{"aws":{"voucher_key":"form"}}})", "clouds.aws.voucher_key", "needs `form`"},
        {R"({"clouds":{"aws":{"form":"<null>"}}})", "clouds.aws.form", "must be an object"},
        {R"({"clouds":{"aliyun":{"form":{"access_key_id":null}}}})", "clouds.aliyun.form.access_key_id", "is missing"},
        {R"({"clouds":{"aliyun":{"form":{"role":"x"}}}})", "clouds.aliyun.form.role",
         "access_key_id, access_key_secret"},
        {R"({"clouds":{"aliyun":{"role":null}}})", "clouds.aliyun.role", "is missing"},
        {R"({"clouds":{"aliyun":{"path_style":true}}})", "clouds.aliyun.path_style", "is not known"},
        {R"({"clouds":{"qiniu":{"sts_endpoint":"https://x.example"}}})", "clouds.qiniu.sts_endpoint", "is not known"},
        {R"({"clouds":{"qiniu":{"voucher_key":"form"}}})", "clouds.qiniu.voucher_key", "is not known"},
        {R"({"clouds":{"qiniu":{"role":"x"}}})", "clouds.qiniu.role", "is not known"},
    };
    for (auto const& each : cases) refuse(in, each);
}

TEST_CASE("configuration: a string may be a reference, as a whole", "[gateway][config]") {
    folder const in;
    ::setenv("VALETKEY_TEST_SECRET", "from the environment NEVERSHOWN", 1);
    ::setenv("VALETKEY_TEST_EMPTY", "", 1);
    ::setenv("VALETKEY_TEST_LATIN", "caf\xe9", 1);
    ::unsetenv("VALETKEY_TEST_UNSET");
    in.write("secret", "from a file NEVERSHOWN\n");
    in.write("secret-dos", "from a file\r\n");
    in.write("two-lines", "NEVERSHOWN\nNEVERSHOWN\n");
    in.write("two-ends", "NEVERSHOWN\n\n");
    in.write("empty", "\n");
    in.write("large", std::string(70'000, 'x'));
    auto const with = [](std::string const& value) {
        return R"({"clouds":{"aws":{"access_key_secret":")" + value + "\"}}}";
    };
    std::string const path = "clouds.aws.access_key_secret";
    std::vector<bad> const cases{
        {with("${env:VALETKEY_TEST_UNSET}"), path, "is not set"},
        {with("${env:VALETKEY_TEST_EMPTY}"), path, "is empty"},
        {with("${env:VALETKEY_TEST_LATIN}"), path, "not UTF-8"},
        {with("${env:}"), path, "NAME"},
        {with("${env:9}"), path, "NAME"},
        {with("${env:A B}"), path, "NAME"},
        {with("${env:VALETKEY_TEST_SECRET=x}"), path, "NAME"},
        {with("${env:VALETKEY_TEST_SECRET"), path, "only the whole value"},
        {with("${env:VALETKEY_TEST_SECRET}x"), path, "only the whole value"},
        {with("x${env:VALETKEY_TEST_SECRET}"), path, "only the whole value"},
        {with("${env:VALETKEY_TEST_SECRET}${env:VALETKEY_TEST_SECRET}"), path, "only the whole value"},
        {with("${ENV:VALETKEY_TEST_SECRET}"), path, "only the whole value"},
        {with("${VALETKEY_TEST_SECRET}"), path, "only the whole value"},
        {with("${}"), path, "only the whole value"},
        {with("${file:}"), path, "PATH"},
        {with("${file:absent}"), path, "cannot be read: No such file"},
        {with("${file:.}"), path, "not a regular file"},
        {with("${file:empty}"), path, "is empty"},
        {with("${file:two-lines}"), path, "line ends"},
        {with("${file:two-ends}"), path, "line ends"},
        {with("${file:large}"), path, "larger than 65536"},
        {R"({"cors":{"origins":["${env:VALETKEY_TEST_UNSET}"]}})", "cors.origins[0]", "is not set"},
        {R"({"listen":{"certificate":"${file:absent}"}})", "listen.certificate", "cannot be read"},
        {R"({"listen":{"port":"${env:VALETKEY_TEST_SECRET}"}})", "listen.port", "integer"},
    };
    for (auto const& each : cases) refuse(in, each);

    SECTION("a pipe does not hold up a start") {
        REQUIRE(::mkfifo(in.path("pipe").c_str(), 0600) == 0);
        refuse(in, {with("${file:pipe}"), path, "not a regular file"});
    }
    auto const secret_of = [&](std::string const& value) {
        auto read = load_changed(in, with(value));
        INFO(value);
        REQUIRE(read.has_value());
        return std::string{read->service.of<aws>()->root.value.reveal()};
    };
    CHECK(secret_of("${env:VALETKEY_TEST_SECRET}") == "from the environment NEVERSHOWN");
    CHECK(secret_of("${file:secret}") == "from a file NEVERSHOWN");
    CHECK(secret_of("${file:secret-dos}") == "from a file");
    CHECK(secret_of("${file:" + in.path("secret").string() + "}") == "from a file NEVERSHOWN");
    CHECK(secret_of("a $ { } value") == "a $ { } value");

    ::setenv("VALETKEY_TEST_REFERENCE", "${env:VALETKEY_TEST_SECRET}", 1);
    CHECK(secret_of("${env:VALETKEY_TEST_REFERENCE}") == "${env:VALETKEY_TEST_SECRET}");
    ::setenv("VALETKEY_TEST_FILE", "tokens.json", 1);
    CHECK(load_changed(in, R"({"auth":{"tokens":{"file":"${env:VALETKEY_TEST_FILE}"}}})").has_value());
}

TEST_CASE("configuration: only RFC 8259 is JSON here", "[gateway][config]") {
    folder const in;
    auto const good = json::serialize(base());
    REQUIRE(load_text(in, good));
    auto const replaced = [&](std::string_view what, std::string_view with) {
        auto text = good;
        auto const at = text.find(what);
        REQUIRE(at != std::string::npos);
        return text.replace(at, what.size(), with);
    };
    struct broken {
        std::string text;
        std::string path;
        std::string says;
    };
    std::vector<broken> const cases{
        {"", "", "line 1, column 1"},
        {"\n\n  ", "", "is not JSON"},
        {"5", "", "must be an object"},
        {"[]", "", "must be an object"},
        {"null", "", "must be an object"},
        {good + "x", "", "extra data"},
        {good + good, "", "extra data"},
        {good + std::string(1, '\0'), "", "extra data"},
        {"\xef\xbb\xbf" + good, "", "line 1, column 1"},
        {"/* why */" + good, "", "syntax"},
        {"// why\n" + good, "", "syntax"},
        {good.substr(0, good.size() - 1), "", "incomplete"},
        {replaced("\"threads\":2", "\"threads\":02"), "", "syntax"},
        {replaced("\"threads\":2", "\"threads\":+2"), "threads", "syntax"},
        {replaced("\"threads\":2", "\"threads\":0x2"), "", "syntax"},
        {replaced("\"threads\":2", "\"threads\":NaN"), "threads", "syntax"},
        {replaced("\"threads\":2", "threads:2"), "", "syntax"},
        {replaced("\"threads\":2", "'threads':2"), "", "syntax"},
        {replaced("\"threads\":2", "\"threads\":2,"), "", "syntax"},
        {replaced("\"vk-aws\"", "\"vk-\xff\""), "clouds.aws.bucket", "syntax"},
        {replaced("\"vk-aws\"", "\"vk-\xc0\xaf\""), "clouds.aws.bucket", "syntax"},
        {replaced("\"vk-aws\"", "\"vk-\\ud800\""), "clouds.aws.bucket", "is not JSON"},
        {replaced("\"vk-aws\"", "\"vk-\naws\""), "clouds.aws.bucket", "syntax"},
        {replaced("\"threads\":2", "\"threads\":2,\"threads\":2"), "threads", "twice"},
        {replaced("\"threads\":2", "\"\":2,\"\":2"), "\"\"", "twice"},
        {replaced("\"threads\":2", "\"threads\":2,\"\\u0074hreads\":2"), "threads", "twice"},
        {replaced("\"bucket\":\"vk-aws\"", "\"bucket\":\"NEVERSHOWN\",\"bucket\":\"vk-aws\""), "clouds.aws.bucket",
         "twice"},
        {replaced("\"aws\":{", "\"aws\":{},\"aws\":{"), "clouds.aws", "twice"},
        {replaced("[\"https:", "[{\"a\":1,\"a\":2},\"https:"), "cors.origins[0].a", "twice"},
        {std::string(5000, '['), "", "too deep"},
        {replaced("\"threads\":2", "\"threads\":[[[[[[[[2]]]]]]]]"), "threads", "deep"},
        {replaced("\"vk-aws\"", "\"" + std::string(70'000, 'x') + "\""), "clouds.aws.bucket", "too large"},
        {good + std::string(1 << 20, ' '), "", "larger than 1048576 bytes"},
    };
    for (auto const& each : cases) {
        INFO(each.text.substr(0, 300));
        auto const read = load_text(in, each.text);
        REQUIRE(read.has_error());
        INFO(shown(read.error()));
        CHECK(read.error().path.starts_with(each.path));
        CHECK((each.path.empty() || !read.error().path.empty()));
        CHECK(read.error().what.find(each.says) != std::string::npos);
        CHECK(shown(read.error()).find(secret_text) == std::string::npos);
    }
    CHECK(load_config<qiniu>(in.path("absent.json")).error().what.find("cannot be read") == 0);
    CHECK(load_config<qiniu>(in.path(".")).error().what == "is not a regular file");

    auto const where = load_text(in, "{\n  \"threads\": 1,\n  \"paths\": {\"root\": tru}\n}");
    CHECK(shown(where.error()).find("paths.root: ") == 0);
    CHECK(shown(where.error()).find("line 3, column 2") != std::string::npos);
}

TEST_CASE("configuration: callback.url is one plain address", "[gateway][config]") {
    for (std::string_view const good :
         {"https://upload.example.com", "https://upload.example.com/",
          "https://upload.example.com:8443/upload/callback", "http://localhost:8088/upload/callback",
          "http://127.0.0.1:1/x", "http://[::1]:8080/x", "https://h.example/a%20b", "https://h.example/a?b=c&d=e"})
        CHECK_FALSE(callback_url_problem(good));
    for (std::string_view const wrong : {"",
                                         "upload.example.com/x",
                                         "/upload/callback",
                                         "ftp://h.example/x",
                                         "https://",
                                         "https:///x",
                                         "HTTPS://h.example/x",
                                         "http://h.example/x",
                                         "http://localhost.example/x",
                                         "http://127.0.0.1.example/x",
                                         "https://user@h.example/x",
                                         "https://user:pw@h.example/x",
                                         "https://h.example/x#y",
                                         "https://h.example#y",
                                         "https://h.example/a b",
                                         "https://h.example/\"",
                                         "https://h.example/'",
                                         "https://h.example/\n",
                                         "https://h.example/\xc3\xa9",
                                         "https://h.example/a;https://other.example/b",
                                         "https://h.example;https://other.example",
                                         "https://h.example/$(key)",
                                         "https://h.example/${object}",
                                         "https://h.example/%",
                                         "https://h.example/%2",
                                         "https://h.example/%zz",
                                         "https://h.example/<",
                                         "https://h.example/\\",
                                         "https://h.example\\@evil.example/",
                                         "https://h.example:0/x",
                                         "https://h.example:99999/x",
                                         "https://h.example:/x",
                                         "https://h_.example/x",
                                         "https://*.example/x"}) {
        INFO(wrong);
        CHECK(callback_url_problem(wrong));
    }
    CHECK(callback_url_problem("https://h.example/" + std::string(1024, 'a')));
    folder const in;
    refuse(in, {R"({"callback":{"url":"http://upload.example.com/NEVERSHOWN"}})", "callback.url", "must be https://"});
}

TEST_CASE("configuration: an origin is what a browser sends", "[gateway][config]") {
    for (std::string_view const good :
         {"https://app.example.com", "http://localhost:5173", "https://app.example.com:8443", "http://[::1]:3000",
          "capacitor://localhost", "http://127.0.0.1"})
        CHECK(is_browser_origin(good));
    for (std::string_view const wrong : {"",
                                         "*",
                                         "null",
                                         "https://*.example.com",
                                         "app.example.com",
                                         "//app.example.com",
                                         "https://app.example.com/",
                                         "https://app.example.com/x",
                                         "https://App.example.com",
                                         "HTTPS://app.example.com",
                                         "https://app.example.com:443",
                                         "http://app.example.com:80",
                                         "https://app.example.com:",
                                         "https://app.example.com:08",
                                         "https://user@app.example.com",
                                         "https://app.example.com?",
                                         "https://app.example.com#",
                                         "https://a.example,https://b.example",
                                         "https:// a.example",
                                         "://a.example",
                                         "1://a.example",
                                         "https://\xc3\xa9.example"}) {
        INFO(wrong);
        CHECK_FALSE(is_browser_origin(wrong));
    }
    folder const in;
    refuse(in, {R"({"cors":{"origins":["https://a.example","https://NEVERSHOWN/"]}})", "cors.origins[1]", "no slash"});
}

TEST_CASE("configuration: the root must leave room for every module's longest key", "[gateway][config]") {
    folder const in;
    auto const with = [](std::size_t size) { return "{\"paths\":{\"root\":\"" + std::string(size, 'r') + "\"}}"; };
    // the longest: {root}/material/template/{36}/{16}/{36}.{16}
    auto const most =
        upload_scope::max_size - std::string_view{"/material/template/"}.size() - 36 - 1 - 16 - 1 - 36 - 1 - 16;
    CHECK(load_changed(in, with(most)));
    auto const read = load_changed(in, with(most + 1));
    REQUIRE(read.has_error());
    CHECK(read.error().path == "paths.root");
    CHECK(read.error().what.ends_with(": material_template"));
}

TEST_CASE("configuration: a whole file", "[gateway][config]") {
    folder const in;
    auto read = load_changed(in, R"({"clouds":{"aws":{"duration_seconds":1800,"path_style":true,"max_size":1}}})");
    REQUIRE(read.has_value());
    CHECK(read->listen == listen_address{"127.0.0.1", 0});
    CHECK(read->certificate == in.path("tls.pem"));
    CHECK(read->private_key == in.path("tls.key"));
    CHECK(read->admin == listen_address{"127.0.0.1", 9443});
    CHECK(read->origins == std::vector<std::string>{"https://app.example.com", "http://localhost:5173"});
    CHECK(read->threads == 2);
    CHECK(read->limits.body_bytes == 4096);
    CHECK(read->limits.header_bytes == 8192);
    CHECK(read->limits.header_time == std::chrono::seconds{7});
    CHECK(read->limits.idle_time == std::chrono::seconds{30});
    CHECK(read->limits.sts_time == std::chrono::seconds{3});
    CHECK(read->limits.requests_per_minute == 100);
    CHECK(read->limits.front().header_time == std::chrono::seconds{7});
    CHECK(read->object_id_file == in.path("ids.db"));
    CHECK_FALSE(std::filesystem::exists(read->object_id_file));
    CHECK(read->service.root == "test");
    CHECK(read->service.callback_url == "https://upload.example.com/upload/callback");
    auto const& own = *read->service.of<aws>();
    CHECK(own.root.id == "AKIDNEVERSHOWN");
    CHECK(own.root.value.reveal() == "NEVERSHOWN1");
    CHECK(own.bucket == "vk-aws");
    CHECK(own.duration_seconds == 1800);
    CHECK(own.path_style);
    CHECK(own.max_size == 1);
    CHECK_FALSE(own.form);
    CHECK(own.voucher_key == "temporary");
    CHECK(read->service.of<aliyun>()->form->value.reveal() == "NEVERSHOWN3");
    service const made{read->service};
    CHECK(made.problems().empty());
    CHECK(made.serves(2));
}

TEST_CASE("configuration: the least that can be said, and its defaults", "[gateway][config]") {
    folder const in;
    auto read = load_changed(in, R"({"admin":null,"cors":null,"threads":null,"limits":null,"paths":null,
                                       "clouds":{"aws":null,"aliyun":null}})");
    REQUIRE(read.has_value());
    CHECK_FALSE(read->admin);
    CHECK(read->origins.empty());
    CHECK(read->threads == 0);
    CHECK(read->limits.body_bytes == 8192);
    CHECK(read->limits.header_bytes == 16384);
    CHECK(read->limits.header_time == std::chrono::seconds{10});
    CHECK(read->limits.idle_time == std::chrono::seconds{60});
    CHECK(read->limits.sts_time == std::chrono::seconds{5});
    CHECK(read->limits.requests_per_minute == 0);
    CHECK(read->service.root == "upload");
    CHECK_FALSE(read->service.of<aws>());
    CHECK(load_config(std::type_identity<service>{}, in.path("gateway.json")));

    SECTION("a cloud that is not compiled in is not known") {
        in.write("gateway.json", json::serialize(base()));
        auto const other = load_config<qiniu>(in.path("gateway.json"));
        REQUIRE(other.has_error());
        CHECK(other.error().path == "clouds.aws");
    }
}

TEST_CASE("configuration: a reload names what it leaves alone", "[gateway][config]") {
    folder const in;
    auto const running = load_changed(in, "{}");
    auto const same = load_changed(in, R"({"paths":{"root":"other"},"limits":{"sts_seconds":1},"cors":null,
                                           "callback":{"url":"https://other.example/"},"clouds":{"qiniu":null}})");
    CHECK(unchanged_by_reload(*running, *same).empty());
    auto const other = load_changed(in, R"({"listen":{"port":1},"admin":null,"threads":1,
                                            "object_ids":{"sqlite":{"file":"other.db"}}})");
    CHECK(unchanged_by_reload(*running, *other) ==
          std::vector<std::string_view>{"listen", "admin", "threads", "object_ids"});
}

TEST_CASE("tokens: what is refused, with its path", "[gateway][callers]") {
    folder const in;
    auto const one = [](std::string const& members) { return R"({"tokens":[{)" + members + "}]}"; };
    auto const hash = "\"sha256\":\"" + hash_of("x") + "\"";
    auto const good = hash + R"(,"subject":"alice")";
    struct broken {
        std::string text;
        std::string path;
        std::string says;
    };
    std::vector<broken> const cases{
        {"", "", "is not JSON"},
        {"[]", "", "must be an object"},
        {"{}", "tokens", "is missing"},
        {R"({"tokens":{}})", "tokens", "must be an array"},
        {R"({"tokens":[],"users":[]})", "users", "known here: tokens"},
        {R"({"tokens":[],"tokens":[]})", "tokens", "twice"},
        {R"({"tokens":[5]})", "tokens[0]", "must be an object"},
        {one(R"("subject":"alice")"), "tokens[0].sha256", "is missing"},
        {one(R"("sha256":"","subject":"a")"), "tokens[0].sha256", "is empty"},
        {one(R"("sha256":"abc","subject":"a")"), "tokens[0].sha256", "64 hex digits"},
        {one("\"sha256\":\"" + std::string(64, 'g') + R"(","subject":"a")"), "tokens[0].sha256", "64 hex digits"},
        {one("\"sha256\":\"" + std::string(66, 'a') + R"(","subject":"a")"), "tokens[0].sha256", "64 hex digits"},
        {one(R"("sha256":5,"subject":"a")"), "tokens[0].sha256", "must be a string"},
        {one(hash), "tokens[0].subject", "is missing"},
        {one(hash + R"(,"subject":"")"), "tokens[0].subject", "is empty"},
        {one(hash + R"(,"subject":"a\nb")"), "tokens[0].subject", "control characters"},
        {one(hash + R"(,"subject":"a\u0085b")"), "tokens[0].subject", "control characters"},
        {one(hash + R"(,"subject":"${env:HOME}")"), "tokens[0].subject", "no variables"},
        {one(hash + ",\"subject\":\"" + std::string(129, 'a') + "\""), "tokens[0].subject", "1 to 128"},
        {one(good + R"(,"modules":"all")"), "tokens[0].modules", "\"*\" or an array"},
        {one(good + R"(,"modules":null)"), "tokens[0].modules", "\"*\" or an array"},
        {one(good + R"(,"modules":["*"])"), "tokens[0].modules[0]", "resource_video, resource_image"},
        {one(good + R"(,"modules":["resource_video","video"])"), "tokens[0].modules[1]", "a module's name"},
        {one(good + R"(,"modules":[1])"), "tokens[0].modules[0]", "must be a string"},
        {one(good + R"(,"projects":8357)"), "tokens[0].projects", "\"*\" or an array"},
        {one(good + R"(,"projects":["8357"])"), "tokens[0].projects[0]", "integer from 1"},
        {one(good + R"(,"projects":[1,0])"), "tokens[0].projects[1]", "integer from 1"},
        {one(good + R"(,"projects":[-1])"), "tokens[0].projects[0]", "integer from 1"},
        {one(good + R"(,"projects":[1.5])"), "tokens[0].projects[0]", "integer from 1"},
        {one(good + R"(,"projects":[9223372036854775808])"), "tokens[0].projects[0]", "integer from 1"},
        {one(good + R"(,"token":"NEVERSHOWN")"), "tokens[0].token", "sha256, subject, modules, projects"},
        {one(good + R"(,"subject":"bob")"), "tokens[0].subject", "twice"},
        {"{\"tokens\":[{" + good + "},{" + good + "}]}", "tokens[1].sha256", "twice"},
        {"{\"tokens\":[{" + good + "}]}\n{}", "", "extra data"},
        {std::string(1 << 24, ' ') + "{\"tokens\":[]}", "", "larger than"},
    };
    for (auto const& each : cases) {
        INFO(each.text.substr(0, 300));
        auto const read = load_tokens(in, each.text);
        REQUIRE(read.has_error());
        CHECK(read.error().path == "auth.tokens.file" + (each.path.empty() ? "" : ": " + each.path));
        CHECK(read.error().what.find(each.says) != std::string::npos);
        CHECK(shown(read.error()).find(secret_text) == std::string::npos);
    }
    in.write("tokens.json", cases.front().text);
    auto const whole = load_changed(in, "{}");
    REQUIRE(whole.has_error());
    CHECK(whole.error().path == "auth.tokens.file");
}

TEST_CASE("tokens: who may do what", "[gateway][callers]") {
    folder const in;
    auto const entry = [](std::string const& hash, std::string const& rest) {
        return "{\"sha256\":\"" + hash + "\"," + rest + "}";
    };
    auto upper = hash_of("token-of-bob");
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    auto nearly = hash_of("token-of-carol");
    nearly.back() = nearly.back() == '0' ? '1' : '0';
    auto const table = load_tokens(
        in, "{\"tokens\":[" +
                entry(hash_of("token-of-alice"),
                      R"("subject":"alice","modules":["resource_video","temp"],"projects":[8357,3])") +
                "," + entry(upper, R"("subject":"bob","modules":"*","projects":"*")") + "," +
                entry(hash_of("token-of-nobody"), R"("subject":"никто")") + "," +
                entry(hash_of(""), R"("subject":"empty")") + "," + entry(hash_of("a b"), R"("subject":"blank")") + "," +
                entry(hash_of("a\tb"), R"("subject":"tab")") + "," + entry(nearly, R"("subject":"carol")") + "]}");
    REQUIRE(table.has_value());
    CHECK(table->size() == 7);
    auto const* alice = table->find("token-of-alice");
    REQUIRE(alice);
    CHECK(alice->subject() == "alice");
    CHECK(alice->allows(upload_module::resource_video));
    CHECK(alice->allows(upload_module::directorytemp));
    CHECK_FALSE(alice->allows(upload_module::resource_image));
    CHECK_FALSE(alice->allows(upload_module::bs_project));
    CHECK(alice->allows_project(3));
    CHECK(alice->allows_project(8357));
    CHECK_FALSE(alice->allows_project(4));
    CHECK_FALSE(alice->allows_project(0));
    auto const* bob = table->find("token-of-bob");
    REQUIRE(bob);
    for (auto const& [name, module] : module_names) CHECK(bob->allows(module));
    CHECK(bob->allows_project(1));
    auto const* nobody = table->find("token-of-nobody");
    REQUIRE(nobody);
    for (auto const& [name, module] : module_names) CHECK_FALSE(nobody->allows(module));
    CHECK_FALSE(nobody->allows_project(1));

    for (std::string_view const header :
         {"Bearer token-of-alice", "bearer token-of-alice", "BEARER token-of-alice", "token-of-alice"})
        CHECK(table->find_by_header(header) == alice);
    for (std::string_view const header :
         {"", " ", "Bearer", "Bearer ", "Bearer  token-of-alice", "Bearer token-of-alice ", " token-of-alice",
          "Bearer\ttoken-of-alice", "Basic token-of-alice", "Bearer token-of alice", "Bearertoken-of-alice",
          "token-of-alice\n", "Bearer token-of-alic", "Bearer token-of-alicee", "Bearer TOKEN-OF-ALICE",
          "Bearer Bearer token-of-alice", "Bearer token-of-alice,"})
        CHECK(table->find_by_header(header) == nullptr);
    CHECK(table->find_by_header(std::string_view{"Bearer\0token-of-alice", 21}) == nullptr);
    CHECK(table->find_by_header(std::string_view{"Bearer token-of-alice\0", 22}) == nullptr);
    for (std::string_view const header : {"a b", "Bearer a b", "a\tb", "Bearer a\tb", "token-of-carol"})
        CHECK(table->find_by_header(header) == nullptr);
    CHECK(table->find("") == nullptr);
    CHECK(table->find(hash_of("token-of-alice")) == nullptr);

    std::string const longest(callers::max_token_size, 'x');
    auto const large =
        load_tokens(in, R"({"tokens":[{"sha256":")" + hash_of(longest) + R"(","subject":"l"},{"sha256":")" +
                            hash_of(longest + "x") + R"(","subject":"m"}]})");
    CHECK(large->find_by_header("Bearer " + longest));
    CHECK_FALSE(large->find_by_header("Bearer " + longest + "x"));
    CHECK(load_tokens(in, R"({"tokens":[]})")->find("x") == nullptr);
}

TEST_CASE("tokens: the limit counts a subject, in each minute, across reloads and threads", "[gateway][callers]") {
    folder const in;
    auto const text = R"({"tokens":[{"sha256":")" + hash_of("a1") + R"(","subject":"alice"},{"sha256":")" +
                      hash_of("a2") + R"(","subject":"alice"},{"sha256":")" + hash_of("b") + R"(","subject":"bob"}]})";
    auto const table = load_tokens(in, text);
    using clock = std::chrono::steady_clock;
    auto const at = [](int seconds) { return clock::time_point{std::chrono::seconds{seconds}}; };

    auto const* first = table->find("a1");
    auto const* second = table->find("a2");
    for (int i = 0; i < 1000; ++i) CHECK(first->take(0, at(0)) == 0);
    CHECK(first->take(3, at(600)) == 0);
    CHECK(second->take(3, at(601)) == 0);
    CHECK(first->take(3, at(659)) == 0);
    CHECK(first->take(3, at(600)) == 60);
    CHECK(second->take(3, at(659)) == 1);
    CHECK(second->take(3, at(659) + std::chrono::milliseconds{999}) == 1);
    CHECK(first->take(4, at(659)) == 0);  // a reload may raise the limit
    CHECK(table->find("b")->take(3, at(659)) == 0);
    CHECK(first->take(1, at(660)) == 0);
    CHECK(first->take(1, at(659)) != 0);  // a thread with an older clock does not open a minute again
    CHECK(first->take(1, at(719)) == 1);

    auto reloaded = load_tokens(in, text);
    CHECK(reloaded->find("a1")->take(1, at(719)) == 0);
    reloaded->keep_budgets_of(*table);
    CHECK(reloaded->find("a1")->take(1, at(719)) == 1);
    CHECK(reloaded->find("a2")->take(1, at(720)) == 0);
    CHECK(first->take(1, at(720)) == 60);

    for (int const minute : {1200, 1260}) {
        std::atomic<int> served{0};
        std::atomic<int> waiting{4};
        std::vector<std::thread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                auto const* bob = table->find("b");
                --waiting;
                while (waiting > 0) std::this_thread::yield();
                for (int i = 0; i < 200'000; ++i)
                    if (bob->take(600'000, at(minute)) == 0) ++served;
            });
        for (auto& thread : threads) thread.join();
        CHECK(served == 600'000);
    }
}
