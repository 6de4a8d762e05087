#pragma once
/// @file
/// `result<T>`: a value or a `failure`. `value()` throws `bad_result`, for programs that want exceptions.

#include <valetkey/error.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>

namespace valetkey {

template <class T>
using result = boost::system::result<T, failure>;

/// Thrown by `result::value()`. Its text is our own name of the error: no vendor text, no secret.
class bad_result : public std::runtime_error {
public:
    explicit bad_result(failure const& f)
        : std::runtime_error{"valetkey: " + std::string{name_of(f.what)} +
                             (f.field.empty() ? std::string{} : " (" + std::string{f.field} + ")")},
          what_happened_{f.what} {}
    [[nodiscard]] errc code() const noexcept { return what_happened_; }

private:
    errc what_happened_;
};

/// Found by argument-dependent look-up from `boost::system::result`.
[[noreturn]] inline void throw_exception_from_error(failure const& f, boost::source_location const&) {
    throw bad_result{f};
}

}  // namespace valetkey
