#pragma once
/// @file
/// The two spellings of a request's fields: a JSON body, read by SAX (a DOM would keep the last of duplicate keys
/// silently), and a query.

#include <valetkey/encoding/percent.hpp>
#include <valetkey/gateway/request_fields.hpp>
#include <valetkey/gateway/utf8.hpp>

#include <boost/json/basic_parser_impl.hpp>

#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>

namespace valetkey::gateway {

namespace detail {

/// Receives the parser's events. Nothing nests: a value that is an object or an array has the wrong type.
struct field_events {
    static constexpr std::size_t max_object_size = 64;
    static constexpr std::size_t max_array_size = 1;
    static constexpr std::size_t max_key_size = 8192;
    static constexpr std::size_t max_string_size = 8192;

    request_fields* fields = nullptr;
    bounded_text<32> key{};
    bool in_object = false;
    bool done = false;

    using error = boost::json::error_code;
    static bool stop(bool good, error& ec) {
        if (!good) ec = boost::json::error::syntax;
        return good;
    }
    bool not_an_object(error& ec) { return stop(fields->refuse({refused::broken_json}), ec); }

    bool on_document_begin(error&) { return true; }
    bool on_document_end(error&) { return true; }
    bool on_object_begin(error& ec) {
        if (in_object) return stop(fields->wrong_type(), ec);
        in_object = true;
        return true;
    }
    bool on_object_end(std::size_t, error&) {
        done = true;
        return true;
    }
    bool on_array_begin(error& ec) { return in_object ? stop(fields->wrong_type(), ec) : not_an_object(ec); }
    bool on_array_end(std::size_t, error&) { return true; }
    bool on_key_part(boost::json::string_view part, std::size_t, error&) {
        key.append(part);
        return true;
    }
    bool on_key(boost::json::string_view part, std::size_t, error& ec) {
        key.append(part);
        bool const known = fields->begin(key.too_long() ? std::string_view{"…"} : key.view());
        key.clear();
        return stop(known, ec);
    }
    bool on_string_part(boost::json::string_view part, std::size_t, error& ec) {
        return in_object ? stop(fields->append_text(part), ec) : not_an_object(ec);
    }
    bool on_string(boost::json::string_view part, std::size_t n, error& ec) {
        return on_string_part(part, n, ec) && stop(fields->end_text(), ec);
    }
    bool on_number_part(boost::json::string_view, error&) { return true; }
    bool on_int64(std::int64_t value, boost::json::string_view, error& ec) {
        return in_object ? stop(fields->integer(value), ec) : not_an_object(ec);
    }
    bool on_uint64(std::uint64_t value, boost::json::string_view, error& ec) {
        if (!in_object) return not_an_object(ec);
        bool const fits = value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        return stop(fits ? fields->integer(static_cast<std::int64_t>(value)) : fields->other_number(), ec);
    }
    bool on_double(double, boost::json::string_view, error& ec) {
        return in_object ? stop(fields->other_number(), ec) : not_an_object(ec);
    }
    bool on_bool(bool, error& ec) { return in_object ? stop(fields->wrong_type(), ec) : not_an_object(ec); }
    bool on_null(error& ec) { return in_object ? fields->null() : not_an_object(ec); }
    bool on_comment_part(boost::json::string_view, error&) { return true; }
    bool on_comment(boost::json::string_view, error&) { return true; }
};

}  // namespace detail

/// Reads a JSON body. One a thread; used again for each request.
class request_json {
public:
    /// `fields` holds what was read, or the refusal.
    void read(std::string_view body, request_fields& fields) {
        fields.clear();
        parser_.reset();
        parser_.handler() = {};
        parser_.handler().fields = &fields;
        boost::json::error_code ec;
        auto const used = parser_.write_some(false, body.data(), body.size(), ec);
        if (ec || used != body.size() || !parser_.handler().done) fields.broken();
    }

private:
    boost::json::basic_parser<detail::field_events> parser_{boost::json::parse_options{}};
};

/// Reads the query of a GET: percent-encoded UTF-8 pairs; an integer is written as JSON would write it.
inline void read_query(std::string_view query, request_fields& fields) {
    fields.clear();
    while (!query.empty()) {
        auto const pair = query.substr(0, query.find('&'));
        query.remove_prefix(pair.size() < query.size() ? pair.size() + 1 : pair.size());
        auto const equals = pair.find('=');
        auto const name = percent_decoded(pair.substr(0, equals), true);
        auto const value =
            percent_decoded(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
        if (!name || !is_utf8(*name)) {
            fields.refuse({refused::unknown_field, "…"});
            return;
        }
        if (!fields.begin(*name)) return;
        if (!value || !is_utf8(*value)) {
            fields.wrong_type();
            return;
        }
        if (fields.expects_text()) {
            fields.append_text(*value);
            fields.end_text();
        } else if (!value->empty()) {
            std::int64_t number = 0;
            auto const* end = value->data() + value->size();
            auto const [stopped, error] = std::from_chars(value->data(), end, number);
            bool const leading_zero = value->starts_with("-") || (value->size() > 1 && value->front() == '0');
            if (error == std::errc::result_out_of_range || (stopped == end && leading_zero))
                fields.other_number();
            else if (error != std::errc{} || stopped != end)
                fields.wrong_type();
            else
                fields.integer(number);
        }
    }
}

}  // namespace valetkey::gateway
