#include "store/archive_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "store/crc32c.h"
#include "store/journal_scan.h"
#include "store/zstd.h"

namespace tocsin {
namespace {

constexpr std::string_view kMagic = "TOCSINA1";
constexpr uint64_t kSegmentBytesMax = uint64_t{1} << 30;  // no segment is larger

}  // namespace

std::string archive_name(uint64_t number) { return fmt::format("{:012}.journal.zst", number); }

std::optional<uint64_t> archive_number(std::string_view name) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || archive_name(number) != name) return std::nullopt;
  return number;
}

ArchivedSegment survey_segment(uint64_t number, std::string_view segment) {
  ArchivedSegment out{number, {}, {}, {}, {}, 0};
  scan_frames(segment, [&](uint64_t offset, const FrameHead& head) {
    out.bytes = offset + head.bytes();
    if (head.filler) return;
    if (out.first.value == 0) {
      out.first = head.stamp.lsn;
      out.first_arrival = head.stamp.arrival;
    }
    out.first = std::min(out.first, head.stamp.lsn);
    out.last = std::max(out.last, head.stamp.lsn);
    out.last_arrival = std::max(out.last_arrival, head.stamp.arrival);
  });
  return out;
}

std::string encode_archive(const ArchivedSegment& head, std::string_view segment) {
  ByteWriter out;
  for (const char c : kMagic) out.u8(static_cast<uint8_t>(c));
  out.u64(head.number);
  out.u64(head.first.value);
  out.u64(head.last.value);
  out.u64(static_cast<uint64_t>(head.first_arrival.ms));
  out.u64(static_cast<uint64_t>(head.last_arrival.ms));
  out.u64(head.bytes);
  out.u64(0);  // for later
  out.u32(crc32c(out.bytes()));
  std::string bytes = out.take();
  zstd_compress(segment.substr(0, head.bytes), bytes);
  return bytes;
}

std::optional<ArchivedSegment> parse_archive_head(std::string_view bytes) {
  if (bytes.size() < kArchiveHeadBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  const std::string_view summed = bytes.substr(0, kArchiveHeadBytes - 4);
  ByteReader in(bytes.substr(kMagic.size(), kArchiveHeadBytes - kMagic.size()));
  ArchivedSegment out;
  out.number = in.u64();
  out.first = Lsn{in.u64()};
  out.last = Lsn{in.u64()};
  out.first_arrival.ms = static_cast<int64_t>(in.u64());
  out.last_arrival.ms = static_cast<int64_t>(in.u64());
  out.bytes = in.u64();
  in.u64();
  if (in.u32() != crc32c(summed) || out.bytes > kSegmentBytesMax) return std::nullopt;
  return out;
}

std::optional<std::string> decode_archive(std::string_view bytes) {
  const auto head = parse_archive_head(bytes);
  if (!head) return std::nullopt;
  return zstd_decompress(bytes.substr(kArchiveHeadBytes), head->bytes);
}

Result<ArchivedSegment> read_archive_head(Disk& disk, const std::string& path) {
  auto file = disk.open(path, Disk::Mode::kRead);
  if (!file) return fail(file.error());
  const auto bytes = (*file)->read_at(0, kArchiveHeadBytes);
  if (!bytes) return fail(bytes.error());
  const auto head = parse_archive_head(*bytes);
  if (!head)
    return fail(ErrorCode::kCorrupt, fmt::format("the head of {} does not check out", path));
  return *head;
}

}  // namespace tocsin
