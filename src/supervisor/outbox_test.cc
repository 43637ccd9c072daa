#include "supervisor/outbox.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "supervisor/test_world.h"

namespace tocsin::supervisor {
namespace {

using Outcome = DeliveryResult::Outcome;
using testing_help::decision;
using testing_help::World;

const TimeMs kTen = *parse_time("2026-11-23T10:00:00Z");

Routes routes_to(std::vector<std::string> receivers) {
  Route route;
  route.receivers = std::move(receivers);
  return Routes({route});
}

class OutboxTest : public testing::Test {
 protected:
  OutboxTest()
      : world_(
            std::string("outbox_") + testing::UnitTest::GetInstance()->current_test_info()->name(),
            {}, routes_to({"mail", "ops"})) {
    start({});
  }

  void start(OutboxOptions options) {
    outbox_ = std::make_unique<Outbox>(options, world_.counters);
    OutboxChanges rows;
    const auto loaded = outbox_->load(*world_.database, rows);
    ASSERT_TRUE(loaded) << loaded.error().text();
    write(rows);
  }
  void restart() {
    outbox_.reset();
    world_.restart();
    start({});
  }
  void write(const OutboxChanges& rows) {
    auto transaction = world_.database->begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(apply(*transaction, rows));
    ASSERT_TRUE(transaction->commit());
  }
  // What the rule "a" decides at `now`, as far as the outbox.
  void decide(Decision::What what, TimeMs now, const std::string& rule = "a") {
    Changes changes;
    world_.supervisor->step(decision(what, ++lsn_, now, rule, Severity::kHigh, Labels()), changes);
    hand_over(changes);
  }
  void hand_over(const Changes& changes) {
    world_.commit(changes);
    OutboxChanges rows;
    outbox_->add(changes, rows);
    write(rows);
  }
  std::vector<Claim> claim(TimeMs now, size_t limit = 100) {
    return outbox_->claim(now, limit, [](const std::string&) { return true; });
  }
  void record(const Claim& claim, Outcome outcome, TimeMs now, DeliveryResult result = {}) {
    result.id = claim.intent.id;
    result.outcome = outcome;
    result.kind = "webhook";
    if (result.answer.empty()) result.answer = outcome == Outcome::kSent ? "200" : "500";
    OutboxChanges rows;
    outbox_->record(result, now, rows);
    write(rows);
  }
  void send_all(TimeMs now) {
    for (auto claims = claim(now); !claims.empty(); claims = claim(now))
      for (const Claim& one : claims) record(one, Outcome::kSent, now);
  }
  static std::string text(const std::vector<Claim>& claims) {
    std::string out;
    for (const Claim& one : claims)
      out += (out.empty() ? "" : ", ") + one.intent.receiver + " " +
             std::string(to_text(one.intent.event));
    return out;
  }
  std::vector<Delivery> ledger() {
    auto rows = list_ledger(*world_.database, {});
    EXPECT_TRUE(rows);
    std::reverse(rows->begin(), rows->end());
    return *rows;
  }

  World world_;
  std::unique_ptr<Outbox> outbox_;
  uint64_t lsn_ = 0;
};

TEST_F(OutboxTest, EveryReceiverGetsItOnceAndTheLedgerSaysSo) {
  decide(Decision::What::kOpened, kTen);
  EXPECT_EQ(outbox_->next_due(), kTen);
  EXPECT_EQ(text(claim(kTen - milliseconds(1))), "");
  const auto claims = claim(kTen);
  EXPECT_EQ(text(claims), "mail opened, ops opened");
  EXPECT_EQ(claims[0].alert->opened->rule_id, "a");
  EXPECT_EQ(text(claim(kTen)), "");  // in flight
  for (const Claim& one : claims) record(one, Outcome::kSent, kTen + milliseconds(6));
  EXPECT_EQ(outbox_->pending(), 0u);
  EXPECT_EQ(outbox_->next_due(), kTimeMax);
  const auto rows = ledger();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].state, Delivery::State::kSent);
  EXPECT_EQ(rows[0].answer, "200");
  EXPECT_EQ(rows[0].kind, "webhook");
  EXPECT_EQ(rows[0].attempts, 1u);
  EXPECT_EQ(rows[0].sent, kTen + milliseconds(6));
  EXPECT_EQ(rows[0].next_try, TimeMs{});
  restart();
  EXPECT_EQ(text(claim(kTen + hours(1))), "");
}

TEST_F(OutboxTest, AnUpdateNeverOvertakesItsOpening) {
  decide(Decision::What::kOpened, kTen);
  const auto claims = claim(kTen);
  decide(Decision::What::kUpdated, kTen + seconds(10));
  EXPECT_EQ(text(claim(kTen + seconds(10))), "");
  record(claims[0], Outcome::kSent, kTen + seconds(11));
  EXPECT_EQ(text(claim(kTen + seconds(11))), "mail updated");
  record(claims[1], Outcome::kRetry, kTen + seconds(11));
  EXPECT_EQ(text(claim(kTen + seconds(11))), "");
  // The repeat of the opening carries the update.
  const auto repeat = claim(kTen + seconds(14));
  EXPECT_EQ(text(repeat), "ops opened");
  EXPECT_EQ(repeat[0].attempts, 1u);
  EXPECT_EQ(repeat[0].alert->latest->time, kTen + seconds(10));
  EXPECT_EQ(repeat[0].intent.dedupe_key, claims[1].intent.dedupe_key);
}

TEST_F(OutboxTest, AtMostOneUpdateWaitsAndAResolutionTakesItsPlace) {
  decide(Decision::What::kOpened, kTen);
  send_all(kTen);
  decide(Decision::What::kUpdated, kTen + seconds(10));
  const auto in_flight = claim(kTen + seconds(10));
  EXPECT_EQ(text(in_flight), "mail updated, ops updated");
  decide(Decision::What::kUpdated, kTen + seconds(20));
  decide(Decision::What::kUpdated, kTen + seconds(30));
  EXPECT_EQ(outbox_->pending(), 4u);
  decide(Decision::What::kResolved, kTen + seconds(40));
  EXPECT_EQ(outbox_->pending(), 4u);
  for (const Claim& one : in_flight) record(one, Outcome::kSent, kTen + seconds(41));
  EXPECT_EQ(text(claim(kTen + seconds(41))), "mail resolved, ops resolved");
  EXPECT_EQ(ledger().size(), 6u);  // what was merged leaves no row
}

TEST_F(OutboxTest, PlannedAndInFlightOnesAreTakenUpAgainAfterACrashWithTheSameKey) {
  decide(Decision::What::kOpened, kTen);
  const auto before = claim(kTen, 1);
  restart();
  const auto after = claim(kTen);
  EXPECT_EQ(text(after), "mail opened, ops opened");
  EXPECT_EQ(after[0].intent.dedupe_key, before[0].intent.dedupe_key);
  EXPECT_NE(after[0].intent.dedupe_key, after[1].intent.dedupe_key);
  EXPECT_EQ(after[0].alert->opened->summary, "a holds");
}

TEST_F(OutboxTest, BetweenCommitAndHandOverNothingIsLostOrDoubled) {
  Changes changes;
  world_.supervisor->step(
      decision(Decision::What::kOpened, ++lsn_, kTen, "a", Severity::kHigh, Labels()), changes);
  world_.commit(changes);
  start({});  // finds them in the table
  OutboxChanges rows;
  outbox_->add(changes, rows);  // and is told of them as well
  EXPECT_EQ(outbox_->pending(), 2u);
  send_all(kTen);
  outbox_->add(changes, rows);
  EXPECT_EQ(outbox_->pending(), 0u);
}

TEST_F(OutboxTest, BacksOffUntilADayIsOver) {
  decide(Decision::What::kOpened, kTen);
  record(claim(kTen, 1)[0], Outcome::kSent, kTen);
  std::vector<int64_t> waits;
  TimeMs now = kTen;
  for (auto claims = claim(now); !claims.empty(); claims = claim(now)) {
    record(claims[0], Outcome::kRetry, now);
    const TimeMs next = outbox_->next_due();
    if (next == kTimeMax) break;
    if (waits.size() < 7) waits.push_back((next - now).count / 1000);
    EXPECT_EQ(text(claim(next - milliseconds(1))), "");
    now = next;
  }
  const std::vector<int64_t> wanted = {2, 5, 15, 60, 300, 600, 600};
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_GE(waits.at(i), wanted[i]);
    EXPECT_LE(waits.at(i), wanted[i] + wanted[i] / 10);
  }
  EXPECT_EQ(now, kTen + hours(24));
  const auto rows = ledger();
  EXPECT_EQ(rows[1].state, Delivery::State::kGivenUp);
  EXPECT_GT(rows[1].attempts, 100u);
  EXPECT_EQ(outbox_->pending(), 0u);
}

TEST_F(OutboxTest, RetryAfterIsHonoured) {
  decide(Decision::What::kOpened, kTen);
  const auto claims = claim(kTen);
  DeliveryResult busy;
  busy.retry_after = minutes(3);
  record(claims[0], Outcome::kRetry, kTen, busy);
  busy.retry_after = milliseconds(1);  // never sooner than the schedule
  record(claims[1], Outcome::kRetry, kTen, busy);
  EXPECT_GE(outbox_->next_due(), kTen + seconds(2));
  EXPECT_EQ(text(claim(kTen + minutes(3) - milliseconds(1))), "ops opened");
  EXPECT_EQ(text(claim(kTen + minutes(3))), "mail opened");
  EXPECT_EQ(outbox_->retrying(), 2u);
}

TEST_F(OutboxTest, OfAnOpeningGivenUpNothingMoreIsTold) {
  decide(Decision::What::kOpened, kTen);
  const auto claims = claim(kTen);
  decide(Decision::What::kUpdated, kTen + seconds(10));
  record(claims[0], Outcome::kFinal, kTen + seconds(10));
  record(claims[1], Outcome::kSent, kTen + seconds(10));
  restart();
  decide(Decision::What::kResolved, kTen + seconds(20));
  EXPECT_EQ(text(claim(kTen + seconds(20))), "ops resolved");
  for (const Delivery& row : ledger())
    if (row.receiver == "mail") {
      EXPECT_EQ(row.state, Delivery::State::kGivenUp) << row.event;
    }
}

TEST_F(OutboxTest, WhatTheOtherSideSaidIsThereForTheNextMessageAlsoAfterARestart) {
  decide(Decision::What::kOpened, kTen);
  DeliveryResult answer;
  answer.external = R"({"ts":"1.2"})";
  const auto claims = claim(kTen);
  EXPECT_EQ(claims[0].external, "{}");
  record(claims[0], Outcome::kSent, kTen, answer);
  decide(Decision::What::kUpdated, kTen + seconds(10));
  EXPECT_EQ(claim(kTen + seconds(10))[0].external, answer.external);
  restart();
  decide(Decision::What::kResolved, kTen + seconds(20));
  EXPECT_EQ(claim(kTen + seconds(20))[0].external, answer.external);
}

TEST_F(OutboxTest, ABusyReceiverDelaysNobodyElseAndAllTakeTurns) {
  for (const char* rule : {"a", "b", "c"}) decide(Decision::What::kOpened, kTen, rule);
  EXPECT_EQ(text(outbox_->claim(kTen, 2, [](const std::string& name) { return name != "mail"; })),
            "ops opened, ops opened");
  EXPECT_EQ(text(claim(kTen, 2)), "mail opened, ops opened");
}

TEST_F(OutboxTest, PastItsLimitTheTableKeepsThemInOrder) {
  start({.pending_max = 4});
  for (const char* rule : {"a", "b", "c"}) decide(Decision::What::kOpened, kTen, rule);
  decide(Decision::What::kResolved, kTen + seconds(1), "c");
  EXPECT_EQ(outbox_->pending(), 4u);
  EXPECT_FALSE(outbox_->wants_load());
  std::vector<std::string> told;
  for (int round = 0; round < 10; ++round) {
    for (const Claim& one : claim(kTen + seconds(1))) {
      told.push_back(one.intent.receiver + " " + std::string(to_text(one.intent.event)) + " " +
                     one.alert->opened->rule_id);
      record(one, Outcome::kSent, kTen + seconds(1));
    }
    OutboxChanges rows;
    if (outbox_->wants_load()) {
      ASSERT_TRUE(outbox_->load(*world_.database, rows));
    }
    write(rows);
  }
  EXPECT_EQ(told, (std::vector<std::string>{"mail opened a", "ops opened a", "mail opened b",
                                            "ops opened b", "mail opened c", "ops opened c",
                                            "mail resolved c", "ops resolved c"}));
  EXPECT_EQ(world_.counters.counter("tocsin_outbox_overflow_total", "", "").value(), 4u);
}

TEST_F(OutboxTest, AResultNobodyAskedForIsIgnored) {
  decide(Decision::What::kOpened, kTen);
  const auto claims = claim(kTen);
  record(claims[0], Outcome::kSent, kTen);
  record(claims[0], Outcome::kFinal, kTen);
  Claim unknown = claims[0];
  unknown.intent.id = 999;
  record(unknown, Outcome::kSent, kTen);
  EXPECT_EQ(ledger()[0].state, Delivery::State::kSent);
  EXPECT_EQ(outbox_->pending(), 1u);
}

TEST(BackOff, IsTheSameForTheSameSeedAndDiffersBetweenDeliveries) {
  EXPECT_EQ(back_off(4, 17, 1), back_off(4, 17, 1));
  EXPECT_NE(back_off(4, 17, 1), back_off(4, 18, 1));
  EXPECT_NE(back_off(4, 17, 1), back_off(4, 17, 2));
  EXPECT_GE(back_off(0, 1, 1), seconds(2));
  EXPECT_LE(back_off(UINT32_MAX, 1, 1), minutes(11));
}

}  // namespace
}  // namespace tocsin::supervisor
