#pragma once
/// @file
/// The dialects of all clouds.

#include <valetkey/sandbox/dialects/aws.hpp>

namespace valetkey::sandbox {

template <class... Ds>
struct dialects {
    template <template <class, class...> class Made, class First>
    using apply = Made<First, Ds...>;
};
using all_dialects = dialects<aws_dialect>;

}  // namespace valetkey::sandbox
