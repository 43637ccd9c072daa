// A reload of the configuration while a route keeps quiet.
#include <gtest/gtest.h>

#include "supervisor/preview.h"
#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

constexpr const char* kIntervals = R"yaml(
time_intervals:
  - {name: night, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}
  - {name: morning, time_intervals: [{times: [{start_time: '00:00', end_time: '08:00'}]}]}
)yaml";

Routes routes(const std::string& yaml, std::string* told = nullptr) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"a.yaml", kIntervals + yaml}}, problems);
  Routes out = Routes::read(folder, problems);
  if (told != nullptr)
    *told = problems.text();
  else
    EXPECT_TRUE(problems.empty()) << problems.text();
  return out;
}

TimeMs at(const char* clock) {
  return parse_time("2026-11-23T" + std::string(clock) + "Z").value_or(TimeMs{});
}

struct Reload {
  const char *name, *to, *told_at;
};
class Reloads : public testing::TestWithParam<Reload> {};
TEST_P(Reloads, CountAtOnce) {
  testing_help::World world(std::string("hours_") + GetParam().name, {},
                            routes("routes: [{receivers: ops, mute_time_intervals: [night]}]"));
  Changes changes;
  world.supervisor->step(testing_help::decision(Decision::What::kOpened, 1, at("01:00:00"), "a",
                                                Severity::kCritical, Labels()),
                         changes);
  EXPECT_TRUE(changes.intents.empty());
  world.commit(changes);
  world.configure(Options(), routes(GetParam().to));
  const TimeMs due = at(GetParam().told_at);
  Changes before, after;
  world.supervisor->advance(at("02:00:00"), before);
  world.supervisor->advance(TimeMs{due.ms - 1}, before);
  EXPECT_EQ(before.intents.size(), due <= at("02:00:00") ? 1u : 0u);
  world.commit(before);
  world.restart();
  world.supervisor->advance(due, after);
  EXPECT_EQ(before.intents.size() + after.intents.size(), 1u);
}
INSTANTIATE_TEST_SUITE_P(
    All, Reloads,
    testing::Values(
        Reload{"as_before", "routes: [{receivers: ops, mute_time_intervals: [night]}]", "06:00:00"},
        Reload{"later", "routes: [{receivers: ops, mute_time_intervals: [morning]}]", "08:00:00"},
        Reload{"no_more", "routes: [{receivers: ops}]", "02:00:00"}),
    [](const auto& row) { return row.param.name; });

TEST(Hours, AnotherRouteTellsWhomAQuietOneNames) {
  const Routes made = routes(R"yaml(
routes:
  - {receivers: [a, b], mute_time_intervals: [night], continue: true}
  - {receivers: b}
)yaml");
  const auto night = made.tellings({}, Severity::kHigh, at("01:00:00"));
  ASSERT_EQ(night.size(), 2u);
  EXPECT_EQ(night[0].receivers, std::vector<std::string>{"b"});
  EXPECT_FALSE(night[0].quiet);
  EXPECT_EQ(night[1].receivers, std::vector<std::string>{"a"});
  ASSERT_TRUE(night[1].quiet);
  EXPECT_EQ(night[1].quiet->until, at("06:00:00"));
  EXPECT_EQ(made.tellings({}, Severity::kHigh, at("07:00:00")).size(), 1u);
}

TEST(Hours, AreInheritedUnlessARouteHasItsOwn) {
  const Routes made = routes(R"yaml(
routes:
  - receivers: a
    mute_time_intervals: [night]
    routes:
      - {match: [site=rome], mute_time_intervals: []}
      - {match: [site=oslo], receivers: b}
)yaml");
  const auto quiet = [&](const char* site) {
    return made
        .tellings(Labels(std::vector<Labels::Pair>{{"site", site}}), Severity::kHigh,
                  at("01:00:00"))[0]
        .quiet.has_value();
  };
  EXPECT_FALSE(quiet("rome"));
  EXPECT_TRUE(quiet("oslo"));
  EXPECT_TRUE(quiet("bonn"));
}

TEST(Hours, AnUnknownIntervalIsAProblemWithItsPlace) {
  std::string told;
  routes("routes: [{receivers: a, active_time_intervals: [nigth]}]", &told);
  EXPECT_NE(told.find("there is no time interval \"nigth\"; did you mean \"night\"?"),
            std::string::npos)
      << told;
}

TEST(Hours, APreviewSaysUntilWhen) {
  const Routes made = routes("routes: [{receivers: ops, mute_time_intervals: [night]}]");
  const FixedDirectory nobody;
  const auto found = preview_of({made, nullptr, nobody}, {}, Severity::kHigh, at("01:00:00"), 5);
  EXPECT_TRUE(found.receivers.empty());
  ASSERT_EQ(found.tellings.size(), 1u);
  ASSERT_TRUE(found.tellings[0].quiet);
  EXPECT_EQ(found.tellings[0].quiet->by, "time interval \"night\"");
}

}  // namespace
}  // namespace tocsin::supervisor
