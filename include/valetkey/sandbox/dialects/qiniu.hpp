#pragma once
/// @file
/// Qiniu, emulated. It has no STS and a store of its own kind.

#include <valetkey/sandbox/kodo_store.hpp>

namespace valetkey::sandbox {

struct qiniu_dialect {
    using cloud = qiniu;
    using store = kodo_store;

    static void configure(qiniu::settings& own) {
        own.region = "z0";
        own.bucket = "valetkey-sandbox";
        own.duration_seconds = 900;
    }
};

}  // namespace valetkey::sandbox
