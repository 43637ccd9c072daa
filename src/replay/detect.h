#pragma once
// `tocsin detect`: one worker over the rows of one file, by the code that judges live points
// (streamer::SoleSeries). Strictly causal: what is answered to a row depends on it and the rows
// before it, so cutting a file short changes no earlier answer.
//
// Memory is that of one series; one object per file, used by one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "calendar/zone.h"
#include "streamer/sole_series.h"
#include "streamer/worker.h"

namespace tocsin::replay {

struct DetectAnswer {
  enum class Kind : uint8_t {
    kJudged,
    kLearning,  // judged by no model yet
    kGap,       // no value
    kLate,      // not newer than the newest row before it: not judged, as live
  };
  Kind kind = Kind::kGap;
  double score = 0;                           // -log10 of the tail probability; 0 unless kJudged
  double expected = 0, lower = 0, upper = 0;  // kJudged only
  bool violation = false;                     // one is open after this row
  bool opened = false;                        // with this row
};

// What was asked of the command.
struct DetectModels {
  std::vector<std::string> kinds;  // "auto", "level", ...: several are one band, equally weighted
  std::optional<double> noise;     // wanted episodes per series-week
};
// The worker that stands for it; one configuration for every file. kInvalid names what is wrong.
Result<streamer::Worker> detect_worker(const DetectModels& asked);

class Detector {
 public:
  // `worker` must live as long; `name` is the series', the file's name.
  Detector(const streamer::Worker& worker, const calendar::Zone& zone, std::string_view name);
  DetectAnswer push(std::optional<TimeMs> time, std::optional<double> value);

  struct Counts {
    uint64_t judged = 0, learning = 0, gaps = 0, late = 0, violations = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  streamer::SoleSeries series_;
  Counts counts_;
};

}  // namespace tocsin::replay
