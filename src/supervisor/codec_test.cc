#include "supervisor/codec.h"

#include <gtest/gtest.h>

#include "supervisor/test_decisions.h"

namespace tocsin::supervisor {
namespace {

using testing_help::any_decision;

RC_GTEST_PROP(Codec, WhatIsReadIsWrittenAgainToTheByte, ()) {
  const std::string bytes = encode(any_decision());
  const auto read = decode_decision(bytes);
  RC_ASSERT(read.has_value());
  RC_ASSERT(encode(*read) == bytes);
}

RC_GTEST_PROP(Codec, NoCutAndNoChangedByteIsReadWrongly, ()) {
  std::string bytes = encode(any_decision());
  const size_t cut = *rc::gen::inRange<size_t>(0, bytes.size());
  RC_ASSERT(!decode_decision(std::string_view(bytes).substr(0, cut)).has_value());
  RC_ASSERT(!decode_decision(bytes + "x").has_value());
  bytes[cut] = static_cast<char>(bytes[cut] ^ (1 << *rc::gen::inRange(0, 8)));
  // A flipped bit may still be a decision, but never one that takes more than its bytes.
  if (const auto read = decode_decision(bytes)) RC_ASSERT(encode(*read).size() <= 2 * bytes.size());
}

// A value of its own in every field, so that two that were swapped would show.
Decision distinct_decision() {
  Decision d;
  d.what = Decision::What::kUpdated;
  d.at = {{1}, {2}, 3, 4};
  d.time = {5};
  d.alert_key = {6, 7};
  d.rule_id = "rule";
  d.rule_place = "a.yaml:1";
  d.severity = Severity::kHigh;
  d.scope = Labels({Labels::Pair{"site", "madrid"}});
  d.summary = "summary";
  d.description = "description";
  d.annotations = {{"runbook", "x"}};
  d.resolve_reason = "recovered";
  d.tree = {{"all", "label", Truth::kUnknown, "reason", {1, 2}}};
  JudgedViolation v;
  v.violation.id = {8, 9};
  v.violation.series = {77};
  v.violation.worker = {78};
  v.violation.tier = Tier::kKpi;
  v.violation.state = ViolationState::kAbsent;
  v.violation.direction = Direction::kBelow;
  v.violation.opened = {10};
  v.violation.updated = {11};
  v.violation.ended = {12};
  v.violation.last = {{13}, 14, 15, 16, 17, 18, 19, true, {{2, 0.5F, true, 20, 21, 22}}};
  v.violation.worst.score = 23;
  v.violation.points_outside = 24;
  v.violation.motion = Motion{25, 26, 27};
  v.violation.cadence = {28};
  v.violation.shift = Shift{{37}, 38, 39};
  v.violation.outlook = Outlook{40, {41}, {42}, {43}};
  v.labels = Labels::of("payments_ok", {{"site", "madrid"}});
  v.worker_id = "payments";
  v.model_names = {"profile"};
  v.tail = {v.violation.last};
  v.weight = 29;
  d.violations = {v};
  d.momentum = {Momentum::Trend::kSteady, 30, 31, 32, 33, 35, 36};
  d.since_first_point = {34};
  d.wait_reason = "2 of 3 points";
  d.covers = {"errors-high"};
  return d;
}

TEST(Codec, EveryFieldReadsBackInItsPlace) {
  const Decision d = distinct_decision();
  const JudgedViolation& v = d.violations[0];
  const Decision r = *decode_decision(encode(d));
  EXPECT_EQ(r.what, d.what);
  EXPECT_EQ(r.at, d.at);
  EXPECT_EQ(r.time, d.time);
  EXPECT_EQ(r.alert_key, d.alert_key);
  EXPECT_EQ(r.rule_id + r.rule_place + r.summary + r.description + r.resolve_reason + r.wait_reason,
            "rulea.yaml:1summarydescriptionrecovered2 of 3 points");
  EXPECT_EQ(r.severity, d.severity);
  EXPECT_EQ(r.scope, d.scope);
  EXPECT_EQ(r.annotations, d.annotations);
  EXPECT_EQ(r.since_first_point, d.since_first_point);
  EXPECT_EQ(r.covers, d.covers);
  ASSERT_EQ(r.tree.size(), 1u);
  EXPECT_EQ(r.tree[0].kind + r.tree[0].label + r.tree[0].reason, "alllabelreason");
  EXPECT_EQ(r.tree[0].children, d.tree[0].children);
  EXPECT_EQ(r.momentum.predicted, 33);
  EXPECT_EQ(r.momentum.predictions, 35u);
  EXPECT_EQ(r.momentum.hits, 36u);
  ASSERT_EQ(r.violations.size(), 1u);
  const Violation& read = r.violations[0].violation;
  EXPECT_EQ(read.id, v.violation.id);
  EXPECT_EQ(read.series, kNoSeries);  // refs mean something in their own process only
  EXPECT_EQ(read.worker, WorkerRef{});
  EXPECT_EQ(read.opened.ms + read.updated.ms + read.ended.ms, 33);
  EXPECT_EQ(read.last.time, TimeMs{13});
  EXPECT_EQ(read.last.distance, 19);
  ASSERT_EQ(read.last.models.size(), 1u);
  EXPECT_EQ(read.last.models[0].upper, 22);
  EXPECT_EQ(read.worst.score, 23);
  EXPECT_EQ(read.motion->raw_slope, 27);
  EXPECT_EQ(read.cadence.count, 28);
  EXPECT_EQ(read.shift->since.ms + static_cast<int64_t>(read.shift->before), 75);
  EXPECT_EQ(read.shift->after, 39);
  EXPECT_EQ(read.outlook->limit, 40);
  EXPECT_EQ(read.outlook->expected.count, 41);
  EXPECT_EQ(read.outlook->latest.count, 43);
  EXPECT_EQ(r.violations[0].labels, v.labels);
  EXPECT_EQ(r.violations[0].worker_id, "payments");
  EXPECT_EQ(r.violations[0].model_names, v.model_names);
  EXPECT_EQ(r.violations[0].tail.size(), 1u);
  EXPECT_EQ(r.violations[0].weight, 29);
}

TEST(Codec, AJudgementOfTheFirstVersionHasNoFindings) {
  Decision d = distinct_decision();
  Violation& violation = d.violations[0].violation;
  violation.shift.reset();
  violation.outlook.reset();
  std::string bytes = encode(d);
  // What the first version did not have: two absent options after the cadence of 28 ms.
  const size_t cadence = bytes.rfind(std::string("\x38\0\0", 3));
  ASSERT_NE(cadence, std::string::npos);
  bytes.erase(cadence + 1, 2);
  bytes.pop_back();  // what the third version has at the end: no report
  bytes[0] = 1;
  const auto read = decode_decision(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->violations[0].violation.cadence.count, 28);
  EXPECT_EQ(read->violations[0].labels, d.violations[0].labels);
  EXPECT_EQ(read->violations[0].weight, 29);
  EXPECT_FALSE(read->violations[0].violation.shift);
}

TEST(Codec, AnotherVersionIsRefusedByName) {
  std::string bytes = encode(Decision{});
  bytes[0] = 9;
  const auto read = decode_decision(bytes);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("its format is 9"), std::string::npos);
}

TEST(Codec, AnOpenAlertReadsBackWithoutWhatPeopleDid) {
  AlertRecord record;
  AlertView& view = record.view;
  view.id = {1, 2};
  view.key = {3, 4};
  view.covered_by = Id128{5, 6};
  view.covers = {{7, 8}, {9, 10}};
  view.opened = distinct_decision();
  view.latest = distinct_decision();
  view.latest.edit([](Decision& latest) { latest.summary = "later"; });
  view.opened_at = TimeMs{11};
  view.updated_at = TimeMs{12};
  view.acknowledged_by = "ada";
  record.speak_at = TimeMs{13};
  record.update_told_at = TimeMs{14};
  record.update_owed = true;
  record.rule_holds = false;
  record.told = {"ops", "hub"};
  const std::string bytes = encode(record);
  const auto read = decode_record(bytes);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(encode(*read), bytes);
  EXPECT_EQ(read->view.id, view.id);
  EXPECT_EQ(read->view.covered_by, view.covered_by);
  EXPECT_EQ(read->view.latest->summary, "later");
  EXPECT_EQ(read->view.opened_at, view.opened_at);
  EXPECT_EQ(read->speak_at, record.speak_at);
  EXPECT_EQ(read->told, record.told);
  EXPECT_TRUE(read->update_owed);
  EXPECT_FALSE(read->rule_holds);
  EXPECT_EQ(read->view.acknowledged_by, "");
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(decode_record(std::string_view(bytes).substr(0, length))) << length;
}

}  // namespace
}  // namespace tocsin::supervisor
