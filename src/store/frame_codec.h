#pragma once
// The bytes of one journal frame; docs/formats/journal.md draws them.
// The body is encoded and summed on the caller's thread; lsn and arrival are stamped later, under
// the journal's mutex, by touching the header only.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "vocabulary/point.h"

namespace tocsin {

inline constexpr size_t kFrameHeaderBytes = 36;      // magic, length, crc, lsn, arrival, safe
inline constexpr uint32_t kFrameMagic = 0x3146544f;  // "OTF1"
inline constexpr uint32_t kFrameBodyBytesMax = 8u << 20;

// A frame that waits for its place: header space and body, body summed.
struct EncodedFrame {
  std::string bytes;  // header (not yet valid) + body
  uint32_t body_crc = 0;
};

// Reuses out.bytes' memory.
void encode_frame(const Batch& batch, EncodedFrame& out);
void encode_marker(FrameKind kind, std::string_view payload, EncodedFrame& out);

// What the sequencer knows. safe: everything up to here was durable when the frame was stamped, so
// that recovery can tell damage from a write that was never answered.
struct FrameStamp {
  Lsn lsn;
  TimeMs arrival;
  Lsn safe;
};
void stamp_frame(EncodedFrame& frame, const FrameStamp& stamp);
// A frame of exactly `bytes` bytes that says nothing: recovery puts it over what a power cut tore.
// bytes > kFrameHeaderBytes.
std::string filler_frame(size_t bytes, const FrameStamp& stamp);

// What stands at the start of `bytes`.
struct FrameHead {
  FrameStamp stamp;
  uint32_t body_bytes = 0;
  bool filler = false;
  size_t bytes() const { return kFrameHeaderBytes + body_bytes; }
};
// The head of a whole, undamaged frame; nullopt if there is none here (damage, or the zeros after
// the last frame).
std::optional<FrameHead> check_frame(std::string_view bytes);

// Of a body whose frame was checked. kCorrupt if it is malformed all the same.
Result<Frame> decode_frame(const FrameHead& head, std::string_view body);
// Only the fresh series of it.
Result<std::vector<NewSeries>> decode_fresh_series(std::string_view body);

}  // namespace tocsin
