#pragma once
/// @file
/// Digests over OpenSSL 3. The only places that name OpenSSL are crypto/ and the base64 of encoding/.

#include <openssl/evp.h>

#include <array>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace valetkey {

/// Thrown when OpenSSL refuses: no memory, or a digest that its policy forbids (MD5 and SHA-1 in a FIPS build).
/// `sts_service` turns it into `errc::crypto_failed`.
class crypto_error : public std::runtime_error {
public:
    explicit crypto_error(char const* what) : std::runtime_error{what} {}
};

struct md5 {
    static constexpr std::size_t size = 16;
    static constexpr char const* name = "MD5";
};
struct sha1 {
    static constexpr std::size_t size = 20;
    static constexpr char const* name = "SHA1";
};
struct sha256 {
    static constexpr std::size_t size = 32;
    static constexpr char const* name = "SHA256";
};
template <class Hash>
using digest_bytes = std::array<unsigned char, Hash::size>;

namespace detail {
struct free_digest_context {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using digest_context = std::unique_ptr<EVP_MD_CTX, free_digest_context>;

[[nodiscard]] inline digest_context new_digest_context() {
    digest_context made{EVP_MD_CTX_new()};
    if (!made) throw crypto_error{"valetkey: OpenSSL has no memory for a digest"};
    return made;
}
inline void require(int answer) {
    if (answer != 1) throw crypto_error{"valetkey: OpenSSL refused a digest"};
}
/// Fetched once: each one-shot call of OpenSSL 3.0 would look the name up again.
template <class Hash>
[[nodiscard]] EVP_MD const* fetched() {
    struct free_digest {
        void operator()(EVP_MD* digest) const noexcept { EVP_MD_free(digest); }
    };
    static std::unique_ptr<EVP_MD, free_digest> const digest{EVP_MD_fetch(nullptr, Hash::name, nullptr)};
    if (!digest) throw crypto_error{"valetkey: this OpenSSL does not have the digest"};
    return digest.get();
}
}  // namespace detail

template <class Hash>
[[nodiscard]] digest_bytes<Hash> digest(std::initializer_list<std::string_view> pieces) {
    auto const context = detail::new_digest_context();
    detail::require(EVP_DigestInit_ex(context.get(), detail::fetched<Hash>(), nullptr));
    for (auto const piece : pieces) detail::require(EVP_DigestUpdate(context.get(), piece.data(), piece.size()));
    digest_bytes<Hash> out;
    detail::require(EVP_DigestFinal_ex(context.get(), out.data(), nullptr));
    return out;
}

}  // namespace valetkey
