#pragma once
/// @file
/// Every refusal of the gateway: its HTTP status, its number and its texts. The one table; README repeats the numbers.

#include <valetkey/encoding/json_text.hpp>
#include <valetkey/error.hpp>
#include <valetkey/time.hpp>

#include <cstdint>
#include <string_view>

namespace valetkey::gateway {

enum class refused : std::uint8_t {
    broken_http,
    broken_json,
    two_spellings,
    query_with_post,
    unknown_field,
    duplicate_field,
    wrong_type,
    missing_field,
    invalid_field,
    unknown_cloud,
    cloud_not_enabled,
    form_not_enabled,
    scope_too_long,
    no_token,
    module_forbidden,
    project_forbidden,
    callback_not_believed,
    no_such_path,
    wrong_method,
    too_slow,
    body_too_large,
    not_json,
    too_many_requests,
    head_too_large,
    internal,
    bad_settings,
    sts_denied,
    sts_nonsense,
    sts_throttled,
    sts_unavailable,
    not_ready,
    sts_timed_out,
};

/// `{}` in a text is the field's name; what that field must be follows it.
struct refusal_row {
    refused what;
    int status;
    int number;
    std::string_view english;
    std::string_view chinese;
};

inline constexpr refusal_row refusal_rows[] = {
    {refused::broken_http, 400, 40000,
     "The HTTP request is malformed. Send HTTP/1.1 with one Host, one Authorization and one kind of body length.",
     "HTTP 报文格式错误。请发送符合 HTTP/1.1 的报文：一个 Host、一个 Authorization、一种正文长度方式。"},
    {refused::broken_json, 400, 40001,
     "The body is not one JSON object in UTF-8. Send one object and nothing behind it.",
     "请求正文不是单个 UTF-8 编码的 JSON 对象。请只发送一个对象，其后不要有多余内容。"},
    {refused::two_spellings, 400, 40002,
     "There is a body and a query. Send the fields either as JSON body or as query of a GET.",
     "同时存在正文和查询串。请只用 JSON 正文，或只用 GET 的查询串。"},
    {refused::query_with_post, 400, 40003,
     "A POST takes its fields from the JSON body. Drop the query, or send it with GET.",
     "POST 的字段须放在 JSON 正文中。请去掉查询串，或改用 GET。"},
    {refused::unknown_field, 400, 40004,
     "Field \"{}\" is unknown. Remove it; the server alone decides bucket, key, role and addresses.",
     "未知字段 “{}”。请删除该字段；存储桶、对象键、角色和地址只由服务器决定。"},
    {refused::duplicate_field, 400, 40005, "Field \"{}\" comes twice. Send it once.", "字段 “{}” 重复。请只发送一次。"},
    {refused::wrong_type, 400, 40006, "Field \"{}\" has the wrong type: it must be ", "字段 “{}” 类型错误：应为"},
    {refused::missing_field, 400, 40007, "Field \"{}\" is missing: send ", "缺少字段 “{}”：请发送"},
    {refused::invalid_field, 400, 40008, "Field \"{}\" is not valid: it must be ", "字段 “{}” 无效：应为"},
    {refused::unknown_cloud, 400, 40009, "Field \"{}\" names no cloud of this server: it must be ",
     "字段 “{}” 不是本服务支持的云：应为"},
    {refused::cloud_not_enabled, 400, 40010,
     "Field \"{}\" names a cloud that is not enabled here. Choose another, or ask the operator.",
     "字段 “{}” 所指的云未启用。请选择其他云，或联系管理员。"},
    {refused::form_not_enabled, 400, 40011,
     "Field \"{}\" is \"form\", but this cloud has no upload identity for it. Use \"sts\", or ask the operator.",
     "字段 “{}” 为 “form”，但该云未配置表单上传身份。请使用 “sts”，或联系管理员。"},
    {refused::scope_too_long, 400, 40012,
     "The key does not fit the cloud's policy limit and is never widened instead. Use shorter values.",
     "对象键超出该云策略的长度限制，且绝不会因此放宽权限。请使用更短的取值。"},
    {refused::no_token, 401, 40100, "A valid token is needed. Send the header Authorization: Bearer TOKEN.",
     "需要有效的令牌。请发送请求头 Authorization: Bearer TOKEN。"},
    {refused::module_forbidden, 403, 40300,
     "This token may not use this uploadModule. Choose another module, or ask the operator.",
     "该令牌无权使用此 uploadModule。请选择其他模块，或联系管理员。"},
    {refused::project_forbidden, 403, 40301,
     "This token may not use this projectId. Choose another project, or ask the operator.",
     "该令牌无权使用此 projectId。请选择其他项目，或联系管理员。"},
    {refused::callback_not_believed, 403, 40302,
     "This callback is not proved, so it is not believed and changes nothing.",
     "此回调未通过验证，不予采信，也不会产生任何变更。"},
    {refused::no_such_path, 404, 40400, "There is nothing at this path. See /openapi.json.",
     "该路径不存在。请参阅 /openapi.json。"},
    {refused::wrong_method, 405, 40500, "This method is not for this path. See the header Allow.",
     "该路径不支持此方法。请参阅响应头 Allow。"},
    {refused::too_slow, 408, 40800, "The request did not arrive in time. Send it again, without pauses.",
     "请求未在规定时间内到达。请重新发送，中途不要停顿。"},
    {refused::body_too_large, 413, 41300, "The body is too large. A request needs less than 8 KiB.",
     "请求正文过大。请求应小于 8 KiB。"},
    {refused::not_json, 415, 41500, "The body must have Content-Type: application/json, in UTF-8.",
     "请求正文的 Content-Type 须为 application/json（UTF-8）。"},
    {refused::too_many_requests, 429, 42900,
     "Too many requests of this caller. Try again after the seconds of Retry-After.",
     "该调用方请求过多。请在 Retry-After 指定的秒数后重试。"},
    {refused::head_too_large, 431, 43100, "The headers are too large. Send less than 16 KiB of them.",
     "请求头过大。请将其控制在 16 KiB 以内。"},
    {refused::internal, 500, 50000,
     "Something failed here. Try again; if it stays, give the X-Request-Id to the operator.",
     "服务器内部错误。请重试；若仍失败，请将 X-Request-Id 提供给管理员。"},
    {refused::bad_settings, 500, 50001, "This cloud's settings are wrong here. Give the X-Request-Id to the operator.",
     "该云在服务器上的配置有误。请将 X-Request-Id 提供给管理员。"},
    {refused::sts_denied, 502, 50200,
     "The cloud refused to issue keys to this server. Give the X-Request-Id to the operator.",
     "云端拒绝向本服务签发密钥。请将 X-Request-Id 提供给管理员。"},
    {refused::sts_nonsense, 502, 50201,
     "The cloud's answer could not be trusted, so nothing was released. Try again later.",
     "云端的应答不可信，未发放任何凭证。请稍后重试。"},
    {refused::sts_throttled, 503, 50300, "The cloud asks to slow down. Try again after the seconds of Retry-After.",
     "云端限流。请在 Retry-After 指定的秒数后重试。"},
    {refused::sts_unavailable, 503, 50301, "The cloud cannot be reached. Try again after the seconds of Retry-After.",
     "暂时无法连接云端。请在 Retry-After 指定的秒数后重试。"},
    {refused::not_ready, 503, 50302, "This server is not ready. Try again after the seconds of Retry-After.",
     "服务尚未就绪。请在 Retry-After 指定的秒数后重试。"},
    {refused::sts_timed_out, 504, 50400, "The cloud did not answer in time. Try again.",
     "云端未在规定时间内应答。请重试。"},
};

[[nodiscard]] constexpr refusal_row const& row_of(refused what) noexcept {
    return refusal_rows[static_cast<std::size_t>(what)];
}
static_assert([] {
    for (std::size_t i = 0; i < std::size(refusal_rows); ++i)
        if (static_cast<std::size_t>(refusal_rows[i].what) != i) return false;
    return true;
}());

/// How the library's errors reach a caller.
[[nodiscard]] constexpr refused refusal_of(errc what) noexcept {
    switch (what) {
        case errc::unsupported_cloud: return refused::unknown_cloud;
        case errc::not_configured: return refused::cloud_not_enabled;
        case errc::form_not_configured: return refused::form_not_enabled;
        case errc::missing_field: return refused::missing_field;
        case errc::invalid_field: return refused::invalid_field;
        case errc::scope_too_long: return refused::scope_too_long;
        case errc::invalid_settings: return refused::bad_settings;
        case errc::denied:
        case errc::clock_skew: return refused::sts_denied;
        case errc::malformed_response: return refused::sts_nonsense;
        case errc::throttled:
        case errc::budget_spent: return refused::sts_throttled;
        case errc::unavailable:
        case errc::circuit_open: return refused::sts_unavailable;
        case errc::timed_out: return refused::sts_timed_out;
        default: return refused::internal;
    }
}
/// Which HTTP status the front's own refusals have.
[[nodiscard]] constexpr refused refusal_of_status(int status) noexcept {
    switch (status) {
        case 408: return refused::too_slow;
        case 413: return refused::body_too_large;
        case 431: return refused::head_too_large;
        default: return refused::broken_http;
    }
}

/// What a request's field must be.
struct field_rule {
    std::string_view name;
    bool is_text;
    std::string_view english;
    std::string_view chinese;
};
inline constexpr field_rule field_rules[] = {
    {"type", false,
     "an integer: 0 Qiniu, 1 Tencent COS, 2 AWS S3, 3 Aliyun OSS, 4 Baidu BOS, 6 Huawei OBS or 7 KSyun KS3.",
     "整数：0 七牛、1 腾讯 COS、2 AWS S3、3 阿里云 OSS、4 百度 BOS、6 华为 OBS 或 7 金山 KS3。"},
    {"extension", true, "a text of 1 to 16 letters or digits, without the dot.",
     "1 至 16 个英文字母或数字组成的文本，不带点。"},
    {"isNeedCallback", false, "the integer 0 or 1.", "整数 0 或 1。"},
    {"uploadModule", true,
     "one of bs_project, app_project, resource_video, resource_image, material_template, directorytemp, temp.",
     "bs_project、app_project、resource_video、resource_image、material_template、directorytemp、temp 之一。"},
    {"platform", true, "\"web\" or \"app\".", "“web” 或 “app”。"},
    {"projectId", false, "an integer above 0.", "大于 0 的整数。"},
    {"isDir", false, "the integer 0 or 1.", "整数 0 或 1。"},
    {"uuid", true, "a UUID of 32 hex digits, with or without its four dashes.",
     "UUID：32 位十六进制数字，可带四个连字符。"},
    {"grant", true, "\"sts\" or \"form\".", "“sts” 或 “form”。"},
};
inline constexpr std::size_t field_count = std::size(field_rules);

[[nodiscard]] constexpr field_rule const* rule_of(std::string_view name) noexcept {
    for (auto const& rule : field_rules)
        if (rule.name == name) return &rule;
    return nullptr;
}

/// A refusal of one request. `field`: our own name of it, or the caller's text where it is unknown.
struct refusal {
    refused what;
    std::string_view field{};
};

namespace detail {
template <class Text>
void append_message(Text& out, std::string_view text, std::string_view field, std::string_view hint) {
    auto const hole = text.find("{}");
    append_json_escaped(out, text.substr(0, hole));
    if (hole != std::string_view::npos) {
        append_json_escaped(out, field);
        append_json_escaped(out, text.substr(hole + 2));
    }
    append_json_escaped(out, hint);
}
}  // namespace detail

/// `{"code":N,"enMsg":"…","msg":"…","data":null}`
template <class Text>
void append_refusal(Text& out, refusal const& r) {
    auto const& row = row_of(r.what);
    auto const* rule = row.english.ends_with(' ') ? rule_of(r.field) : nullptr;
    out.append(std::string_view{"{\"code\":"}).append(decimal{row.number}).append(std::string_view{",\"enMsg\":\""});
    detail::append_message(out, row.english, r.field, rule ? rule->english : std::string_view{});
    out.append(std::string_view{"\",\"msg\":\""});
    detail::append_message(out, row.chinese, r.field, rule ? rule->chinese : std::string_view{});
    out.append(std::string_view{"\",\"data\":null}"});
}

}  // namespace valetkey::gateway
