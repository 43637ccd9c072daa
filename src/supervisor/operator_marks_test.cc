#include "supervisor/operator_marks.h"

#include <gtest/gtest.h>

#include <cmath>

#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using Of = OperatorMark::Of;
using Verdict = OperatorMark::Verdict;
using testing_help::World;

const TimeMs kTen = *parse_time("2026-11-23T10:00:00Z");

class OperatorMarks : public testing::Test {
 protected:
  OperatorMarks()
      : world_(std::string("marks_") +
               testing::UnitTest::GetInstance()->current_test_info()->name()) {
    EXPECT_TRUE(state::migrate(*world_.database, operator_mark_migrations()));
  }
  void write(const OperatorMark& mark) {
    auto transaction = world_.database->begin();
    ASSERT_TRUE(transaction);
    const auto done = write_operator_mark(*transaction, mark);
    ASSERT_TRUE(done) << done.error().text();
    ASSERT_TRUE(transaction->commit());
  }
  bool remove(Of of, const Id128& id) {
    auto transaction = world_.database->begin();
    const auto gone = remove_operator_mark(*transaction, of, id);
    EXPECT_TRUE(gone && transaction->commit());
    return gone && *gone;
  }
  std::vector<OperatorMark> list(size_t limit = kOperatorMarksMax) {
    auto out = list_operator_marks(*world_.database, limit);
    EXPECT_TRUE(out) << out.error().text();
    return out ? *out : std::vector<OperatorMark>();
  }
  World world_;
};

OperatorMark of_alert(uint64_t id, Verdict verdict, TimeMs at) {
  OperatorMark out;
  out.id = {id, id};
  out.verdict = verdict;
  out.rule = "hot";
  out.labels = Labels({Labels::Pair{"site", "rome"}, Labels::Pair{"shop", "a\"b"}});
  out.opened = kTen;
  out.ended = kTen + minutes(5);
  out.models = {{"flow", "level"}, {"flow", "profile -1"}};
  out.by = "ada";
  out.at = at;
  return out;
}

OperatorMark of_violation(uint64_t id, Verdict verdict, TimeMs at) {
  OperatorMark out = of_alert(id, verdict, at);
  out.of = Of::kViolation;
  out.rule = "";
  out.worker = "flow";
  out.direction = Direction::kSilent;
  out.models = {};
  return out;
}

TEST_F(OperatorMarks, ComeBackAsTheyWereNewestFirst) {
  const OperatorMark first = of_alert(1, Verdict::kUseful, kTen + minutes(6));
  const OperatorMark second = of_violation(2, Verdict::kNoise, kTen + minutes(7));
  write(second);
  write(first);
  EXPECT_EQ(list(), (std::vector{second, first}));
  EXPECT_EQ(list(1), (std::vector{second}));
}

TEST_F(OperatorMarks, TheLastWordCountsAndCanBeTakenBack) {
  write(of_alert(1, Verdict::kUseful, kTen));
  write(of_violation(1, Verdict::kUseful, kTen));  // another thing, though its id is the same
  write(of_alert(1, Verdict::kNoise, kTen + minutes(1)));
  ASSERT_EQ(list().size(), 2U);
  EXPECT_EQ(list().front().verdict, Verdict::kNoise);
  EXPECT_TRUE(remove(Of::kAlert, {1, 1}));
  EXPECT_FALSE(remove(Of::kAlert, {1, 1}));
  EXPECT_EQ(list(), (std::vector{of_violation(1, Verdict::kUseful, kTen)}));
}

TEST_F(OperatorMarks, SurviveARestart) {
  write(of_alert(1, Verdict::kUseful, kTen));
  world_.restart();
  EXPECT_EQ(list().size(), 1U);
}

// An alert that was open when it was marked has its end from what became of it.
TEST_F(OperatorMarks, KnowWhenTheirAlertEnded) {
  Changes changes;
  const Labels rome({Labels::Pair{"site", "rome"}});
  const auto say = [&](Decision::What what, uint64_t lsn, TimeMs now) {
    world_.supervisor->step(testing_help::decision(what, lsn, now, "hot", Severity::kHigh, rome),
                            changes);
    world_.commit(changes);
    const auto view = changes.changed().front();
    changes = {};
    return view;
  };
  const auto opened = say(Decision::What::kOpened, 1, kTen);
  OperatorMark mark = mark_of(*opened);
  mark.by = "ada";
  EXPECT_EQ(mark.ended.ms, 0);
  write(mark);
  EXPECT_EQ(list().front().ended.ms, 0);
  const auto closed = say(Decision::What::kResolved, 2, kTen + minutes(3));
  EXPECT_EQ(list().front().ended, closed->resolved_at);
  EXPECT_EQ(list().front().rule, "hot");
  EXPECT_EQ(list().front().labels, rome);
}

struct ModelRow {
  const char* name;
  std::vector<ModelBand> bands;
  std::vector<std::string> expected;
};

// The value is 10.
TEST(OperatorMark, NamesTheModelsThatStoodOutside) {
  const ModelRow rows[] = {
      {"one of two", {{0, 0.5F, false, 5, 4, 6}, {1, 0.5F, false, 9, 8, 12}}, {"level"}},
      {"both", {{0, 0.5F, false, 5, 4, 6}, {1, 0.5F, false, 20, 18, 22}}, {"level", "profile"}},
      {"votes on its own", {{0, 1, false, 9, 8, 12}, {2, 0, true, 0, 0, 0}}, {"limit"}},
      {"only their mean",
       {{0, 0.5F, false, 9, 8, 12}, {1, 0.5F, false, 9, 8, 12}},
       {"level", "profile"}},
      {"without weight", {{0, 0, false, 5, 4, 6}, {1, 1, false, 9, 8, 9.5}}, {"profile"}},
      {"a model that is gone", {{7, 1, true, 5, 4, 6}}, {""}},
      {"none is known", {}, {""}},
  };
  for (const ModelRow& row : rows) {
    Violation violation;
    violation.worst.value = 10;
    violation.worst.models = row.bands;
    const OperatorMark mark =
        mark_of(violation, Labels::of("heat"), "w", {"level", "profile", "limit"});
    std::vector<std::string> names;
    for (const OperatorMark::Model& model : mark.models) names.push_back(model.name);
    std::vector<std::string> expected = row.expected;
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(names, expected) << row.name;
    EXPECT_EQ(mark.worker, "w");
  }
}

TEST(Precision, PerRuleWorkerAndModel) {
  std::vector<OperatorMark> marks{
      of_alert(1, Verdict::kUseful, kTen), of_alert(2, Verdict::kUseful, kTen),
      of_alert(3, Verdict::kNoise, kTen), of_violation(4, Verdict::kNoise, kTen)};
  const PrecisionTable table = precision_of(marks);
  ASSERT_EQ(table.rules.size(), 1U);
  EXPECT_EQ(table.rules.at("hot"), (Precision{2, 1}));
  EXPECT_DOUBLE_EQ(table.rules.at("hot").share(), 2.0 / 3);
  ASSERT_EQ(table.workers.size(), 1U);
  EXPECT_EQ(table.workers.at("flow").all, (Precision{2, 2}));
  EXPECT_EQ(table.workers.at("flow").models.at("level"), (Precision{2, 1}));
  marks = {of_alert(1, Verdict::kUseful, kTen)};
  marks[0].models = {{"flow", ""}};
  EXPECT_EQ(precision_of(marks).workers.at("flow").all, (Precision{1, 0}));
  EXPECT_TRUE(precision_of(marks).workers.at("flow").models.empty());
  EXPECT_TRUE(std::isnan(Precision{}.share()));
  EXPECT_TRUE(precision_of({}).rules.empty());
}

TEST(OperatorMark, Words) {
  EXPECT_EQ(parse_verdict("useful"), Verdict::kUseful);
  EXPECT_EQ(parse_verdict("noise"), Verdict::kNoise);
  EXPECT_EQ(parse_verdict("none"), std::nullopt);
}

}  // namespace
}  // namespace tocsin::supervisor
