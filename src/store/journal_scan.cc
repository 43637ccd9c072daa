#include "store/journal_scan.h"

#include <cstring>

namespace tocsin {

size_t find_frame(std::string_view bytes, size_t from) {
  char magic[sizeof kFrameMagic];
  std::memcpy(magic, &kFrameMagic, sizeof magic);
  const std::string_view wanted(magic, sizeof magic);
  for (size_t at = bytes.find(wanted, from); at != std::string_view::npos;
       at = bytes.find(wanted, at + 1))
    if (check_frame(bytes.substr(at))) return at;
  return std::string_view::npos;
}

size_t used_end(std::string_view bytes) {
  const size_t last = bytes.find_last_not_of('\0');
  return last == std::string_view::npos ? 0 : last + 1;
}

void scan_frames(std::string_view segment,
                 const std::function<void(uint64_t offset, const FrameHead&)>& on_frame) {
  const size_t used = used_end(segment);
  for (size_t at = kSegmentHeaderBytes; at < used;) {
    if (const auto head = check_frame(segment.substr(at))) {
      on_frame(at, *head);
      at += head->bytes();
      continue;
    }
    at = find_frame(segment, at + 1);  // npos ends it
  }
}

uint64_t keep_points(Batch& batch, const std::function<bool(SeriesRef)>& keep) {
  const size_t before = batch.size();
  size_t kept = 0;
  for (size_t i = 0; i < before; ++i) {
    if (!keep(batch.series[i])) continue;
    if (kept != i) {
      batch.series[kept] = batch.series[i];
      batch.time[kept] = batch.time[i];
      batch.value[kept] = batch.value[i];
    }
    ++kept;
  }
  batch.series.resize(kept);
  batch.time.resize(kept);
  batch.value.resize(kept);
  return before - kept;
}

}  // namespace tocsin
