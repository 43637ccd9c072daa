#include "respond/people.h"

#include <gtest/gtest.h>

namespace tocsin::respond {
namespace {

struct Made {
  Receivers receivers;
  std::vector<Unreachable> unreachable;
  std::string problems;
};

Made make(const std::string& yaml) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"a.yaml", yaml}}, problems);
  Made out;
  out.receivers = Receivers::read(folder, SecretSources{}, problems);
  const auto roster = oncall::Roster::read(folder, {}, problems);
  out.unreachable = add_people(roster, out.receivers, problems);
  out.problems = problems.text();
  return out;
}

constexpr const char* kMail =
    "receivers:\n"
    "  - {name: post, kind: mail, host: localhost, security: none, from: t@example.com, "
    "to: ops@example.com}\n";

TEST(People, HaveReceiversOfTheirOwn) {
  const Made made = make(std::string(kMail) +
                         "people:\n"
                         "  - name: ana\n"
                         "    email: ana@example.com\n"
                         "    notify: [{by: mail}, {by: mail, to: ana@home.example, after: 5m}]\n");
  EXPECT_EQ(made.problems, "");
  EXPECT_TRUE(made.unreachable.empty());
  ASSERT_NE(made.receivers.find("ana/mail"), nullptr);
  EXPECT_EQ(made.receivers.find("ana/mail")->kind(), "mail");
  EXPECT_NE(made.receivers.find("ana/mail-2"), nullptr);
}

TEST(People, WithoutAReceiverOfThatKindAreUnreachable) {
  const Made made =
      make("people:\n  - {name: ana, email: ana@example.com, slack: U1, notify: [{by: slack}]}\n");
  EXPECT_EQ(made.problems, "");
  ASSERT_EQ(made.unreachable.size(), 1u);
  EXPECT_EQ(made.unreachable[0].person, "ana");
  EXPECT_EQ(made.unreachable[0].receiver, "ana/slack");
  EXPECT_EQ(made.unreachable[0].why, "no receiver of kind slack is configured");
  EXPECT_EQ(made.receivers.find("ana/slack"), nullptr);
}

struct BadCase {
  const char* name;
  const char* method;
  const char* words;
};
class PeopleRefused : public testing::TestWithParam<BadCase> {};

TEST_P(PeopleRefused, SaysWhy) {
  const Made made =
      make(std::string(kMail) +
           "people:\n  - {name: ana, email: ana@example.com, phone: '+34600', notify: [" +
           GetParam().method + "]}\n");
  EXPECT_NE(made.problems.find(GetParam().words), std::string::npos) << made.problems;
}

INSTANTIATE_TEST_SUITE_P(
    Methods, PeopleRefused,
    testing::Values(BadCase{"unknown_via", "{by: mail, via: pots}", "via: there is no receiver"},
                    BadCase{"via_of_another_kind", "{by: sms, via: post}", "is of kind mail"},
                    BadCase{"no_address", "{by: slack}", "ana has no slack"},
                    BadCase{"no_such_kind", "{by: pigeon}", "pigeon"},
                    BadCase{"no_mail_address", "{by: mail, to: ana}", "no mail address"}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace tocsin::respond
