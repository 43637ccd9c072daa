#include "oncall/notices.h"

#include <gtest/gtest.h>

#include "oncall/test_roster.h"

namespace tocsin::oncall {
namespace {

OnCall plan(const std::string& people = "[ana, bob]", const std::string& more = "",
            std::vector<Override> overrides = {}) {
  return OnCall(test_roster(std::string(kThreePeople) +
                            "schedules: [{name: s, title: Payments, zone: Europe/Berlin, layers: "
                            "[{people: " +
                            people + ", start: 2026-01-05}]" + more + "}]\n"),
                std::move(overrides));
}

std::string text(const std::vector<PersonMessage>& messages) {
  std::string out;
  for (const PersonMessage& one : messages)
    out += one.person + ": " + one.subject + "\n" + one.text;
  return out;
}

TEST(HandOver, TellsBothWhatIsOpen) {
  const HandOver over{"s",     at("2026-01-12T08:00:00Z"), {"ana"}, {"bob"},
                      {"bob"}, at("2026-01-19T08:00:00Z")};
  EXPECT_EQ(text(hand_over_messages(plan(), over, {"critical: payments low, site madrid"})),
            "bob: You are on call for Payments until mon 2026-01-19 09:00 (Europe/Berlin)\n"
            "Off: Ana Ruiz. On call now: bob.\n\nOpen alerts (1):\n"
            "- critical: payments low, site madrid\n"
            "ana: You are no longer on call for Payments: bob is\n"
            "Off: Ana Ruiz. On call now: bob.\n\nOpen alerts (1):\n"
            "- critical: payments low, site madrid\n");
  EXPECT_TRUE(
      hand_over_messages(plan("[ana, bob]", ", hand_over_notices: false"), over, {}).empty());
}

TEST(Reminders, ComeShortlyBeforeTheShift) {
  EXPECT_TRUE(reminders(plan(), at("2026-01-12T07:44:59Z")).empty());
  const auto due = reminders(plan(), at("2026-01-12T07:45:00Z"));
  EXPECT_EQ(text(due),
            "bob: Your shift for Payments starts in 15m, at mon 2026-01-12 03:00 "
            "(America/New_York)\nOn call now: Ana Ruiz.\n");
  EXPECT_EQ(reminders(plan(), at("2026-01-12T07:50:00Z"))[0].key, due[0].key) << "told once";
  EXPECT_TRUE(
      reminders(plan("[ana, bob]", ", remind_before: 0"), at("2026-01-12T07:50:00Z")).empty());
}

TEST(Moved, TellsThoseWhoseShiftsChange) {
  const TimeMs now = at("2026-01-12T12:00:00Z");
  EXPECT_TRUE(moved_messages(plan(), plan(), now, "").empty());
  Override one;
  one.id = "1";
  one.schedule = "s";
  one.from = at("2026-01-20T08:00:00Z");
  one.to = at("2026-01-21T08:00:00Z");
  one.person = "cy";
  one.instead_of = "ana";
  const auto after = plan("[ana, bob]", "", {one});
  EXPECT_EQ(text(moved_messages(plan(), after, now, "ana")),
            "cy: Your shifts for Payments have changed\nTimes in Europe/Berlin; by ana:\n"
            "- on call from tue 2026-01-20 09:00 to wed 2026-01-21 09:00\n");
  EXPECT_EQ(text(moved_messages(after, plan(), now, "")),
            "ana: Your shifts for Payments have changed\n"
            "Times in Europe/Berlin; by a change of the configuration:\n"
            "- on call from tue 2026-01-20 09:00 to wed 2026-01-21 09:00\n"
            "cy: Your shifts for Payments have changed\n"
            "Times in Europe/Berlin; by a change of the configuration:\n"
            "- no longer on call from tue 2026-01-20 09:00 to wed 2026-01-21 09:00\n");
}

}  // namespace
}  // namespace tocsin::oncall
