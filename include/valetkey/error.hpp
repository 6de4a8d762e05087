#pragma once
/// @file
/// What can go wrong, and who must act. An error is a value; its vendor texts go to the log, never into an answer.

#include <boost/system/error_category.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace valetkey {

/// What happened. The gateway's table gives each its HTTP status, number and texts in English and Chinese.
enum class errc : std::uint8_t {
    // the request
    unsupported_cloud = 1,  ///< no provider of this list has that `type`
    not_configured,         ///< the provider is compiled in, but has no settings
    form_not_configured,    ///< `grant: form` without an upload identity
    missing_field,          ///< `failure::field` says which
    invalid_field,          ///< `failure::field` says which
    scope_too_long,         ///< the key does not fit the vendor's policy limit; it is never widened instead
    // the operator
    invalid_settings,  ///< `failure::field` says which setting
    unsafe_scope,      ///< a key left the safe alphabet: a path builder is wrong
    crypto_failed,     ///< OpenSSL refused (FIPS policy, no memory)
    no_object_id,      ///< the durable counter cannot be read or written, or has no id left
    // the cloud's STS
    denied,              ///< it refused our identity, role or policy
    throttled,           ///< it asks us to slow down
    unavailable,         ///< 5xx, or no connection
    circuit_open,        ///< it did not answer lately, so it was not asked
    budget_spent,        ///< our own limit of calls a second
    timed_out,           ///< no answer before the deadline
    clock_skew,          ///< our clock and its clock differ
    malformed_response,  ///< nonsense, or not what an honest issuer answers
    cancelled            ///< whoever asked does not want the answer any more
};

/// Who must act, so that one retry loop and one status table serve every cloud.
enum class condition : std::uint8_t {
    caller_fault,    ///< the request must change
    operator_fault,  ///< the configuration must change
    retryable,       ///< the same request, signed afresh, may work
    cloud_fault      ///< neither helps now
};

[[nodiscard]] constexpr condition condition_of(errc what) noexcept {
    switch (what) {
        case errc::unsupported_cloud:
        case errc::not_configured:
        case errc::form_not_configured:
        case errc::missing_field:
        case errc::invalid_field:
        case errc::scope_too_long: return condition::caller_fault;
        case errc::invalid_settings:
        case errc::unsafe_scope:
        case errc::crypto_failed:
        case errc::no_object_id:
        case errc::denied: return condition::operator_fault;
        case errc::throttled:
        case errc::unavailable:
        case errc::clock_skew: return condition::retryable;
        case errc::circuit_open:
        case errc::budget_spent:
        case errc::timed_out:
        case errc::malformed_response:
        case errc::cancelled: break;
    }
    return condition::cloud_fault;
}

/// A short English name, for logs and exceptions.
[[nodiscard]] constexpr std::string_view name_of(errc what) noexcept {
    switch (what) {
        case errc::unsupported_cloud: return "unsupported_cloud";
        case errc::not_configured: return "not_configured";
        case errc::form_not_configured: return "form_not_configured";
        case errc::missing_field: return "missing_field";
        case errc::invalid_field: return "invalid_field";
        case errc::scope_too_long: return "scope_too_long";
        case errc::invalid_settings: return "invalid_settings";
        case errc::unsafe_scope: return "unsafe_scope";
        case errc::crypto_failed: return "crypto_failed";
        case errc::no_object_id: return "no_object_id";
        case errc::denied: return "denied";
        case errc::throttled: return "throttled";
        case errc::unavailable: return "unavailable";
        case errc::circuit_open: return "circuit_open";
        case errc::budget_spent: return "budget_spent";
        case errc::timed_out: return "timed_out";
        case errc::clock_skew: return "clock_skew";
        case errc::malformed_response: return "malformed_response";
        case errc::cancelled: return "cancelled";
    }
    return "unknown";
}

/// The error of every result.
struct failure {
    errc what;
    std::string_view field{};      ///< static text: the request field or setting that is meant, if one is
    std::string vendor_code{};     ///< what the cloud called it: to the log, never into an answer
    std::string vendor_request{};  ///< the cloud's request id: likewise
};

[[nodiscard]] constexpr bool operator==(failure const& f, condition c) noexcept {
    return condition_of(f.what) == c;
}

}  // namespace valetkey
