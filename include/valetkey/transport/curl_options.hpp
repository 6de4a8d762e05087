#pragma once
/// @file
/// What an operator may set of the libcurl transport.

#include <chrono>
#include <cstddef>
#include <string>

namespace valetkey {

struct curl_options {
    std::string ca_file{};                            ///< PEM; empty: the system's authorities, else these alone
    std::string proxy{};                              ///< empty: none, whatever the environment says
    std::chrono::milliseconds connect_timeout{2000};  ///< name, TCP and TLS; never beyond the deadline
    std::size_t max_body = std::size_t{1} << 20U;     ///< bytes of an answer
    std::size_t max_header = std::size_t{1} << 16U;   ///< bytes of all its header lines
    std::size_t max_idle = 128;                       ///< connections kept open without an exchange on them
};

}  // namespace valetkey
