#pragma once
/// @file
/// What the S3 family has in common on the wire. A vendor's dialect derives from this and names what differs.

#include <valetkey/encoding/percent.hpp>
#include <valetkey/sandbox/form_data.hpp>
#include <valetkey/sandbox/object_store.hpp>
#include <valetkey/sandbox/sealed_keys.hpp>
#include <valetkey/sandbox/store_address.hpp>
#include <valetkey/sandbox/store_fault.hpp>
#include <valetkey/sandbox/store_message.hpp>

#include <pugixml.hpp>

#include <charconv>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::sandbox {

/// Whom an answer is for.
struct answer_context {
    std::string_view bucket{};
    std::string_view key{};
    std::string_view request_id{};
    std::string_view host{};  ///< authority of the request
};

/// A form's signature and policy, judged.
struct form_check {
    verdict signature = verdict::not_signed;
    form_answer conditions = form_answer::unreadable;
};

/// What a sender said: a header, or a form's field.
using said_by_sender = std::function<std::optional<std::string_view>(std::string_view lower_name)>;

/// An object that has just arrived, and where to look up what its sender asked for.
struct arrival {
    said_by_sender said;
    std::string bucket;
    std::string key;
    stored_object object;
    bool by_form = false;
    store_answer usual;  ///< the answer without a callback
    std::string request_id{};
    std::optional<stored_object> before{};  ///< what the key held until now
};

/// An XML text, escaped.
[[nodiscard]] inline std::string xml_text(std::string_view text) {
    std::string out;
    for (char const c : text) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}
[[nodiscard]] inline std::string xml_element(std::string_view name, std::string_view text) {
    std::string out{"<"};
    return out.append(name).append(">").append(xml_text(text)).append("</").append(name).append(">");
}

struct s3_dialect {
    static constexpr std::string_view xml_head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    static constexpr std::string_view xml_namespace = "";
    static constexpr std::span<fault_row const> faults{};
    static constexpr std::string_view request_id_header = "x-amz-request-id";
    /// What headers of an upload say may stand in the query as well.
    static constexpr bool headers_in_query = false;
    /// Headers and parameters that carry the token of temporary keys.
    static constexpr std::string_view token_header = "x-amz-security-token";
    static constexpr form_reading reads_forms{};
    /// What clients may put before the bucket in a path.
    static constexpr std::string_view path_version = "";

    /// Something that is asked without a signature, such as which version the interface has.
    static std::optional<store_answer> unsigned_answer(store_request const&, store_address const&) { return {}; }

    /// What every answer says.
    template <class D>
    static void finish(store_answer& answer, store_request const&, std::string_view request_id) {
        answer.with(std::string{D::request_id_header}, std::string{request_id});
    }

    /// The token as the request carries it, empty without one.
    template <class D>
    static std::string token_of(store_request const& request, std::vector<query_pair> const& query) {
        if (auto const header = request.header(D::token_header)) return std::string{*header};
        for (auto const& pair : query)
            if (valetkey::detail::lower_text(pair.name) == D::token_header) return pair.value;
        return {};
    }
    template <class D>
    static std::string form_token(store_request const& request, posted_data const& form) {
        return std::string{form.field(D::token_header).value_or(request.header_or_empty(D::token_header))};
    }

    /// The object's bytes out of a body.
    static fault read_payload(store_request const& request, std::string& into) {
        into = request.body;
        return fault::none;
    }

    static store_answer refusal(fault_row const& row, answer_context const& c) {
        std::string body{xml_head};
        body.append("<Error>").append(xml_element("Code", row.code)).append(xml_element("Message", row.message));
        if (!c.key.empty()) body.append(xml_element("Key", c.key));
        if (c.key.empty() && !c.bucket.empty()) body.append(xml_element("BucketName", c.bucket));
        body.append(xml_element("RequestId", c.request_id)).append(xml_element("HostId", c.host)).append("</Error>");
        return {row.status, std::move(body), "application/xml"};
    }
    static std::string quoted(std::string_view etag) { return "\"" + std::string{etag} + "\""; }
    /// A document with a root element.
    template <class D>
    static store_answer document(std::string_view root, std::string_view inside) {
        std::string body{xml_head};
        body.append("<").append(root);
        if (!D::xml_namespace.empty()) body.append(" xmlns=\"").append(D::xml_namespace).append("\"");
        body.append(">").append(inside).append("</").append(root).append(">");
        return {200, std::move(body), "application/xml"};
    }
    template <class D>
    static store_answer begun(answer_context const& c, std::string_view upload_id) {
        return document<D>(
            "InitiateMultipartUploadResult",
            xml_element("Bucket", c.bucket) + xml_element("Key", c.key) + xml_element("UploadId", upload_id));
    }
    static std::string location(answer_context const& c, bool in_host) {
        auto const path = percent_encoded(c.key, "/");
        return "http://" + std::string{c.host} + "/" + (in_host ? path : std::string{c.bucket} + "/" + path);
    }
    template <class D>
    static store_answer completed(answer_context const& c, std::string_view where, stored_object const& object) {
        return document<D>("CompleteMultipartUploadResult",
                           xml_element("Location", where) + xml_element("Bucket", c.bucket) +
                               xml_element("Key", c.key) + xml_element("ETag", D::quoted(object.etag)));
    }
    template <class D>
    static store_answer part_list(answer_context const& c, std::string_view upload_id,
                                  object_store::parts const& parts) {
        auto inside = xml_element("Bucket", c.bucket) + xml_element("Key", c.key) + xml_element("UploadId", upload_id);
        inside += xml_element("PartNumberMarker", "0");
        inside += xml_element("NextPartNumberMarker", std::to_string(parts.empty() ? 0 : parts.rbegin()->first));
        inside += xml_element("MaxParts", "1000") + xml_element("IsTruncated", "false");
        for (auto const& [number, part] : parts)
            inside += "<Part>" + xml_element("PartNumber", std::to_string(number)) +
                      xml_element("LastModified", timestamp{part.at}.iso_milliseconds()) +
                      xml_element("ETag", D::quoted(part.etag)) +
                      xml_element("Size", std::to_string(part.bytes->size())) + "</Part>";
        return document<D>("ListPartsResult", inside);
    }
    template <class D>
    static store_answer upload_list(answer_context const& c, std::string_view prefix,
                                    std::vector<std::pair<std::string, std::string>> const& uploads) {
        auto inside = xml_element("Bucket", c.bucket) + xml_element("KeyMarker", "") + xml_element("Prefix", prefix) +
                      xml_element("MaxUploads", "1000") + xml_element("IsTruncated", "false");
        for (auto const& [key, id] : uploads)
            inside += "<Upload>" + xml_element("Key", key) + xml_element("UploadId", id) + "</Upload>";
        return document<D>("ListMultipartUploadsResult", inside);
    }
    /// The parts that a client names to complete; none when the document cannot be read.
    static std::optional<std::vector<object_store::named_part>> read_part_names(std::string_view body) {
        pugi::xml_document document;
        if (!document.load_buffer(body.data(), body.size())) return std::nullopt;
        std::vector<object_store::named_part> out;
        for (auto const& part : document.child("CompleteMultipartUpload").children("Part")) {
            std::string_view const number = part.child_value("PartNumber");
            std::string_view etag = part.child_value("ETag");
            while (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"')
                etag = etag.substr(1, etag.size() - 2);
            object_store::named_part named{0, valetkey::detail::lower_text(etag)};
            auto const [end, bad] = std::from_chars(number.data(), number.data() + number.size(), named.number);
            if (bad != std::errc{} || end != number.data() + number.size()) return std::nullopt;
            out.push_back(std::move(named));
        }
        if (out.empty()) return std::nullopt;
        return out;
    }
    /// What a form's sender gets: 204, or what it asked for.
    template <class D>
    static store_answer posted(answer_context const& c, std::string_view where, posted_data const& form,
                               stored_object const& object) {
        store_answer out{204};
        auto const redirect = form.field("success_action_redirect").value_or("");
        auto const status = form.field("success_action_status").value_or("");
        if (redirect.starts_with("http://") || redirect.starts_with("https://")) {
            out.status = 303;
            auto const etag = D::quoted(object.etag);
            out.with("Location",
                     std::string{redirect} + (redirect.find('?') == std::string_view::npos ? "?" : "&") +
                         encode_parameters(
                             {{"bucket", std::string{c.bucket}}, {"key", std::string{c.key}}, {"etag", etag}}));
        } else if (status == "201") {
            out = document<D>("PostResponse", xml_element("Location", where) + xml_element("Bucket", c.bucket) +
                                                  xml_element("Key", c.key) +
                                                  xml_element("ETag", D::quoted(object.etag)));
            out.status = 201;
        } else if (status == "200") {
            out.status = 200;
        }
        if (out.status != 303) out.with("Location", std::string{where});
        out.with("ETag", D::quoted(object.etag));
        return out;
    }
    /// What speaks against an upload of this key before a byte of it is kept.
    static fault objection(said_by_sender const&, bool /*by_form*/, std::string_view /*key*/, object_store const&) {
        return fault::none;
    }
    /// The vendor's call to the gateway that the sender asked for; none without one.
    template <class Settings>
    static std::optional<callback_call> callback(arrival&, Settings const&, object_store&) {
        return std::nullopt;
    }
};

}  // namespace valetkey::sandbox
