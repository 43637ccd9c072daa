#pragma once
// Boards: rows of panels for everybody to see, as the configuration says. Plain values; the program
// reads them from files and hands them over whole.

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "vocabulary/alert.h"

namespace tocsin::server {

struct BoardQuery {
  std::string expr;    // PromQL; $name in its strings stands for a variable's value
  std::string legend;  // "{{site}}"; empty: the series itself
};

struct BoardThreshold {
  double value = 0;
  std::optional<Severity> severity;  // whose colour the line has; none: quiet
  std::string text;
};

struct BoardPanel {
  enum class Kind : uint8_t { kChart, kValue, kText };
  Kind kind = Kind::kChart;
  std::string title, text;
  uint32_t width = 4;  // of 12 columns
  std::string unit;
  std::optional<double> min, max;  // of the value axis
  bool band = false;               // that of the worker which tests the series
  bool alerts = false;             // drawn in
  std::vector<BoardQuery> queries;
  std::vector<BoardThreshold> thresholds;
};

struct BoardRow {
  enum class Height : uint8_t { kSmall, kNormal, kTall };
  std::string title;
  std::string repeat;  // a variable: one such row for each of its values; empty: once
  Height height = Height::kNormal;
  std::vector<BoardPanel> panels;
};

struct BoardVariable {
  std::string name, label;
  std::string from;      // selector of the series whose values of the label can be chosen
  std::string standard;  // chosen at first; empty: all of them
};

struct Board {
  std::string id, title, description;
  std::string place;                  // "boards/house.yaml:2"
  DurationMs span = hours(6);         // what its charts show
  std::optional<DurationMs> refresh;  // none: by the span
  bool restricted = false;            // also for restricted users
  std::vector<BoardVariable> variables;
  std::vector<BoardRow> rows;
};

using BoardList = std::vector<Board>;

// The boards that are shown now. A reload sets the whole list; readers keep the one they took.
// Every thread.
class Boards {
 public:
  void set(std::shared_ptr<const BoardList> list) {
    const std::lock_guard lock(mutex_);
    list_ = std::move(list);
  }
  std::shared_ptr<const BoardList> list() const {  // never null
    const std::lock_guard lock(mutex_);
    return list_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const BoardList> list_ = std::make_shared<const BoardList>();
};

}  // namespace tocsin::server
