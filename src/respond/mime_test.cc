#include "respond/mime.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "respond/test_mail_reader.h"

namespace tocsin::respond {
namespace {

struct HeaderCase {
  const char* name;
  std::string text;
  const char* expected;
};
class HeaderTexts : public ::testing::TestWithParam<HeaderCase> {};
TEST_P(HeaderTexts, AreWrittenAs) {
  EXPECT_EQ(header_text(GetParam().text, 9), GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(
    All, HeaderTexts,
    ::testing::Values(
        HeaderCase{"plain", "Disk full", "Disk full"},
        HeaderCase{"injection", "a\r\nBcc: x@y.z", "a Bcc: x@y.z"},
        HeaderCase{"lone_newline", "a\nb\rc", "a b c"},
        HeaderCase{"nul", std::string("a\0b", 3), "a b"},
        HeaderCase{"outer_blanks", "  a   b ", "a b"}, HeaderCase{"empty", "", ""},
        HeaderCase{"utf8", "é", "=?UTF-8?B?w6k=?="},
        HeaderCase{"looks_encoded", "=?UTF-8?B?w6k=?=", "=?UTF-8?B?PT9VVEYtOD9CP3c2az0/PQ==?="},
        HeaderCase{"not_utf8", "a\xff", "a?"},
        HeaderCase{"folded",
                   "one two three four five six seven eight nine ten eleven twelve thirteen",
                   "one two three four five six seven eight nine ten eleven twelve\r\n thirteen"}),
    [](const auto& tested) { return std::string(tested.param.name); });

RC_GTEST_PROP(Mime, AnyHeaderTextReadsBackOnShortLines, (std::string text)) {
  const std::string header = header_text(text, 9);
  std::string line = "Subject: ";
  for (const char c : header + "\r\n") {
    if (c != '\r' && c != '\n') line += c;
    if (c == '\n') {
      RC_ASSERT(line.size() <= 78u || line.find(' ', 10) == std::string::npos);
      line.clear();
    }
  }
  const std::string back = testing::decode_header(header);
  RC_ASSERT(back.find_first_of("\r\n") == std::string::npos);
}

// Characters of all lengths: what was UTF-8 comes back as it was.
RC_GTEST_PROP(Mime, Utf8HeadersReadBack, (std::vector<uint8_t> picks)) {
  const char* units[] = {"a", "é", "€", "🔔", "=?", "?=", "_", "Z"};
  std::string text;
  for (const uint8_t pick : picks) text += units[pick % 8];
  RC_ASSERT(testing::decode_header(header_text(text, 9)) == text);
}

RC_GTEST_PROP(Mime, QuotedPrintableReadsBack, (std::string text)) {
  const std::string encoded = quoted_printable(text);
  std::string normal;  // bare LF and CRLF are both line ends
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    normal += text[i] == '\n' ? "\r\n" : std::string(1, text[i]);
  }
  RC_ASSERT(testing::decode_quoted_printable(encoded) == normal);
  size_t column = 0;
  for (const char c : encoded) {
    column = c == '\n' ? 0 : column + 1;
    RC_ASSERT(column <= 77u);  // 76 and the CR
  }
}

TEST(Mime, QuotedPrintableCases) {
  EXPECT_EQ(quoted_printable("a=b"), "a=3Db");
  EXPECT_EQ(quoted_printable("é"), "=C3=A9");
  EXPECT_EQ(quoted_printable("trailing \nblank\t"), "trailing=20\r\nblank=09");
  EXPECT_EQ(quoted_printable(std::string(75, 'x')), std::string(75, 'x'));
  EXPECT_EQ(quoted_printable(std::string(76, 'x')), std::string(75, 'x') + "=\r\nx");
}

TEST(Mime, Mailboxes) {
  EXPECT_EQ(mailbox("", "a@b.c"), "a@b.c");
  EXPECT_EQ(mailbox("Tocsin, \"the\" bell", "a@b.c"), "\"Tocsin, \\\"the\\\" bell\" <a@b.c>");
  EXPECT_EQ(mailbox("Glöckchen", "a@b.c"), "=?UTF-8?B?R2zDtmNrY2hlbg==?= <a@b.c>");
  EXPECT_EQ(mailbox("x\r\nBcc: y@z", "a@b.c"), "\"x Bcc: y@z\" <a@b.c>");
}

TEST(Mime, Dates) {
  EXPECT_EQ(mail_date(*parse_time("2026-11-23T14:32:45.999Z")), "Mon, 23 Nov 2026 14:32:45 +0000");
  EXPECT_EQ(mail_date(*parse_time("2024-02-29T00:00:00Z")), "Thu, 29 Feb 2024 00:00:00 +0000");
  EXPECT_EQ(mail_date(TimeMs{0}), "Thu, 01 Jan 1970 00:00:00 +0000");
}

TEST(Mime, ComposedMailIsReadBackInBothParts) {
  MailParts parts;
  parts.headers = {{"Subject", header_text("Größe", 9)}, {"From", "a@b.c"}};
  parts.text = "Zeile 1\n.\nGröße = 1\n--=_x\n";
  parts.html = "<p>Größe</p>\n";
  const testing::ReadMail read = testing::read_mail(compose_mail(parts));
  EXPECT_EQ(testing::decode_header(read.headers.at("Subject")), "Größe");
  EXPECT_EQ(read.headers.at("MIME-Version"), "1.0");
  EXPECT_EQ(read.parts.at("text/plain; charset=utf-8"), "Zeile 1\r\n.\r\nGröße = 1\r\n--=_x\r\n");
  EXPECT_EQ(read.parts.at("text/html; charset=utf-8"), "<p>Größe</p>\r\n");
}

}  // namespace
}  // namespace tocsin::respond
