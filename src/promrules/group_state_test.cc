// Groups at work: what they write, when alerts fire and end, what a restart and a reload keep.
#include "promrules/group_state.h"

#include <gtest/gtest.h>

#include <cmath>

#include "promql/parse.h"
#include "promrules/alerting.h"
#include "promrules/memory_source.h"
#include "promrules/series_notation.h"

namespace tocsin::promrules {
namespace {

constexpr TimeMs kStart{1'800'000'000'000};
TimeMs minute(int n) { return kStart + minutes(n); }

// A store in memory with the points of rules, told ones included.
class Store final : public promql::Source, public Appender {
 public:
  void series(std::string_view labels, std::string_view values) {
    const auto read = *read_sequence(values);
    for (size_t i = 0; i < read.size(); ++i)
      if (read[i]) points_.add(*read_metric(labels), {minute(static_cast<int>(i)), *read[i]});
  }
  Result<promql::Selected> select(const std::vector<LabelMatcher>& matchers, TimeMs from, TimeMs to,
                                  const promql::SelectHint& hint, size_t samples_max) override {
    points_.show_until(to);
    return points_.select(matchers, from, to, hint, samples_max);
  }
  Result<void> append(TimeMs at, const std::vector<Made>& made) override {
    for (const Made& one : made) {
      points_.add(one.labels, {at, one.value});
      if (one.kind == Made::Kind::kTold)
        told.push_back(std::string(one.labels.get("instance")) + (one.value == 0 ? "-" : "+"));
      if (promql::is_stale(one.value)) ++stale;
    }
    return {};
  }
  std::string take_told() {
    std::string out;
    for (const std::string& one : told) out += one + " ";
    told.clear();
    return out;
  }
  std::vector<std::string> told;
  int stale = 0;

 private:
  MemorySource points_;
};

Group group_of(std::string_view rules) {
  config::Problems problems;
  auto groups = read_rule_file("groups: [{name: g, rules: [" + std::string(rules) + "]}]", "f.yml",
                               minutes(1), problems);
  EXPECT_EQ(problems.text(), "");
  return std::move(groups.at(0));
}

struct House {
  Store store;
  Surroundings surroundings;
  GroupState group;

  explicit House(std::string_view rules) : group(group_of(rules), {"g/A", "g/B"}) {}
  void evaluate(int at) {
    group.evaluate(minute(at), store, store, surroundings, [] { return kStart; });
  }
  // What the alerts of the first rule are: "web-1 firing".
  std::string alerts() const {
    std::string out;
    for (const auto& [labels, alert] : group.rules()[0].active)
      out += std::string(labels.get("instance")) + " " + std::string(to_text(alert.phase)) + ";";
    return out;
  }
  double value(std::string_view expr, int at) {
    const auto result = query_vector(**promql::parse(expr), minute(at), store, {});
    return result && result->size() == 1 ? (*result)[0].sample.value
                                         : std::numeric_limits<double>::quiet_NaN();
  }
};

TEST(GroupState, RecordsInOrderAndMarksWhatIsGone) {
  House house("{record: a, expr: 'up * 2', labels: {x: y}}, {record: b, expr: 'a + 1'}");
  house.store.series("up{instance=\"w\"}", "1 3 stale");
  house.evaluate(0);
  EXPECT_EQ(house.value("a{x=\"y\",instance=\"w\"}", 0), 2);
  EXPECT_EQ(house.value("b", 0), 3) << "the second rule sees what the first wrote";
  house.evaluate(1);
  EXPECT_EQ(house.value("b", 1), 7);
  EXPECT_EQ(house.store.stale, 0);
  house.evaluate(2);
  EXPECT_EQ(house.store.stale, 2);
  EXPECT_TRUE(std::isnan(house.value("b", 2)));
}

TEST(GroupState, PendingThenFiringThenEnded) {
  House house("{alert: A, expr: 'up == 0', for: 2m}");
  house.store.series("up{instance=\"w\"}", "0 0 0 0 1 1");
  const std::string expected[] = {"w pending;", "w pending;", "w firing;", "w firing;",
                                  "w inactive;"};
  const std::string told[] = {"", "", "w+ ", "w+ ", "w- "};
  for (int i = 0; i < 5; ++i) {
    house.evaluate(i);
    EXPECT_EQ(house.alerts(), expected[i]) << i;
    EXPECT_EQ(house.store.take_told(), told[i]) << i;
  }
  EXPECT_EQ(house.value("ALERTS{alertstate=\"firing\"}", 3), 1);
  EXPECT_EQ(house.value("ALERTS_FOR_STATE", 3), static_cast<double>(kStart.ms / 1000));
  EXPECT_TRUE(std::isnan(house.value("ALERTS", 4)));
  for (int i = 5; i < 22; ++i) house.evaluate(i);
  EXPECT_EQ(house.alerts(), "") << "forgotten after a quarter of an hour";
}

TEST(GroupState, KeepsFiring) {
  House house("{alert: A, expr: 'up == 0', keep_firing_for: 2m}");
  house.store.series("up{instance=\"w\"}", "0 1 0 1 1 1 1");
  const std::string told[] = {"w+ ", "w+ ", "w+ ", "w+ ", "w+ ", "w- ", ""};
  for (int i = 0; i < 7; ++i) {
    house.evaluate(i);
    EXPECT_EQ(house.store.take_told(), told[i]) << i;
  }
}

TEST(GroupState, TextsAreThoseOfTheMomentItFired) {
  House house("{alert: A, expr: 'up > 0', annotations: {summary: 'v={{ $value }}'}}");
  house.store.series("up{instance=\"w\"}", "1 2");
  house.evaluate(0);
  house.evaluate(1);
  const Alert& alert = house.group.rules()[0].active.begin()->second;
  EXPECT_EQ(alert.annotations.at("summary"), "v=2");
  EXPECT_EQ(alert.told_as.get("tocsin_annotation_summary"), "v=1");
  EXPECT_EQ(alert.told_as.get("tocsin_rule"), "g/A");
}

TEST(GroupState, SameLabelsOrTooManyFail) {
  struct Case {
    std::string_view rule, error;
  };
  const Case cases[] = {
      {"{record: a, expr: up, labels: {instance: ''}}",
       "vector contains metrics with the same labelset after applying rule labels"},
      {"{alert: A, expr: up, labels: {instance: x}}",
       "vector contains metrics with the same labelset after applying alert labels"},
      {"{record: a, expr: '\"x\"'}", "rule result is not a vector or scalar"},
  };
  for (const Case& row : cases) {
    House house(row.rule);
    house.store.series("up{instance=\"w\"}", "1");
    house.store.series("up{instance=\"v\"}", "1");
    house.evaluate(0);
    EXPECT_EQ(house.group.rules()[0].error, row.error);
    EXPECT_EQ(house.group.rules()[0].health, Health::kBad);
  }
}

// Another process with the same store.
void restart(House& house, std::string_view rules) {
  house.group = GroupState(group_of(rules), {"g/A", "g/B"});
}

TEST(GroupState, RestartKeepsWhatFiresAndWhatIsPending) {
  constexpr std::string_view kRules = "{alert: A, expr: 'up == 0', for: 5m}";
  House house(kRules);
  house.store.series("up{instance=\"w\"}", "0x30");
  house.store.series("up{instance=\"v\"}", "1x3 0x30");
  for (int i = 0; i < 7; ++i) house.evaluate(i);
  EXPECT_EQ(house.alerts(), "v pending;w firing;");
  house.store.take_told();
  restart(house, kRules);
  house.evaluate(10);  // three minutes without us do not count as pending
  EXPECT_EQ(house.alerts(), "v pending;w firing;");
  EXPECT_EQ(house.store.take_told(), "w+ ");
  house.evaluate(11);
  EXPECT_EQ(house.alerts(), "v pending;w firing;");
  house.evaluate(12);
  EXPECT_EQ(house.alerts(), "v pending;w firing;");
  house.evaluate(13);
  EXPECT_EQ(house.alerts(), "v firing;w firing;");
}

TEST(GroupState, RestartEndsWhatIsOverMeanwhile) {
  constexpr std::string_view kRules = "{alert: A, expr: 'up == 0'}";
  House house(kRules);
  house.store.series("up{instance=\"w\"}", "0 0 0 1x9");
  for (int i = 0; i < 2; ++i) house.evaluate(i);
  house.store.take_told();
  restart(house, kRules);
  house.evaluate(6);
  EXPECT_EQ(house.store.take_told(), "w- ");
  EXPECT_EQ(house.alerts(), "");
}

TEST(GroupState, RestartAfterALongOutageBeginsAnew) {
  constexpr std::string_view kRules = "{alert: A, expr: 'up == 0', for: 5m}";
  House house(kRules);
  house.store.series("up{instance=\"w\"}", "0x200");
  for (int i = 0; i < 7; ++i) house.evaluate(i);
  house.store.take_told();
  restart(house, kRules);
  house.evaluate(100);
  EXPECT_EQ(house.alerts(), "w pending;");
  EXPECT_EQ(house.store.take_told(), "w- ");
}

TEST(GroupState, ReloadKeepsTheSameRuleAndEndsTheOther) {
  House house("{alert: A, expr: 'up == 0'}, {alert: B, expr: 'up == 0'}");
  house.store.series("up{instance=\"w\"}", "0x9");
  house.evaluate(0);
  EXPECT_EQ(house.store.take_told(), "w+ w+ ");
  GroupState next(group_of("{alert: A, expr: 'up < 1'}"), {"g/A"});
  next.inherit(house.group);
  EXPECT_EQ(next.rules()[0].active.size(), 1u);
  const auto farewell = house.group.farewell();
  int ended = 0, stale = 0;
  for (const Made& one : farewell) {
    ended += one.kind == Made::Kind::kTold && one.value == 0;
    stale += promql::is_stale(one.value);
  }
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(stale, 2);
}

TEST(GroupState, SlotsAreMultiplesOfTheIntervalWithAnOffsetOfItsOwn) {
  GroupState group(group_of("{record: a, expr: up}"), {""});
  const TimeMs slot = group.slot(kStart);
  EXPECT_LE(slot, kStart);
  EXPECT_LT(kStart - slot, minutes(1));
  EXPECT_EQ(group.slot(slot), slot);
  EXPECT_EQ(group.slot(slot - milliseconds(1)), slot - minutes(1));
  EXPECT_EQ(group.slot(slot + minutes(5)), slot + minutes(5));
  EXPECT_LE(group.slot(TimeMs{0}).ms, 0);
}

TEST(GroupState, LimitEndsAllAndFindsThemAgain) {
  Group group = group_of("{alert: A, expr: 'up == 0'}");
  group.limit = 1;
  House house("{alert: A, expr: up}");
  house.group = GroupState(std::move(group), {"g/A"});
  house.store.series("up{instance=\"w\"}", "0x9");
  house.store.series("up{instance=\"v\"}", "1 0 1 1");
  house.evaluate(0);
  EXPECT_EQ(house.store.take_told(), "w+ ");
  house.evaluate(1);
  EXPECT_EQ(house.group.rules()[0].error, "exceeded limit of 1 with 2 alerts");
  house.evaluate(2);
  EXPECT_EQ(house.alerts(), "w firing;");
  EXPECT_EQ(house.store.take_told(), "w+ ");
}

}  // namespace
}  // namespace tocsin::promrules
