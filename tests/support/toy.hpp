#pragma once
/// @file
/// A cloud of the user's own: this header, tests/vectors/toy.json and one word in a list. Nothing else knows it.

#include <valetkey/policy/put_policy.hpp>
#include <valetkey/providers/dated_path.hpp>
#include <valetkey/providers/provider.hpp>
#include <valetkey/signing/hmac_sha1.hpp>

#include <boost/hana/adapt_struct.hpp>

#include "vector_case.hpp"

namespace mine {

struct toy {
    static constexpr std::uint8_t type = 42;
    static constexpr std::string_view name = "toy";
    struct settings : valetkey::store_settings {};
    struct cache {
        valetkey::wiped_text text;
    };
    using path_builder = valetkey::dated_path;
    using token_issuer = valetkey::local_only;

    static valetkey::checked<valetkey::site> locate(settings const& own) {
        if (auto problem = valetkey::check_store(own, {60, 3600})) return *problem;
        return valetkey::locate_store(own, own.region, "https://toy.example", {}, valetkey::bucket_place::in_host);
    }
    /// The voucher: until when and where, and a MAC over that.
    static std::string mac(std::string_view secret, std::string_view policy) {
        return valetkey::to_base64url(valetkey::hmac_key<valetkey::sha256>{{secret}}.sign(policy));
    }
    struct signer {
        static constexpr valetkey::grant::field form[] = {{"toy-key", valetkey::grant::relative_path},
                                                          {"toy-policy", valetkey::grant::policy},
                                                          {"toy-mac", valetkey::grant::signature}};
        static constexpr std::array<valetkey::grant::field, 0> callback_headers{};
        static void sign(valetkey::located<settings> const& cloud, valetkey::decision const& what,
                         valetkey::signing const& with, cache&, valetkey::grant& into) {
            into.put(valetkey::grant::policy,
                     {valetkey::timestamp{with.expiration}.basic(), ":", cloud.own.bucket, ":", what.scope.text()});
            into.put(valetkey::grant::signature, {mac(with.key.value.reveal(), into[valetkey::grant::policy])});
        }
    };
};

}  // namespace mine

BOOST_HANA_ADAPT_STRUCT(mine::toy::settings, root, bucket, region, endpoint, duration_seconds, max_size, form);

template <>
struct vectors::runner<mine::toy> {
    static void run(vector_case const& c) {
        if (c.kind != "post_policy") not_yet(c);
        require_fields({{"toy-policy", c.input.must("policy_text")},
                        {"toy-mac", mine::toy::mac(c.secret(), c.input.must("policy_text"))}},
                       c.expect);
    }
};
