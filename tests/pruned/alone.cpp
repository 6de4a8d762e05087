// A program that lists one cloud, named on the compiler's command line: nothing of another may be in it.
#include <valetkey/valetkey.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <cstdio>

int main(int count, char** values) {
    using service_type = valetkey::sts_service<valetkey::CLOUD>;
    service_type::settings settings;
    settings.root = "test";
    auto& own = settings.of<valetkey::CLOUD>().emplace();
    own.root = {"id", valetkey::secret{"value"}};
    own.form.emplace(own.root);
    own.bucket = BUCKET;
    own.region = "region-1";
    own.endpoint = "https://store.example";
#ifdef ROLE
    own.role = ROLE;
#endif
    service_type service{std::move(settings)};
    valetkey::upload_request request;
    request.type = static_cast<std::uint8_t>(std::atoi(count > 1 ? values[1] : "0"));
    request.extension = "txt";
    auto const plan = service.plan(request, {valetkey::utc_seconds{std::chrono::seconds{1773480413}}, 1, {}, {}});
    if (!plan) return std::printf("%s\n", valetkey::name_of(plan.error().what).data()), 0;
    auto const call = service.exchange(*plan, {});
    auto const granted = service.complete(*plan, {}, {});
    std::string text;
    if (granted) valetkey::append_grant_json(text, *granted);
    std::printf("%s %s\n", call && *call ? (*call)->url.c_str() : "local", text.c_str());
}
