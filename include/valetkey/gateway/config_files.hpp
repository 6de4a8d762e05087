#pragma once
/// @file
/// Files that a configuration names: read into wiped memory, or looked at.

#include <valetkey/secret.hpp>

#include <boost/system/result.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace valetkey::gateway {

/// Why a file cannot be used, for the operator.
struct file_problem {
    std::string what;
};

namespace detail {

class open_file {
public:
    /// Without waiting, so that a pipe cannot hold up a start.
    explicit open_file(std::filesystem::path const& path)
        : number_{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)} {}
    open_file(open_file&&) = delete;
    ~open_file() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int number() const noexcept { return number_; }

    /// None when it is a file that can be read.
    [[nodiscard]] std::optional<file_problem> problem() const {
        struct stat status {};
        if (number_ < 0 || ::fstat(number_, &status) != 0) return because();
        if (!S_ISREG(status.st_mode)) return file_problem{"is not a regular file"};
        return std::nullopt;
    }
    [[nodiscard]] static file_problem because() {
        return {"cannot be read: " + std::error_code{errno, std::generic_category()}.message()};
    }

private:
    int number_;
};

}  // namespace detail

/// None when a regular file is there and can be read.
[[nodiscard]] inline std::optional<file_problem> file_problem_of(std::filesystem::path const& path) {
    return detail::open_file{path}.problem();
}

/// The whole file.
/// @param most Bytes; a larger one is refused.
[[nodiscard]] inline boost::system::result<wiped_text, file_problem> read_file(std::filesystem::path const& path,
                                                                               std::size_t most) {
    detail::open_file const file{path};
    if (auto problem = file.problem()) return std::move(*problem);
    constexpr std::size_t first = 1 << 14;
    wiped_text bytes;
    std::size_t size = 0;
    while (size <= most) {
        if (size == bytes.size()) bytes.resize(std::min(std::max(first, 2 * size), most + 1));
        auto const got = ::read(file.number(), bytes.data() + size, bytes.size() - size);
        if (got == 0) break;
        if (got > 0) size += static_cast<std::size_t>(got);
        if (got < 0 && errno != EINTR) return detail::open_file::because();
    }
    if (size > most) return file_problem{"is larger than " + std::to_string(most) + " bytes"};
    bytes.resize(size);
    return bytes;
}

}  // namespace valetkey::gateway
