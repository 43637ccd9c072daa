// Which rows a question gives, whatever it goes along: compared to a naive twin.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"
#include "supervisor/ledger.h"
#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using testing_help::decision;
using testing_help::World;
using What = Decision::What;
using Kind = LedgerRow::Kind;

const TimeMs kTen = *parse_time("2026-11-23T10:00:00Z");

class LedgerRows : public testing::Test {
 protected:
  LedgerRows()
      : world_(std::string("ledger_rows_") +
               testing::UnitTest::GetInstance()->current_test_info()->name()) {}

  // 120 alerts of 3 rules and 4 sites; a third still open; some acknowledged; calls of people.
  void fill() {
    Random random(7);
    for (int i = 0; i < 120; ++i) {
      const TimeMs at = kTen + minutes(i / 2);
      const std::string rule = i == 50 ? "rare" : "rule" + std::to_string(random.below(2));
      const Labels scope({Labels::Pair{"number", std::to_string(i)},
                          Labels::Pair{"site", "site" + std::to_string(random.below(4))}});
      const Id128 id = decide(What::kOpened, at, rule, scope);
      if (random.below(4) == 0)
        command({random.below(2) == 0 ? "ada" : "bob", Acknowledge{id, ""}}, at + seconds(1));
      if (random.below(8) == 0) call(id, at + seconds(2), random.below(2) == 0 ? "ada" : "adam");
      if (random.below(3) != 0) decide(What::kResolved, at + seconds(20), rule, scope);
    }
  }
  Id128 decide(What what, TimeMs now, const std::string& rule, const Labels& scope) {
    Changes changes;
    world_.supervisor->step(decision(what, ++lsn_, now, rule, Severity::kHigh, scope), changes);
    world_.commit(changes);
    return changes.changed().front()->id;
  }
  void command(const Command& command, TimeMs now) {
    Changes changes;
    EXPECT_TRUE(world_.supervisor->command(command, now, changes));
    world_.commit(changes);
  }
  void call(const Id128& alert, TimeMs at, const std::string& who) {
    auto transaction = world_.database->begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(transaction->execute(
        "INSERT INTO deliveries (id, alert, receiver, kind, event, state, attempts, planned, sent,"
        " next_try, answer, external, dedupe_key) VALUES (?, ?, ?, 'sms', 'escalated', 1, 1, ?, ?,"
        " 0, '', '{}', ?)",
        {++calls_, alert, who + "/sms", at, at, fmt::format("call {}", calls_)}));
    ASSERT_TRUE(transaction->commit());
  }
  std::vector<LedgerRow> all(LedgerQuery query) {
    std::vector<LedgerRow> out;
    for (size_t pages = 0; pages < 5000; ++pages) {
      auto page = read_rows(*world_.database, query);
      EXPECT_TRUE(page) << page.error().text();
      if (!page) return {};
      EXPECT_LE(page->rows.size(), query.limit);
      out.insert(out.end(), page->rows.begin(), page->rows.end());
      if (!page->next) return out;
      query.before = *parse_cursor(to_text(*page->next));
    }
    ADD_FAILURE() << "the pages do not end";
    return out;
  }

  World world_;
  uint64_t lsn_ = 0;
  int64_t calls_ = 1'000'000;
};

bool fits(const LedgerQuery& query, const LedgerRow& row) {
  const auto has = [&](const Labels::Pair& pair) {
    return (" " + row.scope + " ").find(fmt::format(" {}={} ", pair.first, pair.second)) !=
           std::string::npos;
  };
  const bool who = query.who.empty() || row.who == query.who ||
                   (row.kind == Kind::kDelivery && row.who.starts_with(query.who + "/"));
  return who && row.time >= query.since && row.time < query.until &&
         (!query.alert || row.alert == *query.alert) &&
         (query.rule.empty() || row.rule == query.rule) &&
         (query.what.empty() || row.what == query.what) &&
         std::all_of(query.scope.begin(), query.scope.end(), has) &&
         (!query.kind || row.kind == *query.kind);
}

std::vector<std::string> texts(const std::vector<LedgerRow>& rows) {
  std::vector<std::string> out;
  for (const LedgerRow& row : rows)
    out.push_back(to_text(row.cursor()) + " " + row.what + " " + row.who + " " + row.scope);
  return out;
}

TEST_F(LedgerRows, OfAnyConditionsTogetherAreWhatFits) {
  fill();
  const std::vector<LedgerRow> rows = all({});
  ASSERT_GT(rows.size(), 400u);
  Random random(9);
  const auto maybe = [&](std::initializer_list<const char*> words) {
    return random.below(2) == 0 ? std::string() : words.begin()[random.below(words.size())];
  };
  for (int i = 0; i < 400; ++i) {
    LedgerQuery query;
    query.rule = maybe({"rule0", "rule1", "rare", "none"});
    query.what = maybe({"opened", "told", "resolved", "acknowledged", "escalated", "nothing"});
    query.who = maybe({"ada", "adam", "bob", "inbox", "nobody"});
    if (const auto site = maybe({"site0", "site3"}); !site.empty()) query.scope = {{"site", site}};
    if (const auto n = maybe({"50", "51"}); i % 7 == 0 && !n.empty())
      query.scope.emplace_back("number", n);
    if (random.below(3) == 0) query.kind = random.below(2) == 0 ? Kind::kState : Kind::kDelivery;
    if (random.below(4) == 0) query.since = kTen + minutes(20);
    if (random.below(4) == 0) query.until = kTen + minutes(40);
    if (random.below(8) == 0) query.alert = rows[random.below(rows.size())].alert;
    query.limit = 1 + random.below(60);
    std::vector<LedgerRow> expected;
    std::copy_if(rows.begin(), rows.end(), std::back_inserter(expected),
                 [&](const LedgerRow& row) { return fits(query, row); });
    EXPECT_EQ(texts(all(query)), texts(expected))
        << "rule " << query.rule << ", what " << query.what << ", who " << query.who << ", "
        << query.scope.size() << " labels, " << query.limit << " a page";
  }
}

// More alerts of the rule than are read one by one, and none of the newest is of it.
TEST_F(LedgerRows, WhereNoIndexLeadsAPageLooksAtSoManyAndLeadsOn) {
  auto transaction = world_.database->begin();
  ASSERT_TRUE(transaction);
  const std::string count = std::to_string(4 * kLedgerLookedAt);
  ASSERT_TRUE(transaction->script(fmt::format(
      R"(CREATE TEMP TABLE n AS WITH RECURSIVE n (i) AS
           (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0}) SELECT i FROM n;
         INSERT INTO alerts (id, key, rule, severity, state, opened_at, updated_at, resolved_at,
           resolve_reason, acknowledged_by, acknowledged_at, silenced_by, silenced_until, covers,
           speak_at, update_told_at, update_owed, rule_holds, history_count, opened, latest, labels)
         SELECT printf('%032x', i), printf('%032x', i), CASE WHEN i <= {0} / 4 THEN 'old' ELSE 'new'
           END, 0, 1, i, i, i, '', '', 0, '', 0, '', 0, 0, 0, 0, 1, x'', x'', '' FROM n;
         INSERT INTO closed_alerts SELECT char(31) || 'rule', rule, i, id FROM n
           JOIN alerts ON alerts.id = printf('%032x', i);
         INSERT INTO alert_history SELECT printf('%032x', i), 1, i, 'opened', '', '' FROM n;)",
      count)));
  ASSERT_TRUE(transaction->commit());
  LedgerQuery query;
  query.rule = "old";
  auto page = read_rows(*world_.database, query);
  ASSERT_TRUE(page) << page.error().text();
  EXPECT_TRUE(page->rows.empty());
  ASSERT_TRUE(page->next);
  EXPECT_EQ(page->next->time.ms, 3 * kLedgerLookedAt + 1);
  query.limit = 1000;
  EXPECT_EQ(all(query).size(), static_cast<size_t>(kLedgerLookedAt));
  query.rule = "nothing";
  EXPECT_TRUE(all(query).empty());
}

}  // namespace
}  // namespace tocsin::supervisor
