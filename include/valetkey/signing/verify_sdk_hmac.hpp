#pragma once
/// @file
/// SDK-HMAC-SHA256, verified: requests to Huawei Cloud's IAM and STS. Pure; the stages are those of sdk_hmac.hpp.

#include <valetkey/signing/incoming.hpp>
#include <valetkey/signing/sdk_hmac.hpp>
#include <valetkey/signing/verify_v4.hpp>

#include <algorithm>
#include <optional>
#include <string_view>

namespace valetkey {

/// What the header `Authorization` says.
struct sdk_hmac_claim {
    std::string_view key_id{};
    std::string_view signed_headers{};  ///< `a;b;c`
    std::string_view signature{};

    /// `SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`, each once, in any order.
    [[nodiscard]] static std::optional<sdk_hmac_claim> parse(std::string_view header) noexcept {
        if (!header.starts_with(sdk_hmac_algorithm)) return std::nullopt;
        header.remove_prefix(sdk_hmac_algorithm.size());
        if (!header.starts_with(' ')) return std::nullopt;
        sdk_hmac_claim claim;
        while (!header.empty()) {
            header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
            auto const part = header.substr(0, header.find(','));
            header.remove_prefix(std::min(part.size() + 1, header.size()));
            auto const equals = std::min(part.find('='), part.size());
            auto* const into = claim.member(part.substr(0, equals));
            if (!into || !into->empty() || equals == part.size()) return std::nullopt;
            *into = part.substr(equals + 1);
        }
        bool const whole = !claim.key_id.empty() && !claim.signed_headers.empty() && !claim.signature.empty();
        return whole ? std::optional{claim} : std::nullopt;
    }

private:
    [[nodiscard]] std::string_view* member(std::string_view name) noexcept {
        return name == "Access"          ? &key_id
               : name == "SignedHeaders" ? &signed_headers
               : name == "Signature"     ? &signature
                                         : nullptr;
    }
};

/// A request to IAM or STS. Its date must be signed, and its account's id where there is one; `host` need not be.
/// @param find `known_key const* find(std::string_view id)`.
/// @par Source Huawei Cloud, "API Request Signing Guide".  Checked by vectors/huawei.json, kind sts_request.
template <class Find>
[[nodiscard]] verdict verify_sdk_hmac(incoming_request const& request, Find const& find, verifying_terms const& terms) {
    auto const header = request.header("authorization");
    if (!header) return verdict::not_signed;
    auto const claim = sdk_hmac_claim::parse(*header);
    auto const query = split_query(request.query);
    auto const path = percent_decoded(request.path, false);
    auto const date = request.header_or_empty("x-sdk-date");
    auto const at = parse_basic_time(date);
    if (!claim || !query || !path || !at) return verdict::malformed;
    auto const is_signed = [&](std::string_view name) { return detail::names_header(claim->signed_headers, name); };
    canonical_headers const headers{request.headers, is_signed, trimmed};
    // else the list names what is not there, or is not sorted
    if (headers.names() != claim->signed_headers || !is_signed("x-sdk-date")) return verdict::malformed;
    if (request.header("x-domain-id") && !is_signed("x-domain-id")) return verdict::malformed;
    known_key const* key = find(claim->key_id);
    if (!key) return verdict::unknown_key;
    if (auto const token = check_token(*key, request.header_or_empty("x-security-token")); token != verdict::accepted)
        return token;
    if (!is_within(*at, terms)) return verdict::skewed;
    auto const payload = sdk_payload_hash(request.headers, request.body);
    if (payload != "UNSIGNED-PAYLOAD" && payload != to_hex(digest<sha256>({request.body})).view())
        return verdict::wrong_body;
    parameters pairs;
    for (auto const& pair : *query) pairs.emplace_back(pair.name, pair.value);
    auto const canonical = sdk_canonical_request(request.method, *path, pairs, headers, payload);
    auto const expected = to_hex(hmac_key<sha256>{key->value.reveal()}.sign(sdk_string_to_sign(date, canonical)));
    return equal_in_constant_time(expected, claim->signature) ? verdict::accepted : verdict::wrong_signature;
}

}  // namespace valetkey
