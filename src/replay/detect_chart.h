#pragma once
// One file's rows and answers, thinned for a chart. At most kBinsMax bins of equally many rows:
// when they are full, neighbours are joined, so memory is bounded and lowest, highest and worst are
// kept. Violations are kept one by one, at most kViolationsMax of them; all are counted.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "replay/detect.h"

namespace tocsin::replay {

class DetectChart {
 public:
  static constexpr size_t kBinsMax = 16'384;
  static constexpr size_t kViolationsMax = 2000;

  explicit DetectChart(size_t bins_max = kBinsMax) : bins_max_(bins_max) {}
  // Rows in the order they were judged; those that were late, or had no value, are left out.
  void add(TimeMs time, double value, const DetectAnswer& answer);

  // A JSON object on one line that may stand in a script element of a page.
  std::string json(std::string_view name, const Detector::Counts& counts) const;

  struct Bin {
    TimeMs from, to;              // of its first and last row
    double low = 0, high = 0;     // values
    bool judged = false;          // some row was
    double expected = 0;          // of the last one judged
    double lower = 0, upper = 0;  // the widest
    double score = 0;             // the worst
    bool violation = false;
  };
  struct Violation {
    TimeMs from, to;   // of the row that opened it, and of the last one while it was open
    double score = 0;  // the worst
    double value = 0;  // of that row
  };
  const std::vector<Bin>& bins() const { return bins_; }
  const std::vector<Violation>& violations() const { return violations_; }

 private:
  void join_neighbours();
  void add_violation(TimeMs time, double value, const DetectAnswer& answer);

  size_t bins_max_;
  std::vector<Bin> bins_;
  uint32_t rows_per_bin_ = 1;
  uint32_t rows_in_last_ = 0;
  std::vector<Violation> violations_;
  bool open_ = false;  // the last of violations_ goes on
};

}  // namespace tocsin::replay
