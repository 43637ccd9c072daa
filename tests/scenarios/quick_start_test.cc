// The quick start's script on a virtual clock: exactly its alerts, told once each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "drive.h"
#include "replay/replay.h"

namespace tocsin::scenarios {
namespace {

class QuickStartScript : public testing::TestWithParam<Setting> {};
std::string name_of(const testing::TestParamInfo<Setting>& info) { return info.param.name; }

TEST_P(QuickStartScript, RaisesExactlyItsAlerts) {
  QuickStart& house = quick_start(GetParam());
  World world(house.configuration(), house.table(2), 2);
  world.load(house.trained());
  play(world, house.live());
  expect_exactly_its_alerts(world, house);
  // The spike is a violation of london's logins, after it came, and no alert.
  const auto spike =
      std::count_if(world.opened.begin(), world.opened.end(), [&](const OpenedViolation& one) {
        return one.name == "logins" && one.site == "london" && one.direction == Direction::kAbove &&
               one.arrival > house.start() + seconds(115) &&
               one.arrival < house.start() + seconds(141);
      });
  EXPECT_EQ(spike, 1);
  // Information is not a storm either: what the script does, and hardly anything beside it.
  const auto beside = std::count_if(
      world.opened.begin(), world.opened.end(),
      [](const OpenedViolation& one) { return one.site == "malta" || one.site == "rome"; });
  EXPECT_LE(beside, 1);
}
INSTANTIATE_TEST_SUITE_P(All, QuickStartScript, testing::ValuesIn(settings()), name_of);

// The four weeks of the house, as kept by a store.
class History final : public replay::Source {
 public:
  // `site` empty: all of them.
  History(QuickStart& house, std::string_view site) : house_(house) {
    for (uint32_t i = 0; i < house.house().series().size(); ++i) {
      if (!house.house().series()[i].kpi) continue;
      if (!site.empty() && house.house().series()[i].labels.get("site") != site) continue;
      indices_.push_back(i);
      labels_.push_back(house.house().series()[i].labels);
    }
  }
  const std::vector<Labels>& series() const override { return labels_; }
  Result<void> points(size_t series, TimeMs from, TimeMs to, std::vector<Sample>& out) override {
    for (TimeMs time = from; time < to; time = time + QuickStart::kStep)
      if (const auto value = house_.house().value(indices_[series], time))
        out.push_back({time, *value});
    return {};
  }

 private:
  QuickStart& house_;
  std::vector<uint32_t> indices_;
  std::vector<Labels> labels_;
};

replay::Report replay_of(QuickStart& house, const Configuration& configuration,
                         std::string_view site = "") {
  History history(house, site);
  replay::Plan plan;
  plan.workers = configuration.workers;
  plan.rules = configuration.rules;
  plan.worker_names = configuration.worker_names();
  plan.supervisor = configuration.supervisor;
  plan.routes = configuration.routes;
  plan.warm_up_from = house.history_end() - QuickStart::kHistory;
  plan.from = plan.warm_up_from + days(7);
  plan.to = house.history_end();
  Counters counters;
  auto report = replay::run(plan, history, counters, [](double) { return true; });
  EXPECT_TRUE(report) << report.error().text();
  return report ? std::move(*report) : replay::Report{};
}

class FourWeeks : public testing::TestWithParam<Setting> {};

// Three weeks judged live: the outage of rome is told, the announced performance test is not, and
// neither is anything else.
TEST_P(FourWeeks, TellOfTheUnmarkedOutageAlone) {
  QuickStart& house = quick_start(GetParam());
  const replay::Report report = replay_of(house, house.configuration());
  std::vector<std::string> told;
  for (const replay::ReplayedAlert& one : report.alerts) {
    const Decision& opened = one.alert.opened;
    if (!one.receivers.empty())
      told.push_back(opened.rule_id + " " + std::string(opened.scope.get("site")));
    EXPECT_EQ(opened.scope.get("site"), "rome") << opened.rule_id << " " << opened.summary;
    EXPECT_EQ(one.alert.state, AlertState::kResolved);
  }
  EXPECT_THAT(told, testing::ElementsAre("payment-provider rome"));
  EXPECT_EQ(report.told, 1U);
  ASSERT_FALSE(report.alerts.empty());
  const auto outage =
      std::find_if(house.history().effects.begin(), house.history().effects.end(),
                   [](const demo::Effect& effect) { return effect.site == "rome"; });
  EXPECT_GE(report.alerts.front().alert.opened_at, outage->from);
  EXPECT_LE(report.alerts.front().alert.opened_at, outage->from + seconds(40));
}
// It is the mark that keeps the performance test quiet.
TEST(FourWeeksWithoutMarks, TellOfThePerformanceTest) {
  QuickStart& house = quick_start(settings()[0]);
  const replay::Report report = replay_of(house, quick_start_configuration({}), "madrid");
  ASSERT_GE(report.told, 1U);
  const demo::Mark& test = house.history().marks.front();
  for (const replay::ReplayedAlert& one : report.alerts) {
    EXPECT_GE(one.alert.opened_at, test.from);
    EXPECT_LE(one.alert.opened_at, test.to + hours(1));
  }
}

INSTANTIATE_TEST_SUITE_P(Two, FourWeeks, testing::Values(settings()[0], settings()[1]), name_of);

}  // namespace
}  // namespace tocsin::scenarios
