#pragma once
// One alert of an alerting rule: a label set for which its condition holds or did.

#include "base/time.h"
#include "promrules/template_value.h"
#include "vocabulary/labels.h"

namespace tocsin::promrules {

enum class AlertPhase : uint8_t { kInactive, kPending, kFiring };
std::string_view to_text(AlertPhase phase);  // "inactive", "pending", "firing"

struct Alert {
  Labels labels;  // of the series, those of the rule on top, alertname
  TextMap annotations;
  AlertPhase phase = AlertPhase::kPending;
  double value = 0;
  TimeMs active_at;
  TimeMs fired_at;           // 0: not yet
  TimeMs resolved_at;        // 0: not yet
  TimeMs keep_firing_since;  // 0: its condition holds
  // The series by which it is decided and told like any other alert of the house: fixed when it
  // fires, so that its texts are those of that moment.
  Labels told_as;
};

// A point that a rule makes.
struct Made {
  enum class Kind : uint8_t {
    kRecorded,  // of a recording rule
    kState,     // ALERTS and ALERTS_FOR_STATE
    kTold,      // kToldName: what opens and ends alerts of the house
  };
  Kind kind = Kind::kRecorded;
  Labels labels;
  double value = 0;  // may be a stale marker
};

// 1 while an alert fires, 0 when it ended. Labels: those of the alert, tocsin_rule, and the texts
// as tocsin_annotation_NAME.
inline constexpr std::string_view kToldName = "tocsin_prometheus_alert";
inline constexpr std::string_view kToldRule = "tocsin_rule";
inline constexpr std::string_view kToldText = "tocsin_annotation_";
inline constexpr size_t kToldTextMax = 2000;  // bytes of one annotation

inline constexpr std::string_view kStateName = "ALERTS";
inline constexpr std::string_view kForStateName = "ALERTS_FOR_STATE";

}  // namespace tocsin::promrules
