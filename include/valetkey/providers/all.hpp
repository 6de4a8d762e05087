#pragma once
/// @file
/// Every cloud of the library. Include one provider's header instead to have that one alone.

#include <valetkey/providers/aliyun.hpp>
#include <valetkey/providers/aws.hpp>
#include <valetkey/providers/baidu.hpp>
#include <valetkey/providers/huawei.hpp>
#include <valetkey/providers/ksyun.hpp>
#include <valetkey/providers/qiniu.hpp>
#include <valetkey/providers/tencent.hpp>
