#include <valetkey/policy/aliyun_policy.hpp>
#include <valetkey/policy/aws_policy.hpp>
#include <valetkey/policy/form_conditions.hpp>
#include <valetkey/policy/guard.hpp>
#include <valetkey/policy/post_policy.hpp>
#include <valetkey/policy/put_policy.hpp>
#include <valetkey/policy/put_policy_conditions.hpp>
#include <valetkey/policy/session_policy.hpp>
#include <valetkey/policy/statements.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace valetkey;

namespace {

auto const now = *parse_iso_time("2026-03-14T09:26:53Z");
auto const key = *upload_scope::key({"test/a/b.png"});
auto const prefix = *upload_scope::prefix({"test/a/b/"});
bool nothing_more(store_action) {
    return false;
}

template <class G>
bool is_narrow(std::string const& text, upload_scope const& scope) {
    return is_exactly(statement_policy<G>{text}, {"bucket", scope}, nothing_more);
}
std::string replaced(std::string text, std::string_view what, std::string_view with) {
    auto const at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("a widened session policy is not released", "[policy][guard]") {
    auto const text = *session_policy<aws_policy>("aws", "bucket", key);
    auto const of_prefix = *session_policy<aws_policy>("aws", "bucket", prefix);
    CHECK(is_narrow<aws_policy>(text, key));
    CHECK(is_narrow<aws_policy>(of_prefix, prefix));
    // another scope's policy
    CHECK_FALSE(is_narrow<aws_policy>(text, prefix));
    CHECK_FALSE(is_narrow<aws_policy>(of_prefix, key));
    CHECK_FALSE(is_narrow<aws_policy>(text, *upload_scope::key({"test/a/b.pn"})));
    struct hole {
        std::string_view what;
        std::string_view with;
    };
    for (auto const& [what, with] : {hole{"b.png", "*"},
                                     hole{"b.png", "b.png*"},
                                     hole{"b.png", "b?png*"},
                                     hole{"test/a/b.png", "*"},
                                     hole{"bucket/", "*/"},
                                     hole{"bucket/", "bucket*/"},
                                     hole{"b.png", "?.png"},
                                     hole{"/a/", "/*/"},
                                     hole{"test/", "t?st/"},
                                     hole{"s3:PutObject", "s3:*"},
                                     hole{"s3:PutObject", "s3:Put*"},
                                     hole{"s3:PutObject", "*"},
                                     hole{"\"s3:PutObject\"", "\"s3:PutObject\",\"s3:GetObject\""},
                                     hole{"\"s3:PutObject\"", "\"s3:PutObject\",\"s3:DeleteObject\""},
                                     hole{"\"s3:PutObject\",", ""},
                                     hole{"Allow", "Deny"},
                                     hole{"b.png", "b.jpg"},
                                     hole{"b.png\"", "b.png\",\"NotResource\":\"x\""},
                                     hole{"[{", "[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"},{"},
                                     hole{"[{", "[{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"},{"},
                                     hole{"b.png\"", "b.png\",\"Condition\":{}"},
                                     hole{"b.png", "${*}"},
                                     hole{"b.png\"", "b.png"},
                                     hole{"2012-10-17\",", "2012-10-17\",\"Statement2\":1,"}}) {
        INFO(what << " -> " << with);
        CHECK_FALSE(is_narrow<aws_policy>(replaced(text, what, with), key));
    }
    for (std::string_view const twice :
         {R"("Resource":"*","Resource":")", R"("Resource":["arn:aws:s3:::other/y"],"Resource":")"})
        CHECK_FALSE(is_narrow<aws_policy>(replaced(text, R"("Resource":")", twice), key));
    CHECK_FALSE(
        is_narrow<aws_policy>(replaced(text, "\"Resource\":\"", "\"Resource\":[\"arn:aws:s3:::other/y\",\""), key));
    CHECK_FALSE(
        is_narrow<aws_policy>(replaced(text, "\"s3:PutObject\"", "\"s3:PutObject\",\"s3:ReplicateObject\""), key));
    CHECK_FALSE(is_narrow<aws_policy>("", key));
    CHECK_FALSE(is_narrow<aws_policy>("{}", key));
    CHECK_FALSE(is_narrow<aws_policy>(R"({"Statement":[]})", key));
    CHECK_FALSE(is_narrow<aws_policy>(replaced(of_prefix, "b/*", "b*"), prefix));
    CHECK_FALSE(is_narrow<aws_policy>(replaced(of_prefix, "b/*", "b/"), prefix));
    CHECK_FALSE(is_narrow<aws_policy>(replaced(of_prefix, "a/b/*", "a/*"), prefix));
    CHECK_FALSE(is_narrow<aws_policy>(replaced(of_prefix, "a/b/*", "a/b/*.txt"), prefix));
    CHECK_FALSE(is_narrow<aws_policy>(replaced(of_prefix, "a/b/*", "?/b/*"), prefix));
    CHECK_FALSE(is_narrow<aws_policy>(replaced(of_prefix, "a/b/*", "*/b/*"), prefix));
    CHECK(is_exactly(statement_policy<aws_policy>{*session_policy<aws_policy>("aws-cn", "bucket", key), {"aws-cn"}},
                     {"bucket", key}, nothing_more));

    auto const oss = *session_policy<aliyun_policy>("", "bucket", key);
    CHECK(is_narrow<aliyun_policy>(oss, key));
    CHECK(is_narrow<aliyun_policy>(*session_policy<aliyun_policy>("", "bucket", prefix), prefix));
    for (auto const& [what, with] :
         {hole{"b.png", "*"}, hole{"bucket/test/a/b.png", "*"}, hole{"oss:PutObject", "oss:*"}, hole{"b.png", "b.pn?"},
          hole{"oss:ListParts", "oss:GetObject"}})
        CHECK_FALSE(is_narrow<aliyun_policy>(replaced(oss, what, with), key));
}

TEST_CASE("the typed policy is asked before every voucher", "[policy][guard]") {
    CHECK(is_exactly(upload_permission{"bucket", key}));
    CHECK(is_exactly(upload_permission{"bucket", prefix}));
    CHECK(is_exactly(upload_permission{"b", *upload_scope::key({"a"})}));
    CHECK(is_exactly(upload_permission{"b", *upload_scope::key({std::string(upload_scope::max_size, 'a')})}));
    CHECK(
        is_exactly(upload_permission{"b", *upload_scope::prefix({std::string(upload_scope::max_size - 1, 'a'), "/"})}));
    upload_permission const permission{"bucket", prefix};
    CHECK(permission.covers("test/a/b/x"));
    CHECK_FALSE(permission.covers("test/a/b/"));
    CHECK_FALSE(permission.covers("test/a/bx"));
    CHECK(permission.ask({store_action::read, "bucket", "test/a/b/x"}) == policy_answer::denied);
    CHECK(permission.ask({store_action::put, "bucke", "test/a/b/x"}) == policy_answer::denied);
}

TEST_CASE("the longest scope fits every session policy, or is refused", "[policy]") {
    auto const longest = *upload_scope::key({std::string(upload_scope::max_size, 'a')});
    CHECK(session_policy<aws_policy>("aws-us-gov", std::string(63, 'b'), longest)->size() <= aws_policy::max_size);
    CHECK(session_policy<aws_policy>("aws", std::string(2000, 'b'), longest).error().what == errc::scope_too_long);
}

TEST_CASE("wildcards match as the vendors say", "[policy]") {
    CHECK(matches_wildcard("a*c", "abbbc"));
    CHECK(matches_wildcard("*", ""));
    CHECK(matches_wildcard("a*", "a/b/c"));
    CHECK(matches_wildcard("a?c", "abc"));
    CHECK_FALSE(matches_wildcard("a?c", "abc", false));
    CHECK_FALSE(matches_wildcard("a?c", "ac"));
    CHECK_FALSE(matches_wildcard("a*c", "abcd"));
    CHECK_FALSE(matches_wildcard("", "a"));
    CHECK(matches_wildcard("*a*b*", "xxaxxbxx"));
    CHECK_FALSE(matches_wildcard("*a*b*", "xxbxxaxx"));
}

TEST_CASE("form policies are judged condition by condition", "[policy]") {
    std::vector<std::pair<std::string, std::string>> const fields{
        {"key", "test/a/b.png"}, {"Policy", "p"}, {"X-Amz-Date", "d"}, {"x-amz-signature", "s"}, {"x-ignore-me", "1"}};
    form_rules const aws_rules{true, false, "x-amz-signature"};
    auto const ask = [&](std::string const& conditions, std::optional<std::uint64_t> size = {}, bool absent = true) {
        return ask_form_policy(R"({"expiration":"2026-03-14T10:26:53.000Z","conditions":[)" + conditions + "]}",
                               {"bucket", fields, size, absent}, aws_rules, now);
    };
    std::string const pinned = R"({"bucket":"bucket"},{"x-amz-date":"d"},)";
    CHECK(ask(pinned + R"({"key":"test/a/b.png"})") == form_answer::allowed);
    CHECK(ask(pinned + R"(["eq","$KEY","test/a/b.png"])") == form_answer::allowed);
    CHECK(ask(pinned + R"(["starts-with","$key","test/a/"])") == form_answer::allowed);
    CHECK(ask(pinned + R"(["starts-with","$key","test/b/"])") == form_answer::condition_failed);
    CHECK(ask(pinned + R"({"key":"test/a/b"})") == form_answer::condition_failed);
    CHECK(ask(R"({"bucket":"other"},{"x-amz-date":"d"},{"key":"test/a/b.png"})") == form_answer::condition_failed);
    CHECK(ask(R"({"bucket":"bucket"},{"key":"test/a/b.png"})") == form_answer::extra_field);
    CHECK(ask(pinned + R"({"key":"test/a/b.png"},{"acl":"x"})") == form_answer::condition_failed);
    CHECK(ask(pinned + R"({"key":"test/a/b.png"},{"acl":"x"})", {}, false) == form_answer::allowed);
    CHECK(ask(pinned + R"({"key":"test/a/b.png"},["content-length-range",1,10])", 0) == form_answer::too_small);
    CHECK(ask(pinned + R"({"key":"test/a/b.png"},["content-length-range","1","10"])", 11) == form_answer::too_large);
    CHECK(ask(pinned + R"({"key":"test/a/b.png"},["content-length-range",1,10])", 10) == form_answer::allowed);
    CHECK(ask(pinned + R"(["in","$key",["x","test/a/b.png"]])") == form_answer::allowed);
    CHECK(ask(pinned + R"(["not-in","$key",["test/a/b.png"]])") == form_answer::condition_failed);
    for (std::string const bad : {R"(["content-length-range",1.5,10])", R"(["like","$key","x"])", R"(["eq","key","x"])",
                                  R"(["eq","$key"])", R"({"key":1})", "{}", "1", R"(["in","$key","x"])"})
        CHECK(ask(pinned + bad) == form_answer::unreadable);
    for (std::string const bad : {"", "[]", "{}", R"({"conditions":[{"key":"a"}]})",
                                  R"({"expiration":"2026-03-14T10:26:53+02:00","conditions":[{"key":"a"}]})",
                                  R"({"expiration":"2026-03-14T10:26:53Z","conditions":[]})"})
        CHECK(ask_form_policy(bad, {"bucket", fields}, aws_rules, now) == form_answer::unreadable);
    CHECK(ask_form_policy(R"({"expiration":"2026-03-14T09:26:53Z","conditions":[{"key":"test/a/b.png"}]})",
                          {"bucket", fields}, {}, now) == form_answer::expired);
}

TEST_CASE("put policies are compared literally", "[policy][qiniu]") {
    wiped_text memory;
    std::string const exact{write_put_policy(memory, "bucket", key, 10, now, nullptr)};
    std::string const under{write_put_policy(memory, "bucket", prefix, 10, now, nullptr)};
    CHECK(ask_put_policy(exact, {"bucket", "test/a/b.png", 10}, now) == form_answer::allowed);
    CHECK(ask_put_policy(exact, {"bucket", "test/a/b.png", 0}, now) == form_answer::too_small);
    CHECK(ask_put_policy(exact, {"bucket", "test/a/b.png", 11}, now) == form_answer::too_large);
    CHECK(ask_put_policy(exact, {"bucket", "test/a/b.pngx", 1}, now) == form_answer::condition_failed);
    CHECK(ask_put_policy(exact, {"bucket", {}, 1}, now) == form_answer::condition_failed);
    CHECK(ask_put_policy(exact, {"bucke", "test/a/b.png", 1}, now) == form_answer::condition_failed);
    CHECK(ask_put_policy(exact, {"bucket", "test/a/b.png", 1}, now + std::chrono::seconds{1}) == form_answer::expired);
    CHECK(ask_put_policy(under, {"bucket", "test/a/b/c", 1}, now) == form_answer::allowed);
    CHECK(ask_put_policy(under, {"bucket", "test/a/bc", 1}, now) == form_answer::condition_failed);
    for (std::string_view const bad : {"", "[]", "{}", R"({"scope":"bucket"})", R"({"scope":1,"deadline":1})"})
        CHECK(ask_put_policy(bad, {"bucket", "k", 1}, now) == form_answer::unreadable);
}
