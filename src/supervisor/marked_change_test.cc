#include "supervisor/marked_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "supervisor/archive.h"
#include "supervisor/kept_causes.h"
#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimeMs kNow{1'795'411'000'000};

Labels labels(std::vector<Labels::Pair> pairs) { return Labels(std::move(pairs)); }

struct Table : ::testing::Test {
  Table() {
    state::Database::Options options;
    options.power_cut_safe = false;
    auto opened = state::Database::open(
        ::testing::TempDir() + "/changes-" + std::to_string(::getpid()) + "-" +
            ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".db",
        options);
    EXPECT_TRUE(opened);
    database.emplace(std::move(*opened));
    EXPECT_TRUE(state::migrate(*database, migrations()));
    EXPECT_TRUE(state::migrate(*database, marked_change_migrations()));
    EXPECT_TRUE(state::migrate(*database, kept_causes_migrations()));
  }
  ~Table() override {
    const std::string path = database->path();
    database.reset();
    for (const char* end : {"", "-wal", "-shm", ".writer"}) ::unlink((path + end).c_str());
  }
  void put(const MarkedChange& change) {
    auto transaction = database->begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(write_marked_change(*transaction, change));
    ASSERT_TRUE(transaction->commit());
  }
  std::vector<std::string> titles(const MarkedChangeFilter& filter = {}) {
    std::vector<std::string> out;
    const auto listed = list_marked_changes(*database, filter);
    EXPECT_TRUE(listed);
    for (const MarkedChange& change : *listed) out.push_back(change.title);
    return out;
  }
  static MarkedChange change(std::string title, DurationMs ago, Labels concerned = {}) {
    MarkedChange out;
    out.title = std::move(title);
    out.at = kNow - ago;
    out.labels = std::move(concerned);
    out.made_at = kNow;
    out.by = "ci";
    out.id = change_id(out);
    return out;
  }
  std::optional<state::Database> database;
};

TEST_F(Table, ComesBackAsWritten) {
  MarkedChange deploy = change("cart 1.4", minutes(5), labels({{"service", "cart"}}));
  deploy.kind = ChangeKind::kFixture;
  deploy.until = kNow;
  deploy.link = "https://ci/1";
  put(deploy);
  EXPECT_THAT(*list_marked_changes(*database, {}), ElementsAre(deploy));
}

TEST_F(Table, TheSameIdIsTheSameChange) {
  MarkedChange one = change("cart 1.4", minutes(5), labels({{"service", "cart"}}));
  put(one);
  put(one);
  EXPECT_EQ(titles().size(), 1u);
  one.title = "cart 1.5";
  one.labels = {};
  one.made_at = kNow + minutes(1);
  put(one);
  const auto listed = list_marked_changes(*database, {});
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ(listed->front().title, "cart 1.5");
  EXPECT_TRUE(listed->front().labels.empty());
  EXPECT_EQ(listed->front().made_at, kNow) << "when it was first written";
}

TEST_F(Table, ListedByTimeAndLabels) {
  put(change("second", minutes(10), labels({{"site", "madrid"}})));
  put(change("first", minutes(20), labels({{"site", "oslo"}})));
  put(change("third", minutes(5)));
  MarkedChange week = change("week", days(7));
  week.until = kNow;
  put(week);
  EXPECT_THAT(titles(), ElementsAre("week", "first", "second", "third"));
  EXPECT_THAT(titles({kNow - minutes(12), kNow - minutes(9), {}, 10}),
              ElementsAre("week", "second"));
  EXPECT_THAT(titles({kTimeMin, kTimeMax, {}, 2}), ElementsAre("second", "third"));
  const LabelMatcher madrid = *LabelMatcher::parse("site=\"madrid\"");
  EXPECT_THAT(titles({kTimeMin, kTimeMax, {madrid}, 10}), ElementsAre("week", "second", "third"));
  EXPECT_THAT(titles({kNow + minutes(1), kTimeMax, {}, 10}), IsEmpty());
}

TEST_F(Table, TheOldGo) {
  put(change("old", kMarkedChangesKeep + days(1)));
  put(change("new", minutes(1)));
  EXPECT_THAT(titles(), ElementsAre("new"));
}

TEST_F(Table, RemovedOnce) {
  const MarkedChange one = change("cart 1.4", minutes(5), labels({{"service", "cart"}}));
  put(one);
  auto transaction = database->begin();
  EXPECT_TRUE(*remove_marked_change(*transaction, one.id));
  EXPECT_FALSE(*remove_marked_change(*transaction, one.id));
  ASSERT_TRUE(transaction->commit());
  EXPECT_THAT(titles(), IsEmpty());
}

TEST_F(Table, CausesOfAnAlertThatIsNotThereAreNotKept) {
  auto transaction = database->begin();
  const auto kept = keep_causes(*transaction, hash128("alert"), kNow, "{}");
  ASSERT_TRUE(kept) << kept.error().text();
  EXPECT_FALSE(*kept);
  EXPECT_FALSE(
      keep_causes(*transaction, hash128("alert"), kNow, std::string(kKeptCausesBytesMax + 1, ' ')));
}

TEST(MarkedChange, ConcernsWhatItDoesNotContradict) {
  MarkedChange change;
  change.labels = labels({{"site", "madrid"}, {"service", "cart"}});
  struct Row {
    const char* name;
    Labels series;
    bool concerned;
  };
  const Row rows[] = {
      {"the same", Labels::of("x", {{"site", "madrid"}, {"service", "cart"}}), true},
      {"more labels", Labels::of("x", {{"site", "madrid"}, {"service", "cart"}, {"h", "1"}}), true},
      {"fewer labels", Labels::of("x", {{"site", "madrid"}}), true},
      {"none", Labels::of("x"), true},
      {"another site", Labels::of("x", {{"site", "oslo"}, {"service", "cart"}}), false},
  };
  for (const Row& row : rows) EXPECT_EQ(concerns(change, row.series), row.concerned) << row.name;
  EXPECT_TRUE(concerns(MarkedChange{}, Labels::of("x", {{"site", "oslo"}})));
}

TEST(MarkedChange, KindsAreReadAsWritten) {
  for (const char* kind : {"deploy", "setting", "promotion", "fixture", "holiday"})
    EXPECT_EQ(to_text(*parse_change_kind(kind)), kind);
  EXPECT_FALSE(parse_change_kind("Deploy"));
  EXPECT_FALSE(parse_change_kind(""));
}

}  // namespace
}  // namespace tocsin::supervisor
