// What the scripts reported*.txt do not say: limits, counts, severities, a clock that goes back.
#include <gtest/gtest.h>

#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using testing_help::World;

const TimeMs kNow = *parse_time("2026-11-23T10:00:00Z");

ReportedAlert told(const std::string& name, TimeMs ends = {}) {
  ReportedAlert out;
  out.labels = Labels({{"alertname", name}, {"job", "api"}});
  out.annotations = Labels({{"summary", "it is down"}, {"runbook_url", "https://wiki/down"}});
  out.link = "http://prometheus/graph?g0.expr=up";
  out.ends = ends;
  return out;
}

ReportedBatch batch(std::vector<ReportedAlert> alerts) {
  return {"test", "ada", std::move(alerts), {}};
}

TEST(Reported, ABatchIsCountedByWhatBecameOfIt) {
  Options options;
  options.open_alerts_max = 2;
  World world("reported_counts", options);
  Changes out;
  const auto first =
      batch({told("A"), told("A"), told("B", kNow + minutes(1)), told("C"), told("D", kNow)});
  const ReportCounts counts = world.supervisor->report(first, kNow, out);
  EXPECT_EQ(counts.opened, 2u);
  EXPECT_EQ(counts.refreshed, 1u);  // the same labels twice in a batch
  EXPECT_EQ(counts.refused, 1u);
  EXPECT_EQ(counts.ignored, 1u);
  EXPECT_EQ(world.supervisor->open_count(), 3u);  // and Tocsin's own
  Changes again;
  EXPECT_EQ(world.supervisor->report(first, kNow, again).refreshed, 3u);
  EXPECT_TRUE(again.alerts.empty());  // nothing to write
}

TEST(Reported, WhatWasToldReadsBackFromTheDatabase) {
  World world("reported_back");
  Changes out;
  ReportedAlert one = told("Down", kNow + minutes(4));
  one.starts = kNow - minutes(3);
  world.supervisor->report(batch({one}), kNow, out);
  world.commit(out);
  world.restart();
  const auto alerts = world.supervisor->alerts({});
  ASSERT_EQ(alerts.size(), 1u);
  const Decision& opened = *alerts[0]->opened;
  EXPECT_EQ(opened.scope, one.labels);
  EXPECT_EQ(opened.rule_id, "Down");
  EXPECT_EQ(opened.summary, "it is down");
  EXPECT_EQ(told_annotations(opened), one.annotations);
  ASSERT_TRUE(opened.report);
  EXPECT_EQ(*opened.report, (Report{"test", one.link, one.starts, one.ends, false}));
  EXPECT_EQ(world.supervisor->holds_until(opened.alert_key), one.ends);
}

TEST(Reported, ASummaryThatWasNotToldIsMadeAndNotTakenForAnAnnotation) {
  World world("reported_made");
  Changes out;
  ReportedAlert one;
  one.labels = Labels({{"job", "api"}, {"zone", "b"}});
  world.supervisor->report(batch({one}), kNow, out);
  const auto alerts = world.supervisor->alerts({});
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]->opened->summary, "job api, zone b");
  EXPECT_EQ(alerts[0]->opened->rule_id, "alert");
  EXPECT_TRUE(told_annotations(*alerts[0]->opened).empty());
}

TEST(Reported, AnEndIsMovedBackwardsToo) {
  World world("reported_earlier");
  Changes out;
  world.supervisor->report(batch({told("Down", kNow + hours(4))}), kNow, out);
  world.supervisor->report(batch({told("Down", kNow + minutes(4))}), kNow, out);
  EXPECT_EQ(world.supervisor->next_due(), kNow + minutes(4));
  world.supervisor->advance(kNow + minutes(4), out);
  EXPECT_EQ(world.supervisor->open_count(), 0u);
}

TEST(Reported, AnEndThatWasNotToldDoesNotShortenOneThatWas) {
  World world("reported_longer");
  Changes out;
  world.supervisor->report(batch({told("Down", kNow + hours(1))}), kNow, out);
  world.supervisor->report(batch({told("Down")}), kNow + minutes(1), out);
  world.supervisor->advance(kNow + minutes(59), out);
  EXPECT_EQ(world.supervisor->open_count(), 1u);
}

// The clock was an hour ahead and is set right: what is told now, with ends that lie before the
// latest time seen, is not over.
TEST(Reported, AClockThatGoesBackEndsNothing) {
  World world("reported_clock");
  Changes out;
  world.supervisor->advance(kNow + hours(1), out);
  EXPECT_EQ(world.supervisor->report(batch({told("Down", kNow + minutes(4))}), kNow, out).opened,
            1u);
  world.supervisor->advance(kNow + minutes(3), out);
  EXPECT_EQ(world.supervisor->open_count(), 1u);
  world.supervisor->advance(kNow + minutes(4), out);
  EXPECT_EQ(world.supervisor->open_count(), 0u);
}

TEST(Reported, AReplayBeginsWithoutThem) {
  World world("reported_replay");
  Changes out;
  world.supervisor->report(batch({told("Down")}), kNow, out);
  ByteWriter bytes;
  world.supervisor->save_open(bytes);
  const std::string text = bytes.take();
  Counters counters;
  Supervisor fresh({}, {}, counters);
  ByteReader in(text);
  ASSERT_TRUE(fresh.restore_open(in));
  EXPECT_EQ(fresh.open_count(), 0u);
}

TEST(Reported, TheSeverityTable) {
  Options options;
  options.severities = {{"Sev1", "critical"}, {"warning", "low"}};
  const std::pair<const char*, Severity> rows[] = {
      {"critical", Severity::kCritical}, {"PAGE", Severity::kCritical},
      {"error", Severity::kHigh},        {"", Severity::kHigh},
      {"whatever", Severity::kHigh},     {"info", Severity::kLow},
      {"sev1", Severity::kCritical},     {"warning", Severity::kLow},
  };
  for (const auto& [word, severity] : rows) EXPECT_EQ(options.severity_of(word), severity) << word;
}

// Worked out with Alertmanager's own amtool (0.25): `amtool alert add` and the fingerprint it
// lists.
TEST(Reported, TheFingerprintIsAlertmanagers) {
  EXPECT_EQ(alert_fingerprint(Labels{}), "cbf29ce484222325");
  EXPECT_EQ(alert_fingerprint(Labels({{"alertname", "Down"}, {"job", "api"}})), "c89fba827b26e2d5");
}

}  // namespace
}  // namespace tocsin::supervisor
