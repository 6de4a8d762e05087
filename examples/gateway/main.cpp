/// valetkey-gateway: the ready-made HTTPS endpoint. Its clouds are the list below: strike one out, and nothing of it is
/// in the program; add a header and a word, and there is one more.

#include <valetkey/gateway/gateway.hpp>
#include <valetkey/providers/all.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

namespace {

using program = valetkey::gateway::gateway<valetkey::qiniu, valetkey::tencent, valetkey::aws, valetkey::aliyun,
                                           valetkey::baidu, valetkey::huawei, valetkey::ksyun>;
using valetkey::gateway::listen_address;

int complain(std::string const& what) {
    std::fprintf(stderr, "valetkey-gateway: %s\n", what.c_str());
    return 1;
}

/// `ADDR:PORT`, an IPv6 address in brackets.
std::optional<listen_address> parse_address(std::string text) {
    auto const colon = text.rfind(':');
    if (colon == std::string::npos || colon + 1 == text.size() || text.size() - colon > 6) return std::nullopt;
    auto const port = text.substr(colon + 1);
    if (port.find_first_not_of("0123456789") != std::string::npos || std::stoul(port) > 65535) return std::nullopt;
    text.resize(colon);
    if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
    if (!valetkey::gateway::detail::is_ip_address(text)) return std::nullopt;
    return listen_address{text, static_cast<std::uint16_t>(std::stoul(port))};
}

/// Signals are awaited by the main thread alone: every other one starts with them blocked.
sigset_t block_signals() {
    sigset_t awaited;
    sigemptyset(&awaited);
    for (int const signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&awaited, signal);
    pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
    return awaited;
}

int serve(std::filesystem::path const& file, std::optional<listen_address> const& listen) {
    auto const awaited = block_signals();
    auto prepared = program::prepare(file, listen);
    if (!prepared) return complain(file.string() + ": " + to_string(prepared.error()));
    program running{valetkey::gateway::make_log()};
    auto const where = running.start(std::move(*prepared));
    if (!where) return complain(file.string() + ": " + to_string(where.error()));
    std::printf("valetkey-gateway: ready on https://%s\n", where->c_str());
    std::fflush(stdout);
    for (int signal = 0; sigwait(&awaited, &signal) == 0 && signal == SIGHUP;) running.reload(file, listen);
    running.drain(std::chrono::seconds{10});
    return 0;
}

}  // namespace

int main(int count, char** values) {
    CLI::App app{"ValetKey gateway: vends credentials that can upload one object to cloud storage, and nothing else.",
                 "valetkey-gateway"};
    std::string file;
    std::string address;
    bool check = false;
    app.add_option("--config", file, "The configuration, one JSON file")->required();
    app.add_flag("--check", check, "Read the configuration and every file it names, then end; opens no listener");
    app.add_option("--listen", address, "ADDR:PORT in place of the configuration's; PORT 0 picks a free one");
    app.set_version_flag("--version", "valetkey-gateway " VALETKEY_VERSION);
    CLI11_PARSE(app, count, values);

    std::optional<listen_address> listen;
    if (!address.empty() && !(listen = parse_address(address)))
        return complain("--listen: must be ADDR:PORT, such as 127.0.0.1:8443 or [::1]:0");
    if (!check) return serve(file, listen);
    auto const made = program::check(file, listen);
    if (!made) return complain(file + ": " + to_string(made.error()));
    std::printf("valetkey-gateway: %s is good\n", file.c_str());
    return 0;
}
