#include "vocabulary/violation.h"

namespace tocsin {

std::string_view to_text(Tier tier) {
  switch (tier) {
    case Tier::kKpi:
      return "kpi";
    case Tier::kEvidence:
      return "evidence";
  }
  return "";
}

std::string_view to_text(Direction direction) {
  switch (direction) {
    case Direction::kAbove:
      return "above";
    case Direction::kBelow:
      return "below";
    case Direction::kSilent:
      return "silent";
  }
  return "";
}

std::string_view to_text(ViolationState state) {
  switch (state) {
    case ViolationState::kOpen:
      return "open";
    case ViolationState::kAbsent:
      return "absent";
    case ViolationState::kEnded:
      return "ended";
  }
  return "";
}

std::string_view to_text(SeriesStatus::What what) {
  switch (what) {
    case SeriesStatus::What::kLearning:
      return "learning";
    case SeriesStatus::What::kGuarded:
      return "guarded";
    case SeriesStatus::What::kAbsent:
      return "absent";
  }
  return "";
}

}  // namespace tocsin
