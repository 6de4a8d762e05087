#pragma once
/// @file
/// Qiniu Kodo's upload host, emulated: the upload token is all there is. Facts and sources: providers/qiniu.hpp and the
/// headers that it stands on.

#include <valetkey/providers/qiniu.hpp>
#include <valetkey/sandbox/callback_message.hpp>
#include <valetkey/sandbox/form_data.hpp>
#include <valetkey/sandbox/kodo_grant.hpp>
#include <valetkey/sandbox/object_store.hpp>
#include <valetkey/sandbox/sealed_keys.hpp>
#include <valetkey/sandbox/store_message.hpp>

#include <boost/crc.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::sandbox {

/// A file that has come in whole, by whichever way.
struct kodo_file {
    std::string key;
    std::string bytes;
    std::string name{};      ///< as the client calls it
    std::string type{};      ///< likewise
    parameters variables{};  ///< `x:…`
};

/// Kodo's upload host with one bucket: form upload, and multipart upload v2. Enforces the upload token's signature,
/// deadline, scope, size, type and insertOnly before anything is stored.
/// @par Source Qiniu, "form upload", "multipart upload v2" (github.com/qiniu/api-specs, storage/).
/// @par Thread safety One thread, but for `find`.
class kodo_store {
public:
    using cloud = qiniu;
    using settings_type = qiniu::settings;
    static constexpr std::uint64_t least_part = std::uint64_t{1} << 20U;

    kodo_store(memory_budget& budget, sealed_keys&) : objects_{budget, least_part} {}

    /// Before the first request, and whenever they change.
    void take_up(settings_type own) {
        own_ = std::move(own);
        ring_ = {};
        ring_.add({own_.root.id, own_.root.value, {}});
        if (own_.form) ring_.add({own_.form->id, own_.form->value, {}});
    }
    [[nodiscard]] std::optional<stored_object> find(std::string_view key) const { return objects_.find(key); }

    [[nodiscard]] store_outcome handle(store_request const& request, utc_seconds now) {
        exchange const on{request, now, std::string{random_.hex_id().view()}};
        auto outcome = judge(on);
        outcome.answer.with("X-Reqid", on.request_id);
        return outcome;
    }
    /// What cannot be read, or is larger than any store takes.
    [[nodiscard]] store_answer refuse(store_request const&, wire_fault why) {
        return refuse(why == wire_fault::too_large ? kodo_faults::too_large : kodo_faults::bad_form)
            .with("X-Reqid", std::string{random_.hex_id().view()});
    }

private:
    struct exchange {
        store_request const& request;
        utc_seconds now;
        std::string request_id;
    };
    /// `/buckets/BUCKET/objects/KEY/uploads[/ID[/NUMBER]]`
    struct upload_place {
        std::string bucket;
        std::string key;
        std::string id;
        std::string number;
    };

    [[nodiscard]] static store_answer refuse(kodo_fault const& why) {
        std::string body{R"({"code":)"};
        body.append(std::to_string(why.status)).append(R"(,"error":)");
        append_json_string(body, why.error);
        return {why.status, body + "}", "application/json"};
    }
    [[nodiscard]] static bool is_key(std::string_view key) {
        // what Kodo takes as a strange key beside these is refused here, as in the other stores
        return !key.empty() && key.size() <= 750 && detail::is_plain_path("/" + percent_encoded(key, "/"));
    }
    [[nodiscard]] kodo_grant grant_of(std::string_view token, kodo_upload const& upload, utc_seconds now) const {
        auto out = kodo_grant::read(token, ring_, upload, now);
        if (!out.fault && upload.bucket != own_.bucket) out.fault = kodo_faults::no_bucket;
        return out;
    }
    [[nodiscard]] static std::string_view header_token(store_request const& request) {
        auto header = request.header_or_empty("authorization");
        constexpr std::string_view scheme = "UpToken ";
        if (!header.starts_with(scheme)) return header.empty() ? header : "no token of the scheme";
        header.remove_prefix(scheme.size());
        return header;
    }

    [[nodiscard]] store_outcome judge(exchange const& on) {
        auto const& request = on.request;
        if (request.method == "POST" && request.path == "/" && request.query.empty()) return post_form(on);
        auto const at = place_of(request.path);
        if (!at) {
            // an upload token says nothing of reading, deleting or listing
            auto const token = header_token(request);
            if (token.empty()) return refuse(kodo_faults::no_token);
            bool const ours = verify_upload_token(token, ring_).what == verdict::accepted;
            return refuse(ours ? kodo_faults::not_here : kodo_faults::bad_token);
        }
        auto const grant = grant_of(header_token(request), {at->bucket, at->key}, on.now);
        if (grant.fault) return refuse(grant.fault);
        if (!is_key(at->key)) return refuse(kodo_faults::bad_key);
        if (at->id.empty() && request.method == "POST") return begin(on, *at);
        auto const* parts = objects_.find_parts(at->id, at->key);
        if (!parts) return refuse(at->id.empty() ? kodo_faults::not_here : kodo_faults::no_upload);
        if (!at->number.empty()) {
            if (request.method == "PUT") return put_part(on, *at, *parts, grant);
        } else if (request.method == "POST") {
            return complete(on, *at, *parts, grant);
        } else if (request.method == "GET") {
            return list(on, *at, *parts);
        } else if (request.method == "DELETE") {
            (void)objects_.abort(at->id, at->key);
            return store_answer{200, "{}", "application/json"};
        }
        return refuse(kodo_faults::not_here);
    }
    [[nodiscard]] static std::optional<upload_place> place_of(std::string_view path) {
        auto const decoded = percent_decoded(path, false);
        if (!decoded || !detail::is_plain_path(path)) return std::nullopt;
        std::vector<std::string> parts;
        for (auto rest = std::string_view{*decoded}; !rest.empty();) {
            rest.remove_prefix(1);
            parts.emplace_back(rest.substr(0, rest.find('/')));
            rest.remove_prefix(parts.back().size());
        }
        if (parts.size() < 5 || parts.size() > 7 || parts[0] != "buckets" || parts[2] != "objects" ||
            parts[4] != "uploads")
            return std::nullopt;
        auto key = from_base64url(parts[3]);
        if (!key) return std::nullopt;
        parts.resize(7);
        return upload_place{parts[1], std::move(*key), parts[5], parts[6]};
    }

    [[nodiscard]] store_answer begin(exchange const& on, upload_place const& at) {
        std::string body{R"({"uploadId":")"};
        body.append(objects_.begin_upload(at.key, "")).append(R"(","expireAt":)").append(end_of_uploads(on.now));
        return {200, body + "}", "application/json"};
    }
    /// Seven days (unverified); the sandbox forgets none.
    [[nodiscard]] static std::string end_of_uploads(utc_seconds now) {
        return std::to_string((now + std::chrono::days{7}).time_since_epoch().count());
    }
    [[nodiscard]] store_answer put_part(exchange const& on, upload_place const& at, object_store::parts const& parts,
                                        kodo_grant const& grant) {
        auto const& bytes = on.request.body;
        unsigned number = 0;
        auto const* const text = at.number.data();
        auto const [end, bad] = std::from_chars(text, text + at.number.size(), number);
        if (bad != std::errc{} || end != text + at.number.size() || number < 1 || number > 10000)
            return refuse(kodo_faults::bad_part);
        auto const claimed = on.request.header("content-md5");
        if (claimed && valetkey::detail::lower_text(*claimed) != to_hex(digest<md5>({bytes})).view())
            return refuse(kodo_faults::wrong_md5);
        std::uint64_t size = bytes.size();
        for (auto const& [other, part] : parts)
            if (other != number) size += part.bytes->size();
        if (size > std::min(grant.number("fsizeLimit", largest_object), largest_object))
            return refuse(kodo_faults::too_large);
        auto const hash = qetag(bytes);
        std::string etag;
        auto const problem = objects_.put_part(at.id, at.key, number, bytes, on.now, etag);
        if (problem != object_store::problem::none) return refuse(kodo_faults::full);
        return {200, R"({"etag":")" + hash + R"(","md5":")" + etag + R"("})", "application/json"};
    }
    [[nodiscard]] static store_answer list(exchange const& on, upload_place const& at,
                                           object_store::parts const& parts) {
        std::string body{R"({"uploadId":")"};
        body.append(at.id).append(R"(","expireAt":)").append(end_of_uploads(on.now));
        body.append(R"(,"partNumberMarker":0,"parts":[)");
        char const* separator = "";
        for (auto const& [number, part] : parts) {
            body.append(std::exchange(separator, ",")).append(R"({"size":)");
            body.append(std::to_string(part.bytes->size())).append(R"(,"etag":")").append(qetag(*part.bytes));
            body.append(R"(","partNumber":)").append(std::to_string(number)).append(R"(,"putTime":)");
            body.append(std::to_string(part.at.time_since_epoch().count())).append("}");
        }
        return {200, body + "]}", "application/json"};
    }
    [[nodiscard]] store_outcome complete(exchange const& on, upload_place const& at, object_store::parts const& parts,
                                         kodo_grant const& grant) {
        boost::system::error_code error;
        auto const document = boost::json::parse(on.request.body, error);
        auto const* root = error ? nullptr : document.if_object();
        auto const* names = root && root->contains("parts") ? root->at("parts").if_array() : nullptr;
        if (!names || names->empty()) return refuse(kodo_faults::bad_json);
        kodo_file file{at.key, {}};
        std::uint64_t last = 0;
        for (auto const& each : *names) {
            auto const* name = each.if_object();
            auto const* number = name ? name->if_contains("partNumber") : nullptr;
            auto const* etag = name ? name->if_contains("etag") : nullptr;
            if (!number || !number->is_number() || !etag) return refuse(kodo_faults::bad_json);
            auto const which = valetkey::detail::size_of(*number).value_or(0);
            auto const found = which > last && which <= 10000 ? parts.find(static_cast<unsigned>(which)) : parts.end();
            if (found == parts.end() || valetkey::detail::text_of(*etag) != qetag(*found->second.bytes) ||
                (&each != &names->back() && found->second.bytes->size() < least_part))
                return refuse(kodo_faults::bad_part);
            last = which;
            file.bytes.append(*found->second.bytes);
        }
        auto const text = [&](std::string_view name) {
            auto const* value = root->if_contains(name);
            return std::string{value ? valetkey::detail::text_of(*value).value_or("") : ""};
        };
        file.name = text("fname");
        file.type = text("mimeType");
        auto const* variables = root->if_contains("customVars");
        if (auto const* all = variables ? variables->if_object() : nullptr)
            for (auto const& [name, value] : *all)
                file.variables.emplace_back(name, valetkey::detail::text_of(value).value_or(""));
        auto outcome = keep(on, std::move(file), grant);
        if (outcome.callback || outcome.answer.status == 200) (void)objects_.abort(at.id, at.key);
        return outcome;
    }

    /// The file may stand anywhere.
    [[nodiscard]] store_outcome post_form(exchange const& on) {
        auto const form = read_form(on.request.header_or_empty("content-type"), on.request.body, {false});
        if (form.fault == form_fault::no_file) return refuse(kodo_faults::no_file);
        if (form.fault != form_fault::none) return refuse(kodo_faults::bad_form);
        auto const key = form.field("key");
        auto const grant = grant_of(form.field("token").value_or(""), {own_.bucket, key, form.file->size()}, on.now);
        if (grant.fault) return refuse(grant.fault);
        if (auto const crc = form.field("crc32"); crc && !crc->empty()) {
            boost::crc_32_type computed;
            computed.process_bytes(form.file->data(), form.file->size());
            if (*crc != std::to_string(computed.checksum())) return refuse(kodo_faults::wrong_crc);
        }
        kodo_file file{std::string{key.value_or("")}, std::string{*form.file}};
        if (!key) file.key = qetag(file.bytes);
        file.name = form.field("fname").value_or(form.file_name);
        file.type = form.file_type;
        for (auto const& [name, value] : form.fields)
            if (name.starts_with("x:")) file.variables.emplace_back(name, value);
        return keep(on, std::move(file), grant);
    }

    /// The end of every upload.
    [[nodiscard]] store_outcome keep(exchange const& on, kodo_file file, kodo_grant const& grant) {
        auto const size = file.bytes.size();
        if (!is_key(file.key)) return refuse(kodo_faults::bad_key);
        if (size < grant.number("fsizeMin")) return refuse(kodo_faults::too_small);
        if (size > std::min(grant.number("fsizeLimit", largest_object), largest_object))
            return refuse(kodo_faults::too_large);
        file.type = type_of(file, grant);
        if (!is_in_limit(grant.text("mimeLimit"), sniffed(file.bytes).value_or(file.type)))
            return refuse(kodo_faults::wrong_type);
        auto const hash = qetag(file.bytes);
        auto const there = grant.may_replace() ? std::nullopt : objects_.find(file.key);
        if (there && qetag(*there->bytes) != hash) return refuse(kodo_faults::exists);
        auto const kept = there ? there : objects_.put(file.key, std::move(file.bytes), file.type, on.now);
        if (!kept) return refuse(kodo_faults::full);
        auto const fill = [&](std::string_view text, bool json) {
            return *fill_template(text, '(', ')', [&](std::string_view name, bool in_string) {
                if (name == "fsize") return std::to_string(size);
                auto const value = variable(name, file, hash, grant);
                return json ? json_value(value, in_string) : percent_encoded(value);
            });
        };
        if (grant.has("callbackUrl"))
            return call(on, grant, fill(grant.text("callbackBody"), is_json_type(grant.callback_type())));
        constexpr std::string_view usual = R"({"hash":$(etag),"key":$(key)})";
        auto const body = grant.text("returnBody");
        return store_answer{200, fill(body.empty() ? usual : body, true), "application/json"};
    }
    /// @par Source Qiniu, put policy's `detectMime` (read in an SDK): 1 looks at the content first, -1 takes what the
    ///   client says. No table of extensions here.
    [[nodiscard]] static std::string type_of(kodo_file const& file, kodo_grant const& grant) {
        auto const seen = sniffed(file.bytes);
        bool const named = !file.type.empty() && file.type != "application/octet-stream";
        if (seen && (grant.number("detectMime") == 1 || !named)) return std::string{*seen};
        return named ? file.type : "application/octet-stream";
    }
    [[nodiscard]] static std::optional<std::string_view> sniffed(std::string_view bytes) noexcept {
        constexpr std::pair<std::string_view, std::string_view> table[] = {
            {"\x89PNG\r\n", "image/png"}, {"\xff\xd8\xff", "image/jpeg"},    {"GIF8", "image/gif"},
            {"%PDF-", "application/pdf"}, {"PK\x03\x04", "application/zip"},
        };
        for (auto const& [head, type] : table)
            if (bytes.starts_with(head)) return type;
        if (bytes.size() > 12 && bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WEBP") return "image/webp";
        if (bytes.size() > 12 && bytes.substr(4, 4) == "ftyp") return "video/mp4";
        return std::nullopt;
    }
    /// `image/*;video/mp4`, or behind a `!` what may not be.
    [[nodiscard]] static bool is_in_limit(std::string_view limit, std::string_view type) noexcept {
        if (limit.empty()) return true;
        bool const but = limit.starts_with('!');
        if (but) limit.remove_prefix(1);
        type = type.substr(0, type.find(';'));
        bool found = false;
        while (!limit.empty()) {
            auto const each = limit.substr(0, limit.find(';'));
            limit.remove_prefix(std::min(each.size() + 1, limit.size()));
            found = found || matches_wildcard(each, type, false);
        }
        return found != but;
    }
    /// Empty where the sandbox knows none.
    [[nodiscard]] std::string variable(std::string_view name, kodo_file const& file, std::string_view hash,
                                       kodo_grant const& grant) {
        for (auto const& [own, value] : file.variables)
            if (own == name) return value;
        if (name == "key") return file.key;
        if (name == "bucket") return own_.bucket;
        if (name == "etag") return std::string{hash};
        if (name == "fname") return file.name;
        if (name == "mimeType") return file.type;
        if (name == "endUser") return std::string{grant.text("endUser")};
        if (name == "uuid") return std::string{random_.uuid().view()};
        auto const dot = std::min(file.name.rfind('.'), file.name.size());
        return name == "ext" ? file.name.substr(dot) : std::string{};
    }

    /// Signed with the key that signed the token. The gateway's JSON is the upload's answer; with anything else it is
    /// 579, and the object stays.
    /// @par Source Qiniu, "callback" (kodo/1409), "Access token"; what 579 says was seen in one public program.
    [[nodiscard]] callback_call call(exchange const& on, kodo_grant const& grant, std::string body) const {
        auto const to = *callback_target::parse(grant.text("callbackUrl"));
        std::string const type{grant.callback_type()};
        std::string const host{grant.text("callbackHost")};
        http_request made{"POST", to.url, {}, std::move(body)};
        made.headers = {{"host", host.empty() ? to.host : host},
                        {"content-type", type},
                        {"user-agent", "qiniu-callback/1.0"},
                        {"x-reqid", on.request_id}};
        known_key const& key = *ring_(grant.key_id());
        sign_qiniu_request(made, to.target(), key.id, hmac_key<sha1>{key.value.reveal()});
        std::string failed{R"({"callback_url":)"};
        append_json_string(failed, grant.text("callbackUrl"));
        append_json_string(failed.append(R"(,"callback_bodyType":)"), type);
        append_json_string(failed.append(R"(,"callback_body":)"), made.body);
        append_json_string(failed.append(R"(,"token":)"), grant.token);
        return {std::move(made), [failed = std::move(failed)](std::optional<http_response> got) {
                    if (got && got->status == 200 && is_json(got->body))
                        return store_answer{200, std::string{got->body}, "application/json"};
                    auto const status = got ? got->status : 0;
                    std::string const error = status == 200 ? "unexcepted response" : "callback failed";  // (sic)
                    return refuse(
                        {579, failed + R"(,"err_code":)" + std::to_string(status) + R"(,"error":")" + error + "\"}"});
                }};
    }

    settings_type own_{};
    key_ring ring_;
    object_store objects_;
    random_pool random_;
};

}  // namespace valetkey::sandbox
