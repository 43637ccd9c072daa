#pragma once
// An alert in one sentence, and a violation in a few words. Pure functions over values.
//   payments_ok in madrid 57 % below the expected 118–151, worsening, psp_adapter_up silent

#include <string>
#include <vector>

#include "vocabulary/alert.h"

namespace tocsin::rules {

struct SentenceInput {
  const std::vector<JudgedViolation>& violations;  // the main one first
  const Labels& scope;                             // empty for a global rule
  bool global = false;
  std::string_view site_label = "site";
  Momentum::Trend trend = Momentum::Trend::kUnknown;
  TimeMs now;  // decision time: silence is measured by it
};

// Never empty, never more than kSentenceBytesMax bytes.
std::string sentence(const SentenceInput& input);
inline constexpr size_t kSentenceBytesMax = 300;

// "57 % below the expected 118–151", "3.4× above", "silent for 12 s".
std::string deviation_words(const Violation& violation, TimeMs now, bool with_band);
// "70 under 118; score 7.2; 2 of 3 points outside, 16 s"; silence: "no point for 6 s, cadence 2 s".
std::string evidence_words(const Violation& violation, TimeMs now, uint32_t points_of);
// "6 s", "2 min", "1 h 5 min", "3 d": the two largest units.
std::string span_words(DurationMs span);
// How much a violation says: its score; a silence counts as 4.
double importance(const Violation& violation);

}  // namespace tocsin::rules
