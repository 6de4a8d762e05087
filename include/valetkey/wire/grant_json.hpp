#pragma once
/// @file
/// A grant as the answer's `data`: appended piece by piece, no DOM.

#include <valetkey/encoding/json_text.hpp>
#include <valetkey/grant.hpp>

#include <string_view>

namespace valetkey {

namespace detail {

template <class Text>
void append_fields(Text& out, grant const& g, std::span<grant::field const> fields) {
    std::string_view open = "{\"";
    for (auto const& field : fields) {
        if (!g.has(field.value)) continue;
        out.append(open).append(field.name).append(std::string_view{"\":"});
        append_json_string(out, g[field.value]);
        open = ",\"";
    }
    out.append(open == "{\"" ? std::string_view{"{}"} : std::string_view{"}"});
}

template <class Text>
void append_callback(Text& out, grant const& g) {
    out.append(
        std::string_view{R"(,"callbackInfo":{"callbackBodyType":"application/x-www-form-urlencoded","callbackUrl":)"});
    append_json_string(out, g[grant::callback_url]);
    out.append(std::string_view{R"(,"customInfo":{"objectId":)"}).append(decimal{g.object_id});
    out.append(std::string_view{R"(,"resourceType":)"}).append(decimal{static_cast<int>(g.module)});
    out.append(std::string_view{R"(},"callbackBody":)"});
    append_json_string(out, g[grant::callback_body]);
    if (!g.callback_headers().empty()) {
        out.append(std::string_view{R"(,"headers":)"});
        append_fields(out, g, g.callback_headers());
    }
    out.append(std::string_view{"}"});
}

}  // namespace detail

/// Appends to any text with `append(std::string_view)` that returns itself. Members as contract and README name them.
template <class Text>
void append_grant_json(Text& out, grant const& g) {
    auto const text = [&](std::string_view name, grant::part part) {
        out.append(name);
        append_json_string(out, g[part]);
    };
    auto const number = [&](std::string_view name, auto value) { out.append(name).append(decimal{value}); };
    text(R"({"accessKeyId":)", grant::access_key_id);
    text(R"(,"secretAccessKey":)", grant::secret_access_key);
    text(R"(,"securityToken":)", grant::security_token);
    text(R"(,"bucket":)", grant::bucket);
    text(R"(,"endpoint":)", grant::endpoint);
    text(R"(,"relativePath":)", grant::relative_path);
    out.append(std::string_view{R"(,"expiration":")"})
        .append(timestamp{g.expiration}.iso().view())
        .append(std::string_view{"\""});
    text(R"(,"region":)", grant::region);
    number(R"(,"objectId":)", g.object_id);
    if (g.has_callback) detail::append_callback(out, g);
    text(R"(,"signature":)", grant::signature);
    text(R"(,"policy":)", grant::policy);
    number(R"(,"type":)", static_cast<int>(g.type));
    number(R"(,"isDir":)", g.is_dir ? 1 : 0);
    number(R"(,"startTime":)", g.start.time_since_epoch().count());
    number(R"(,"expiredTime":)", g.expiration.time_since_epoch().count());
    number(R"(,"serverTime":)", g.server_time.time_since_epoch().count());
    text(R"(,"bucketEndpoint":)", grant::bucket_endpoint);
    number(R"(,"maxSize":)", g.max_size);
    text(R"(,"form":{"url":)", grant::form_url);
    out.append(std::string_view{R"(,"fields":)"});
    detail::append_fields(out, g, g.form());
    out.append(std::string_view{R"(,"fileField":"file"}})"});
}

}  // namespace valetkey
