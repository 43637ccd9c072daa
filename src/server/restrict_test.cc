#include "server/restrict.h"

#include <gtest/gtest.h>

namespace tocsin::server {
namespace {

const LabelView kAcme = LabelView::parse("customer=\"acme\"").value();

AlertView alert(std::vector<Labels::Pair> scope, std::vector<std::string> customers) {
  Decision judged;
  judged.scope = Labels(std::move(scope));
  for (const std::string& customer : customers) {
    JudgedViolation one;
    one.labels = Labels::of("logins", {{"customer", customer}});
    judged.violations.push_back(std::move(one));
  }
  AlertView out;
  out.opened = judged;
  out.latest = std::move(judged);
  return out;
}

TEST(Restrict, AlertsByScopeElseByEverySeries) {
  struct Case {
    const char* name;
    AlertView alert;
    bool shown;
  };
  const Case cases[] = {
      {"scope", alert({{"customer", "acme"}}, {}), true},
      {"scope, unlabelled series", alert({{"customer", "acme"}}, {""}), true},
      {"another's scope", alert({{"customer", "umbrella"}}, {"acme"}), false},
      {"series", alert({{"site", "madrid"}}, {"acme", "acme"}), true},
      {"also another's series", alert({{"site", "madrid"}}, {"acme", "umbrella"}), false},
      {"a series of nobody", alert({{"site", "madrid"}}, {"acme", ""}), false},
      {"nothing says whose", alert({{"site", "madrid"}}, {}), false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(shows(kAcme, c.alert), c.shown) << c.name;
    EXPECT_TRUE(shows(LabelView{}, c.alert)) << c.name;
  }
  AlertView grown = alert({{"site", "madrid"}}, {"acme"});
  grown.latest = alert({{"site", "madrid"}}, {"acme", "umbrella"}).latest;
  EXPECT_FALSE(shows(kAcme, grown)) << "it came to speak of another's series";
}

TEST(Restrict, SilencesThatNameTheCustomer) {
  const std::pair<std::vector<std::string>, bool> cases[] = {
      {{"customer=\"acme\""}, true},
      {{"rule=\"x\"", "customer=\"acme\""}, true},
      {{"rule=\"x\""}, false},
      {{"customer=\"umbrella\""}, false},
      {{"customer=~\"acme|umbrella\""}, false},
      {{"customer!=\"umbrella\""}, false},
  };
  for (const auto& [matchers, shown] : cases) {
    SilenceView silence;
    silence.matchers = matchers;
    EXPECT_EQ(shows(kAcme, silence), shown) << matchers.back();
  }
}

TEST(Restrict, SelectorsGetTheViewsConditions) {
  const Labels acme = Labels::of("logins_ok", {{"customer", "acme"}, {"site", "m"}});
  const Labels umbrella = Labels::of("logins_ok", {{"customer", "umbrella"}, {"site", "m"}});
  for (const char* text :
       {"", "*", "logins_ok", "logins_*", "*_ok", "~log.*", "{site=\"m\"}",
        "logins_ok{site=~\"m|n\"}", "{customer=~\".+\"}", "logins_*{customer!=\"x\"}"}) {
    const auto selector = SeriesSelector::parse(text).value();
    EXPECT_TRUE(selector.matches(umbrella)) << text;
    const auto less = narrowed(selector, kAcme);
    ASSERT_TRUE(less.has_value()) << text << ": " << less.error().message;
    EXPECT_TRUE(less->matches(acme)) << text;
    EXPECT_FALSE(less->matches(umbrella)) << text;
    EXPECT_EQ(narrowed(selector, LabelView{})->text(), selector.text());
  }
  EXPECT_EQ(narrowed(std::vector<std::vector<LabelMatcher>>{}, kAcme).size(), 1u);
  EXPECT_TRUE(narrowed(std::vector<std::vector<LabelMatcher>>{}, LabelView{}).empty());
}

TEST(Restrict, TheBoardCountsWhatIsShown) {
  NowView now;
  now.open = 7;
  now.lead = hash128("lead");
  now.kpi_names = {"logins", "deposits"};
  NowView::Site madrid;
  madrid.site = "madrid";
  madrid.critical = 5;
  madrid.lane = {NowView::Lane::kCritical};
  NowView::Kpi ours, theirs;
  ours.name = "logins";
  ours.series = Labels::of("logins", {{"customer", "acme"}});
  theirs.name = "deposits";
  theirs.series = Labels::of("deposits", {{"customer", "umbrella"}});
  madrid.kpis = {ours, theirs};
  NowView::Site rome;
  rome.site = "rome";
  rome.kpis = {theirs};
  now.sites = {madrid, rome};
  AlertEntry entry;
  entry.alert = std::make_shared<AlertView>(alert({{"customer", "acme"}, {"site", "madrid"}}, {}));
  const NowView less = narrowed(now, kAcme, {entry});
  ASSERT_EQ(less.sites.size(), 1u);
  EXPECT_EQ(less.sites[0].kpis.size(), 1u);
  EXPECT_EQ(less.sites[0].critical + less.sites[0].high + less.sites[0].low, 1);
  EXPECT_TRUE(less.sites[0].lane.empty());
  EXPECT_EQ(less.kpi_names, std::vector<std::string>{"logins"});
  EXPECT_EQ(less.open, 1);
  EXPECT_FALSE(less.lead.has_value());
}

TEST(Restrict, OfAGroupTheAlertsThatAreShown) {
  supervisor::GroupView mixed;
  mixed.by_rule = {{"login", 3}};
  mixed.by_site = {{"customer=umbrella", 2}};
  mixed.open = 3;
  mixed.severity = Severity::kCritical;
  for (const char* customer : {"umbrella", "acme", "umbrella"}) {
    AlertView one = alert({{"customer", customer}}, {});
    one.opened.edit([](Decision& decision) { decision.rule_id = "login"; });
    one.latest.edit([&](Decision& decision) {
      decision.severity = customer == std::string("acme") ? Severity::kHigh : Severity::kCritical;
    });
    mixed.alerts.push_back(std::make_shared<AlertView>(one));
  }
  const auto group = std::make_shared<const supervisor::GroupView>(mixed);
  const AlertGroup less = narrowed(group, kAcme);
  ASSERT_NE(less, nullptr);
  EXPECT_EQ(less->alerts.size(), 1u);
  EXPECT_EQ(less->open, 1u);
  EXPECT_EQ(less->severity, Severity::kHigh);
  EXPECT_EQ(less->by_rule, (supervisor::GroupView::Counts{{"login", 1}}));
  EXPECT_TRUE(less->by_site.empty());
  EXPECT_EQ(narrowed(group, LabelView{}), group);
  EXPECT_EQ(narrowed(group, LabelView::parse("customer=\"initech\"").value()), nullptr);
}

TEST(Restrict, CausesThatWereKept) {
  const std::string kept =
      R"({"series":3,"moved":2,"groups":[{"label":"customer","value":"umbrella"}],"causes":[)"
      R"({"group":0,"series":{"name":"a","labels":{"customer":"umbrella"}}},)"
      R"({"group":0,"alike":2,"series":{"name":"b","labels":{"customer":"acme"}}},)"
      R"({"group":null,"change":{"title":"2.1","labels":{"customer":"umbrella"}}},)"
      R"({"group":null,"change":{"title":"2.2","labels":{}}},7]})";
  const auto less = narrowed_causes(kept, kAcme);
  ASSERT_TRUE(less) << less.error().message;
  EXPECT_EQ(less->find("umbrella"), std::string::npos) << *less;
  EXPECT_EQ(less->find("2.2"), std::string::npos) << "of everybody is of others, too";
  EXPECT_NE(less->find("acme"), std::string::npos);
  EXPECT_NE(less->find("\"series\":0"), std::string::npos) << "counts are of everybody";
  EXPECT_EQ(*narrowed_causes(kept, LabelView{}), kept);
  for (const char* broken : {"", "[]", "{\"causes\":", "7"})
    EXPECT_FALSE(narrowed_causes(broken, kAcme)) << broken;
}

}  // namespace
}  // namespace tocsin::server
