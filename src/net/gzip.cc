#include "net/gzip.h"

#include <zlib.h>

#include <algorithm>

#include "base/check.h"
#include "net/http.h"

namespace tocsin::net {

struct Inflater::Impl {
  z_stream stream{};
  std::string_view input;
  std::string out;
  size_t bytes_max = 0;
  bool gzip = false;
  bool done = false;
};

namespace {

constexpr int kWindow = 15;  // the largest; zlib adds meaning to the bits above
bool looks_like_zlib(std::string_view input) {
  if (input.size() < 2) return false;
  const auto a = static_cast<unsigned char>(input[0]), b = static_cast<unsigned char>(input[1]);
  return (a & 0x0f) == Z_DEFLATED && (a * 256 + b) % 31 == 0;
}

// The size that a gzip trailer claims; a hint, never trusted beyond what deflate can reach
// (1032:1).
size_t claimed_size(std::string_view input, size_t bytes_max) {
  if (input.size() < 18) return 0;
  uint32_t size = 0;
  for (size_t i = 0; i < 4; ++i)
    size |= uint32_t{static_cast<unsigned char>(input[input.size() - 4 + i])} << (8 * i);
  return std::min({size_t{size}, bytes_max, input.size() * 64});
}

Error inflate_error(bool gzip, std::string_view why) {
  return Error{ErrorCode::kInvalid,
               std::string("inflating the ") + (gzip ? "gzip" : "deflate") + " body failed: " +
                   std::string(why) + "; send it whole, or without Content-Encoding",
               {}};
}

}  // namespace

Inflater::Inflater(std::string_view input, Packing packing, size_t bytes_max, std::string buffer)
    : impl_(std::make_unique<Impl>()) {
  impl_->input = input;
  impl_->bytes_max = bytes_max;
  impl_->gzip = packing == Packing::kGzip;
  impl_->out = std::move(buffer);
  impl_->out.clear();
  if (impl_->gzip) impl_->out.reserve(claimed_size(input, bytes_max) + kBodyPadding);
  const int window = impl_->gzip ? kWindow + 16 : looks_like_zlib(input) ? kWindow : -kWindow;
  const int status = inflateInit2(&impl_->stream, window);
  TOCSIN_CHECK(status == Z_OK, "inflateInit2 gave {}", status);
  impl_->stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  impl_->stream.avail_in = static_cast<uInt>(input.size());  // bodies are far below 4 GB
}

Inflater::~Inflater() { inflateEnd(&impl_->stream); }

Result<bool> Inflater::step(size_t bytes) {
  Impl& my = *impl_;
  while (!my.done && bytes > 0) {
    const size_t before = my.out.size();
    // One byte past the limit is asked for, so that "exactly the limit" can be told from "more".
    const size_t room = std::min(bytes, my.bytes_max + 1 - before);
    my.out.resize(before + room);
    my.stream.next_out = reinterpret_cast<Bytef*>(my.out.data() + before);
    my.stream.avail_out = static_cast<uInt>(room);
    const int status = inflate(&my.stream, Z_NO_FLUSH);
    const size_t made = room - my.stream.avail_out;
    my.out.resize(before + made);
    bytes -= made;
    if (my.out.size() > my.bytes_max)
      return fail(ErrorCode::kExhausted, "the body inflates to more than " +
                                             std::to_string(my.bytes_max) +
                                             " bytes; send it in smaller parts");
    if (status == Z_STREAM_END) {
      if (my.stream.avail_in == 0 || !my.gzip)
        my.done = true;
      else if (inflateReset(&my.stream) != Z_OK)
        return fail(inflate_error(true, "reset"));
    } else if (status == Z_BUF_ERROR || (status == Z_OK && my.stream.avail_in == 0 && made == 0)) {
      return fail(inflate_error(my.gzip, "it is truncated"));
    } else if (status != Z_OK) {
      return fail(inflate_error(my.gzip, my.stream.msg ? my.stream.msg : "not such a stream"));
    }
  }
  return my.done;
}

size_t Inflater::size() const { return impl_->out.size(); }

std::string Inflater::take() {
  impl_->out.reserve(impl_->out.size() + kBodyPadding);
  return std::move(impl_->out);
}

struct GzipPieces::Impl {
  z_stream stream{};
  OnPiece on_piece;
  std::string out = std::string(64 * 1024, '\0');
  bool between = true;  // at the beginning, or after a whole member
  bool failed = false;
};

GzipPieces::GzipPieces(OnPiece on_piece) : impl_(std::make_unique<Impl>()) {
  impl_->on_piece = std::move(on_piece);
  const int status = inflateInit2(&impl_->stream, kWindow + 16);
  TOCSIN_CHECK(status == Z_OK, "inflateInit2 gave {}", status);
}

GzipPieces::~GzipPieces() { inflateEnd(&impl_->stream); }

Result<void> GzipPieces::push(std::string_view piece) {
  Impl& my = *impl_;
  TOCSIN_CHECK(piece.size() <= UINT32_MAX, "a piece of {} bytes", piece.size());
  my.stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  my.stream.avail_in = static_cast<uInt>(piece.size());
  bool full = false;  // there may be more to come out without more coming in
  while (!my.failed && (my.stream.avail_in > 0 || full)) {
    my.stream.next_out = reinterpret_cast<Bytef*>(my.out.data());
    my.stream.avail_out = static_cast<uInt>(my.out.size());
    const int status = inflate(&my.stream, Z_NO_FLUSH);
    const size_t made = my.out.size() - my.stream.avail_out;
    full = my.stream.avail_out == 0;
    if (made > 0) my.on_piece({my.out.data(), made});
    my.between = status == Z_STREAM_END;
    if (my.between) full = false;
    if (status == Z_BUF_ERROR) break;  // nothing more comes out of what went in
    if (my.between ? inflateReset(&my.stream) == Z_OK : status == Z_OK) continue;
    my.failed = true;
    return fail(ErrorCode::kInvalid, std::string("it is no gzip: ") +
                                         (my.stream.msg ? my.stream.msg : "not its format"));
  }
  return {};
}

Result<void> GzipPieces::finish() const {
  if (impl_->between || impl_->failed) return {};
  return fail(ErrorCode::kInvalid, "its gzip is cut short");
}

Result<std::string> gunzip(std::string_view input, size_t bytes_max) {
  Inflater inflater(input, Packing::kGzip, bytes_max);
  while (true) {
    const Result<bool> done = inflater.step(256 * 1024);
    if (!done) return fail(done.error());
    if (*done) return inflater.take();
  }
}

std::string gzip(std::string_view text, int level) {
  z_stream stream{};
  const int begun = deflateInit2(&stream, level, Z_DEFLATED, kWindow + 16, 8, Z_DEFAULT_STRATEGY);
  TOCSIN_CHECK(begun == Z_OK, "deflateInit2 gave {}", begun);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int ended = deflate(&stream, Z_FINISH);
  TOCSIN_CHECK(ended == Z_STREAM_END, "deflate gave {}", ended);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace tocsin::net
