#pragma once
/// @file
/// Qiniu Kodo: the upload token is the voucher and all there is. Nobody is asked, and no secret leaves.
/// @par Source Qiniu, "Upload token" (kodo/1208), "put policy" (kodo/1206).

#include <valetkey/policy/put_policy.hpp>
#include <valetkey/providers/dated_path.hpp>
#include <valetkey/providers/provider.hpp>
#include <valetkey/signing/hmac_sha1.hpp>

#include <boost/hana/adapt_struct.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace valetkey {

struct qiniu {
    static constexpr std::uint8_t type = 0;
    static constexpr std::string_view name = "qiniu";

    struct settings : store_settings {};
    struct cache {
        std::optional<hmac_key<sha1>> key;
        secret from;
        wiped_text json;
        wiped_text base64;
    };
    using path_builder = dated_path;
    using token_issuer = local_only;

    [[nodiscard]] static checked<site> locate(settings const& own) {
        // a deadline may lie anywhere; a year is more than anybody means
        if (auto problem = check_store(own, {1, 31536000})) return *problem;
        auto const vendor =
            own.region == "z0" ? std::string{"https://up.qiniup.com"} : "https://up-" + own.region + ".qiniup.com";
        return locate_store(own, own.region, vendor, {}, bucket_place::nowhere);
    }

    struct signer {
        static constexpr grant::field form[] = {{"key", grant::relative_path}, {"token", grant::security_token}};
        static constexpr std::array<grant::field, 0> callback_headers{};

        static void sign(located<settings> const& cloud, decision const& what, signing const& with, cache& kept,
                         grant& into) {
            put_policy_callback callback{into[grant::callback_url], {}, "application/x-www-form-urlencoded"};
            if (what.need_callback) {
                // the id is constant text inside the signed token: the client cannot change it
                into.put(
                    grant::callback_body,
                    {"objectId=", decimal{what.object_id}, "&resourceType=", decimal{static_cast<int>(what.module)},
                     "&bucket=$(bucket)&key=$(key)&fsize=$(fsize)&etag=$(etag)&mimeType=$(mimeType)"});
                callback = {into[grant::callback_url], into[grant::callback_body], callback.body_type};
            }
            auto const json = write_put_policy(kept.json, cloud.own.bucket, what.scope, cloud.own.max_size,
                                               with.expiration, what.need_callback ? &callback : nullptr);
            kept.base64.wipe();
            append_base64url(kept.base64, json);
            into.put(grant::policy, {kept.base64.view()});
            if (!kept.key || !equal_in_constant_time(kept.from.reveal(), with.key.value.reveal())) {
                kept.key.emplace(hmac_key<sha1>{with.key.value.reveal()});
                kept.from = with.key.value;
            }
            into.put(grant::signature, {sign_qiniu(*kept.key, kept.base64.view())});
            into.put(grant::security_token, {with.key.id, ":", into[grant::signature], ":", into[grant::policy]});
        }
    };
};

}  // namespace valetkey

BOOST_HANA_ADAPT_STRUCT(valetkey::qiniu::settings, root, bucket, region, endpoint, bucket_endpoint, duration_seconds,
                        max_size, form, allow_http);
