// One series' points as slots of a minute or an hour.

#include <cmath>
#include <limits>

#include "store/compactor.h"

namespace tocsin {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

struct Slot {
  double count = 0, sum = 0, least = kNothing, most = kNothing, last = kNothing;
  void add(double value) {
    last = value;
    if (std::isnan(value)) return;
    least = count == 0 || value < least ? value : least;
    most = count == 0 || value > most ? value : most;
    ++count;
    sum += value;
  }
};

}  // namespace

RowSeries roll(const RowSeries& raw, Resolution resolution) {
  const int64_t step = step_of(resolution).count;
  RowSeries out{raw.series, raw.order, {}, {}};
  const auto put = [&](TimeMs begin, const Slot& slot) {
    out.times.push_back(begin);
    const double values[kRowColumns] = {slot.count, slot.sum, slot.least, slot.most, slot.last};
    for (size_t c = 0; c < kRowColumns; ++c) out.columns[c].push_back(values[c]);
  };
  Slot slot;
  TimeMs begin{};
  for (size_t i = 0; i < raw.times.size(); ++i) {
    const int64_t ms = raw.times[i].ms;
    const TimeMs at{(ms / step - (ms % step < 0 ? 1 : 0)) * step};
    if (i > 0 && at != begin) {
      put(begin, slot);
      slot = {};
    }
    begin = at;
    slot.add(raw.columns[0][i]);
  }
  if (!raw.times.empty()) put(begin, slot);
  return out;
}

}  // namespace tocsin
