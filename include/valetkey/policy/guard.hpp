#pragma once
/// @file
/// The last question before a credential leaves: does this policy allow the upload that was planned, and nothing
/// beside?

#include <valetkey/policy/question.hpp>
#include <valetkey/upload_scope.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace valetkey {

namespace detail {
[[nodiscard]] constexpr bool is_upload(store_action action) noexcept {
    return action == store_action::put || action == store_action::abort_upload || action == store_action::list_parts;
}
}  // namespace detail

/// A policy as a value, before it is text: some actions at one scope of one bucket.
struct upload_permission {
    std::string_view bucket;
    upload_scope const& scope;

    [[nodiscard]] bool covers(std::string_view key) const noexcept {
        auto const own = scope.text();
        return scope.is_prefix() ? key.size() > own.size() && key.starts_with(own) : key == own;
    }
    [[nodiscard]] policy_answer ask(policy_question const& q) const noexcept {
        if (!detail::is_upload(q.action) || !covers(q.key) || q.bucket != bucket) return policy_answer::denied;
        return policy_answer::allowed;
    }
};

namespace detail {

/// A text with something behind it, without a heap.
class lengthened {
public:
    static constexpr std::size_t room = 8;

    explicit lengthened(std::string_view text) noexcept : size_{text.copy(text_.data(), upload_scope::max_size)} {}
    [[nodiscard]] std::string_view by(std::string_view tail) noexcept {
        return {text_.data(), size_ + tail.copy(text_.data() + size_, room)};
    }
    /// Its last byte is another one from now on.
    [[nodiscard]] std::string_view neighbour() noexcept {
        char& last = text_[size_ - 1];
        last = last == 'x' ? 'y' : 'x';
        return {text_.data(), size_};
    }

private:
    std::array<char, upload_scope::max_size + room> text_;  // written before it is read
    std::size_t size_;
};

/// Up to the last `/`, included, but for one at the very end.
[[nodiscard]] inline std::string_view parent_of(std::string_view key) noexcept {
    auto const* slash = static_cast<char const*>(::memrchr(key.data(), '/', key.size() - 1));
    return slash == nullptr ? std::string_view{} : key.substr(0, static_cast<std::size_t>(slash - key.data()) + 1);
}

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

    auto const shorter = own.substr(0, own.size() - 1);
    detail::lengthened at{prefix ? shorter : own};
    auto const answers = [&](policy_answer answer, store_action action, std::string_view in, std::string_view key) {
        return policy.ask({action, in, key}) == answer;
    };
    auto const denied = [&](store_action action, std::string_view key) {
        return answers(policy_answer::denied, action, bucket, key);
    };
    auto const beside = [&](std::string_view key) { return denied(store_action::put, key); };

    // beside the scope: the root, what is longer or shorter, another bucket
    if (!beside("") || (own != "x" && !beside("x")) || !beside(shorter) || !beside(at.by("x")) ||
        !beside(at.by(prefix ? "x/a" : "/x")))
        return false;
    std::string_view const inside = prefix ? at.by("/a/b.txt") : own;
    detail::lengthened other{bucket};
    if (!answers(policy_answer::denied, store_action::put, other.by("x"), inside)) return false;
    if (!answers(policy_answer::denied, store_action::put, bucket.substr(0, bucket.size() - 1), inside)) return false;
    // the upload itself, and nothing else; list_parts is no demand: BOS sells it with reading alone
    for (auto const action : every_action) {
        bool const wanted = action == store_action::put || action == store_action::abort_upload;
        if (wanted && !answers(policy_answer::allowed, action, bucket, inside)) return false;
        if (!detail::is_upload(action) && !may(action) &&
            !denied(action, is_of_bucket(action) ? std::string_view{} : inside))
            return false;
    }
    // the parent and, last as it changes what `inside` points to, the neighbour
    auto const parent = detail::parent_of(own);
    auto const neighbour = at.neighbour();
    if (!beside(parent) || !beside(neighbour)) return false;
    for (auto const action : {store_action::abort_upload, store_action::list_parts})
        if (!denied(action, neighbour)) return false;
    return true;
}

/// The same of the typed policy that a voucher is written from: this key allowed; neighbour, parent, what is longer or
/// shorter, another bucket, read and delete denied. Tens of nanoseconds: it stands before every grant.
[[nodiscard]] inline bool is_exactly(upload_permission const& permission) noexcept {
    auto const own = permission.scope.text();
    auto const shorter = own.substr(0, own.size() - 1);
    detail::lengthened at{own};
    auto const asks = [&](policy_answer answer, store_action action, std::string_view bucket, std::string_view key) {
        return permission.ask({action, bucket, key}) == answer;
    };
    auto const beside = [&](std::string_view key) {
        return asks(policy_answer::denied, store_action::put, permission.bucket, key);
    };
    bool const prefix = permission.scope.is_prefix();
    std::string_view const inside = prefix ? at.by("a") : own;
    bool good = asks(policy_answer::allowed, store_action::put, permission.bucket, inside) && beside("") &&
                beside(shorter) && beside(detail::parent_of(own)) &&
                asks(policy_answer::denied, store_action::put, "", inside) &&
                asks(policy_answer::denied, store_action::read, permission.bucket, inside) &&
                asks(policy_answer::denied, store_action::remove, permission.bucket, inside);
    return good && beside(prefix ? own : at.by("x")) && beside(at.neighbour());
}

}  // namespace valetkey
