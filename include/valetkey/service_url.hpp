#pragma once
/// @file
/// The address of a service: scheme and authority, nothing else.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace valetkey {

/// `http[s]://host[:port]`. No user, path, query or fragment: what is appended to it later cannot be reinterpreted.
class service_url {
public:
    /// One slash at the end is dropped. Host: `A-Za-z0-9.-`, or an IPv6 address in brackets.
    [[nodiscard]] static std::optional<service_url> parse(std::string_view text) {
        service_url made;
        std::string_view rest = text;
        if (rest.starts_with("https://")) {
            made.tls_ = true;
        } else if (!rest.starts_with("http://")) {
            return std::nullopt;
        }
        made.scheme_ = made.tls_ ? 8 : 7;
        rest.remove_prefix(made.scheme_);
        if (rest.ends_with('/')) rest.remove_suffix(1);
        auto const [host, port] = split(rest);
        if (!is_host(host) || (port && !is_port(*port))) return std::nullopt;
        made.host_size_ = host.size();
        made.text_ = text.substr(0, made.scheme_ + rest.size());
        return made;
    }
    [[nodiscard]] std::string const& text() const noexcept { return text_; }
    [[nodiscard]] std::string_view scheme() const noexcept { return std::string_view{text_}.substr(0, scheme_); }
    [[nodiscard]] std::string_view authority() const noexcept { return std::string_view{text_}.substr(scheme_); }
    [[nodiscard]] std::string_view host() const noexcept { return authority().substr(0, host_size_); }
    [[nodiscard]] bool tls() const noexcept { return tls_; }
    [[nodiscard]] bool is_ip_address() const noexcept {
        return host().starts_with('[') || host().find_first_not_of("0123456789.") == std::string_view::npos;
    }
    [[nodiscard]] bool is_loopback() const noexcept {
        auto const h = host();
        return h == "localhost" || h.ends_with(".localhost") || h == "[::1]" ||
               (is_ip_address() && h.starts_with("127."));
    }
    /// The same with a label in front of the host: `https://bucket.host`.
    [[nodiscard]] std::string with_label(std::string_view label) const {
        return std::string{scheme()}.append(label).append(".").append(authority());
    }

private:
    service_url() = default;
    static std::pair<std::string_view, std::optional<std::string_view>> split(std::string_view authority) {
        auto const end = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
        auto const colon = authority.find(':', end == std::string_view::npos ? 0 : end);
        if (colon == std::string_view::npos) return {authority, std::nullopt};
        return {authority.substr(0, colon), authority.substr(colon + 1)};
    }
    static constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    static bool is_host(std::string_view host) {
        if (host.starts_with('[') && host.ends_with(']') && host.size() > 4)
            return host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") ==
                   std::string_view::npos;
        if (host.empty() || host.size() > 253 || host.find("..") != std::string_view::npos) return false;
        auto const is_letter = [](char c) { return letters.find(c) != std::string_view::npos; };
        for (char const c : host)
            if (!is_letter(c) && c != '-' && c != '.') return false;
        return is_letter(host.front()) && is_letter(host.back());
    }
    static bool is_port(std::string_view port) {
        if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos)
            return false;
        auto const number = std::stoul(std::string{port});
        return number > 0 && number < 65536;
    }
    std::string text_;
    std::size_t scheme_ = 0;
    std::size_t host_size_ = 0;
    bool tls_ = false;
};

}  // namespace valetkey
