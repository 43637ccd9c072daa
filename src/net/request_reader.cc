#include "net/request_reader.h"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstring>
#include <optional>

#include "base/check.h"
#include "base/text.h"
#include "net/gzip.h"
#include "net/url.h"

namespace tocsin::net {

namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using boost::system::error_code;

namespace {

// Beast's own buffer would begin with 512 bytes and read a megabyte in two thousand steps.
constexpr size_t kReadBytes = 64 * 1024;
// A body goes straight into its string; pieces this large keep the zeroing of resize() in cache.
constexpr size_t kBodyPiece = 256 * 1024;
constexpr size_t kInflateStep = 128 * 1024;
// What a quiet connection keeps for its next body.
constexpr size_t kSpareBytesMax = 2 * 1024 * 1024;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

enum class State { kHeader, kSized, kChunked, kInflate, kComplete, kRefused };

void keep_spare(std::string& spare, std::string&& body) {
  if (body.capacity() <= kSpareBytesMax && body.capacity() > spare.capacity())
    spare = std::move(body);
}

}  // namespace

struct RequestReader::Impl {
  using HeaderParser = bhttp::request_parser<bhttp::empty_body>;
  using ChunkParser = bhttp::request_parser<bhttp::string_body>;

  Impl(const ReaderLimits& l, std::shared_ptr<HeldBytes> h)
      : limits(l),
        held(std::move(h)),
        capacity(limits.header_bytes_max + kReadBytes),
        buffer(new char[capacity]),
        lease(held) {
    begin_message();
  }

  void begin_message() {
    keep_spare(spare, std::move(request.body));  // a handler that only looked left it here
    request = Request{};
    header_parser.emplace();
    header_parser->header_limit(static_cast<uint32_t>(limits.header_bytes_max));
    header_parser->body_limit(boost::none);  // checked at the end of the header, with a lease
    chunk_parser.reset();
    state = State::kHeader;
    remaining = filled = 0;
    lease = BodyLease(held);
  }

  Step refuse(int status, std::string_view reason, std::string_view message) {
    state = State::kRefused;
    refusal.response = Response::error_json(status, message);
    refusal.reason = reason;
    if (status == 503) refusal.response.headers.add("Retry-After", "1");
    return Step::kRefused;
  }
  Step too_large() {
    return refuse(413, "body",
                  "the body is larger than " + std::to_string(limits.body_bytes_max) +
                      " bytes; send it in smaller parts");
  }
  Step too_busy() {
    return refuse(503, "held", "the server holds as many bodies as it may; try again in a second");
  }

  Step parse_header();
  Step header_done();
  void fill_request(const bhttp::request_header<>& header);
  Step begin_body();
  Step sized_body();
  Step chunked_body();
  Step body_done();
  Step inflate_body();

  std::string_view buffered() const { return {buffer.get() + begin, end - begin}; }
  std::string fresh_body() {
    std::string out = std::move(spare);
    spare = std::string();
    out.clear();
    return out;
  }

  const ReaderLimits limits;
  const std::shared_ptr<HeldBytes> held;
  const size_t capacity;
  const std::unique_ptr<char[]> buffer;  // [begin, end) is received and not consumed
  size_t begin = 0, end = 0;

  State state = State::kHeader;
  std::optional<HeaderParser> header_parser;
  std::optional<ChunkParser> chunk_parser;
  bool keep_alive = true, http_1_0 = false, expects = false, has_body = false, chunked = false;
  size_t remaining = 0;  // kSized: bytes of the body not here yet
  size_t filled = 0;     // kSized: bytes of raw that are received; raw may be longer
  std::string raw;       // the body as sent
  std::string spare;     // capacity to use again
  std::optional<Packing> packing;
  std::unique_ptr<Inflater> inflater;
  Request request;
  Refusal refusal;
  BodyLease lease;
};

RequestReader::Step RequestReader::Impl::parse_header() {
  if (begin == end) return Step::kNeedBytes;
  error_code failed;
  begin += header_parser->put(boost::asio::const_buffer(buffer.get() + begin, end - begin), failed);
  if (failed == bhttp::error::need_more) return Step::kNeedBytes;
  if (failed == bhttp::error::header_limit)
    return refuse(
        431, "header",
        "the header is larger than " + std::to_string(limits.header_bytes_max) + " bytes");
  if (failed)
    return refuse(failed == bhttp::error::bad_version ? 505 : 400, "malformed",
                  "reading the request failed: " + failed.message() + "; this is HTTP/1.1");
  return header_parser->is_header_done() ? header_done() : Step::kNeedBytes;
}

RequestReader::Step RequestReader::Impl::header_done() {
  const auto& header = header_parser->get();
  fill_request(header);
  keep_alive = header_parser->keep_alive();
  http_1_0 = header.version() < 11;
  chunked = header_parser->chunked();
  const auto length = header_parser->content_length();
  has_body = chunked || (length && *length > 0);
  expects = has_body && !http_1_0 && beast::iequals(header[bhttp::field::expect], "100-continue");
  if (!http_1_0 && header.count(bhttp::field::host) != 1)
    return refuse(400, "malformed", "an HTTP/1.1 request has one Host field");
  if (const auto encoding = header[bhttp::field::transfer_encoding];
      !encoding.empty() && !beast::iequals(encoding, "chunked"))
    return refuse(501, "malformed", "the only transfer encoding known is chunked");
  const auto encoding = header[bhttp::field::content_encoding];
  packing.reset();
  if (beast::iequals(encoding, "gzip") || beast::iequals(encoding, "x-gzip")) {
    packing = Packing::kGzip;
  } else if (beast::iequals(encoding, "deflate")) {
    packing = Packing::kDeflate;
  } else if (!encoding.empty() && !beast::iequals(encoding, "identity")) {
    return refuse(415, "encoding", "the content encoding is not known; use gzip or deflate");
  }
  if (length && *length > limits.body_bytes_max) return too_large();
  remaining = length ? static_cast<size_t>(*length) : 0;
  if (!lease.raise(remaining)) return too_busy();
  if (!has_body) {
    request.body = fresh_body();
    request.body.reserve(kBodyPadding);
    state = State::kComplete;
    return Step::kHeader;
  }
  return begin_body();
}

void RequestReader::Impl::fill_request(const bhttp::request_header<>& header) {
  request.method = view(header.method_string());
  const Target target = split_target(view(header.target()));
  request.raw_path = target.path;
  request.path = percent_decode(target.path);
  request.query = parse_query(target.query);
  for (const auto& field : header)
    request.headers.add(std::string(view(field.name_string())), std::string(view(field.value())));
}

RequestReader::Step RequestReader::Impl::begin_body() {
  if (chunked) {
    chunk_parser.emplace(std::move(*header_parser));
    chunk_parser->body_limit(limits.body_bytes_max);
    chunk_parser->eager(true);
    chunk_parser->get().body() = fresh_body();
    state = State::kChunked;
    return Step::kHeader;
  }
  raw = fresh_body();
  raw.reserve(remaining + kBodyPadding);
  const size_t here = std::min(remaining, end - begin);
  raw.assign(buffer.get() + begin, here);
  begin += here;
  filled = here;
  remaining -= here;
  state = State::kSized;
  return Step::kHeader;
}

RequestReader::Step RequestReader::Impl::sized_body() {
  if (remaining > 0) return Step::kNeedBytes;
  raw.resize(filled);
  return body_done();
}

RequestReader::Step RequestReader::Impl::chunked_body() {
  while (begin < end && !chunk_parser->is_done()) {
    error_code failed;
    const size_t taken =
        chunk_parser->put(boost::asio::const_buffer(buffer.get() + begin, end - begin), failed);
    begin += taken;
    if (failed == bhttp::error::body_limit) return too_large();
    if (failed && failed != bhttp::error::need_more)
      return refuse(400, "malformed", "reading a chunk failed: " + failed.message());
    if (!lease.raise(chunk_parser->get().body().size())) return too_busy();
    if (taken == 0) break;
  }
  if (chunk_parser->is_done()) {
    raw = std::move(chunk_parser->get().body());
    return body_done();
  }
  // A chunk's head that does not fit into the buffer has an extension nobody needs.
  if (end - begin > limits.header_bytes_max)
    return refuse(431, "header", "a chunk's header is too long");
  return Step::kNeedBytes;
}

RequestReader::Step RequestReader::Impl::body_done() {
  if (packing) {
    inflater = std::make_unique<Inflater>(raw, *packing, limits.inflated_bytes_max, fresh_body());
    state = State::kInflate;
    return Step::kYield;
  }
  request.body = std::move(raw);
  request.body.reserve(request.body.size() + kBodyPadding);
  state = State::kComplete;
  return Step::kMessage;
}

RequestReader::Step RequestReader::Impl::inflate_body() {
  const Result<bool> done = inflater->step(kInflateStep);
  if (!done) {
    const bool large = done.error().code == ErrorCode::kExhausted;
    return refuse(large ? 413 : 400, "inflate", done.error().message);
  }
  if (!lease.raise(raw.size() + inflater->size())) return too_busy();
  if (!*done) return Step::kYield;
  request.body = inflater->take();
  inflater.reset();
  keep_spare(spare, std::move(raw));
  raw = std::string();
  state = State::kComplete;
  return Step::kMessage;
}

RequestReader::RequestReader(const ReaderLimits& limits, std::shared_ptr<HeldBytes> held)
    : impl_(std::make_unique<Impl>(limits, std::move(held))) {}
RequestReader::~RequestReader() = default;

std::span<char> RequestReader::space() {
  Impl& my = *impl_;
  if (my.state == State::kSized) {
    const size_t piece = std::min(my.remaining, kBodyPiece);
    my.raw.resize(my.filled + piece);
    return {my.raw.data() + my.filled, piece};
  }
  if (my.begin == my.end) my.begin = my.end = 0;
  if (my.capacity - my.end < kReadBytes / 2) {
    std::memmove(my.buffer.get(), my.buffer.get() + my.begin, my.end - my.begin);
    my.end -= my.begin;
    my.begin = 0;
  }
  return {my.buffer.get() + my.end, my.capacity - my.end};
}

void RequestReader::received(size_t n) {
  Impl& my = *impl_;
  if (my.state == State::kSized) {
    my.filled += n;
    my.remaining -= n;
  } else {
    my.end += n;
  }
}

RequestReader::Step RequestReader::advance() {
  Impl& my = *impl_;
  switch (my.state) {
    case State::kHeader:
      return my.parse_header();
    case State::kSized:
      return my.sized_body();
    case State::kChunked:
      return my.chunked_body();
    case State::kInflate:
      return my.inflate_body();
    case State::kComplete:
      return Step::kMessage;  // no body: after kHeader comes kMessage
    case State::kRefused:
      return Step::kRefused;
  }
  TOCSIN_CHECK(false, "request reader in state {}", static_cast<int>(my.state));
}

Request& RequestReader::request() { return impl_->request; }
RequestReader::Refusal& RequestReader::refusal() { return impl_->refusal; }
BodyLease RequestReader::take_lease() { return std::move(impl_->lease); }
void RequestReader::next() { impl_->begin_message(); }

bool RequestReader::keep_alive() const { return impl_->keep_alive; }
bool RequestReader::http_1_0() const { return impl_->http_1_0; }
bool RequestReader::has_body() const { return impl_->has_body; }
bool RequestReader::expects_continue() const {
  return impl_->expects && impl_->filled == 0 && impl_->begin == impl_->end;
}
bool RequestReader::mid_message() const {
  return impl_->state != State::kHeader || impl_->begin != impl_->end;
}
bool RequestReader::in_body() const {
  return impl_->state == State::kSized || impl_->state == State::kChunked ||
         impl_->state == State::kInflate;
}

}  // namespace tocsin::net
