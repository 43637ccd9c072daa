#include "replay/detect_rows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace tocsin::replay {
namespace {

using Lines = std::vector<std::string>;

// "LINE@TIME value" per row, with - for what is not there, and "!place: message" per error.
Lines read(std::string_view text, const DetectColumns& columns = {},
           size_t piece_bytes = std::string_view::npos) {
  Lines out;
  DetectRows rows(
      columns,
      [&](const DetectRow& row) {
        out.push_back(fmt::format("{}@{} {}", row.line,
                                  row.time ? std::to_string(row.time->ms) : "-",
                                  row.value ? fmt::format("{}", *row.value) : "-"));
      },
      [&](const Error& error) { out.push_back("!" + error.text()); });
  for (; !text.empty(); text.remove_prefix(std::min(piece_bytes, text.size())))
    rows.push(text.substr(0, piece_bytes));
  rows.finish();
  return out;
}

TEST(DetectRows, FindsTheColumns) {
  const struct {
    const char* name;
    const char* text;
    Lines expected;
    DetectColumns columns = {};
  } cases[] = {
      {"by name", "timestamp,value\n1,7\n", {"2@1000 7"}},
      {"capitals", "Timestamp,VALUE\n1,7\n", {"2@1000 7"}},
      {"other order", "label,value,ts\n0,7,1\n", {"2@1000 7"}},
      {"a label before an unnamed value", "time,label,orders\n1,0,7\n", {"2@1000 7"}},
      {"more columns", "timestamp,value,label,KPI ID\n1,7,0,abc\n", {"2@1000 7"}},
      {"unknown names", "when,orders\n1,7\n", {"2@1000 7"}},
      {"no header", "1,7\n2,8\n", {"1@1000 7", "2@2000 8"}},
      {"no header, a gap first", "1,\n2,8\n", {"1@1000 -", "2@2000 8"}},
      {"no header, more columns", "2024-01-01 00:00:00,7,x\n", {"1@1704067200000 7"}},
      {"semicolons", "timestamp;value\n1;7\n", {"2@1000 7"}},
      {"a byte order mark", "\xef\xbb\xbftimestamp,value\n1,7\n", {"2@1000 7"}},
      {"windows", "timestamp,value\r\n1,7\r\n", {"2@1000 7"}},
      {"no line end", "timestamp,value\n1,7", {"2@1000 7"}},
      {"asked for", "a,b,c\n1,2,3\n", {"2@3000 2"}, {"C", "b"}},
      {"asked for in vain",
       "a,b\n1,2\n",
       {"!line 1: there is no column \"c\"; the columns are: a, b"},
       {"", "c"}},
      {"no values",
       "timestamp\n1\n",
       {"!line 1: there is no column of values; the columns are: timestamp"}},
      {"empty", "", {"!line 1: cannot read the file: it has no rows"}},
  };
  for (const auto& test : cases)
    EXPECT_EQ(read(test.text, test.columns), test.expected) << test.name;
}

TEST(DetectRows, ReadsTimesAndValues) {
  const struct {
    const char* row;
    const char* expected;
  } cases[] = {
      {"1396310400,1.5", "2@1396310400000 1.5"},
      {"1396310400123,1e3", "2@1396310400123 1000"},
      {"2014-04-01 00:00:00,1", "2@1396310400000 1"},
      {"2014-04-01T00:00:00,1", "2@1396310400000 1"},
      {"2014-04-01T02:00:00+02:00,1", "2@1396310400000 1"},
      {"2014-04-01T00:00:00.25Z,1", "2@1396310400250 1"},
      {"1,", "2@1000 -"},
      {"1,NaN", "2@1000 -"},
      {"1, 7 ", "2@1000 7"},
  };
  for (const auto& test : cases)
    EXPECT_EQ(read(fmt::format("timestamp,value\n{}\n", test.row)), Lines{test.expected})
        << test.row;
}

TEST(DetectRows, NamesWhatCannotBeReadAndGoesOn) {
  EXPECT_EQ(read("timestamp,value\n1,x\nnow,2\n3\n\"4\"y,4\n5,inf\n6,6\n"),
            (Lines{"!line 2: \"x\" is no finite number", "2@1000 -",
                   "!line 3: \"now\" is no time (unix seconds, milliseconds or ISO 8601, 1970 to "
                   "9998)",
                   "3@- -", "!line 4: it has 1 column, too few", "4@- -",
                   "!line 5: text after a closing quote", "5@- -",
                   "!line 6: \"inf\" is no finite number", "6@5000 -", "7@6000 6"}));
}

RC_GTEST_PROP(DetectRows, TheCutsMakeNoDifference, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::element('1', ',', '"', '\n', '\r', 'x', '-'));
  RC_ASSERT(read(text, {}, *rc::gen::inRange<size_t>(1, 5)) == read(text));
}

}  // namespace
}  // namespace tocsin::replay
