#pragma once
/// @file
/// What an upload to OBS asks for in the way of a callback.

#include <valetkey/encoding/base64.hpp>
#include <valetkey/policy/obs_form_conditions.hpp>
#include <valetkey/sandbox/callback_message.hpp>
#include <valetkey/sandbox/s3_dialect.hpp>
#include <valetkey/wire/json_answer.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::sandbox {

/// Whom an upload asks OBS to call, and with what. An empty URL: nobody.
/// @par Source Huawei Cloud, OBS API reference, callback (obs_04_0095).
struct obs_callback {
    std::string url{};
    std::string host{};
    std::string body{};
    std::string type{};

    /// A header or a parameter; of a form its fields, or its policy, but not both. None: it cannot be read, and then
    /// nothing is uploaded.
    [[nodiscard]] static std::optional<obs_callback> asked(said_by_sender const& said, bool by_form) {
        if (!by_form) return of_header(said("x-obs-callback").value_or(""));
        auto const text = [&](std::string_view name) { return std::string{said(name).value_or("")}; };
        auto const of_fields =
            obs_callback{text("callbackurl"), text("callbackhost"), text("callbackbody"), text("callbackbodytype")}
                .with_type();
        auto of_policy = obs_callback::of_policy(said);
        if (!of_policy || of_policy->url.empty()) return of_policy ? of_fields : of_policy;
        return of_fields && of_fields->url.empty() ? of_policy : std::nullopt;
    }

private:
    /// JSON is the default.
    [[nodiscard]] std::optional<obs_callback> with_type() && {
        if (type.empty()) type = "application/json";
        return is_callback_type(type) ? std::optional{std::move(*this)} : std::nullopt;
    }
    [[nodiscard]] static std::optional<obs_callback> of_header(std::string_view header) {
        if (header.empty()) return obs_callback{};
        auto const decoded = from_base64(header);
        json_answer const json{decoded.value_or("")};
        if (!json.valid()) return std::nullopt;
        auto const text = [&](std::string_view name) { return std::string{json.text(name)}; };
        return obs_callback{text("callbackUrl"), text("callbackHost"), text("callbackBody"), text("callbackBodyType")}
            .with_type();
    }
    /// `"callback":[{"url":…},{"host":…},{"body":"URL-safe base64"},{"body-type":…}]`; the policy was read before.
    [[nodiscard]] static std::optional<obs_callback> of_policy(said_by_sender const& said) {
        auto text = said("policy").value_or("");
        if (auto const token = said("token")) text = token->substr(token->rfind(':') + 1);
        boost::json::parse_options options;
        options.allow_trailing_commas = true;
        boost::system::error_code error;
        auto const document = boost::json::parse(plain_obs_json(from_base64(text).value_or("")), error, {}, options);
        auto const* list = error || !document.is_object() ? nullptr : document.get_object().if_contains("callback");
        if (!list) return obs_callback{};
        obs_callback made;
        if (!list->is_array()) return std::nullopt;
        for (auto const& each : list->get_array()) {
            if (!each.is_object() || each.get_object().size() != 1) return std::nullopt;
            auto const& [name, value] = *each.get_object().begin();
            if (!value.is_string()) return std::nullopt;
            auto* const into = made.member(name);
            if (into) *into = std::string_view{value.get_string()};
        }
        auto body = from_base64url(made.body);
        if (!body) body = from_base64(made.body);
        if (!body) return std::nullopt;
        made.body = std::move(*body);
        return std::move(made).with_type();
    }
    [[nodiscard]] std::string* member(std::string_view name) noexcept {
        return name == "url"         ? &url
               : name == "host"      ? &host
               : name == "body"      ? &body
               : name == "body-type" ? &type
                                     : nullptr;
    }
};

}  // namespace valetkey::sandbox
