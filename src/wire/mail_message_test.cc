#include "wire/mail_message.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "wire/html_text.h"

namespace tocsin::wire {
namespace {

using Origin = MailMessage::Origin;

std::string mail(const std::string& headers, const std::string& body = "ack\r\n") {
  return "From: Ana Ruiz <Ana@Example.com>\r\nTo: tocsin@example.com\r\n" + headers + "\r\n" + body;
}

struct Html {
  const char* name;
  const char* html;
  const char* text;
};
class HtmlText : public ::testing::TestWithParam<Html> {};
TEST_P(HtmlText, ReadsAsLines) { EXPECT_EQ(html_text(GetParam().html, 1000), GetParam().text); }
INSTANTIATE_TEST_SUITE_P(
    All, HtmlText,
    ::testing::Values(
        Html{"words", "ack  it\n now", "ack it now"},
        Html{"paragraphs", "<p>a</p><p>b</p>", "a\nb\n"}, Html{"breaks", "a<br>b<BR/>c", "a\nb\nc"},
        Html{"references", "&lt;a&gt; &amp; &#233;&#xe9;&nbsp;&euro;", "<a> & éé &euro;"},
        Html{"bad_references", "&#0;&#xd800;&#99999999;&", "  &#99999999;&"},
        Html{"left_out",
             "<head><title>x</title></head><style>p{}</style><!-- > -->a<script>b</script>", "a"},
        Html{"quote", "ack<blockquote>was it<blockquote>old</blockquote></blockquote>new",
             "ack\n> was it\n> > old\nnew"},
        Html{"open_tag", "a<b", "a"}, Html{"too_many_ends", "</blockquote></blockquote>a", "a"},
        Html{"utf8", "grüße", "grüße"}, Html{"nothing", "", ""}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(HtmlText, IsCutAtACharacter) {
  const std::string cut = html_text(std::string(50, 'a') + "ééééééé", 54);
  EXPECT_LE(cut.size(), 54u);
  EXPECT_TRUE(valid_utf8(cut));
}

TEST(MailMessage, IsReadWhole) {
  const auto read =
      parse_mail(mail("Cc: \"B\" <b@example.com>, Team: c@example.com, d@example.com;\r\n"
                      "Delivered-To: Tocsin+X@example.com\r\nReceived: a\r\nReceived: b\r\n"
                      "Subject: =?UTF-8?B?Z3LDvMOfZQ==?= =?utf-8?q?_=E2=82=AC?=\r\n"
                      "Message-ID: <m1@example.com>\r\nIn-Reply-To: <near@t>\r\n"
                      "References: <first@t>\r\n <middle@t> <near@t>\r\n"
                      "X-Tocsin-Severity: critical\r\nX-Tocsin-Labels: site=madrid\r\n"));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->from, "ana@example.com");
  EXPECT_EQ(read->to,
            (std::vector<std::string>{"tocsin@example.com", "b@example.com", "c@example.com",
                                      "d@example.com", "tocsin+x@example.com"}));
  EXPECT_EQ(read->subject, "grüße €");
  EXPECT_EQ(read->id, "m1@example.com");
  EXPECT_EQ(read->answers, (std::vector<std::string>{"near@t", "near@t", "middle@t", "first@t"}));
  EXPECT_EQ(read->hops, 2u);
  EXPECT_EQ(read->severity, "critical");
  EXPECT_EQ(read->labels, "site=madrid");
  EXPECT_EQ(read->text, "ack\n");
  EXPECT_EQ(read->origin, Origin::kPerson);
}

struct Body {
  const char* name;
  const char* type;
  const char* body;
  const char* text;
};
class MailBody : public ::testing::TestWithParam<Body> {};
TEST_P(MailBody, IsFound) {
  const auto read = parse_mail(mail(std::string(GetParam().type) + "\r\n", GetParam().body));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->text, GetParam().text);
}
constexpr const char* kMixed = "Content-Type: multipart/mixed; boundary=\"q\"";
INSTANTIATE_TEST_SUITE_P(
    All, MailBody,
    ::testing::Values(
        Body{"quoted_printable",
             "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
             "quoted-printable",
             "gr=C3=BC=C3=9F=\r\ne\r\n", "grüße\n"},
        Body{"base64", "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64", "YWNr\r\n",
             "ack"},
        Body{"latin1", "Content-Type: text/plain; charset=iso-8859-1", "gr\xfc\xdf", "grüß"},
        Body{"alternative", "Content-Type: multipart/alternative; boundary=q",
             "--q\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--q\r\n\r\nplain\r\n--q--\r\n",
             "plain"},
        Body{"html_alone", "Content-Type: text/html", "<div>ack</div>", "ack\n"},
        Body{"attachments_are_no_words", kMixed,
             "--q\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nresolve\r\n--q\r\n\r\n"
             "ack\r\n--q--\r\n",
             "ack"},
        Body{"a_mail_within_is_no_word", kMixed,
             "--q\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y\r\n\r\nresolve\r\n--q--\r\n",
             ""},
        Body{"no_end_of_parts", kMixed, "--q\r\n\r\nack", "ack"}, Body{"no_parts", kMixed, "", ""},
        Body{"unknown_charset", "Content-Type: text/plain; charset=klingon", "ack", "ack"}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct From {
  const char* name;
  const char* header;
  Origin origin;
};
class MailOrigin : public ::testing::TestWithParam<From> {};
TEST_P(MailOrigin, IsKnown) {
  const auto read = parse_mail(mail(std::string(GetParam().header) + "\r\n"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->origin, GetParam().origin) << to_text(read->origin);
}
INSTANTIATE_TEST_SUITE_P(
    All, MailOrigin,
    ::testing::Values(From{"person", "Auto-Submitted: no", Origin::kPerson},
                      From{"first_class", "Precedence: first-class", Origin::kPerson},
                      From{"cron", "Auto-Submitted: auto-generated", Origin::kProgram},
                      From{"vacation", "Auto-Submitted: auto-replied (vacation)", Origin::kReply},
                      From{"old_autoreply", "X-Autoreply: yes", Origin::kReply},
                      From{"auto_reply", "Precedence: auto_reply", Origin::kReply},
                      From{"bulk", "Precedence: Bulk", Origin::kList},
                      From{"list", "Precedence: list", Origin::kList},
                      From{"null_sender", "Return-Path: <>", Origin::kBounce},
                      From{"report", "Content-Type: multipart/report; boundary=b", Origin::kBounce},
                      From{"ours", "X-Tocsin-Delivery: k\r\nAuto-Submitted: auto-generated",
                           Origin::kOurs}),
    [](const auto& tested) { return std::string(tested.param.name); });

std::string repeated(std::string_view text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(MailMessage, RubbishIsRefused) {
  const std::vector<std::pair<const char*, std::string>> cases{
      {"nothing", ""},
      {"no_header", "\r\nack"},
      {"nul", mail("", std::string("a\0b", 3))},
      {"no_sender", "To: a@b\r\n\r\nack"},
      {"endless_lines", mail(repeated("X: y\r\n", kMailHeaderLinesMax))},
      {"endless_line", mail("X: " + std::string(kMailHeaderBytesMax, 'a') + "\r\n")},
      {"parts_within_parts",
       mail(repeated("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n", 600))},
      {"mails_within_mails", mail(repeated("Content-Type: message/rfc822\r\n\r\n", 600))}};
  for (const auto& [name, bytes] : cases) EXPECT_FALSE(parse_mail(bytes)) << name;
}

// What may still be said is read without running out of stack.
TEST(MailMessage, DeepPartsAreRead) {
  std::string bytes = mail("Content-Type: message/rfc822\r\n", "");
  for (int i = 0; i < 490; ++i)
    bytes += "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "\r\n\r\n--b" +
             std::to_string(i) + "\r\n";
  EXPECT_TRUE(parse_mail(bytes));
  EXPECT_TRUE(parse_mail(mail(repeated("Content-Type: message/rfc822\r\n\r\n", 499))));
}

TEST(MailMessage, LongOnesAreCut) {
  const auto read = parse_mail(
      mail("Subject: " + std::string(5'000, 's') + "\r\n", repeated("é", kMailTextBytesMax)));
  ASSERT_TRUE(read);
  EXPECT_LE(read->subject.size(), kMailSubjectBytesMax);
  EXPECT_LE(read->text.size(), kMailTextBytesMax);
  EXPECT_TRUE(valid_utf8(read->text));
}

}  // namespace
}  // namespace tocsin::wire
