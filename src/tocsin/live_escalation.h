#pragma once
// Escalations and trends of the running program: asked on the decision thread, what is closed is
// read from the database in the background.

#include "server/escalation_desk.h"
#include "tocsin/live.h"

namespace tocsin {

class LiveEscalation final : public server::EscalationDesk {
 public:
  explicit LiveEscalation(Live& live) : live_(live) {}  // outlives it

  void escalation(Id128 alert, server::Done<std::optional<server::EscalationView>> done) override;
  void act(server::EscalationAction action,
           server::Done<std::optional<server::EscalationView>> done) override;
  void preview(Labels labels, Severity severity, TimeMs at,
               server::Done<supervisor::EscalationPreview> done) override;
  void trends(supervisor::TrendQuery query, server::Done<supervisor::Trends> done) override;

 private:
  Live& live_;
};

}  // namespace tocsin
