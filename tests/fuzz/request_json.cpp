/// Any bytes as a request's fields, in both spellings: a request or a refusal, and a request's key is safe for every
/// cloud. A request means the same in its other spelling.

#include "clouds.hpp"

#include <valetkey/gateway/request_json.hpp>

#include <boost/json/parse.hpp>

#include <limits>

namespace {

using namespace fuzz;
using valetkey::gateway::request_fields;

void append_encoded(std::string& out, std::string_view name, std::string_view value) {
    out.append(out.empty() ? "" : "&").append(name).append("=");
    for (char const c : value) {
        constexpr std::string_view digits = "0123456789abcdef";
        auto const byte = static_cast<unsigned char>(c);
        out.append("%").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
    }
}

/// The query that says what a request says.
void write_query(upload_request const& r, std::string& out) {
    out.clear();
    append_encoded(out, "type", decimal{int{r.type}});
    append_encoded(out, "extension", r.extension);
    append_encoded(out, "uploadModule", name_of(r.module));
    append_encoded(out, "isNeedCallback", r.need_callback ? "1" : "0");
    append_encoded(out, "platform", r.platform == client_platform::web ? "web" : "app");
    append_encoded(out, "projectId", decimal{r.project_id});
    append_encoded(out, "isDir", r.is_dir ? "1" : "0");
    append_encoded(out, "uuid", r.uuid);
    append_encoded(out, "grant", r.form_only ? "form" : "sts");
}

bool same(upload_request const& a, upload_request const& b) {
    return a.type == b.type && a.extension == b.extension && a.module == b.module &&
           a.need_callback == b.need_callback && a.platform == b.platform && a.project_id == b.project_id &&
           a.is_dir == b.is_dir && a.uuid == b.uuid && a.form_only == b.form_only;
}

void judge(request_fields const& fields, std::string_view text, bool json) {
    auto const asked = fields.request();
    if (!asked) {
        static std::string answer;
        answer.clear();
        append_refusal(answer, asked.error());
        require(answer.ends_with(",\"data\":null}"), "a refusal that is cut", answer);
        return;
    }
    auto r = *asked;
    require(r.project_id <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()), "project", text);
    require(!r.extension.empty() && !name_of(r.module).empty(), "a mandatory field is missing", text);
    // a text that is too long for any UUID may be cut
    bool const whole = r.uuid.size() < 64;
    if (json) {
        boost::system::error_code error;
        auto const document = boost::json::parse(text, error);
        require(!error && document.is_object(), "a request out of what is no JSON object", text);
        require(document.get_object().contains("type"), "a request without a type", text);
        static std::string query;
        write_query(r, query);
        static request_fields other;
        read_query(query, other);
        auto const again = other.request();
        require(!whole || (again && same(r, *again)), "the query means something else", text, query);
    }
    static every_cloud::service const service{good_service_settings<every_cloud::service>()};
    static auto const f = fresh_values();
    every_cloud::each([&]<class P>() {
        r.type = P::type;
        auto const plan = service.plan(r, f);
        if (!plan) return;
        if (!is_safe_key(plan->scope().text(), r.is_dir)) wider(P::name, plan->scope().text());
        require(plan->scope().is_prefix() == r.is_dir, "another kind", plan->scope().text());
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static valetkey::gateway::request_json reader;
    static request_fields fields;
    std::string_view const text{reinterpret_cast<char const*>(data), size};
    reader.read(text, fields);
    judge(fields, text, true);
    read_query(text, fields);
    judge(fields, text, false);
    return 0;
}
