#include "wire/csv.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace tocsin::wire {
namespace {

// "LINE@TIME label,label value,-" per row and "!place: message" per error, in order.
std::vector<std::string> read(std::string_view text, CsvOptions options = {},
                              size_t piece_bytes = std::string_view::npos) {
  std::vector<std::string> out;
  CsvReader reader(
      std::move(options),
      [&](const CsvRow& row) {
        std::string values;
        for (const auto& value : row.values)
          values += (values.empty() ? "" : ",") + (value ? fmt::format("{}", *value) : "-");
        out.push_back(
            fmt::format("{}@{} {} {}", row.line, row.time.ms, fmt::join(row.labels, ","), values));
      },
      [&](const Error& error) { out.push_back("!" + error.text()); });
  while (!text.empty()) {
    reader.push(text.substr(0, piece_bytes));
    text.remove_prefix(std::min(piece_bytes, text.size()));
  }
  reader.finish();
  return out;
}

using Lines = std::vector<std::string>;

TEST(Csv, ReadsColumnsByNameInPiecesOfAnySize) {
  const std::string text =
      "timestamp,site,logins,\"bets, all\"\r\n"
      "2014-04-01 00:00:00,malta,1.5,2\r\n"
      "1396310400,\"ma\"\"dr,id\",,4\r\n"
      "\r\n"
      "1396310400123,rome,NaN,-5e2";
  CsvOptions options;
  options.label_columns = {"site"};
  const Lines expected = {"2@1396310400000 malta 1.5,2", "3@1396310400000 ma\"dr,id -,4",
                          "5@1396310400123 rome -,-500"};
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, size_t{1000}})
    EXPECT_EQ(read(text, options, piece), expected) << piece;
}

TEST(Csv, FindsTheSeparator) {
  EXPECT_EQ(read("time;v\n1;2\n"), Lines{"2@1000  2"});
  EXPECT_EQ(read("time\tv\n1\t2\n"), Lines{"2@1000  2"});
  EXPECT_EQ(read("\"a;b;c\",time\n3,1\n"), Lines{"2@1000  3"});
  CsvOptions options;
  options.separator = ';';
  EXPECT_EQ(read("time;a,b\n1;2\n", options), Lines{"2@1000  2"});
}

TEST(Csv, ChoosesColumns) {
  EXPECT_EQ(read("v,Date\n7,1\n"), Lines{"2@1000  7"});
  EXPECT_EQ(read("when,v\n1,7\n"), Lines{"2@1000  7"});
  CsvOptions options;
  options.time_column = "when";
  options.value_columns = {"b", "a"};
  EXPECT_EQ(read("time,when,a,b\n9,1,2,3\n", options), Lines{"2@1000  3,2"});
  options.value_columns = {"c"};
  EXPECT_EQ(read("time,when,a\n9,1,2\n", options),
            Lines{"!line 1: there is no column \"c\"; the columns are: time, when, a"});
  EXPECT_EQ(read("time\n1\n"),
            Lines{"!line 1: there is no column of values: every column is the time or a label"});
}

TEST(Csv, LeavesOutWrongRowsAndGoesOn) {
  EXPECT_EQ(read("time,v\n1,x\n2,2\n3\n4,4,4\nnow,1\n5,inf\n6,\"1\"2\n7,7\n"),
            (Lines{"!line 2: row left out: \"x\" in column v is no finite number", "3@2000  2",
                   "!line 4: row left out: it has 1 columns, the header row has 2",
                   "!line 5: row left out: it has 3 columns, the header row has 2",
                   "!line 6: row left out: \"now\" in column time is no time (unix seconds, "
                   "milliseconds, microseconds, nanoseconds or ISO 8601, 1970 to 9998)",
                   "!line 7: row left out: \"inf\" in column v is no finite number",
                   "!line 8: row left out: text after a closing quote", "9@7000  7"}));
}

TEST(Csv, ReadsWhatExportsLookLike) {
  EXPECT_EQ(read("\xef\xbb\xbftime,v\n1,7\n"), Lines{"2@1000  7"});
  EXPECT_EQ(read("\n\ntime,v\n\n1, 7 \n"), Lines{"5@1000  7"});
  EXPECT_EQ(read("time,v\n1,\n"), Lines{"2@1000  -"});
  EXPECT_EQ(read("time,v\n1,"), Lines{"2@1000  -"});
  EXPECT_EQ(read("time,v,w\n\"1\n\",7,null\n2,8,n/a\n"),
            (Lines{"!line 2: row left out: \"1\n\" in column time is no time (unix seconds, "
                   "milliseconds, microseconds, nanoseconds or ISO 8601, 1970 to 9998)",
                   "4@2000  8,-"}));
}

TEST(Csv, EndsWhereReadingOnMakesNoSense) {
  EXPECT_EQ(read(""), Lines{"!line 1: cannot read the file: it has no header row"});
  EXPECT_EQ(read("time,v"), Lines{});
  EXPECT_EQ(
      read("time,v\n1,\"7\n2,8\n"),
      Lines{"!line 2: cannot read the record that begins on line 2: its quote is not closed"});
  CsvOptions options;
  options.record_bytes_max = 8;
  options.columns_max = 2;
  EXPECT_EQ(read("t,v\n1,1234567\n", options), Lines{"2@1000  1234567"});
  EXPECT_EQ(read("t,v\n1,123456789\n2,2\n", options),
            Lines{"!line 2: cannot read the record that begins on line 2: it is longer than 8 "
                  "bytes; is a quote missing?"});
  EXPECT_EQ(read("time,value\n", options),
            Lines{"!line 1: cannot read the first row: it is longer than 8 bytes"});
  EXPECT_EQ(read("a,b,c\n", options),
            Lines{"!line 1: cannot read line 1: it has more than 2 columns"});
  EXPECT_EQ(read("\"a\nb\",c\n", options),
            Lines{"!line 1: cannot read the first row: a quoted field goes over the line's end"});
}

TEST(Csv, TellsTimesApartBySize) {
  const struct {
    const char* text;
    int64_t ms;  // -1 = none
  } cases[] = {{"0", 0},
               {"1396310400", 1396310400000},
               {"1396310400.25", 1396310400250},
               {"99999999999", 99999999999000},
               {"100000000000", 100000000000},
               {"1396310400123", 1396310400123},
               {"99999999999999", 99999999999999},
               {"1396310400123456", 1396310400123},
               {"1396310400123456789", 1396310400123},
               {"2014-04-01", 1396310400000},
               {"2014-04-01T00:00:00.5Z", 1396310400500},
               {"2014-04-01 02:00:00+02:00", 1396310400000},
               {"9998-12-31", 253370678400000},
               {"9999-01-01", -1},
               {"-1", -1},
               {"1969-12-31", -1},
               {"", -1},
               {"April", -1}};
  for (const auto& test : cases) {
    const auto time = parse_csv_time(test.text);
    EXPECT_EQ(time ? time->ms : -1, test.ms) << test.text;
  }
}

// What was written with quotes is read back, cut anywhere.
RC_GTEST_PROP(Csv, ReadsLabelsBack, (std::vector<std::string> labels)) {
  std::string text = "time,label,v\n";
  Lines expected;
  CsvOptions options;
  options.label_columns = {"label"};
  uint64_t line = 2;
  for (const auto& label : labels) {
    std::string quoted;
    for (const char c : label) quoted += c == '"' ? "\"\"" : std::string(1, c);
    text += "1,\"" + quoted + "\",2\r\n";
    expected.push_back(fmt::format("{}@1000 {} 2", line, label));
    line += 1 + static_cast<uint64_t>(std::count(label.begin(), label.end(), '\n'));
  }
  RC_ASSERT(read(text, options, *rc::gen::inRange<size_t>(1, 20)) == expected);
}

RC_GTEST_PROP(Csv, TheCutsMakeNoDifference, ()) {
  const std::string text =
      "t,v\n" + *rc::gen::container<std::string>(rc::gen::element('1', ',', '"', '\n', '\r', 'x'));
  RC_ASSERT(read(text, {}, *rc::gen::inRange<size_t>(1, 5)) == read(text));
}

}  // namespace
}  // namespace tocsin::wire
