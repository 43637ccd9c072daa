// "Accept the new normal?" and what is said to it; what is learned, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

using What = ViolationChange::What;
using testing::IsEmpty;

constexpr TimeMs kStart{1'795'000'000'000};

const char* kYaml = R"(
workers:
  - {id: level, select: 'load', tier: kpi, models: [{kind: level}, {kind: silence}]}
  - {id: profile, select: 'bets', tier: kpi, models: [{kind: profile, season: day}]}
  - {id: senders, tier: kpi, select: [tocsin_sender], models: [{kind: silence, at_least: 5s}]}
)";

struct House {
  explicit House(uint32_t shards = 1) : rig(workers_of(kYaml), shards) {}
  // Every minute for so long, with 2 % noise.
  void send(SeriesRef ref, DurationMs length, const std::function<double(TimeMs)>& value) {
    for (const TimeMs end = now + length; now < end;) {
      now = now + minutes(1);
      rig.send(ref, now, value(now) * (1 + 0.02 * random.normal()));
    }
  }
  void send(SeriesRef ref, DurationMs length, double value) {
    send(ref, length, [value](TimeMs) { return value; });
  }
  // As a frame of its own, told to every shard.
  void answer(const Violation& violation, Answer what) {
    ++rig.lsn;
    for (Streamer& streamer : rig.streamers) {
      StreamerOutputs out;
      streamer.answer({violation.id, what, "ann"}, {Lsn{rig.lsn}, {}, 0, 0}, now, out);
      for (StreamItem& item : out.items) rig.items.push_back(std::move(item));
    }
  }
  Violation open() {
    std::vector<Violation> all;
    for (const Streamer& streamer : rig.streamers)
      for (const Violation& one : streamer.open_violations()) all.push_back(one);
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? Violation{} : all[0];
  }
  bool nothing_open() {
    return std::all_of(rig.streamers.begin(), rig.streamers.end(),
                       [](const Streamer& streamer) { return streamer.open_violations().empty(); });
  }
  const Violation& last() { return std::get<ViolationChange>(rig.items.back().what).violation; }

  Rig rig;
  TimeMs now = kStart;
  Random random{7};
};

double season(TimeMs time) {
  return 100 +
         40 * std::sin(6.283185307179586 * static_cast<double>(time.ms % 86'400'000) / 8.64e7);
}

TEST(Answer, AKpiThatIsOutOfItsBandForSixHoursAsks) {
  House house;
  const SeriesRef load = house.rig.series("load");
  house.send(load, hours(5), 100);
  house.send(load, hours(5), 200);
  EXPECT_FALSE(asks(house.open(), house.now));
  house.send(load, hours(1) + minutes(2), 200);
  EXPECT_TRUE(asks(house.open(), house.now));
  Violation evidence = house.open();
  evidence.tier = Tier::kEvidence;
  EXPECT_FALSE(asks(evidence, house.now)) << "nobody is asked about evidence";
}

TEST(Answer, AcceptedTheLevelIsTakenOverAndTheViolationEnds) {
  House house;
  const SeriesRef load = house.rig.series("load");
  house.send(load, hours(5), 100);
  house.send(load, hours(7), 200);
  house.answer(house.open(), Answer::kAccepted);
  EXPECT_EQ(house.last().state, ViolationState::kEnded);
  EXPECT_EQ(house.last().answer, Answer::kAccepted);
  EXPECT_TRUE(house.nothing_open());
  const size_t opened = house.rig.opened();
  house.send(load, hours(5), 200);
  EXPECT_EQ(house.rig.opened(), opened) << "200 is normal now, from the first point on";
  const TestView view = house.rig.streamers[0].tests(load)[0];
  EXPECT_EQ(view.state, TestView::State::kGuarded);
  EXPECT_NEAR(view.last.expected, 200, 8);
  house.send(load, minutes(5), 100);
  EXPECT_EQ(house.rig.opened(), opened + 1) << "and 100 is not";
}

TEST(Answer, KeptItStaysOpenAndDoesNotAskAgain) {
  House house;
  const SeriesRef load = house.rig.series("load");
  house.send(load, hours(5), 100);
  house.send(load, hours(7), 200);
  house.answer(house.open(), Answer::kKept);
  EXPECT_EQ(std::get<ViolationChange>(house.rig.items.back().what).what, What::kUpdated);
  house.send(load, hours(9), 200);
  EXPECT_EQ(house.open().answer, Answer::kKept);
  house.rig.restart();
  EXPECT_FALSE(asks(house.open(), house.now));
  house.send(load, hours(1), 100);
  EXPECT_TRUE(house.nothing_open());
  house.send(load, hours(7), 200);
  EXPECT_TRUE(asks(house.open(), house.now)) << "another violation is another question";
}

// The profile learns the points of the violation at their place in the day, and follows from there.
TEST(Answer, AcceptedAProfileHasItsNewLevelTheNextDayToo) {
  House house;
  const SeriesRef bets = house.rig.series("bets");
  const auto low = [](TimeMs time) { return 0.5 * season(time); };
  house.send(bets, days(6), season);
  EXPECT_EQ(house.rig.opened(), 0U);
  house.send(bets, hours(8), low);
  const Violation violation = house.open();
  EXPECT_EQ(violation.direction, Direction::kBelow);
  house.answer(violation, Answer::kAccepted);
  const size_t opened = house.rig.opened();
  house.send(bets, hours(2), low);
  EXPECT_EQ(house.rig.opened(), opened);
}

TEST(Answer, OfAnUnknownViolationMeansNothing) {
  House house;
  const SeriesRef load = house.rig.series("load");
  house.send(load, hours(5), 100);
  house.send(load, hours(1), 200);
  const size_t items = house.rig.items.size();
  Violation other = house.open();
  other.id.low ^= 1;
  house.answer(other, Answer::kAccepted);
  EXPECT_EQ(house.rig.items.size(), items);
  EXPECT_FALSE(house.nothing_open());
}

TEST(Answer, AcceptedASilentSeriesIsNotWaitedForUntilItComesBack) {
  House house;
  const SeriesRef load = house.rig.series("load");
  house.send(load, hours(5), 100);
  house.rig.advance(house.now = house.now + hours(7));
  EXPECT_TRUE(asks(house.open(), house.now));
  house.answer(house.open(), Answer::kAccepted);
  house.rig.restart();
  house.rig.advance(house.now = house.now + days(2));
  EXPECT_TRUE(house.nothing_open());
  EXPECT_EQ(house.rig.streamers[0].tests(load)[0].state, TestView::State::kAbsent);
  house.send(load, hours(1), 100);
  house.rig.advance(house.now = house.now + hours(1));
  EXPECT_EQ(house.open().direction, Direction::kSilent) << "it is guarded again";
}

TEST(Answer, AcceptedASilentSenderIsForgottenOnEveryShard) {
  for (const uint32_t shards : {1U, 3U}) {
    House house(shards);
    const std::vector<SeriesRef> what{house.rig.series("plain", {{"a", "1"}}),
                                      house.rig.series("plain", {{"a", "2"}})};
    const auto send = [&] {
      Batch batch;
      batch.sender_name = "telegraf 10.0.0.3";
      for (const SeriesRef ref : what) batch.add(ref, house.now, 5);
      house.rig.send(std::move(batch), house.now);
      house.now = house.now + seconds(10);
    };
    for (int i = 0; i < 200; ++i) send();
    house.rig.advance(house.now = house.now + hours(7));
    EXPECT_TRUE(asks(house.open(), house.now));
    house.answer(house.open(), Answer::kKept);
    EXPECT_FALSE(asks(house.open(), house.now));
    house.answer(house.open(), Answer::kAccepted);
    EXPECT_TRUE(house.nothing_open());
    house.rig.restart();
    house.rig.advance(house.now = house.now + days(2));
    EXPECT_TRUE(house.nothing_open());
    for (int i = 0; i < 200; ++i) send();
    house.rig.advance(house.now = house.now + hours(1));
    EXPECT_EQ(house.open().direction, Direction::kSilent);
  }
}

TEST(Answer, IsTheSameAfterARestartBefore) {
  std::vector<std::string> expected;
  for (const bool restart : {false, true}) {
    House house;
    const SeriesRef bets = house.rig.series("bets");
    house.send(bets, days(3), season);
    house.send(bets, hours(7), [](TimeMs time) { return 0.5 * season(time); });
    if (restart) house.rig.restart();
    house.answer(house.open(), Answer::kAccepted);
    house.send(bets, days(1), [](TimeMs time) { return 0.5 * season(time); });
    std::vector<std::string> got;
    for (const StreamItem& item : house.rig.items) got.push_back(house.rig.full(item));
    if (restart) {
      EXPECT_EQ(got, expected);
    }
    expected = got;
  }
}

TEST(AnswerNote, ReadsWhatItWrites) {
  const Id128 id = hash128("x");
  for (const Answer answer : {Answer::kAccepted, Answer::kKept}) {
    const auto read = read_answer_note(answer_note({id, answer, "ann of ops"}));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->violation, id);
    EXPECT_EQ(read->answer, answer);
    EXPECT_EQ(read->by, "ann of ops");
  }
  for (const char* text : {"", "answer", "answer accepted", "answer accepted 12", "checkpoint",
                           "answer maybe 00000000000000000000000000000001 x",
                           "answer kept 0000000000000000000000000000000g x"})
    EXPECT_FALSE(read_answer_note(text)) << text;
}

double width(const Rig& rig, SeriesRef ref) {
  const TestView view = rig.streamers[0].tests(ref)[0];
  return view.last.upper - view.last.lower;
}

// The first point outside must not widen the band that the second is held against.
TEST(Learning, AKpiLearnsNothingFromPointsOutsideUntilItIsKnownWhatTheyAre) {
  for (const char* name : {"load", "bets"}) {
    House house;
    const SeriesRef ref = house.rig.series(name);
    house.send(ref, days(3), 100);
    house.send(ref, minutes(1), 100);
    const double before = width(house.rig, ref);
    house.send(ref, minutes(1), 400);
    house.rig.send(ref, house.now = house.now + minutes(1), 100);
    EXPECT_NEAR(width(house.rig, ref), before, 0.005 * before) << name;
    EXPECT_EQ(house.rig.opened(), 0U);
    // No violation came of it: it is learned once it does not count for one any more.
    house.send(ref, minutes(4), 100);
    EXPECT_GT(width(house.rig, ref), before * 1.005) << name;
  }
}

TEST(Learning, WhatIsHeldSurvivesARestart) {
  std::vector<std::string> expected;
  for (const bool restart : {false, true}) {
    House house;
    const SeriesRef ref = house.rig.series("load");
    house.send(ref, hours(5), 100);
    house.send(ref, minutes(1), 400);
    if (restart) house.rig.restart();
    house.send(ref, hours(1), 100);
    house.send(ref, minutes(5), 300);
    std::vector<std::string> got;
    for (const StreamItem& item : house.rig.items) got.push_back(house.rig.full(item));
    if (restart) {
      EXPECT_EQ(got, expected);
    }
    expected = got;
  }
}

}  // namespace
}  // namespace tocsin::streamer
