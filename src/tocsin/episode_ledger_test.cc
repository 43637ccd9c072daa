#include "tocsin/episode_ledger.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/random.h"

namespace tocsin {
namespace {

const TimeMs kNoon = *parse_time("2026-11-23T12:00:00Z");
const Labels kA = Labels::of("a"), kB = Labels::of("b");

struct Counted {
  EpisodeLedger ledger;
  uint64_t lsn = 0;
  void open(TimeMs at, const Labels& series = kA, std::string_view worker = "w") {
    ledger.opened({Lsn{++lsn}, {}, 0, 0}, at, worker, series);
  }
};

TEST(EpisodeLedger, SaysHowManyWhenAndWhose) {
  Counted c;
  c.ledger.begin("w", kNoon - days(10));
  for (int i = 0; i < 3; ++i) c.open(kNoon - days(2));
  c.open(kNoon - days(8));
  c.open(kNoon, kB);
  c.open(kNoon, kB, "other");
  const auto spent = c.ledger.spent("w", kNoon, days(7), 10);
  EXPECT_EQ(spent.episodes, 4);
  EXPECT_EQ(spent.since, kNoon - days(7));
  EXPECT_EQ(spent.by_day, (std::vector<int64_t>{0, 0, 0, 0, 3, 0, 1}));
  ASSERT_EQ(spent.most.size(), 2u);
  EXPECT_EQ(spent.most[0].series, kA);
  EXPECT_EQ(spent.most[0].episodes, 3);
  EXPECT_EQ(spent.series, 2);
  EXPECT_EQ(c.ledger.spent("w", kNoon, days(7), 1).most.size(), 1u);
  EXPECT_EQ(c.ledger.episodes("w", kNoon, days(30)), 5);
  EXPECT_EQ(c.ledger.episodes("nobody", kNoon, days(30)), 0);
  EXPECT_EQ(c.ledger.spent("nobody", kNoon, days(7), 1).since.ms, 0);
}

TEST(EpisodeLedger, AWorkerThatBeganLatelyIsCountedFromThen) {
  Counted c;
  c.ledger.begin("w", kNoon - days(1));
  EXPECT_EQ(c.ledger.spent("w", kNoon, days(7), 1).since, kNoon - days(1));
}

TEST(EpisodeLedger, WhatTheJournalBringsAgainIsCountedOnce) {
  Counted c;
  c.open(kNoon);
  c.open(kNoon);
  EpisodeLedger again;
  ASSERT_TRUE(again.decode(c.ledger.encode()));
  again.opened({Lsn{1}, {}, 0, 0}, kNoon, "w", kA);
  again.opened({Lsn{2}, {}, 0, 0}, kNoon, "w", kA);
  EXPECT_EQ(again.episodes("w", kNoon, days(7)), 2);
  again.opened({Lsn{2}, {}, 1, 0}, kNoon, "w", kA);
  EXPECT_EQ(again.episodes("w", kNoon, days(7)), 3);
}

TEST(EpisodeLedger, SeriesBeyondTheLimitLeaveTheOneWithTheFewest) {
  Counted c;
  for (int i = 0; i < 2; ++i) c.open(kNoon, kB);
  for (size_t i = 0; i < EpisodeLedger::kSeriesMax + 5; ++i)
    c.open(kNoon, Labels::of("s", {{"n", std::to_string(i)}}));
  const auto spent = c.ledger.spent("w", kNoon, days(7), 1);
  EXPECT_EQ(spent.series, static_cast<int64_t>(EpisodeLedger::kSeriesMax));
  EXPECT_EQ(spent.series_left_out, 6);
  EXPECT_EQ(spent.most[0].series, kB);
  EXPECT_EQ(spent.episodes, static_cast<int64_t>(EpisodeLedger::kSeriesMax) + 7);
}

TEST(EpisodeLedger, ForgetsWhatIsOld) {
  Counted c;
  c.open(kNoon - days(31));
  c.open(kNoon);
  EXPECT_EQ(c.ledger.episodes("w", kNoon, days(60)), 1);
}

TEST(EpisodeLedger, ReadsBackWhatItWroteAndRefusesEveryShorterText) {
  Counted c;
  Random random(1);
  c.ledger.begin("idle", kNoon);
  for (int i = 0; i < 50; ++i)
    c.open(kNoon - hours(static_cast<int64_t>(50 - i)),
           Labels::of("s", {{"n", std::to_string(random.below(5))}}), i % 2 == 0 ? "w" : "v");
  const std::string text = c.ledger.encode();
  EpisodeLedger read;
  ASSERT_TRUE(read.decode(text));
  EXPECT_EQ(read.encode(), text);
  for (size_t length = 0; length < text.size(); ++length) {
    EpisodeLedger cut;
    EXPECT_FALSE(cut.decode(text.substr(0, length))) << length;
    EXPECT_EQ(cut.episodes("w", kNoon, days(7)), 0);
  }
}

TEST(EpisodeLedger, IsKeptInTheDatabase) {
  const std::string path = testing::TempDir() + "episodes_" + std::to_string(::getpid()) + ".db";
  const auto remove = [&] {
    for (const char* end : {"", "-wal", "-shm", ".writer"}) std::filesystem::remove(path + end);
  };
  remove();
  {
    auto database = state::Database::open(path, {.power_cut_safe = false});
    ASSERT_TRUE(database);
    ASSERT_TRUE(state::migrate(*database, EpisodeLedger::migrations()));
    Counted c;
    ASSERT_TRUE(c.ledger.load(*database));
    EXPECT_FALSE(c.ledger.changed());
    for (int round = 1; round <= 2; ++round) {
      c.open(kNoon);
      EXPECT_TRUE(c.ledger.changed());
      auto transaction = database->begin();
      ASSERT_TRUE(transaction && c.ledger.save(*transaction) && transaction->commit());
      EXPECT_FALSE(c.ledger.changed());
      EpisodeLedger read;
      ASSERT_TRUE(read.load(*database));
      EXPECT_EQ(read.episodes("w", kNoon, days(7)), round);
    }
    ASSERT_TRUE(database->execute("UPDATE episodes SET body = x'01ff'"));
    EpisodeLedger broken;
    EXPECT_EQ(broken.load(*database).error().code, ErrorCode::kCorrupt);
  }
  remove();
}

}  // namespace
}  // namespace tocsin
