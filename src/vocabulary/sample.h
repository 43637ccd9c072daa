#pragma once
// A point of a series that is known from the context.

#include "base/time.h"

namespace tocsin {

struct Sample {
  TimeMs time;
  double value = 0;
};

}  // namespace tocsin
