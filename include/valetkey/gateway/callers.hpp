#pragma once
/// @file
/// Who may ask for what: the file of tokens, kept as their SHA-256.

#include <valetkey/crypto/digest.hpp>
#include <valetkey/crypto/hmac.hpp>
#include <valetkey/encoding/percent.hpp>
#include <valetkey/gateway/config_reader.hpp>
#include <valetkey/gateway/request_budget.hpp>
#include <valetkey/upload_request.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace valetkey::gateway {

/// What one token may do.
class caller {
public:
    [[nodiscard]] std::string_view subject() const noexcept { return subject_; }
    [[nodiscard]] bool allows(upload_module module) const noexcept {
        return (modules_ >> static_cast<unsigned>(module) & 1U) != 0;
    }
    [[nodiscard]] bool allows_project(std::uint64_t id) const noexcept {
        return all_projects_ || std::binary_search(projects_.begin(), projects_.end(), id);
    }
    /// Counts one request of the subject, whichever of its tokens came.
    /// @return See `request_budget::take`.
    [[nodiscard]] unsigned take(std::uint32_t per_minute, std::chrono::steady_clock::time_point now) const noexcept {
        return budget_->take(per_minute, now);
    }

private:
    friend class callers;
    std::string subject_;
    unsigned modules_ = 0;  // a bit each
    bool all_projects_ = false;
    std::vector<std::uint64_t> projects_;  // sorted
    std::shared_ptr<request_budget> budget_;
};

/// The table of one tokens file.
/// @par Thread safety Safe to share once loaded.
class callers {
public:
    static constexpr std::size_t max_file_size = 1 << 24;
    static constexpr std::size_t max_token_size = 4096;

    /// @param name Of the setting that names the file; errors read `NAME: tokens[3].sha256`.
    [[nodiscard]] static config_result<callers> load(std::filesystem::path const& file, std::string const& name) {
        auto const named = [&](config_error const& error) {
            return config_error{error.path.empty() ? name : name + ": " + error.path, error.what};
        };
        auto const document = read_json_file(file, max_file_size);
        if (!document) return named(document.error());
        config_reader reader{file.parent_path(), config_reader::references::none};
        config_section const root{reader, &*document, {}};
        root.knows({"tokens"});
        callers made;
        std::size_t index = 0;
        for (auto const& token : root.array("tokens", config_section::mandatory))
            made.add({reader, &token, element_path("tokens", index++)});
        if (reader.failed()) return named(reader.error());
        return made;
    }

    /// Subjects of the table that is in use go on with what they have left of this minute.
    void keep_budgets_of(callers const& old) {
        for (auto& [subject, budget] : budgets_)
            if (auto const known = old.budgets_.find(subject); known != old.budgets_.end()) budget = known->second;
        for (auto& [prefix, known] : table_) known.who.budget_ = budgets_.at(known.who.subject_);
    }

    /// Takes over the tokens of another table.
    void add(callers more) {
        budgets_.merge(more.budgets_);
        for (auto& [prefix, known] : more.table_) {
            known.who.budget_ = budgets_.at(known.who.subject_);
            table_.emplace(prefix, std::move(known));
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return table_.size(); }

    /// Null when nobody has that token, or OpenSSL cannot hash.
    [[nodiscard]] caller const* find(std::string_view token) const noexcept {
        if (token.empty() || token.size() > max_token_size) return nullptr;
        try {
            auto const hash = digest<sha256>({token});
            auto const [first, last] = table_.equal_range(prefix_of(hash));
            for (auto at = first; at != last; ++at)
                if (equal_in_constant_time(text_of(hash), text_of(at->second.hash))) return &at->second.who;
        } catch (crypto_error const&) {
        }
        return nullptr;
    }
    /// By the value of the header `Authorization`: `Bearer TOKEN`, or the bare `TOKEN`.
    [[nodiscard]] caller const* find_by_header(std::string_view value) const noexcept {
        if (is_bearer(value)) value.remove_prefix(bearer.size());
        bool const is_token = std::none_of(value.begin(), value.end(), [](char c) {
            auto const byte = static_cast<unsigned char>(c);
            return byte <= ' ' || byte == 0x7f;
        });
        return is_token ? find(value) : nullptr;
    }

private:
    static constexpr std::string_view bearer = "bearer ";
    /// The scheme's name in any letter case, and one blank.
    static bool is_bearer(std::string_view value) noexcept {
        auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
        return value.size() >= bearer.size() &&
               std::equal(bearer.begin(), bearer.end(), value.begin(), [&](char b, char v) { return b == lower(v); });
    }

    using hash_bytes = digest_bytes<sha256>;
    struct entry {
        hash_bytes hash;
        caller who;
    };

    static std::uint64_t prefix_of(hash_bytes const& hash) noexcept {
        std::uint64_t prefix = 0;
        std::memcpy(&prefix, hash.data(), sizeof prefix);
        return prefix;
    }
    static std::string_view text_of(hash_bytes const& hash) noexcept {
        return {reinterpret_cast<char const*>(hash.data()), hash.size()};
    }

    void add(config_section const& token) {
        token.knows({"sha256", "subject", "modules", "projects"});
        entry made;
        made.hash = read_hash(token);
        made.who.subject_ = read_subject(token);
        read_modules(token, made.who);
        read_projects(token, made.who);
        auto const [first, last] = table_.equal_range(prefix_of(made.hash));
        if (std::any_of(first, last, [&](auto const& known) { return known.second.hash == made.hash; }))
            token.fail("sha256", "stands there twice");
        auto& budget = budgets_[made.who.subject_];
        if (!budget) budget = std::make_shared<request_budget>();
        made.who.budget_ = budget;
        table_.emplace(prefix_of(made.hash), std::move(made));
    }
    static hash_bytes read_hash(config_section const& token) {
        hash_bytes hash{};
        auto const text = token.text("sha256", config_section::mandatory);
        auto const digit = [&](std::size_t i) { return valetkey::detail::hex_value(text.view()[i]); };
        bool good = text.size() == 2 * hash.size();
        for (std::size_t i = 0; good && i < hash.size(); ++i) {
            good = digit(2 * i) >= 0 && digit(2 * i + 1) >= 0;
            hash[i] = static_cast<unsigned char>(digit(2 * i) * 16 + digit(2 * i + 1));
        }
        if (!good) token.fail("sha256", "must be the token's SHA-256 as 64 hex digits");
        return hash;
    }
    static std::string read_subject(config_section const& token) {
        constexpr std::size_t longest = 128;
        auto subject = token.string("subject", config_section::mandatory);
        std::size_t characters = 0;
        for (std::string_view rest{subject}; !rest.empty(); ++characters)
            rest.remove_prefix(std::max<std::size_t>(first_character(rest).size, 1));
        if (characters > longest) token.fail("subject", "must be 1 to 128 printable characters");
        return subject;
    }
    /// Whether a member is `"*"`.
    static bool is_all(config_section const& token, std::string_view name) {
        auto const* found = token.find(name);
        return found && found->is == json_node::kind::string && found->text.view() == "*";
    }
    static std::span<json_node const> list_of(config_section const& token, std::string_view name,
                                              std::string_view expected) {
        auto const* found = token.find(name);
        if (found && found->is != json_node::kind::array) token.fail(name, std::string{expected});
        return found ? std::span<json_node const>{found->children} : std::span<json_node const>{};
    }
    static void read_modules(config_section const& token, caller& who) {
        if (is_all(token, "modules")) who.modules_ = ~0U;
        if (is_all(token, "modules")) return;
        std::size_t index = 0;
        for (auto const& node : list_of(token, "modules", "must be \"*\" or an array of modules' names")) {
            auto const path = element_path(token.path_of("modules"), index++);
            auto const module = module_of(token.reader().text(node, path).view());
            if (!module) token.reader().fail(path, "must be a module's name: " + module_list());
            if (module) who.modules_ |= 1U << static_cast<unsigned>(*module);
        }
    }
    static std::string module_list() {
        std::vector<std::string_view> names;
        for (auto const& [name, module] : module_names) names.push_back(name);
        return joined(names);
    }
    static void read_projects(config_section const& token, caller& who) {
        constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
        who.all_projects_ = is_all(token, "projects");
        if (who.all_projects_) return;
        std::size_t index = 0;
        for (auto const& node : list_of(token, "projects", "must be \"*\" or an array of project numbers")) {
            auto const path = element_path(token.path_of("projects"), index++);
            if (node.is != json_node::kind::integer || node.integer == 0 || node.integer > largest)
                token.reader().fail(path, "must be an integer from 1 to " + std::to_string(largest));
            who.projects_.push_back(node.integer);
        }
        std::sort(who.projects_.begin(), who.projects_.end());
    }

    std::unordered_multimap<std::uint64_t, entry> table_;  // by the first eight bytes of the hash
    std::unordered_map<std::string, std::shared_ptr<request_budget>> budgets_;
};

}  // namespace valetkey::gateway
