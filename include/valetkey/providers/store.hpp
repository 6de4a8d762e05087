#pragma once
/// @file
/// What every cloud's settings hold, how they are checked, and the addresses that follow from them.

#include <valetkey/credentials.hpp>
#include <valetkey/service_url.hpp>
#include <valetkey/upload_scope.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace valetkey {

inline constexpr std::uint64_t largest_upload = 5368709120;  // 5 GiB: the smallest "one request" limit of the clouds

/// The operator's part, common to all clouds. A provider's `settings` derive from it and name (for Hana) which of these
/// fields its cloud has.
struct store_settings {
    access_key root{};  ///< asks the STS (Qiniu: signs); `access_key_id`, `access_key_secret`
    std::string bucket{};
    std::string region{};
    std::string endpoint{};         ///< of the service, without bucket; empty: the vendor's
    std::string bucket_endpoint{};  ///< scheme and host of the bucket, where it has one of its own
    std::string sts_endpoint{};     ///< empty: the vendor's
    std::uint64_t duration_seconds = 3600;
    std::uint64_t max_size = largest_upload;  ///< bytes
    std::optional<access_key> form{};         ///< the upload identity of `grant: form`
    std::string voucher_key{"temporary"};     ///< or `form`: who signs the voucher of an `sts` grant
    std::uint32_t sts_per_second = 0;         ///< calls of the STS a second, retries included; 0: no limit
    bool allow_http = false;                  ///< else `http://` is for loopback alone
};

/// A setting that cannot be used. `what`: English, for the operator.
struct settings_problem {
    std::string_view field;
    std::string what;
};
template <class T>
using checked = boost::system::result<T, settings_problem>;

/// The addresses of one cloud, made once from its settings.
struct site {
    std::string endpoint;
    std::string bucket_endpoint;
    std::string form_url;
    std::string region;    ///< as the answer names it
    std::string sts_url;   ///< without path; empty where there is none
    std::string sts_host;  ///< its authority
};

namespace detail {

[[nodiscard]] inline bool is_made_of(std::string_view text, std::string_view marks, std::size_t least,
                                     std::size_t most) noexcept {
    if (text.size() < least || text.size() > most) return false;
    for (char const c : text) {
        bool const alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alphanumeric && marks.find(c) == std::string_view::npos) return false;
    }
    return true;
}

[[nodiscard]] inline checked<service_url> service_address(std::string_view field, std::string_view text,
                                                          bool allow_http) {
    auto url = service_url::parse(text);
    if (!url) return settings_problem{field, "must be https://HOST or https://HOST:PORT, without a path"};
    if (!url->tls() && !allow_http && !url->is_loopback())
        return settings_problem{field, "is http:// and not loopback: use https://, or set allow_http to true"};
    return *url;
}

}  // namespace detail

/// The range of `duration_seconds`, both included.
struct duration_range {
    std::uint64_t least;
    std::uint64_t most;
};

/// Where a bucket stands in its own address.
enum class bucket_place { in_host, in_path, nowhere };

/// Checks what all clouds have in common.
/// @param region_marks What may stand in a region's name beside letters and digits.
/// @return The first problem.
[[nodiscard]] inline std::optional<settings_problem> check_store(store_settings const& own, duration_range durations,
                                                                 std::string_view region_marks = "-") {
    if (own.root.id.empty()) return settings_problem{"access_key_id", "is missing"};
    if (own.root.value.empty()) return settings_problem{"access_key_secret", "is missing"};
    // no wildcard, quote or slash: the bucket's name becomes a part of policies
    if (!detail::is_made_of(own.bucket, "-_.", 1, 63) || own.bucket == "." || own.bucket == "..")
        return settings_problem{"bucket", "must be a bucket's name: 1 to 63 of A-Z a-z 0-9 . - _"};
    if (!detail::is_made_of(own.region, region_marks, 1, 32))
        return settings_problem{"region",
                                "must be a region's name: 1 to 32 of A-Z a-z 0-9 " + std::string{region_marks}};
    if (own.duration_seconds < durations.least || own.duration_seconds > durations.most)
        return settings_problem{"duration_seconds", "must be " + std::to_string(durations.least) + " to " +
                                                        std::to_string(durations.most) + " for this cloud"};
    if (own.max_size < 1 || own.max_size > largest_upload)
        return settings_problem{"max_size", "must be 1 to " + std::to_string(largest_upload) + " bytes"};
    if (own.form && own.form->id.empty()) return settings_problem{"form.access_key_id", "is missing"};
    if (own.form && own.form->value.empty()) return settings_problem{"form.access_key_secret", "is missing"};
    if (own.voucher_key != "temporary" && own.voucher_key != "form")
        return settings_problem{"voucher_key", "must be \"temporary\" or \"form\""};
    if (own.voucher_key == "form" && !own.form)
        return settings_problem{"voucher_key", "is \"form\": that needs `form` with its keys"};
    return std::nullopt;
}

/// The addresses: the operator's where given, else the vendor's.
[[nodiscard]] inline checked<site> locate_store(store_settings const& own, std::string region,
                                                std::string_view vendor_endpoint, std::string_view vendor_sts,
                                                bucket_place place) {
    auto const pick = [](std::string const& chosen, std::string_view vendor) {
        return chosen.empty() ? vendor : chosen;
    };
    site made;
    made.region = std::move(region);
    auto const endpoint = detail::service_address("endpoint", pick(own.endpoint, vendor_endpoint), own.allow_http);
    if (!endpoint) return endpoint.error();
    made.endpoint = endpoint->text();
    if (!own.bucket_endpoint.empty()) {
        auto const bucket = detail::service_address("bucket_endpoint", own.bucket_endpoint, own.allow_http);
        if (!bucket) return bucket.error();
        made.form_url = made.bucket_endpoint = bucket->text();
    } else if (endpoint->is_ip_address() || place == bucket_place::in_path) {
        made.bucket_endpoint = made.endpoint + "/" + own.bucket;
        made.form_url = place == bucket_place::nowhere ? made.endpoint : made.bucket_endpoint;
    } else {
        made.bucket_endpoint = place == bucket_place::nowhere ? made.endpoint : endpoint->with_label(own.bucket);
        made.form_url = made.bucket_endpoint;
    }
    if (!vendor_sts.empty()) {
        auto const sts = detail::service_address("sts_endpoint", pick(own.sts_endpoint, vendor_sts), own.allow_http);
        if (!sts) return sts.error();
        made.sts_url = sts->text();
        made.sts_host = sts->authority();
    }
    return made;
}

}  // namespace valetkey
