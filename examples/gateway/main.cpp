/// valetkey-gateway: the ready-made HTTPS endpoint. Its clouds are the list below: strike one out, and nothing of it is
/// in the program; add a header and a word, and there is one more.

#include <valetkey/gateway/gateway.hpp>
#include <valetkey/providers/all.hpp>
#if VALETKEY_SANDBOX
#include <valetkey/sandbox/dialects/all.hpp>
#include <valetkey/sandbox/gateway_sandbox.hpp>

#include "page_files.hpp"
#endif

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace {

template <class Annex>
using gateway_of =
    valetkey::gateway::basic_gateway<Annex, valetkey::qiniu, valetkey::tencent, valetkey::aws, valetkey::aliyun,
                                     valetkey::baidu, valetkey::huawei, valetkey::ksyun>;
#if VALETKEY_SANDBOX
using annex = valetkey::sandbox::all_dialects::apply<valetkey::sandbox::gateway_sandbox,
                                                     gateway_of<valetkey::gateway::no_annex>::service_type>;
#else
using annex = valetkey::gateway::no_annex;
#endif
using program = gateway_of<annex>;
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

/// Where the configuration comes from, and what errors call it.
struct origin {
    std::string name;
    program::config_source source;
    annex* box = nullptr;
};

void say(std::string const& line) {
    std::printf("valetkey-gateway: %s\n", line.c_str());
    std::fflush(stdout);
}

int serve(origin const& from, std::optional<listen_address> const& listen) {
    auto const awaited = block_signals();
    auto prepared = program::prepare(from.source, listen);
    if (!prepared) return complain(from.name + ": " + to_string(prepared.error()));
    program running{valetkey::gateway::make_log(), from.box};
    auto const where = running.start(std::move(*prepared));
    if (!where) return complain(from.name + ": " + to_string(where.error()));
#if VALETKEY_SANDBOX
    if (from.box)
        for (auto const& line : from.box->account()) say(line);
#endif
    say("ready on https://" + *where);
    for (int signal = 0; sigwait(&awaited, &signal) == 0 && signal == SIGHUP;) running.reload(from.source, listen);
    running.drain(std::chrono::seconds{10});
    return 0;
}

int check(origin const& from, std::optional<listen_address> const& listen) {
    auto const made = program::check(from.source, listen);
    if (!made) return complain(from.name + ": " + to_string(made.error()));
    say(from.name + " is good");
    return 0;
}

}  // namespace

int main(int count, char** values) {
    CLI::App app{"ValetKey gateway: vends credentials that can upload one object to cloud storage, and nothing else.",
                 "valetkey-gateway"};
    std::string file;
    std::string address;
    bool only_check = false;
    app.add_option("--config", file, "The configuration, one JSON file");
    bool emulate = false;
#if VALETKEY_SANDBOX
    app.add_flag("--sandbox", emulate,
                 "Emulate all clouds on this machine: no account is needed; a configuration may come beside it");
#endif
    app.add_flag("--check", only_check, "Read the configuration and every file it names, then end; opens no listener");
    app.add_option("--listen", address, "ADDR:PORT in place of the configuration's; PORT 0 picks a free one");
    app.set_version_flag("--version", "valetkey-gateway " VALETKEY_VERSION);
    CLI11_PARSE(app, count, values);

    std::optional<listen_address> listen;
    if (!address.empty() && !(listen = parse_address(address)))
        return complain("--listen: must be ADDR:PORT, such as 127.0.0.1:8443 or [::1]:0");
    if (!emulate && file.empty()) return complain("a configuration is needed; see --help");
    origin from{file, program::from_file(file)};
#if VALETKEY_SANDBOX
    std::unique_ptr<annex> box;
    if (emulate) {
        if (listen && !annex::is_loopback(listen->address))
            return complain("--listen: must be of this machine alone beside --sandbox: 127.0.0.1:PORT");
        box = std::make_unique<annex>(page_files());
        auto const beside = file.empty() ? std::nullopt : std::optional<std::filesystem::path>{file};
        from = {file.empty() ? "sandbox" : file, [&box, beside] { return box->load(beside); }, box.get()};
    }
#endif
    return only_check ? check(from, listen) : serve(from, listen);
}
