#pragma once
// What the API does with escalations and trends. The program implements it; calls begin in a
// connection's loop and do not block, answers come from any thread.

#include <optional>
#include <string>
#include <vector>

#include "server/views.h"
#include "supervisor/escalation.h"
#include "supervisor/trends.h"
#include "vocabulary/escalation.h"

namespace tocsin::server {

struct EscalationAction {
  enum class What : uint8_t { kEscalate, kAssign, kCall };
  What what = What::kEscalate;
  Id128 alert;
  std::string by;
  std::string target;  // a person; of kCall "person alice", "team db"
  std::string note;
};

struct EscalationView {
  std::shared_ptr<const Escalation> escalation;  // null: none
  std::vector<EscalationNext> next;
  DurationMs ack_target{};  // from being told to the acknowledgement; 0 = none
};

class EscalationDesk {
 public:
  virtual ~EscalationDesk() = default;
  // nullopt: there is no such alert.
  virtual void escalation(Id128 alert, Done<std::optional<EscalationView>> done) = 0;
  virtual void act(EscalationAction action, Done<std::optional<EscalationView>> done) = 0;
  virtual void preview(Labels labels, Severity severity, TimeMs at,
                       Done<supervisor::EscalationPreview> done) = 0;
  virtual void trends(supervisor::TrendQuery query, Done<supervisor::Trends> done) = 0;
};

}  // namespace tocsin::server
