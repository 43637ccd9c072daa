#include "supervisor/archive.h"

#include <gtest/gtest.h>

#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using testing_help::decision;
using testing_help::World;
using What = Decision::What;

const TimeMs kTen = *parse_time("2026-11-23T10:00:00Z");

class ArchiveTest : public testing::Test {
 protected:
  ArchiveTest()
      : world_(std::string("archive_") +
               testing::UnitTest::GetInstance()->current_test_info()->name()) {}

  Id128 decide(What what, TimeMs now, const std::string& rule, Severity severity,
               const std::string& site) {
    Changes changes;
    world_.supervisor->step(
        decision(what, ++lsn_, now, rule, severity, Labels({Labels::Pair{"site", site}})), changes);
    world_.commit(changes);
    return changes.changed().front()->id;
  }
  Result<CommandDone> command(const Command& command, TimeMs now) {
    Changes changes;
    auto done = world_.supervisor->command(command, now, changes);
    world_.commit(changes);
    return done;
  }
  std::vector<std::string> list(const AlertFilter& filter) {
    std::vector<std::string> out, memory;
    const auto kept = list_alerts(*world_.database, filter);
    EXPECT_TRUE(kept);
    for (const AlertView& view : *kept)
      out.push_back(view.opened->rule_id + " " + std::string(view.opened->scope.get("site")));
    for (const auto& view : world_.supervisor->alerts(filter))
      memory.push_back(view->opened->rule_id + " " + std::string(view->opened->scope.get("site")));
    EXPECT_EQ(out, memory);  // while all of it is recent
    return out;
  }

  World world_;
  uint64_t lsn_ = 0;
};

using Names = std::vector<std::string>;

TEST_F(ArchiveTest, ListsUnansweredFirstThenSeverityThenAge) {
  decide(What::kOpened, kTen, "old-high", Severity::kHigh, "rome");
  const Id128 answered = decide(What::kOpened, kTen, "critical", Severity::kCritical, "oslo");
  decide(What::kOpened, kTen + seconds(1), "critical", Severity::kCritical, "rome");
  decide(What::kOpened, kTen + seconds(2), "new-high", Severity::kHigh, "rome");
  decide(What::kOpened, kTen + seconds(3), "gone", Severity::kCritical, "rome");
  decide(What::kResolved, kTen + seconds(4), "gone", Severity::kCritical, "rome");
  decide(What::kOpened, kTen + seconds(5), "later", Severity::kLow, "rome");
  decide(What::kResolved, kTen + seconds(6), "later", Severity::kLow, "rome");
  ASSERT_TRUE(command({"ada", Acknowledge{answered, ""}}, kTen + seconds(7)));

  EXPECT_EQ(list({}), (Names{"critical rome", "old-high rome", "new-high rome", "critical oslo"}));
  AlertFilter filter;
  filter.state = AlertFilter::State::kAll;
  EXPECT_EQ(list(filter), (Names{"critical rome", "old-high rome", "new-high rome", "critical oslo",
                                 "later rome", "gone rome"}));
  filter.limit = 5;
  EXPECT_EQ(list(filter).size(), 5u);
  filter = {};
  filter.severity = Severity::kCritical;
  EXPECT_EQ(list(filter), (Names{"critical rome", "critical oslo"}));
  filter.scope = {{"site", "oslo"}};
  EXPECT_EQ(list(filter), Names{"critical oslo"});
  filter = {};
  filter.state = AlertFilter::State::kResolved;
  filter.rule = "gone";
  EXPECT_EQ(list(filter), Names{"gone rome"});
  filter.rule = "' OR 1=1 --";
  EXPECT_EQ(list(filter), Names{});
  filter.rule = "";
  filter.since = kTen + seconds(6);
  EXPECT_EQ(list(filter), Names{"later rome"});
}

TEST_F(ArchiveTest, HistorySaysWhoDidWhatAndWhen) {
  const Id128 id = decide(What::kOpened, kTen, "a", Severity::kHigh, "rome");
  ASSERT_TRUE(command({"ada", Acknowledge{id, "looking"}}, kTen + seconds(1)));
  ASSERT_TRUE(
      command({"bob", AddNote{id, "it's the provider; see \"status\""}}, kTen + seconds(2)));
  decide(What::kResolved, kTen + seconds(3), "a", Severity::kHigh, "rome");
  std::vector<std::string> lines;
  const auto history = read_history(*world_.database, id);
  for (const HistoryEntry& entry : *history)
    lines.push_back(std::to_string((entry.time - kTen).count / 1000) + " " + entry.what + " " +
                    entry.who + ": " + entry.text);
  EXPECT_EQ(lines,
            (Names{"0 opened a: a holds", "0 told : inbox", "1 acknowledged ada: looking",
                   "2 note bob: it's the provider; see \"status\"", "3 resolved a: recovered"}));
  const auto view = read_alert(*world_.database, id);
  ASSERT_TRUE(view && *view);
  ASSERT_EQ((*view)->notes.size(), 1u);
  EXPECT_EQ((*view)->notes[0].who, "bob");
  EXPECT_FALSE(*read_alert(*world_.database, Id128{1, 2}));
}

TEST_F(ArchiveTest, PagesAreOpeningsThatSomebodyWasToldOf) {
  decide(What::kOpened, kTen, "a", Severity::kHigh, "rome");
  decide(What::kResolved, kTen + seconds(1), "a", Severity::kHigh, "rome");
  decide(What::kOpened, kTen + seconds(2), "a", Severity::kHigh, "oslo");
  decide(What::kOpened, kTen + days(1), "b", Severity::kHigh, "rome");
  decide(What::kOpened, kTen + days(1), "a", Severity::kHigh, "rome");
  AddSilence silence;
  silence.matchers = {"site=\"lima\""};
  silence.until = kTen + days(3);
  silence.comment = "works";
  ASSERT_TRUE(command({"ada", silence}, kTen + days(1)));
  decide(What::kOpened, kTen + days(1) + seconds(5), "b", Severity::kHigh, "lima");

  const auto pages = [&](TimeMs since) {
    Names out;
    const auto told = list_pages(*world_.database, since);
    EXPECT_TRUE(told);
    for (const PagesTold& one : *told)
      out.push_back(one.rule + " " + to_iso(TimeMs{one.day * 86'400'000}).substr(0, 10) + " " +
                    std::to_string(one.pages));
    return out;
  };
  EXPECT_EQ(pages(kTimeMin), (Names{"a 2026-11-23 2", "a 2026-11-24 1", "b 2026-11-24 1"}));
  EXPECT_EQ(pages(kTen + seconds(1)),
            (Names{"a 2026-11-23 1", "a 2026-11-24 1", "b 2026-11-24 1"}));
}

TEST_F(ArchiveTest, LedgerShowsWhatIsPlannedNext) {
  const Id128 id = decide(What::kOpened, kTen, "a", Severity::kHigh, "rome");
  const auto ledger = read_ledger(*world_.database, id);
  ASSERT_EQ(ledger->size(), 1u);
  EXPECT_EQ(ledger->front().receiver, "inbox");
  EXPECT_EQ(ledger->front().state, Delivery::State::kPlanned);
  const auto next = next_delivery(*world_.database, id);
  ASSERT_TRUE(next && *next);
  EXPECT_EQ((*next)->next_try, kTen);
  LedgerFilter other;
  other.receiver = "ops";
  EXPECT_TRUE(list_ledger(*world_.database, other)->empty());
}

TEST_F(ArchiveTest, TestMessagesAreInTheLedgerWithoutAnAlert) {
  Delivery test;
  test.receiver = "ops";
  test.kind = "webhook";
  test.state = Delivery::State::kSent;
  test.planned = kTen;
  test.answer = "200";
  for (const int64_t expected : {-1, -2}) {
    auto transaction = world_.database->begin();
    EXPECT_EQ(*insert_test(*transaction, test), expected);
    ASSERT_TRUE(transaction->commit());
  }
  const auto rows = list_ledger(*world_.database, {});
  ASSERT_EQ(rows->size(), 2u);
  EXPECT_EQ(rows->front().event, "test");
  world_.restart();  // ids of alerts' deliveries do not mind them
  decide(What::kOpened, kTen, "a", Severity::kHigh, "rome");
}

TEST_F(ArchiveTest, SilencesAreListedWithWhatTheyMuted) {
  const auto done =
      command({"ada", AddSilence{{"site=rome", "rule=~\"a|b\""}, kTen + hours(1), "why"}}, kTen);
  ASSERT_TRUE(done) << done.error().text();
  decide(What::kOpened, kTen + seconds(1), "a", Severity::kHigh, "rome");
  decide(What::kOpened, kTen + seconds(1), "b", Severity::kHigh, "rome");
  decide(What::kOpened, kTen + seconds(1), "b", Severity::kHigh, "oslo");
  world_.restart();
  const auto silences = list_silences(*world_.database, false);
  ASSERT_EQ(silences->size(), 1u);
  EXPECT_EQ(silences->front().muted, 2);
  EXPECT_EQ(silences->front().matchers.size(), 2u);
  EXPECT_EQ(silences->front().comment, "why");
  EXPECT_EQ(world_.supervisor->silences().front().muted, 2);
  ASSERT_TRUE(command({"bob", RemoveSilence{done->silence}}, kTen + minutes(1)));
  EXPECT_TRUE(list_silences(*world_.database, false)->empty());
  EXPECT_EQ(list_silences(*world_.database, true)->front().removed_by, "bob");
}

TEST_F(ArchiveTest, PurgeTakesOnlyWhatIsClosedAndOldWithAllThatBelongsToIt) {
  const Id128 old = decide(What::kOpened, kTen, "old", Severity::kHigh, "rome");
  decide(What::kOpened, kTen, "open", Severity::kHigh, "rome");
  decide(What::kResolved, kTen + seconds(1), "old", Severity::kHigh, "rome");
  decide(What::kOpened, kTen, "edge", Severity::kHigh, "rome");
  decide(What::kResolved, kTen + seconds(2), "edge", Severity::kHigh, "rome");
  const auto run = [&](TimeMs now) {
    auto transaction = world_.database->begin();
    const auto gone = purge(*transaction, now, days(365));
    EXPECT_TRUE(gone) << gone.error().text();
    EXPECT_TRUE(transaction->commit());
    return *gone;
  };
  EXPECT_EQ(run(kTen + seconds(1) + days(365)), 0);
  EXPECT_EQ(run(kTen + seconds(2) + days(365)), 1);
  EXPECT_FALSE(*read_alert(*world_.database, old));
  EXPECT_TRUE(read_history(*world_.database, old)->empty());
  EXPECT_TRUE(read_ledger(*world_.database, old)->empty());
  AlertFilter all;
  all.state = AlertFilter::State::kAll;
  EXPECT_EQ(list_alerts(*world_.database, all)->size(), 2u);
}

TEST_F(ArchiveTest, AFullDiskLosesNothingWhenTheSameChangesAreAppliedAgain) {
  decide(What::kOpened, kTen, "a", Severity::kHigh, "rome");
  Decision big = decision(What::kOpened, ++lsn_, kTen, "b", Severity::kHigh, Labels());
  big.description.assign(500'000, 'x');
  Changes changes;
  world_.supervisor->step(big, changes);
  ASSERT_TRUE(world_.database->script("PRAGMA max_page_count = 40"));
  {
    auto transaction = world_.database->begin();
    const auto full = apply(*transaction, changes);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, ErrorCode::kExhausted);
  }
  EXPECT_EQ(list_alerts(*world_.database, {})->size(), 1u);
  ASSERT_TRUE(world_.database->script("PRAGMA max_page_count = 100000"));
  Changes later;
  world_.supervisor->step(
      decision(What::kResolved, ++lsn_, kTen + seconds(1), "b", Severity::kHigh, Labels()), later);
  changes.merge(std::move(later));
  world_.commit(changes);
  world_.restart();
  EXPECT_EQ(list({}), Names{"a rome"});
  EXPECT_EQ(list_ledger(*world_.database, {})->size(), 3u);
}

TEST_F(ArchiveTest, ADamagedJudgementIsSaidNotShown) {
  const Id128 id = decide(What::kOpened, kTen, "a", Severity::kHigh, "rome");
  ASSERT_TRUE(world_.database->execute("UPDATE alerts SET latest = ?", {state::Blob{"\x01zz"}}));
  const auto read = read_alert(*world_.database, id);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(read.error().message.find(to_text(id)), std::string::npos);
}

}  // namespace
}  // namespace tocsin::supervisor
