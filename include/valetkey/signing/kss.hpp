#pragma once
/// @file
/// KSS, the signature of KSyun's KS3: HMAC-SHA1 with the secret itself as key, in standard base64. Pure.

#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/base64.hpp>
#include <valetkey/secret.hpp>

#include <optional>
#include <string_view>

namespace valetkey {

/// Appends the signature of a text to any text with `size`, `resize` and `data`: 28 bytes. What a form signs is its
/// policy's base64.
/// @par Source KSyun, "POST Policy" (42321); Node, Java and PHP SDK.  Checked by vectors/ksyun.json, kind post_policy.
template <class Text>
void append_kss_signature(Text& out, hmac_key<sha1> const& key, std::string_view string_to_sign) {
    append_base64(out, key.sign(string_to_sign));
}

/// The key used last, kept with the secret that it came from.
class kss_key_cache {
public:
    [[nodiscard]] hmac_key<sha1> const& get(secret const& value) {
        if (!key_ || !equal_in_constant_time(from_.reveal(), value.reveal())) {
            key_.emplace(value.reveal());
            from_ = value;
        }
        return *key_;
    }

private:
    std::optional<hmac_key<sha1>> key_;
    secret from_;
};

}  // namespace valetkey
