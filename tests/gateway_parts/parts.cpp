/// Object ids, metrics, the log and the interface's description.

#include <valetkey/gateway/log.hpp>
#include <valetkey/gateway/metrics.hpp>
#include <valetkey/gateway/openapi.hpp>
#include <valetkey/providers/aliyun.hpp>
#include <valetkey/providers/aws.hpp>
#include <valetkey/providers/qiniu.hpp>
#include <valetkey/vending/sqlite_ids.hpp>

#include <boost/json/parse.hpp>

#include "support/catch.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace valetkey;
using namespace valetkey::gateway;
namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

class folder {
public:
    folder() {
        std::string name = (std::filesystem::temp_directory_path() / "valetkey-parts-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    folder(folder&&) = delete;
    ~folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (auto const& each : std::filesystem::directory_iterator{path_}) names.push_back(each.path().filename());
        return names;
    }

private:
    std::filesystem::path path_;
};

/// Runs a statement on the counter's file, as somebody with a database shell would.
void tamper(std::filesystem::path const& file, std::string const& sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
}

std::string why_not(std::filesystem::path const& file) {
    auto const opened = sqlite_ids::open(file);
    REQUIRE(opened.has_error());
    CHECK(opened.error().what == errc::no_object_id);
    CHECK(opened.error().field == "object_ids.sqlite.file");
    auto const checked = sqlite_ids::check(file);
    REQUIRE(checked.has_error());
    CHECK(checked.error().vendor_code == opened.error().vendor_code);
    return opened.error().vendor_code;
}

/// A process that leases for ever and reports each block through a pipe before it asks for the next.
class leasing_process {
public:
    explicit leasing_process(std::filesystem::path const& file, std::uint64_t block) {
        std::array<int, 2> ends{};
        REQUIRE(::pipe(ends.data()) == 0);
        process_ = ::fork();
        REQUIRE(process_ >= 0);
        if (process_ == 0) {
            ::close(ends[0]);
            lease_for_ever(file, block, ends[1]);
        }
        ::close(ends[1]);
        reports_ = ends[0];
    }
    leasing_process(leasing_process&&) = delete;
    ~leasing_process() { ::close(reports_); }

    void kill() const {
        ::kill(process_, SIGKILL);
        int status = 0;
        ::waitpid(process_, &status, 0);
        CHECK(WIFSIGNALED(status));
    }
    [[nodiscard]] std::vector<id_block> reported() const {
        std::vector<id_block> all;
        id_block one;
        while (::read(reports_, &one, sizeof one) == sizeof one) all.push_back(one);
        return all;
    }
    void wait_for_first() const {
        pollfd waiting{reports_, POLLIN, 0};
        REQUIRE(::poll(&waiting, 1, 10'000) == 1);
    }

private:
    [[noreturn]] static void lease_for_ever(std::filesystem::path const& file, std::uint64_t block, int to) {
        auto const ids = sqlite_ids::open(file, {block, 10s});
        while (ids) {
            auto const leased = (*ids)->lease();
            if (!leased || ::write(to, &*leased, sizeof *leased) != sizeof *leased) break;
        }
        ::_exit(1);
    }
    pid_t process_ = 0;
    int reports_ = -1;
};

void check_disjoint(std::vector<id_block> blocks) {
    std::sort(blocks.begin(), blocks.end(), [](auto const& a, auto const& b) { return a.next < b.next; });
    std::uint64_t free = 1;
    bool good = true;
    for (auto const& block : blocks) {
        good = good && block.next >= free && block.end > block.next && block.end <= largest_object_id + 1;
        free = block.end;
    }
    CHECK(good);
}

/// What a log wrote: one text a line.
class captured_log {
public:
    captured_log() : file_{std::tmpfile()}, log_{make_log(::fileno(file_.get()))} {}
    captured_log(captured_log&&) = delete;
    [[nodiscard]] spdlog::logger& operator*() { return *log_; }
    [[nodiscard]] std::vector<std::string> lines() {
        std::rewind(file_.get());
        std::vector<std::string> found{{}};
        for (int c = 0; (c = std::getc(file_.get())) != EOF;) {
            if (c != '\n') found.back() += static_cast<char>(c);
            if (c == '\n') found.emplace_back();
        }
        CHECK(found.back().empty());  // the last line has its end, too
        found.pop_back();
        return found;
    }

private:
    struct close_file {
        void operator()(std::FILE* file) const noexcept { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, close_file> file_;
    std::shared_ptr<spdlog::logger> log_;
};

std::string text_of(json::value const& line, std::string_view name) {
    return std::string{line.at(name).as_string().c_str()};
}

}  // namespace

TEST_CASE("object ids: a file that is not one of ours is refused and left alone", "[gateway][ids]") {
    folder const in;
    auto const file = in / "ids.db";
    SECTION("text") {
        std::ofstream{file}
            << "this is not a database, although it is long enough to hold a header of one hundred bytes";
        CHECK(why_not(file).find("not a database") != std::string::npos);
    }
    SECTION("empty, as a crash or a careless shell leaves it: a new counter would repeat ids") {
        std::ofstream{file} << "";
        CHECK(why_not(file).find("not a file of object ids") != std::string::npos);
    }
    SECTION("another application's") {
        tamper(file,
               "CREATE TABLE object_id (one INTEGER PRIMARY KEY, next INTEGER); INSERT INTO object_id VALUES (1, 1)");
        CHECK(why_not(file).find("not a file of object ids") != std::string::npos);
    }
    SECTION("a later version") {
        REQUIRE(sqlite_ids::open(file));
        tamper(file, "PRAGMA user_version = 2");
        CHECK(why_not(file).find("another version") != std::string::npos);
    }
    SECTION("without its table") {
        REQUIRE(sqlite_ids::open(file));
        tamper(file, "DROP TABLE object_id");
        CHECK(why_not(file).find("damaged") != std::string::npos);
    }
    SECTION("without its row") {
        REQUIRE(sqlite_ids::open(file));
        tamper(file, "DELETE FROM object_id");
        CHECK(why_not(file).find("damaged") != std::string::npos);
    }
    SECTION("with a row that its rules forbid") {
        REQUIRE(sqlite_ids::open(file));
        tamper(file, "PRAGMA ignore_check_constraints = 1; INSERT INTO object_id VALUES (2, 5)");
        CHECK(why_not(file) == "is damaged");
    }
    SECTION("with a count that cannot be") {
        REQUIRE(sqlite_ids::open(file));
        tamper(file, "UPDATE object_id SET next = 0");
        CHECK(why_not(file).find("damaged") != std::string::npos);
    }
    SECTION("cut") {
        REQUIRE(sqlite_ids::open(file));
        std::filesystem::resize_file(file, 4096);
        CHECK_FALSE(why_not(file).empty());
    }
    SECTION("overwritten within") {
        REQUIRE(sqlite_ids::open(file));
        std::fstream damage{file, std::ios::in | std::ios::out | std::ios::binary};
        damage.seekp(4096);
        damage << std::string(4096, 'x');
        damage.close();
        CHECK_FALSE(why_not(file).empty());
    }
    SECTION("a folder") {
        std::filesystem::create_directory(file);
        CHECK_FALSE(why_not(file).empty());
    }
    SECTION("a link to nowhere") {
        std::filesystem::create_symlink("nowhere", file);
        CHECK_FALSE(why_not(file).empty());
    }
    SECTION("in a folder that does not exist") {
        CHECK(why_not(in / "no/ids.db").find("No such file") != std::string::npos);
    }
}

TEST_CASE("object ids: exhaustion, full disks and files that vanish are errors, not ids", "[gateway][ids]") {
    folder const in;
    auto const file = in / "ids.db";
    auto const ids = sqlite_ids::open(file, {1000, 100ms});
    REQUIRE(ids);
    SECTION("the last block is cut, then there is none") {
        tamper(file, "UPDATE object_id SET next = 9007199254740990");
        auto const last = (*ids)->lease();
        REQUIRE(last);
        CHECK(last->next == 9007199254740990);
        CHECK(last->end == largest_object_id + 1);
        for (int i = 0; i < 2; ++i) {
            auto const none = (*ids)->lease();
            REQUIRE(none.has_error());
            CHECK(none.error().what == errc::no_object_id);
            CHECK(none.error() == condition::operator_fault);
            CHECK(none.error().vendor_code == "no object id is left");
        }
    }
    SECTION("somebody holds the file for too long") {
        sqlite3* other = nullptr;
        REQUIRE(sqlite3_open(file.c_str(), &other) == SQLITE_OK);
        REQUIRE(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
        CHECK((*ids)->lease().has_error());
        REQUIRE(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
        CHECK((*ids)->lease().has_value());
        REQUIRE(sqlite3_exec(other, "BEGIN; SELECT * FROM object_id", nullptr, nullptr, nullptr) == SQLITE_OK);
        CHECK((*ids)->lease().has_error());  // a reader holds up the commit
        REQUIRE(sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
        sqlite3_close(other);
        CHECK((*ids)->lease()->next == 1001);
    }
    SECTION("the file is taken away") {
        REQUIRE((*ids)->lease());
        std::filesystem::rename(file, in / "elsewhere.db");
        CHECK((*ids)->lease().has_error());
        std::filesystem::rename(in / "elsewhere.db", file);
        CHECK((*ids)->lease()->next == 1001);
    }
    SECTION("a counter that was set to nonsense") {
        tamper(file, "UPDATE object_id SET next = -5");
        CHECK((*ids)->lease().has_error());
        tamper(file, "UPDATE object_id SET next = 9007199254740993");
        CHECK((*ids)->lease().has_error());
    }
}

TEST_CASE("object ids: blocks", "[gateway][ids]") {
    folder const in;
    auto const file = in / "ids.db";
    CHECK(sqlite_ids::check(file));
    CHECK_FALSE(std::filesystem::exists(file));
    {
        auto const ids = sqlite_ids::open(file, {10, 1s});
        REQUIRE(ids);
        struct stat status {};
        REQUIRE(::stat(file.c_str(), &status) == 0);
        CHECK((status.st_mode & 07777U) == 0600);
        CHECK(in.files() == std::vector<std::string>{"ids.db"});
        CHECK(sqlite_ids::check(file));

        object_ids mine{**ids};
        CHECK(mine.wants_spare());
        for (std::uint64_t i = 1; i <= 25; ++i) CHECK(mine.take().value() == i);
        CHECK(mine.leased() == 30);
        CHECK(mine.wants_spare());
        mine.add((*ids)->lease().value());
        CHECK_FALSE(mine.wants_spare());
        mine.add((*ids)->lease().value());  // 41 to 50 are skipped
        for (std::uint64_t i = 26; i <= 34; ++i) CHECK(mine.take().value() == i);
        CHECK_FALSE(mine.wants_spare());
        CHECK(mine.take().value() == 35);
        CHECK(mine.wants_spare());
        for (std::uint64_t i = 36; i <= 40; ++i) CHECK(mine.take().value() == i);
        CHECK(mine.take().value() == 51);
        CHECK(mine.leased() == 50);
    }
    auto const again = sqlite_ids::open(file, {0, 1s});
    CHECK((*again)->lease().value().next == 61);  // a restart skips, too
    CHECK((*again)->lease().value().size() == 1);
    CHECK(in.files() == std::vector<std::string>{"ids.db"});
}

TEST_CASE("object ids: threads and processes share one file", "[gateway][ids]") {
    folder const in;
    auto const file = in / "ids.db";
    leasing_process const first{file, 3};  // all of them may be the one that makes the file
    leasing_process const second{file, 5};
    first.wait_for_first();
    second.wait_for_first();
    auto const shared = sqlite_ids::open(file, {7, 10s});
    REQUIRE(shared);
    std::array<std::vector<id_block>, 4> of_threads;
    std::atomic<int> failed{0};
    std::vector<std::thread> threads;
    for (auto& mine : of_threads)
        threads.emplace_back([&] {
            object_ids ids{**shared};
            for (int i = 0; i < 200; ++i) {
                auto const id = ids.take();
                if (!id) ++failed;
                if (id) mine.push_back({*id, *id + 1});
            }
        });
    for (auto& thread : threads) thread.join();
    first.kill();
    second.kill();
    CHECK(failed == 0);
    auto all = first.reported();
    CHECK_FALSE(all.empty());
    for (auto const& each : second.reported()) all.push_back(each);
    for (auto const& mine : of_threads) all.insert(all.end(), mine.begin(), mine.end());
    check_disjoint(all);
}

TEST_CASE("object ids: a process that is killed skips ids and repeats none", "[gateway][ids]") {
    folder const in;
    auto const file = in / "ids.db";
    std::vector<id_block> all;
    for (unsigned round = 0; round < 40; ++round) {
        leasing_process const one{file, 1 + round % 3};
        leasing_process const two{file, 2};
        if (round % 2 == 0) one.wait_for_first();
        std::this_thread::sleep_for(std::chrono::microseconds{1'000 + round * 977 % 25'000});
        one.kill();
        two.kill();
        for (auto const& each : one.reported()) all.push_back(each);
        for (auto const& each : two.reported()) all.push_back(each);
    }
    CHECK(all.size() >= 20);
    check_disjoint(all);
    auto const after = sqlite_ids::open(file);
    REQUIRE(after);
    all.push_back((*after)->lease().value());
    check_disjoint(all);
}

TEST_CASE("metrics: the text of what workers counted", "[gateway][metrics]") {
    worker_metrics one{cloud_labels<qiniu, aws, aliyun>};
    worker_metrics two{cloud_labels<qiniu, aws, aliyun>};
    one.answered(route::upload, 200, 300us);
    two.answered(route::upload, 200, 3ms);
    two.answered(route::upload, 403, 100us);
    two.answered(route::other, 418, 20s);
    two.answered(static_cast<route>(200), 404, -1ns);
    one.connections_accepted.add(3);
    one.connections_open.add(2);
    two.connections_open.subtract();
    one.requests_limited.add();
    two.object_ids_leased.add(1000);
    one.cloud(2).granted();
    two.cloud(2).granted();
    two.cloud(2).not_granted(errc::denied);
    two.cloud(2).not_granted(errc::scope_too_long);
    two.cloud(5).not_granted(errc::unsupported_cloud);
    one.cloud(3).exchange_begun();
    two.cloud(3).exchange_begun();
    two.cloud(3).exchange_ended(errc::throttled, 40ms);
    two.cloud(2).exchange_begun();
    two.cloud(2).exchange_ended({}, 2s);
    worker_metrics const* const both[] = {&one, &two};
    auto const text = render_metrics(both);
    auto const has = [&](std::string_view line) {
        INFO(line);
        CHECK(text.find("\n" + std::string{line} + "\n") != std::string::npos);
    };
    has(R"(# TYPE valetkey_requests_total counter)");
    has(R"(valetkey_requests_total{route="/upload/sts/info",status="200"} 2)");
    has(R"(valetkey_requests_total{route="/upload/sts/info",status="403"} 1)");
    has(R"(valetkey_requests_total{route="other",status="other"} 1)");
    has(R"(valetkey_requests_total{route="other",status="404"} 1)");
    has(R"(valetkey_request_seconds_count 5)");
    has(R"(valetkey_request_seconds_bucket{le="0.0001"} 2)");
    has(R"(valetkey_request_seconds_bucket{le="0.00025"} 2)");
    has(R"(valetkey_request_seconds_bucket{le="0.0005"} 3)");
    has(R"(valetkey_request_seconds_bucket{le="5"} 4)");
    has(R"(valetkey_request_seconds_bucket{le="+Inf"} 5)");
    has(R"(valetkey_requests_in_flight 0)");
    has(R"(valetkey_requests_limited_total 1)");
    has(R"(valetkey_connections_open 1)");
    has(R"(valetkey_connections_accepted_total 3)");
    has(R"(valetkey_object_ids_leased_total 1000)");
    has(R"(valetkey_grants_total{cloud="aws",outcome="granted"} 2)");
    has(R"(valetkey_grants_total{cloud="aws",outcome="refused"} 1)");
    has(R"(valetkey_grants_total{cloud="aws",outcome="failed"} 1)");
    has(R"(valetkey_grants_total{cloud="other",outcome="refused"} 1)");
    has(R"(valetkey_exchanges_total{cloud="aws",outcome="answered"} 1)");
    has(R"(valetkey_exchanges_total{cloud="aliyun",outcome="throttled"} 1)");
    has(R"(valetkey_exchanges_in_flight{cloud="aliyun"} 1)");
    has(R"(valetkey_exchange_seconds_sum{cloud="aws"} 2)");
    CHECK(text.starts_with("# HELP valetkey_"));
    CHECK(render_metrics({}).find("valetkey_requests_total") != std::string::npos);
}

TEST_CASE("metrics: read while workers count", "[gateway][metrics]") {
    worker_metrics one{cloud_labels<aws>};
    worker_metrics const* const all[] = {&one};
    std::atomic<bool> done{false};
    std::thread worker{[&] {
        for (int i = 0; i < 20'000; ++i) {
            one.answered(route::upload, 200, 1us);
            one.cloud(2).exchange_begun();
            one.cloud(2).exchange_ended({}, 1ms);
        }
        done = true;
    }};
    while (!done) CHECK_FALSE(render_metrics(all).empty());
    worker.join();
    CHECK(render_metrics(all).find("valetkey_request_seconds_count 20000\n") != std::string::npos);
}

TEST_CASE("log: a request is one line of JSON", "[gateway][log]") {
    captured_log log;
    request_entry entry;
    entry.time = std::chrono::system_clock::time_point{std::chrono::milliseconds{1773480413007}};
    entry.request_id = "0123456789abcdef0123456789abcdef";
    entry.method = "POST";
    entry.path = route_of("/upload/sts/info");
    entry.status = 502;
    entry.code = 50200;
    entry.cloud = "aws";
    entry.module = "resource_video";
    entry.subject = "alice";
    entry.object_id = largest_object_id;
    entry.took = 1'234'567ns;
    entry.bytes = 321;
    entry.vendor_code = "AccessDenied";
    entry.vendor_request = "f8e4";
    entry.peer = "192.0.2.1";
    log_request(*log, entry);
    log_request(*log, {});
    auto const lines = log.lines();
    REQUIRE(lines.size() == 2);
    CHECK(
        lines[0] ==
        R"({"time":"2026-03-14T09:26:53.007Z","level":"error","request_id":"0123456789abcdef0123456789abcdef",)"
        R"("method":"POST","path":"/upload/sts/info","status":502,"code":50200,"cloud":"aws","module":"resource_video",)"
        R"("subject":"alice","object_id":9007199254740991,"duration_us":1234,"bytes":321,"vendor_code":"AccessDenied",)"
        R"("vendor_request":"f8e4","peer":"192.0.2.1"})");
    CHECK(lines[1] == R"({"time":"1970-01-01T00:00:00.000Z","level":"info","method":"other","path":"other","status":0,)"
                      R"("code":0,"duration_us":0,"bytes":0})");
}

TEST_CASE("log: hostile bytes stay in their string", "[gateway][log]") {
    std::string every;
    for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
    std::vector<std::string> const hostile{"\"",
                                           "\\",
                                           "\",\"level\":\"fake",
                                           "a\nb",
                                           "a\r\n{\"level\":\"info\"}",
                                           std::string(3, '\0'),
                                           "\x1b[31mred\x1b[0m",
                                           "\x7f",
                                           "\xff\xfe",
                                           "\xc0\xaf",
                                           "\xed\xa0\x80",
                                           "\xf4\x90\x80\x80",
                                           "\xe2\x82",
                                           "caf\xe9",
                                           "\xc2\x85",
                                           "\xc2\x9b"
                                           "31m",
                                           "\xe2\x80\xa8",
                                           "\xe2\x80\xae"
                                           "gpj.exe",
                                           "\xe2\x81\xa6",
                                           every,
                                           std::string(100'000, 'x'),
                                           std::string(100'000, '\n'),
                                           std::string(255, 'x') + "\xf0\x9f\x98\x80\xf0\x9f\x98\x80"};
    captured_log log;
    for (auto const& text : hostile) {
        request_entry entry;
        entry.method = entry.subject = entry.vendor_code = entry.vendor_request = entry.peer = text;
        entry.path = route_of(text);
        log_request(*log, entry);
        log_event(*log, spdlog::level::warn, "reload", {text, " and ", text});
    }
    auto const lines = log.lines();
    REQUIRE(lines.size() == 2 * hostile.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        CHECK(is_printable_utf8(lines[i]));
        CHECK(lines[i].size() < 2048);
        for (char const second : std::string_view{"\x80\x85\x9b\x9f"})
            CHECK(lines[i].find({'\xc2', second}) == std::string::npos);
        boost::system::error_code failed;
        auto const line = json::parse(lines[i], failed);
        INFO(lines[i]);
        REQUIRE_FALSE(failed);
        if (i % 2 == 0) {
            CHECK(text_of(line, "level") == "info");
            CHECK(text_of(line, "method") == "other");
            CHECK(text_of(line, "path") == "other");
            CHECK(line.as_object().size() == 12);
        } else {
            CHECK(text_of(line, "event") == "reload");
            CHECK(line.as_object().size() == 4);
        }
    }
    auto const first = json::parse(lines[4]);
    CHECK(text_of(first, "subject") == "\",\"level\":\"fake");
    CHECK(text_of(json::parse(lines[26]), "subject") == "caf\uFFFD");
    CHECK(text_of(json::parse(lines[2 * 20]), "subject") == std::string(256, 'x') + "…");
}

TEST_CASE("log: threads write whole lines", "[gateway][log]") {
    captured_log log;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 50; ++i) log_event(*log, spdlog::level::info, "start", {"worker"});
        });
    for (auto& thread : threads) thread.join();
    auto const lines = log.lines();
    REQUIRE(lines.size() == 200);
    for (auto const& line : lines) CHECK(text_of(json::parse(line), "text") == "worker");
}

TEST_CASE("log: a level that is off writes nothing, and a closed descriptor ends nobody", "[gateway][log]") {
    captured_log log;
    (*log).set_level(spdlog::level::err);
    log_event(*log, spdlog::level::info, "start", {"x"});
    log_request(*log, {});
    CHECK(log.lines().empty());
    log_event(*make_log(-1), spdlog::level::err, "stop", {"nobody listens"});
}

TEST_CASE("routes: exact paths only", "[gateway]") {
    CHECK(route_of("/upload/sts/info") == route::upload);
    CHECK(route_of("/healthz") == route::healthz);
    for (std::string_view const none :
         {"", "/upload/sts/info/", "/upload/sts/info?type=3", "/Upload/sts/info", "upload/sts/info",
          "//upload/sts/info", "/upload/sts/inf%6f", "other", "/", "/healthz\n"})
        CHECK(route_of(none) == route::other);
    CHECK(known_method("DELETE") == "DELETE");
    CHECK(known_method("delete") == "other");
}

TEST_CASE("openapi: the document is JSON, whole, and names every route, field and status", "[gateway][openapi]") {
    auto const document = json::parse(openapi_document);
    CHECK(text_of(document, "openapi").starts_with("3."));
    auto const& paths = document.at("paths").as_object();
    for (std::string_view const path :
         {"/upload/sts/info", "/upload/callback", "/healthz", "/readyz", "/openapi.json", "/metrics"})
        CHECK(paths.contains(path));
    auto const& upload = paths.at("/upload/sts/info").as_object();
    for (std::string_view const method : {"get", "post"})
        for (std::string_view const status :
             {"200", "400", "401", "403", "405", "408", "413", "415", "429", "431", "500", "502", "503", "504"})
            CHECK(upload.at(method).at("responses").as_object().contains(status));
    auto const& schemas = document.at("components").at("schemas").as_object();
    std::vector<std::string_view> const fields{"type",      "extension", "isNeedCallback", "uploadModule", "platform",
                                               "projectId", "isDir",     "uuid",           "grant"};
    auto const& asked = schemas.at("UploadRequest").at("properties").as_object();
    CHECK(asked.size() == fields.size());
    for (auto const field : fields) {
        CHECK(asked.contains(field));
        auto const& parameters = upload.at("get").at("parameters").as_array();
        CHECK(std::any_of(parameters.begin(), parameters.end(),
                          [&](auto const& p) { return text_of(p, "name") == field; }));
    }
    auto const& granted = schemas.at("Grant").at("properties").as_object();
    for (std::string_view const member :
         {"accessKeyId", "secretAccessKey", "securityToken", "bucket",         "endpoint", "relativePath", "expiration",
          "region",      "objectId",        "callbackInfo",  "signature",      "policy",   "type",         "isDir",
          "startTime",   "expiredTime",     "serverTime",    "bucketEndpoint", "maxSize",  "form"})
        CHECK(granted.contains(member));
}
