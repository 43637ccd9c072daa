#pragma once
// For tests only: an alert as the betting house's payment failure would give it.

#include <memory>
#include <string>

#include "respond/notice.h"

namespace tocsin::respond::testing {

inline JudgedViolation violation(std::string name, double value, double lower, double upper) {
  JudgedViolation out;
  out.labels = Labels::of(name, {{"site", "madrid"}, {"host", "pay-1"}});
  out.worker_id = "payments";
  out.violation.direction = Direction::kBelow;
  out.violation.last.value = value;
  out.violation.last.lower = lower;
  out.violation.last.upper = upper;
  return out;
}

inline AlertView payment_alert() {
  AlertView out;
  Decision d;
  d.rule_id = "payment-provider";
  d.rule_place = "rules/betting.yaml:3";
  d.severity = Severity::kCritical;
  d.scope = Labels(std::vector<Labels::Pair>{{"site", "madrid"}});
  d.summary = "payments_ok in madrid 57 % below the expected 118–151, worsening, adapter silent";
  d.description = "The provider <b>of payments</b> fails & nothing is paid.";
  d.annotations = {{"runbook", "https://wiki.example.com/pay"}};
  d.alert_key = *parse_id("0123456789abcdef0123456789abcdef");
  d.violations = {violation("payments_ok", 51, 118, 151)};
  d.momentum.trend = Momentum::Trend::kWorsening;
  d.momentum.distance = 4.1;
  d.momentum.predicted = 8;
  d.wait_reason = "2 of 3 points";
  d.since_first_point = seconds(20);
  out.id = *parse_id("ffffffffffffffff0000000000000001");
  out.key = d.alert_key;
  out.opened = out.latest = d;
  out.opened_at = out.updated_at = *parse_time("2026-11-23T14:32:45.120Z");
  return out;
}

inline AlertView resolved(AlertView alert) {
  alert.state = AlertState::kResolved;
  alert.resolved_at = alert.updated_at = alert.opened_at + seconds(340);
  alert.resolve_reason = "recovered";
  return alert;
}

inline Notice notice(Event event, AlertView alert, std::string receiver = "ops") {
  Notice out;
  out.event = event;
  out.receiver = receiver;
  out.key = "key-7";
  out.time = alert.updated_at + seconds(10);
  out.alert = std::make_shared<AlertView>(std::move(alert));
  out.told = {"ops", "slack-payments"};
  return out;
}

// Every text as hostile and as long as it can come.
inline AlertView hostile_alert() {
  AlertView out = payment_alert();
  std::string text = "a\r\nBcc: x@y\n\"<!channel>&'|\\=?x\x01\xff\xc3\xa9€";
  while (text.size() < 100'000) text += text;
  out.resolve_reason = out.acknowledged_by = text;
  out.opened.edit([&](Decision& opened) {
    opened.summary = opened.description = opened.rule_id = opened.wait_reason = text;
    opened.scope = Labels(std::vector<Labels::Pair>{{"site", text}});
    opened.annotations = {{text.substr(0, 300), text}};
    opened.violations.assign(50, violation(text, 1, 2, 3));
  });
  out.latest = out.opened;
  return out;
}

}  // namespace tocsin::respond::testing
