#include "oncall/linter.h"

#include <gtest/gtest.h>

#include "oncall/test_roster.h"

namespace tocsin::oncall {
namespace {

struct LintCase {
  const char* name;
  std::string yaml;
  std::vector<Override> overrides;
  LintFacts facts;
  const char* expected;  // "kind: text" per line, 2026-10-20 to 2026-11-03
};
class Linter : public testing::TestWithParam<LintCase> {};

TEST_P(Linter, Finds) {
  const LintCase& tested = GetParam();
  const OnCall on_call(test_roster(tested.yaml), tested.overrides);
  std::string text;
  for (const Finding& one : lint(on_call, tested.facts, at("2026-10-20"), days(14)))
    text += std::string(to_text(one.kind)) + ": " + one.text + "\n";
  EXPECT_EQ(text, tested.expected);
}

std::string with(const std::string& schedule, const std::string& people = kThreePeople) {
  return people + "teams: [{name: t, people: [ana]}]\nschedules:\n  - {name: s, team: t, " +
         schedule + "}\n";
}

Override take_over(const char* person, const char* instead_of) {
  Override out;
  out.id = "1";
  out.schedule = "s";
  out.from = at("2026-10-21");
  out.to = at("2026-10-22");
  out.person = person;
  out.instead_of = instead_of;
  out.by = "ana";
  return out;
}

const char* const kAlways = "layers: [{people: [ana], start: 2026-01-05}]";

INSTANTIATE_TEST_SUITE_P(
    Rotas, Linter,
    testing::Values(
        LintCase{"nothing", with(kAlways), {}, {}, ""},
        LintCase{"gap",
                 with("must_cover: ['mon-fri 09:00-18:00'], layers: [{people: [ana], rotate: daily,"
                      " hand_off: '00:00', start: 2026-10-01, end: 2026-10-30T12:00}]"),
                 {},
                 {},
                 "gap: Nobody is on call for s from 2026-10-30 12:00 to 2026-10-30 18:00 (UTC).\n"
                 "gap: Nobody is on call for s from 2026-11-02 09:00 to 2026-11-02 18:00 (UTC).\n"},
        LintCase{"no_way_to_be_told",
                 with(kAlways, "people: [{name: ana}]\n"),
                 {},
                 {},
                 "no contact: ana cannot be told: no way to be told of a critical alert is "
                 "given.\n"},
        LintCase{"no_way_for_what_is_critical",
                 with(kAlways,
                      "people: [{name: ana, email: a@example.com, notify: [{by: mail, severity: "
                      "low}]}]\n"),
                 {},
                 {},
                 "no contact: ana cannot be told: no way to be told of a critical alert is "
                 "given.\n"},
        LintCase{"a_way_that_cannot_work",
                 with(kAlways),
                 {},
                 {{{"ana/mail", "no receiver of kind mail is configured"}}, {}},
                 "no contact: ana cannot be told: ana/mail: no receiver of kind mail is "
                 "configured.\n"},
        LintCase{"on_leave",
                 with(kAlways,
                      "people: [{name: ana, email: a@example.com, zone: Asia/Tokyo, leave: [{from: "
                      "2026-10-24, to: 2026-10-25}]}]\n"),
                 {},
                 {},
                 "on leave: ana is on leave and on call for s from 2026-10-23 15:00 to 2026-10-25 "
                 "15:00 (UTC).\n"},
        LintCase{"clock_change",
                 with("zone: Europe/Berlin, layers: [{people: [ana], rotate: daily, start: "
                      "2026-01-05}]"),
                 {},
                 {},
                 "clock change: The clocks change: the shift of ana from 2026-10-24 09:00 to "
                 "2026-10-25 09:00 (Europe/Berlin) is 1h longer.\n"},
        LintCase{"hand_off_in_the_middle_of_the_hours",
                 with("must_cover: ['22:00-06:00'], layers: [{people: [ana, bob], rotate: daily, "
                      "hand_off: '00:00', hours: ['22:00-06:00'], start: 2026-01-05}]"),
                 {},
                 {},
                 "cut hours: Layer 1 of s hands off at 00:00 on tue, in the middle of its "
                 "hours.\n"},
        LintCase{"override_that_changes_nothing",
                 with(kAlways),
                 {take_over("cy", "bob")},
                 {},
                 "shadowed override: The override of s from 2026-10-21 00:00 to 2026-10-22 00:00 "
                 "(UTC) by ana changes nothing: bob is not on call then, or a later one covers "
                 "it.\n"},
        LintCase{"override_for_somebody_who_left",
                 with(kAlways),
                 {take_over("dan", "ana")},
                 {},
                 "unknown person: An override of s names dan, whom section `people` does not have "
                 "(any more).\n"},
        LintCase{"nobody_uses_it",
                 std::string(kThreePeople) + "schedules: [{name: s, " + kAlways + "}]\n",
                 {},
                 {},
                 "unused schedule: Nothing leads to schedule s: it has no team and no route or "
                 "escalation names it.\n"},
        LintCase{"a_policy_uses_it",
                 std::string(kThreePeople) + "schedules: [{name: s, " + kAlways + "}]\n",
                 {},
                 {{}, {"s"}},
                 ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace tocsin::oncall
