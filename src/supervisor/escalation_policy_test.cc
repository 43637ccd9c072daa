#include "supervisor/escalation_policy.h"

#include <gtest/gtest.h>

#include "supervisor/escalation.h"
#include "supervisor/tier.h"

namespace tocsin::supervisor {
namespace {

FixedDirectory house() {
  FixedDirectory out;
  out.people["alice"] = {{"alice/sms", {}}};
  out.schedules["payments"] = {{kTimeMin, kTimeMax, {"alice"}}};
  out.receivers = {"hub", "inbox"};
  return out;
}

TEST(PolicySchedules, AreThoseOfEveryStepAndOfElse) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts(
      {{"p.yaml",
        "policies:\n  - name: a\n    steps:\n      - tell: [person alice, schedule first]\n"
        "      - after: 5m\n        tell: [schedule second, team db]\n    else: schedule last\n"
        "  - name: b\n    steps:\n      - tell: schedule first\n"}},
      problems);
  const Policies policies = Policies::read(folder, problems);
  EXPECT_TRUE(problems.empty()) << problems.text();
  EXPECT_EQ(policies.schedules(), (std::set<std::string>{"first", "last", "second"}));
  EXPECT_EQ(Policies().schedules(), std::set<std::string>());
}

struct Row {
  const char* name;
  const char* yaml;
  const char* problems;  // empty = none
};

class PolicyProblems : public testing::TestWithParam<Row> {};

TEST_P(PolicyProblems, AreNamedWithPlaceAndHelp) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"p.yaml", GetParam().yaml}}, problems);
  const Policies policies = Policies::read(folder, problems);
  const Tiers tiers = Tiers::read(folder, problems);
  policies.check_targets(house(), problems);
  tiers.check(policies, house(), problems);
  EXPECT_EQ(problems.text(), GetParam().problems);
}

constexpr Row kRows[] = {
    {"fine",
     "policies:\n  - name: a\n    steps:\n      - tell: [schedule payments, receiver inbox]\n"
     "      - after: 5m\n        tell: person alice\n    else: receiver hub\n",
     ""},
    {"unknown_names",
     "policies:\n  - name: a\n    steps:\n      - tell: [schedule payment, person alicia]\n"
     "    else: team db\n",
     "p.yaml:4:16: tell: there is no schedule \"payment\"; did you mean \"payments\"?\n"
     "p.yaml:4:34: tell: there is no person \"alicia\"; did you mean \"alice\"?\n"
     "p.yaml:5:11: else: there is no team \"db\"\n"},
    {"not_a_target", "policies:\n  - name: a\n    steps:\n      - tell: alice\n",
     "p.yaml:4:15: tell: expected \"person NAME\", \"schedule NAME\", \"team NAME\" or \"receiver "
     "NAME\", not \"alice\"\n"},
    {"no_time_between_steps",
     "policies:\n  - name: a\n    steps:\n      - tell: person alice\n"
     "      - tell: receiver hub\n",
     "p.yaml:5:9: after: is 0: nobody of the step before it would have time to acknowledge; name "
     "both in one step, or give them some minutes\n"},
    {"twice",
     "policies:\n  - name: a\n    steps:\n      - tell: person alice\n"
     "  - name: a\n    steps:\n      - tell: person alice\n",
     "p.yaml:5:11: name: policy \"a\" stands twice; names are unique\n"},
    {"tier_names",
     "tiers:\n  admins: [alise]\n  critical: {policy: nope}\n  high: {receivers: [hup]}\n",
     "p.yaml:2:12: admins: there is no person \"alise\"; did you mean \"alice\"?\n"
     "p.yaml:3:22: policy: there is no policy \"nope\"\n"
     "p.yaml:4:21: receivers: there is no receiver \"hup\"; did you mean \"hub\"?\n"},
};
INSTANTIATE_TEST_SUITE_P(Table, PolicyProblems, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(Policies, OneThatNothingUsesIsNamed) {
  config::Problems problems;
  const auto folder =
      config::Folder::from_texts({{"p.yaml",
                                   "policies:\n  - name: a\n    steps: [{tell: person alice}]\n"
                                   "  - name: b\n    steps: [{tell: person alice}]\n"}},
                                 problems);
  const Policies policies = Policies::read(folder, problems);
  ASSERT_TRUE(problems.empty()) << problems.text();
  policies.check_used({"b"}, problems);
  EXPECT_EQ(problems.text(),
            "p.yaml:2:5: policy \"a\" is used by no route and no tier; name it in one, or remove "
            "it\n");
}

TEST(Tiers, WithoutConfigurationMailGetsHighAndTheInboxLow) {
  Policies policies;
  policies.add(policy_of_people(house()));
  const Routes routes =
      Tiers().routes(policies, {{"hub", "webhook"}, {"mail-ops", "mail"}, {"inbox", "inbox"}});
  using Names = std::vector<std::string>;
  EXPECT_EQ(routes.receivers({}, Severity::kCritical), (Names{"hub", "inbox", "mail-ops"}));
  EXPECT_EQ(routes.policy({}, Severity::kCritical).name, "everybody");
  EXPECT_EQ(routes.receivers({}, Severity::kHigh), (Names{"inbox", "mail-ops"}));
  EXPECT_EQ(routes.policy({}, Severity::kHigh).name, "");
  EXPECT_EQ(routes.receivers({}, Severity::kLow), (Names{"inbox"}));
}

TEST(Tiers, HighIsRemindedAfterADayAndThenEscalated) {
  Policies policies;
  policies.add(policy_of_people(house()));
  const EscalationRules rules = Tiers().rules(policies);
  const auto& high = rules.reminders[static_cast<size_t>(Severity::kHigh)];
  ASSERT_TRUE(high);
  ASSERT_EQ(high->steps.size(), 3u);
  EXPECT_TRUE(high->steps[0].again);
  EXPECT_EQ(high->steps[0].after, hours(24));
  EXPECT_EQ(high->steps[1].after, hours(24));
  EXPECT_EQ(high->steps[1].tell.front().text(), "schedule payments");
  EXPECT_FALSE(rules.reminders[static_cast<size_t>(Severity::kLow)]);
  EXPECT_EQ(rules.ack_target[static_cast<size_t>(Severity::kCritical)], minutes(5));
}

// A forecast is what would happen: the same steps, nobody twice in a round.
TEST(Forecast, IsTheWholePolicy) {
  FixedDirectory directory = house();
  directory.people["bob"] = {{"bob/sms", {}}, {"bob/voice", minutes(2)}};
  Escalation state;
  auto policy = std::make_shared<EscalationPolicy>();
  policy->name = "p";
  policy->steps = {
      {{}, {{TargetKind::kSchedule, "payments"}}, false},
      {minutes(5), {{TargetKind::kPerson, "alice"}, {TargetKind::kPerson, "bob"}}, false}};
  policy->repeat = 0;
  policy->otherwise = {{TargetKind::kReceiver, "hub"}};
  state.policy = policy;
  state.state = Escalation::State::kRunning;
  const auto next = forecast(state, directory, Severity::kCritical, {}, TimeMs{0}, 20);
  std::vector<std::string> lines;
  for (const EscalationNext& one : next)
    lines.push_back(to_text(DurationMs{one.at.ms}) + " " + one.text);
  EXPECT_EQ(lines, (std::vector<std::string>{"0 alice is called by alice/sms (step 1 of 2)",
                                             "5m bob is called by bob/sms (step 2 of 2)",
                                             "7m bob is called by bob/voice (step 2 of 2)",
                                             "10m hub is told (else of policy p)"}));
}

}  // namespace
}  // namespace tocsin::supervisor
