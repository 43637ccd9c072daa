#pragma once
// What the Cardinality page shows, as plain values.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "vocabulary/labels.h"

namespace tocsin::intake {

struct CardinalityQuery {
  std::string label, sender;  // empty = all
  size_t limit = 20;          // rows per list
};

struct CardinalityView {
  struct Growth {
    uint64_t last_hour = 0, last_day = 0;
    std::array<uint32_t, 24> hours{};  // the current one is the last
    TimeMs began, last;                // of the last run of growth; 0 = none
    bool growing = false;
  };
  struct Label {
    std::string name;
    uint64_t values = 0, series = 0;
    bool exact = true, followed = true;
    Growth growth;  // in new values
  };
  struct Value {
    std::string label, value;
    uint64_t series = 0;
    std::string grew;  // the label with most different values among its newest; empty = not known
    Growth growth;
  };
  struct Sender {
    std::string name;
    uint64_t series = 0;
    std::string grew;
    Growth growth;
  };
  struct Limit {
    std::string label;  // empty: all series
    uint64_t most = 0;
    uint64_t values = 0;   // different ones of the label
    uint64_t fullest = 0;  // series of the value that has most
    uint64_t refused = 0;  // since the start
  };
  struct Trouble {
    std::string label, value;  // of the limit; empty: all series
    uint64_t most = 0, used = 0;
    uint64_t refused = 0, refused_series = 0, refused_lately = 0, added_lately = 0;
    std::string grew, owner_label, owner_value;
    TimeMs began, last;
    std::string example, example_sender;
    TimeMs example_at;
  };
  struct Recent {
    Labels labels;
    TimeMs at;
    std::string sender;
  };
  TimeMs now, since;
  uint64_t series = 0, last_hour = 0, last_day = 0;
  std::vector<uint32_t> hours;  // of the last week, the current one last
  uint64_t labels_total = 0, labels_left_out = 0;
  double warn_at = 0;
  std::vector<Label> labels;    // by values
  std::vector<Value> values;    // by growth, then by series
  std::vector<Sender> senders;  // the same
  std::vector<Limit> limits;
  std::vector<Trouble> troubles;  // fullest first
  std::vector<Recent> recent;     // newest first
};

}  // namespace tocsin::intake
