// The heart alone: no libcurl, no thread.
#include <valetkey/valetkey.hpp>

template class valetkey::sts_service<valetkey::aliyun, valetkey::aws>;

int main() {
    valetkey::sts_service<valetkey::qiniu> const service{{}};
    return service.plan({}, {}) ? 1 : 0;
}
