#pragma once
/// @file
/// Form policies ("POST object") of the S3 family: an expiration and conditions. What is constant within a second comes
/// first, the key last.

#include <valetkey/encoding/json_text.hpp>
#include <valetkey/secret.hpp>
#include <valetkey/time.hpp>
#include <valetkey/upload_scope.hpp>

#include <cstdint>
#include <string_view>

namespace valetkey {

/// Writes one policy into a text whose memory it uses again.
class post_policy {
public:
    /// @param expiration As the vendor wants it written.
    post_policy(wiped_text& into, std::string_view expiration) : text_{into} {
        text_.wipe();
        text_.append(R"({"expiration":")").append(expiration).append(R"(","conditions":[)");
    }
    /// Sizes in bytes, both included.
    post_policy& size_range(std::uint64_t least, std::uint64_t most) {
        next()
            .append(R"(["content-length-range",)")
            .append(decimal{least})
            .append(",")
            .append(decimal{most})
            .append("]");
        return *this;
    }
    /// `{"name":"value"}`: the field must be posted with exactly this value.
    post_policy& exactly(std::string_view name, std::string_view value) {
        next().append(R"({")").append(name).append(R"(":)");
        append_json_string(text_, value);
        text_.append("}");
        return *this;
    }
    /// The key itself, or any key under the prefix; the exact form as an object (AWS writes it so).
    post_policy& key(upload_scope const& scope) {
        return scope.is_prefix() ? key_condition(R"(["starts-with","$key",")", scope, R"("])")
                                 : key_condition(R"({"key":")", scope, R"("})");
    }
    /// The same, the exact form as a list (OSS writes it so).
    post_policy& key_in_list(upload_scope const& scope) {
        return scope.is_prefix() ? key(scope) : key_condition(R"(["eq","$key",")", scope, R"("])");
    }
    [[nodiscard]] std::string_view finish() {
        text_.append("]}");
        return text_.view();
    }

private:
    post_policy& key_condition(std::string_view open, upload_scope const& scope, std::string_view close) {
        next().append(open).append(scope.text()).append(close);
        return *this;
    }
    wiped_text& next() {
        if (started_) text_.append(",");
        started_ = true;
        return text_;
    }
    wiped_text& text_;
    bool started_ = false;
};

}  // namespace valetkey
