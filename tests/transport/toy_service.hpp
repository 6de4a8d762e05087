#pragma once
/// @file
/// A service with the steps of `sts_service`, whose signature anybody can read.

#include <valetkey/grant.hpp>
#include <valetkey/http_message.hpp>
#include <valetkey/result.hpp>
#include <valetkey/upload_request.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

/// 200: a grant with the body as its key id. 429, 5xx, 400, 403: throttled, unavailable, clock_skew, denied.
/// Every other status: malformed_response.
class toy_service {
public:
    struct upload_plan {
        bool local = false;
        std::uint64_t object_id = 0;
        std::string extension{};
    };
    explicit toy_service(std::string url) : url_{std::move(url)} {}

    valetkey::result<upload_plan> plan(valetkey::upload_request const& what, valetkey::fresh const& made) {
        if (what.extension.empty()) return valetkey::failure{valetkey::errc::missing_field, "extension"};
        return upload_plan{what.form_only, made.object_id, std::string{what.extension}};
    }
    valetkey::result<std::optional<valetkey::http_request>> exchange(upload_plan const& plan,
                                                                     valetkey::attempt const& now) {
        if (plan.local) return std::optional<valetkey::http_request>{};
        attempts.push_back(now);
        valetkey::http_request call{
            "POST", url_ + "?ext=" + plan.extension, {}, "nonce=" + std::string{now.nonce.view()}};
        call.headers = {{"host", "toy.example"}, {"x-try", std::to_string(attempts.size())}, {"x-empty", ""}};
        return std::optional{std::move(call)};
    }
    valetkey::result<valetkey::grant> complete(upload_plan const& plan, valetkey::http_response const& reply,
                                               valetkey::utc_seconds now, valetkey::grant recycled = {}) {
        if (!plan.local && reply.status != 200) return valetkey::failure{errc_of(reply.status)};
        recycled.start_over({}, {});
        recycled.put(valetkey::grant::access_key_id, {reply.body.empty() ? "nothing" : reply.body});
        recycled.object_id = plan.object_id;
        recycled.server_time = now;
        return recycled;
    }
    std::vector<valetkey::attempt> attempts{};  ///< what each try was signed with

private:
    static valetkey::errc errc_of(int status) {
        if (status == 429) return valetkey::errc::throttled;
        if (status >= 500) return valetkey::errc::unavailable;
        if (status == 400) return valetkey::errc::clock_skew;
        if (status == 403) return valetkey::errc::denied;
        return valetkey::errc::malformed_response;
    }
    std::string url_;
};
