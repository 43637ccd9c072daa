// The same frames give the same items, byte for byte: again, on any number of shards, and over a
// restart.
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "streamer/band.h"
#include "streamer/test_rig.h"

namespace tocsin::streamer {
namespace {

constexpr TimeMs kStart{1'795'000'000'000};

const char* kYaml = R"(
workers:
  - id: kpis
    select: 'kpi*'
    tier: kpi
    models: [{kind: profile, season: day, weight: 2}, {kind: level}, {kind: silence}]
  - {id: sums, select: ['kpi_a', 'errors_total'], aggregate: {op: sum, by: [site], every: 60s}}
  - {id: errors, select: 'errors*', missing: zero}
  - id: limit
    select: queue
    models: [{kind: threshold, above: 30, for: 2m}, {kind: level}]
    strategy: any
marks:
  - {from: '2026-11-19T20:00:00Z', to: '2026-11-19T21:00:00Z', why: test, match: 'kpi_a{site="s1"}'}
)";

// A small fleet: seasons, counters, steps, gaps, points out of order.
struct Fleet {
  explicit Fleet(uint32_t shards) : rig(workers_of(kYaml), shards) {
    for (int i = 0; i < 4; ++i) {
      const std::string site = "s" + std::to_string(i);
      for (const char* name : {"kpi_a", "kpi_b", "errors_total", "queue", "plain", "other_total"})
        series.push_back(rig.series(name, {{"site", site}, {"host", "h" + std::to_string(i % 2)}}));
    }
    totals.resize(series.size());
  }
  double value(size_t i, int64_t minute) {
    const double day = std::sin(6.283185307179586 * static_cast<double>(minute) / 1440);
    double v = 100 + 30 * day + 2 * random.normal();
    if (i % 6 == 2 || i % 6 == 5) return totals[i] += std::floor(10 * random.uniform());
    if (i % 6 == 3) v = 20 + 3 * random.normal();
    const bool broken = minute % 500 > 440 && i % 5 == 1;
    return broken ? 0.3 * v + (i % 6 == 3 ? 60 : 0) : v;
  }
  void minute(int64_t m) {
    Batch batch;
    for (size_t i = 0; i < series.size(); ++i) {
      if (m % 700 > 650 && i % 5 == 3) continue;  // silent for a while
      const int64_t back = random.below(20) == 0 ? 90 : 0;
      batch.add(series[i], kStart + minutes(m) - seconds(back), value(i, m));
    }
    rig.send(std::move(batch),
             kStart + minutes(m) + milliseconds(static_cast<int64_t>(random.below(900))));
    if (m % 3 == 0) rig.advance(kStart + minutes(m) + seconds(30));
  }
  std::vector<std::string> run(int64_t from, int64_t to) {
    for (int64_t m = from; m < to; ++m) minute(m);
    std::vector<std::string> out;
    for (const StreamItem& item : rig.items) out.push_back(rig.full(item));
    return out;
  }
  Rig rig;
  Random random{11};
  std::vector<SeriesRef> series;
  std::vector<double> totals;
};

constexpr int64_t kMinutes = 4500;

TEST(Determinism, SameFramesSameBytesOnAnyNumberOfShards) {
  Fleet one(1), again(1), two(2), three(3);
  const std::vector<std::string> expected = one.run(0, kMinutes);
  EXPECT_FALSE(one.rig.out_of_order);
  size_t silent = 0, sums = 0, absent = 0;
  for (const std::string& line : one.rig.lines()) {
    silent += line.starts_with("opened silent");
    sums += line.starts_with("opened") && line.find(":sum") != std::string::npos;
    absent += line.starts_with("absent");
  }
  EXPECT_GT(silent, 3);
  EXPECT_GT(sums, 0);
  EXPECT_GT(absent, 10);
  EXPECT_GT(one.rig.opened(), 40);
  EXPECT_EQ(again.run(0, kMinutes), expected);
  EXPECT_EQ(two.run(0, kMinutes), expected);
  EXPECT_EQ(three.run(0, kMinutes), expected);
  EXPECT_FALSE(three.rig.out_of_order);
}

TEST(Determinism, ACheckpointChangesNothing) {
  for (const uint32_t shards : {1U, 3U}) {
    Fleet straight(shards), broken(shards);
    const std::vector<std::string> expected = straight.run(0, kMinutes);
    int64_t done = 0;
    for (const int64_t stop : {7, 61, 1442, 2943, 2944, 3000, 4400}) {
      broken.run(done, stop);
      broken.rig.restart();
      done = stop;
    }
    const std::vector<std::string> got = broken.run(done, kMinutes);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i)
      ASSERT_EQ(got[i], expected[i]) << i << ": " << broken.rig.line(broken.rig.items[i]);
  }
}

TEST(Checkpoint, SavedAgainIsTheSame) {
  Fleet fleet(1);
  fleet.run(0, 3000);
  ByteWriter first, second;
  fleet.rig.streamers[0].save(first);
  fleet.rig.restart();
  fleet.rig.streamers[0].save(second);
  EXPECT_EQ(first.bytes(), second.bytes());
}

TEST(Checkpoint, FitsAnotherNumberOfShards) {
  Fleet fleet(1);
  fleet.run(0, 3000);
  ByteWriter saved;
  fleet.rig.streamers[0].save(saved);
  size_t tests = 0;
  for (uint32_t shard = 0; shard < 3; ++shard) {
    Streamer streamer(fleet.rig.set, fleet.rig.table, shard, 3);
    ByteReader in(saved.bytes());
    ASSERT_TRUE(streamer.load(in));
    tests += streamer.test_count();
  }
  EXPECT_EQ(tests, fleet.rig.streamers[0].test_count());
}

TEST(Checkpoint, OfAsManyShardsEachTakesItsOwn) {
  Fleet fleet(3);
  fleet.run(0, 1000);
  std::vector<std::string> saved;
  for (const Streamer& one : fleet.rig.streamers) {
    ByteWriter out;
    one.save(out);
    saved.push_back(out.take());
  }
  using By = Streamer::SavedBy;
  for (uint32_t shard = 0; shard < 3; ++shard) {
    Streamer own(fleet.rig.set, fleet.rig.table, shard, 3);
    for (uint32_t by = 0; by < 3; ++by) {
      ByteReader in(saved[by]);
      ASSERT_TRUE(own.load(in, by == shard ? By::kAnyShard : By::kAnotherOfAsMany));
    }
    ByteWriter again;
    own.save(again);
    EXPECT_EQ(again.bytes(), saved[shard]) << shard;
  }
}

TEST(Checkpoint, AChangedWorkerLearnsAnewOthersKeepWhatTheyKnow) {
  const auto yaml = [](const char* score) {
    return std::string("workers:\n  - {id: a, select: x, score: ") + score +
           "}\n  - {id: b, select: x}\n";
  };
  Rig rig(workers_of(yaml("4")));
  const SeriesRef ref = rig.series("x");
  for (int i = 0; i < 50; ++i) rig.send(ref, kStart + seconds(i), i % 3);
  ByteWriter saved;
  rig.streamers[0].save(saved);
  Streamer other(workers_of(yaml("5")), rig.table, 0, 1);
  ByteReader in(saved.bytes());
  ASSERT_TRUE(other.load(in));
  const auto tests = other.tests(ref);
  ASSERT_EQ(tests.size(), 2);
  EXPECT_EQ(tests[0].state, TestView::State::kLearning);
  EXPECT_EQ(tests[1].state, TestView::State::kGuarded);
}

TEST(Checkpoint, DamagedOnesAreRefused) {
  Fleet fleet(1);
  fleet.run(0, 100);
  ByteWriter saved;
  fleet.rig.streamers[0].save(saved);
  const std::string good = saved.bytes();
  Random random(5);
  for (int i = 0; i < 200; ++i) {
    std::string bad = good;
    if (i % 2 == 0)
      bad.resize(random.below(bad.size()));
    else
      bad[random.below(bad.size())] ^= static_cast<char>(1 + random.below(255));
    Streamer streamer(fleet.rig.set, fleet.rig.table, 0, 1);
    ByteReader in(bad);
    EXPECT_FALSE(streamer.load(in)) << i;
    EXPECT_EQ(streamer.test_count(), 0);
  }
}

TEST(Announce, StatesWhatIsOpenAnew) {
  Rig rig(workers_of("workers:\n  - {id: w, select: q, models: [{kind: threshold, above: 10}]}\n"));
  const SeriesRef q = rig.series("q");
  for (int i = 0; i < 3; ++i) rig.send(q, kStart + seconds(i), 50);
  rig.advance(kStart + minutes(1));
  StreamerOutputs out;
  rig.streamers[0].announce({Lsn{9}, {}, 0, 0}, kStart + minutes(2), out);
  rig.items = out.items;
  EXPECT_EQ(rig.lines(), (std::vector<std::string>{"absent q by w", "opened above q by w",
                                                   "absent above q by w"}));
}

TEST(Band, DrawnAndLiveAgree) {
  Fleet fleet(1);
  const auto ref = *fleet.rig.set->find("kpis");
  const SeriesRef series = fleet.series[1];  // kpi_b of s0: fails at times
  std::vector<DrawnPoint> points;
  std::vector<JudgedPoint> live;
  for (int64_t m = 0; m < kMinutes; ++m) {
    fleet.minute(m);
    const auto tail = fleet.rig.streamers[0].tail(series, ref);
    const TestView view = fleet.rig.streamers[0].tests(series)[0];
    if (points.empty() || view.last.time > points.back().time)
      points.push_back({view.last.time, view.last.value});
    if (!tail.empty() && (live.empty() || tail.back().time > live.back().time))
      live.push_back(tail.back());
  }
  const Drawing drawing = draw_band(*fleet.rig.set, ref, fleet.rig.table.labels(series), points);
  std::vector<JudgedPoint> drawn;
  for (const JudgedPoint& point : drawing.points)
    if (!std::isnan(point.expected)) drawn.push_back(point);
  ASSERT_EQ(drawn.size(), live.size());
  for (size_t i = 0; i < drawn.size(); ++i) {
    ASSERT_EQ(drawn[i].time, live[i].time);
    ASSERT_EQ(drawn[i].expected, live[i].expected) << i;
    ASSERT_EQ(drawn[i].lower, live[i].lower);
    ASSERT_EQ(drawn[i].upper, live[i].upper);
    ASSERT_EQ(drawn[i].distance, live[i].distance);
    ASSERT_EQ(drawn[i].models.size(), live[i].models.size());
  }
  std::vector<TimeMs> opened;
  for (const ViolationChange* change : fleet.rig.changes(ViolationChange::What::kOpened))
    if (change->violation.series == series && change->violation.direction != Direction::kSilent)
      opened.push_back(change->violation.opened);
  ASSERT_EQ(drawing.violations.size(), opened.size());
  EXPECT_GT(opened.size(), 3);
  for (size_t i = 0; i < opened.size(); ++i) EXPECT_EQ(drawing.violations[i].from, opened[i]);
}

TEST(Band, LeavesOutWhatIsExcluded) {
  const auto set = workers_of(
      "marks:\n  - {from: '2026-11-19T20:00:00Z', to: '2026-11-19T21:00:00Z', why: drill}\n");
  std::vector<DrawnPoint> points;
  const TimeMs from = *parse_time("2026-11-19T19:00:00Z");
  for (int i = 0; i < 180; ++i)
    points.push_back({from + minutes(i), i >= 60 && i < 120 ? 900.0 : 10 + i % 3});
  const Drawing drawing = draw_band(*set, WorkerRef{0}, Labels::of("x"), points);
  EXPECT_EQ(drawing.points.size(), 120);
  EXPECT_TRUE(drawing.violations.empty());
  ASSERT_EQ(drawing.excluded.size(), 1);
  EXPECT_EQ(drawing.excluded[0].why, "drill");
}

}  // namespace
}  // namespace tocsin::streamer
