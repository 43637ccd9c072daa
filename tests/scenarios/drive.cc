#include "drive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace tocsin::scenarios {
namespace {

constexpr DurationMs kTickBefore = milliseconds(500);

// "opened RULE SITE" of what was told, in alphabetical order; updates left out.
std::vector<std::string> told_of(const World& world) {
  std::vector<std::string> out;
  for (const Told& one : world.told)
    if (one.event != "updated") out.push_back(one.event + " " + one.rule + " " + one.site);
  std::sort(out.begin(), out.end());
  return out;
}

void expect_told_by(const World& world, const std::string& event, const std::string& rule,
                    TimeMs from, TimeMs to) {
  for (const Told& one : world.told) {
    if (one.event != event || one.rule != rule) continue;
    EXPECT_GE(to_iso(one.when), to_iso(from)) << event << " " << rule;
    EXPECT_LE(to_iso(one.when), to_iso(to)) << event << " " << rule;
  }
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> list{{"monday_morning", 1, "2026-11-23T06:51:10Z"},
                                         {"after_the_hour_of_autumn", 2, "2026-11-10T20:15:00Z"},
                                         {"saturday_night_of_spring", 3, "2026-04-11T02:03:20Z"},
                                         {"sunday_evening", 4, "2026-06-14T19:30:50Z"},
                                         {"friday_night", 78978, "2027-03-13T01:10:40Z"}};
  return list;
}

void play(World& world, const std::vector<Frame>& frames, size_t begin, size_t end) {
  for (size_t i = begin; i < std::min(end, frames.size()); ++i) {
    if (i > 0 && frames[i].arrival - frames[i - 1].arrival > kTickBefore)
      world.tick(frames[i].arrival - kTickBefore);
    world.feed(frames[i]);
  }
}

std::vector<Frame> shuffled(const std::vector<Frame>& frames, DurationMs late, uint64_t seed) {
  Random random(seed);
  std::vector<Frame> out = frames;
  for (Frame& frame : out)
    frame.arrival =
        frame.arrival +
        milliseconds(static_cast<int64_t>(random.below(static_cast<uint64_t>(late.count))));
  std::stable_sort(out.begin(), out.end(),
                   [](const Frame& a, const Frame& b) { return a.arrival < b.arrival; });
  for (size_t i = 0; i < out.size(); ++i) out[i].lsn = Lsn{i + 1};
  return out;
}

void expect_exactly_its_alerts(World& world, const QuickStart& house, DurationMs late) {
  EXPECT_THAT(told_of(world),
              testing::ElementsAre("opened payment-provider madrid", "opened queue-age lagos",
                                   "resolved payment-provider madrid", "resolved queue-age lagos"));
  const TimeMs start = house.start();
  expect_told_by(world, "opened", "payment-provider", start + seconds(60),
                 start + seconds(90) + late);
  expect_told_by(world, "opened", "queue-age", start + seconds(140), start + seconds(151) + late);
  expect_told_by(world, "resolved", "payment-provider", start + seconds(240),
                 start + seconds(400) + late);
  expect_told_by(world, "resolved", "queue-age", start + seconds(240), start + seconds(400) + late);
  std::optional<Id128> parent;
  size_t covered = 0;
  for (const AlertView& alert : world.alerts())
    if (alert.opened->rule_id == "payment-provider") parent = alert.id;
  for (const AlertView& alert : world.alerts()) {
    EXPECT_EQ(alert.state, AlertState::kResolved) << alert.opened->rule_id;
    EXPECT_EQ(alert.resolve_reason, "recovered") << alert.opened->rule_id;
    if (alert.opened->rule_id != "errors-high") continue;
    ++covered;
    EXPECT_EQ(alert.opened->scope.get("site"), "madrid");
    EXPECT_EQ(alert.covered_by, parent);
    EXPECT_LE(to_iso(alert.opened_at), to_iso(start + seconds(91) + late));
  }
  EXPECT_EQ(covered, 1U);
  EXPECT_EQ(world.alerts().size(), 3U);
}

}  // namespace tocsin::scenarios
