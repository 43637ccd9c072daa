#pragma once
// What a model says that votes on its own, whatever the band of the others: its own persistence is
// built in, so that one vote opens a violation.

#include <optional>

#include "vocabulary/finding.h"

namespace tocsin::models {

struct Vote {
  bool outside = false;
  bool well_inside = true;  // so far inside that a violation may end
  bool above = true;        // the side
  double score = 0;         // reaches the worker's score at the edge
  double distance = 0;      // signed, 0 inside
  // The least difference that counts is the worker's: a shift smaller than that is no violation.
  std::optional<Shift> shift;
  std::optional<Outlook> outlook;
};

}  // namespace tocsin::models
