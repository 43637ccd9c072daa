#include "replay/received.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/random.h"
#include "config/folder.h"
#include "pipeline/graph.h"

namespace tocsin::replay {
namespace {

constexpr TimeMs kBegin{1'780'000'000'000};
const char* kConfig = R"(
workers:
  - {id: flow, tier: kpi, select: flow, models: [{kind: level}, {kind: silence}]}
  - {id: heat, tier: kpi, select: heat, opens: 1 of 1, models: [{kind: threshold, above: 100}]}
  - {id: sums, select: load, aggregate: {op: sum, by: [site], every: 10s}}
rules:
  - {id: broken, severity: high, resolve_after: 40s, when: {violation: flow}}
  - {id: hot, severity: low, resolve_after: 20s, covers: [warm], when: {violation: heat}}
  - {id: warm, severity: low, resolve_after: 20s, when: {violation: heat, points: '>= 2'}}
  - id: alone
    severity: low
    settle: 15s
    when: {all: [{violation: heat}, {not: {violation: flow}}]}
)";

Plan plan_of(const std::string& text, TimeMs from, TimeMs to) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"c.yaml", text}}, problems);
  Plan plan;
  plan.workers = streamer::WorkerSet::read(folder, problems);
  plan.rules = std::make_shared<rules::RuleSet>(rules::RuleSet::read(folder, "site", problems));
  for (const streamer::Worker& worker : plan.workers->workers())
    plan.worker_names.push_back(
        {worker.id, worker.model_names(), worker.tier, worker.open_points, worker.open_of});
  EXPECT_EQ(problems.text(), "");
  plan.warm_up_from = kBegin - days(1);
  plan.from = from;
  plan.to = to;
  return plan;
}

// A journal: usual points, excursions, silences, late ones, a restart.
std::vector<Frame> journal_of(SeriesTable& table, uint64_t seed) {
  Random random(seed);
  std::vector<SeriesRef> refs;
  for (const char* name : {"flow", "heat", "load"})
    for (const char* site : {"a", "b"})
      refs.push_back(table.find_or_add(Labels::of(name, {{"site", site}}), 0)->ref);
  std::vector<Frame> out;
  TimeMs now = kBegin;
  int64_t odd = 0, quiet = 0;
  for (int i = 0; i < 1500; ++i) {
    now = now + milliseconds(2000 + static_cast<int64_t>(random.below(2000)));
    if (random.below(60) == 0) odd = 12;
    if (random.below(90) == 0) quiet = 15;
    Frame frame{Lsn{out.size() + 1}, now, {}};
    if (i == 700) {
      now = frame.arrival = now + minutes(10);
      frame.kind = FrameKind::kNote;
      frame.payload = "started 1";
    } else {
      for (size_t n = 0; n < refs.size(); ++n) {
        if (quiet > 0 && n % 2 == 0) continue;
        const double usual = 50 + static_cast<double>(n) + random.normal();
        frame.batch.add(refs[n], now, odd > 0 && n % 3 != 1 ? usual * 4 : usual);
      }
    }
    --odd, --quiet;
    out.push_back(std::move(frame));
  }
  return out;
}

Frames from_list(const std::vector<Frame>& frames) {
  return [&frames](Lsn after, const std::function<bool(const Frame&)>& visit) -> Result<void> {
    for (const Frame& frame : frames)
      if (frame.lsn > after && !visit(frame)) break;
    return {};
  };
}

std::string text_of(const Report& report) {
  std::string out;
  for (const ReplayedViolation& one : report.opened) {
    const Violation& v = one.violation;
    out += to_text(v.id) + " " + one.series.text() + " " + one.worker + " " +
           std::to_string(v.opened.ms) + " " + std::to_string(v.ended.ms) + " " +
           std::to_string(v.worst.score) + " " + std::to_string(v.points_outside) + "\n";
  }
  for (const ReplayedAlert& one : report.alerts)
    out += to_text(one.alert.id) + " " + one.alert.opened->rule_id + " " +
           std::to_string(one.alert.opened_at.ms) + " " + std::to_string(one.alert.resolved_at.ms) +
           " " + (one.alert.covered_by ? to_text(*one.alert.covered_by) : "-") + " " +
           one.alert.latest->summary + "\n";
  return out;
}

// The live run: a graph that is fed the frames. Gives what it found from `from` on, and its state
// after the frame `save_at`.
struct LiveRun {
  LiveRun(const Plan& plan, SeriesTable& table, uint32_t shards)
      : found(table, plan.worker_names, plan.from, {100'000, 1000}),
        graph(plan.workers, table, shards,
              {rules::Engine(plan.rules, table, plan.worker_names),
               supervisor::Supervisor(plan.supervisor, plan.routes, counters),
               {.item = [this](const StreamItem& item) { found.item(item); },
                .decision = {},
                .begin = {},
                .passed = {}}}) {}
  void feed(const Frame& frame) {
    supervisor::Changes changes;
    graph.feed(frame, changes);
    found.take(changes);
  }
  SavedState save(const Frame& frame, uint32_t shards) {
    SavedState state{frame.lsn, frame.arrival, "1", graph.shard(0).workers().identities(), {}, {},
                     {}};
    for (uint32_t i = 0; i < shards; ++i) {
      ByteWriter models;
      graph.shard(i).streamer().save(models);
      state.shards.push_back(models.take());
    }
    ByteWriter rules, alerts;
    graph.decisions().engine().save(rules);
    graph.decisions().supervisor().save_open(alerts);
    state.rules = rules.take();
    state.alerts = alerts.take();
    return state;
  }
  Counters counters;
  Collector found;
  pipeline::Graph graph;
};

Report replay_of(const Plan& plan, const std::vector<Frame>& frames, SeriesTable& table,
                 std::optional<SavedState> state, const std::string& version = "1",
                 Source* history = nullptr) {
  ReceivedPlan received;
  received.plan = plan;
  received.configuration = version;
  received.state = std::move(state);
  Counters counters;
  auto report = run_received(received, from_list(frames), history, table, counters,
                             [](TimeMs) { return true; });
  EXPECT_TRUE(report) << report.error().text();
  return std::move(*report);
}

TEST(Received, FromAnySavedStateFindsWhatTheLiveRunFound) {
  for (const uint32_t shards : {1U, 3U}) {
    SeriesTable table;
    const std::vector<Frame> frames = journal_of(table, 7);
    size_t alerts = 0, carried = 0;
    for (const size_t at :
         {size_t{0}, size_t{150}, size_t{420}, size_t{699}, size_t{702}, size_t{1100}}) {
      const TimeMs from = at == 0 ? kBegin : frames[at - 1].arrival + milliseconds(1);
      const Plan plan = plan_of(kConfig, from, kTimeMax);
      LiveRun live(plan, table, shards);
      std::optional<SavedState> state;
      for (size_t i = 0; i < frames.size(); ++i) {
        live.feed(frames[i]);
        if (i + 1 != at) continue;
        carried += live.graph.decisions().supervisor().open_count();
        state = live.save(frames[i], shards);
      }
      const Report report = replay_of(plan, frames, table, std::move(state));
      ASSERT_EQ(text_of(report), text_of(live.found.report())) << "saved after " << at;
      alerts += report.alerts.size();
    }
    EXPECT_GT(alerts, 40U);  // some flap, and stay open
    EXPECT_GT(carried, 0U) << "no alert was open where a replay began";
  }
}

TEST(Received, EndsBeforeTheFramesThatArriveLater) {
  SeriesTable table;
  const std::vector<Frame> frames = journal_of(table, 7);
  Plan plan = plan_of(kConfig, kBegin, frames[800].arrival);
  const Report report = replay_of(plan, frames, table, std::nullopt);
  uint64_t points = 0;
  for (size_t i = 0; i < 800; ++i) points += frames[i].batch.size();
  EXPECT_EQ(report.points, points);
}

// heat of site a, a minute apart, before the state; counts who reads it.
class Past final : public Source {
 public:
  const std::vector<Labels>& series() const override { return labels_; }
  Result<void> points(size_t, TimeMs from, TimeMs to, std::vector<Sample>& out) override {
    read_to = std::max(read_to, to);
    for (TimeMs time = std::max(from, kBegin - hours(2)); time < to; time = time + minutes(1))
      out.push_back({time, 50 + static_cast<double>(time.ms / 60'000 % 3)});
    return {};
  }
  TimeMs read_to = kTimeMin;

 private:
  std::vector<Labels> labels_{Labels::of("flow", {{"site", "a"}})};
};

TEST(Received, UnderAnotherConfigurationNewWorkersWarmUpBeforeTheState) {
  SeriesTable table;
  std::vector<Frame> frames = journal_of(table, 7);
  const Plan live_plan = plan_of(kConfig, kBegin, kTimeMax);
  LiveRun live(live_plan, table, 1);
  live.feed(frames[0]);
  const SavedState state = live.save(frames[0], 1);
  std::string other = kConfig;
  other.replace(other.find("id: flow"), 8, "id: flux");
  Past past;
  // Far out at once: only who knows what is usual can say so.
  std::vector<Frame> odd;
  for (int i = 0; i < 4; ++i) {
    Frame frame{Lsn{2 + static_cast<uint64_t>(i)}, frames[0].arrival + minutes(i + 1), {}};
    const SeriesRef flow = *table.find(Labels::of("flow", {{"site", "a"}}));
    frame.batch.add(flow, frame.arrival, 900 + i);
    odd.push_back(std::move(frame));
  }
  const Plan plan = plan_of(other, kBegin, kTimeMax);
  const Report cold = replay_of(plan, odd, table, state, "2");
  EXPECT_EQ(cold.violations, 0U);
  const Report warm = replay_of(plan, odd, table, state, "2", &past);
  EXPECT_EQ(warm.violations, 1U);
  EXPECT_EQ(warm.opened.at(0).worker, "flux");
  EXPECT_EQ(past.read_to, state.time) << "never from what came later";
  Past unread;
  replay_of(live_plan, odd, table, state, "1", &unread);
  EXPECT_EQ(unread.read_to, kTimeMin) << "the saved state knows its workers";
}

}  // namespace
}  // namespace tocsin::replay
