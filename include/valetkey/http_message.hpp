#pragma once
/// @file
/// The exchange with an STS, as plain values for whoever owns the I/O.

#include <valetkey/secret.hpp>
#include <valetkey/time.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace valetkey {

struct http_header {
    std::string name;  ///< lower case
    std::string value;
};

/// Send exactly this: method, headers (`host` is among them) and body are signed. Follow no redirect.
struct http_request {
    std::string method;
    std::string url;
    std::vector<http_header> headers;
    std::string body;
};

/// What came back; borrowed for the call that reads it, as it may hold secrets that only its owner can wipe.
struct http_response {
    int status = 0;
    std::string_view body{};
    std::optional<utc_seconds> date{};  ///< its `Date` header: corrects our clock, once
};

}  // namespace valetkey
