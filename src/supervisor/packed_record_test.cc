#include "supervisor/packed_record.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>

namespace tocsin::supervisor {
namespace {

Decision told(const std::string& name, int number) {
  Decision out;
  out.time = {1'700'000'000'000 + number};
  out.alert_key = hash128(fmt::format("{} {}", name, number));
  out.rule_id = name;
  out.severity = Severity::kHigh;
  out.scope = Labels({Labels::Pair{"alertname", name},
                      {"job", "node"},
                      {"instance", fmt::format("host-{:06}.example.com:9100", number)}});
  out.summary = fmt::format("host-{:06} is short of disk space", number);
  out.description = "less than 10 % of /var is free for 10 minutes";
  out.annotations = {{"runbook", "https://runbooks.example.com/disk"}};
  out.report = std::make_shared<const Report>(
      Report{"alertmanager",
             "http://prometheus.example.com:9090/graph?g0.expr=node_free",
             out.time,
             {},
             false});
  return out;
}

AlertRecord record_of(const std::string& name, int number) {
  AlertRecord out;
  out.view.opened = told(name, number);
  out.view.latest = out.view.opened;
  out.view.id = hash128(fmt::format("id {}", number));
  out.view.key = out.view.opened->alert_key;
  out.view.opened_at = out.view.opened->time;
  out.view.updated_at = out.view.opened_at;
  return out;
}

Escalation reminder() {
  Escalation out;
  EscalationPolicy policy;
  policy.name = "high";
  policy.steps.push_back({minutes(60), {}, true});
  out.policy = std::make_shared<const EscalationPolicy>(policy);
  out.state = Escalation::State::kRunning;
  out.begun = {24};
  out.due = {25};
  out.assigned_to = "ben";
  return out;
}

// A value of its own in every field that may be kept.
AlertRecord distinct_record() {
  AlertRecord out = record_of("DiskSpace", 7);
  AlertView& view = out.view;
  view.latest.edit([](Decision& latest) {
    latest.severity = Severity::kCritical;
    latest.summary = "worse";
  });
  view.updated_at = {1};
  view.acknowledged_by = "ann";
  view.acknowledged_at = {2};
  view.silenced_by = "s1";
  view.silenced_until = {3};
  view.covered_by = Id128{4, 5};
  view.covers = {{6, 7}, {8, 9}};
  view.notes = {{{10}, "ben", "looking"}, {{11}, "ann", "found"}};
  view.groups = {{12, 13}};
  view.flapping_since = {14};
  view.flap_changes = 15;
  view.escalation = std::make_shared<const Escalation>(reminder());
  out.told = {"hub", "mail"};
  out.speak_at = {16};
  out.update_told_at = {17};
  out.update_owed = true;
  out.spoke_at = {18};
  out.answered = true;
  out.rule_holds = false;
  out.history_count = 19;
  out.life = true;
  out.repeat_at = {20};
  out.repeats = 21;
  out.flaps = {{22}, {23}};
  return out;
}

void expect_same(const AlertView& a, const AlertView& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.opened->scope, b.opened->scope);
  EXPECT_EQ(a.opened->summary, b.opened->summary);
  EXPECT_EQ(a.opened->annotations, b.opened->annotations);
  EXPECT_EQ(*a.opened->report, *b.opened->report);
  EXPECT_EQ(a.latest->summary, b.latest->summary);
  EXPECT_EQ(a.latest->severity, b.latest->severity);
  EXPECT_EQ(a.latest.same(a.opened), b.latest.same(b.opened));
  EXPECT_EQ(a.opened_at, b.opened_at);
  EXPECT_EQ(a.updated_at, b.updated_at);
  EXPECT_EQ(a.acknowledged_by, b.acknowledged_by);
  EXPECT_EQ(a.acknowledged_at, b.acknowledged_at);
  EXPECT_EQ(a.silenced_by, b.silenced_by);
  EXPECT_EQ(a.silenced_until, b.silenced_until);
  EXPECT_EQ(a.covered_by, b.covered_by);
  EXPECT_EQ(a.covers, b.covers);
  ASSERT_EQ(a.notes.size(), b.notes.size());
  for (size_t i = 0; i < a.notes.size(); ++i) {
    EXPECT_EQ(a.notes[i].time, b.notes[i].time);
    EXPECT_EQ(a.notes[i].who, b.notes[i].who);
    EXPECT_EQ(a.notes[i].text, b.notes[i].text);
  }
  EXPECT_EQ(a.groups, b.groups);
  ASSERT_EQ(a.escalation == nullptr, b.escalation == nullptr);
  if (a.escalation) {
    EXPECT_EQ(*a.escalation, *b.escalation);
  }
  EXPECT_EQ(a.flapping_since, b.flapping_since);
  EXPECT_EQ(a.flap_changes, b.flap_changes);
}

void expect_same(const AlertRecord& a, const AlertRecord& b) {
  expect_same(a.view, b.view);
  EXPECT_EQ(a.told, b.told);
  EXPECT_EQ(a.speak_at, b.speak_at);
  EXPECT_EQ(a.update_told_at, b.update_told_at);
  EXPECT_EQ(a.update_owed, b.update_owed);
  EXPECT_EQ(a.spoke_at, b.spoke_at);
  EXPECT_EQ(a.answered, b.answered);
  EXPECT_EQ(a.rule_holds, b.rule_holds);
  EXPECT_EQ(a.history_count, b.history_count);
  EXPECT_EQ(a.life, b.life);
  EXPECT_EQ(a.repeat_at, b.repeat_at);
  EXPECT_EQ(a.repeats, b.repeats);
  EXPECT_EQ(a.flaps, b.flaps);
}

TEST(PackedRecord, WhatIsPackedReadsBackWhole) {
  RecordPacker packer;
  for (const AlertRecord& record : {record_of("DiskSpace", 1), record_of("DiskSpace", 2),
                                    record_of("Other", 3), distinct_record()}) {
    const PackedRecord packed = packer.pack(record);
    ASSERT_TRUE(packed);
    expect_same(*packed.unpack(record.view.id), record);
    EXPECT_EQ(packed.rank(record.view.id), rank_of(record.view));
    EXPECT_EQ(packed.rule(), record.view.opened->rule_id);
  }
}

TEST(PackedRecord, IsSmallBesideOthersOfItsName) {
  RecordPacker packer;
  const PackedRecord first = packer.pack(record_of("DiskSpace", 1));
  EXPECT_LT(packer.pack(record_of("DiskSpace", 2)).bytes(), 192U);
}

TEST(PackedRecord, SomeStayWhole) {
  struct Case {
    std::string name;
    std::function<void(AlertRecord&)> change;
  };
  RecordPacker packer;
  for (const Case& one : {
           Case{"a rule's",
                [](AlertRecord& r) { r.view.opened.edit([](Decision& d) { d.report.reset(); }); }},
           Case{"assigned, without a policy",
                [](AlertRecord& r) { r.view.escalation = std::make_shared<const Escalation>(); }},
           Case{"somebody was called",
                [](AlertRecord& r) {
                  Escalation called = reminder();
                  called.calls.emplace_back();
                  r.view.escalation = std::make_shared<const Escalation>(called);
                }},
           Case{"called for together with another",
                [](AlertRecord& r) {
                  Escalation follows = reminder();
                  follows.state = Escalation::State::kFollows;
                  follows.with = {1, 2};
                  r.view.escalation = std::make_shared<const Escalation>(follows);
                }},
           Case{"shelved",
                [](AlertRecord& r) { r.view.shelf = std::make_shared<const AlertShelf>(); }},
           Case{"closed", [](AlertRecord& r) { r.view.state = AlertState::kResolved; }},
           Case{"long",
                [](AlertRecord& r) {
                  r.view.notes.push_back({{1}, "ann", std::string(40'000, 'x')});
                }},
       }) {
    AlertRecord record = record_of("DiskSpace", 1);
    one.change(record);
    EXPECT_FALSE(packer.pack(record)) << one.name;
  }
}

TEST(PackedRecord, ItsDictionaryOutlivesTheFirstAndGoesWithTheLast) {
  RecordPacker packer;
  auto first = std::make_optional(packer.pack(record_of("DiskSpace", 1)));
  const PackedRecord second = packer.pack(record_of("DiskSpace", 2));
  first.reset();
  const PackedRecord copy = second;
  expect_same(*copy.unpack(hash128("id 2")), record_of("DiskSpace", 2));
  for (int i = 0; i < 1000; ++i) packer.pack(record_of(fmt::format("name {}", i), i));
  EXPECT_LT(packer.dictionaries(), 130U);  // those that nobody needs were dropped
}

}  // namespace
}  // namespace tocsin::supervisor
