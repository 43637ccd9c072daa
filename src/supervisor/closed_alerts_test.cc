#include "supervisor/closed_alerts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using testing_help::decision;
using testing_help::World;
using What = Decision::What;

const TimeMs kTen = *parse_time("2026-11-23T10:00:00Z");

struct Known {
  Id128 id;
  TimeMs resolved_at;
  std::string rule;
  Severity severity;
  Labels labels;
};

class ClosedAlertsTest : public testing::Test {
 protected:
  ClosedAlertsTest()
      : world_(std::string("closed_") +
               testing::UnitTest::GetInstance()->current_test_info()->name()) {}

  void past(TimeMs opened, TimeMs closed, const std::string& rule, Severity severity,
            const Labels& labels) {
    Changes changes;
    world_.supervisor->step(decision(What::kOpened, ++lsn_, opened, rule, severity, labels),
                            changes);
    const Id128 id = changes.changed().front()->id;
    world_.supervisor->step(decision(What::kResolved, ++lsn_, closed, rule, severity, labels),
                            changes);
    world_.commit(changes);
    known_.push_back({id, closed, rule, severity, labels});
  }
  // 400 of them, some at one time.
  void fill() {
    Random random(61);
    const auto of = [&](std::initializer_list<const char*> words) {
      return std::string(words.begin()[random.below(words.size())]);
    };
    for (int i = 0; i < 400; ++i) {
      const TimeMs at = kTen + minutes(i);
      past(at, at + seconds(static_cast<int64_t>(random.below(4)) * 60),
           of({"disk", "queue", "errors"}), static_cast<Severity>(random.below(3)),
           Labels({{"site", of({"madrid", "porto", "rome"})},
                   {"customer", of({"7", "8", "a=b"})},
                   {"number", std::to_string(i)}}));
    }
  }
  // All that fit, read page by page.
  std::vector<Id128> all(ClosedQuery query) {
    std::vector<Id128> out;
    for (size_t pages = 0; pages < 1000; ++pages) {
      auto page = list_closed(*world_.database, query);
      EXPECT_TRUE(page) << page.error().text();
      if (!page) return {};
      EXPECT_LE(page->alerts.size(), query.limit);
      out.insert(out.end(), page->alerts.begin(), page->alerts.end());
      if (!page->next) return out;
      query.before = *parse_closed_cursor(to_text(*page->next));
    }
    ADD_FAILURE() << "the pages do not end";
    return out;
  }
  // The naive twin.
  std::vector<Id128> expected(const ClosedQuery& query) {
    std::vector<Known> fit;
    for (const Known& one : known_) {
      const bool scoped =
          std::all_of(query.scope.begin(), query.scope.end(),
                      [&](const auto& pair) { return one.labels.get(pair.first) == pair.second; });
      if (scoped && query.view.shows(one.labels) && one.resolved_at >= query.since &&
          (query.rule.empty() || one.rule == query.rule) &&
          (!query.severity || one.severity == *query.severity))
        fit.push_back(one);
    }
    std::sort(fit.begin(), fit.end(), [](const Known& a, const Known& b) {
      return std::tie(b.resolved_at, b.id) < std::tie(a.resolved_at, a.id);
    });
    std::vector<Id128> out;
    for (const Known& one : fit) out.push_back(one.id);
    return out;
  }

  World world_;
  std::vector<Known> known_;
  uint64_t lsn_ = 0;
};

LabelView view_of(std::initializer_list<const char*> matchers) {
  LabelView out;
  for (const char* one : matchers) out.matchers.push_back(*LabelMatcher::parse(one));
  return out;
}

TEST_F(ClosedAlertsTest, PagesOfAnyConditionsTogetherAreWhatFits) {
  fill();
  const std::pair<const char*, ClosedQuery> rows[] = {
      {"everything", {}},
      {"a rule", {.rule = "disk"}},
      {"a severity", {.severity = Severity::kHigh}},
      {"a label", {.scope = {{"site", "porto"}}}},
      {"a value with an equals sign", {.scope = {{"customer", "a=b"}}}},
      {"all at once",
       {.severity = Severity::kLow,
        .rule = "errors",
        .scope = {{"site", "rome"}, {"customer", "7"}}}},
      {"since", {.rule = "queue", .since = kTen + minutes(200)}},
      {"one alert", {.scope = {{"number", "17"}, {"number", "17"}}}},
      {"none", {.rule = "nothing"}},
      {"none together", {.scope = {{"number", "17"}, {"number", "18"}}}},
      {"a view", {.rule = "disk", .view = view_of({"customer=\"8\""})}},
      {"a view of several values", {.view = view_of({"customer=~\"[78]\"", "site!=\"rome\""})}},
      {"a view of no value", {.view = view_of({"customer=\"none\""})}},
  };
  for (const auto& [name, query] : rows)
    for (const size_t limit : {1u, 7u, 100u, 1000u}) {
      if (limit == 1 && query.rule.empty()) continue;
      ClosedQuery asked = query;
      asked.limit = limit;
      EXPECT_EQ(all(asked), expected(asked)) << name << ", " << limit << " a page";
    }
}

TEST_F(ClosedAlertsTest, OfWhatIsCommonAPageLooksAtSoManyAndLeadsOn) {
  auto transaction = world_.database->begin();
  ASSERT_TRUE(transaction);
  // Two labels that many have and none has both.
  ASSERT_TRUE(transaction->execute(
      "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
      " INSERT INTO closed_alerts SELECT CASE i % 2 WHEN 0 THEN 'a' ELSE 'b' END, 'x', i,"
      " printf('%032x', i) FROM n",
      {4 * kClosedLookedAt}));
  ASSERT_TRUE(transaction->commit());
  const ClosedQuery query{.scope = {{"a", "x"}, {"b", "x"}}};
  const auto page = list_closed(*world_.database, query);
  ASSERT_TRUE(page) << page.error().text();
  EXPECT_TRUE(page->alerts.empty());
  ASSERT_TRUE(page->next);
  EXPECT_EQ(page->next->resolved_at.ms, 2 * kClosedLookedAt + 2) << "10,000 were looked at";
  EXPECT_EQ(all(query), std::vector<Id128>());
}

TEST_F(ClosedAlertsTest, WhatIsRemovedIsInNoList) {
  fill();
  auto transaction = world_.database->begin();
  ASSERT_TRUE(transaction);
  const auto gone = purge(*transaction, kTen + minutes(500), minutes(300), 1000);
  ASSERT_TRUE(gone);
  ASSERT_TRUE(transaction->commit());
  std::erase_if(known_, [](const Known& one) { return one.resolved_at < kTen + minutes(200); });
  EXPECT_EQ(*gone, 400 - static_cast<int64_t>(known_.size()));
  EXPECT_EQ(all({}), expected({}));
  EXPECT_EQ(all({.rule = "disk"}), expected({.rule = "disk"}));
  int64_t rows = 0;
  ASSERT_TRUE(world_.database->query("SELECT count(*) FROM closed_alerts", {},
                                     [&](const state::Row& row) { rows = row.get<int64_t>(0); }));
  EXPECT_EQ(rows, static_cast<int64_t>(known_.size()) * 5) << "three labels, rule and severity";
}

TEST_F(ClosedAlertsTest, NamesAndValuesOfLabels) {
  fill();
  EXPECT_EQ(*closed_label_names(*world_.database, 10),
            (std::vector<std::string>{"customer", "number", "site"}));
  EXPECT_EQ(*closed_label_values(*world_.database, "site", 2),
            (std::vector<std::string>{"madrid", "porto"}));
}

// A label that a sender writes cannot pass for a rule.
TEST_F(ClosedAlertsTest, ALabelIsNoRule) {
  past(kTen, kTen + minutes(1), "disk", Severity::kLow,
       Labels({Labels::Pair{"x\x1frule", "queue"}}));
  EXPECT_EQ(all({.rule = "queue"}), std::vector<Id128>());
  EXPECT_EQ(all({.rule = "disk"}).size(), 1u);
}

TEST(ClosedCursorText, OnlyWhatItWrote) {
  EXPECT_EQ(parse_closed_cursor(to_text(ClosedCursor{}))->resolved_at, kTimeMax);
  for (const char* wrong : {"", "-", "17", "17-", "17-zz", "x-00000000000000000000000000000001",
                            "17-00000000000000000000000000000001 "})
    EXPECT_FALSE(parse_closed_cursor(wrong)) << wrong;
}

// The file of the program before this table, made by its own steps.
TEST(ClosedAlertsMigration, TakesOverTheLabelsRulesAndSeveritiesOfClosedAlerts) {
  const std::string path = testing::TempDir() + fmt::format("closed_migration_{}.db", ::getpid());
  {
    auto database = state::Database::open(path, {.power_cut_safe = false});
    ASSERT_TRUE(database);
    const auto all = migrations();
    const auto step = std::find_if(all.begin(), all.end(), [](const state::Migration& one) {
      return one.sql == kClosedAlertsTable;
    });
    ASSERT_TRUE(state::migrate(*database,
                               all.first(static_cast<size_t>(std::distance(all.begin(), step)))));
    ASSERT_TRUE(database->script(R"(
      INSERT INTO alerts (id, key, rule, severity, state, opened_at, updated_at, resolved_at,
        resolve_reason, acknowledged_by, acknowledged_at, silenced_by, silenced_until, covers,
        speak_at, update_told_at, update_owed, rule_holds, history_count, opened, latest, labels)
      SELECT printf('%032x', column1), printf('%032x', 9), column2, column3, column4, 1, 1, column5,
        '', '', 0, '', 0, '', 0, 0, 0, 0, 0, x'', x'', '' FROM (VALUES
        (1, 'disk', 0, 0, 0), (2, 'disk', 1, 1, 50), (3, 'queue', 1, 2, 60));
      INSERT INTO alert_labels VALUES ('site', 'rome', 1, printf('%032x', 2));)"));
    ASSERT_TRUE(state::migrate(*database, migrations()));
    const auto ids = [&](const ClosedQuery& query) {
      std::vector<std::string> out;
      const auto page = list_closed(*database, query);
      EXPECT_TRUE(page) << page.error().text();
      for (const Id128& id : page->alerts) out.push_back(to_text(id).substr(31));
      return out;
    };
    using Ids = std::vector<std::string>;
    EXPECT_EQ(ids({}), (Ids{"3", "2"}));
    EXPECT_EQ(ids({.rule = "disk"}), Ids{"2"});
    EXPECT_EQ(ids({.severity = Severity::kHigh}), (Ids{"3", "2"}));
    EXPECT_EQ(ids({.scope = {{"site", "rome"}}}), Ids{"2"});
  }
  for (const char* end : {"", "-wal", "-shm", ".writer"}) std::filesystem::remove(path + end);
}

}  // namespace
}  // namespace tocsin::supervisor
