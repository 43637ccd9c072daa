#include "supervisor/trends.h"

#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using testing_help::World;
using What = Decision::What;

const TimeMs kStart = *parse_time("2026-11-23T10:00:00Z");  // a Monday

// Opens and, unless `open`, resolves after `lasts`; acknowledged after `taken` if that is not 0.
void live(World& world, uint64_t& lsn, TimeMs at, const std::string& rule, const std::string& site,
          DurationMs lasts, DurationMs taken, const std::string& by, bool open = false) {
  const Labels scope({{"site", site}});
  Changes changes;
  world.supervisor->step(
      testing_help::decision(What::kOpened, ++lsn, at, rule, Severity::kCritical, scope), changes);
  if (taken > DurationMs{}) {
    AlertFilter filter;
    filter.rule = rule;
    const auto found = world.supervisor->alerts(filter);
    ASSERT_EQ(found.size(), 1u);
    ASSERT_TRUE(
        world.supervisor->command({by, Acknowledge{found[0]->id, "", {}}}, at + taken, changes));
  }
  if (!open)
    world.supervisor->step(testing_help::decision(What::kResolved, ++lsn, at + lasts, rule,
                                                  Severity::kCritical, scope),
                           changes);
  world.commit(changes);
}

TEST(Trends, CountWhatHappenedInThePeriod) {
  World world("trends");
  auto rules = std::make_shared<EscalationRules>();
  rules->ack_target[0] = minutes(5);
  world.reach(rules, std::make_shared<FixedDirectory>());
  uint64_t lsn = 0;
  for (int i = 0; i < 3; ++i)
    live(world, lsn, kStart + hours(i), "pay", "madrid", minutes(10), minutes(2 + 2 * i), "alice");
  live(world, lsn, kStart + hours(4), "disk", "porto", minutes(30), {}, "");
  live(world, lsn, kStart + hours(5), "pay", "porto", {}, minutes(1), "bob", true);
  live(world, lsn, kStart + days(7), "late", "porto", {}, minutes(3), "bob", true);

  const auto all = read_trends(*world.database, {kStart, kStart + days(30)});
  ASSERT_TRUE(all) << all.error().text();
  EXPECT_EQ(all->alerts, 6);
  EXPECT_EQ(all->told, 6);
  EXPECT_EQ(all->acknowledged, 5);
  EXPECT_EQ(all->never_acknowledged, 1);
  ASSERT_EQ(all->offenders.size(), 3u);
  EXPECT_EQ(all->offenders[0].name, "pay");
  EXPECT_EQ(all->offenders[0].alerts, 4);
  EXPECT_EQ(all->offenders[1].name, "disk");
  EXPECT_EQ(all->offenders[1].never_acknowledged, 1);
  EXPECT_EQ(all->offenders[1].open_ms, minutes(30).count);
  ASSERT_EQ(all->flapping.size(), 1u);
  EXPECT_EQ(all->flapping[0].scope, "site=madrid");
  EXPECT_EQ(all->flapping[0].alerts, 3);
  ASSERT_EQ(all->standing.size(), 1u);  // the other one expired after a day
  EXPECT_EQ(all->standing[0].rule, "late");
  EXPECT_EQ(all->standing[0].acknowledged_by, "bob");
  ASSERT_EQ(all->weeks.size(), 2u);
  EXPECT_EQ(to_iso(all->weeks[0].begin), to_iso(*parse_time("2026-11-23T00:00:00Z")));
  EXPECT_EQ(all->weeks[0].acknowledged, 4);
  EXPECT_EQ(all->weeks[0].with_target, 4);
  EXPECT_EQ(all->weeks[0].in_time, 3);  // 2, 4, 6 and 1 minutes
  ASSERT_EQ(all->people.size(), 2u);
  EXPECT_EQ(all->people[0].name, "alice");
  EXPECT_EQ(all->people[0].median_ms, minutes(4).count);

  TrendQuery by_site{kStart, kStart + days(1)};
  by_site.by = TrendQuery::By::kSite;
  const auto sites = read_trends(*world.database, by_site);
  ASSERT_TRUE(sites);
  ASSERT_EQ(sites->offenders.size(), 2u);
  EXPECT_EQ(sites->offenders[0].name, "madrid");
  EXPECT_EQ(sites->offenders[1].name, "porto");
  by_site.by = TrendQuery::By::kSeverity;
  EXPECT_EQ(read_trends(*world.database, by_site)->offenders.front().name, "critical");
}

TEST(Trends, ByAnyLabelAndForARestrictedUser) {
  World world("trends_labels");
  uint64_t lsn = 0;
  const auto open = [&](const std::string& rule, std::vector<Labels::Pair> scope) {
    Changes changes;
    world.supervisor->step(testing_help::decision(What::kOpened, ++lsn, kStart + minutes(10), rule,
                                                  Severity::kHigh, Labels(std::move(scope))),
                           changes);
    world.commit(changes);
  };
  open("a", {{"team", "pay"}, {"customer", "acme"}});
  open("b", {{"team", "pay"}, {"customer", "umbrella"}});
  open("c", {{"team", "web"}, {"customer", "acme-2"}});
  open("d", {{"host", "h1"}});
  TrendQuery query{kStart, kStart + days(1)};
  query.by = TrendQuery::By::kLabel;
  query.label = "team";
  struct Case {
    const char* view;
    std::vector<std::pair<std::string, int64_t>> offenders;
    size_t standing;
  };
  const Case cases[] = {
      {"", {{"pay", 2}, {"", 1}, {"web", 1}}, 4},
      {"customer=\"acme\"", {{"pay", 1}}, 1},
      {"customer=~\"acme.*\"", {{"pay", 1}, {"web", 1}}, 2},
      {"customer=\"acme\",team=\"web\"", {}, 0},
      {"customer=\"nobody\"", {}, 0},
  };
  for (const Case& c : cases) {
    query.view = LabelView::parse(c.view).value();
    const auto found = read_trends(*world.database, query);
    ASSERT_TRUE(found) << c.view << ": " << found.error().text();
    std::vector<std::pair<std::string, int64_t>> offenders;
    for (const auto& one : found->offenders) offenders.emplace_back(one.name, one.alerts);
    EXPECT_EQ(offenders, c.offenders) << c.view;
    EXPECT_EQ(found->standing.size(), c.standing) << c.view;
    EXPECT_EQ(found->labels, (std::vector<std::string>{"customer", "host", "team"}));
  }
}

}  // namespace
}  // namespace tocsin::supervisor
