#pragma once
/// @file
/// One bucket in memory: objects, and uploads in parts. Who may do what is decided before.

#include <valetkey/crypto/digest.hpp>
#include <valetkey/crypto/random.hpp>
#include <valetkey/encoding/hex.hpp>
#include <valetkey/time.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace valetkey::sandbox {

struct stored_object {
    std::shared_ptr<std::string const> bytes;
    std::string etag;  ///< bare: hex MD5, of an object in parts the MD5 of the parts' and `-COUNT`
    std::string content_type;
    utc_seconds at{};
};

/// What all buckets of a sandbox may hold together, parts included.
class memory_budget {
public:
    static constexpr std::uint64_t most = std::uint64_t{1} << 30U;

    [[nodiscard]] bool take(std::uint64_t bytes) noexcept {
        if (bytes > most - used_) return false;
        used_ += bytes;
        return true;
    }
    void give_back(std::uint64_t bytes) noexcept { used_ -= bytes; }

private:
    std::uint64_t used_ = 0;
};

/// @par Thread safety `find` from any thread, everything else on one.
class object_store {
public:
    struct part {
        std::shared_ptr<std::string const> bytes;
        std::string etag;
        utc_seconds at{};
    };
    using parts = std::map<unsigned, part>;
    struct named_part {
        unsigned number = 0;
        std::string etag{};
    };
    enum class problem : std::uint8_t { none, no_such_upload, invalid_part, wrong_order, too_small, full };

    /// @param least_part Bytes that every part but the last must have.
    object_store(memory_budget& budget, std::uint64_t least_part) : budget_{budget}, least_part_{least_part} {}

    [[nodiscard]] std::optional<stored_object> find(std::string_view key) const {
        std::scoped_lock const lock{mutex_};
        auto const found = objects_.find(key);
        return found == objects_.end() ? std::nullopt : std::optional{found->second};
    }
    /// @return None: the budget is used up.
    [[nodiscard]] std::optional<stored_object> put(std::string const& key, std::string bytes, std::string content_type,
                                                   utc_seconds now) {
        auto etag = std::string{to_hex(digest<md5>({bytes})).view()};
        if (!budget_.take(bytes.size())) return std::nullopt;
        return keep(key, {std::make_shared<std::string const>(std::move(bytes)), std::move(etag),
                          std::move(content_type), now});
    }
    void remove(std::string_view key) {
        std::scoped_lock const lock{mutex_};
        auto const found = objects_.find(key);
        if (found == objects_.end()) return;
        budget_.give_back(found->second.bytes->size());
        objects_.erase(found);
    }
    /// What the key held before; nothing, where it held nothing or memory is used up.
    void put_back(std::string const& key, std::optional<stored_object> before) {
        remove(key);
        if (before && budget_.take(before->bytes->size())) (void)keep(key, std::move(*before));
    }

    [[nodiscard]] std::string begin_upload(std::string key, std::string content_type) {
        auto id = std::string{random_.hex_id().view()};
        uploads_[id] = {std::move(key), std::move(content_type), {}};
        return id;
    }
    /// Null: no such upload of that key.
    [[nodiscard]] parts const* find_parts(std::string_view id, std::string_view key) const {
        auto const found = uploads_.find(id);
        return found == uploads_.end() || found->second.key != key ? nullptr : &found->second.all;
    }
    /// Ids of the uploads below a prefix, with their keys.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> find_uploads(std::string_view prefix) const {
        std::vector<std::pair<std::string, std::string>> out;
        for (auto const& [id, one] : uploads_)
            if (one.key.starts_with(prefix)) out.emplace_back(one.key, id);
        return out;
    }
    [[nodiscard]] problem put_part(std::string_view id, std::string_view key, unsigned number, std::string bytes,
                                   utc_seconds now, std::string& etag) {
        if (!find_parts(id, key)) return problem::no_such_upload;
        if (!budget_.take(bytes.size())) return problem::full;
        etag = std::string{to_hex(digest<md5>({bytes})).view()};
        auto& into = uploads_.find(id)->second.all[number];
        if (into.bytes) budget_.give_back(into.bytes->size());
        into = {std::make_shared<std::string const>(std::move(bytes)), etag, now};
        return problem::none;
    }
    /// The object is made of the named parts, which must be there with these ETags, in ascending order.
    [[nodiscard]] problem complete(std::string_view id, std::string const& key, std::vector<named_part> const& names,
                                   utc_seconds now, stored_object& made) {
        auto const* have = find_parts(id, key);
        if (!have) return problem::no_such_upload;
        if (auto const wrong = check(*have, names); wrong != problem::none) return wrong;
        std::string bytes;
        std::string hashes;
        for (auto const& name : names) {
            auto const& one = have->at(name.number);
            bytes.append(*one.bytes);
            auto const hash = digest<md5>({*one.bytes});
            hashes.append(reinterpret_cast<char const*>(hash.data()), hash.size());
        }
        if (!budget_.take(bytes.size())) return problem::full;
        auto etag = std::string{to_hex(digest<md5>({hashes})).view()} + "-" + std::to_string(names.size());
        auto type = uploads_.find(id)->second.content_type;
        made =
            keep(key, {std::make_shared<std::string const>(std::move(bytes)), std::move(etag), std::move(type), now});
        return abort(id, key);
    }
    [[nodiscard]] problem abort(std::string_view id, std::string_view key) {
        if (!find_parts(id, key)) return problem::no_such_upload;
        auto const found = uploads_.find(id);
        for (auto const& [number, one] : found->second.all) budget_.give_back(one.bytes->size());
        uploads_.erase(found);
        return problem::none;
    }

private:
    struct upload {
        std::string key;
        std::string content_type;
        parts all;
    };

    /// What the budget has already given.
    stored_object keep(std::string const& key, stored_object made) {
        std::scoped_lock const lock{mutex_};
        auto& into = objects_[key];
        if (into.bytes) budget_.give_back(into.bytes->size());
        return into = std::move(made);
    }
    [[nodiscard]] problem check(parts const& have, std::vector<named_part> const& names) const {
        unsigned last = 0;
        for (auto const& name : names) {
            if (name.number <= last) return problem::wrong_order;
            last = name.number;
            auto const found = have.find(name.number);
            if (found == have.end() || found->second.etag != name.etag) return problem::invalid_part;
        }
        for (auto const& name : names)
            if (name.number != last && have.at(name.number).bytes->size() < least_part_) return problem::too_small;
        return problem::none;
    }

    memory_budget& budget_;
    std::uint64_t least_part_;
    random_pool random_;
    mutable std::mutex mutex_;  // of objects_
    std::map<std::string, stored_object, std::less<>> objects_;
    std::map<std::string, upload, std::less<>> uploads_;
};

}  // namespace valetkey::sandbox
