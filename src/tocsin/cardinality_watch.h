#pragma once
// From the guard's limits in trouble to points, on which a built-in worker and rule decide:
//
//   tocsin_series_refused{of="service=checkout",label="service",value="checkout",grew="request_id"}
//   tocsin_series_near_limit{...}
//
// One of each per limit in trouble, at once when it begins and every 10 s while it lasts; then
// zeros, so that its violation ends instead of being absent. Points that cannot be kept now are
// left out (the disk is full, say): the next ones say the same.
//
// One thread. Bounded: kToldMax series at a time.

#include <functional>
#include <map>

#include "intake/series_guard.h"

namespace tocsin {

class CardinalityWatch {
 public:
  // Takes the points to the journal, or does not; must not wait for the disk.
  using Offer = std::function<void(Batch)>;
  // Series of an earlier run get their zeros unless it goes on. The guard's table is `table`.
  CardinalityWatch(intake::SeriesGuard& guard, SeriesTable& table, uint32_t shards, Offer offer,
                   TimeMs now);
  // About once a second.
  void tick(TimeMs now);

 private:
  static constexpr size_t kToldMax = 2048;
  struct Told {
    double value = 0;
    TimeMs last;       // that it was not 0
    TimeMs zero_from;  // no zero before that
  };
  // True if it is the first of it, or the first after a zero.
  bool note(const intake::SeriesGuard::Report& report, std::string_view name, uint64_t value,
            TimeMs now);
  void write(TimeMs now);

  intake::SeriesGuard& guard_;
  SeriesTable& table_;
  const uint32_t shards_;
  Offer offer_;
  std::map<Labels, Told> told_;
  TimeMs wrote_;
};

}  // namespace tocsin
