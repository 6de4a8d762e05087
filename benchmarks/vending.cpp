/// What a local grant costs, cloud by cloud, and what the guard's share of it is. Google Benchmark; compare figures of
/// one run only.

#include <valetkey/valetkey.hpp>

#include <benchmark/benchmark.h>

#include <string>
#include <utility>

namespace {

using service_type = valetkey::sts_service<valetkey::qiniu, valetkey::tencent, valetkey::aws, valetkey::aliyun,
                                           valetkey::baidu, valetkey::huawei, valetkey::ksyun>;
auto const now = *valetkey::parse_iso_time("2026-03-14T09:26:53Z");

template <class P>
service_type make_service() {
    service_type::settings settings;
    settings.root = "test";
    settings.callback_url = "https://app.example.com/upload/callback";
    auto& own = settings.of<P>().emplace();
    own.root = {"ROOTKEY", valetkey::secret{"the root secret"}};
    own.form.emplace(valetkey::access_key{"FORMKEY", valetkey::secret{"the form secret"}});
    own.bucket = "vk-demo-1250000000";
    own.region = "cn-north-1";
    own.endpoint = "https://store.example";
    if constexpr (std::is_same_v<P, valetkey::aliyun>) own.role = "acs:ram::1111:role/up";
    if constexpr (std::is_same_v<P, valetkey::ksyun>) own.role = "krn:ksc:iam::1111:role/up";
    return service_type{std::move(settings)};
}

valetkey::fresh fresh_values(std::uint64_t id) {
    valetkey::fresh f{now, id, {}, {}};
    f.uuid.text.fill('a');
    f.request_id.text.fill('b');
    return f;
}

template <class P>
void form_grant(benchmark::State& state) {
    auto service = make_service<P>();
    valetkey::upload_request request;
    request.type = P::type;
    request.extension = "mp4";
    request.module = valetkey::upload_module::resource_video;
    request.form_only = true;
    valetkey::grant last;
    std::uint64_t id = 10000;
    for (auto _ : state) {
        auto const plan = service.plan(request, fresh_values(++id));
        if (!plan) return state.SkipWithError("no plan");
        auto made = service.complete(*plan, {}, now, std::move(last));
        if (!made) return state.SkipWithError("no grant");
        last = std::move(*made);
    }
}

/// The typed question that stands before every voucher.
void guard(benchmark::State& state) {
    auto const scope =
        *valetkey::upload_scope::key({"test/resource/video/2026/03/14/10503/0f8fad5b-d9cb-469f-a165-70867728950e.mp4"});
    for (auto _ : state) {
        valetkey::upload_permission const permission{"vk-demo-1250000000", scope};
        benchmark::DoNotOptimize(is_exactly(permission));
    }
}

BENCHMARK(guard);
BENCHMARK(form_grant<valetkey::qiniu>);
BENCHMARK(form_grant<valetkey::tencent>);
BENCHMARK(form_grant<valetkey::aws>);
BENCHMARK(form_grant<valetkey::aliyun>);
BENCHMARK(form_grant<valetkey::baidu>);
BENCHMARK(form_grant<valetkey::huawei>);
BENCHMARK(form_grant<valetkey::ksyun>);

}  // namespace

BENCHMARK_MAIN();
