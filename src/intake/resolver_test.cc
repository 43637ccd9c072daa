#include "intake/resolver.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace tocsin::intake {
namespace {

using wire::LineScanner;

struct Fixture {
  SeriesTable table;
  AnnouncedSeries announced;
  Resolver resolver;
  explicit Fixture(uint32_t series_max = 1000, const ResolverLimits& limits = {},
                   const wire::LineLimits& lines = {})
      : table(series_max), announced(series_max), resolver(table, announced, 2, lines, limits) {}

  // Reads a body as an intake does: one batch, refused lines left out.
  Batch read(std::string_view body, std::vector<Resolver::Answer>* answers = nullptr) {
    LineScanner scanner(body, wire::TimePrecision::kMilliseconds);
    Batch batch;
    resolver.begin_batch();
    while (true) {
      const auto step = scanner.next(resolver.expected(), resolver.expected_key_bytes());
      if (step == LineScanner::Step::kEnd) return batch;
      EXPECT_EQ(step, LineScanner::Step::kLine);
      const auto answer = resolver.resolve(scanner.line(), scanner.line().time, batch);
      if (answers != nullptr) answers->push_back(answer);
    }
  }
  std::string rows(const Batch& batch) const {
    std::string out;
    for (size_t i = 0; i < batch.size(); ++i)
      out += fmt::format("{}@{}={} ", table.labels(batch.series[i]).text(), batch.time[i].ms,
                         batch.value[i]);
    return out;
  }
};

TEST(Resolver, GivesASeriesPerNumericField) {
  Fixture f;
  const Batch batch = f.read("cpu,host=a value=1,idle=2,s=\"x\",up=t 7\nmem value=3 8\n");
  EXPECT_EQ(f.rows(batch),
            "cpu{host=\"a\"}@7=1 cpu_idle{host=\"a\"}@7=2 cpu_up{host=\"a\"}@7=1 mem@8=3 ");
  ASSERT_EQ(batch.fresh.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(batch.fresh[i].ref, batch.series[i]);
    EXPECT_EQ(batch.fresh[i].labels, f.table.labels(batch.series[i]));
    EXPECT_EQ(f.table.home(batch.series[i]), batch.fresh[i].labels.hash() % 2);
  }
}

TEST(Resolver, GuessesLinesThatComeInTheSameOrder) {
  Fixture f;
  const std::string body = "a,h=1 v=1 1\nb,h=1 v=1,w=2 1\nc,h=1 s=\"x\",v=1 1\nd value=1 1\n";
  const Batch first = f.read(body);
  EXPECT_EQ(f.resolver.counts().added, 5u);
  EXPECT_EQ(f.resolver.counts().guessed, 0u);
  f.read(body);  // the step from the last line to the first is new
  EXPECT_EQ(f.resolver.counts().hashed, 1u);
  EXPECT_EQ(f.resolver.counts().guessed, 4u);
  const Batch third = f.read(body);
  EXPECT_EQ(f.resolver.counts().hashed, 1u);
  EXPECT_EQ(f.resolver.counts().guessed, 9u);
  EXPECT_EQ(third.series, first.series);
}

TEST(Resolver, FindsTheSameSeriesInAnyOrderOfLinesTagsAndFields) {
  Fixture f;
  const Batch batch = f.read(
      "m,a=1,b=2 v=1,w=2 1\nm,b=2,a=1 w=3,v=4 1\nm,a=1,b=2 w=5 1\nm,a=1,b=2 w=6 1\n"
      "m,a=1,b=2 w=7 1\n");
  EXPECT_EQ(f.table.size(), 2u);
  ASSERT_EQ(batch.size(), 7u);
  EXPECT_EQ(batch.series[0], batch.series[3]);
  for (const size_t i : {2u, 4u, 5u, 6u}) EXPECT_EQ(batch.series[1], batch.series[i]);
}

TEST(Resolver, ReportsLabelsInEveryBatchUntilTheyAreAnnounced) {
  Fixture f;
  const std::string body = "a v=1 1\na v=2 2\n";
  EXPECT_EQ(f.read(body).fresh.size(), 1u);
  const Batch second = f.read(body);  // the first was not kept yet, or never will be
  ASSERT_EQ(second.fresh.size(), 1u);
  f.announced.mark(second.fresh[0].ref);
  EXPECT_EQ(f.read(body).fresh.size(), 0u);
}

TEST(Resolver, ALoopThatMeetsASeriesSecondReportsItToo) {
  Fixture f;
  Resolver other(f.table, f.announced, 2);
  const Batch first = f.read("a v=1 1\n");
  LineScanner scanner("a v=2 2\n", wire::TimePrecision::kMilliseconds);
  ASSERT_EQ(scanner.next(), LineScanner::Step::kLine);
  Batch second;
  other.begin_batch();
  ASSERT_EQ(other.resolve(scanner.line(), {2}, second), Resolver::Answer::kOk);
  EXPECT_EQ(second.series[0], first.series[0]);
  EXPECT_EQ(second.fresh.size(), 1u);
}

TEST(Resolver, ARefusedLineLeavesTheBatchAsItWas) {
  wire::LineLimits lines;
  lines.label_value_bytes_max = 6;
  Fixture f(1000, {}, lines);
  std::vector<Resolver::Answer> answers;
  const Batch batch = f.read("a v=1 1\nb v=1,too_long=2 1\nc,x= v=1 1\nd v=4 1\n", &answers);
  using enum Resolver::Answer;
  EXPECT_EQ(answers, (std::vector{kOk, kBadLine, kBadLine, kOk}));
  EXPECT_EQ(f.rows(batch), "a_v@1=1 d_v@1=4 ");
  EXPECT_EQ(batch.fresh.size(), 2u);
  const Batch again = f.read("b v=1 2\n");
  EXPECT_EQ(again.fresh.size(), 1u);
}

TEST(Resolver, AFullTableRefusesNewSeriesOnly) {
  Fixture f(2);
  std::vector<Resolver::Answer> answers;
  const Batch batch = f.read("a v=1 1\nb v=1 1\nc v=1 1\na v=2 2\n", &answers);
  using enum Resolver::Answer;
  EXPECT_EQ(answers, (std::vector{kOk, kOk, kRefused, kOk}));
  EXPECT_EQ(f.rows(batch), "a_v@1=1 b_v@1=1 a_v@2=2 ");
  EXPECT_FALSE(f.resolver.error().why.empty());
}

// A field that is new must not take the known ones of its line along, wherever it stands.
TEST(Resolver, ARefusedFieldLeavesItsNeighbours) {
  for (const std::string fields : {"new=9,v=2,w=3", "v=2,new=9,w=3", "v=2,w=3,new=9"}) {
    Fixture f(2);
    std::vector<Resolver::Answer> answers;
    f.read("a v=1,w=1 1\n");
    const Batch batch = f.read("a " + fields + " 2\nb new=1 2\na w=4 2\n", &answers);
    using enum Resolver::Answer;
    EXPECT_EQ(answers, (std::vector{kPart, kRefused, kOk})) << fields;
    EXPECT_EQ(f.rows(batch), "a_v@2=2 a_w@2=3 a_w@2=4 ") << fields;
    const Batch again = f.read("a " + fields + " 3\n");
    EXPECT_EQ(f.rows(again), "a_v@3=2 a_w@3=3 ") << fields;
  }
}

TEST(Resolver, ForgetsEverythingWhenFullAndLearnsAgain) {
  wire::LineLimits lines;
  lines.fields_max = 4;
  Fixture f(1000, {.entries_max = 4, .text_bytes_max = 1 << 20}, lines);
  f.read("a v=1 1\nb v=1 1\nc v=1 1\nd v=1 1\n");
  EXPECT_EQ(f.resolver.counts().dropped, 0u);
  EXPECT_EQ(f.resolver.entries(), 4u);
  // The second field of this line is the one too many: the line is looked up once more.
  const Batch batch = f.read("d v=1 1\ne v=1,w=2 7\n");
  EXPECT_EQ(f.rows(batch), "d_v@1=1 e_v@7=1 e_w@7=2 ");
  EXPECT_EQ(f.resolver.counts().dropped, 1u);
  EXPECT_EQ(f.resolver.entries(), 2u);
  EXPECT_EQ(f.rows(f.read("a v=5 1\n")), "a_v@1=5 ");
}

TEST(Resolver, ForgetsWhenTextIsFull) {
  wire::LineLimits lines;
  lines.fields_max = 1;
  lines.key_bytes_max = 20;
  lines.field_name_bytes_max = 10;
  Fixture f(1000, {.entries_max = 100, .text_bytes_max = 32}, lines);
  f.read("aaaaaaaaaa v=1 1\nbbbbbbbbbb v=1 1\n");  // 13 bytes each
  EXPECT_EQ(f.resolver.counts().dropped, 0u);
  EXPECT_EQ(f.rows(f.read("cccccccccc v=1 1\n")), "cccccccccc_v@1=1 ");
  EXPECT_EQ(f.resolver.counts().dropped, 1u);
}

// Whatever comes in whatever order, the series are those that labels alone would give.
RC_GTEST_PROP(Resolver, AgreesWithLookingUpLabels, ()) {
  static const std::vector<std::string> lines = {
      "a v=1 1\n",         "a v=1,w=2 1\n", "a w=1,v=2 1\n",     "a,t=1 v=1 1\n",
      "a,t=2 v=1 1\n",     "a,t=1 w=1 1\n", "b value=1 1\n",     "a s=\"x\",v=1 1\n",
      "a v=\"x\",w=1 1\n", "ab v=1 1\n",    "a,t=1,u=2 v=3 1\n", "a,u=2,t=1 v=3,w=4,x=5 1\n"};
  wire::LineLimits limits;
  limits.fields_max = 4;
  Fixture f(1000, {.entries_max = *rc::gen::inRange<uint32_t>(4, 20), .text_bytes_max = 1 << 20},
            limits);
  const auto chosen = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(lines));
  std::string body;
  for (const auto& line : chosen) body += line;
  std::vector<Labels> expected;
  LineScanner scanner(body, wire::TimePrecision::kMilliseconds);
  while (scanner.next() == LineScanner::Step::kLine)
    for (const auto& field : scanner.line().fields) {
      if (field.type == wire::FieldType::kString) continue;
      wire::LineKey key;
      RC_ASSERT(!wire::parse_line_key(scanner.line().key, limits, key));
      RC_ASSERT(!wire::line_labels(key, field.name, limits, expected.emplace_back()));
    }
  const Batch batch = f.read(body);
  RC_ASSERT(batch.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    RC_ASSERT(f.table.labels(batch.series[i]) == expected[i]);
  std::map<SeriesRef, int> fresh;
  for (const auto& series : batch.fresh) ++fresh[series.ref];
  for (const SeriesRef series : batch.series) RC_ASSERT(fresh[series] >= 1);
}

}  // namespace
}  // namespace tocsin::intake
