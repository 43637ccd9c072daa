#pragma once
// A silence as Alertmanager's API posts it.

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "vocabulary/matcher.h"

namespace tocsin::wire {

struct PostedSilence {
  std::string id;  // empty: a new one
  std::vector<LabelMatcher> matchers;
  TimeMs starts, ends;  // 0: not given
  std::string created_by, comment;
};

// kInvalid with the words for the answer.
Result<PostedSilence> parse_silence(const std::string& body);

}  // namespace tocsin::wire
