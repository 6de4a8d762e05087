#pragma once
/// @file
/// A private folder that ends with its owner.

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace valetkey::sandbox {

/// Mode 0700, below the system's folder for temporary files.
/// @par Errors Throws std::system_error.
class scratch_folder {
public:
    scratch_folder() {
        auto name = (std::filesystem::temp_directory_path() / "valetkey-sandbox-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::system_error{errno, std::generic_category(), name};
        path_ = name;
    }
    scratch_folder(scratch_folder&&) = delete;
    ~scratch_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] std::filesystem::path path_of(std::string_view name) const { return path_ / name; }
    void write(std::string_view name, std::string_view text) const {
        std::ofstream file{path_of(name), std::ios::binary};
        file << text;
        if (!file.flush()) throw std::system_error{EIO, std::generic_category(), path_of(name).string()};
    }

private:
    std::filesystem::path path_;
};

}  // namespace valetkey::sandbox
