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

}  // namespace
}  // namespace tocsin::server
