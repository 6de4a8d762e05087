#pragma once
/// @file
/// Qiniu's PutPolicy, the text inside an upload token. Its scope is compared literally; there is no wildcard.

#include <valetkey/encoding/json_text.hpp>
#include <valetkey/secret.hpp>
#include <valetkey/time.hpp>
#include <valetkey/upload_scope.hpp>

#include <cstdint>
#include <string_view>

namespace valetkey {

/// What Qiniu calls after the upload. Signed with the token, so a client can change neither address nor template.
struct put_policy_callback {
    std::string_view url;
    std::string_view body;
    std::string_view body_type;
};

/// @param into     Its memory is used again.
/// @param most     Bytes; at least 1 is demanded.
/// @param callback May be null.
/// @par Source Qiniu, "put policy" (kodo/1206). `insertOnly`: an upload cannot replace what is there.
inline std::string_view write_put_policy(wiped_text& into, std::string_view bucket, upload_scope const& scope,
                                         std::uint64_t most, utc_seconds until, put_policy_callback const* callback) {
    into.wipe();
    into.append(R"({"deadline":)").append(decimal{until.time_since_epoch().count()});
    into.append(R"(,"fsizeMin":1,"fsizeLimit":)").append(decimal{most}).append(R"(,"insertOnly":1)");
    if (callback) {
        into.append(R"(,"callbackUrl":)");
        append_json_string(into, callback->url);
        into.append(R"(,"callbackBodyType":)");
        append_json_string(into, callback->body_type);
        into.append(R"(,"callbackBody":)");
        append_json_string(into, callback->body);
    }
    if (scope.is_prefix()) into.append(R"(,"isPrefixalScope":1)");
    into.append(R"(,"scope":")").append(bucket).append(":").append(scope.text()).append(R"("})");
    return into.view();
}

}  // namespace valetkey
