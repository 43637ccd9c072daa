// The result of `tocsin replay`, for people and for programs.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/json_writer.h"
#include "base/text.h"
#include "tocsin/replay_parts.h"

namespace tocsin {

void print_replay(const replay::Report& report, const replay::Plan& plan, double seconds_taken) {
  std::printf(
      "%s points in %.1f s (%s/s)\n", human_number(static_cast<double>(report.points)).c_str(),
      seconds_taken,
      human_number(static_cast<double>(report.points) / std::max(seconds_taken, 1e-3)).c_str());
  uint64_t evidence = 0;
  for (const replay::ReplayedViolation& one : report.opened)
    evidence += one.violation.tier == Tier::kEvidence;
  std::printf("%llu violations%s\n", static_cast<unsigned long long>(report.violations),
              evidence > 0
                  ? fmt::format(", {} of them of evidence (--json lists them)", evidence).c_str()
                  : "");
  for (const replay::ReplayedViolation& one : report.opened) {
    if (one.violation.tier == Tier::kEvidence) continue;
    std::printf(
        "  %s  %-8s %-6s %s  score %.1f, %u points, worker %s\n",
        to_iso(one.violation.opened).c_str(),
        to_text(DurationMs{((one.violation.updated - one.violation.opened).count) / 1000 * 1000})
            .c_str(),
        std::string(to_text(one.violation.direction)).c_str(), one.series.text().c_str(),
        one.violation.worst.score, one.violation.points_outside, one.worker.c_str());
  }
  std::printf("\nThese rules would have told you %llu time%s between %s and %s%s\n",
              static_cast<unsigned long long>(report.told), report.told == 1 ? "" : "s",
              to_iso(plan.from).c_str(), to_iso(plan.to).c_str(), report.alerts.empty() ? "" : ":");
  for (const replay::ReplayedAlert& one : report.alerts) {
    const AlertView& alert = one.alert;
    std::printf(
        "  %s  %-8s %s %s%s\n      %s%s\n", to_iso(alert.opened_at).c_str(),
        std::string(to_text(alert.opened->severity)).c_str(), alert.opened->rule_id.c_str(),
        alert.opened->scope.text().c_str(), one.receivers.empty() ? " (covered: nobody told)" : "",
        alert.opened->summary.c_str(),
        alert.state == AlertState::kOpen
            ? "; still open"
            : fmt::format(
                  "; over after {}",
                  to_text(DurationMs{(alert.resolved_at - alert.opened_at).count / 1000 * 1000}))
                  .c_str());
  }
}

namespace {

void write_violation(JsonWriter& json, const replay::ReplayedViolation& one) {
  const Violation& violation = one.violation;
  json.begin_object()
      .member("id", to_text(violation.id))
      .member("series", one.series.text())
      .member("worker", one.worker)
      .member("tier", to_text(violation.tier))
      .member("direction", to_text(violation.direction))
      .member("state", to_text(violation.state))
      .member("opened", violation.opened.ms)
      .member("updated", violation.updated.ms)
      .member("ended", violation.ended.ms)
      .member("value", violation.last.value)
      .member("expected", violation.last.expected)
      .member("lower", violation.last.lower)
      .member("upper", violation.last.upper)
      .member("distance", violation.last.distance)
      .member("last_score", violation.last.score)
      .member("score", violation.worst.score)
      .member("points_outside", violation.points_outside)
      .end_object();
}

void write_alert(JsonWriter& json, const replay::ReplayedAlert& one) {
  json.begin_object()
      .member("id", to_text(one.alert.id))
      .member("rule", one.alert.opened->rule_id)
      .member("severity", to_text(one.alert.opened->severity))
      .member("scope", one.alert.opened->scope.text())
      .member("title", one.alert.opened->summary)
      .member("state", to_text(one.alert.state))
      .member("opened_at", one.alert.opened_at.ms)
      .member("resolved_at", one.alert.resolved_at.ms)
      .member("resolve_reason", one.alert.resolve_reason)
      .member("covered", one.alert.covered_by.has_value())
      .key("violations")
      .begin_array();
  for (const JudgedViolation& judged : one.alert.latest->violations)
    json.string(to_text(judged.violation.id));
  json.end_array().key("receivers").begin_array();
  for (const std::string& receiver : one.receivers) json.string(receiver);
  json.end_array().end_object();
}

}  // namespace

void print_replay_json(const replay::Report& report) {
  JsonWriter json;
  json.begin_object().member("points", report.points).member("violations", report.violations);
  json.member("told", report.told).key("opened").begin_array();
  for (const replay::ReplayedViolation& one : report.opened) write_violation(json, one);
  json.end_array().key("alerts").begin_array();
  for (const replay::ReplayedAlert& one : report.alerts) write_alert(json, one);
  json.end_array().end_object();
  std::puts(json.take().c_str());
}

}  // namespace tocsin
