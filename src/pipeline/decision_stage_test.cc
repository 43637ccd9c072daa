#include "pipeline/decision_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/folder.h"
#include "pipeline/graph.h"

namespace tocsin::pipeline {
namespace {

constexpr TimeMs kBegin{1'780'000'000'000};

struct Rooms {
  explicit Rooms(const std::string& rules_yaml) {
    config::Problems problems;
    const auto folder = config::Folder::from_texts(
        {{"w.yaml", "workers:\n  - {id: w, tier: kpi, select: heat, models: [{kind: level}]}\n"},
         {"r.yaml", rules_yaml}},
        problems);
    workers = streamer::WorkerSet::read(folder, problems);
    rules = std::make_shared<rules::RuleSet>(rules::RuleSet::read(folder, "site", problems));
    for (const streamer::Worker& one : workers->workers())
      names.push_back({one.id, one.model_names(), one.tier, one.open_points, one.open_of});
    EXPECT_EQ(problems.text(), "");
    const Labels labels = Labels::of("heat", {{"site", "a"}});
    heat = table.find_or_add(labels, 0)->ref;
  }
  DecisionStage stage(DecisionStage::Watch watch) {
    return {rules::Engine(rules, table, names), supervisor::Supervisor({}, {}, counters),
            std::move(watch)};
  }
  Frame frame(uint64_t lsn, double value) const {
    Frame made{Lsn{lsn}, kBegin + seconds(10 * static_cast<int64_t>(lsn)), {}};
    made.batch.add(heat, made.arrival, value);
    return made;
  }

  SeriesTable table{100};
  Counters counters;
  std::shared_ptr<const streamer::WorkerSet> workers;
  std::shared_ptr<const rules::RuleSet> rules;
  rules::WorkerNames names;
  SeriesRef heat;
};
const std::string kHot =
    "rules:\n  - {id: hot, severity: high, within: 2m, when: {violation: heat}}\n";

// What passes is seen in its order: begin, items, decisions of them, passed.
TEST(DecisionStage, ShowsWhatPassesInOrder) {
  Rooms rooms(kHot);
  std::string seen;
  DecisionStage::Watch watch;
  watch.begin = [&](const Passed& frame) { seen += "begin " + std::to_string(frame.lsn.value); };
  watch.item = [&](const StreamItem& item) {
    seen += std::holds_alternative<ViolationChange>(item.what) ? " violation" : " status";
  };
  watch.decision = [&](const Decision& decision) { seen += " decision " + decision.rule_id; };
  watch.passed = [&](const Passed& one) { seen += one.tick ? "tick passed" : " passed\n"; };
  Graph graph(rooms.workers, rooms.table, 1, rooms.stage(watch));
  supervisor::Changes changes;
  for (uint64_t lsn = 1; lsn <= 60; ++lsn)
    graph.feed(rooms.frame(lsn, 100 + static_cast<double>(lsn % 5)), changes);
  seen.clear();
  graph.feed(rooms.frame(61, 300), changes);
  EXPECT_EQ(seen, "begin 61 passed\n");
  EXPECT_TRUE(changes.intents.empty());
  seen.clear();
  graph.feed(rooms.frame(62, 300), changes);
  EXPECT_EQ(seen, "begin 62 violation decision hot passed\n");
  ASSERT_EQ(changes.intents.size(), 1U);
  EXPECT_EQ(changes.intents[0].planned, rooms.frame(62, 0).arrival);
  seen.clear();
  graph.tick(rooms.frame(62, 0).arrival + seconds(1), changes);
  EXPECT_EQ(seen, "tick passed");
}

// Decisions made outside of a frame, as by a new configuration, are worked in like all others.
TEST(DecisionStage, TakesDecisionsFromOutside) {
  Rooms rooms(kHot);
  std::vector<std::string> decided;
  DecisionStage::Watch watch;
  watch.decision = [&](const Decision& decision) { decided.push_back(decision.resolve_reason); };
  Graph graph(rooms.workers, rooms.table, 1, rooms.stage(watch));
  supervisor::Changes changes;
  for (uint64_t lsn = 1; lsn <= 62; ++lsn)
    graph.feed(rooms.frame(lsn, lsn > 60 ? 300 : 100 + static_cast<double>(lsn % 5)), changes);
  ASSERT_EQ(graph.decisions().supervisor().open_count(), 1U);
  decided.clear();
  changes = {};
  std::vector<Decision> out;
  graph.decisions().engine().replace(std::make_shared<rules::RuleSet>(), rooms.names, Lsn{62},
                                     rooms.frame(63, 0).arrival, out);
  graph.decisions().take(std::move(out), changes);
  EXPECT_THAT(decided, testing::ElementsAre("rule removed"));
  EXPECT_EQ(graph.decisions().supervisor().open_count(), 0U);
  ASSERT_EQ(changes.intents.size(), 1U);
  EXPECT_EQ(changes.intents[0].event, supervisor::Event::kResolved);
}

// Nothing is decided of what a power cut could take back.
TEST(DecisionStage, WaitsForTheDurableLsn) {
  Rooms rooms(kHot);
  std::vector<std::string> decided;
  DecisionStage::Watch watch;
  watch.decision = [&](const Decision& decision) { decided.push_back(decision.rule_id); };
  DecisionStage decisions = rooms.stage(watch);
  ShardStage shard(rooms.workers, rooms.table, 0, 1);
  Merge merge(1);
  ShardReport report;
  for (uint64_t lsn = 1; lsn <= 62; ++lsn)
    shard.pass(rooms.frame(lsn, lsn > 60 ? 300 : 100 + static_cast<double>(lsn % 5)), report);
  merge.add(0, report.items, report.passed);
  supervisor::Changes changes;
  decisions.run(merge, Lsn{61}, changes);
  EXPECT_TRUE(decided.empty());
  EXPECT_TRUE(changes.intents.empty());
  decisions.run(merge, Lsn{62}, changes);
  EXPECT_THAT(decided, testing::ElementsAre("hot"));
}

TEST(Graph, GivesOutDerivedPointsOnce) {
  Rooms rooms(kHot);
  Graph graph(rooms.workers, rooms.table, 1, rooms.stage({}));
  const SeriesRef total =
      rooms.table.find_or_add(Labels::of("bytes_total", {{"site", "a"}}), 0)->ref;
  supervisor::Changes changes;
  for (uint64_t lsn = 1; lsn <= 3; ++lsn) {
    Frame frame = rooms.frame(lsn, 100);
    frame.batch.add(total, frame.arrival, 500 * static_cast<double>(lsn));
    graph.feed(frame, changes);
  }
  const std::vector<Point> derived = graph.take_derived();
  ASSERT_EQ(derived.size(), 2U);
  EXPECT_EQ(rooms.table.labels(derived[0].series).name(), "bytes_total:rate");
  EXPECT_EQ(derived[1].value, 50);
  EXPECT_TRUE(graph.take_derived().empty());
  EXPECT_EQ(graph.last(), Lsn{3});
}

}  // namespace
}  // namespace tocsin::pipeline
