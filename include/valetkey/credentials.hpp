#pragma once
/// @file
/// Keys: the operator's, and those that an STS issues.

#include <valetkey/secret.hpp>
#include <valetkey/time.hpp>

#include <string>

namespace valetkey {

/// A key pair. `id` may be shown (each signature shows it); `value` never leaves the process unless an STS made it.
struct access_key {
    std::string id{};
    secret value{};
};

/// What an STS issued. `expiration`: UTC, whole seconds, cut.
struct temporary_credentials {
    access_key key;
    secret security_token;
    utc_seconds expiration;
};

}  // namespace valetkey
