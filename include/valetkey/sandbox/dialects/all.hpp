#pragma once
/// @file
/// The dialects of all clouds.

#include <valetkey/sandbox/dialects/aliyun.hpp>
#include <valetkey/sandbox/dialects/aws.hpp>
#include <valetkey/sandbox/dialects/baidu.hpp>
#include <valetkey/sandbox/dialects/huawei.hpp>
#include <valetkey/sandbox/dialects/ksyun.hpp>
#include <valetkey/sandbox/dialects/qiniu.hpp>
#include <valetkey/sandbox/dialects/tencent.hpp>

namespace valetkey::sandbox {

template <class... Ds>
struct dialects {
    template <template <class, class...> class Made, class First>
    using apply = Made<First, Ds...>;
};
using all_dialects =
    dialects<qiniu_dialect, tencent_dialect, aws_dialect, aliyun_dialect, baidu_dialect, huawei_dialect, ksyun_dialect>;

}  // namespace valetkey::sandbox
