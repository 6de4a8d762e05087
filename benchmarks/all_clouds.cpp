// A program with every cloud, for the figures of benchmarks/figures/compile.py.
#include <valetkey/valetkey.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <cstdio>

int main(int count, char**) {
    using service_type = valetkey::sts_service<valetkey::qiniu, valetkey::tencent, valetkey::aws, valetkey::aliyun,
                                               valetkey::baidu, valetkey::huawei, valetkey::ksyun>;
    service_type service{service_type::settings{}};
    valetkey::upload_request request;
    request.type = static_cast<std::uint8_t>(count);
    auto const plan = service.plan(request, {});
    if (!plan) return 1;
    auto const call = service.exchange(*plan, {});
    auto const granted = service.complete(*plan, {}, {});
    std::string text;
    if (granted) valetkey::append_grant_json(text, *granted);
    return std::printf("%s%d\n", text.c_str(), call.has_value());
}
