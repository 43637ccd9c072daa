#include "store/frame_codec.h"

#include <fmt/format.h>

#include <cstring>

#include "base/bytes.h"
#include "store/crc32c.h"

namespace tocsin {
namespace {

constexpr uint8_t kKindMask = 0x0f;
constexpr uint8_t kImportFlag = 0x10;
constexpr uint8_t kDerivedFlag = 0x20;
constexpr uint8_t kNamedFlag = 0x40;  // the sender's name follows its number
constexpr uint8_t kFillerKind = 0x0f;
constexpr size_t kLsnAt = 12;  // lsn, arrival and safe follow each other

uint64_t zigzag(int64_t v) {
  return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
}

char* put_varint(char* out, uint64_t v) {
  for (; v >= 0x80; v >>= 7) *out++ = static_cast<char>(v | 0x80);
  *out++ = static_cast<char>(v);
  return out;
}

void start(EncodedFrame& out, uint8_t kind) {
  out.bytes.assign(kFrameHeaderBytes, '\0');
  out.bytes.push_back(static_cast<char>(kind));
}

void finish(EncodedFrame& out) {
  const auto length = static_cast<uint32_t>(out.bytes.size() - kFrameHeaderBytes);
  std::memcpy(out.bytes.data(), &kFrameMagic, sizeof kFrameMagic);
  std::memcpy(out.bytes.data() + 4, &length, sizeof length);
  out.body_crc = crc32c(std::string_view(out.bytes).substr(kFrameHeaderBytes));
}

uint8_t flag_of(BatchKind kind) {
  switch (kind) {
    case BatchKind::kLive:
      return 0;
    case BatchKind::kImport:
      return kImportFlag;
    case BatchKind::kDerived:
      return kDerivedFlag;
  }
  return 0;
}

BatchKind kind_of(uint8_t flags) {
  if ((flags & kImportFlag) != 0) return BatchKind::kImport;
  return (flags & kDerivedFlag) != 0 ? BatchKind::kDerived : BatchKind::kLive;
}

// Length, lsn, arrival and safe, after the body.
uint32_t whole_crc(std::string_view header, uint32_t body_crc) {
  return crc32c(header.substr(kLsnAt, 24), crc32c(header.substr(4, 4), body_crc));
}

void put_preamble(const Batch& batch, ByteWriter& out) {
  out.varint(batch.sender.index);
  if (!batch.sender_name.empty()) out.text(batch.sender_name);
  out.varint(batch.fresh.size());
  for (const NewSeries& fresh : batch.fresh) {
    out.varint(fresh.ref.index);
    out.varint(fresh.labels.pairs().size());
    for (const auto& [name, value] : fresh.labels.pairs()) {
      out.text(name);
      out.text(value);
    }
  }
  out.varint(batch.size());
}

// Columns: steps of the refs, steps of the times, values as they are.
void put_columns(const Batch& batch, std::string& out) {
  constexpr size_t kStepsMax = 5 + 10;  // bytes of a ref's and a time's step
  const size_t from = out.size();
  const size_t count = batch.size();
  out.resize(from + count * (kStepsMax + sizeof(double)));
  char* at = out.data() + from;
  int64_t last_ref = 0;
  for (const SeriesRef ref : batch.series) {
    at = put_varint(at, zigzag(static_cast<int64_t>(ref.index) - last_ref));
    last_ref = ref.index;
  }
  uint64_t last_time = 0;
  for (const TimeMs time : batch.time) {
    const auto now = static_cast<uint64_t>(time.ms);
    at = put_varint(at, zigzag(static_cast<int64_t>(now - last_time)));
    last_time = now;
  }
  std::memcpy(at, batch.value.data(), count * sizeof(double));
  out.resize(static_cast<size_t>(at - out.data()) + count * sizeof(double));
}

tl::unexpected<Error> malformed(const FrameHead& head) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("frame {} of the journal is malformed", head.stamp.lsn.value));
}

bool read_fresh(ByteReader& in, std::vector<NewSeries>& out) {
  const uint64_t series = in.varint();
  if (series > in.left()) return false;
  out.reserve(series);
  for (uint64_t i = 0; i < series && in.ok(); ++i) {
    const uint64_t ref = in.varint();
    const uint64_t labels = in.varint();
    if (ref >= UINT32_MAX || labels > in.left()) return false;
    std::vector<Labels::Pair> pairs;
    for (uint64_t l = 0; l < labels && in.ok(); ++l) {
      const std::string_view name = in.text();
      pairs.emplace_back(name, in.text());
    }
    out.push_back({SeriesRef{static_cast<uint32_t>(ref)}, Labels(std::move(pairs))});
  }
  return in.ok();
}

bool read_columns(ByteReader& in, Batch& batch) {
  const uint64_t count = in.varint();
  if (!in.ok() || count > in.left() / (2 + sizeof(double))) return false;
  batch.series.resize(count);
  batch.time.resize(count);
  batch.value.resize(count);
  int64_t ref = 0;
  for (SeriesRef& series : batch.series) {
    const int64_t step = in.zigzag();
    if (step > UINT32_MAX || step < -int64_t{UINT32_MAX}) return false;
    ref += step;
    if (ref < 0 || ref >= UINT32_MAX) return false;
    series.index = static_cast<uint32_t>(ref);
  }
  uint64_t time = 0;
  for (TimeMs& point : batch.time) {
    time += static_cast<uint64_t>(in.zigzag());
    point.ms = static_cast<int64_t>(time);
  }
  if (!in.ok() || in.left() != count * sizeof(double)) return false;
  for (double& value : batch.value) value = in.f64();
  return in.done();
}

}  // namespace

void encode_frame(const Batch& batch, EncodedFrame& out) {
  const uint8_t named = batch.sender_name.empty() ? 0 : kNamedFlag;
  start(out, static_cast<uint8_t>(FrameKind::kPoints) | flag_of(batch.kind) | named);
  ByteWriter preamble;
  put_preamble(batch, preamble);
  out.bytes += preamble.bytes();
  put_columns(batch, out.bytes);
  finish(out);
}

void encode_marker(FrameKind kind, std::string_view payload, EncodedFrame& out) {
  start(out, static_cast<uint8_t>(kind));
  out.bytes += payload;
  finish(out);
}

void stamp_frame(EncodedFrame& frame, const FrameStamp& stamp) {
  char* const header = frame.bytes.data();
  std::memcpy(header + kLsnAt, &stamp.lsn.value, 8);
  std::memcpy(header + kLsnAt + 8, &stamp.arrival.ms, 8);
  std::memcpy(header + kLsnAt + 16, &stamp.safe.value, 8);
  const uint32_t crc = whole_crc({header, kFrameHeaderBytes}, frame.body_crc);
  std::memcpy(header + 8, &crc, sizeof crc);
}

std::string filler_frame(size_t bytes, const FrameStamp& stamp) {
  EncodedFrame frame;
  start(frame, kFillerKind);
  frame.bytes.resize(bytes, '\0');
  finish(frame);
  stamp_frame(frame, stamp);
  return std::move(frame.bytes);
}

std::optional<FrameHead> check_frame(std::string_view bytes) {
  if (bytes.size() <= kFrameHeaderBytes) return std::nullopt;
  uint32_t magic, crc;
  FrameHead head;
  std::memcpy(&magic, bytes.data(), 4);
  std::memcpy(&head.body_bytes, bytes.data() + 4, 4);
  std::memcpy(&crc, bytes.data() + 8, 4);
  if (magic != kFrameMagic || head.body_bytes == 0) return std::nullopt;
  if (head.body_bytes > bytes.size() - kFrameHeaderBytes) return std::nullopt;
  const std::string_view body = bytes.substr(kFrameHeaderBytes, head.body_bytes);
  if (whole_crc(bytes, crc32c(body)) != crc) return std::nullopt;
  std::memcpy(&head.stamp.lsn.value, bytes.data() + kLsnAt, 8);
  std::memcpy(&head.stamp.arrival.ms, bytes.data() + kLsnAt + 8, 8);
  std::memcpy(&head.stamp.safe.value, bytes.data() + kLsnAt + 16, 8);
  head.filler = (static_cast<uint8_t>(body[0]) & kKindMask) == kFillerKind;
  return head;
}

Result<Frame> decode_frame(const FrameHead& head, std::string_view body) {
  Frame frame{head.stamp.lsn, head.stamp.arrival, {}};
  ByteReader in(body);
  const uint8_t kind = in.u8();
  if ((kind & kKindMask) > static_cast<uint8_t>(FrameKind::kNote)) return malformed(head);
  frame.kind = static_cast<FrameKind>(kind & kKindMask);
  if (frame.kind != FrameKind::kPoints) {
    frame.payload = body.substr(1);
    return frame;
  }
  frame.batch.kind = kind_of(kind);
  frame.batch.sender.index = static_cast<uint32_t>(in.varint());
  if ((kind & kNamedFlag) != 0) frame.batch.sender_name = in.text();
  if (!read_fresh(in, frame.batch.fresh) || !read_columns(in, frame.batch)) return malformed(head);
  return frame;
}

Result<std::vector<NewSeries>> decode_fresh_series(std::string_view body) {
  std::vector<NewSeries> out;
  ByteReader in(body);
  const uint8_t kind = in.u8();
  if ((kind & kKindMask) != static_cast<uint8_t>(FrameKind::kPoints)) return out;
  in.varint();  // the sender
  if ((kind & kNamedFlag) != 0) in.text();
  if (!read_fresh(in, out))
    return fail(ErrorCode::kCorrupt, "the list of new series in a frame is malformed");
  return out;
}

}  // namespace tocsin
