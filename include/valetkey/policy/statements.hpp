#pragma once
/// @file
/// The evaluator of statement policies (AWS and its relatives): reads the text as it was sent and answers a question.
/// The grammars differ by data.

#include <valetkey/policy/question.hpp>
#include <valetkey/policy/twin_members.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey {

/// What a grammar of statements must say. `action_name(a)`: the vendor's name of an action, as its policies write it.
/// `resource(question)`: the full name of what is asked for. `own_wildcards`: in the constant head of its resources.
/// `question_mark`: `?` is a wildcard in resources. `may_have(member)`: members of document and statement that change
/// nothing an evaluator must know.
template <class G>
concept statement_grammar = requires(G const& grammar, policy_question const& q, std::string_view name) {
    { G::statement_member } -> std::convertible_to<std::string_view>;
    { G::effect_member } -> std::convertible_to<std::string_view>;
    { G::action_member } -> std::convertible_to<std::string_view>;
    { G::resource_member } -> std::convertible_to<std::string_view>;
    { G::allow } -> std::convertible_to<std::string_view>;
    { G::deny } -> std::convertible_to<std::string_view>;
    { G::question_mark } -> std::convertible_to<bool>;
    { G::own_wildcards } -> std::convertible_to<std::size_t>;
    { G::action_name(q.action) } -> std::convertible_to<std::string_view>;
    { grammar.resource(q) } -> std::convertible_to<std::string>;
    { G::may_have(name) } -> std::same_as<bool>;
};

namespace detail {

[[nodiscard]] inline std::string in_lower_case(std::string_view text) {
    std::string out{text};
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

/// Calls `visit(text)` for a string, or each string of an array. False: it is neither.
template <class Visit>
[[nodiscard]] bool for_each_text(boost::json::value const& value, Visit visit) {
    if (auto const* text = value.if_string()) {
        visit(std::string_view{text->data(), text->size()});
        return true;
    }
    auto const* list = value.if_array();
    if (!list || list->empty()) return false;
    for (auto const& each : *list) {
        auto const* text = each.if_string();
        if (!text) return false;
        visit(std::string_view{text->data(), text->size()});
    }
    return true;
}

}  // namespace detail

/// A policy as it was sent, read once and asked often.
///
/// Allowed: a fitting Allow, and no fitting Deny. Conditions, Not… elements, variables (`${`) and members that the
/// grammar does not name make it unreadable: what is not understood grants nothing. So does a member that comes twice:
/// which of the two the vendor takes is its secret.
template <statement_grammar G>
class statement_policy {
public:
    explicit statement_policy(std::string_view text, G grammar = {}) : grammar_{std::move(grammar)} {
        boost::system::error_code error;
        document_ = boost::json::parse(text, error);
        readable_ = !error && !has_twin_members(text, document_) && read();
    }

    [[nodiscard]] policy_answer ask(policy_question const& q) const {
        if (!readable_) return policy_answer::unreadable;
        auto const action = detail::in_lower_case(G::action_name(q.action));
        std::string const resource = grammar_.resource(q);
        bool allowed = false;
        for (auto const* statement : statements_) {
            if (!fits(statement->at(G::action_member),
                      [&](std::string_view each) { return matches_wildcard(detail::in_lower_case(each), action); }) ||
                !fits(statement->at(G::resource_member), [&](std::string_view each) { return names(each, resource); }))
                continue;
            if (statement->at(G::effect_member).get_string() == G::deny) return policy_answer::denied;
            allowed = true;
        }
        return allowed ? policy_answer::allowed : policy_answer::denied;
    }

    /// How many wildcards the upload's resource has beside those of the grammar's constant head. `npos` when another
    /// action or a second resource is allowed, or a wildcard is not the last part of a prefix. A guard that asks a few
    /// questions could see neither.
    [[nodiscard]] std::size_t wildcards() const {
        std::string_view resource;
        bool narrow = true;
        for (auto const* statement : statements_) {
            if (statement->at(G::effect_member).get_string() == G::deny) continue;
            (void)detail::for_each_text(statement->at(G::action_member),
                                        [&](std::string_view each) { narrow = narrow && is_upload(each); });
            (void)detail::for_each_text(statement->at(G::resource_member), [&](std::string_view each) {
                narrow = narrow && (resource.empty() || resource == each);
                resource = each;
            });
        }
        auto const is_wild = [](char c) { return c == '*' || c == '?'; };
        auto const count = static_cast<std::size_t>(std::count_if(resource.begin(), resource.end(), is_wild));
        bool const well_placed = count == G::own_wildcards || resource.ends_with("/*");
        return narrow && well_placed && count >= G::own_wildcards ? count - G::own_wildcards : std::string_view::npos;
    }

private:
    /// A grammar may match resources in its own way: `matches_resource(pattern, resource)`.
    [[nodiscard]] static bool names(std::string_view pattern, std::string_view resource) {
        if constexpr (requires { G::matches_resource(pattern, resource); })
            return G::matches_resource(pattern, resource);
        else
            return matches_wildcard(pattern, resource, G::question_mark);
    }
    [[nodiscard]] static bool is_upload(std::string_view action) {
        auto const name = detail::in_lower_case(action);
        for (auto const own : {store_action::put, store_action::abort_upload, store_action::list_parts})
            if (name == detail::in_lower_case(G::action_name(own))) return true;
        return false;
    }
    template <class Match>
    static bool fits(boost::json::value const& texts, Match match) {
        bool fitting = false;
        (void)detail::for_each_text(texts, [&](std::string_view each) { fitting = fitting || match(each); });
        return fitting;
    }
    bool read() {
        auto const* root = document_.if_object();
        auto const* list = root ? root->if_contains(G::statement_member) : nullptr;
        if (!list || !knows(*root, {G::statement_member})) return false;
        if (auto const* one = list->if_object()) return add(*one);
        auto const* many = list->if_array();
        if (!many || many->empty()) return false;
        for (auto const& each : *many)
            if (!each.is_object() || !add(each.get_object())) return false;
        return true;
    }
    bool add(boost::json::object const& statement) {
        auto const* effect = statement.if_contains(G::effect_member);
        auto const* action = statement.if_contains(G::action_member);
        auto const* resource = statement.if_contains(G::resource_member);
        if (!effect || !effect->is_string() || !action || !resource) return false;
        if (!knows(statement, {G::effect_member, G::action_member, G::resource_member})) return false;
        if (effect->get_string() != G::allow && effect->get_string() != G::deny) return false;
        bool plain = true;
        auto const look = [&](std::string_view each) { plain = plain && each.find("${") == std::string_view::npos; };
        if (!detail::for_each_text(*action, look) || !detail::for_each_text(*resource, look) || !plain) return false;
        statements_.push_back(&statement);
        return true;
    }
    static bool knows(boost::json::object const& object, std::initializer_list<std::string_view> own) {
        for (auto const& [name, value] : object)
            if (std::find(own.begin(), own.end(), std::string_view{name}) == own.end() && !G::may_have(name))
                return false;
        return true;
    }

    G grammar_;
    boost::json::value document_;
    std::vector<boost::json::object const*> statements_;
    bool readable_ = false;
};

}  // namespace valetkey
