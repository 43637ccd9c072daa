#include "vocabulary/alert.h"

#include <algorithm>

namespace tocsin {

SharedDecision::SharedDecision() {
  static const auto none = std::make_shared<const Decision>();
  value_ = none;
}

std::string_view to_text(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return "critical";
    case Severity::kHigh:
      return "high";
    case Severity::kLow:
      return "low";
  }
  return "";
}

std::string_view to_text(Truth truth) {
  switch (truth) {
    case Truth::kFalse:
      return "not held";
    case Truth::kTrue:
      return "held";
    case Truth::kUnknown:
      return "unknown";
  }
  return "";
}

std::string_view to_text(Momentum::Trend trend) {
  switch (trend) {
    case Momentum::Trend::kUnknown:
      return "unknown";
    case Momentum::Trend::kWorsening:
      return "worsening";
    case Momentum::Trend::kSteady:
      return "steady";
    case Momentum::Trend::kRecovering:
      return "recovering";
  }
  return "";
}

std::string_view to_text(AlertState state) {
  switch (state) {
    case AlertState::kOpen:
      return "open";
    case AlertState::kResolved:
      return "resolved";
    case AlertState::kExpired:
      return "expired";
  }
  return "";
}

std::string_view to_text(Delivery::State state) {
  switch (state) {
    case Delivery::State::kPlanned:
      return "planned";
    case Delivery::State::kSent:
      return "sent";
    case Delivery::State::kFailed:
      return "failed";
    case Delivery::State::kGivenUp:
      return "given up";
  }
  return "";
}

bool absent(const Decision& decision) {
  return std::any_of(decision.violations.begin(), decision.violations.end(),
                     [](const JudgedViolation& judged) {
                       return judged.violation.state == ViolationState::kAbsent;
                     });
}

std::string dedup_key(const Decision& decision) {
  const std::string text = decision.scope.with("rule", decision.rule_id).text();
  return text.size() < 2 ? text : text.substr(1, text.size() - 2);  // without the braces
}

Labels alert_labels(const Decision& decision) {
  // A later duplicate of a name wins.
  std::vector<Labels::Pair> pairs;
  const auto add_own = [&] {
    pairs.emplace_back("alertname", decision.rule_id);
    pairs.emplace_back("rule", decision.rule_id);
    pairs.emplace_back("severity", to_text(decision.severity));
  };
  if (decision.report) add_own();
  for (const auto& [name, value] : decision.scope.pairs()) pairs.emplace_back(name, value);
  if (!decision.report) add_own();
  return Labels(std::move(pairs));
}

Labels told_annotations(const Decision& decision) {
  std::vector<Labels::Pair> pairs(decision.annotations.begin(), decision.annotations.end());
  if (!decision.report || !decision.report->summary_made)
    pairs.emplace_back("summary", decision.summary);
  pairs.emplace_back("description", decision.description);
  return Labels(std::move(pairs));
}

}  // namespace tocsin
