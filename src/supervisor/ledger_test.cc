#include "supervisor/ledger.h"

#include <gtest/gtest.h>

#include "supervisor/outbox.h"
#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using testing_help::decision;
using testing_help::World;
using What = Decision::What;

const TimeMs kTen = *parse_time("2026-11-23T10:00:00Z");

class LedgerTest : public testing::Test {
 protected:
  LedgerTest()
      : world_(std::string("ledger_") +
               testing::UnitTest::GetInstance()->current_test_info()->name()) {}
  Id128 decide(What what, TimeMs now, const std::string& rule, const std::string& site) {
    Changes changes;
    world_.supervisor->step(
        decision(what, ++lsn_, now, rule, Severity::kHigh, Labels({Labels::Pair{"site", site}})),
        changes);
    world_.commit(changes);
    return changes.changed().front()->id;
  }
  void command(const Command& command, TimeMs now) {
    Changes changes;
    EXPECT_TRUE(world_.supervisor->command(command, now, changes));
    world_.commit(changes);
  }
  std::vector<LedgerRow> rows(const LedgerQuery& query = {}) {
    auto out = read_rows(*world_.database, query);
    EXPECT_TRUE(out) << out.error().text();
    return std::move(out->rows);
  }
  Why why(const Id128& alert, std::string_view name) {
    LedgerQuery query;
    query.alert = alert;
    const auto read = read_alert(*world_.database, alert);
    return why_told(**read, rows(query), name);
  }

  World world_;
  uint64_t lsn_ = 0;
};

std::vector<std::string> words(const std::vector<LedgerRow>& rows) {
  std::vector<std::string> out;
  for (const LedgerRow& row : rows)
    out.push_back((row.kind == LedgerRow::Kind::kDelivery ? "delivery " : "") + row.what + " " +
                  row.rule + " " + row.scope);
  return out;
}
using Words = std::vector<std::string>;

TEST_F(LedgerTest, StatesAndDeliveriesAreOneListNewestFirst) {
  decide(What::kOpened, kTen, "pay", "madrid");
  decide(What::kResolved, kTen + minutes(1), "pay", "madrid");
  EXPECT_EQ(words(rows()), (Words{"delivery resolved pay site=madrid", "resolved pay site=madrid",
                                  "delivery opened pay site=madrid", "told pay site=madrid",
                                  "opened pay site=madrid"}));
}

TEST_F(LedgerTest, OfAViewIsWhatItShows) {
  decide(What::kOpened, kTen, "pay", "madrid");
  decide(What::kOpened, kTen + minutes(1), "pay", "porto");
  decide(What::kOpened, kTen + minutes(2), "pay", "rome");
  const std::pair<const char*, size_t> cases[] = {{"", 9},
                                                  {"site=\"madrid\"", 3},
                                                  {"site=~\".*o.*\"", 6},
                                                  {"site=\"madrid\",customer=\"acme\"", 0}};
  for (const auto& [view, count] : cases) {
    LedgerQuery query;
    query.view = LabelView::parse(view).value();
    EXPECT_EQ(rows(query).size(), count) << view;
    Words paged;  // by pages of two
    query.limit = 2;
    for (auto page = rows(query); !page.empty(); page = rows(query)) {
      for (const std::string& word : words(page)) paged.push_back(word);
      const LedgerRow& last = page.back();
      query.before = {last.time, last.kind, last.alert, last.number};
    }
    EXPECT_EQ(paged.size(), count) << view;
  }
}

TEST_F(LedgerTest, PagesOfAnySizeGiveTheWholeListOnce) {
  for (int i = 0; i < 7; ++i)  // several at one time
    decide(What::kOpened, kTen + minutes(i / 3), "pay", "site" + std::to_string(i));
  const Words all = words(rows());
  ASSERT_EQ(all.size(), 21u);
  for (const size_t limit : {1, 2, 5, 20, 21, 22}) {
    Words got;
    LedgerQuery query;
    query.limit = limit;
    for (;;) {
      const auto page = rows(query);
      for (const std::string& word : words(page)) got.push_back(word);
      if (page.size() < limit) break;
      const LedgerRow& last = page.back();
      const LedgerQuery::Cursor cursor{last.time, last.kind, last.alert, last.number};
      query.before = parse_cursor(to_text(cursor));
      ASSERT_TRUE(query.before);
    }
    EXPECT_EQ(got, all) << limit;
  }
}

TEST_F(LedgerTest, Filters) {
  const Id128 madrid = decide(What::kOpened, kTen, "pay", "madrid");
  decide(What::kOpened, kTen + minutes(1), "queue", "rome");
  const auto count = [&](auto change) {
    LedgerQuery query;
    change(query);
    return rows(query).size();
  };
  EXPECT_EQ(count([](LedgerQuery&) {}), 6u);
  EXPECT_EQ(count([&](LedgerQuery& q) { q.alert = madrid; }), 3u);
  EXPECT_EQ(count([](LedgerQuery& q) { q.rule = "queue"; }), 3u);
  EXPECT_EQ(count([](LedgerQuery& q) { q.scope = {{"site", "rome"}}; }), 3u);
  EXPECT_EQ(count([](LedgerQuery& q) { q.kind = LedgerRow::Kind::kDelivery; }), 2u);
  EXPECT_EQ(count([](LedgerQuery& q) { q.what = "told"; }), 2u);
  EXPECT_EQ(count([](LedgerQuery& q) { q.who = "inbox"; }), 2u);
  EXPECT_EQ(count([](LedgerQuery& q) { q.since = kTen + seconds(1); }), 3u);
  EXPECT_EQ(count([](LedgerQuery& q) { q.until = kTen + seconds(1); }), 3u);
}

TEST_F(LedgerTest, WhyIsAnsweredForReceiversThatWereToldAndThatWereNot) {
  const Id128 alert = decide(What::kOpened, kTen, "pay", "madrid");
  OutboxChanges sent;
  Delivery delivery = rows({}).front().kind == LedgerRow::Kind::kDelivery
                          ? read_ledger(*world_.database, alert)->front()
                          : Delivery{};
  delivery.kind = "inbox";
  delivery.state = Delivery::State::kSent;
  delivery.attempts = 1;
  delivery.sent = kTen + seconds(1);
  delivery.answer = "kept";
  sent.rows.push_back({delivery, "{}"});
  auto transaction = world_.database->begin();
  ASSERT_TRUE(apply(*transaction, sent));
  ASSERT_TRUE(transaction->commit());

  const Why told = why(alert, "inbox");
  EXPECT_TRUE(told.told);
  EXPECT_EQ(told.answer,
            "inbox was told: opened by inbox (inbox): sent 2026-11-23T10:00:01Z, kept");
  const Why other = why(alert, "alice");
  EXPECT_FALSE(other.told);
  EXPECT_EQ(other.answer, "alice has not been told: the routes told inbox");
  ASSERT_EQ(other.reasons.size(), 2u);
  EXPECT_EQ(other.reasons[1].text, "told: inbox");

  command({"ada", Acknowledge{alert, ""}}, kTen + minutes(2));
  EXPECT_EQ(why(alert, "alice").answer,
            "alice was not told: inbox were, and ada acknowledged it 2026-11-23T10:02:00Z, before "
            "it came to alice");
}

TEST_F(LedgerTest, WhyNobodyWasToldOfASilencedAlert) {
  command({"ada", AddSilence{{"site=madrid"}, kTen + hours(1), "works on the line"}}, kTen);
  const Id128 alert = decide(What::kOpened, kTen + minutes(1), "pay", "madrid");
  EXPECT_EQ(why(alert, "ops").answer,
            "nobody was told: it was silenced until 2026-11-23T11:00:00Z: works on the line");
}

struct CursorCase {
  const char* text;
};
void PrintTo(const CursorCase& c, std::ostream* out) { *out << c.text; }
class WrongCursors : public testing::TestWithParam<CursorCase> {};
TEST_P(WrongCursors, AreRefused) { EXPECT_FALSE(parse_cursor(GetParam().text)); }
INSTANTIATE_TEST_SUITE_P(All, WrongCursors,
                         testing::Values(CursorCase{""}, CursorCase{"1"}, CursorCase{"1-2-x-1"},
                                         CursorCase{"1-0-00000000000000000000000000000001"},
                                         CursorCase{"1-0-00000000000000000000000000000001-"},
                                         CursorCase{"1-0-00000000000000000000000000000001-2-3"},
                                         CursorCase{"-1-0-00000000000000000000000000000001-2"},
                                         CursorCase{"1-2-00000000000000000000000000000001-2"}));

}  // namespace
}  // namespace tocsin::supervisor
