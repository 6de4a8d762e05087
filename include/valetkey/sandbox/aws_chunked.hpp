#pragma once
/// @file
/// `Content-Encoding: aws-chunked` and Amazon's checksums of a body.
/// @par Source AWS, "Signature calculations: transferring a payload in multiple chunks", "Checking object integrity".

#include <valetkey/crypto/digest.hpp>
#include <valetkey/encoding/base64.hpp>
#include <valetkey/policy/form_conditions.hpp>
#include <valetkey/sandbox/store_fault.hpp>
#include <valetkey/sandbox/store_message.hpp>

#include <boost/crc.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace valetkey::sandbox {

namespace detail {

template <class Crc>
[[nodiscard]] std::string crc_of(std::string_view bytes) {
    Crc crc;
    crc.process_bytes(bytes.data(), bytes.size());
    auto const sum = static_cast<std::uint32_t>(crc.checksum());
    std::string big_endian;
    for (int shift = 24; shift >= 0; shift -= 8) big_endian += static_cast<char>(sum >> shift & 255U);
    return to_base64(big_endian);
}

/// Whether a checksum fits; none: an algorithm that is not offered.
[[nodiscard]] inline std::optional<bool> fits_checksum(std::string_view algorithm, std::string_view claimed,
                                                       std::string_view bytes) {
    using crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;
    if (algorithm == "crc32") return claimed == crc_of<boost::crc_32_type>(bytes);
    if (algorithm == "crc32c") return claimed == crc_of<crc32c>(bytes);
    if (algorithm == "sha1") return claimed == to_base64(digest<sha1>({bytes}));
    if (algorithm == "sha256") return claimed == to_base64(digest<sha256>({bytes}));
    return std::nullopt;
}
[[nodiscard]] inline fault check_checksum(std::string_view name, std::string_view value, std::string_view bytes) {
    constexpr std::string_view prefix = "x-amz-checksum-";
    if (!name.starts_with(prefix) || name == "x-amz-checksum-type" || name == "x-amz-checksum-mode" ||
        name == "x-amz-checksum-algorithm")
        return fault::none;
    auto const fits = fits_checksum(name.substr(prefix.size()), value, bytes);
    if (!fits) return fault::not_implemented;
    return *fits ? fault::none : fault::bad_digest;
}

/// `SIZE[;extension]CRLF bytes CRLF … 0 CRLF trailers CRLF`.
/// @param announced The one trailer that must come; empty: none.
[[nodiscard]] inline fault read_aws_chunks(std::string_view rest, std::string_view announced, std::string& into) {
    for (;;) {
        auto const line = rest.substr(0, rest.find("\r\n"));
        if (line.size() == rest.size()) return fault::invalid_argument;
        std::size_t size = 0;
        auto const digits = line.substr(0, line.find(';'));
        auto const [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
        if (digits.empty() || bad != std::errc{} || end != digits.data() + digits.size())
            return fault::invalid_argument;
        rest.remove_prefix(line.size() + 2);
        if (size == 0) break;
        if (size > rest.size() || rest.substr(size, 2) != "\r\n") return fault::invalid_argument;
        into.append(rest.substr(0, size));
        rest.remove_prefix(size + 2);
    }
    bool came = announced.empty();
    while (!rest.empty() && rest != "\r\n") {
        auto const line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(std::min(line.size() + 2, rest.size()));
        auto const colon = line.find(':');
        if (colon == std::string_view::npos) return fault::invalid_argument;
        auto value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        auto const name = valetkey::detail::lower_text(line.substr(0, colon));
        came = came || name == announced;
        if (auto const why = check_checksum(name, value, into); why != fault::none) return why;
    }
    return came ? fault::none : fault::malformed_trailer;
}

}  // namespace detail

/// The object's bytes, its checksums compared. Chunks with signatures of their own are not offered: over TLS the
/// vendor's clients do not make them.
[[nodiscard]] inline fault read_aws_payload(store_request const& request, std::string& into) {
    auto const how = request.header_or_empty("x-amz-content-sha256");
    bool const chunked = how.starts_with("STREAMING-");
    if (chunked && how != "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return fault::not_implemented;
    auto const trailer = valetkey::detail::lower_text(request.header_or_empty("x-amz-trailer"));
    if (chunked) {
        if (auto const why = detail::read_aws_chunks(request.body, trailer, into); why != fault::none) return why;
        auto const size = std::to_string(into.size());
        if (request.header("x-amz-decoded-content-length").value_or(size) != size) return fault::invalid_argument;
    } else {
        into = request.body;
    }
    for (auto const& header : request.headers)
        if (auto const why = detail::check_checksum(header.name, header.value, into); why != fault::none) return why;
    return fault::none;
}

}  // namespace valetkey::sandbox
