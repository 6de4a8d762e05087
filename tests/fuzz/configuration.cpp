/// Any bytes as the gateway's configuration and as its file of tokens: an error that says where, and never holds a
/// value; or a configuration that can be used. Values are planted as secrets: in the text, in the environment and in a
/// file.

#include "clouds.hpp"

#include <valetkey/gateway/config.hpp>

#include <boost/json/parse.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace {

using namespace fuzz;
using namespace valetkey::gateway;

constexpr std::string_view planted = "Pl4nted-hunter2-Secret";
constexpr char marker = '\x01';

/// Files that live in memory; a configuration names them by their numbers.
enum : int { config_file = 100, tokens_file = 101, plain_file = 102, secret_file = 103 };

void write_file(int file, std::string_view text) {
    bool const good = ::ftruncate(file, 0) == 0 && ::pwrite(file, text.data(), text.size(), 0) >= 0;
    require(good, "cannot write");
}
void make_file(int file, std::string_view text) {
    int const made = ::memfd_create("fuzz", 0);
    require(made >= 0 && ::dup2(made, file) == file, "cannot make a file");
    ::close(made);
    write_file(file, text);
}

/// Not by memcmp, whose operands the fuzzer learns.
bool holds_planted(std::string_view text) {
    static std::uint64_t const wanted = spread(planted);
    for (std::size_t at = 0; at + planted.size() <= text.size(); ++at)
        if (spread(text.substr(at, planted.size())) == wanted) return true;
    return false;
}

/// The marker becomes the secret where a value begins: behind `:"` or `["`.
std::string_view plant(std::string_view text, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const before = i >= 2 ? text.substr(i - 2, 2) : std::string_view{};
        if (text[i] == marker && (before == ":\"" || before == "[\""))
            out.append(planted);
        else
            out += text[i];
    }
    return out;
}

template <class List>
struct loader;
template <class... Ps>
struct loader<clouds<Ps...>> {
    static auto load() { return load_config<Ps...>("/proc/self/fd/100"); }
};

void judge_error(config_error const& error, std::string_view text) {
    auto const line = to_string(error);
    require(!holds_planted(line), "a value is shown", line);
    require(!error.what.empty(), "an error without words", error.path);
    for (char const c : line) require(static_cast<unsigned char>(c) >= ' ' && c != '\x7f', "not one line", line);
    if (!error.path.empty()) return;
    // only the file as a whole has no path
    boost::system::error_code failed;
    auto const document = boost::json::parse(text, failed);
    require(failed || !document.is_object() || error.what.starts_with("is not JSON"), "no path", line, text);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    ::setenv("PLANTED", std::string{planted}.c_str(), 1);
    make_file(config_file, {});
    make_file(tokens_file, {});
    make_file(plain_file, "-----BEGIN CERTIFICATE-----\n");
    make_file(secret_file, std::string{planted} + "\n");
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    static std::string tokens;
    static std::string text;
    plant(in.take(in.number<std::uint16_t>() % 512), tokens);
    plant(in.rest(), text);
    if (holds_planted(in.rest())) return 0;
    if (tokens.empty()) tokens = R"({"tokens":[]})";
    write_file(tokens_file, tokens);
    write_file(config_file, text);
    auto const read = loader<every_cloud>::load();
    if (!read) {
        judge_error(read.error(), text);
        return 0;
    }
    boost::system::error_code failed;
    require(boost::json::parse(text, failed).is_object() && !failed, "a configuration out of what is no JSON", text);
    require(is_safe_key(read->service.root, false), "root", read->service.root);
    require(!read->service.callback_url.empty() && holds_planted(read->service.callback_url) == false, "callback");
    return 0;
}
