#pragma once
/// @file
/// A form policy sealed with a V4 key, for every cloud whose voucher is one.

#include <valetkey/encoding/base64.hpp>
#include <valetkey/grant.hpp>
#include <valetkey/policy/post_policy.hpp>
#include <valetkey/providers/provider.hpp>
#include <valetkey/signing/v4.hpp>

#include <string_view>

namespace valetkey {

/// What signing many vouchers keeps: the derived key of the long-term upload identity, and memory.
template <v4_dialect D>
struct voucher_cache {
    signing_key_cache<D> keys;
    wiped_text json;
    wiped_text base64;
};

/// Puts `policy` (base64) and `signature` (hex) of the policy that `kept.json` was written with.
template <v4_dialect D>
void seal_voucher(post_policy& policy, signing const& with, scope_input const& in, voucher_cache<D>& kept,
                  grant& into) {
    kept.base64.wipe();
    append_base64(kept.base64, policy.finish());
    into.put(grant::policy, {kept.base64.view()});
    // a temporary key signs once: it would only drive the long-term key out of the cache
    auto const signature = with.security_token.empty()
                               ? sign_policy(kept.keys.get(with.key.value, in), kept.base64.view())
                               : sign_policy(signing_key<D>(with.key.value, in), kept.base64.view());
    into.put(grant::signature, {signature});
}

}  // namespace valetkey
