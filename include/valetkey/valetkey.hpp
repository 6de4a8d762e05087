#pragma once
/// @file
/// The heart: the service and all clouds. What is not in a service's list is not compiled in. The transport is a header
/// of its own (`transport/`), as it needs libcurl.

#include <valetkey/providers/all.hpp>
#include <valetkey/sts_service.hpp>
