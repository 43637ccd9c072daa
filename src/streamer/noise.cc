// How the noise budgets stand, for pages. The rest of them is in judge.cc and models/peaks.h.
#include <algorithm>

#include "streamer/core.h"

namespace tocsin::streamer {
namespace {

constexpr uint8_t kClustersToKnow = 20;

}  // namespace

NoiseView Streamer::Core::noise(WorkerRef worker, std::span<const uint32_t> tests) const {
  NoiseView out;
  const Judge& judge = judges_[worker.index];
  if (!judge.has_noise_budget() || tests.empty()) return out;
  const PeaksPlan& plan = judge.noise_plan();
  for (const uint32_t index : tests) {
    if (index >= judging_.size()) continue;  // a sender's
    const SeriesTest& test = tests_[judging_[index]];
    if (test.worker != worker.index) continue;
    const Peaks* peaks = find_peaks(test);
    if (peaks == nullptr || peaks->body == 0 || test.cadence_s <= 0) continue;
    const double rarest = peaks->supported_per_week(plan, test.cadence_s);
    ++out.series;
    out.learning += peaks->clusters < kClustersToKnow;
    out.supported += rarest <= plan.per_week;
    out.edges.push_back(peaks->edge);
    out.supports.push_back(static_cast<float>(rarest));
  }
  std::sort(out.edges.begin(), out.edges.end());
  std::sort(out.supports.begin(), out.supports.end());
  return out;
}

}  // namespace tocsin::streamer
