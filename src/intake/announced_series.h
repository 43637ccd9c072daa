#pragma once
// Which series the journal is known to hold the labels of. A frame may name a series only by its
// ref if its NewSeries is in that frame or one sequenced before; two loops meet a new series at the
// same time, and only "kept" (not "sent") makes it safe to leave the labels out. So every batch
// carries the labels of each of its series that is not marked here; marks are set when a batch is
// kept. The same NewSeries twice is harmless.
// Any thread, no locks. Bounded by series_max: one bit each.

#include <atomic>
#include <cstdint>
#include <memory>

#include "vocabulary/point.h"

namespace tocsin::intake {

class AnnouncedSeries {
 public:
  explicit AnnouncedSeries(uint32_t series_max = 8'000'000)
      : series_max_(series_max), words_(new std::atomic<uint64_t>[series_max / 64 + 1]()) {}

  bool has(SeriesRef ref) const {
    return ref.index < series_max_ &&
           (words_[ref.index / 64].load(std::memory_order_acquire) >> (ref.index % 64) & 1) != 0;
  }
  // A batch with its NewSeries was kept, or recovery found it in the journal or the catalogue.
  void mark(SeriesRef ref) {
    if (ref.index >= series_max_) return;
    words_[ref.index / 64].fetch_or(uint64_t{1} << (ref.index % 64), std::memory_order_release);
  }

 private:
  const uint32_t series_max_;
  std::unique_ptr<std::atomic<uint64_t>[]> words_;
};

}  // namespace tocsin::intake
