#pragma once
/// @file
/// Baidu BOS and STS, emulated. Facts and sources: providers/baidu.hpp and the headers that it stands on.

#include <valetkey/policy/baidu_form_conditions.hpp>
#include <valetkey/policy/baidu_policy.hpp>
#include <valetkey/providers/baidu.hpp>
#include <valetkey/sandbox/callback_message.hpp>
#include <valetkey/sandbox/s3_dialect.hpp>
#include <valetkey/sandbox/sts_desk.hpp>
#include <valetkey/signing/verify_bce1.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::sandbox {

/// The callbacks of BOS: `callback/callback,u_URLS,m_sync,v_VARS`, both in URL-safe base64 without padding.
/// @par Source Baidu, "Upload callback" (9lf6r6g2j, ilf6q8eei).  Unverified: the members of the body (they are those of
///   an event here), and whether a call without `e_config` is signed (it is not here).
class bos_callback {
public:
    /// @param process `x-bce-process`.
    explicit bos_callback(std::string_view process) {
        for (bool first = true; !process.empty(); first = false) {
            auto const part = process.substr(0, process.find(','));
            process.remove_prefix(std::min(part.size() + 1, process.size()));
            if (first) continue;
            auto const mark = std::min(part.find('_'), part.size());
            parts_.push_back(
                {std::string{part.substr(0, mark)}, std::string{part.substr(std::min(mark + 1, part.size()))}, true});
        }
    }
    [[nodiscard]] static bool is_asked(std::string_view process) noexcept {
        return process == "callback/callback" || process.starts_with("callback/callback,");
    }

    /// None: it cannot be read, names nobody whom the sandbox calls, or wants to be signed with the key of a rule, of
    /// which the sandbox's bucket has none. Of several addresses, the first: the next ones are for one that fails.
    [[nodiscard]] std::optional<http_request> request(arrival const& what, bool complete) const {
        boost::system::error_code error;
        auto const urls = boost::json::parse(decoded("u").value_or(""), error);
        bool const names_one =
            !error && urls.is_array() && !urls.get_array().empty() && urls.get_array()[0].is_string();
        auto const vars = decoded("v");
        if (!names_one || !vars || part("m").value_or("sync") != "sync" || part("e")) return std::nullopt;
        auto const target = callback_target::parse(std::string_view{urls.get_array()[0].get_string()});
        if (!target || vars->size() > 1024) return std::nullopt;
        boost::json::object const content{{"bucket", what.bucket},
                                          {"object", what.key},
                                          {"eTag", what.object.etag},
                                          {"contentType", what.object.content_type},
                                          {"filesize", what.object.bytes->size()},
                                          {"lastModified", timestamp{what.object.at}.iso().view()},
                                          {"xVars", *vars}};
        boost::json::object const event{{"eventId", what.request_id},
                                        {"eventTime", timestamp{what.object.at}.iso().view()},
                                        {"eventType", complete ? "CompleteMultipartUpload" : "PutObject"},
                                        {"content", content}};
        http_request out{"POST",
                         target->url,
                         {},
                         boost::json::serialize(boost::json::object{{"events", boost::json::array{event}}})};
        out.headers.push_back({"host", target->host});
        out.headers.push_back({"content-type", "application/json; charset=UTF-8"});
        return out;
    }
    /// The usual answer with what came of it; the object stays.
    /// @par Source Baidu, "Error codes" (Ajwvysfpl): 203 with "Callback failed."
    [[nodiscard]] static store_answer answer(store_answer usual, std::optional<http_response> got) {
        boost::system::error_code error;
        auto document = boost::json::parse(usual.body, error);
        auto body = !error && document.is_object() ? std::move(document.get_object()) : boost::json::object{};
        if (got && got->status == 200) {
            body["callback"] = boost::json::object{{"result", got->body}};
        } else {
            usual.status = 203;
            body["callback"] = boost::json::object{{"code", "CallbackFailed"}, {"message", "Callback failed."}};
        }
        usual.body = boost::json::serialize(body);
        usual.content_type = "application/json; charset=utf-8";
        return usual;
    }

private:
    [[nodiscard]] std::optional<std::string_view> part(std::string_view name) const { return only_value(parts_, name); }
    /// Empty for a part that is absent.
    [[nodiscard]] std::optional<std::string> decoded(std::string_view name) const {
        std::string text{part(name).value_or("")};
        while (text.size() % 4 != 0) text += '=';
        return from_base64url(text);
    }

    std::vector<query_pair> parts_;
};

struct baidu_dialect : s3_dialect {
    using cloud = baidu;
    static constexpr std::string_view key_prefix = "";
    static constexpr std::array<std::string_view, 1> header_prefixes{"x-bce-"};
    static constexpr std::uint64_t least_part = std::uint64_t{100} << 10U;
    static constexpr std::string_view request_id_header = "x-bce-request-id";
    static constexpr std::string_view token_header = "x-bce-security-token";
    static constexpr bool headers_in_query = true;  // `x-bce-process`; the whole query is signed
    /// The older npm package's.
    static constexpr std::string_view path_version = "/v1";
    static constexpr std::string_view json_type = "application/json; charset=utf-8";
    /// Unverified: what is said of a token that is none, and of one that has expired.
    static constexpr fault_row own_faults[] = {
        {fault::access_denied, 403, "AccessDenied", "Access denied."},
        {fault::malformed_signature, 400, "InvalidHTTPAuthHeader", "The signature cannot be read."},
        {fault::wrong_token, 403, "AccessDenied", "The security token is not valid."},
        {fault::expired_token, 403, "AccessDenied", "The security token has expired."},
        {fault::request_expired, 403, "RequestExpired", "Request has expired."},
        {fault::missing_field, 400, "InvalidHTTPRequest",
         "A form needs the field 'key' and, as the last one, the field 'file'."},
        {fault::malformed_form, 400, "InvalidHTTPRequest", "The body is not a well-formed form."},
        {fault::form_fields_too_large, 400, "InvalidHTTPRequest", "The fields before the file are too large."},
        {fault::malformed_document, 400, "MalformedJSON", "The JSON you provided was not well-formed."},
        {fault::too_large, 400, "MaxMessageLengthExceeded", "Your request was too big."},
        {fault::policy_expired, 403, "RequestExpired", "The form's policy has expired."},
        {fault::policy_condition, 403, "AccessDenied", "The form does not satisfy a condition of its policy."},
    };
    static constexpr std::span<fault_row const> faults{own_faults};

    /// No shortest life is published; this is the other clouds'.
    static void configure(baidu::settings& own) {
        own.region = "bj";
        own.bucket = "valetkey-sandbox";
        own.duration_seconds = 900;
    }

    /// A request of another time than ours is told so before its signature has expired (unverified): at that the
    /// vendor's clients correct their clock.
    template <class Find>
    static verdict verify(incoming_request const& request, store_address const&, Find const& find,
                          baidu::settings const&, verifying_terms const& terms) {
        auto const said = verify_bce1(request, find, terms);
        auto const date = parse_iso_time(request.header_or_empty("x-bce-date"));
        return said == verdict::expired && date && !is_within(*date, terms) ? verdict::skewed : said;
    }
    static policy_answer ask(baidu::settings const& own, std::string_view policy, policy_question const& q) {
        return baidu_policy{policy, own.region}.ask(q);
    }

    /// The vendor's packages sign the post itself, too; where that signature is, it must be right (unverified).
    template <class Find>
    static form_check check_form(store_request const& request, posted_data const& form, Find const& find,
                                 baidu::settings const& own, std::string_view bucket, utc_seconds now) {
        auto said = verify_bce1_form(form.fields, request.header_or_empty(token_header), find);
        if (said == verdict::accepted && request.header("authorization")) {
            verifying_terms terms;
            terms.now = now;
            said = verify(request.view(), {}, find, own, terms);
        }
        if (said != verdict::accepted) return {said};
        auto const policy = from_base64(form.field("policy").value_or(""));
        if (!policy) return {said, form_answer::unreadable};
        return {said, ask_bos_form(*policy, {bucket, form.fields, form.file->size()}, now)};
    }

    static store_answer refusal(fault_row const& row, answer_context const& c) {
        return json(row.status, {{"code", row.code}, {"message", row.message}, {"requestId", c.request_id}});
    }
    template <class>
    static store_answer begun(answer_context const& c, std::string_view upload_id) {
        return json(200, {{"bucket", c.bucket}, {"key", c.key}, {"uploadId", upload_id}});
    }
    template <class>
    static store_answer completed(answer_context const& c, std::string_view where, stored_object const& object) {
        return json(200, {{"location", where}, {"bucket", c.bucket}, {"key", c.key}, {"eTag", object.etag}});
    }
    template <class>
    static store_answer part_list(answer_context const& c, std::string_view upload_id,
                                  object_store::parts const& parts) {
        boost::json::array list;
        for (auto const& [number, part] : parts)
            list.push_back(boost::json::object{{"partNumber", number},
                                               {"lastModified", timestamp{part.at}.iso().view()},
                                               {"eTag", part.etag},
                                               {"size", part.bytes->size()}});
        return json(200, {{"bucket", c.bucket},
                          {"key", c.key},
                          {"uploadId", upload_id},
                          {"partNumberMarker", 0},
                          {"nextPartNumberMarker", parts.empty() ? 0 : parts.rbegin()->first},
                          {"maxParts", 1000},
                          {"isTruncated", false},
                          {"parts", std::move(list)}});
    }
    template <class>
    static store_answer upload_list(answer_context const& c, std::string_view prefix,
                                    std::vector<std::pair<std::string, std::string>> const& uploads) {
        boost::json::array list;
        for (auto const& [key, id] : uploads) list.push_back(boost::json::object{{"key", key}, {"uploadId", id}});
        return json(200, {{"bucket", c.bucket},
                          {"prefix", prefix},
                          {"keyMarker", ""},
                          {"maxUploads", 1000},
                          {"isTruncated", false},
                          {"uploads", std::move(list)}});
    }
    static std::optional<std::vector<object_store::named_part>> read_part_names(std::string_view body) {
        boost::system::error_code error;
        auto const document = boost::json::parse(body, error);
        auto const* root = error ? nullptr : document.if_object();
        auto const* parts = root ? root->if_contains("parts") : nullptr;
        if (!parts || !parts->is_array() || parts->get_array().empty()) return std::nullopt;
        constexpr auto none = std::numeric_limits<std::uint64_t>::max();
        std::vector<object_store::named_part> out;
        for (auto const& each : parts->get_array()) {
            auto const* part = each.if_object();
            auto const* number = part ? part->if_contains("partNumber") : nullptr;
            auto const* tag = part ? part->if_contains("eTag") : nullptr;
            std::uint64_t const value = number ? valetkey::detail::size_of(*number).value_or(none) : none;
            auto etag = tag ? valetkey::detail::text_of(*tag).value_or("") : std::string_view{};
            if (value > std::numeric_limits<unsigned>::max() || etag.empty()) return std::nullopt;
            if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
            out.push_back({static_cast<unsigned>(value), valetkey::detail::lower_text(etag)});
        }
        return out;
    }
    /// Unverified: the status without `success-action-status`, which of the two redirects is taken, and any body.
    template <class>
    static store_answer posted(answer_context const& c, std::string_view where, posted_data const& form,
                               stored_object const& object) {
        auto const redirect = form.field("success-redirect-url")
                                  .value_or(form.field("success-action-redirect").value_or(std::string_view{}));
        auto const status = form.field("success-action-status").value_or("");
        store_answer out{status == "200" ? 200 : 204};
        if (redirect.starts_with("http://") || redirect.starts_with("https://")) {
            out.status = 302;
            out.with("Location", std::string{redirect});
        } else if (status == "201") {
            out = completed<baidu_dialect>(c, where, object);
            out.status = 201;
        }
        return out.with("ETag", quoted(object.etag));
    }

    /// There is none of a form.
    static std::optional<callback_call> callback(arrival& what, baidu::settings const&, object_store&) {
        auto const process = what.said("x-bce-process").value_or("");
        if (what.by_form || !bos_callback::is_asked(process)) return std::nullopt;
        auto request = bos_callback{process}.request(what, !what.usual.body.empty());
        if (!request) {
            what.usual = bos_callback::answer(std::move(what.usual), std::nullopt);
            return std::nullopt;
        }
        return callback_call{std::move(*request), [usual = std::move(what.usual)](std::optional<http_response> got) {
                                 return bos_callback::answer(usual, got);
                             }};
    }

    /// GetSessionToken and AssumeRole. Without a list the vendor grants all that the caller may do; this one refuses.
    static store_answer sts(store_request const& request, baidu::settings const& own, sealed_keys& keys,
                            utc_seconds now) {
        random_pool random;
        auto const id = random.hex_id();
        auto const refuse = [&id](int status, std::string_view code, std::string_view message) {
            return refusal({fault::none, status, code, message}, {{}, {}, id.view()});
        };
        verifying_terms terms;
        terms.now = now;
        auto const said = verify_bce1(request.view(), root_key_of(own.root), terms);
        if (said != verdict::accepted) return refusal(row_of(fault_of(said), faults), {{}, {}, id.view()});
        auto const query = split_query(request.query);
        auto const value = [&](std::string_view name) { return only_value(*query, name); };
        bool const role = request.path == "/v1/credential" && query && value("assumeRole");
        if (request.method != "POST" || !query || (!role && request.path != "/v1/sessionToken"))
            return refuse(400, "InvalidURI", "The sandbox's STS offers GetSessionToken and AssumeRole.");
        bool const known = !own.role.empty() && value("roleName") == own.role && value("accountId") == own.account_id;
        if (role && !known)
            return refuse(403, "AccessDenied", "The role does not exist or does not trust this caller.");
        // unverified: the most of GetSessionToken; the vendor's samples ask for up to a day
        auto const asked = value("durationSeconds").value_or("");
        auto const standard = std::chrono::seconds{role ? 7200 : 43200};
        auto const duration = asked.empty() ? std::optional{standard} : read_duration(asked, 1, role ? 7200 : 86400);
        if (!duration) return refuse(400, "InvalidHTTPRequest", "durationSeconds is out of its range.");
        if (ask(own, request.body, {store_action::read, own.bucket, "-"}) == policy_answer::unreadable)
            return refuse(400, "InappropriateJSON", "The access control list cannot be read.");
        auto const issued = keys.issue(baidu::name, key_prefix, request.body, now + *duration);
        boost::json::object out{{"accessKeyId", issued.key.id},
                                {"secretAccessKey", issued.key.value.reveal()},
                                {"sessionToken", issued.key.session_token},
                                {"createTime", timestamp{now}.iso().view()},
                                {"expiration", timestamp{issued.end}.iso().view()},
                                {"userId", "sandbox"}};
        if (role) out["roleId"] = own.role;
        return json(200, std::move(out));
    }

private:
    static store_answer json(int status, boost::json::object const& body) {
        return {status, boost::json::serialize(body), std::string{json_type}};
    }
};

}  // namespace valetkey::sandbox
