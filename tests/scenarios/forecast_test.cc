// From points to an alert that says the time left, through all stages: a disk that fills, told a
// day ahead and again four hours before; a level that moved and stayed.
#include <gtest/gtest.h>

#include "base/random.h"
#include "drive.h"

namespace tocsin::scenarios {
namespace {

constexpr TimeMs kFrom{1'780'000'000'000};

const std::string kDisks = R"(
workers:
  - {id: disks, tier: kpi, select: disk_used, models: [{kind: forecast, limit: 95, within: 24h}]}
  - {id: orders, tier: kpi, select: orders, models: [{kind: change, season: day}]}
rules:
  - {id: disk-soon, severity: low, when: {violation: disk_used}}
  - id: disk-full
    severity: critical
    covers: [disk-soon]
    when: {violation: disk_used, limit_within: 4h}
  - {id: orders-moved, severity: high, when: {violation: orders, worker: orders}}
)";

struct House {
  explicit House(uint32_t shards)
      : world(configuration_of({{"c.yaml", kDisks}}), std::make_unique<SeriesTable>(1000), shards) {
    disk = world.series("disk_used", {{"site", "a"}});
    orders = world.series("orders", {{"site", "a"}});
  }
  // A point a minute of both; the disk grows by one an hour.
  void run(int minutes_long, double cleaned = 0, double moved = 0) {
    for (const int end = minute + minutes_long; minute < end; ++minute) {
      const TimeMs now = kFrom + minutes(minute);
      world.tick(now);
      world.send(now, {{disk, now, 40 + minute / 60.0 - cleaned},
                       {orders, now, 100 + moved + 2 * random.normal()}});
    }
    world.finish();
  }
  std::vector<std::string> news() {
    const std::vector<std::string> story = world.story();
    std::vector<std::string> out(story.begin() + static_cast<std::ptrdiff_t>(heard), story.end());
    heard = story.size();
    return out;
  }
  std::string summary(const std::string& rule) {
    for (const AlertView& alert : world.alerts())
      if (alert.latest->rule_id == rule) return alert.opened->summary;
    return "no alert of " + rule;
  }

  World world;
  SeriesRef disk, orders;
  Random random{7};
  int minute = 0;
  size_t heard = 0;
};

using Story = std::vector<std::string>;

TEST(Forecasts, ADiskIsToldADayAheadAndFourHoursBefore) {
  for (const uint32_t shards : {1U, 3U}) {
    House house(shards);
    house.run(30 * 60);
    EXPECT_EQ(house.news(), Story{}) << "at 70, 25 h away";
    house.run(3 * 60);
    EXPECT_EQ(house.news(), Story{"opened disk-soon a"});
    EXPECT_EQ(house.summary("disk-soon"), "disk_used in a reaches 95 in 1 d");
    house.run(17 * 60);
    EXPECT_EQ(house.news(), Story{}) << "5 h away";
    house.run(2 * 60);
    EXPECT_EQ(house.news(), Story{"opened disk-full a"});
    EXPECT_EQ(house.summary("disk-full"), "disk_used in a reaches 95 in 4 h, steady");
    house.run(5 * 60, 60);
    Story ended = house.news();
    std::sort(ended.begin(), ended.end());
    EXPECT_EQ(ended, (Story{"resolved disk-full a: recovered", "resolved disk-soon a: recovered"}));
  }
}

TEST(Changes, AShiftThatStaysOpensAnAlertThatSaysHowLarge) {
  House house(2);
  house.run(5 * 1440, 200);
  EXPECT_EQ(house.news(), Story{});
  house.run(60, 200, 6);
  EXPECT_EQ(house.news(), Story{"opened orders-moved a"});
  EXPECT_TRUE(house.summary("orders-moved").starts_with("orders in a at 10"))
      << house.summary("orders-moved");
  house.run(400, 200);
  EXPECT_EQ(house.news(), Story{"resolved orders-moved a: recovered"});
}

}  // namespace
}  // namespace tocsin::scenarios
