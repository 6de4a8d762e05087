#pragma once
/// @file
/// The other direction: a request as a server received it, what the server knows of the signer, and the verdict.

#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/base64.hpp>
#include <valetkey/encoding/percent.hpp>
#include <valetkey/http_message.hpp>
#include <valetkey/secret.hpp>
#include <valetkey/signing/message.hpp>
#include <valetkey/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace valetkey {

enum class verdict : std::uint8_t {
    accepted,
    not_signed,       ///< none of the scheme's marks
    malformed,        ///< marks that cannot be read, or that come twice
    unknown_key,      ///< nobody has that key id
    wrong_token,      ///< a temporary key without exactly its token, or a long-term one with one
    wrong_scope,      ///< date, region or service of the signature are not this server's
    skewed,           ///< its time is too far from ours
    expired,          ///< its own end has passed
    wrong_signature,  ///< another secret, or something that is signed was changed
    wrong_body,       ///< the body is not the one whose digest was signed
};

/// What the verifier knows of one key.
struct known_key {
    std::string id{};
    secret value{};
    std::string session_token{};  ///< empty: a long-term key
};

/// As it arrived. Borrowed for the call.
struct incoming_request {
    std::string_view method;
    std::string_view path;                    ///< percent-encoded as on the wire; begins with `/`
    std::string_view query;                   ///< raw, without `?`
    std::vector<http_header> const& headers;  ///< names in lower case; `host` is among them
    std::string_view body;

    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
        for (auto const& each : headers)
            if (each.name == name) return std::string_view{each.value};
        return std::nullopt;
    }
    [[nodiscard]] std::string_view header_or_empty(std::string_view name) const noexcept {
        return header(name).value_or(std::string_view{});
    }
};

/// One pair of a raw query. `has_value`: there was a `=`.
struct query_pair {
    std::string name;
    std::string value;
    bool has_value = false;
};

/// Decoded; a `+` is a plus. None when it is not percent-encoded.
[[nodiscard]] inline std::optional<std::vector<query_pair>> split_query(std::string_view query) {
    std::vector<query_pair> out;
    while (!query.empty()) {
        auto const pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty()) continue;
        auto const equals = pair.find('=');
        auto name = percent_decoded(pair.substr(0, equals), false);
        auto value =
            percent_decoded(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), false);
        if (!name || !value) return std::nullopt;
        out.push_back({std::move(*name), std::move(*value), equals != std::string_view::npos});
    }
    return out;
}

/// The value of a name that comes once; none when it is absent or comes twice.
[[nodiscard]] inline std::optional<std::string_view> only_value(std::vector<query_pair> const& pairs,
                                                                std::string_view name) noexcept {
    std::optional<std::string_view> found;
    for (auto const& pair : pairs) {
        if (pair.name != name) continue;
        if (found) return std::nullopt;
        found = pair.value;
    }
    return found;
}

/// Encoded anew, segment by segment: what a client encoded differently is the same path.
[[nodiscard]] inline std::optional<std::string> canonical_path(std::string_view path) {
    auto const decoded = percent_decoded(path, false);
    if (!decoded) return std::nullopt;
    return percent_encoded(*decoded, "/");
}

/// How a verifier judges time and body.
struct verifying_terms {
    utc_seconds now{};
    std::chrono::seconds window{std::chrono::minutes{15}};  ///< between our clock and the signature's, both ways
    /// A `Content-MD5` that does not fit the body is `wrong_body`. Off where it is taken as a mere header.
    bool check_content_md5 = true;
};

[[nodiscard]] inline bool is_within(utc_seconds at, verifying_terms const& terms) noexcept {
    return at <= terms.now + terms.window && at + terms.window >= terms.now;
}

[[nodiscard]] inline verdict check_token(known_key const& key, std::string_view token) noexcept {
    return equal_in_constant_time(key.session_token, token) ? verdict::accepted : verdict::wrong_token;
}

[[nodiscard]] inline verdict check_content_md5(incoming_request const& request, verifying_terms const& terms) {
    auto const claimed = request.header("content-md5");
    if (!claimed || claimed->empty() || !terms.check_content_md5) return verdict::accepted;
    return *claimed == to_base64(digest<md5>({request.body})) ? verdict::accepted : verdict::wrong_body;
}

/// Reads `20260314T092653Z`.
[[nodiscard]] constexpr std::optional<utc_seconds> parse_basic_time(std::string_view text) noexcept {
    if (text.size() != 16) return std::nullopt;
    std::array<char, 20> iso{};
    std::size_t from = 0;
    for (std::size_t i = 0; i < iso.size(); ++i) {
        bool const mark = i == 4 || i == 7 || i == 13 || i == 16;
        iso[i] = !mark ? text[from++] : i < 10 ? '-' : ':';
    }
    return parse_iso_time({iso.data(), iso.size()});
}

}  // namespace valetkey
