#pragma once
/// @file
/// A transport of the user's own: it shows what would be sent to the STS and answers as AWS documents it. A real one
/// sends method, URL, headers and body exactly as they are (they are signed) and follows no redirect.

#include <valetkey/transport/fresh_source.hpp>
#include <valetkey/transport/http_client.hpp>

#include <cstdio>
#include <string>

class recording_transport {
public:
    valetkey::fresh_source& source() noexcept { return source_; }  // clock and entropy; yours may be others

    valetkey::result<valetkey::http_answer> send(valetkey::http_request const& call, valetkey::send_terms const&) {
        std::printf("%s %s\n", call.method.c_str(), call.url.c_str());
        for (auto const& header : call.headers) std::printf("%s: %s\n", header.name.c_str(), header.value.c_str());
        std::printf("\n%s\n\n", call.body.c_str());
        valetkey::timestamp const end{source_.now() + std::chrono::hours{1}};
        valetkey::http_answer answer{200, {}, source_.now()};
        answer.body.append("<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>")
            .append("<SecretAccessKey>made-up</SecretAccessKey><SessionToken>made-up/token</SessionToken><Expiration>")
            .append(end.iso().view())
            .append("</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>");
        return answer;
    }

private:
    valetkey::fresh_source source_;
};
