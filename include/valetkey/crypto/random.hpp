#pragma once
/// @file
/// A pool of random bytes from OpenSSL's generator, for whoever owns entropy (transport/ and above). One a thread.

#include <valetkey/crypto/digest.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/time.hpp>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <cstring>

namespace valetkey {

/// Draws 4 KiB at once; what was given out is wiped here.
/// @par Errors Throws crypto_error when the generator fails.
class random_pool {
public:
    random_pool() = default;
    random_pool(random_pool&&) = delete;
    ~random_pool() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

    template <std::size_t N>
    [[nodiscard]] std::array<unsigned char, N> take() {
        static_assert(N <= 64);
        if (bytes_.size() - used_ < N) refill();
        std::array<unsigned char, N> out;
        std::memcpy(out.data(), bytes_.data() + used_, N);
        OPENSSL_cleanse(bytes_.data() + used_, N);
        used_ += N;
        return out;
    }
    /// 128 random bits as 32 of `0-9 a-f`.
    [[nodiscard]] fixed_text<32> hex_id() { return to_hex(take<16>()); }

    /// RFC 9562 version 4, 122 random bits, lower case.
    [[nodiscard]] fixed_text<36> uuid() {
        auto bytes = take<16>();
        bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0fU) | 0x40U);
        bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3fU) | 0x80U);
        auto const digits = to_hex(bytes);
        fixed_text<36> out;
        std::size_t next = 0;
        for (std::size_t i = 0; i < out.text.size(); ++i)
            out.text[i] = i == 8 || i == 13 || i == 18 || i == 23 ? '-' : digits.text[next++];
        return out;
    }
    /// Uniform in [0, 1), for jitter.
    [[nodiscard]] double fraction() {
        auto const bytes = take<4>();
        std::uint32_t number = 0;
        std::memcpy(&number, bytes.data(), sizeof number);
        return static_cast<double>(number) / 4294967296.0;
    }

private:
    void refill() {
        if (RAND_bytes(bytes_.data(), static_cast<int>(bytes_.size())) != 1)
            throw crypto_error{"valetkey: OpenSSL has no random bytes"};
        used_ = 0;
    }
    std::array<unsigned char, 4096> bytes_{};
    std::size_t used_ = bytes_.size();
};

}  // namespace valetkey
