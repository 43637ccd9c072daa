#include "replay/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/folder.h"

namespace tocsin::replay {
namespace {

constexpr TimeMs kBegin{1'780'000'000'000};
constexpr DurationMs kCadence = seconds(10);

// heat of two sites, about 100; `hot` periods are three times that.
class Heat final : public Source {
 public:
  struct Hot {
    size_t series;
    DurationMs from, to;
  };
  explicit Heat(std::vector<Hot> hot) : hot_(std::move(hot)) {}
  const std::vector<Labels>& series() const override { return labels_; }
  Result<void> points(size_t series, TimeMs from, TimeMs to, std::vector<Sample>& out) override {
    asked_from = std::min(asked_from, from);
    asked_to = std::max(asked_to, to);
    if (fails_after && from >= *fails_after)
      return fail(ErrorCode::kUnavailable, "cannot read points: the disk is gone");
    for (TimeMs time = from; time < to; time = time + kCadence) {
      const double wave = 1 + 0.01 * static_cast<double>(time.ms / 10'000 % 7 - 3);
      double value = 100 * wave;
      for (const Hot& hot : hot_)
        if (hot.series == series && time >= kBegin + hot.from && time < kBegin + hot.to) value *= 3;
      out.push_back({time, value});
    }
    return {};
  }

  TimeMs asked_from = kTimeMax, asked_to = kTimeMin;
  std::optional<TimeMs> fails_after;

 private:
  std::vector<Labels> labels_{Labels::of("heat", {{"site", "a"}}),
                              Labels::of("heat", {{"site", "b"}})};
  std::vector<Hot> hot_;
};

Plan plan_of(DurationMs from, DurationMs to) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"c.yaml", R"(
workers:
  - {id: w, tier: kpi, select: heat, models: [{kind: level}]}
rules:
  - {id: hot, severity: high, within: 2m, covers: [warm], when: {violation: heat}}
  - {id: warm, severity: low, within: 2m, when: {violation: heat, points: ">= 3"}}
)"}},
                                                 problems);
  Plan plan;
  plan.workers = streamer::WorkerSet::read(folder, problems);
  plan.rules = std::make_shared<rules::RuleSet>(rules::RuleSet::read(folder, "site", problems));
  for (const streamer::Worker& worker : plan.workers->workers())
    plan.worker_names.push_back(
        {worker.id, worker.model_names(), worker.tier, worker.open_points, worker.open_of});
  EXPECT_EQ(problems.text(), "");
  plan.warm_up_from = kBegin;
  plan.from = kBegin + from;
  plan.to = kBegin + to;
  return plan;
}

Result<Report> run_all(const Plan& plan, Source& source) {
  Counters counters;
  return run(plan, source, counters, [](double) { return true; });
}

TEST(Replay, TellsWhatWouldHaveBeenTold) {
  Heat heat({{0, hours(3), hours(3) + minutes(10)}, {1, hours(5), hours(5) + minutes(1)}});
  const auto report = run_all(plan_of(hours(1), hours(8)), heat);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->points, 2U * 8 * 360);
  EXPECT_EQ(report->violations, 2U);
  ASSERT_EQ(report->opened.size(), 2U);
  EXPECT_EQ(report->opened[0].series.text(), "heat{site=\"a\"}");
  EXPECT_EQ(report->opened[0].worker, "w");
  EXPECT_EQ(report->opened[0].violation.opened, kBegin + hours(3));
  EXPECT_EQ(report->opened[0].violation.state, ViolationState::kEnded) << "as it was last";
  EXPECT_EQ(report->opened[1].series.text(), "heat{site=\"b\"}");
  std::vector<std::string> alerts;
  for (const ReplayedAlert& one : report->alerts) {
    alerts.push_back(one.alert.opened->rule_id + " " +
                     std::string(one.alert.opened->scope.get("site")) +
                     (one.receivers.empty() ? "" : " told"));
    EXPECT_EQ(one.alert.state, AlertState::kResolved);
  }
  EXPECT_THAT(alerts,
              testing::UnorderedElementsAre("hot a told", "warm a", "hot b told", "warm b"));
  EXPECT_EQ(report->told, 2U) << "covered ones are not told";
}

TEST(Replay, BeforeFromModelsOnlyLearn) {
  Heat heat({{0, hours(1), hours(1) + minutes(10)}});
  const auto report = run_all(plan_of(hours(2), hours(4)), heat);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->violations, 0U);
  EXPECT_TRUE(report->alerts.empty());
  EXPECT_EQ(heat.asked_from, kBegin);
  EXPECT_EQ(heat.asked_to, kBegin + hours(4));
}

// `from` is judged, `to` is not.
TEST(Replay, JudgesFromItsBeginToBeforeItsEnd) {
  Heat at_begin({{0, hours(2), hours(2) + minutes(1)}});
  EXPECT_EQ(run_all(plan_of(hours(2), hours(3)), at_begin)->violations, 1U);
  Heat at_end({{0, hours(3), hours(4)}});
  EXPECT_EQ(run_all(plan_of(hours(2), hours(3)), at_end)->violations, 0U);
  Heat in_an_odd_minute({{0, hours(2) + minutes(13), hours(3)}});
  const auto report =
      run_all(plan_of(hours(2) + minutes(13), hours(2) + minutes(50)), in_an_odd_minute);
  EXPECT_EQ(report->violations, 1U);
  EXPECT_EQ(report->points, 2U * (120 + 50) * 6) << "nothing is read twice";
}

TEST(Replay, WithoutAWarmUpTheModelsLearnWhileTheyJudge) {
  Heat heat({{1, minutes(2), minutes(4)}, {0, minutes(100), minutes(102)}});
  Plan plan = plan_of(DurationMs{}, hours(2));
  const auto report = run_all(plan, heat);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->violations, 1U) << "30 points are learned first";
}

TEST(Replay, StopsWhenAskedTo) {
  Heat heat({{0, hours(5), hours(6)}});
  Counters counters;
  std::vector<double> shares;
  const auto report = run(plan_of(hours(1), hours(8)), heat, counters, [&](double share) {
    shares.push_back(share);
    return share < 0.3;
  });
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
  EXPECT_GE(shares.back(), 0.3);
  EXPECT_LT(shares.back(), 5.0 / 8) << "what comes later was not looked at";
  EXPECT_EQ(static_cast<double>(report->points), 2 * 8 * 360 * shares.back());
  EXPECT_EQ(report->violations, 0U);
}

TEST(Replay, KeepsNoMoreThanAskedButCountsAll) {
  Heat heat({{0, hours(2), hours(2) + minutes(5)},
             {1, hours(3), hours(3) + minutes(5)},
             {0, hours(4), hours(4) + minutes(5)}});
  Plan plan = plan_of(hours(1), hours(6));
  plan.violations_max = 2;
  const auto report = run_all(plan, heat);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->violations, 3U);
  EXPECT_EQ(report->opened.size(), 2U);
}

TEST(Replay, SaysWhatIsInTheWay) {
  Heat heat({});
  EXPECT_EQ(run_all(plan_of(hours(2), hours(2)), heat).error().code, ErrorCode::kInvalid);
  heat.fails_after = kBegin + hours(3);
  const auto report = run_all(plan_of(hours(1), hours(8)), heat);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().message, "cannot read points: the disk is gone");
}

TEST(Replay, TwiceIsTheSame) {
  const auto once = [] {
    Heat heat({{0, hours(3), hours(3) + minutes(10)}});
    std::string out;
    const auto report = run_all(plan_of(hours(1), hours(5)), heat);
    for (const ReplayedAlert& one : report->alerts)
      out += to_text(one.alert.id) + " " + one.alert.latest->summary + " " +
             to_iso(one.alert.resolved_at) + "\n";
    return out;
  };
  EXPECT_EQ(once(), once());
  EXPECT_NE(once(), "");
}

}  // namespace
}  // namespace tocsin::replay
