/// valetkey-vectors [--kinds K,K…] DIR…
/// Runs every case of every vectors file in the folders through the library, one line a case.

#include "support/toy.hpp"
#include "support/vectors_aliyun.hpp"
#include "support/vectors_aws.hpp"
#include "support/vectors_baidu.hpp"
#include "support/vectors_huawei.hpp"
#include "support/vectors_ksyun.hpp"
#include "support/vectors_qiniu.hpp"
#include "support/vectors_tencent.hpp"

#include <boost/json/parse.hpp>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

template <class... Clouds>
struct clouds {
    /// False: no such cloud in this list.
    static bool run(std::string_view cloud, vectors::vector_case const& c) {
        return ((cloud == Clouds::name && (vectors::runner<Clouds>::run(c), true)) || ...);
    }
};
using all_clouds = clouds<valetkey::qiniu, valetkey::tencent, valetkey::aws, valetkey::aliyun, valetkey::baidu,
                          valetkey::huawei, valetkey::ksyun, mine::toy>;

constexpr std::array<std::string_view, 6> known_kinds{"sts_request", "post_policy",   "upload_token",
                                                      "put_object",  "presigned_url", "callback"};

struct tally {
    std::vector<std::string> kinds;  // empty: all
    int passed = 0;
    int failed = 0;

    [[nodiscard]] bool wants(std::string_view kind) const {
        return kinds.empty() || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    }
    void pass(std::string const& what) {
        ++passed;
        std::printf("ok    %s\n", what.c_str());
    }
    void fail(std::string const& what, std::string_view why) {
        ++failed;
        std::printf("FAIL  %s: %.*s\n", what.c_str(), static_cast<int>(why.size()), why.data());
    }
};

bool is_known(std::string_view kind) {
    return std::find(known_kinds.begin(), known_kinds.end(), kind) != known_kinds.end();
}

void run_case(tally& t, std::string const& cloud, boost::json::object const& object) {
    vectors::members const whole{object};
    auto const kind = whole.text("kind");
    auto const what = cloud + " " + kind + " " + whole.text("name");
    if (!is_known(kind)) return t.fail(what, "unknown kind");
    if (!t.wants(kind)) return;
    try {
        if (!all_clouds::run(cloud, {kind, whole.object("input"), whole.object("expect")}))
            return t.fail(what, "no such cloud in this build");
        t.pass(what);
    } catch (std::exception const& error) {
        t.fail(what, error.what());
    }
}

void run_file(tally& t, std::filesystem::path const& file) {
    std::ostringstream text;
    text << std::ifstream{file, std::ios::binary}.rdbuf();
    try {
        auto const document = boost::json::parse(text.str());
        auto const& object = document.as_object();
        auto const cloud = vectors::members{object}.must("cloud");
        for (auto const& each : object.at("cases").as_array()) run_case(t, cloud, each.as_object());
    } catch (std::exception const& error) {
        t.fail(file.string(), error.what());
    }
}

std::vector<std::string> split(std::string_view list) {
    std::vector<std::string> out;
    while (!list.empty()) {
        auto const end = std::min(list.find(','), list.size());
        out.emplace_back(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return out;
}

int usage(char const* why) {
    std::fprintf(stderr, "valetkey-vectors: %s\nusage: valetkey-vectors [--kinds KIND,KIND…] DIR…\n", why);
    return 2;
}

}  // namespace

int main(int count, char** values) {
    tally t;
    std::vector<std::filesystem::path> files;
    for (int i = 1; i < count; ++i) {
        std::string const argument = values[i];
        if (argument == "--kinds") {
            if (++i == count) return usage("--kinds needs a list");
            t.kinds = split(values[i]);
            for (auto const& kind : t.kinds)
                if (!is_known(kind)) return usage(("unknown kind " + kind).c_str());
        } else if (std::filesystem::is_directory(argument)) {
            for (auto const& entry : std::filesystem::directory_iterator{argument})
                if (entry.path().extension() == ".json") files.push_back(entry.path());
        } else {
            return usage((argument + " is no folder").c_str());
        }
    }
    if (files.empty()) return usage("no vectors file there");
    std::sort(files.begin(), files.end());
    for (auto const& file : files) run_file(t, file);
    std::printf("%d passed, %d failed\n", t.passed, t.failed);
    return t.failed == 0 && t.passed > 0 ? 0 : 1;
}
