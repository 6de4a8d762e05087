#include <valetkey/sandbox/aws_chunked.hpp>
#include <valetkey/sandbox/form_data.hpp>
#include <valetkey/sandbox/object_store.hpp>
#include <valetkey/sandbox/sealed_keys.hpp>
#include <valetkey/sandbox/self_signed.hpp>
#include <valetkey/sandbox/store_address.hpp>
#include <valetkey/sandbox/store_operation.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace valetkey;
using namespace valetkey::sandbox;

namespace {
constexpr utc_seconds now{std::chrono::seconds{1'773'480'000}};

store_request a_request(std::string method, std::string path, std::string query = {},
                        std::string host = "127.0.0.1:9") {
    return {std::move(method), std::move(path), std::move(query), {{"host", std::move(host)}}, {}};
}
std::string part(std::string_view name, std::string_view value, std::string_view more = {}) {
    return "--b\r\nContent-Disposition: form-data; name=\"" + std::string{name} + "\"" + std::string{more} +
           "\r\n\r\n" + std::string{value} + "\r\n";
}
form_fault fault_in(std::string const& body, form_reading const& how = {}) {
    return read_form("multipart/form-data; boundary=b", body, how).fault;
}
}  // namespace

TEST_CASE("Sealed keys: only the same token of the same cloud and process opens", "[sandbox]") {
    sealed_keys keys;
    auto const issued = keys.issue("aws", "ASIA", R"({"Version":"2012-10-17"})", now);
    auto const opened = keys.open("aws", issued.key.session_token);
    REQUIRE(opened);
    CHECK(opened->key.id == issued.key.id);
    CHECK(opened->key.value.reveal() == issued.key.value.reveal());
    CHECK(opened->policy == issued.policy);
    CHECK(opened->end == now);
    CHECK_FALSE(keys.open("aliyun", issued.key.session_token));
    CHECK_FALSE(sealed_keys{}.open("aws", issued.key.session_token));
    CHECK_FALSE(keys.open("aws", ""));
    CHECK_FALSE(keys.open("aws", "AAAA"));
    CHECK_FALSE(keys.open("aws", issued.key.session_token + "AAAA"));
    for (std::size_t i = 0; i < issued.key.session_token.size(); ++i) {
        auto changed = issued.key.session_token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        CHECK_FALSE(keys.open("aws", changed));
    }
}

TEST_CASE("Sealed keys: no two are alike, and none holds its policy or secret in clear", "[sandbox]") {
    sealed_keys keys;
    auto const one = keys.issue("aws", "ASIA", "the policy", now);
    auto const two = keys.issue("aws", "ASIA", "the policy", now);
    CHECK(one.key.id != two.key.id);
    CHECK(one.key.session_token != two.key.session_token);
    auto const bytes = from_base64(one.key.session_token);
    REQUIRE(bytes);
    CHECK(bytes->find("policy") == std::string::npos);
    CHECK(bytes->find(one.key.value.reveal()) == std::string::npos);
}

TEST_CASE("Form data: what two readers could understand differently is no form", "[sandbox]") {
    auto const file = part("file", "bytes", "; filename=\"a.txt\"");
    auto const key = part("key", "k");
    std::string const end = "--b--\r\n";
    CHECK(fault_in("") == form_fault::broken);
    CHECK(fault_in(key + file) == form_fault::broken);  // without its end
    CHECK(fault_in(key + file.substr(0, file.size() - 4) + "--b--") == form_fault::broken);
    CHECK(fault_in("preamble\r\n" + key + file + end) == form_fault::broken);
    CHECK(fault_in(key + file + end + "more") == form_fault::broken);
    CHECK(fault_in(key + "--b\r\nContent-Type: text/plain\r\n\r\nno name\r\n" + file + end) == form_fault::broken);
    CHECK(fault_in(key + "--b\r\nContent-Disposition: form-data; name=\"x\r\n\r\nv\r\n" + file + end) ==
          form_fault::broken);
    CHECK(fault_in(key + key + file + end) == form_fault::field_twice);
    CHECK(fault_in(key + part("KEY", "other") + file + end) == form_fault::field_twice);
    CHECK(fault_in(file + key + end) == form_fault::file_not_last);
    CHECK(fault_in(key + file + file + end) == form_fault::file_not_last);
    CHECK(fault_in(file + file + end, {false}) == form_fault::field_twice);
    CHECK(fault_in(key + end) == form_fault::no_file);
    CHECK(fault_in(part("x", std::string(20481, 'x')) + file + end) == form_fault::fields_too_large);
    CHECK(read_form("application/json", key + file + end, {}).fault == form_fault::not_a_form);
    CHECK(read_form("multipart/form-data", key + file + end, {}).fault == form_fault::broken);
}

TEST_CASE("Form data: fields and file as they were posted", "[sandbox]") {
    std::string const content = "\r\n--c is not its boundary\r\n--\r\n";
    auto const body = part("key", "a/b") + part("Empty", "") +
                      part("file", content, "; filename=\"a \\\"b\\\".txt\"\r\nContent-Type: image/png") + "--b--";
    auto const form = read_form("Multipart/Form-Data; charset=utf-8; boundary=\"b\"", body, {});
    REQUIRE(form.fault == form_fault::none);
    CHECK(form.field("key") == "a/b");
    CHECK(form.field("empty") == "");
    CHECK_FALSE(form.field("none"));
    CHECK(*form.file == content);
    CHECK(form.file_name == "a \"b\".txt");
    CHECK(form.file_type == "image/png");
    CHECK(read_form("multipart/form-data; boundary=b", part("file", "x") + part("key", "k") + "--b--", {false}).fault ==
          form_fault::none);
}

TEST_CASE("Chunked bodies: whole, with the trailer that was announced and that fits", "[sandbox]") {
    auto const read = [](std::string body, std::vector<http_header> headers, std::string* into = nullptr) {
        headers.push_back({"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"});
        std::string bytes;
        auto const why = read_aws_payload({"PUT", "/b/k", "", std::move(headers), std::move(body)}, bytes);
        if (into) *into = bytes;
        return why;
    };
    std::vector<http_header> const crc{{"x-amz-trailer", "x-amz-checksum-crc32"},
                                       {"x-amz-decoded-content-length", "9"}};
    std::string bytes;
    // CRC-32 of "123456789", the check value of its catalogue entry: cbf43926
    CHECK(read("4\r\n1234\r\n5\r\n56789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", crc, &bytes) == fault::none);
    CHECK(bytes == "123456789");
    CHECK(read("9\r\n123456788\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", crc) == fault::bad_digest);
    CHECK(read("9\r\n123456789\r\n0\r\n\r\n", crc) == fault::malformed_trailer);
    CHECK(read("9\r\n123456789\r\n0\r\nx-other:y/Q5Jg==\r\n\r\n", crc) == fault::malformed_trailer);
    CHECK(read("8\r\n12345678\r\n0\r\nx-amz-checksum-crc32:mujT1Q==\r\n\r\n", crc) != fault::none);  // another length
    for (auto const* broken : {"", "9", "9\r\n123456789", "zz\r\n", "9\r\n12345678\r\n0\r\n\r\n",
                               "-1\r\nx\r\n0\r\n\r\n", "ffffffffffffffff\r\nx\r\n0\r\n\r\n",
                               "ffffffffffffffffff\r\nx\r\n0\r\n\r\n", "9\r\n123456789\r\n", "0\r\nno colon\r\n\r\n"})
        CHECK(read(broken, {}) != fault::none);
    CHECK(read("0\r\n\r\n", {}, &bytes) == fault::none);
    CHECK(bytes.empty());
    CHECK(read_aws_payload({"PUT", "/b/k", "", {{"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}}, "x"},
                           bytes) == fault::not_implemented);
    CHECK(read_aws_payload({"PUT", "/b/k", "", {{"x-amz-checksum-crc64nvme", "AAAA"}}, "x"}, bytes) ==
          fault::not_implemented);
}

TEST_CASE("Addresses: the bucket in the host or in the path, and no tricks in it", "[sandbox]") {
    auto const by_path = locate(a_request("PUT", "/bucket/a/b%20c"));
    REQUIRE(by_path);
    CHECK(by_path->bucket == "bucket");
    CHECK(by_path->key == "a/b c");
    CHECK_FALSE(by_path->in_host);
    auto const by_host = locate(a_request("PUT", "/a/b", {}, "bucket.localhost:8080"));
    REQUIRE(by_host);
    CHECK(by_host->bucket == "bucket");
    CHECK(by_host->key == "a/b");
    CHECK(locate(a_request("POST", "/bucket"))->key.empty());
    CHECK(locate(a_request("POST", "/bucket/"))->key.empty());
    CHECK(locate(a_request("GET", "/"))->bucket.empty());
    CHECK(locate(a_request("GET", "/a/b", {}, "localhost:8080"))->bucket == "a");
    for (auto const* path : {"", "a", "//bucket/a", "/bucket//a", "/bucket/a//b", "/bucket/../other/a", "/bucket/./a",
                             "/bucket/a%2fb", "/bucket/a%2Fb", "/bucket/..%2fother", "/bucket/%2e%2e/a", "/bucket/a%00",
                             "/bucket/a%0d%0ab", "/bucket/a%5cb", "/bucket/a%zz", "/bucket/a/.."})
        CHECK_FALSE(locate(a_request("PUT", path)));
}

TEST_CASE("Operations: everything is judged as what it does", "[sandbox]") {
    constexpr std::string_view prefixes[] = {"x-amz-"};
    auto const judged = [&](std::string method, std::string path, std::string query,
                            std::vector<http_header> more = {}) {
        auto request = a_request(std::move(method), std::move(path), std::move(query));
        request.headers.insert(request.headers.end(), more.begin(), more.end());
        return operation_of(request, *split_query(request.query), *locate(request), prefixes);
    };
    auto const first = [&](auto... what) { return judged(what...).rights.front().action; };
    CHECK(first("PUT", "/b/k", "") == store_action::put);
    CHECK(first("PUT", "/b/k", "partNumber=1&uploadId=u") == store_action::put);
    CHECK(first("POST", "/b/k", "uploads") == store_action::put);
    CHECK(first("POST", "/b/k", "uploadId=u") == store_action::put);
    CHECK(first("GET", "/b/k", "uploadId=u") == store_action::list_parts);
    CHECK(first("DELETE", "/b/k", "uploadId=u") == store_action::abort_upload);
    CHECK(first("GET", "/b/k", "") == store_action::read);
    CHECK(first("HEAD", "/b/k", "") == store_action::read);
    CHECK(first("DELETE", "/b/k", "") == store_action::remove);
    CHECK(first("PUT", "/b/k", "acl") == store_action::write_acl);
    CHECK(first("GET", "/b/k", "acl") == store_action::read_acl);
    CHECK(first("PUT", "/b/k", "tagging") == store_action::write_tags);
    CHECK(first("POST", "/b/k", "append&position=0") == store_action::bucket_settings);
    CHECK(first("GET", "/b", "") == store_action::list_objects);
    CHECK(first("GET", "/b", "uploads&prefix=a") == store_action::list_uploads);
    CHECK(first("PUT", "/b", "") == store_action::bucket_settings);
    CHECK(first("DELETE", "/b", "") == store_action::bucket_settings);
    CHECK(first("POST", "/b", "delete") == store_action::bucket_settings);
    CHECK(judged("GET", "/b", "uploads&prefix=a").rights.front().key == "a");

    auto const copy = judged("PUT", "/b/k", "", {{"x-amz-copy-source", "/other/s%20x"}});
    REQUIRE(copy.rights.size() == 2);
    CHECK(copy.kind == operation_kind::other);
    CHECK(copy.rights[1].action == store_action::read);
    CHECK(copy.rights[1].bucket == "other");
    CHECK(copy.rights[1].key == "s x");
    CHECK(judged("PUT", "/b/k", "", {{"x-amz-acl", "public-read"}}).rights.back().action == store_action::write_acl);
    CHECK(judged("PUT", "/b/k", "", {{"x-amz-grant-read", "x"}}).rights.back().action == store_action::write_acl);
    CHECK(judged("PUT", "/b/k", "", {{"x-amz-tagging", "x"}}).rights.back().action == store_action::write_tags);
}

TEST_CASE("Store: parts belong to one key, and an object is what was named", "[sandbox]") {
    memory_budget budget;
    object_store store{budget, 5};
    using problem = object_store::problem;
    auto const id = store.begin_upload("k", "text/plain");
    std::string one;
    std::string two;
    CHECK(store.put_part(id, "other", 1, "12345", now, one) == problem::no_such_upload);
    CHECK(store.put_part("none", "k", 1, "12345", now, one) == problem::no_such_upload);
    REQUIRE(store.put_part(id, "k", 1, "12345", now, one) == problem::none);
    REQUIRE(store.put_part(id, "k", 7, "67", now, two) == problem::none);
    stored_object made;
    CHECK(store.complete(id, "k", {{7, two}, {1, one}}, now, made) == problem::wrong_order);
    CHECK(store.complete(id, "k", {{1, one}, {1, one}}, now, made) == problem::wrong_order);
    CHECK(store.complete(id, "k", {{1, one}, {2, two}}, now, made) == problem::invalid_part);
    CHECK(store.complete(id, "k", {{1, two}}, now, made) == problem::invalid_part);
    CHECK(store.complete(id, "other", {{1, one}}, now, made) == problem::no_such_upload);
    CHECK_FALSE(store.find("k"));
    REQUIRE(store.complete(id, "k", {{1, one}, {7, two}}, now, made) == problem::none);
    CHECK(*store.find("k")->bytes == "1234567");
    CHECK(made.etag.ends_with("-2"));
    CHECK(store.complete(id, "k", {{1, one}, {7, two}}, now, made) == problem::no_such_upload);
    CHECK(store.abort(id, "k") == problem::no_such_upload);
    auto const small = store.begin_upload("k", "");
    REQUIRE(store.put_part(small, "k", 1, "1234", now, one) == problem::none);
    REQUIRE(store.put_part(small, "k", 2, "67", now, two) == problem::none);
    CHECK(store.complete(small, "k", {{1, one}, {2, two}}, now, made) == problem::too_small);
}

TEST_CASE("Store: the budget is for all, and what goes is given back", "[sandbox]") {
    memory_budget budget;
    REQUIRE(budget.take(memory_budget::most - 10));
    object_store store{budget, 1};
    CHECK_FALSE(store.put("k", std::string(11, 'x'), {}, now));
    REQUIRE(store.put("k", std::string(10, 'x'), {}, now));
    CHECK_FALSE(store.put("l", "x", {}, now));
    store.remove("k");
    REQUIRE(store.put("l", std::string(5, 'x'), {}, now));
    REQUIRE(store.put("l", std::string(5, 'y'), {}, now));  // replaced
    auto const id = store.begin_upload("m", {});
    std::string etag;
    CHECK(store.put_part(id, "m", 1, "123456", now, etag) == object_store::problem::full);
    store.remove("l");
    REQUIRE(store.put_part(id, "m", 1, "123456", now, etag) == object_store::problem::none);
    CHECK(store.abort(id, "m") == object_store::problem::none);
    CHECK(store.put("n", std::string(10, 'x'), {}, now));
}

TEST_CASE("A certificate of its own", "[sandbox]") {
    auto const pair = make_self_signed();
    CHECK(pair.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
    CHECK(pair.private_key.starts_with("-----BEGIN PRIVATE KEY-----"));
    CHECK(make_self_signed().private_key != pair.private_key);
}
