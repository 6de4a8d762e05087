#pragma once
/// @file
/// What an upload token of Qiniu's allows, and why Kodo refuses.

#include <valetkey/policy/put_policy_conditions.hpp>
#include <valetkey/policy/statements.hpp>
#include <valetkey/sandbox/callback_message.hpp>
#include <valetkey/sandbox/s3_store.hpp>
#include <valetkey/signing/verify_qiniu.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey::sandbox {

/// Kodo's hash of an object: SHA-1, above 4 MiB of the blocks' SHA-1, behind a byte that says which.
/// @par Source Qiniu, qetag (github.com/qiniu/qetag). What the real store computes of parts that are not of 4 MiB is
///   unverified.
[[nodiscard]] inline std::string qetag(std::string_view bytes) {
    constexpr std::size_t block = std::size_t{4} << 20U;
    bool const small = bytes.size() <= block;
    std::string hashes;
    do {
        auto const hash = digest<sha1>({bytes.substr(0, block)});
        hashes.append(reinterpret_cast<char const*>(hash.data()), hash.size());
        bytes.remove_prefix(std::min(block, bytes.size()));
    } while (!bytes.empty());
    if (small) return to_base64url(std::string_view{"\x16" + hashes});
    auto const whole = digest<sha1>({hashes});
    return to_base64url(
        std::string_view{"\x96" + std::string{reinterpret_cast<char const*>(whole.data()), whole.size()}});
}

/// Why Kodo refuses. @par Source Qiniu, "error responses" (kodo/3928); texts that no public report shows are ours.
struct kodo_fault {
    int status = 0;  ///< 0: it does not
    std::string_view error{};
    explicit operator bool() const noexcept { return status != 0; }
};

namespace kodo_faults {
inline constexpr kodo_fault no_token{401, "token not specified"};
inline constexpr kodo_fault bad_token{401, "bad token"};
inline constexpr kodo_fault expired{401, "expired token"};
inline constexpr kodo_fault bad_policy{400, "invalid put policy"};
inline constexpr kodo_fault not_offered{400, "the put policy asks for what the sandbox does not offer"};
inline constexpr kodo_fault bad_callback{
    400, "invalid callback: callbackUrl and callbackBody are wanted, and the sandbox calls its own gateway alone"};
inline constexpr kodo_fault wrong_key{403, "key doesn't match with scope"};
inline constexpr kodo_fault bad_key{400, "invalid key"};
inline constexpr kodo_fault too_small{403, "the file is smaller than fsizeMin"};
inline constexpr kodo_fault too_large{413, "exceed FsizeLimit"};
inline constexpr kodo_fault wrong_type{403, "limited mimeType: this file type is forbidden to upload"};
inline constexpr kodo_fault bad_form{400, "invalid multipart format"};
inline constexpr kodo_fault no_file{400, "file is not specified in multipart"};
inline constexpr kodo_fault wrong_crc{406, "crc32 does not match"};
inline constexpr kodo_fault wrong_md5{400, "Content-MD5 does not match"};
inline constexpr kodo_fault no_upload{612, "no such uploadId"};
inline constexpr kodo_fault bad_part{400, "invalid part: its number, its order, its etag or its size"};
inline constexpr kodo_fault bad_json{400, "invalid JSON"};
inline constexpr kodo_fault exists{614, "file exists"};
inline constexpr kodo_fault no_bucket{631, "no such bucket"};
inline constexpr kodo_fault not_here{405, "an upload host offers uploads alone"};
inline constexpr kodo_fault full{
    403, "the sandbox keeps objects in memory, 1 GiB at most, and that is used up: start it again to empty it"};
}  // namespace kodo_faults

/// What an upload token allows, its signature checked.
class kodo_grant {
public:
    kodo_fault fault{};
    std::string token{};

    [[nodiscard]] std::string_view key_id() const noexcept {
        return std::string_view{token}.substr(0, token.find(':'));
    }
    [[nodiscard]] std::string_view text(std::string_view name) const noexcept {
        auto const* value = policy_.if_contains(name);
        return value ? valetkey::detail::text_of(*value).value_or(std::string_view{}) : std::string_view{};
    }
    [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t otherwise = 0) const noexcept {
        auto const* value = policy_.if_contains(name);
        return value ? valetkey::detail::size_of(*value).value_or(otherwise) : otherwise;
    }
    [[nodiscard]] bool has(std::string_view name) const noexcept { return policy_.contains(name); }
    [[nodiscard]] std::string_view scope_bucket() const noexcept {
        auto const scope = text("scope");
        return scope.substr(0, scope.find(':'));
    }
    /// Only a key that is named in full may be replaced.
    [[nodiscard]] bool may_replace() const noexcept {
        return text("scope").find(':') != std::string_view::npos && number("isPrefixalScope") != 1 &&
               number("insertOnly") == 0;
    }
    [[nodiscard]] std::string_view callback_type() const noexcept {
        auto const type = text("callbackBodyType");
        return type.empty() ? "application/x-www-form-urlencoded" : type;
    }

    [[nodiscard]] static kodo_grant refused(kodo_fault why) {
        kodo_grant out;
        out.fault = why;
        return out;
    }
    /// @param ring The keys that may sign.
    [[nodiscard]] static kodo_grant read(std::string_view token, key_ring const& ring, kodo_upload const& upload,
                                         utc_seconds now) {
        if (token.empty()) return refused(kodo_faults::no_token);
        auto const checked = verify_upload_token(token, ring);
        if (checked.what != verdict::accepted) return refused(kodo_faults::bad_token);
        auto const said = ask_put_policy(checked.put_policy, upload, now);
        if (said == form_answer::unreadable) return refused(kodo_faults::bad_policy);
        if (said == form_answer::expired) return refused(kodo_faults::expired);
        kodo_grant out;
        out.token = token;
        out.policy_ = boost::json::parse(checked.put_policy).get_object();
        if (out.scope_bucket() != upload.bucket) return refused(kodo_faults::no_bucket);
        out.fault = said == form_answer::too_small   ? kodo_faults::too_small
                    : said == form_answer::too_large ? kodo_faults::too_large
                    : said != form_answer::allowed   ? kodo_faults::wrong_key
                                                     : out.objection(upload.key.value_or(""));
        return out;
    }

private:
    /// What it asks for beside the place and the size, as far as that can be said before the upload.
    [[nodiscard]] kodo_fault objection(std::string_view key) const {
        for (auto const name : {"saveKey", "forceSaveKey", "callbackFetchKey", "returnUrl", "transform"})
            if (has(name)) return kodo_faults::not_offered;
        if (auto const* keys = policy_.if_contains("keylimit")) {
            bool found = false;
            if (!valetkey::detail::for_each_text(*keys, [&](std::string_view each) { found = found || each == key; }))
                return kodo_faults::bad_policy;
            if (!found) return kodo_faults::wrong_key;
        }
        auto const is_template = [](std::string_view each) {
            return fill_template(each, '(', ')', [](std::string_view, bool) { return std::string{}; }).has_value();
        };
        if (!is_template(text("returnBody"))) return kodo_faults::bad_policy;
        if (!has("callbackUrl") && !has("callbackBody")) return {};
        bool const good = !text("callbackBody").empty() && is_template(text("callbackBody")) &&
                          is_callback_type(callback_type()) && callback_target::parse(text("callbackUrl"));
        return good ? kodo_fault{} : kodo_faults::bad_callback;
    }

    boost::json::object policy_{};
};

}  // namespace valetkey::sandbox
