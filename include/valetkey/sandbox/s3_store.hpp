#pragma once
/// @file
/// The object store of the S3 family: one engine, a dialect each.

#include <valetkey/crypto/random.hpp>
#include <valetkey/sandbox/s3_dialect.hpp>
#include <valetkey/sandbox/store_operation.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::sandbox {

/// The largest object in one request, and the largest body that is read.
inline constexpr std::uint64_t largest_object = std::uint64_t{64} << 20U;
inline constexpr std::uint64_t largest_body = largest_object + (std::uint64_t{1} << 20U);

/// The keys that a request may be signed with: the one in its token, or long-term ones.
class key_ring {
public:
    void add(known_key key) { keys_.push_back(std::move(key)); }
    [[nodiscard]] known_key const* operator()(std::string_view id) const noexcept {
        for (auto const& key : keys_)
            if (key.id == id) return &key;
        return nullptr;
    }

private:
    std::vector<known_key> keys_;
};

/// One emulated cloud: its STS and its store with one bucket. Enforces signature, date, token, session policy, form
/// policy, size, method and action, in this order, before anything is stored.
///
/// A dialect `D` derives from s3_dialect and has, beside what it redefines there:
///   cloud                                     the provider
///   header_prefixes, least_part               of its headers, such as `x-amz-`; bytes of every part but the last
///   configure(settings&)                      region, bucket, role… of the sandbox's account
///   verify(request, address, find, settings, terms) → verdict
///   ask(settings, policy, question) → policy_answer         the session policy
///   check_form(request, form, find, settings, bucket, now) → form_check
///   sts(request, settings, sealed_keys&, now) → store_answer
/// @par Thread safety One thread, but for `find`.
template <class D>
class s3_store {
public:
    using cloud = typename D::cloud;
    using settings_type = typename cloud::settings;

    s3_store(memory_budget& budget, sealed_keys& keys) : keys_{keys}, objects_{budget, D::least_part} {}

    /// Before the first request, and whenever they change.
    void take_up(settings_type own) { own_ = std::move(own); }
    [[nodiscard]] std::optional<stored_object> find(std::string_view key) const { return objects_.find(key); }

    [[nodiscard]] store_answer sts(store_request const& request, utc_seconds now) {
        return D::sts(request, own_, keys_, now);
    }
    [[nodiscard]] store_outcome handle(store_request const& request, utc_seconds now) {
        auto const at = locate(request, D::path_version);
        auto const query = split_query(request.query);
        exchange on{request, at.value_or(store_address{}), query.value_or(std::vector<query_pair>{}), now,
                    std::string{random_.hex_id().view()}};
        auto outcome = has_twins(request) ? refuse(on, fault::malformed_signature)
                       : at && query      ? judge(on)
                                          : refuse(on, fault::invalid_uri);
        D::template finish<D>(outcome.answer, request, on.request_id);
        return outcome;
    }
    /// What cannot be read, or is larger than any store takes.
    [[nodiscard]] store_answer refuse(store_request const& request, wire_fault why) {
        exchange const on{request,
                          locate(request, D::path_version).value_or(store_address{}),
                          {},
                          {},
                          std::string{random_.hex_id().view()}};
        auto answer = refuse(on, why == wire_fault::too_large ? fault::too_large : fault::invalid_argument);
        D::template finish<D>(answer, request, on.request_id);
        return answer;
    }

private:
    struct exchange {
        store_request const& request;
        store_address at;
        std::vector<query_pair> query;
        utc_seconds now;
        std::string request_id;

        [[nodiscard]] answer_context context() const noexcept {
            return {at.bucket, at.key, request_id, request.header_or_empty("host")};
        }
    };

    /// A header that decides comes twice: two readers could take another one each.
    [[nodiscard]] static bool has_twins(store_request const& request) {
        auto const count = [&](std::string_view name) {
            return std::count_if(request.headers.begin(), request.headers.end(),
                                 [&](auto const& header) { return header.name == name; });
        };
        return count("authorization") > 1 || count("host") != 1 || count(D::token_header) > 1;
    }
    [[nodiscard]] static store_answer refuse(exchange const& on, fault why) {
        return D::refusal(row_of(why, D::faults), on.context());
    }
    [[nodiscard]] store_outcome judge(exchange& on) {
        if (auto answer = D::unsigned_answer(on.request, on.at)) return std::move(*answer);
        bool const form = on.request.method == "POST" && on.at.key.empty() && on.request.query.empty();
        if (form) return post_form(on);
        auto const what = operation_of(on.request, on.query, on.at, D::header_prefixes);
        if (auto const why = authorize(on, what); why != fault::none) return refuse(on, why);
        if (on.at.bucket != own_.bucket) return refuse(on, fault::no_such_bucket);
        bool const sized = on.request.header("content-length") || on.request.header("transfer-encoding");
        if (on.request.method == "PUT" && !sized) return refuse(on, fault::missing_length);
        return perform(on, what);
    }

    /// The key that a token holds goes on the ring. @return Why the token is none of ours.
    [[nodiscard]] fault open_token(std::string_view token, utc_seconds now, key_ring& ring,
                                   std::optional<temporary_key>& into) {
        if (token.empty()) return fault::none;
        into = keys_.open(cloud::name, token);
        if (!into) return fault::wrong_token;
        ring.add(into->key);
        return into->end <= now ? fault::expired_token : fault::none;
    }
    [[nodiscard]] bool allows(temporary_key const& key, policy_question const& q) const {
        return D::ask(own_, key.policy, q) == policy_answer::allowed;
    }

    [[nodiscard]] fault authorize(exchange const& on, operation const& what) {
        key_ring ring;
        std::optional<temporary_key> key;
        auto const token = D::template token_of<D>(on.request, on.query);
        auto const token_fault = open_token(token, on.now, ring, key);
        if (token_fault == fault::wrong_token) return token_fault;
        verifying_terms terms;
        terms.now = on.now;
        auto const said = D::verify(on.request.view(), on.at, ring, own_, terms);
        if (said != verdict::accepted) return fault_of(said);
        if (token_fault != fault::none) return token_fault;
        // only temporary keys are on the ring: what is accepted is signed with one
        for (auto const& right : what.rights)
            if (!allows(*key, {right.action, right.bucket, right.key})) return fault::access_denied;
        return fault::none;
    }

    [[nodiscard]] store_outcome perform(exchange& on, operation const& what) {
        switch (what.kind) {
            case operation_kind::put_object: return put_object(on);
            case operation_kind::begin_upload:
                if (auto const why = objection(on); why != fault::none) return refuse(on, why);
                return D::template begun<D>(on.context(), objects_.begin_upload(on.at.key, content_type(on)));
            case operation_kind::put_part: return put_part(on, what);
            case operation_kind::list_parts: {
                auto const* parts = objects_.find_parts(what.upload_id, on.at.key);
                if (!parts) return refuse(on, fault::no_such_upload);
                return D::template part_list<D>(on.context(), what.upload_id, *parts);
            }
            case operation_kind::complete: return complete(on, what);
            case operation_kind::abort: {
                auto const why = fault_of(objects_.abort(what.upload_id, on.at.key));
                return why == fault::none ? store_answer{204} : refuse(on, why);
            }
            case operation_kind::list_uploads: {
                auto const& prefix = what.rights.front().key;
                return D::template upload_list<D>(on.context(), prefix, objects_.find_uploads(prefix));
            }
            case operation_kind::get_object: return get_object(on);
            case operation_kind::other: break;
        }
        return refuse(on, fault::not_implemented);
    }

    [[nodiscard]] static std::string content_type(exchange const& on) {
        return std::string{on.request.header_or_empty("content-type")};
    }
    [[nodiscard]] store_outcome put_object(exchange& on) {
        std::string bytes;
        if (auto const why = objection(on); why != fault::none) return refuse(on, why);
        if (auto const why = D::read_payload(on.request, bytes); why != fault::none) return refuse(on, why);
        if (bytes.size() > largest_object) return refuse(on, fault::too_large);
        auto before = objects_.find(on.at.key);
        auto const object = objects_.put(on.at.key, std::move(bytes), content_type(on), on.now);
        if (!object) return refuse(on, fault::memory_full);
        store_answer usual{200};
        usual.with("ETag", D::quoted(object->etag));
        return tell(on, *object, std::move(usual), std::move(before));
    }
    [[nodiscard]] store_outcome put_part(exchange& on, operation const& what) {
        unsigned number = 0;
        auto const& text = what.part_number;
        auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (bad != std::errc{} || end != text.data() + text.size() || number < 1 || number > 10000)
            return refuse(on, fault::invalid_argument);
        std::string bytes;
        std::string etag;
        if (auto const why = D::read_payload(on.request, bytes); why != fault::none) return refuse(on, why);
        auto const problem = objects_.put_part(what.upload_id, on.at.key, number, std::move(bytes), on.now, etag);
        if (problem != object_store::problem::none) return refuse(on, fault_of(problem));
        store_answer answer{200};
        return answer.with("ETag", D::quoted(etag));
    }
    [[nodiscard]] store_outcome complete(exchange& on, operation const& what) {
        auto const names = D::read_part_names(on.request.body);
        if (!names) return refuse(on, fault::malformed_document);
        if (auto const why = objection(on); why != fault::none) return refuse(on, why);
        stored_object object;
        auto before = objects_.find(on.at.key);
        auto const problem = objects_.complete(what.upload_id, on.at.key, *names, on.now, object);
        if (problem != object_store::problem::none) return refuse(on, fault_of(problem));
        return tell(on, object, D::template completed<D>(on.context(), where(on), object), std::move(before));
    }
    [[nodiscard]] store_outcome get_object(exchange const& on) {
        auto const object = objects_.find(on.at.key);
        if (!object) return refuse(on, fault::no_such_key);
        store_answer answer{200, *object->bytes, object->content_type};
        return answer.with("ETag", D::quoted(object->etag));
    }
    [[nodiscard]] static said_by_sender said_by(exchange const& on) {
        return [&on](std::string_view name) {
            auto const header = on.request.header(name);
            return header || !D::headers_in_query ? header : only_value(on.query, name);
        };
    }
    [[nodiscard]] fault objection(exchange const& on) const {
        return D::objection(said_by(on), false, on.at.key, objects_);
    }
    /// The callback, where the upload's headers ask for one.
    [[nodiscard]] store_outcome tell(exchange const& on, stored_object const& object, store_answer usual,
                                     std::optional<stored_object> before) {
        arrival what{said_by(on), on.at.bucket,     on.at.key,     object,
                     false,       std::move(usual), on.request_id, std::move(before)};
        if (auto call = D::callback(what, own_, objects_)) return std::move(*call);
        return std::move(what.usual);
    }
    [[nodiscard]] static std::string where(exchange const& on) { return D::location(on.context(), on.at.in_host); }

    /// Forms are signed with a temporary key or with the upload identity.
    [[nodiscard]] store_outcome post_form(exchange& on) {
        auto form = read_form(on.request.header_or_empty("content-type"), on.request.body, D::reads_forms);
        if (form.fault != form_fault::none) return refuse(on, fault_of(form.fault));
        for (auto& [name, value] : form.fields) {
            auto const mark = valetkey::detail::lower_text(name) == "key" ? value.find("${filename}") : value.npos;
            if (mark != value.npos && !form.file_name.empty()) value.replace(mark, 11, form.file_name);
            if (valetkey::detail::lower_text(name) == "key") on.at.key = value;
        }
        if (on.at.key.empty()) return refuse(on, fault::missing_field);
        if (!detail::is_plain_path("/" + percent_encoded(on.at.key, "/"))) return refuse(on, fault::invalid_uri);
        if (auto const why = authorize_form(on, form); why != fault::none) return refuse(on, why);
        if (on.at.bucket != own_.bucket) return refuse(on, fault::no_such_bucket);
        auto const said = [&form](std::string_view name) { return form.field(name); };
        if (auto const why = D::objection(said, true, on.at.key, objects_); why != fault::none) return refuse(on, why);
        auto const type = std::string{form.field("content-type").value_or("")};
        auto before = objects_.find(on.at.key);
        auto const object = objects_.put(on.at.key, std::string{*form.file}, type, on.now);
        if (!object) return refuse(on, fault::memory_full);
        arrival what{said,          on.at.bucket,
                     on.at.key,     *object,
                     true,          D::template posted<D>(on.context(), where(on), form, *object),
                     on.request_id, std::move(before)};
        if (auto call = D::callback(what, own_, objects_)) return std::move(*call);
        return std::move(what.usual);
    }
    [[nodiscard]] fault authorize_form(exchange const& on, posted_data const& form) {
        key_ring ring;
        std::optional<temporary_key> key;
        auto const token_fault = open_token(D::template form_token<D>(on.request, form), on.now, ring, key);
        if (token_fault == fault::wrong_token) return token_fault;
        if (!key && own_.form) ring.add({own_.form->id, own_.form->value, {}});
        auto const check = D::check_form(on.request, form, ring, own_, on.at.bucket, on.now);
        if (check.signature != verdict::accepted) return fault_of(check.signature);
        if (token_fault != fault::none) return token_fault;
        if (check.conditions != form_answer::allowed) return fault_of(check.conditions);
        if (form.field("bucket").value_or(on.at.bucket) != on.at.bucket) return fault::policy_condition;
        if (key && !allows(*key, {store_action::put, on.at.bucket, on.at.key})) return fault::access_denied;
        // what a field asks for beside the upload is a right of its own, and the upload identity has none
        for (auto const& [name, value] : form.fields)
            if (auto const right = right_of_field(valetkey::detail::lower_text(name), D::header_prefixes))
                if (!key || !allows(*key, {*right, on.at.bucket, on.at.key})) return fault::access_denied;
        return form.file->size() > largest_object ? fault::too_large : fault::none;
    }

    sealed_keys& keys_;
    object_store objects_;
    settings_type own_{};
    random_pool random_;
};

}  // namespace valetkey::sandbox
