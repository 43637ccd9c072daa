#include "replay/detect.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/random.h"
#include "replay/detect_rows.h"
#include "replay/detect_writer.h"

namespace tocsin::replay {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

streamer::Worker worker_of(std::vector<std::string> kinds) {
  auto worker = detect_worker({std::move(kinds), {}});
  EXPECT_TRUE(worker.has_value()) << worker.error().text();
  return *worker;
}

// What the command writes for a file.
std::string answered(std::string_view text, const streamer::Worker& worker,
                     DetectFormat format = DetectFormat::kCsv) {
  Detector detector(worker, calendar::Zone(), "file");
  const DetectWriter writer(format, "");
  std::string out;
  writer.header(out);
  DetectRows rows(
      {}, [&](const DetectRow& row) { writer.row(row, detector.push(row.time, row.value), out); },
      [&](const Error& error) { out += "!" + error.text() + "\n"; });
  rows.push(text);
  rows.finish();
  return out;
}

// Rows a minute apart: a noisy 100, and 300 from row 2000 to row 2030; two rows out of order.
std::string day_with_an_outage(size_t rows, uint64_t seed = 1) {
  Random random(seed);
  std::string text = "timestamp,value\n";
  for (size_t i = 0; i < rows; ++i) {
    const double value = (i >= 2000 && i < 2030 ? 300 : 100) + random.normal();
    const size_t minute = i % 700 == 699 ? i - 20 : i;
    text += fmt::format("{},{:.3f}\n", 1'700'000'000 + 60 * minute, value);
  }
  return text;
}

TEST(Detect, AnswersEveryRow) {
  const std::string out = answered(
      "Timestamp,Value,Label\n"
      "2024-01-01 00:00:00,7,0\n"
      "2024-01-01T00:01:00Z,,0\n"
      "2024-01-01 00:00:00,8,1\n"
      "yesterday,8,1\n"
      "2024-01-01 00:02:00,eight,1\n"
      "1704067380000,9,1\n",
      worker_of({"level"}));
  EXPECT_EQ(out,
            "timestamp,value,score,expected,lower,upper,violation\n"
            "2024-01-01 00:00:00,7,0,,,,0\n"
            "2024-01-01T00:01:00Z,,0,,,,0\n"
            "2024-01-01 00:00:00,8,0,,,,0\n"
            "!line 5: \"yesterday\" is no time (unix seconds, milliseconds or ISO 8601, 1970 to "
            "9998)\n"
            "yesterday,8,0,,,,0\n"
            "!line 6: \"eight\" is no finite number\n"
            "2024-01-01 00:02:00,eight,0,,,,0\n"
            "1704067380000,9,0,,,,0\n");
}

TEST(Detect, OpensAViolationAndEndsIt) {
  const std::string text = day_with_an_outage(2200);
  const streamer::Worker worker = worker_of({"level"});
  Detector detector(worker, calendar::Zone(), "file");
  std::vector<size_t> opened, open_rows;
  size_t number = 0;
  DetectRows rows(
      {},
      [&](const DetectRow& row) {
        const DetectAnswer answer = detector.push(row.time, row.value);
        if (answer.opened) opened.push_back(number);
        if (answer.violation) open_rows.push_back(number);
        if (answer.opened) {
          EXPECT_GE(answer.score, worker.score);
        }
        ++number;
      },
      [](const Error& error) { FAIL() << error.text(); });
  rows.push(text);
  rows.finish();
  EXPECT_THAT(opened, ElementsAre(2001));  // 2 of 3
  ASSERT_FALSE(open_rows.empty());
  EXPECT_EQ(open_rows.front(), 2001U);
  EXPECT_EQ(open_rows.back(), 2031U);  // the third row inside ends it
  EXPECT_EQ(detector.counts().violations, 1U);
  EXPECT_EQ(detector.counts().late, 3U);
  EXPECT_EQ(detector.counts().learning, 30U);
  EXPECT_EQ(detector.counts().judged, 2200U - 33);
}

TEST(Detect, SaysWhyModelsCannotBe) {
  const struct {
    std::vector<std::string> kinds;
    const char* message;
  } cases[] = {
      {{}, "cannot test a file without a model"},
      {{"levle"},
       "cannot test a file with the model \"levle\" (is level meant?); there are: level, "
       "profile"},
      {{"ratio"}, "cannot test a file with the model \"ratio\"; there are: "},
      {{"level", "silence"}, "cannot test a file with the model \"silence\"; there are: "},
      {{"level", "level"}, "two models of kind level"},
  };
  for (const auto& test : cases) {
    const auto worker = detect_worker({test.kinds, {}});
    ASSERT_FALSE(worker.has_value()) << test.message;
    EXPECT_EQ(worker.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(worker.error().message, HasSubstr(test.message));
  }
}

TEST(Detect, JsonSaysTheSame) {
  const std::string csv = answered(day_with_an_outage(2010), worker_of({"level"}));
  const std::string json =
      answered(day_with_an_outage(2010), worker_of({"level"}), DetectFormat::kJson);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'),
            1 + std::count(json.begin(), json.end(), '\n'));
  EXPECT_THAT(json, testing::StartsWith("{\"timestamp\":\"1700000000\",\"value\":"));
  EXPECT_THAT(json, HasSubstr("\"score\":0,\"expected\":null,\"lower\":null,\"upper\":null,"
                              "\"violation\":0}\n"));
  EXPECT_THAT(json, testing::EndsWith("\"violation\":1}\n"));
}

TEST(Detect, FilesInOneStreamAreNamed) {
  const DetectRow row{1, "1", "2,5", TimeMs{1000}, std::nullopt};
  std::string csv, json;
  const DetectWriter as_csv(DetectFormat::kCsv, "a,b.csv"), as_json(DetectFormat::kJson, "a,b.csv");
  as_csv.header(csv);
  as_csv.row(row, {}, csv);
  as_json.row(row, {}, json);
  EXPECT_EQ(csv,
            "file,timestamp,value,score,expected,lower,upper,violation\n"
            "\"a,b.csv\",1,\"2,5\",0,,,,0\n");
  EXPECT_THAT(json,
              testing::StartsWith("{\"file\":\"a,b.csv\",\"timestamp\":\"1\",\"value\":null"));
}

// What is answered to a row depends on no later one: byte for byte, for each model.
RC_GTEST_PROP(Detect, CuttingTheFileShortChangesNoEarlierRow, ()) {
  const auto kind = *rc::gen::element<std::string>("auto", "level", "profile", "count");
  const auto seed = *rc::gen::inRange<uint64_t>(0, 1000);
  const auto cut = *rc::gen::inRange<size_t>(0, 2200);
  const streamer::Worker worker = worker_of({kind});
  const std::string whole = answered(day_with_an_outage(2200, seed), worker);
  const std::string part = answered(day_with_an_outage(cut, seed), worker);
  RC_ASSERT(whole.starts_with(part));
}

}  // namespace
}  // namespace tocsin::replay
