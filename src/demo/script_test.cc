#include "demo/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "demo/betting_house.h"

namespace tocsin::demo {
namespace {

constexpr TimeMs kStart{1'795'000'000'000};

// A series of the live script, as a share of what it would have been.
class Live : public testing::Test {
 protected:
  Live() { house_.add(live_script(kStart)); }
  double share(std::string_view name, std::string_view site, int64_t second) const {
    for (size_t i = 0; i < house_.series().size(); ++i) {
      const Labels& labels = house_.series()[i].labels;
      if (labels.name() != name || labels.get("site") != site) continue;
      const auto value = house_.value(i, kStart + seconds(second));
      return value ? *value / *healthy_.value(i, kStart + seconds(second)) : -1;
    }
    ADD_FAILURE() << name;
    return 0;
  }
  BettingHouse house_{5};
  BettingHouse healthy_{5};
};

TEST_F(Live, DoesWhatItsStepsSay) {
  struct Case {
    const char* name;
    const char* series;
    const char* site;
    int64_t second;
    double least, most;  // -1: silent
  };
  for (const Case& c : std::vector<Case>{
           {"nothing before +60 s", "payments_ok", "madrid", 50, 1, 1},
           {"payments_ok falls by 60 % within 20 s", "payments_ok", "madrid", 80, 0.38, 0.42},
           {"and stays there", "payments_ok", "madrid", 230, 0.38, 0.42},
           {"errors wait for +70 s", "errors", "madrid", 60, 1, 1},
           {"errors rise", "errors", "madrid", 70, 1.5, 4},
           {"logins rise", "logins", "madrid", 90, 1.3, 1.5},
           {"the adapter lives", "psp_adapter_up", "madrid", 78, 1, 1},
           {"the adapter goes silent", "psp_adapter_up", "madrid", 80, -1, -1},
           {"london's spike", "logins", "london", 120, 1.95, 2.05},
           {"is a single one", "logins", "london", 140, 1, 1},
           {"lagos' queue is in time", "queue_age", "lagos", 130, 1, 1},
           {"lagos' queue ages", "queue_age", "lagos", 150, 2.7, 2.9},
           {"madrid recovers", "payments_ok", "madrid", 240, 1, 1},
           {"madrid's adapter recovers", "psp_adapter_up", "madrid", 240, 1, 1},
           {"lagos recovers", "queue_age", "lagos", 240, 1, 1},
           {"rome never knew", "payments_ok", "rome", 120, 1, 1}}) {
    const double got = share(c.series, c.site, c.second);
    EXPECT_GE(got, c.least) << c.name;
    EXPECT_LE(got, c.most) << c.name;
  }
}

TEST_F(Live, StepsAreInOrderAndEndWithTheScript) {
  const Script script = live_script(kStart);
  ASSERT_FALSE(script.steps.empty());
  EXPECT_TRUE(std::is_sorted(script.steps.begin(), script.steps.end(),
                             [](const Step& a, const Step& b) { return a.at < b.at; }));
  EXPECT_EQ(script.steps.back().at, kStart + kLiveScriptLength);
  EXPECT_TRUE(script.marks.empty());
  for (const Effect& effect : script.effects) {
    EXPECT_GE(effect.from, kStart + seconds(60)) << effect.series;
    EXPECT_LE(effect.to, kStart + seconds(240)) << effect.series;
  }
}

TEST(History, HoldsAMarkedTestAndAnUnmarkedOutage) {
  for (const int64_t shift : {0, 3, 11, 17, 23}) {
    const TimeMs end = kStart + hours(shift);
    const Script script = history_script(end);
    ASSERT_EQ(script.marks.size(), 1U);
    const Mark& mark = script.marks.front();
    bool outage = false;
    for (const Effect& effect : script.effects) {
      EXPECT_GT(effect.from, end - days(14)) << "judged by models that have seen two weeks";
      EXPECT_LT(effect.to, end - days(7)) << "the last week is healthy";
      const bool marked =
          effect.site == mark.site && effect.from >= mark.from && effect.to <= mark.to;
      EXPECT_EQ(marked, effect.site == "madrid") << effect.series;
      outage |= effect.site == "rome" && effect.series == "payments_ok";
    }
    EXPECT_TRUE(outage);
    EXPECT_TRUE(script.steps.empty());
  }
}

}  // namespace
}  // namespace tocsin::demo
