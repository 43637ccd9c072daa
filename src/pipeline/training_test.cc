// A changed model knows its history before it replaces the old one.
#include "pipeline/training.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/random.h"
#include "config/folder.h"
#include "pipeline/shard_stage.h"

namespace tocsin::pipeline {
namespace {

constexpr TimeMs kBegin{1'795'000'000'000};

std::shared_ptr<const streamer::WorkerSet> workers_of(const std::string& yaml) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"w.yaml", yaml}}, problems);
  auto set = streamer::WorkerSet::read(folder, problems);
  EXPECT_TRUE(problems.empty()) << problems.text();
  return set;
}

// Series kept in memory, a point a minute.
struct Kept final : public History {
  const std::vector<Labels>& series() const override { return labels; }
  Result<void> points(size_t index, TimeMs from, TimeMs to, std::vector<Sample>& out) override {
    ++reads;
    for (const Sample& sample : kept[index])
      if (sample.time >= from && sample.time < to) out.push_back(sample);
    if (broken) return fail(ErrorCode::kUnavailable, "the disk is gone");
    return {};
  }
  void add(Labels of, const std::function<double(TimeMs)>& value, DurationMs length) {
    labels.push_back(std::move(of));
    kept.emplace_back();
    for (TimeMs at = kBegin; at < kBegin + length; at = at + minutes(1))
      kept.back().push_back({at, value(at)});
  }
  std::vector<Labels> labels;
  std::vector<std::vector<Sample>> kept;
  int reads = 0;
  bool broken = false;
};

double season(TimeMs time) {
  return 100 +
         40 * std::sin(6.283185307179586 * static_cast<double>(time.ms % 86'400'000) / 8.64e7);
}

constexpr DurationMs kLength = days(6);
const TimeMs kNow = kBegin + kLength;
bool go_on(double) { return true; }

Kept house() {
  Kept out;
  static Random random(3);
  const auto noisy = [](TimeMs time) { return season(time) * (1 + 0.01 * random.normal()); };
  for (const char* site : {"a", "b", "c"})
    out.add(Labels::of("bets", {{"site", site}}), noisy, kLength);
  double total = 0;
  out.add(Labels::of("errors_total"), [&](TimeMs) { return total += 60; }, kLength);
  out.add(Labels::of("other"), noisy, kLength);
  return out;
}

const char* kOld = "workers:\n  - {id: w, select: 'bets', tier: kpi, models: [{kind: level}]}\n";
const char* kNew =
    "workers:\n"
    "  - {id: w, select: 'bets', tier: kpi, models: [{kind: profile, season: day}]}\n"
    "  - {id: sum, select: 'bets', aggregate: {op: sum, every: 60s}, models: [{kind: level}]}\n"
    "  - {id: e, select: 'errors_total', models: [{kind: level}]}\n";

TEST(Training, NamesTheWorkersThatChanged) {
  const auto names = [](const char* before, const char* after) {
    const auto set = workers_of(after);
    std::string out;
    for (const WorkerRef ref : changed_workers(*workers_of(before), *set))
      out += set->worker(ref).id + " ";
    return out;
  };
  EXPECT_EQ(names(kOld, kOld), "");
  EXPECT_EQ(names(kOld, kNew), "w sum e ");
  EXPECT_EQ(names(kNew, kOld), "w ");
  EXPECT_EQ(names(kOld, "workers: []\n"), "");
  EXPECT_EQ(names(kOld, "workers: [{id: t, select: x, models: [{kind: threshold, above: 3}]}]\n"),
            "")
      << "it has nothing to learn";
}

// On any number of shards the tests are guarded from the frame on that brings the configuration.
TEST(Training, TheNewModelsAreGuardedFromTheFirstFrameOn) {
  Kept kept = house();
  const auto set = workers_of(kNew);
  const auto trained = train({set, changed_workers(*workers_of(kOld), *set), kNow}, kept, go_on);
  ASSERT_TRUE(trained) << trained.error().text();
  EXPECT_EQ(trained->series, 4U) << "`other` is none of theirs";
  EXPECT_TRUE(trained->complete);
  for (const uint32_t shards : {1U, 3U}) {
    SeriesTable table(1000);
    std::vector<SeriesRef> refs;
    for (const Labels& labels : kept.labels)
      refs.push_back(table.find_or_add(labels, static_cast<uint32_t>(labels.hash() % shards))->ref);
    size_t guarded = 0, opened = 0;
    for (uint32_t shard = 0; shard < shards; ++shard) {
      ShardStage stage(workers_of(kOld), table, shard, shards);
      ShardReport report;
      ASSERT_TRUE(stage.replace(set, Lsn{1}, kNow, report, trained->models));
      for (int i = 0; i < 5; ++i) {
        Frame frame{Lsn{static_cast<uint64_t>(2 + i)}, kNow + minutes(i), {}};
        for (size_t s = 0; s < 3; ++s)
          frame.batch.add(refs[s], frame.arrival, (s == 1 ? 0.4 : 1) * season(frame.arrival));
        stage.pass(frame, report);
      }
      const streamer::Streamer& streamer = stage.streamer();
      for (size_t i = 0; i < streamer.test_count(); ++i)
        guarded += streamer.test(i).state != streamer::TestView::State::kLearning;
      for (const StreamItem& item : report.items)
        if (const auto* change = std::get_if<ViolationChange>(&item.what))
          if (change->what == ViolationChange::What::kOpened &&
              set->worker(change->violation.worker).id == "w") {
            ++opened;
            EXPECT_EQ(table.labels(change->violation.series).get("site"), "b");
          }
    }
    EXPECT_EQ(guarded, 5U) << shards << " shards: three of w, one of sum, one of e";
    EXPECT_EQ(opened, 1U) << "the drop is seen at once";
  }
}

TEST(Training, KnowsWhatALiveModelWouldKnow) {
  Kept kept = house();
  const auto set = workers_of("workers:\n  - {id: w, select: 'bets', models: [{kind: level}]}\n");
  const auto trained = train({set, {WorkerRef{0}}, kNow}, kept, go_on);
  ASSERT_TRUE(trained);
  SeriesTable table(1000);
  streamer::Streamer live(set, table, 0, 1), loaded(set, table, 0, 1);
  ByteReader in(trained->models);
  ASSERT_TRUE(loaded.load(in));
  streamer::StreamerOutputs out;
  for (size_t s = 0; s < 3; ++s) {
    const SeriesRef ref = table.find_or_add(kept.labels[s], 0)->ref;
    Batch batch;
    batch.kind = BatchKind::kImport;
    std::vector<uint32_t> rows;
    for (const Sample& sample : kept.kept[s]) {
      if (sample.time < kNow - hours(6)) continue;
      rows.push_back(static_cast<uint32_t>(batch.size()));
      batch.add(ref, sample.time, sample.value);
    }
    live.step(Frame{Lsn{s + 1}, {}, std::move(batch)}, rows, out);
    const auto expected = live.tests(ref)[0].last, got = loaded.tests(ref)[0].last;
    EXPECT_EQ(got.time, expected.time);
    EXPECT_EQ(got.expected, expected.expected);
    EXPECT_EQ(got.upper, expected.upper);
  }
}

TEST(Training, StopsWhenToldAndSaysWhatFails) {
  Kept kept = house();
  const auto set = workers_of(kNew);
  const TrainingPlan plan{set, {WorkerRef{0}}, kNow};
  int asked = 0;
  const auto stopped = train(plan, kept, [&](double) { return ++asked < 3; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(asked, 3);
  kept.broken = true;
  const auto broken = train(plan, kept, go_on);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message, "the disk is gone");
}

TEST(Training, ProgressGrowsToOneAndPointsAreBounded) {
  Kept kept = house();
  const auto set = workers_of(kNew);
  TrainingPlan plan{set, changed_workers(*workers_of(kOld), *set), kNow};
  double last = 0;
  const auto trained = train(plan, kept, [&](double done) {
    EXPECT_GE(done, last);
    last = done;
    return true;
  });
  ASSERT_TRUE(trained);
  EXPECT_NEAR(last, 1, 1e-9);
  plan.points_max = 1000;
  const auto cut = train(plan, kept, go_on);
  ASSERT_TRUE(cut);
  EXPECT_FALSE(cut->complete);
  EXPECT_LT(cut->points, trained->points);
}

}  // namespace
}  // namespace tocsin::pipeline
