#include "pipeline/shard_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/folder.h"

namespace tocsin::pipeline {
namespace {

constexpr TimeMs kBegin{1'780'000'000'000};

std::shared_ptr<const streamer::WorkerSet> workers_of(const std::string& yaml) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"w.yaml", yaml}}, problems);
  auto set = streamer::WorkerSet::read(folder, problems);
  EXPECT_EQ(problems.text(), "");
  return set;
}
const std::string kPlain =
    "workers:\n"
    "  - {id: w, tier: kpi, select: 'load', models: [{kind: level}]}\n";
const std::string kSummed =
    "workers:\n"
    "  - {id: w, tier: kpi, select: 'load', models: [{kind: level}],\n"
    "     aggregate: {op: sum, by: [site], every: 10s}}\n";

// All shards of one process, shown the same frames.
class Shards {
 public:
  Shards(const std::string& yaml, uint32_t count) : workers_(workers_of(yaml)), reports(count) {
    for (uint32_t i = 0; i < count; ++i) stages.emplace_back(workers_, table, i, count);
    for (int i = 0; i < 16; ++i) {
      const Labels labels = Labels::of("load", {{"site", "a"}, {"host", "h" + std::to_string(i)}});
      hosts.push_back(table.find_or_add(labels, static_cast<uint32_t>(labels.hash() % count))->ref);
    }
  }
  void pass(TimeMs time, double value, BatchKind kind = BatchKind::kLive) {
    Frame frame{Lsn{++lsn}, time, {}};
    frame.batch.kind = kind;
    for (const SeriesRef host : hosts) frame.batch.add(host, time, value);
    for (size_t i = 0; i < stages.size(); ++i) stages[i].pass(frame, reports[i]);
  }
  uint64_t judged_or_learned(size_t shard) {
    const streamer::StreamerCounts& counts = stages[shard].streamer().counts();
    return counts.judged + counts.learning;
  }
  // Half an hour of usual points, then high ones.
  void learn_and_open() {
    for (int i = 0; i < 180; ++i) pass(kBegin + seconds(10 * i), 100 + i % 5);
    for (int i = 180; i < 184; ++i) pass(kBegin + seconds(10 * i), 300);
  }
  std::vector<const ViolationChange*> opened(size_t shard) const {
    std::vector<const ViolationChange*> out;
    for (const StreamItem& item : reports[shard].items)
      if (const auto* change = std::get_if<ViolationChange>(&item.what))
        if (change->what == ViolationChange::What::kOpened) out.push_back(change);
    return out;
  }

  SeriesTable table{1000};
  std::shared_ptr<const streamer::WorkerSet> workers_;
  std::vector<ShardStage> stages;
  std::vector<ShardReport> reports;
  std::vector<SeriesRef> hosts;
  uint64_t lsn = 0;
};

TEST(ShardStage, TestsEachSeriesOnExactlyOneShard) {
  for (const uint32_t count : {1U, 2U, 3U, 5U}) {
    Shards shards(kPlain, count);
    shards.pass(kBegin, 100);
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; ++i) {
      uint64_t homes = 0;
      for (const SeriesRef host : shards.hosts) homes += shards.table.home(host) == i ? 1U : 0U;
      EXPECT_EQ(shards.judged_or_learned(i), homes) << "shard " << i << " of " << count;
      total += shards.judged_or_learned(i);
    }
    EXPECT_EQ(total, shards.hosts.size());
  }
}

TEST(ShardStage, PassesEveryFrameAndTickEvenWhenItFindsNothing) {
  Shards shards(kPlain, 2);
  shards.pass(kBegin, 100);
  shards.stages[0].tick(Lsn{1}, kBegin + seconds(1), shards.reports[0]);
  ASSERT_EQ(shards.reports[0].passed.size(), 2U);
  EXPECT_EQ(shards.reports[0].passed[0].lsn, Lsn{1});
  EXPECT_FALSE(shards.reports[0].passed[0].tick);
  EXPECT_EQ(shards.reports[0].passed[1].lsn, Lsn{1});
  EXPECT_EQ(shards.reports[0].passed[1].time, kBegin + seconds(1));
  EXPECT_TRUE(shards.reports[0].passed[1].tick);
}

// The group of an aggregate lives on one shard, which is shown the members of the others.
TEST(ShardStage, GivesAnAggregatesMembersToItsShard) {
  Shards shards(kSummed, 3);
  shards.learn_and_open();
  size_t makers = 0, opened = 0;
  for (size_t i = 0; i < 3; ++i) {
    makers += shards.reports[i].derived.empty() ? 0U : 1U;
    opened += shards.opened(i).size();
    for (const Point& point : shards.reports[i].derived) {
      if (point.time == kBegin + seconds(1000)) {
        EXPECT_EQ(point.value, 16 * 100.0);
      }
    }
  }
  EXPECT_EQ(makers, 1U);
  EXPECT_EQ(opened, 1U);
}

// What a worker made was tested by its maker; it only comes back to be kept.
TEST(ShardStage, DoesNotTestDerivedPointsAgain) {
  Shards shards(kPlain, 2);
  shards.pass(kBegin, 100, BatchKind::kDerived);
  EXPECT_EQ(shards.judged_or_learned(0) + shards.judged_or_learned(1), 0U);
  EXPECT_EQ(shards.reports[0].passed.size(), 1U);
}

// After two crashes in a row the journal holds two starts; the time before each was no silence.
TEST(ShardStage, NothingIsSilentForTheTimeBeforeAStart) {
  for (const bool told : {false, true}) {
    Shards shards(
        "workers:\n  - {id: w, tier: kpi, select: load, models: [{kind: level}, {kind: "
        "silence}]}\n",
        1);
    shards.learn_and_open();
    const TimeMs last = kBegin + seconds(10 * 183);
    Frame start{Lsn{++shards.lsn}, last + hours(1), {}};
    start.kind = FrameKind::kNote;
    start.payload = told ? "started 1" : "a remark";
    shards.reports[0].items.clear();
    shards.stages[0].pass(start, shards.reports[0]);
    shards.pass(start.arrival + seconds(5), 100);
    EXPECT_EQ(shards.opened(0).size(), told ? 0U : shards.hosts.size());
  }
}

TEST(ShardStage, ReplaceKeepsWhatIsLearnedAndSaysWhatIsOpen) {
  Shards shards(kPlain, 2);
  shards.learn_and_open();
  for (size_t i = 0; i < 2; ++i) {
    std::vector<Id128> before;
    for (const ViolationChange* one : shards.opened(i)) before.push_back(one->violation.id);
    ASSERT_FALSE(before.empty());
    shards.reports[i] = {};
    const auto done = shards.stages[i].replace(
        workers_of(kPlain + "  - {id: more, select: 'other', models: [{kind: level}]}\n"),
        Lsn{shards.lsn + 1}, kBegin + hours(1), shards.reports[i]);
    ASSERT_TRUE(done) << done.error().text();
    std::vector<Id128> after;
    for (const ViolationChange* one : shards.opened(i)) after.push_back(one->violation.id);
    EXPECT_THAT(after, testing::UnorderedElementsAreArray(before));
    for (const StreamItem& item : shards.reports[i].items) {
      EXPECT_EQ(item.at.lsn, Lsn{shards.lsn + 1});
      EXPECT_EQ(item.arrival, kBegin + hours(1));
    }
  }
}

TEST(ShardStage, ReplaceForgetsAWorkerThatIsGone) {
  Shards shards(kPlain, 1);
  shards.learn_and_open();
  shards.reports[0] = {};
  const auto done = shards.stages[0].replace(
      workers_of("workers:\n  - {id: more, select: 'other', models: [{kind: level}]}\n"
                 "default: off\n"),
      Lsn{shards.lsn + 1}, kBegin + hours(1), shards.reports[0]);
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_TRUE(shards.reports[0].items.empty());
  shards.pass(kBegin + hours(1), 900);
  EXPECT_TRUE(shards.reports[0].items.empty());
}

// A series that a new configuration sends to another shard's aggregate is routed anew.
TEST(ShardStage, ReplaceRoutesAnew) {
  Shards shards(kPlain, 3);
  shards.pass(kBegin, 100);
  const auto summed = workers_of(kSummed);
  for (size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(shards.stages[i].replace(summed, Lsn{++shards.lsn}, kBegin, shards.reports[i]));
    shards.reports[i] = {};
  }
  for (int i = 1; i < 10; ++i) shards.pass(kBegin + seconds(10 * i), 100);
  double sum = 0;
  for (size_t i = 0; i < 3; ++i)
    for (const Point& point : shards.reports[i].derived)
      if (point.time == kBegin + seconds(50)) sum += point.value;
  EXPECT_EQ(sum, 16 * 100.0);
}

}  // namespace
}  // namespace tocsin::pipeline
