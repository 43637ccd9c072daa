#include "tocsin/live_escalation.h"

#include <utility>

#include "supervisor/archive.h"

namespace tocsin {
namespace {

using server::Done;
using server::EscalationAction;
using server::EscalationView;

constexpr size_t kNextMax = 50;  // of one alert

supervisor::Command command_of(const EscalationAction& action) {
  switch (action.what) {
    case EscalationAction::What::kEscalate:
      return {action.by, supervisor::Escalate{action.alert, action.note}};
    case EscalationAction::What::kAssign:
      return {action.by, supervisor::Assign{action.alert, action.target, action.note}};
    case EscalationAction::What::kCall:
      return {action.by, supervisor::AddResponder{action.alert, action.target, action.note}};
  }
  return {};
}

EscalationView view_of(Live& live, const AlertView& alert, std::vector<EscalationNext> next) {
  const auto configuration = live.configuration();  // keeps its rules
  EscalationView out{alert.escalation, std::move(next), {}};
  if (const auto& rules = configuration->escalation)
    out.ack_target = rules->ack_target[static_cast<size_t>(alert.latest->severity)];
  return out;
}

// On the decision thread.
EscalationView open_view(Live& live, const AlertView& alert) {
  return view_of(live, alert, live.decisions().stage().supervisor().next(alert.id, kNextMax));
}

}  // namespace

void LiveEscalation::escalation(Id128 alert, Done<std::optional<EscalationView>> done) {
  DecisionThread& decisions = live_.decisions();
  decisions.loop().post([this, &decisions, alert, done = std::move(done)] {
    if (const auto known = decisions.stage().supervisor().find(alert))
      return done(std::optional(open_view(live_, *known)));
    live_.background().post([this, alert, done] {
      auto read = supervisor::read_alert(live_.reader(), alert);
      if (!read) return done(fail(read.error()));
      if (!*read) return done(std::optional<EscalationView>());
      done(std::optional(view_of(live_, **read, {})));
    });
  });
}

void LiveEscalation::act(EscalationAction action, Done<std::optional<EscalationView>> done) {
  escalation(action.alert, [this, action, done = std::move(done)](
                               const Result<std::optional<EscalationView>>& known) {
    if (!known) return done(fail(known.error()));
    if (!*known) return done(std::optional<EscalationView>());
    // Answered on the decision thread, after the commit.
    live_.decisions().command(command_of(action),
                              [this, done](Result<supervisor::CommandDone> answer) {
                                if (!answer) return done(fail(answer.error()));
                                done(std::optional(open_view(live_, *answer->alert)));
                              });
  });
}

void LiveEscalation::preview(Labels labels, Severity severity, TimeMs at,
                             Done<supervisor::EscalationPreview> done) {
  DecisionThread& decisions = live_.decisions();
  decisions.loop().post(
      [&decisions, labels = std::move(labels), severity, at, done = std::move(done)] {
        done(decisions.stage().supervisor().preview(labels, severity, at, kNextMax));
      });
}

void LiveEscalation::trends(supervisor::TrendQuery query, Done<supervisor::Trends> done) {
  query.site_label = live_.configuration()->workers->site_label();
  live_.background().post([this, query = std::move(query), done = std::move(done)] {
    done(supervisor::read_trends(live_.reader(), query));
  });
}

}  // namespace tocsin
