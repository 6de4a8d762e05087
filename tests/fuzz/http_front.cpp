/// Any bytes, cut into any pieces, as HTTP/1: the verdict is the same however they are cut, and a request is what a
/// second, simple reading of its framing finds, to the byte: nothing is smuggled behind it, no trailer becomes a
/// header.

#include "input.hpp"

#include <valetkey/gateway/request_reader.hpp>
#include <valetkey/time.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace fuzz;
using namespace valetkey::gateway;

/// What one request was, as values.
struct seen {
    std::string head;
    std::string body;
    std::string target;
    std::string host;
    std::string authorization;
    std::size_t bytes = 0;  // of the stream, framing included
    unsigned authorizations = 0;
    int version = 0;
    bool keep_alive = false;
    bool operator==(seen const&) const = default;
};
struct outcome {
    std::vector<seen> requests;
    reading last = reading::need_more;
    int refusal = 0;
};

bool is_letter_equal(char a, char b) {
    auto const low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return low(a) == low(b);
}
bool is_named(std::string_view line, std::string_view name) {
    return line.size() > name.size() && line[name.size()] == ':' &&
           std::equal(name.begin(), name.end(), line.begin(), is_letter_equal);
}
std::string_view value_of(std::string_view line) {
    line.remove_prefix(line.find(':') + 1);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    return line;
}

/// The framing of the request at the front of a stream, read once more.
struct framing {
    std::string_view head;  ///< with its empty line
    std::string body;
    std::size_t bytes = 0;
    unsigned hosts = 0;
    unsigned authorizations = 0;
};
framing read_framing(std::string_view stream) {
    framing out;
    auto const end = stream.find("\r\n\r\n");
    require(end != stream.npos, "complete without an end of its head", stream);
    out.head = stream.substr(0, end + 4);
    std::size_t length = 0;
    bool chunked = false;
    for (auto rest = out.head.substr(out.head.find("\r\n") + 2); rest != "\r\n";) {
        auto const line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(line.size() + 2);
        require(!line.empty() && line.front() != ' ' && line.front() != '\t', "a folded line", stream);
        require(line.find_first_of("\r\n") == line.npos, "a bare line end", stream);
        out.hosts += is_named(line, "host") ? 1 : 0;
        out.authorizations += is_named(line, "authorization") ? 1 : 0;
        if (is_named(line, "content-length")) {
            require(length == 0, "two lengths", stream);
            for (char const c : value_of(line)) {
                require(c >= '0' && c <= '9', "an odd length", stream);
                length = length * 10 + static_cast<std::size_t>(c - '0');
            }
        }
        if (is_named(line, "transfer-encoding")) chunked = true;
    }
    require(!chunked || length == 0, "a length and chunks", stream);
    auto rest = stream.substr(out.head.size());
    if (!chunked) {
        require(rest.size() >= length, "complete before its body", stream);
        out.body = rest.substr(0, length);
        out.bytes = out.head.size() + length;
        return out;
    }
    for (;;) {
        auto const line_end = rest.find("\r\n");
        require(line_end != rest.npos, "complete inside a chunk's size", stream);
        std::size_t size = 0;
        bool any = false;
        for (char const c : rest.substr(0, line_end)) {
            int const digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
            if (digit < 0) break;
            any = true;
            size = size * 16 + static_cast<std::size_t>(digit);
        }
        require(any, "a chunk without a size", stream);
        rest.remove_prefix(line_end + 2);
        if (size == 0) break;
        require(rest.size() >= size + 2 && rest.substr(size, 2) == "\r\n", "a chunk without its end", stream);
        out.body.append(rest.substr(0, size));
        rest.remove_prefix(size + 2);
    }
    while (!rest.starts_with("\r\n")) {  // trailers
        auto const line_end = rest.find("\r\n");
        require(line_end != rest.npos, "complete inside its trailers", stream);
        rest.remove_prefix(line_end + 2);
    }
    out.bytes = stream.size() - (rest.size() - 2);
    return out;
}

bool lies_in(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// A complete request, held against its bytes.
seen judge(http_input const& input, std::string_view stream, std::size_t bytes, front_limits const& limits) {
    auto const own = read_framing(stream);
    require(own.bytes == bytes, "it ends elsewhere", stream);
    require(own.body == input.body, "another body", stream);
    require(own.head.size() <= limits.header_bytes && own.body.size() <= limits.body_bytes, "above a limit", stream);
    require(input.host_count == own.hosts && (input.version == 10 || own.hosts == 1), "hosts", stream);
    require(input.authorization_count == own.authorizations, "authorizations", stream);
    auto const lines = own.head.substr(own.head.find("\r\n") + 2);
    require(input.fields == lines.substr(0, lines.size() - 2), "other header lines", stream);
    for (auto const view : {input.host, input.authorization, input.content_type, input.origin, input.user_agent})
        require(lies_in(view, input.fields), "a header from elsewhere", stream);
    require(input.path == "*" || input.path.starts_with('/'), "path", input.path);
    for (char const c : input.target) require(c > ' ' && c <= '~' && c != '#', "target", input.target);
    return {std::string{own.head},
            own.body,
            std::string{input.target},
            std::string{input.host},
            std::string{input.authorization},
            bytes,
            input.authorization_count,
            input.version,
            input.keep_alive};
}

/// `cut(left)`: how many bytes arrive next.
template <class Cut>
outcome read(std::string_view stream, front_limits const& limits, Cut cut) {
    static std::vector<char> storage;
    storage.resize(request_reader::storage_bytes(limits));
    request_reader reader{storage, limits};
    outcome out;
    std::size_t begun = 0;  // where the request under way begins
    std::size_t sent = 0;
    auto const take = [&](reading state) {
        while (state == reading::complete && out.requests.size() < 8) {
            auto const bytes = sent - reader.pipelined() - begun;
            out.requests.push_back(judge(reader.input(), stream.substr(begun), bytes, limits));
            begun += bytes;
            state = reader.next();
        }
        out.last = state;
        out.refusal = state == reading::refused ? reader.refusal() : 0;
    };
    while (sent < stream.size() && out.last == reading::need_more) {
        auto const piece = stream.substr(sent, std::max<std::size_t>(cut(stream.size() - sent), 1));
        for (std::size_t done = 0; done < piece.size() && out.last == reading::need_more;) {
            auto const fed = reader.feed(piece.substr(done));
            require(fed.consumed > 0, "no room", stream);
            done += fed.consumed;
            sent += fed.consumed;
            take(fed.state);
        }
    }
    require(out.last != reading::refused || (out.refusal >= 400 && out.refusal < 500), "a refusal's status", stream);
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::input in{data, size};
    unsigned const kind = in.byte();
    front_limits limits;
    limits.header_bytes = kind & 1U ? 128 : 1024;
    limits.body_bytes = kind & 2U ? 16 : 256;
    auto const cuts = in.take(kind >> 4U);
    auto const stream = in.rest();
    auto const whole = read(stream, limits, [](std::size_t left) { return left; });
    std::size_t at = 0;
    auto const next = [&](std::size_t) -> std::size_t {
        return cuts.empty() ? 1 : static_cast<unsigned char>(cuts[at++ % cuts.size()]);
    };
    auto const pieces = read(stream, limits, next);
    require(whole.requests == pieces.requests, "another request when cut", stream);
    if (whole.last != pieces.last) {
        // what is no head is refused at its end at the latest, wherever it was cut; what is no chunk's size line (Beast
        // looks for a quote's end behind the line, too), when more waits than such a line may have
        require(whole.last != reading::complete && pieces.last != reading::complete, "another verdict when cut",
                stream);
        auto const ended = std::string{stream} + "\r\n\r\n" + std::string(request_reader::framing_bytes, 'x');
        require(read(ended, limits, [](std::size_t left) { return left; }).last == reading::refused, stream);
        require(read(ended, limits, next).last == reading::refused, "refused only when it came whole", stream);
        return 0;
    }
    // of two faults (malformed, head too large, body too large) the one that is seen first depends on how it comes
    require((whole.refusal == 0) == (pieces.refusal == 0), "refused only one way", valetkey::decimal{whole.refusal},
            valetkey::decimal{pieces.refusal}, stream);
    return 0;
}
