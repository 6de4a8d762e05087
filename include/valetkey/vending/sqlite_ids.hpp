#pragma once
/// @file
/// The durable counter of object ids as an SQLite file, for one machine.

#include <valetkey/vending/object_ids.hpp>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace valetkey {

struct sqlite_ids_options {
    std::uint64_t block = 1000;                 ///< ids a lease; what a crash may skip
    std::chrono::milliseconds patience{3'000};  ///< how long to wait for other processes
};

/// Leases from a file that several threads and processes may share. Not for network file systems, and not across fork.
///
/// A lease is durable before `lease` returns: a rollback journal with `synchronous` EXTRA, so that not even a journal
/// that comes back after a power failure can undo it. The file is made whole under another name and then linked to its
/// own: an empty or cut one is never taken for a new one, which would repeat ids.
///
/// @par Errors no_object_id; `failure::vendor_code` says for the log what is wrong with the file.
/// @par Thread safety Safe to share.
class sqlite_ids {
public:
    static constexpr int application_id = 0x564b4944;  // "VKID"
    static constexpr int version = 1;

    /// Opens the file; where there is none, makes it, for its owner alone (mode 0600).
    [[nodiscard]] static result<std::unique_ptr<sqlite_ids>> open(std::filesystem::path const& file,
                                                                  sqlite_ids_options options = {}) {
        if (!exists(file))
            if (auto problem = create(file)) return refusal(std::move(*problem));
        if (auto problem = settle(folder_of(file))) return refusal(std::move(*problem));
        std::unique_ptr<sqlite_ids> made{new sqlite_ids{file, SQLITE_OPEN_READWRITE, options}};
        if (auto problem = made->problem()) return refusal(std::move(*problem));
        return made;
    }

    /// Whether `open` could use the file, or make it in its folder. Changes nothing.
    [[nodiscard]] static result<void> check(std::filesystem::path const& file) {
        std::optional<std::string> problem;
        if (exists(file)) {
            problem = sqlite_ids{file, SQLITE_OPEN_READWRITE, {}}.problem();
        } else if (::access(folder_of(file).c_str(), W_OK | X_OK) != 0) {
            problem = because("cannot be made");
        }
        if (problem) return refusal(std::move(*problem));
        return {};
    }

    [[nodiscard]] result<id_block> lease() {
        std::lock_guard const lock{mutex_};
        if (!run("BEGIN IMMEDIATE")) return refusal(text());
        auto block = advance();
        if (block && !run("COMMIT")) block = refusal(text());
        if (!block) run("ROLLBACK");
        return block;
    }

    sqlite_ids(sqlite_ids&&) = delete;
    ~sqlite_ids() = default;

private:
    struct close_database {
        void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
    };
    struct end_statement {
        void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
    };
    using statement = std::unique_ptr<sqlite3_stmt, end_statement>;

    sqlite_ids(std::filesystem::path const& file, int flags, sqlite_ids_options options)
        : block_{std::clamp<std::uint64_t>(options.block, 1, 1'000'000)}, patience_{options.patience} {
        sqlite3* opened = nullptr;
        sqlite3_open_v2(file.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
        database_.reset(opened);
        sqlite3_busy_handler(opened, &keep_waiting, this);
        run("PRAGMA synchronous = EXTRA");
    }

    /// SQLite's own waiting sleeps ever longer, so that a busy process could starve the others.
    static int keep_waiting(void* self, int tries) noexcept {
        auto& ids = *static_cast<sqlite_ids*>(self);
        auto const now = std::chrono::steady_clock::now();
        if (tries == 0) ids.waits_until_ = now + ids.patience_;
        if (now >= ids.waits_until_) return 0;
        std::this_thread::sleep_for(std::chrono::microseconds{250});
        return 1;
    }

    static failure refusal(std::string what) {
        return {errc::no_object_id, "object_ids.sqlite.file", std::move(what), {}};
    }
    static std::string because(std::string_view what) {
        return std::string{what} + ": " + std::error_code{errno, std::generic_category()}.message();
    }
    static std::filesystem::path folder_of(std::filesystem::path const& file) {
        return file.has_parent_path() ? file.parent_path() : std::filesystem::path{"."};
    }
    static bool exists(std::filesystem::path const& file) noexcept {
        std::error_code ignored;
        return std::filesystem::exists(std::filesystem::symlink_status(file, ignored));
    }

    [[nodiscard]] std::string text() const {
        return std::string{"SQLite: "} + (database_ ? sqlite3_errmsg(database_.get()) : "no memory");
    }
    bool run(char const* sql) noexcept {
        return database_ && sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
    }
    [[nodiscard]] statement prepare(char const* sql) noexcept {
        sqlite3_stmt* made = nullptr;
        if (database_) sqlite3_prepare_v2(database_.get(), sql, -1, &made, nullptr);
        return statement{made};
    }
    /// The one integer that a query yields.
    [[nodiscard]] std::optional<std::int64_t> integer(char const* sql) noexcept {
        auto const query = prepare(sql);
        if (!query || sqlite3_step(query.get()) != SQLITE_ROW) return std::nullopt;
        if (sqlite3_column_type(query.get(), 0) != SQLITE_INTEGER) return std::nullopt;
        return sqlite3_column_int64(query.get(), 0);
    }

    /// What keeps an open file from being used.
    [[nodiscard]] std::optional<std::string> problem() {
        auto const id = integer("PRAGMA application_id");
        if (!id) return text();
        if (*id != application_id) return "is not a file of object ids (another application's, or empty)";
        if (integer("PRAGMA user_version") != version) return "is a file of object ids of another version";
        auto const sound = prepare("PRAGMA quick_check(1)");
        if (!sound || sqlite3_step(sound.get()) != SQLITE_ROW) return text();
        auto const* verdict = reinterpret_cast<char const*>(sqlite3_column_text(sound.get(), 0));
        if (!verdict || std::string_view{verdict} != "ok") return "is damaged";
        if (!next_id()) return "is damaged: its counter cannot be read";
        if (sqlite3_db_readonly(database_.get(), "main") != 0) return "cannot be written";
        return std::nullopt;
    }
    [[nodiscard]] std::optional<std::uint64_t> next_id() noexcept {
        auto const next = integer("SELECT next FROM object_id WHERE one = 1");
        if (!next || *next < 1 || static_cast<std::uint64_t>(*next) > largest_object_id + 1) return std::nullopt;
        return static_cast<std::uint64_t>(*next);
    }
    /// Within a transaction.
    [[nodiscard]] result<id_block> advance() {
        auto const next = next_id();
        if (!next) return refusal("its counter cannot be read; " + text());
        if (*next > largest_object_id) return refusal("no object id is left");
        auto const end = std::min(*next + block_, largest_object_id + 1);
        auto const update = prepare("UPDATE object_id SET next = ?1 WHERE one = 1");
        if (!update || sqlite3_bind_int64(update.get(), 1, static_cast<std::int64_t>(end)) != SQLITE_OK ||
            sqlite3_step(update.get()) != SQLITE_DONE)
            return refusal(text());
        return id_block{*next, end};
    }

    /// @return What went wrong. When another process was faster its file is as good.
    [[nodiscard]] static std::optional<std::string> create(std::filesystem::path const& file) {
        std::string other = file.string() + ".XXXXXX";
        int const number = ::mkostemp(other.data(), O_CLOEXEC);  // mode 0600, which the journal inherits
        if (number < 0) return because("cannot be made");
        ::close(number);  // before SQLite opens it: closing a file later would drop SQLite's locks
        auto problem = fill(other);
        if (!problem && ::link(other.c_str(), file.c_str()) != 0 && errno != EEXIST)
            problem = because("cannot be made");
        ::unlink(other.c_str());
        return problem;
    }
    [[nodiscard]] static std::optional<std::string> fill(std::string const& file) {
        static_assert(application_id == 1447774532 && version == 1);
        sqlite_ids fresh{file, SQLITE_OPEN_READWRITE, {}};
        bool const made = fresh.run(
            "BEGIN; PRAGMA application_id = 1447774532; PRAGMA user_version = 1;"
            "CREATE TABLE object_id (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL) STRICT;"
            "INSERT INTO object_id VALUES (1, 1); COMMIT");
        return made ? std::nullopt : std::optional{fresh.text()};
    }
    /// Makes the file's name as durable as its content, whoever made it: a power failure could take it away again.
    [[nodiscard]] static std::optional<std::string> settle(std::filesystem::path const& folder) {
        int const number = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (number < 0) return because("its folder");
        bool const kept = ::fsync(number) == 0;
        auto problem = kept ? std::nullopt : std::optional{because("its folder")};
        ::close(number);
        return problem;
    }

    std::mutex mutex_;
    std::uint64_t block_;
    std::chrono::milliseconds patience_;
    std::chrono::steady_clock::time_point waits_until_{};
    std::unique_ptr<sqlite3, close_database> database_;
};

}  // namespace valetkey
