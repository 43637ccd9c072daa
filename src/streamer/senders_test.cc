// All series of one sender silent at once is one violation, of the sender.
#include "streamer/senders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr TimeMs kStart{1'795'000'000'000};
constexpr DurationMs kEvery = seconds(10);
const std::string kTelegraf = "telegraf 10.0.0.3";

const char* kYaml = R"(
workers:
  - {id: kpi, select: ['bets', 'slow'], tier: kpi, models: [{kind: level}, {kind: silence}]}
  - {id: errors, select: 'errors', missing: zero}
  - {id: sums, select: ['load'], aggregate: {op: sum, by: [site], every: 10s}, missing: violation}
  - {id: senders, tier: kpi, select: [tocsin_sender], models: [{kind: silence, at_least: 5s}]}
)";

// Some senders and what they send.
struct Office {
  explicit Office(uint32_t shards = 1, const std::string& yaml = kYaml,
                  std::vector<SeriesSelector> awaited = {})
      : rig(workers_of(yaml)->awaiting(std::move(awaited)), shards) {
    for (const char* site : {"a", "b"}) bets.push_back(series("bets", site));
  }
  SeriesRef series(std::string_view name, std::string_view site) {
    return rig.series(name, {{"site", std::string(site)}, {"host", "web-3"}});
  }
  // Every 10 s for so long; the clock goes on in between.
  void send(const std::string& sender, const std::vector<SeriesRef>& what, DurationMs length,
            BatchKind kind = BatchKind::kLive) {
    for (const TimeMs end = now + length; now < end;) {
      now = now + kEvery;
      once(sender, what, kind);
      rig.advance(now + seconds(3));
    }
  }
  void once(const std::string& sender, const std::vector<SeriesRef>& what,
            BatchKind kind = BatchKind::kLive) {
    Batch batch;
    batch.kind = kind;
    batch.sender_name = sender;
    for (const SeriesRef ref : what) {
      const bool errors = rig.table.labels(ref).name() == "errors";
      batch.add(ref, now, errors ? 0 : 100 + static_cast<double>(now.ms % 7));
    }
    rig.send(std::move(batch), now);
  }
  void nothing(DurationMs length) {
    for (const TimeMs end = now + length; now < end;) rig.advance(now = now + kEvery);
  }
  // What was said of violations since the last call.
  std::vector<std::string> said() {
    std::vector<std::string> out;
    for (; seen < rig.items.size(); ++seen)
      if (std::holds_alternative<ViolationChange>(rig.items[seen].what))
        out.push_back(rig.line(rig.items[seen]));
    return out;
  }

  Rig rig;
  std::vector<SeriesRef> bets;
  TimeMs now = kStart;
  size_t seen = 0;
};

const std::string kSilent =
    "opened silent tocsin_sender{host=\"web-3\",sender=\"telegraf 10.0.0.3\"} by senders";
const std::string kBack =
    "ended silent tocsin_sender{host=\"web-3\",sender=\"telegraf 10.0.0.3\"} by senders";

TEST(SenderSilence, IsOneViolationUntilTheSenderIsBack) {
  Office office;
  office.send(kTelegraf, office.bets, minutes(30));
  const TimeMs last = office.now;
  office.nothing(hours(2));
  EXPECT_THAT(office.said(), ElementsAre(kSilent));
  const Violation violation = office.rig.changes(ViolationChange::What::kOpened)[0]->violation;
  EXPECT_EQ(violation.opened, last);
  EXPECT_EQ(violation.last.value, 2);
  EXPECT_EQ(violation.cadence, kEvery);
  EXPECT_EQ(violation.tier, Tier::kKpi);
  // Unknown, not fine: that is said of each series.
  size_t absent = 0;
  for (const std::string& line : office.rig.lines()) absent += line.starts_with("absent bets");
  EXPECT_EQ(absent, 2U);
  office.send(kTelegraf, office.bets, minutes(30));
  EXPECT_THAT(office.said(), ElementsAre(kBack));
}

// A rule with `direction: silent` on a series must not stay quiet because more is silent than that.
TEST(SenderSilence, ASeriesWhoseSilenceARuleWaitsForIsToldBesides) {
  Office office(1, kYaml, {*SeriesSelector::parse("bets{site=\"b\"}")});
  office.send(kTelegraf, office.bets, minutes(30));
  office.nothing(hours(1));
  EXPECT_THAT(office.said(), UnorderedElementsAre(
                                 "opened silent bets{host=\"web-3\",site=\"b\"} by kpi", kSilent));
  office.send(kTelegraf, office.bets, minutes(30));
  EXPECT_THAT(office.said(),
              UnorderedElementsAre("ended silent bets{host=\"web-3\",site=\"b\"} by kpi", kBack));
}

TEST(SenderSilence, SomeOfItsSeriesSilentAreViolationsOfTheirOwn) {
  Office office;
  office.send(kTelegraf, office.bets, minutes(30));
  office.send(kTelegraf, {office.bets[0]}, minutes(30));
  EXPECT_THAT(office.said(), ElementsAre("opened silent bets{host=\"web-3\",site=\"b\"} by kpi"));
  // The rest of them follows.
  office.nothing(hours(1));
  EXPECT_THAT(office.said(), ElementsAre(kSilent));
}

TEST(SenderSilence, ASeriesThatStaysAwayWhenItsSenderIsBackIsSilent) {
  Office office;
  office.send(kTelegraf, office.bets, minutes(30));
  office.nothing(hours(1));
  EXPECT_THAT(office.said(), ElementsAre(kSilent));
  office.send(kTelegraf, {office.bets[0]}, kEvery);
  EXPECT_THAT(office.said(), ElementsAre(kBack));
  office.send(kTelegraf, {office.bets[0]}, kEvery);
  EXPECT_THAT(office.said(), IsEmpty()) << "two cadences to come back";
  office.send(kTelegraf, {office.bets[0]}, kEvery);
  EXPECT_THAT(office.said(), ElementsAre("opened silent bets{host=\"web-3\",site=\"b\"} by kpi"));
}

// A series that comes less often than its sender is not overdue when the sender stops.
TEST(SenderSilence, CoversSeriesThatWouldBeOverdueLater) {
  Office office;
  const SeriesRef slow = office.series("slow", "a");
  for (int i = 0; i < 24; ++i) {
    office.send(kTelegraf, office.bets, minutes(5) - kEvery);
    office.send(kTelegraf, {office.bets[0], office.bets[1], slow}, kEvery);
  }
  office.send(kTelegraf, office.bets, minutes(4));
  office.nothing(hours(2));
  EXPECT_THAT(office.said(), ElementsAre(kSilent));
}

TEST(SenderSilence, TheOnlySeriesOfASenderSpeaksForItself) {
  Office office;
  office.send(kTelegraf, {office.bets[0]}, minutes(30));
  office.nothing(hours(1));
  EXPECT_THAT(office.said(), ElementsAre("opened silent bets{host=\"web-3\",site=\"a\"} by kpi"));
}

TEST(SenderSilence, OfOneSeriesThatNoWorkerAsksAfterIsTheSenders) {
  Office office;
  office.send(kTelegraf, {office.series("plain", "a")}, minutes(30));
  office.nothing(hours(1));
  EXPECT_THAT(office.said(), ElementsAre(testing::StartsWith("opened silent tocsin_sender")));
}

TEST(SenderSilence, SiteAndHostAreThoseOfAllItsSeries) {
  Office office;
  office.send(kTelegraf, {office.bets[0], office.series("plain", "a")}, minutes(30));
  office.nothing(hours(1));
  EXPECT_THAT(office.said(),
              ElementsAre("opened silent tocsin_sender{host=\"web-3\",sender=\"telegraf "
                          "10.0.0.3\",site=\"a\"} by senders"));
}

TEST(SenderSilence, OthersGoOnAndSayNothingForIt) {
  Office office;
  const std::vector<SeriesRef> theirs{office.series("bets", "c"), office.series("bets", "d")};
  for (int i = 0; i < 360; ++i) {
    office.send(kTelegraf, office.bets, kEvery);
    office.once("telegraf 10.0.0.4", theirs);
  }
  for (int i = 0; i < 360; ++i) {
    office.nothing(kEvery);
    office.once("telegraf 10.0.0.4", theirs);
  }
  EXPECT_THAT(office.said(), ElementsAre(kSilent));
}

TEST(SenderSilence, EndsWhenAnotherSenderTakesItsSeriesOver) {
  Office office;
  office.send(kTelegraf, office.bets, minutes(30));
  office.nothing(minutes(5));
  EXPECT_THAT(office.said(), ElementsAre(kSilent));
  office.send("telegraf 10.0.0.77", office.bets, minutes(30));
  EXPECT_THAT(office.said(), ElementsAre(kBack));
}

TEST(SenderSilence, EndsWhenTheSenderHasBeenGoneForAWeek) {
  Office office;
  office.send(kTelegraf, office.bets, minutes(30));
  office.nothing(minutes(5));
  EXPECT_THAT(office.said(), ElementsAre(kSilent));
  office.now = office.now + days(6);
  office.nothing(minutes(1));
  EXPECT_THAT(office.said(), IsEmpty());
  office.now = office.now + days(1);
  office.nothing(minutes(1));
  EXPECT_THAT(office.said(), ElementsAre(kBack));
  office.send(kTelegraf, office.bets, minutes(30));
  office.nothing(minutes(5));
  EXPECT_THAT(office.said(), ElementsAre(kSilent)) << "it begins anew";
}

TEST(SenderSilence, TwoCadencesPassAfterAnInterruptionOfOurOwn) {
  Office office;
  office.send(kTelegraf, office.bets, minutes(30));
  office.now = office.now + hours(3);
  for (Streamer& streamer : office.rig.streamers) streamer.interrupted(office.now);
  office.nothing(seconds(10));
  EXPECT_THAT(office.said(), IsEmpty());
  office.nothing(seconds(20));
  EXPECT_THAT(office.said(), ElementsAre(kSilent));
}

TEST(SenderSilence, SwitchedOffEachSeriesIsSilentByItself) {
  const std::string yaml = kYaml;
  Office office(1, yaml.substr(0, yaml.find("  - {id: senders")));
  office.send(kTelegraf, office.bets, minutes(30));
  office.nothing(hours(1));
  EXPECT_EQ(office.said().size(), 2U);
}

// A zero for each cadence says "no errors", which nobody knows while the sender is away.
TEST(SenderSilence, NoZerosAreMadeUpForASenderThatIsSilent) {
  Office office;
  const SeriesRef errors = office.series("errors", "a");
  std::vector<SeriesRef> all = office.bets;
  all.push_back(errors);
  office.send(kTelegraf, all, minutes(30));
  const TimeMs last = office.now;
  office.nothing(hours(1));
  const TestView away = office.rig.streamers[0].tests(errors)[0];
  EXPECT_EQ(away.state, TestView::State::kAbsent);
  EXPECT_EQ(away.last.time, last);
  office.send(kTelegraf, office.bets, minutes(10));  // no errors any more
  const TestView back = office.rig.streamers[0].tests(errors)[0];
  EXPECT_EQ(back.state, TestView::State::kGuarded);
  EXPECT_EQ(back.last.value, 0);
  EXPECT_GT(back.last.time, office.now - minutes(1)) << "none for the time it was away";
}

// The result of an aggregate is silent with the members that were sent.
TEST(SenderSilence, CoversWhatIsMadeOfItsSeries) {
  Office office;
  std::vector<SeriesRef> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(office.rig.series("load", {{"site", "a"}, {"host", "h" + std::to_string(i)}}));
  office.send(kTelegraf, all, minutes(30));
  office.nothing(hours(1));
  EXPECT_THAT(office.said(),
              ElementsAre("opened silent tocsin_sender{sender=\"telegraf 10.0.0.3\",site=\"a\"} by "
                          "senders"));
}

// Whoever sends by hand, once or history is not waited for.
struct Occasional {
  const char* name;
  std::vector<int64_t> gaps_s;  // again and again
  int times;
  BatchKind kind;
  bool watched;
};
class SenderKinds : public testing::TestWithParam<Occasional> {};

TEST_P(SenderKinds, AreSilentOnlyIfTheySentRegularly) {
  Office office;
  const std::vector<SeriesRef> what{office.series("plain", "a"), office.series("plain", "b")};
  for (int i = 0; i < GetParam().times; ++i) {
    const auto& gaps = GetParam().gaps_s;
    office.now = office.now + seconds(gaps[static_cast<size_t>(i) % gaps.size()]);
    office.once("curl 127.0.0.1", what, GetParam().kind);
  }
  office.nothing(days(2));
  EXPECT_EQ(office.said().size(), GetParam().watched ? 1U : 0U);
}

INSTANTIATE_TEST_SUITE_P(
    All, SenderKinds,
    testing::Values(
        Occasional{"once", {1}, 1, BatchKind::kLive, false},
        Occasional{"by_hand", {3, 40, 7, 900, 20, 4, 300, 2000}, 200, BatchKind::kLive, false},
        Occasional{"upload_of_minutes", {1}, 500, BatchKind::kLive, false},
        Occasional{"import", {10}, 500, BatchKind::kImport, false},
        Occasional{"cron_each_minute", {60}, 40, BatchKind::kLive, true},
        Occasional{"cron_each_minute_for_nine", {60}, 9, BatchKind::kLive, false},
        Occasional{"bursts", {0, 0, 0, 10}, 800, BatchKind::kLive, true},
        Occasional{"jitter", {9, 11, 10, 8, 12}, 200, BatchKind::kLive, true},
        Occasional{"uneven_below_two_seconds", {1, 2, 1, 1}, 2000, BatchKind::kLive, true}),
    [](const auto& row) { return row.param.name; });

TEST(Senders, BurstsHaveTheIntervalBetweenThem) {
  Sender sender;
  TimeMs now = kStart;
  for (int burst = 0; burst < 300; ++burst) {
    for (int i = 0; i < 20; ++i) sender.heard(now + milliseconds(5 * i), kTimeMin);
    now = now + kEvery;
  }
  EXPECT_TRUE(sender.regular());
  EXPECT_NEAR(sender.gap_s, 9.9, 0.2);
}

TEST(Senders, FollowOneThatSendsMoreOftenThanBefore) {
  Sender sender;
  TimeMs now = kStart;
  for (int i = 0; i < 100; ++i) sender.heard(now = now + minutes(1), kTimeMin);
  for (int i = 0; i < 1000; ++i) sender.heard(now = now + seconds(5), kTimeMin);
  EXPECT_TRUE(sender.regular());
  EXPECT_NEAR(sender.gap_s, 5, 0.5);
}

// Another interval is no row of silences.
TEST(Senders, FollowOneThatSendsMoreSeldomThanBefore) {
  Office office;
  office.send(kTelegraf, office.bets, minutes(30));
  for (int i = 0; i < 120; ++i) {
    office.nothing(seconds(50));
    office.send(kTelegraf, office.bets, kEvery);
  }
  size_t silent = 0;
  for (const std::string& line : office.said()) silent += line == kSilent;
  EXPECT_GE(silent, 1U);
  EXPECT_LE(silent, 3U);
  office.nothing(hours(1));
  EXPECT_THAT(office.said(), ElementsAre(kSilent));
}

TEST(Senders, TheLongestUnheardAreForgottenButNoneThatIsSilent) {
  Senders senders(100);
  for (int i = 0; i < 100; ++i) {
    const uint32_t one = senders.find_or_add("s" + std::to_string(i));
    senders[one].last = kStart + seconds(i);
    senders[one].silent = i < 3;
    senders.assign({static_cast<uint32_t>(i)}, one);
  }
  ASSERT_NE(senders.find_or_add("new"), Senders::kNobody);
  EXPECT_LE(senders.known(), 100U);
  for (const char* kept : {"s0", "s1", "s2", "s99", "new"}) EXPECT_TRUE(senders.find(kept)) << kept;
  EXPECT_FALSE(senders.find("s3"));
  EXPECT_EQ(senders.of({3}), Senders::kNobody);
  EXPECT_NE(senders.of({50}), Senders::kNobody);
  EXPECT_EQ(senders.forgotten, 2U);
}

TEST(Senders, AreRefusedWhenAllPlacesAreSilent) {
  Senders senders(10);
  for (int i = 0; i < 10; ++i) senders[senders.find_or_add(std::to_string(i))].silent = true;
  EXPECT_EQ(senders.find_or_add("new"), Senders::kNobody);
  EXPECT_EQ(senders.refused, 1U);
}

// Six senders with outages of all kinds, series of several cadences on all shards.
struct Fleet {
  explicit Fleet(uint32_t shards) : office(shards) {
    for (size_t s = 0; s < 6; ++s)
      for (const char* name : {"bets", "slow", "errors", "load", "plain"})
        series.push_back(office.rig.series(
            name, {{"site", "s" + std::to_string(s % 3)}, {"host", "h" + std::to_string(s)}}));
  }
  // One step of 10 s.
  void step(int64_t at) {
    const TimeMs now = office.now = kStart + kEvery * at;
    for (size_t s = 0; s < 6; ++s) {
      const int64_t phase = (at + static_cast<int64_t>(97 * s)) % 400;
      if (phase > 330 && s % 2 == 0) continue;       // the whole sender
      if (phase > 395 && s == 1) continue;           // for a moment
      if (s == 5 && random.below(3) != 0) continue;  // as it likes
      for (const size_t half : {0U, 1U}) {           // two frames
        std::vector<SeriesRef> what;
        for (size_t i = half; i < 5; i += 2) {
          if (i == 1 && at % 12 != 0) continue;                // slow
          if (phase > 200 && phase < 300 && i == s) continue;  // one series
          if (phase < 30 && i == 0 && s == 2) continue;        // comes back later than its sender
          what.push_back(series[s * 5 + i]);
        }
        office.now = now + milliseconds(static_cast<int64_t>(s * 2 + half));
        if (!what.empty())
          office.once("agent " + std::to_string(at > 2500 && s == 4 ? 9 : s), what);
      }
    }
    if (at % 3 == 0) office.rig.advance(office.now + seconds(4));
  }
  std::vector<std::string> run(int64_t from, int64_t to) {
    for (int64_t at = from; at < to; ++at) step(at);
    std::vector<std::string> out;
    for (const StreamItem& item : office.rig.items) out.push_back(office.rig.full(item));
    return out;
  }
  size_t of_senders(const char* what) {
    size_t count = 0;
    for (const std::string& line : office.rig.lines())
      count += line.starts_with(what) && line.find("tocsin_sender") != std::string::npos;
    return count;
  }
  Office office;
  Random random{3};
  std::vector<SeriesRef> series;
};

constexpr int64_t kSteps = 4000;

TEST(SenderSilence, IsTheSameOnAnyNumberOfShards) {
  Fleet one(1);
  const std::vector<std::string> expected = one.run(0, kSteps);
  EXPECT_GT(one.of_senders("opened silent"), 15U);
  EXPECT_GT(one.of_senders("ended silent"), 15U);
  EXPECT_GT(one.office.rig.opened(), one.of_senders("opened silent") + 30);
  for (const uint32_t shards : {2U, 3U}) {
    Fleet more(shards);
    const std::vector<std::string> got = more.run(0, kSteps);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i)
      ASSERT_EQ(got[i], expected[i]) << more.office.rig.line(more.office.rig.items[i]);
    EXPECT_FALSE(more.office.rig.out_of_order);
  }
}

TEST(SenderSilence, ACheckpointAnywhereChangesNothing) {
  Fleet straight(2), broken(2);
  const std::vector<std::string> expected = straight.run(0, kSteps);
  int64_t done = 0;
  Random random(9);
  for (int64_t stop = 100; stop < kSteps; stop += 1 + static_cast<int64_t>(random.below(60))) {
    broken.run(done, stop);
    broken.office.rig.restart();
    done = stop;
  }
  const std::vector<std::string> got = broken.run(done, kSteps);
  for (size_t i = 0; i < std::min(got.size(), expected.size()); ++i)
    ASSERT_EQ(got[i], expected[i])
        << i << ": " << broken.office.rig.line(broken.office.rig.items[i]) << "\n"
        << straight.office.rig.line(straight.office.rig.items[i]);
  ASSERT_EQ(got.size(), expected.size());
}

TEST(SenderSilence, AnnouncedAnewWhileOpen) {
  Office office(3);
  office.send(kTelegraf, office.bets, minutes(30));
  office.nothing(hours(1));
  office.said();
  office.rig.restart();
  size_t announced = 0, open = 0;
  for (Streamer& streamer : office.rig.streamers) {
    StreamerOutputs out;
    streamer.announce({Lsn{office.rig.lsn + 1}, {}, 0, 0}, office.now, out);
    for (const StreamItem& item : out.items) announced += office.rig.line(item) == kSilent;
    open += streamer.open_violations().size();
  }
  EXPECT_EQ(announced, 1U);
  EXPECT_EQ(open, 1U);
}

TEST(SenderSilence, IsSeenAmongTheTestsOfItsWorker) {
  Office office;
  office.send(kTelegraf, office.bets, minutes(30));
  office.nothing(hours(1));
  const Streamer& streamer = office.rig.streamers[0];
  const size_t last = streamer.test_count() - 1;
  EXPECT_EQ(office.rig.set->worker(streamer.worker_of(last)).id, "senders");
  EXPECT_EQ(streamer.state_of(last), TestView::State::kOpen);
  const TestView view = streamer.test(last);
  EXPECT_THAT(view.reason, testing::StartsWith("sends nothing since 2026-"));
  EXPECT_EQ(streamer.tests(view.series).size(), 1U);
  office.send(kTelegraf, office.bets, minutes(1));
  EXPECT_THAT(streamer.test(last).reason, testing::StartsWith("sends every 1"));
}

}  // namespace
}  // namespace tocsin::streamer
