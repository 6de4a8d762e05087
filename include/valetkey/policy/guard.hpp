#pragma once
/// @file
/// The last question before a credential leaves: does this policy allow the upload that was planned, and nothing
/// beside?

#include <valetkey/policy/question.hpp>
#include <valetkey/upload_scope.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace valetkey {

/// A policy as a value, before it is text: some actions at one scope of one bucket.
struct upload_permission {
    std::string_view bucket;
    upload_scope const& scope;

    [[nodiscard]] bool covers(std::string_view key) const noexcept {
        auto const own = scope.text();
        return scope.is_prefix() ? key.size() > own.size() && key.starts_with(own) : key == own;
    }
    [[nodiscard]] policy_answer ask(policy_question const& q) const noexcept {
        bool const upload = q.action == store_action::put || q.action == store_action::abort_upload ||
                            q.action == store_action::list_parts;
        return upload && q.bucket == bucket && covers(q.key) ? policy_answer::allowed : policy_answer::denied;
    }
};

namespace detail {

/// A key, and texts near it, without a heap.
class nearby {
public:
    explicit nearby(std::string_view key) noexcept : size_{key.copy(text_.data(), upload_scope::max_size)} {}
    [[nodiscard]] std::string_view key() const noexcept { return {text_.data(), size_}; }
    /// With something behind it.
    [[nodiscard]] std::string_view followed_by(std::string_view tail) noexcept {
        return {text_.data(), size_ + tail.copy(text_.data() + size_, 8)};
    }
    /// Its last byte another one.
    [[nodiscard]] std::string_view neighbour() noexcept {
        changed_ = text_;
        changed_[size_ - 1] = changed_[size_ - 1] == 'x' ? 'y' : 'x';
        return {changed_.data(), size_};
    }
    /// Up to the last `/`, included, but for one at the very end.
    [[nodiscard]] std::string_view parent() const noexcept {
        auto const whole = key().substr(0, size_ - 1);
        auto const slash = whole.rfind('/');
        return slash == std::string_view::npos ? std::string_view{} : whole.substr(0, slash + 1);
    }

private:
    std::array<char, upload_scope::max_size + 8> text_{};
    std::array<char, upload_scope::max_size + 8> changed_{};
    std::size_t size_;
};

}  // namespace detail

/// Asks a policy (`ask(policy_question)`) whether it allows uploads at the permission's scope, and denies the
/// neighbour, the parent, the sibling prefix, what follows a key, another bucket, and every other action.
/// @param may `bool may(store_action)`: further actions that this cloud's policies must allow (a browser's client needs
///   them), so that they are not asked for.
/// A policy that is text must also say how many `wildcards()` it has for its scope: none for a key, one for a prefix.
/// @return False too when the policy cannot be read.
template <class Policy, class May>
[[nodiscard]] bool is_exactly(Policy const& policy, upload_permission const& permission, May may) {
    auto const bucket = permission.bucket;
    auto const own = permission.scope.text();
    bool const prefix = permission.scope.is_prefix();
    if constexpr (requires { policy.wildcards(); })
        if (policy.wildcards() != (prefix ? 1U : 0U)) return false;

    detail::nearby inner{own};
    std::string_view const inside = prefix ? inner.followed_by("a/b.txt") : own;
    auto const is = [&](policy_answer answer, store_action action, std::string_view in, std::string_view key) {
        return policy.ask({action, in, key}) == answer;
    };
    auto const denied = [&](store_action action, std::string_view key) {
        return is(policy_answer::denied, action, bucket, key);
    };
    // list_parts is no demand: BOS sells it with reading alone
    for (auto const action : {store_action::put, store_action::abort_upload})
        if (!is(policy_answer::allowed, action, bucket, inside)) return false;

    // beside the scope: the root, the parent, the neighbour, what is shorter, what is longer
    detail::nearby at{prefix ? own.substr(0, own.size() - 1) : own};
    for (auto const action : {store_action::put, store_action::abort_upload, store_action::list_parts})
        if (!denied(action, at.parent()) || !denied(action, at.neighbour())) return false;
    auto const beside = [&](std::string_view key) { return denied(store_action::put, key); };
    if (!beside("") || !beside("x") || !beside(own.substr(0, own.size() - 1)) || !beside(at.followed_by("x")))
        return false;
    if (!beside(at.followed_by(prefix ? "x/a" : "/x"))) return false;

    // in another bucket
    std::array<char, 64> other{};
    auto const size = bucket.copy(other.data(), other.size() - 1);
    other[size] = 'x';
    if (!is(policy_answer::denied, store_action::put, {other.data(), size + 1}, inside)) return false;
    if (!is(policy_answer::denied, store_action::put, bucket.substr(0, bucket.size() - 1), inside)) return false;
    // something else
    for (auto const action : every_action) {
        bool const upload =
            action == store_action::put || action == store_action::abort_upload || action == store_action::list_parts;
        if (!upload && !may(action) && !denied(action, is_of_bucket(action) ? std::string_view{} : inside))
            return false;
    }
    return true;
}

}  // namespace valetkey
