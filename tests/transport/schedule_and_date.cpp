#include <valetkey/http_date.hpp>
#include <valetkey/transport/retry_schedule.hpp>

#include <catch2/catch.hpp>

#include <optional>
#include <string_view>
#include <vector>

using namespace std::chrono_literals;
using valetkey::errc;
using valetkey::retry_limits;
using valetkey::retry_schedule;

namespace {
using pause_of = std::optional<std::chrono::milliseconds>;
auto const start = retry_schedule::time_point{} + 1h;
}  // namespace

TEST_CASE("Retry: pauses double, up to the longest, and jitter takes a random part of them", "[transport][retry]") {
    struct row {
        double fraction;
        std::vector<pause_of> pauses;
    };
    auto const [fraction, pauses] = GENERATE(values<row>({
        {0.0, {0ms, 0ms, 0ms, 0ms, 0ms, 0ms, pause_of{}}},
        {0.5, {25ms, 50ms, 100ms, 200ms, 400ms, 500ms, pause_of{}}},
        {0.999, {50ms, 100ms, 200ms, 400ms, 799ms, 999ms, pause_of{}}},
    }));
    CAPTURE(fraction);
    retry_limits limits;
    limits.tries = 7;
    retry_schedule tries{start + 1h, limits};
    for (auto const& expected : pauses) CHECK(tries.pause_after(errc::unavailable, start, fraction) == expected);
}

TEST_CASE("Retry: by default the fourth failure is final", "[transport][retry]") {
    retry_schedule tries{start + 1h};
    for (int i = 0; i < 3; ++i) CHECK(tries.pause_after(errc::unavailable, start, 0.5));
    CHECK_FALSE(tries.pause_after(errc::unavailable, start, 0.5));
}

TEST_CASE("Retry: an error that the same request cannot mend is final at once", "[transport][retry]") {
    auto const what =
        GENERATE(errc::unsupported_cloud, errc::invalid_field, errc::scope_too_long, errc::invalid_settings,
                 errc::crypto_failed, errc::denied, errc::timed_out, errc::malformed_response, errc::cancelled);
    CHECK_FALSE(retry_schedule{start + 1h}.pause_after(what, start, 0.5, 10s));
}

TEST_CASE("Retry: throttling pauses a second or more where the deadline allows", "[transport][retry]") {
    struct row {
        std::chrono::milliseconds left;
        double fraction;
        pause_of expected;
    };
    auto const [left, fraction, expected] = GENERATE(values<row>({
        {5s, 0.0, 1000ms},
        {5s, 0.5, 1250ms},
        {5s, 0.999, 1500ms},
        {1200ms, 0.999, 1100ms},  // cut at what leaves time for a try
        {1100ms, 0.0, 1000ms},
        {1099ms, 0.5, 25ms},  // a second does not fit: the ordinary pause
        {120ms, 0.999, 20ms},
        {100ms, 0.999, 0ms},
        {99ms, 0.0, pause_of{}},
        {-1ms, 0.0, pause_of{}},
    }));
    CAPTURE(left.count(), fraction);
    CHECK(retry_schedule{start + left}.pause_after(errc::throttled, start, fraction) == expected);
}

TEST_CASE("Retry: the deadline is in the future for each try", "[transport][retry]") {
    retry_schedule tries{start + 300ms};
    CHECK(tries.pause_after(errc::unavailable, start, 0.999) == pause_of{50ms});
    CHECK(tries.pause_after(errc::unavailable, start + 150ms, 0.999) == pause_of{50ms});
    CHECK_FALSE(tries.pause_after(errc::unavailable, start + 201ms, 0.0));
}

TEST_CASE("Retry: a clock error is corrected once, by what the answer's date says", "[transport][retry]") {
    retry_schedule tries{start + 1h};
    CHECK(tries.clock_offset() == 0s);
    SECTION("with a date") {
        CHECK(tries.pause_after(errc::clock_skew, start, 0.999, -900s) == pause_of{0ms});
        CHECK(tries.clock_offset() == -900s);
        SECTION("but not twice") {
            CHECK_FALSE(tries.pause_after(errc::clock_skew, start, 0.5, 5s));
            CHECK(tries.clock_offset() == -900s);
        }
        SECTION("and other failures keep the correction") {
            CHECK(tries.pause_after(errc::unavailable, start, 0.5, 7s) == pause_of{50ms});
            CHECK(tries.clock_offset() == -900s);
        }
    }
    SECTION("without a date it is final") {
        CHECK_FALSE(tries.pause_after(errc::clock_skew, start, 0.5));
        CHECK(tries.clock_offset() == 0s);
    }
    SECTION("an answer of another failure corrects nothing") {
        CHECK(tries.pause_after(errc::unavailable, start, 0.5, 7s));
        CHECK(tries.clock_offset() == 0s);
    }
}

TEST_CASE("Date: the form that RFC 9110 lets a server send", "[transport][date]") {
    using valetkey::parse_http_date;
    using valetkey::utc_seconds;
    for (auto const* text : {"Tue, 15 Nov 1994 08:12:31 GMT", "Thu, 01 Jan 1970 00:00:00 GMT",
                             "Thu, 29 Feb 2024 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"})
        CHECK(valetkey::http_date(*parse_http_date(text)) == text);
    CHECK(parse_http_date("Tue, 15 Nov 1994 08:12:31 GMT") == utc_seconds{784887151s});
    CHECK(parse_http_date("Thu, 01 Jan 1970 00:00:00 GMT") == utc_seconds{0s});
    CHECK(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT") == utc_seconds{1709251199s});
    CHECK(parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT") == utc_seconds{253402300799s});
    std::string_view const wrong =
        GENERATE("", "Tue, 15 Nov 1994 08:12:31", "Tue, 15 Nov 1994 08:12:31 UTC", "Tue, 15 Nov 1994 08:12:31 +000",
                 "Tue, 15 nov 1994 08:12:31 GMT", "Tue, 15 anF 1994 08:12:31 GMT", "Tue, 15 ovD 1994 08:12:31 GMT",
                 "Tue, 30 Feb 1994 08:12:31 GMT", "Tue, 15 Nov 1994 24:12:31 GMT", "Tue, 15 Nov 1994 08:60:31 GMT",
                 "Tue, 15 Nov 1994 08:12:61 GMT", "Tue, 15 Nov 1969 08:12:31 GMT", "Tue, 1x Nov 1994 08:12:31 GMT",
                 "Tuesday, 15-Nov-94 08:12:31 GMT", "Tue Nov 15 08:12:31 1994", "yesterday");
    CAPTURE(wrong);
    CHECK_FALSE(parse_http_date(wrong));
}
