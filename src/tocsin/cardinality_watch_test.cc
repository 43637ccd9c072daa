#include "tocsin/cardinality_watch.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tocsin {
namespace {

constexpr TimeMs kNow{1'795'411'000'000};
const std::string kRefused =
    R"(tocsin_series_refused{grew="id",label="service",of="service=a",value="a"})";
const std::string kNear =
    R"(tocsin_series_near_limit{grew="id",label="service",of="service=a",value="a"})";

struct Fixture {
  Counters counters;
  ManualClock clock{kNow};
  SeriesTable table{1000};
  intake::SeriesGuard guard{table, clock, counters, {.series = 1000, .per = {{"service", 10}}}};
  std::vector<std::string> said;  // "TEXT@seconds=value" since the last look
  std::unique_ptr<CardinalityWatch> watch;
  int next_id = 0;

  Fixture() {
    table.set_gate(&guard);
    start();
  }
  void start() {
    watch = std::make_unique<CardinalityWatch>(
        guard, table, 2,
        [this](const Batch& batch) {
          ASSERT_EQ(batch.fresh.size(), batch.size());
          EXPECT_EQ(batch.sender_name, "") << "Tocsin itself";
          for (size_t i = 0; i < batch.size(); ++i)
            said.push_back(fmt::format("{}@{}={}", table.labels(batch.series[i]).text(),
                                       (batch.time[i] - kNow).count / 1000, batch.value[i]));
        },
        clock.now());
  }
  void send(int count) {
    for (int i = 0; i < count; ++i)
      (void)table.find_or_add(
          Labels::of("m", {{"service", "a"}, {"id", fmt::format("{}", next_id++)}}), 0, "telegraf");
  }
  std::vector<std::string> after(int64_t span) {
    said.clear();
    for (int64_t i = 0; i < span; ++i) {
      clock.advance(seconds(1));
      watch->tick(clock.now());
    }
    return said;
  }
};

TEST(CardinalityWatch, SaysNothingWhileNothingIsWrong) {
  Fixture f;
  f.send(5);
  EXPECT_TRUE(f.after(60).empty());
  EXPECT_EQ(f.table.size(), 5u);
}

TEST(CardinalityWatch, SaysAtOnceThatItBeginsAndThenEveryTenSeconds) {
  Fixture f;
  f.send(12);
  EXPECT_EQ(f.after(1), (std::vector<std::string>{kNear + "@1=3", kRefused + "@1=2"}));
  EXPECT_TRUE(f.after(9).empty());
  EXPECT_EQ(f.after(1), (std::vector<std::string>{kNear + "@11=3", kRefused + "@11=2"}));
}

TEST(CardinalityWatch, SaysZeroWhenItIsOverAndThenNothing) {
  Fixture f;
  f.send(12);
  f.after(200);
  EXPECT_EQ(f.after(10), (std::vector<std::string>{kNear + "@201=3", kRefused + "@201=0"}));
  f.after(1100);
  EXPECT_EQ(f.after(10), (std::vector<std::string>{kNear + "@1311=0"})) << "growth of 15 minutes";
  f.after(600);
  EXPECT_TRUE(f.after(60).empty());
  f.send(1);
  EXPECT_EQ(f.after(1).back(), kRefused + "@1981=1") << "and again";
}

TEST(CardinalityWatch, AfterAStartWhatWasToldIsEndedUnlessItGoesOn) {
  Fixture f;
  f.send(12);
  f.after(5);
  f.guard.set_limits({.series = 1000, .per = {}});  // as a start with other limits
  f.start();
  EXPECT_TRUE(f.after(89).empty()) << "senders need a while to be refused again";
  EXPECT_EQ(f.after(10), (std::vector<std::string>{kNear + "@96=0", kRefused + "@96=0"}));
  f.after(700);
  EXPECT_TRUE(f.after(60).empty());
}

}  // namespace
}  // namespace tocsin
