#pragma once
/// @file
/// A case run the other way: what the vendor's SDK sent is verified, and must be refused once it was changed.

#include "vector_case.hpp"

#include <valetkey/crypto/digest.hpp>
#include <valetkey/encoding/base64.hpp>
#include <valetkey/signing/incoming.hpp>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vectors {

using valetkey::verdict;

[[nodiscard]] inline std::string lower(std::string text) {
    for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

/// One character of a text, changed: the last that is a letter or digit. `a` becomes `b`, all else `a`.
[[nodiscard]] inline std::string changed(std::string text) {
    for (std::size_t i = text.size(); i-- > 0;) {
        if (!std::isalnum(static_cast<unsigned char>(text[i]))) continue;
        // the last digit of unpadded base64 may hold stray bits alone, so the one before it is taken
        std::size_t const at = i > 1 && std::isalnum(static_cast<unsigned char>(text[i - 1])) ? i - 1 : i;
        text[at] = text[at] == 'a' ? 'b' : 'a';
        return text;
    }
    return text + "a";
}

/// A request as it arrived, that can be changed.
struct received {
    std::string method;
    std::string host;
    std::string path;
    std::string query;
    std::vector<valetkey::http_header> headers;
    std::string body;
    valetkey::utc_seconds now{};

    [[nodiscard]] static received from(vector_case const& c) {
        received out;
        out.method = c.expect.must("method");
        auto const url = c.expect.must("url");
        auto const begin = url.find("://") + 3;
        auto const slash = std::min(url.find_first_of("/?", begin), url.size());
        auto const mark = std::min(url.find('?', begin), url.size());
        out.host = url.substr(begin, slash - begin);
        out.path = slash < mark ? url.substr(slash, mark - slash) : "/";
        out.query = mark < url.size() ? url.substr(mark + 1) : "";
        for (auto const& [name, value] : c.expect.pairs("headers")) out.headers.push_back({lower(name), value});
        if (!out.find("host")) out.headers.push_back({"host", out.host});
        out.body = c.expect.has("body") ? c.expect.text("body") : c.kind == "presigned_url" ? "" : c.input.text("body");
        out.now = c.time();
        return out;
    }
    [[nodiscard]] std::string* find(std::string_view name) {
        for (auto& header : headers)
            if (header.name == name) return &header.value;
        return nullptr;
    }
    void drop(std::string_view name) {
        std::erase_if(headers, [&](auto const& header) { return header.name == name; });
    }
    /// The raw value of a query's parameter.
    template <class Change>
    bool change_parameter(std::string_view name, Change change) {
        std::string out;
        bool found = false;
        std::string_view rest{query};
        while (!rest.empty()) {
            auto const pair = rest.substr(0, rest.find('&'));
            rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
            bool const hit = pair.substr(0, pair.find('=')) == name && !found;
            auto const made = hit ? change(std::string{pair}) : std::string{pair};
            found = found || hit;
            if (!made.empty()) out.append(out.empty() ? "" : "&").append(made);
        }
        if (found) query = out;
        return found;
    }
    [[nodiscard]] valetkey::incoming_request view() const { return {method, path, query, headers, body}; }
    [[nodiscard]] valetkey::verifying_terms terms(bool md5_fits) const {
        return {now, std::chrono::minutes{15}, md5_fits};
    }
};

/// What the tests change, and what must not matter.
struct tampering {
    std::string signature_parameter{};  ///< in the query; empty: the header `authorization`, or `body_signature`
    std::string token_parameter{};      ///< in the query
    std::string token_header{};
    std::string date_header{};
    std::function<bool(std::string_view)> signs_header = [](std::string_view) { return false; };
    bool signs_path = true;
    bool signs_body = false;
    bool has_clock = true;
    std::chrono::seconds early{std::chrono::minutes{15}};  ///< how far our clock may be behind; negative: any
    std::chrono::seconds late{std::chrono::minutes{15}};   ///< how far ahead
};

template <class Verify>
void require_verdicts(received const& good, tampering const& how, Verify verify) {
    bool const md5_fits = [&] {
        auto copy = good;
        auto const* md5 = copy.find("content-md5");
        return md5 && *md5 == valetkey::to_base64(valetkey::digest<valetkey::md5>({good.body}));
    }();
    auto const judge = [&](received const& r) { return verify(r.view(), r.terms(md5_fits)); };
    if (auto const v = judge(good); v != verdict::accepted)
        throw mismatch{"the verifier refuses it: verdict " + std::to_string(static_cast<int>(v))};
    auto const refused = [&](std::string const& what, auto change) {
        auto bad = good;
        change(bad);
        if (judge(bad) == verdict::accepted) throw mismatch{"accepted although " + what + " was changed"};
    };
    auto const swap = [](std::string pair) { return changed(std::move(pair)); };
    if (!how.signature_parameter.empty())
        refused("the signature", [&](received& r) {
            if (!r.change_parameter(how.signature_parameter, swap)) throw mismatch{"no signature in the query"};
        });
    else if (auto copy = good; copy.find("authorization"))
        refused("the signature", [](received& r) { *r.find("authorization") = changed(*r.find("authorization")); });
    if (how.signs_path && good.path.size() > 1) refused("the path", [](received& r) { r.path += "x"; });
    if (how.signs_body || md5_fits) refused("the body", [](received& r) { r.body = changed(r.body); });
    for (auto const& header : good.headers)
        if (header.name != "authorization" && how.signs_header(header.name))
            refused("header " + header.name, [&](received& r) { *r.find(header.name) = changed(header.value); });
    if (auto copy = good; !how.date_header.empty() && copy.find(how.date_header))
        refused("the date", [&](received& r) { *r.find(how.date_header) = changed(*r.find(how.date_header)); });
    if (auto copy = good; !how.token_header.empty() && copy.find(how.token_header))
        refused("the token (dropped)", [&](received& r) { r.drop(how.token_header); });
    if (!how.token_parameter.empty() && good.query.find(how.token_parameter + "=") != std::string::npos)
        refused("the token (dropped)", [&](received& r) {
            r.change_parameter(how.token_parameter, [](std::string const&) { return std::string{}; });
        });
    if (!how.has_clock) return;
    if (how.late.count() >= 0)
        refused("the clock (late)", [&](received& r) { r.now += how.late + std::chrono::seconds{61}; });
    if (how.early.count() >= 0)
        refused("the clock (early)", [&](received& r) { r.now -= how.early + std::chrono::seconds{61}; });
}

/// The one key of a case.
struct case_keys {
    valetkey::known_key key;
    explicit case_keys(vector_case const& c)
        : key{c.input.text("key_id"), valetkey::secret{c.secret()}, c.input.text("session_token")} {}
    valetkey::known_key const* operator()(std::string_view id) const { return id == key.id ? &key : nullptr; }
};

/// Posted fields that are verified, then changed one by one.
/// @param pinned Names whose change must be refused. @param judge `bool judge(parameters const&, utc_seconds now)`.
template <class Judge>
void require_form_verdicts(parameters const& fields, std::vector<std::string> const& pinned, valetkey::utc_seconds now,
                           valetkey::utc_seconds end, Judge judge) {
    if (!judge(fields, now)) throw mismatch{"the verifier refuses the form"};
    for (auto const& name : pinned) {
        auto bad = fields;
        auto const at = std::find_if(bad.begin(), bad.end(), [&](auto const& field) { return field.first == name; });
        if (at == bad.end()) continue;
        at->second = changed(at->second);
        if (judge(bad, now)) throw mismatch{"accepted although field " + name + " was changed"};
        bad.erase(at);
        if (judge(bad, now)) throw mismatch{"accepted although field " + name + " was dropped"};
    }
    if (judge(fields, end + std::chrono::seconds{1})) throw mismatch{"accepted after its end"};
}

/// A callback as the receiver of a case got it.
struct called_back {
    std::string method;
    std::string path;
    std::string query;
    std::vector<valetkey::http_header> headers;
    std::string body;

    [[nodiscard]] static called_back from(vector_case const& c) {
        called_back out;
        out.method = c.input.has("method") ? c.input.text("method") : "POST";
        auto const target = c.input.must("request_target");
        auto const mark = std::min(target.find('?'), target.size());
        out.path = target.substr(0, mark);
        out.query = target.substr(std::min(mark + 1, target.size()));
        for (auto const& [name, value] : c.input.pairs("headers")) out.headers.push_back({lower(name), value});
        out.body = c.input.text("body");
        return out;
    }
    [[nodiscard]] valetkey::incoming_request view() const { return {method, path, query, headers, body}; }
    [[nodiscard]] std::string_view date() const { return view().header_or_empty("x-qiniu-date"); }
};

/// `believed(called_back)` says what the case expects, and nothing is believed any more once it was changed.
template <class Believed>
void require_callback(vector_case const& c, called_back const& good, Believed believed) {
    bool const valid = c.expect.must("valid") == "true";
    if (believed(good) != valid) throw mismatch{valid ? "it is not believed" : "it is believed"};
    if (!valid) return;
    auto const refused = [&](char const* what, auto change) {
        auto bad = good;
        change(bad);
        if (believed(bad)) throw mismatch{std::string{"believed although "} + what};
    };
    refused("its path was changed", [](auto& r) { r.path += "x"; });
    refused("its query was changed", [](auto& r) { r.query += r.query.empty() ? "a=1" : "x"; });
    refused("its body was changed", [](auto& r) { r.body += "x"; });
    for (auto const& header : good.headers) {
        if (header.name != "authorization") continue;
        refused("its signature was changed", [](auto& r) {
            for (auto& each : r.headers)
                if (each.name == "authorization") each.value = changed(each.value);
        });
        refused("it was not signed", [](auto& r) {
            std::erase_if(r.headers, [](auto const& each) { return each.name == "authorization"; });
        });
    }
}

}  // namespace vectors
