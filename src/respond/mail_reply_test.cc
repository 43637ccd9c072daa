#include "respond/mail_reply.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tocsin::respond {
namespace {

using What = MailReply::What;

struct Asked {
  const char* name;
  const char* mail;
  What what;
  const char* text;
  int64_t minutes = 0;
};
class Replies : public ::testing::TestWithParam<Asked> {};
TEST_P(Replies, AreUnderstood) {
  const MailReply reply = read_reply(GetParam().mail);
  EXPECT_EQ(to_text(reply.what), to_text(GetParam().what));
  EXPECT_EQ(reply.text, GetParam().text);
  EXPECT_EQ(reply.silence, minutes(GetParam().minutes));
}
INSTANTIATE_TEST_SUITE_P(
    All, Replies,
    ::testing::Values(
        Asked{"ack", "ack", What::kAcknowledge, ""},
        Asked{"with_a_stop", "\n\n  Ack.\n", What::kAcknowledge, ""},
        Asked{"with_words", "acknowledged, on it\nnow\n", What::kAcknowledge, "on it\nnow"},
        Asked{
            "above_the_quote",
            "Ack\n\nOn Mon, 23 Nov 2026 at 14:32, Tocsin <tocsin@example.com> wrote:\n> resolve\n",
            What::kAcknowledge, ""},
        Asked{"below_the_quote",
              "On Mon, 23 Nov 2026 at 14:32, Tocsin <tocsin@example.com> wrote:\n> resolve\n> "
              "x\n\nack\n",
              What::kAcknowledge, ""},
        Asked{
            "broken_attribution",
            "ack\nOn Mon, 23 Nov 2026 at 14:32 PM Tocsin\n<tocsin@example.com> wrote:\n> resolve\n",
            What::kAcknowledge, ""},
        Asked{"other_languages", "ack\n\nAm 23.11.26 schrieb Tocsin <t@example.com>:\n> resolve\n",
              What::kAcknowledge, ""},
        Asked{"nothing_but_a_quote",
              "Le lun. 23 nov. 2026, Tocsin <t@example.com> a écrit :\n> ack\n", What::kNothing,
              ""},
        Asked{"quoted_commands_are_none", "> ack\n>> resolve\n", What::kNothing, ""},
        Asked{"outlook", "resolve\n\n-----Original Message-----\nFrom: Tocsin\nack\n",
              What::kResolve, ""},
        Asked{"outlook_rule", "unack\n________________________________\nFrom: T\nack\n",
              What::kUnacknowledge, ""},
        Asked{"outlook_headers", "From: Tocsin\nSent: Monday\nTo: Ana\n\nack\n", What::kNothing,
              ""},
        Asked{"signature", "ack\n-- \nAna Ruiz\nresolve\n", What::kAcknowledge, ""},
        Asked{"telephone", "Sent from my iPhone\n", What::kNothing, ""},
        Asked{"silence", "silence", What::kSilence, "", 60},
        Asked{"silence_for", "Silence 2h. deploying", What::kSilence, "deploying", 120},
        Asked{"silence_words", "mute it please", What::kSilence, "it please", 60},
        Asked{"silence_too_long", "silence 400d", What::kSilence, "", 7 * 24 * 60},
        Asked{"silence_too_short", "silence 1s", What::kSilence, "", 5},
        Asked{"note", "note the fuse has blown", What::kNote, "the fuse has blown"},
        Asked{"empty_note", "comment", What::kNothing, ""},
        Asked{"words", "I am looking\n\ninto it", What::kNote, "I am looking\n\ninto it"},
        Asked{"a_word_within_is_none", "please ack", What::kNote, "please ack"},
        Asked{"a_longer_word_is_none", "acknowledging", What::kNote, "acknowledging"},
        Asked{"no_break_space",
              "\xc2\xa0"
              "ack",
              What::kAcknowledge, ""},
        Asked{"nothing", "", What::kNothing, ""}, Asked{"blanks", " \n\t\n", What::kNothing, ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

// Whatever stands behind quote signs changes nothing.
RC_GTEST_PROP(ReplyQuotes, AreNoCommand, (std::vector<std::string> quoted)) {
  std::string mail = "ack on it\n\n";
  for (std::string line : quoted) {
    std::erase(line, '\n');
    mail += "> " + line + "\n";
  }
  const MailReply reply = read_reply(mail);
  RC_ASSERT(reply.what == What::kAcknowledge);
  RC_ASSERT(reply.text == "on it");
}

TEST(Replies, LongOnesAreCut) {
  EXPECT_LT(read_reply(std::string(100'000, 'x')).text.size(), 10'000u);
  std::string lines;
  for (int i = 0; i < 10'000; ++i) lines += "line\n";
  EXPECT_LT(read_reply(lines).text.size(), 10'000u);
}

}  // namespace
}  // namespace tocsin::respond
