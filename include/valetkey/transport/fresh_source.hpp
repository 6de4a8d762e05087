#pragma once
/// @file
/// The system's clock and OpenSSL's entropy as the pure steps want them. One a thread.

#include <valetkey/crypto/random.hpp>
#include <valetkey/time.hpp>
#include <valetkey/upload_request.hpp>

#include <chrono>
#include <cstdint>
#include <cstring>

namespace valetkey {

/// What is fresh for each plan and for each try.
/// @par Errors Throws crypto_error when OpenSSL has no entropy; `issue` and its kin turn that into `crypto_failed`.
class fresh_source {
public:
    [[nodiscard]] utc_seconds now() const noexcept {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }
    /// With an object id that never comes again: lease it from a durable counter.
    [[nodiscard]] fresh make_fresh(std::uint64_t object_id) {
        return {now(), object_id, random_.uuid(), random_.hex_id()};
    }
    /// With a random object id below 2^53. It repeats after some 10^8 draws: fine where ids only name things apart.
    [[nodiscard]] fresh make_fresh() {
        std::uint64_t number = 0;
        auto const bytes = random_.take<sizeof number>();
        std::memcpy(&number, bytes.data(), sizeof number);
        return make_fresh((number >> 11U) | 1U);
    }
    /// @param offset What the cloud's clock is ahead of ours.
    [[nodiscard]] attempt make_attempt(std::chrono::seconds offset = {}) { return {now() + offset, random_.hex_id()}; }

    /// Uniform in [0, 1), for jitter.
    [[nodiscard]] double fraction() { return random_.fraction(); }

private:
    random_pool random_;
};

}  // namespace valetkey
