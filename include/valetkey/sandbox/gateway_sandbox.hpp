#pragma once
/// @file
/// A sandbox as a gateway's annex: the configuration that belongs to it, the page, and the objects to look at.

#include <valetkey/crypto/digest.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/encoding/percent.hpp>
#include <valetkey/gateway/config.hpp>
#include <valetkey/gateway/upload_handler.hpp>
#include <valetkey/sandbox/sandbox.hpp>
#include <valetkey/sandbox/scratch_folder.hpp>
#include <valetkey/sandbox/self_signed.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::sandbox {

/// A file of the page.
struct page_file {
    std::string_view name;  ///< `index.html` is shown at `/`, the others at `/sandbox/page/NAME`
    std::string_view text;  ///< in `index.html`, `@TOKEN@` stands for the development token
};

namespace detail {

using gateway::json_node;

[[nodiscard]] inline json_node text_node(std::string_view name, std::string_view text) {
    json_node made;
    made.is = json_node::kind::string;
    made.name = wiped_text{name};
    made.text = wiped_text{text};
    return made;
}
[[nodiscard]] inline json_node object_node(std::string_view name, std::vector<json_node> members = {}) {
    json_node made;
    made.is = json_node::kind::object;
    made.name = wiped_text{name};
    made.children = std::move(members);
    return made;
}
[[nodiscard]] inline json_node number_node(std::string_view name, std::uint64_t number) {
    json_node made;
    made.is = json_node::kind::integer;
    made.name = wiped_text{name};
    made.integer = number;
    return made;
}
/// The member of that name; what is given where there is none.
[[nodiscard]] inline json_node& member(json_node& object, json_node otherwise) {
    for (auto& child : object.children)
        if (child.name.view() == otherwise.name.view()) return child;
    return object.children.emplace_back(std::move(otherwise));
}

inline void add_setting(json_node& cloud, std::string_view, access_key const& key) {
    cloud.children.push_back(text_node("access_key_id", key.id));
    cloud.children.push_back(text_node("access_key_secret", key.value.reveal()));
}
inline void add_setting(json_node& cloud, std::string_view name, std::optional<access_key> const& key) {
    if (!key) return;
    cloud.children.push_back(object_node(name));
    add_setting(cloud.children.back(), name, *key);
}
inline void add_setting(json_node& cloud, std::string_view name, std::string const& text) {
    if (!text.empty()) (void)member(cloud, text_node(name, text));
}
inline void add_setting(json_node&, std::string_view, bool) {}
template <std::unsigned_integral Number>
void add_setting(json_node& cloud, std::string_view name, Number number) {
    if (number != 0) (void)member(cloud, number_node(name, number));
}

}  // namespace detail

/// @tparam Service The gateway's `sts_service`.
/// @tparam Ds      The dialects of its clouds.
template <class Service, class... Ds>
class gateway_sandbox {
public:
    using config_type = gateway::config<Service>;
    static constexpr std::string_view address = "127.0.0.1";
    static constexpr std::uint16_t port = 8443;

    [[nodiscard]] static bool is_loopback(std::string_view ip) noexcept {
        return ip == "::1" || ip.starts_with("127.");
    }

    explicit gateway_sandbox(std::vector<page_file> const& page) {
        auto const pair = make_self_signed();
        files_.write("certificate.pem", pair.certificate);
        files_.write("private_key.pem", pair.private_key);
        files_.write("tokens.json", R"({"tokens":[{"sha256":")" + std::string{to_hex(digest<sha256>({token_})).view()} +
                                        R"(","subject":"sandbox","modules":"*","projects":"*"}]})");
        for (auto const& file : page) add_page(file);
    }
    gateway_sandbox(gateway_sandbox&&) = delete;

    /// The configuration of a gateway before these clouds.
    /// @param file What its operator sets; none: nothing.
    /// @par Errors As load_config; and an address or a key of a cloud, or a listener that is not loopback.
    [[nodiscard]] gateway::config_result<config_type> load(std::optional<std::filesystem::path> const& file) {
        gateway::config_document document{detail::object_node(""), files_.path_of("")};
        if (file) {
            auto read = gateway::read_config_file(*file);
            if (!read) return read.error();
            document = std::move(*read);
        }
        if (document.root.is == detail::json_node::kind::object)
            if (auto problem = add_own(document.root)) return std::move(*problem);
        auto made = gateway::read_config(std::type_identity<Service>{}, document.root, document.folder);
        if (!made) return made;
        auto own = gateway::callers::load(files_.path_of("tokens.json"), "sandbox");
        if (!own) return own.error();
        if (document.root.find("auth")) made->tokens.add(std::move(*own));
        return made;
    }

    /// Lines for the operator, without line ends.
    [[nodiscard]] std::vector<std::string> account() const {
        std::vector<std::string> lines{"token " + token_};
        for (auto const& place : clouds_.places())
            lines.push_back("sandbox " + std::string{place.name} + " " + place.url + " " + place.bucket);
        return lines;
    }

    /// The callback is the gateway's own.
    /// @param where The gateway's address, `ADDR:PORT`.
    void take_up(config_type& with, std::string_view where) {
        with.service.callback_url = "https://" + std::string{where} + "/upload/callback";
        clouds_.take_up([&]<class P>() { return *with.service.template of<P>(); });
        if (!std::exchange(started_, true)) clouds_.start(with.certificate.string());
    }
    [[nodiscard]] gateway::annex_document const* document(std::string_view path) const noexcept {
        for (auto const& [at, page] : pages_)
            if (at == path) return &page;
        return nullptr;
    }
    [[nodiscard]] static bool owns(std::string_view path) noexcept {
        return path == "/" || path.starts_with("/sandbox/");
    }
    /// An object, `/sandbox/objects/CLOUD/KEY`, or the session policy that a token holds,
    /// `/sandbox/policies/CLOUD/TOKEN`.
    [[nodiscard]] std::shared_ptr<std::string const> file(std::string_view path) const {
        if (auto const of = below("/sandbox/objects/", path))
            if (auto const found = clouds_.find(of->cloud, of->rest)) return found->bytes;
        if (auto const of = below("/sandbox/policies/", path))
            if (auto policy = clouds_.policy_of(of->cloud, of->rest))
                return std::make_shared<std::string const>(std::move(*policy));
        return nullptr;
    }

private:
    using json_node = detail::json_node;
    struct named {
        std::string_view cloud;
        std::string rest;
    };
    [[nodiscard]] static std::optional<named> below(std::string_view head, std::string_view path) {
        if (!path.starts_with(head)) return std::nullopt;
        path.remove_prefix(head.size());
        auto const slash = path.find('/');
        auto rest = slash == path.npos ? std::nullopt : percent_decoded(path.substr(slash + 1), false);
        if (!rest) return std::nullopt;
        return named{path.substr(0, slash), std::move(*rest)};
    }

    static constexpr std::string_view page_lines =
        "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self' http://127.0.0.1:* http://*.localhost:*; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\n";

    void add_page(page_file const& file) {
        bool const index = file.name == "index.html";
        auto const is = [&](std::string_view ending) { return file.name.ends_with(ending); };
        gateway::annex_document made{is(".html")  ? "text/html; charset=utf-8"
                                     : is(".css") ? "text/css; charset=utf-8"
                                                  : "text/javascript; charset=utf-8",
                                     page_lines, std::string{file.text}};
        constexpr std::string_view mark = "@TOKEN@";
        if (auto const at = made.text.find(mark); index && at != made.text.npos)
            made.text.replace(at, mark.size(), token_);
        pages_.emplace_back(index ? "/" : "/sandbox/page/" + std::string{file.name}, std::move(made));
    }

    /// What the file leaves to the sandbox.
    [[nodiscard]] std::optional<gateway::config_error> add_own(json_node& root) {
        using detail::member;
        using detail::object_node;
        using detail::text_node;
        auto& listen = member(root, object_node("listen"));
        auto const& at = member(listen, text_node("address", address));
        if (!is_loopback(at.text.view()))
            return gateway::config_error{"listen.address", "must be of this machine alone beside --sandbox: 127.0.0.1"};
        (void)member(listen, detail::number_node("port", port));
        if (!listen.find("certificate") && !listen.find("private_key")) {
            (void)member(listen, text_node("certificate", path_text("certificate.pem")));
            (void)member(listen, text_node("private_key", path_text("private_key.pem")));
        }
        (void)member(root, object_node("auth", {object_node("tokens", {text_node("file", path_text("tokens.json"))})}));
        (void)member(root,
                     object_node("object_ids", {object_node("sqlite", {text_node("file", path_text("ids.sqlite"))})}));
        // its port may not be known yet
        member(root, object_node("callback")) =
            object_node("callback", {text_node("url", "https://127.0.0.1/upload/callback")});
        auto& clouds = member(root, object_node("clouds"));
        std::optional<gateway::config_error> problem;
        clouds_.for_each_account([&]<class P>(typename P::settings const& account) {
            auto& cloud = member(clouds, object_node(P::name));
            constexpr std::string_view own[] = {"access_key_id", "access_key_secret", "bucket",       "region",
                                                "endpoint",      "bucket_endpoint",   "sts_endpoint", "form",
                                                "allow_http"};
            for (auto const field : own)
                if (cloud.find(field) && !problem)
                    problem = {"clouds." + std::string{P::name} + "." + std::string{field},
                               "is the sandbox's own: leave it out beside --sandbox"};
            gateway::detail::for_each_setting(
                account, [&](std::string_view name, auto const& value) { detail::add_setting(cloud, name, value); });
        });
        return problem;
    }
    [[nodiscard]] std::string path_text(std::string_view name) const { return files_.path_of(name).string(); }

    scratch_folder files_;
    std::string token_ = std::string{random_pool{}.hex_id().view()};
    std::vector<std::pair<std::string, gateway::annex_document>> pages_;
    sandbox<Ds...> clouds_;
    bool started_ = false;
};

}  // namespace valetkey::sandbox
