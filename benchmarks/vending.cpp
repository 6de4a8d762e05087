/// What the library's own work costs, cloud by cloud, beside the limit. Google Benchmark; compare figures of one run
/// only. `benchmarks/run` takes them in turns and makes the ratios.
///   pipeline/CLOUD      `grant: form`: a request's bytes in, the answer's bytes out, clock and entropy included
///   hmac/CLOUD          a bare HMAC of the policy that the same request gets
///   voucher/CLOUD       plan and complete alone: what a vendor's SDK does for a form
///   sts_request/aws     plan and exchange: the signed request to STS
///   clouds/N            pipeline/aws in a service of N clouds
///   token/N, token_hmac/N   the form of an `sts` answer with a token of N bytes, and the bare HMAC of its policy

#include "service.hpp"

#include <valetkey/gateway/request_json.hpp>
#include <valetkey/transport/fresh_source.hpp>
#include <valetkey/wire/grant_json.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

using benchmarks::all_clouds;
using benchmarks::bare_hmac;
using benchmarks::make_service;
using benchmarks::video_request;

std::string form_body(std::uint8_t type) {
    return R"({"type":)" + std::to_string(type) +
           R"(,"extension":"mp4","isNeedCallback":0,"uploadModule":"resource_video","platform":"app","projectId":0,)"
           R"("isDir":0,"uuid":"","grant":"form"})";
}

/// One request after the other, as a thread of the gateway has them, without HTTP.
template <class P, class Service = all_clouds>
class pipeline {
public:
    /// The answer's text, or none.
    [[nodiscard]] std::string_view operator()(std::string_view body) {
        json_.read(body, fields_);
        auto const request = fields_.request();
        if (!request) return {};
        auto const fresh = source_.make_fresh(++id_);
        auto const plan = service_.plan(*request, fresh);
        if (!plan) return {};
        auto made = service_.complete(*plan, {}, fresh.now, std::move(last_));
        if (!made) return {};
        answer_.wipe();
        answer_.append(R"({"code":0,"message":"","data":)");
        valetkey::append_grant_json(answer_, *made);
        answer_.append("}");
        last_ = std::move(*made);
        return answer_.view();
    }
    [[nodiscard]] valetkey::grant const& last() const noexcept { return last_; }

private:
    Service service_ = make_service<P, Service>();
    valetkey::gateway::request_json json_;
    valetkey::gateway::request_fields fields_;
    valetkey::fresh_source source_;
    valetkey::grant last_;
    valetkey::wiped_text answer_;
    std::uint64_t id_ = 10000;
};

template <class P, class Service = all_clouds>
void run_pipeline(benchmark::State& state) {
    pipeline<P, Service> vend;
    auto const body = form_body(P::type);
    for (auto _ : state) {
        auto const answer = vend(body);
        if (answer.empty()) return state.SkipWithError("no answer");
        benchmark::DoNotOptimize(answer.data());
    }
}

void sign_repeatedly(benchmark::State& state, char const* hash, std::string_view text) {
    bare_hmac hmac{hash, "the form secret"};
    unsigned char mac[EVP_MAX_MD_SIZE];
    for (auto _ : state) {
        hmac.sign(text, mac);
        benchmark::DoNotOptimize(mac);
    }
    state.counters["policy_bytes"] = static_cast<double>(text.size());
}

template <class P>
void run_hmac(benchmark::State& state) {
    pipeline<P> vend;
    if (vend(form_body(P::type)).empty()) return state.SkipWithError("no answer");
    std::string text{vend.last()[valetkey::grant::policy]};
    // COS hashes the policy itself, the others its base64
    if constexpr (std::is_same_v<P, valetkey::tencent>) text = valetkey::from_base64(text).value();
    sign_repeatedly(state, benchmarks::policy_hash<P>, text);
}

template <class P>
void run_voucher(benchmark::State& state) {
    auto service = make_service<P>();
    valetkey::fresh_source source;
    auto request = video_request<P>();
    request.form_only = true;
    valetkey::grant last;
    std::uint64_t id = 10000;
    for (auto _ : state) {
        auto const fresh = source.make_fresh(++id);
        auto const plan = service.plan(request, fresh);
        if (!plan) return state.SkipWithError("no plan");
        auto made = service.complete(*plan, {}, fresh.now, std::move(last));
        if (!made) return state.SkipWithError("no grant");
        last = std::move(*made);
    }
}

template <class P>
void run_sts_request(benchmark::State& state) {
    auto service = make_service<P>();
    valetkey::fresh_source source;
    auto const request = video_request<P>();
    std::uint64_t id = 10000;
    for (auto _ : state) {
        auto const plan = service.plan(request, source.make_fresh(++id));
        if (!plan) return state.SkipWithError("no plan");
        auto const call = service.exchange(*plan, source.make_attempt());
        if (!call || !*call) return state.SkipWithError("no request");
        benchmark::DoNotOptimize((*call)->body.data());
    }
}

/// The typed question that stands before every voucher.
void run_guard(benchmark::State& state) {
    auto const scope =
        *valetkey::upload_scope::key({"test/resource/video/2026/03/14/10503/0f8fad5b-d9cb-469f-a165-70867728950e.mp4"});
    for (auto _ : state) {
        valetkey::upload_permission const permission{"vk-demo-1250000000", scope};
        benchmark::DoNotOptimize(is_exactly(permission));
    }
}

std::string sts_answer(std::string_view token, valetkey::utc_seconds now) {
    std::string text{"<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE0001</AccessKeyId>"};
    text.append("<SecretAccessKey>a/temporary+secret</SecretAccessKey><SessionToken>").append(token);
    text.append("</SessionToken><Expiration>");
    text.append(valetkey::timestamp{now + std::chrono::hours{1}}.iso().view());
    return text.append("</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>");
}

/// Completes an `sts` grant of AWS again and again. The smallest token has one byte.
class completion {
public:
    explicit completion(benchmark::State const& state) {
        auto const size = static_cast<std::size_t>(state.range(0));
        answer_ = sts_answer(std::string(size == 0 ? 1 : size, 't'), source_.now());
    }
    [[nodiscard]] valetkey::grant const* operator()() {
        auto const fresh = source_.make_fresh(++id_);
        auto const plan = service_.plan(request_, fresh);
        if (!plan) return nullptr;
        auto made = service_.complete(*plan, {200, answer_}, fresh.now, std::move(last_));
        if (!made) return nullptr;
        last_ = std::move(*made);
        return &last_;
    }

private:
    all_clouds service_ = make_service<valetkey::aws>();
    valetkey::fresh_source source_;
    valetkey::upload_request request_ = video_request<valetkey::aws>();
    std::string answer_;
    valetkey::grant last_;
    std::uint64_t id_ = 10000;
};

void run_token(benchmark::State& state) {
    completion complete{state};
    for (auto _ : state)
        if (!complete()) return state.SkipWithError("no grant");
}

void run_token_hmac(benchmark::State& state) {
    completion complete{state};
    auto const* made = complete();
    if (!made) return state.SkipWithError("no grant");
    sign_repeatedly(state, "SHA256", (*made)[valetkey::grant::policy]);
}

template <class... Ps>
void register_count() {
    using service = valetkey::sts_service<Ps...>;
    auto const name = "clouds/" + std::to_string(sizeof...(Ps));
    benchmark::RegisterBenchmark(name.c_str(), run_pipeline<valetkey::aws, service>);
}

void register_all() {
    all_clouds::for_each_cloud([]<class P>() {
        auto const name = [](std::string_view front) { return std::string{front}.append(P::name); };
        benchmark::RegisterBenchmark(name("pipeline/").c_str(), run_pipeline<P>);
        benchmark::RegisterBenchmark(name("hmac/").c_str(), run_hmac<P>);
        benchmark::RegisterBenchmark(name("voucher/").c_str(), run_voucher<P>);
    });
    benchmark::RegisterBenchmark("sts_request/aws", run_sts_request<valetkey::aws>);
    benchmark::RegisterBenchmark("guard", run_guard);
    using namespace valetkey;
    register_count<aws>();
    register_count<aws, qiniu>();
    register_count<aws, qiniu, tencent, aliyun>();
    register_count<aws, qiniu, tencent, aliyun, baidu, huawei, ksyun>();
    for (int const size : {0, 600, 1500, 4000}) {
        benchmark::RegisterBenchmark("token", run_token)->Arg(size);
        benchmark::RegisterBenchmark("token_hmac", run_token_hmac)->Arg(size);
    }
}

}  // namespace

int main(int count, char** values) {
    register_all();
    benchmark::Initialize(&count, values);
    if (benchmark::ReportUnrecognizedArguments(count, values)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
