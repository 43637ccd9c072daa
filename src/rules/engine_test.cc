// What scenarios cannot say: limits, broken checkpoints, workers that go, what the pages ask.
#include "rules/engine.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rules/testing.h"

namespace tocsin::rules {
namespace {

const WorkerNames kWorkers{{"w", {"level"}, Tier::kKpi, 2, 3}, {"e", {}, Tier::kEvidence, 1, 1}};
constexpr TimeMs kStart{1'795'411'000'000};

std::shared_ptr<const RuleSet> rules_of(const std::string& yaml) {
  config::Problems problems;
  const config::Folder folder = config::Folder::from_texts({{"r.yaml", yaml}}, problems);
  auto rules = std::make_shared<RuleSet>(RuleSet::read(folder, "site", problems));
  EXPECT_EQ(problems.text(), "");
  return rules;
}

struct House {
  SeriesTable table;
  std::shared_ptr<const RuleSet> rules;
  Engine engine;
  TimeMs now = kStart;
  uint64_t lsn = 0;
  std::vector<Decision> out;

  explicit House(const std::string& yaml, EngineLimits limits = {})
      : rules(rules_of(yaml)), engine(rules, table, kWorkers, limits) {}

  Violation violation(const Labels& labels, uint32_t worker = 0) {
    Violation made;
    made.series = table.find_or_add(labels, 0)->ref;
    made.worker = WorkerRef{worker};
    made.tier = worker == 0 ? Tier::kKpi : Tier::kEvidence;
    made.id = IdBuilder().add(labels.text()).add(worker).finish();
    made.opened = made.updated = kStart;
    made.last = {kStart, 50, 120, 100, 140, 5, -2, true, {}};
    made.points_outside = 2;
    return made;
  }
  void tell(const Violation& violation) {
    StreamItem item;
    item.at.lsn = Lsn{++lsn};
    item.arrival = now;
    ViolationChange change;
    change.violation = violation;
    item.what = change;
    engine.step(item, out);
  }
  void later(DurationMs span) {
    now = now + span;
    engine.advance(Lsn{lsn}, now, out);
  }
};

Labels errors(const std::string& site) { return Labels::of("errors", {{"site", site}}); }
constexpr const char* kOne = "rules: [{id: r, severity: low, when: {violation: errors}}]\n";

TEST(Engine, RefusesScopesPastTheLimitAndCountsThem) {
  House house(kOne, {.scopes_per_rule = 2});
  for (const char* site : {"a", "b", "c", "a", "c"}) house.tell(house.violation(errors(site)));
  EXPECT_EQ(house.engine.open_alerts(), 2u);
  EXPECT_EQ(house.engine.counts().scopes_refused, 1u);
  EXPECT_EQ(house.engine.counts().items, 5u);
}

TEST(Engine, RefusesViolationsPastTheLimitsUntilThereIsRoom) {
  House house("rules: [{id: r, severity: low, scope: global, when: {violation: errors}}]\n",
              {.violations_per_scope = 2, .violations_max = 3});
  for (const char* site : {"a", "b", "c", "d"}) house.tell(house.violation(errors(site)));
  EXPECT_EQ(house.engine.counts().violations_refused, 2u);
  EXPECT_EQ(house.out.size(), 1u);  // changes within a second become one update
  house.later(seconds(1));
  EXPECT_EQ(house.out.back().violations.size(), 2u);
}

TEST(Engine, ShowsTheWeightiestViolations) {
  House house("rules: [{id: r, severity: low, scope: global, when: {violation: '*'}}]\n",
              {.violations_shown = 3});
  for (int i = 0; i < 6; ++i) {
    Violation one = house.violation(errors(std::to_string(i)), i == 5 ? 1 : 0);
    one.last.score = i == 5 ? 7 : i;  // evidence weighs half
    house.tell(one);
  }
  house.later(seconds(1));
  const std::vector<JudgedViolation>& shown = house.out.back().violations;
  ASSERT_EQ(shown.size(), 3u);
  EXPECT_EQ(shown[0].labels.get("site"), "4");
  EXPECT_EQ(shown[1].worker_id, "e");
  EXPECT_EQ(shown[2].labels.get("site"), "3");
  EXPECT_EQ(shown[0].model_names, std::vector<std::string>{"level"});
}

TEST(Engine, IgnoresWhatIsOlderThanTheLast) {
  House house(kOne);
  house.tell(house.violation(errors("a")));
  house.lsn = 0;
  Violation over = house.violation(errors("a"));
  over.state = ViolationState::kEnded;
  house.lsn = 0;
  StreamItem old;
  old.at.lsn = Lsn{0};
  old.arrival = house.now;
  old.what = ViolationChange{ViolationChange::What::kEnded, over, nullptr};
  house.engine.step(old, house.out);
  EXPECT_EQ(house.engine.counts().repeated, 1u);
  house.later(minutes(10));
  EXPECT_EQ(house.engine.open_alerts(), 1u);
}

TEST(Engine, TellsWhatThePagesAsk) {
  House house(
      "rules:\n"
      "  - {id: a, severity: low, within: 15s, when: {any: [{violation: errors}, {violation: "
      "x}]}}\n"
      "  - {id: b, severity: low, when: {violation: 'err*', tier: evidence}}\n"
      "  - {id: c, severity: low, when: {violation: '*'}}\n");
  Violation one = house.violation(errors("a"));
  one.cadence = seconds(7);
  house.tell(one);
  EXPECT_EQ(house.engine.rules_for(one.series), (std::vector<std::string>{"a", "c"}));
  EXPECT_TRUE(house.engine.rules_for(SeriesRef{999}).empty());
  EXPECT_TRUE(house.engine.notes().empty());
  one.cadence = seconds(8);
  house.tell(one);
  ASSERT_EQ(house.engine.notes().size(), 1u);
  EXPECT_EQ(house.engine.notes()[0],
            "r.yaml:2: rule \"a\": within 15s is shorter than two cadences (8s each) of errors; "
            "make it longer");
  const auto tree = house.engine.branches("a", Labels().with("site", "a"));
  ASSERT_EQ(tree.size(), 3u);
  EXPECT_EQ(tree[0].children, (std::vector<uint32_t>{1, 2}));
  EXPECT_EQ(tree[1].truth, Truth::kTrue);
  EXPECT_EQ(tree[2].reason, "no such series is known");
  EXPECT_TRUE(house.engine.branches("a", Labels().with("site", "b")).empty());
  EXPECT_TRUE(house.engine.branches("none", {}).empty());
}

TEST(Engine, EndsViolationsOfWorkersThatAreGone) {
  House house(kOne);
  house.tell(house.violation(errors("a")));
  const WorkerNames renumbered{kWorkers[1], {"other", {}, Tier::kKpi, 2, 3}};
  house.engine.replace(house.rules, renumbered, Lsn{2}, house.now, house.out);
  house.later(minutes(2));
  ASSERT_EQ(house.out.size(), 2u);
  EXPECT_EQ(house.out[1].what, Decision::What::kResolved);
  ASSERT_EQ(house.out[1].violations.size(), 1u);  // still says what it was
  EXPECT_EQ(house.out[1].violations[0].worker_id, "w");
}

TEST(Engine, FollowsWorkersThatAreRenumbered) {
  House house(kOne);
  house.tell(house.violation(errors("a")));
  house.engine.replace(house.rules, {kWorkers[1], kWorkers[0]}, Lsn{2}, house.now, house.out);
  house.later(minutes(10));
  EXPECT_EQ(house.out.size(), 1u);
  Violation over = house.violation(errors("a"));
  over.worker = WorkerRef{1};
  over.state = ViolationState::kEnded;
  house.lsn = 2;
  house.tell(over);
  house.later(minutes(2));
  ASSERT_GE(house.out.size(), 2u);
  EXPECT_EQ(house.out.back().what, Decision::What::kResolved);
}

TEST(Engine, RestartedUnderOtherRulesClosesWhatIsGone) {
  House house(kOne);
  house.tell(house.violation(errors("a")));
  const auto others = rules_of("rules: [{id: new, severity: low, when: {violation: errors}}]\n");
  Engine next = restarted(house.engine, others, house.table, kWorkers);
  next = restarted(next, others, house.table, kWorkers);  // even if nothing came in between
  std::vector<Decision> out;
  next.advance(Lsn{1}, kStart + seconds(1), out);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].resolve_reason, "rule removed");
  EXPECT_EQ(out[0].rule_id, "r");
  EXPECT_EQ(out[0].alert_key, house.out[0].alert_key);
  EXPECT_EQ(out[1].rule_id, "new");
  EXPECT_LT(out[0].at, out[1].at);
}

TEST(Engine, RefusesDamagedCheckpointsAndStartsEmpty) {
  House house(kOne);
  for (const char* site : {"a", "b"}) house.tell(house.violation(errors(site)));
  ByteWriter bytes;
  house.engine.save(bytes);
  for (size_t length = 0; length < bytes.size(); ++length) {
    Engine fresh(house.rules, house.table, kWorkers);
    ByteReader in(std::string_view(bytes.bytes()).substr(0, length));
    const Result<void> loaded = fresh.load(in);
    ASSERT_FALSE(loaded) << length;
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
    EXPECT_EQ(fresh.open_alerts(), 0u);
    EXPECT_TRUE(fresh.rules_for(SeriesRef{0}).empty());
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string broken = bytes.bytes();
    broken[at] = static_cast<char>(broken[at] ^ 0x55);
    Engine fresh(house.rules, house.table, kWorkers);
    ByteReader in(broken);
    EXPECT_FALSE(fresh.load(in)) << at;
  }
}

TEST(Engine, KeepsTheHitRateOfItsPredictions) {
  House house(kOne);
  Violation one = house.violation(errors("a"));
  one.last.distance = -4;
  one.motion = Motion{0.2, 0, 0};
  house.tell(one);
  EXPECT_EQ(house.out[0].momentum.trend, Momentum::Trend::kWorsening);
  EXPECT_DOUBLE_EQ(house.out[0].momentum.distance, 4);
  EXPECT_DOUBLE_EQ(house.out[0].momentum.predicted, 5);
  for (int minute = 1; minute <= 6; ++minute) {  // it does as predicted, then it jumps
    house.later(minutes(1));
    one.last.distance = minute < 6 ? -4 - 0.2 * minute : -20;
    house.tell(one);
  }
  house.later(minutes(1));
  Violation next = house.violation(Labels::of("errors", {{"site", "a"}, {"host", "h"}}));
  house.tell(next);
  EXPECT_EQ(house.out.back().momentum.predictions, 3u);
  EXPECT_EQ(house.out.back().momentum.hits, 2u);
}

TEST(Engine, SurvivesRubbish) {
  House house(kOne);
  Violation odd = house.violation(errors("a"), 77);  // no such worker
  odd.last = {kTimeMax, NAN, NAN, INFINITY, -INFINITY, NAN, INFINITY, true, {}};
  odd.opened = kTimeMax;
  odd.motion = Motion{NAN, INFINITY, NAN};
  house.tell(odd);
  odd.state = ViolationState::kAbsent;
  house.tell(odd);
  odd.state = ViolationState::kEnded;
  odd.direction = Direction::kSilent;
  house.tell(odd);
  odd.series = SeriesRef{12345};  // no such series
  house.tell(odd);
  house.later(hours(1));
  EXPECT_EQ(house.engine.open_alerts(), 0u);
  EXPECT_EQ(house.out.back().what, Decision::What::kResolved);
}

}  // namespace
}  // namespace tocsin::rules
