/// The library in 25 lines: an upload credential for one object, for a service that brings everything else itself.
#include "recording_transport.hpp"

#include <valetkey/transport/issue.hpp>
#include <valetkey/valetkey.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <cstdio>

int main() {
    valetkey::sts_service<valetkey::aliyun, valetkey::aws>::settings settings;  // no other cloud is compiled in
    settings.root = "test";
    auto& aws = settings.of<valetkey::aws>().emplace();
    aws.root = {"AKIAEXAMPLE", valetkey::secret{"read this from where secrets live"}};
    aws.role = "arn:aws:iam::111122223333:role/uploader";
    aws.bucket = "my-bucket";
    aws.region = "eu-west-1";

    valetkey::sts_service<valetkey::aliyun, valetkey::aws> service{std::move(settings)};
    valetkey::upload_request request;
    request.type = valetkey::aws::type;
    request.extension = "png";
    request.module = valetkey::upload_module::resource_image;

    recording_transport http;  // or valetkey::curl_client, or yours: anything with `send` and `source`
    auto const granted = valetkey::issue(service, http, request, valetkey::deadline_after(std::chrono::seconds{5}));
    std::string answer;
    if (granted) valetkey::append_grant_json(answer, *granted);
    std::printf("%s\n", granted ? answer.c_str() : valetkey::name_of(granted.error().what).data());
    return granted ? 0 : 1;
}
