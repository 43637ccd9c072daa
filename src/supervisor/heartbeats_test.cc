#include "supervisor/heartbeats.h"

#include <gtest/gtest.h>

namespace tocsin::supervisor {
namespace {

const TimeMs kNow = *parse_time("2026-11-23T10:00:00Z");

std::vector<Heartbeat> read(const std::string& yaml, std::string* wrong = nullptr) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"a.yaml", yaml}}, problems);
  auto out = Heartbeats::read(folder, problems);
  if (wrong != nullptr) *wrong = problems.text();
  if (wrong == nullptr) {
    EXPECT_TRUE(problems.empty()) << problems.text();
  }
  return out;
}

Heartbeats backup() {
  Heartbeats out;
  out.configure(read("heartbeats: [{name: backup, within: 1h, severity: low, labels: {site: a}}]"),
                kNow);
  return out;
}

TEST(Heartbeats, LateOnlyPastItsTime) {
  Heartbeats all = backup();
  EXPECT_TRUE(all.late(kNow + minutes(60) - milliseconds(1)).empty());
  const auto late = all.late(kNow + minutes(60));
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].labels,
            Labels({{"alertname", "heartbeat-backup"}, {"severity", "low"}, {"site", "a"}}));
  EXPECT_EQ(late[0].starts, kNow + minutes(60));
  EXPECT_EQ(late[0].ends, TimeMs{});
  EXPECT_NE(late[0].annotations.get("description").find("since Tocsin started"), std::string::npos);
}

TEST(Heartbeats, ASignEndsItsAlertAndBeginsTheTimeAnew) {
  Heartbeats all = backup();
  const auto late = all.late(kNow + hours(2));
  const auto sign = all.sign("backup", kNow + hours(2));
  ASSERT_TRUE(sign && late.size() == 1);
  EXPECT_EQ(reported_key(*sign, "heartbeat"), reported_key(late[0], "heartbeat"));
  EXPECT_EQ(sign->ends, kNow + hours(2));
  EXPECT_TRUE(all.late(kNow + hours(3) - milliseconds(1)).empty());
  EXPECT_EQ(all.late(kNow + hours(3)).size(), 1u);
}

TEST(Heartbeats, SayHowTheyStand) {
  Heartbeats all = backup();
  auto states = all.states(kNow + minutes(59));
  ASSERT_EQ(states.size(), 1u);
  EXPECT_EQ(states[0].last, TimeMs{}) << "nothing came since the start";
  EXPECT_EQ(states[0].due, kNow + hours(1));
  EXPECT_FALSE(states[0].late);
  EXPECT_TRUE(all.states(kNow + hours(1))[0].late) << "as late() says it";
  ASSERT_TRUE(all.sign("backup", kNow + hours(2)));
  states = all.states(kNow + hours(2));
  EXPECT_EQ(states[0].last, kNow + hours(2));
  EXPECT_EQ(states[0].due, kNow + hours(3));
  EXPECT_FALSE(states[0].late);
}

TEST(Heartbeats, AnotherNameIsNotTakenAndAGuessIsMade) {
  Heartbeats all = backup();
  EXPECT_FALSE(all.sign("backpu", kNow));
  EXPECT_EQ(all.nearest("backpu"), "backup");
}

TEST(Heartbeats, AnotherConfigurationKeepsWhenTheyWereSeen) {
  Heartbeats all = backup();
  ASSERT_TRUE(all.sign("backup", kNow + minutes(50)));
  all.configure(read("heartbeats: [{name: backup, within: 30m}, {name: fresh, within: 10m}]"),
                kNow + minutes(70));
  EXPECT_TRUE(all.late(kNow + minutes(79)).empty());
  EXPECT_EQ(all.late(kNow + minutes(80)).size(), 2u);
  all.configure({}, kNow + minutes(80));
  EXPECT_TRUE(all.late(kNow + hours(9)).empty());
}

TEST(Heartbeats, MistakesHaveTheirPlaces) {
  std::string wrong;
  read("heartbeats: [{name: 'a b', within: 1h}, {name: c, within: 0}, {name: c, within: 1h}]",
       &wrong);
  EXPECT_NE(wrong.find("a.yaml:1:21"), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("at least 1s"), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("twice"), std::string::npos) << wrong;
}

}  // namespace
}  // namespace tocsin::supervisor
