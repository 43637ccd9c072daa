#include "oncall/record.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <filesystem>

#include "oncall/test_roster.h"

namespace tocsin::oncall {
namespace {

constexpr const char* kDaily =
    "schedules:\n  - name: s\n    layers: [{people: [ana, bob], rotate: daily, hand_off: '00:00', "
    "start: 2026-01-05}]\n";

OnCall daily(const std::string& people = "[ana, bob]") {
  std::string yaml = std::string(kThreePeople) + kDaily;
  const std::string was = "people: [ana, bob]";
  yaml.replace(yaml.find(was), was.size(), "people: " + people);
  return OnCall(test_roster(yaml), {});
}

std::string text(const std::vector<Stretch>& rows) {
  std::string out;
  for (const Stretch& row : rows) {
    out += to_iso(row.begin) + " " + (row.end == kTimeMax ? "open" : to_iso(row.end));
    for (const std::string& person : row.people) out += " " + person;
    out += "\n";
  }
  return out;
}

std::string text(const std::vector<HandOver>& hand_overs) {
  const auto names = [](const std::vector<std::string>& all) {
    std::string out;
    for (const std::string& one : all) out += " " + one;
    return out;
  };
  std::string out;
  for (const HandOver& one : hand_overs)
    out += to_iso(one.at) + " off" + names(one.off) + " on" + names(one.on) + " until " +
           to_iso(one.until) + "\n";
  return out;
}

TEST(Recorder, WritesWhatBegins) {
  Recorder recorder;
  const auto first = recorder.step(daily(), at("2026-01-05T12:00:00Z"));
  EXPECT_EQ(text(first.rows), "2026-01-05T12:00:00Z 2026-01-06T00:00:00Z ana\n");
  EXPECT_TRUE(first.hand_overs.empty()) << "nobody came or went: we only began to look";
  EXPECT_EQ(to_iso(recorder.next_due()), "2026-01-06T00:00:00Z");
  EXPECT_TRUE(recorder.step(daily(), at("2026-01-05T23:59:59Z")).rows.empty());
  const auto second = recorder.step(daily(), at("2026-01-06T00:00:01Z"));
  EXPECT_EQ(text(second.rows), "2026-01-06T00:00:00Z 2026-01-07T00:00:00Z bob\n");
  EXPECT_EQ(text(second.hand_overs),
            "2026-01-06T00:00:00Z off ana on bob until 2026-01-07T00:00:00Z\n");
}

TEST(Recorder, AChangeOfFilesCountsFromNowOn) {
  Recorder recorder;
  recorder.step(daily(), at("2026-01-05T12:00:00Z"));
  const auto changed = recorder.step(daily("[cy, bob]"), at("2026-01-05T13:00:00Z"));
  EXPECT_EQ(text(changed.rows),
            "2026-01-05T12:00:00Z 2026-01-05T13:00:00Z ana\n"
            "2026-01-05T13:00:00Z 2026-01-06T00:00:00Z cy\n");
  EXPECT_EQ(text(changed.hand_overs),
            "2026-01-05T13:00:00Z off ana on cy until 2026-01-06T00:00:00Z\n");
}

TEST(Recorder, WhatIsChangedLaterInTheDayOnlyMovesTheEnd) {
  Recorder recorder;
  recorder.step(daily("[ana]"), at("2026-01-05T12:00:00Z"));
  const auto changed = recorder.step(daily(), at("2026-01-05T13:00:00Z"));
  EXPECT_EQ(text(changed.rows), "2026-01-05T12:00:00Z 2026-01-06T00:00:00Z ana\n");
  EXPECT_TRUE(changed.hand_overs.empty());
}

TEST(Recorder, TimeWithoutTheProgramIsFilledIn) {
  Recorder before;
  const auto first = before.step(daily(), at("2026-01-05T12:00:00Z"));
  Recorder after({first.rows.back()});
  const auto filled = after.step(daily(), at("2026-01-08T06:00:00Z"));
  EXPECT_EQ(text(filled.rows),
            "2026-01-06T00:00:00Z 2026-01-07T00:00:00Z bob\n"
            "2026-01-07T00:00:00Z 2026-01-08T00:00:00Z ana\n"
            "2026-01-08T00:00:00Z 2026-01-09T00:00:00Z bob\n");
  EXPECT_EQ(text(filled.hand_overs),
            "2026-01-08T00:00:00Z off ana on bob until 2026-01-09T00:00:00Z\n")
      << "only the last is news";
}

TEST(Recorder, AScheduleThatIsRemovedEnds) {
  Recorder recorder;
  recorder.step(daily(), at("2026-01-05T12:00:00Z"));
  const auto gone =
      recorder.step(OnCall(test_roster(kThreePeople), {}), at("2026-01-05T15:00:00Z"));
  EXPECT_EQ(text(gone.rows), "2026-01-05T12:00:00Z 2026-01-05T15:00:00Z ana\n");
  EXPECT_EQ(recorder.next_due(), kTimeMax);
}

TEST(Recorder, AClockThatGoesBackRewritesNothing) {
  Recorder recorder;
  recorder.step(daily(), at("2026-01-06T00:00:01Z"));
  EXPECT_TRUE(recorder.step(daily("[cy]"), at("2026-01-05T12:00:00Z")).rows.empty());
}

class RecordTables : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(path_);
    auto opened = state::Database::open(path_ + "/state", {.power_cut_safe = false});
    ASSERT_TRUE(opened) << opened.error().text();
    database_.emplace(std::move(*opened));
    ASSERT_TRUE(state::migrate(*database_, record_migrations()));
    ASSERT_TRUE(state::migrate(*database_, override_migrations()));
  }
  void TearDown() override {
    database_.reset();
    std::filesystem::remove_all(path_);
  }
  void write(const std::vector<Stretch>& rows, const char* now) {
    auto transaction = database_->begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(write_stretches(*transaction, rows, at(now)));
    ASSERT_TRUE(transaction->commit());
  }
  const std::string path_ = testing::TempDir() + "oncall_record_test";
  std::optional<state::Database> database_;
};

TEST_F(RecordTables, GiveBackWhatWasWritten) {
  const Stretch first{"s", at("2026-01-05"), at("2026-01-07"), {"ana", "bob"}};
  Stretch shorter = first;
  shorter.end = at("2026-01-06");
  const Stretch nobody{"s", at("2026-01-06"), kTimeMax, {}};
  write({first}, "2026-01-06");
  write({shorter, nobody}, "2026-01-06");
  const auto read = read_stretches(*database_, "s", at("2026-01-05T12:00:00Z"), at("2026-01-10"));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(*read, (std::vector<Stretch>{shorter, nobody}));
  EXPECT_EQ(*newest_stretches(*database_), std::vector<Stretch>{nobody});
  EXPECT_TRUE(read_stretches(*database_, "t", at("2026-01-05"), at("2026-01-10"))->empty());
  write({}, "2036-01-06");
  EXPECT_EQ(*read_stretches(*database_, "s", kTimeMin, kTimeMax), std::vector<Stretch>{nobody});
}

TEST_F(RecordTables, OverridesAreReadAsWrittenAndTakenBack) {
  Override one;
  one.id = "a1";
  one.schedule = "s";
  one.kind = Override::Kind::kTakeOver;
  one.from = at("2026-01-06");
  one.to = at("2026-01-08");
  one.person = "cy";
  one.instead_of = "ana";
  one.reason = "dentist";
  one.by = "ana";
  one.created = at("2026-01-05");
  for (int i = 0; i < 2; ++i) {
    auto transaction = database_->begin();
    ASSERT_TRUE(write_override(*transaction, one));
    ASSERT_TRUE(transaction->commit());
    const auto read = read_overrides(*database_, at("2026-01-07"));
    ASSERT_TRUE(read);
    ASSERT_EQ(read->size(), 1u);
    EXPECT_EQ(read->front().kind, Override::Kind::kTakeOver);
    EXPECT_EQ(read->front().reason, "dentist");
    EXPECT_EQ(read->front().end(), i == 0 ? one.to : at("2026-01-07"));
    one.ended_at = at("2026-01-07");
    one.ended_by = "bob";
  }
  EXPECT_TRUE(read_overrides(*database_, at("2026-01-08"))->empty());
}

TEST(KnownShifts, ThePastIsTheRecordTheFutureIsThePlan) {
  const std::vector<Stretch> recorded{{"s", at("2026-01-05"), at("2026-01-06"), {"cy"}},
                                      {"s", at("2026-01-06"), at("2026-01-07"), {}},
                                      {"s", at("2026-01-07"), at("2026-01-08"), {"ana"}}};
  const auto planned = daily().shifts("s", at("2026-01-05"), at("2026-01-10"));
  const auto known = known_shifts(recorded, planned, at("2026-01-05"), at("2026-01-07T12:00:00Z"));
  EXPECT_EQ(texts(known.shifts),
            "2026-01-05T00:00:00Z 2026-01-06T00:00:00Z cy\n"
            "2026-01-07T00:00:00Z 2026-01-08T00:00:00Z ana\n"
            "2026-01-08T00:00:00Z 2026-01-09T00:00:00Z bob\n"
            "2026-01-09T00:00:00Z 2026-01-10T00:00:00Z ana\n");
  EXPECT_EQ(known.recorded_from, at("2026-01-05"));
  const auto unknown = known_shifts({}, planned, at("2026-01-05"), at("2026-01-07T12:00:00Z"));
  EXPECT_EQ(unknown.shifts, planned) << "what was never recorded stands as planned";
  EXPECT_EQ(unknown.recorded_from, kTimeMax);
}

// However often it is asked, the record is one row after the other, and what counts at every
// instant is what the plan of that instant said.
RC_GTEST_PROP(Recorder, TheRecordFollowsThePlanOfItsTime, ()) {
  Recorder recorder;
  std::map<TimeMs, Stretch> written;
  TimeMs now = at("2026-01-05");
  const OnCall plans[] = {daily(), daily("[bob, cy]"), daily("[ana, bob, cy]")};
  for (int i = 0; i < 12; ++i) {
    const OnCall& plan = plans[*rc::gen::inRange(0, 3)];
    now = now + minutes(*rc::gen::inRange(1, 3000));
    for (const Stretch& row : recorder.step(plan, now).rows) written[row.begin] = row;
    const Stretch& last = written.rbegin()->second;
    RC_ASSERT(last.begin <= now && now < last.end);
    RC_ASSERT(last.people == plan.on_call("s", now));
    TimeMs end = written.begin()->first;
    for (const auto& [begin, row] : written) {
      RC_ASSERT(begin == end);
      end = row.end;
    }
  }
}

}  // namespace
}  // namespace tocsin::oncall
