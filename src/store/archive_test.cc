#include "store/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/faulty_disk.h"
#include "store/journal.h"
#include "store/journal_view.h"

namespace tocsin {
namespace {

const std::string kPoints = "/points", kArchive = kPoints + "/archive";

// A journal of 4 kB segments whose released ones go to an archive.
struct Bench {
  explicit Bench(ArchiveOptions o = {}, uint64_t seed = 1) : options(o), disk(seed) { boot(); }

  void boot() {
    journal.reset();
    archive.reset();
    auto made = Archive::open(kArchive, options, disk, clock, counters);
    ASSERT_TRUE(made) << made.error().text();
    archive = std::move(*made);
    JournalOptions small;
    small.segment_bytes = 4096;
    small.bytes_max = 64 * 4096;
    small.queue_bytes_max = 1 << 20;
    small.first_lsn = Lsn{last.value + 1};
    auto opened = Journal::open(kPoints + "/journal", small, disk, clock, counters);
    ASSERT_TRUE(opened) << opened.error().text();
    journal = std::move(*opened);
    journal->set_dispose([this](const std::string& path, uint64_t number) {
      return archive->take_segment(path, number);
    });
    const auto home = [](SeriesRef) { return 0U; };
    ASSERT_TRUE(journal->recover(table, home, {}, [](const FramePtr&) {}));
  }
  // Frames of 30 points, a minute apart, each written at once.
  void write(int frames) {
    for (int i = 0; i < frames; ++i) {
      clock.advance(minutes(1));
      Batch batch;
      const auto added = table.find_or_add(Labels::of("a"), 0).value();
      batch.fresh.push_back({added.ref, Labels::of("a")});
      for (int n = 0; n < 30; ++n)
        batch.add(added.ref, clock.now() + milliseconds(n), static_cast<double>(n % 7));
      const auto frame = journal->append(std::move(batch));
      ASSERT_TRUE(frame) << frame.error().text();
      last = (*frame)->lsn;
      ASSERT_TRUE(journal->commit_now());
    }
  }
  void release_all() { journal->release_until(journal->durable()); }
  void work() {
    for (int i = 0; i < 1000 && archive->step(); ++i) {
    }
  }
  void checkpoint(Lsn lsn, TimeMs time, uint64_t tag = 1) {
    const std::string directory = kPoints + "/checkpoints";
    ASSERT_TRUE(write_checkpoint(
        disk, directory, "models", {lsn, time, tag}, {"state"},
        [this](const std::string& path) { return archive->take_checkpoint(path); }));
  }
  // Lsns of what a reader finds after `after`.
  std::vector<uint64_t> found(Lsn after = {}, size_t* gaps = nullptr) {
    SeriesTable fresh;
    auto view = JournalView::open(kPoints, disk, fresh, [](SeriesRef) { return 0U; });
    EXPECT_TRUE(view) << view.error().text();
    std::vector<uint64_t> out;
    const auto missing = view->frames(after, [&](const Frame& frame) {
      EXPECT_EQ(frame.batch.size(), 30U);
      out.push_back(frame.lsn.value);
      return true;
    });
    EXPECT_TRUE(missing);
    if (gaps != nullptr) *gaps = missing->size();
    whole_from = view->whole_from();
    return out;
  }
  std::vector<std::string> files() { return disk.list(kArchive).value(); }
  uint64_t dropped(const std::string& why) {
    return counters.counter("tocsin_archive_dropped_total", "reason=\"" + why + "\"", "").value();
  }

  ArchiveOptions options;
  FaultyDisk disk;
  ManualClock clock{TimeMs{1'780'000'000'000}};
  Counters counters;
  SeriesTable table;
  std::unique_ptr<Archive> archive;
  std::unique_ptr<Journal> journal;
  Lsn last, whole_from;
};

std::vector<uint64_t> from_to(uint64_t from, uint64_t to) {
  std::vector<uint64_t> out;
  for (; from <= to; ++from) out.push_back(from);
  return out;
}

TEST(Archive, WhatTheJournalReleasedIsReadInOneOrderWithTheRest) {
  Bench b;
  b.write(100);
  b.release_all();
  EXPECT_EQ(b.found(), from_to(1, 100)) << "not compressed yet";
  b.work();
  EXPECT_THAT(b.files(), testing::Each(testing::EndsWith(".zst")));
  EXPECT_GT(b.files().size(), 3U);
  b.write(20);
  EXPECT_EQ(b.found(), from_to(1, 120));
  EXPECT_EQ(b.found(Lsn{77}), from_to(78, 120));
  EXPECT_EQ(b.whole_from, Lsn{1});
  b.boot();
  EXPECT_EQ(b.found(), from_to(1, 120)) << "after a start";
}

TEST(Archive, CompressedIsSmallerThanTheJournal) {
  Bench b;
  b.write(200);
  const uint64_t before = b.journal->bytes_on_disk();
  b.release_all();
  b.work();
  EXPECT_LT(b.archive->bytes(), before / 2);
}

TEST(Archive, TheOldestGoFirstByAge) {
  ArchiveOptions options;
  options.keep = hours(2);
  Bench b(options);
  b.write(300);  // five hours
  b.release_all();
  b.work();
  b.work();
  const std::vector<uint64_t> left = b.found();
  ASSERT_FALSE(left.empty());
  EXPECT_EQ(left.back(), 300U);
  EXPECT_GT(left.front(), 150U);
  EXPECT_LE(left.front(), 181U) << "at least two hours are there";
  EXPECT_EQ(b.whole_from.value, left.front());
  EXPECT_GT(b.dropped("age"), 0U);
}

TEST(Archive, TheOldestGoFirstByBytes) {
  ArchiveOptions options;
  options.bytes_max = 6000;
  Bench b(options);
  b.write(300);
  b.release_all();
  b.work();
  EXPECT_LE(b.archive->bytes(), 6000U);
  EXPECT_EQ(b.found().back(), 300U);
  EXPECT_GT(b.found().front(), 1U);
  EXPECT_GT(b.dropped("bytes"), 0U);
}

TEST(Archive, GivesWayWhenTheDiskIsFull) {
  Bench b;
  b.disk.set_capacity(b.options.free_bytes_min + 200'000);
  b.write(60);
  b.release_all();
  b.work();
  EXPECT_FALSE(b.files().empty());
  b.disk.set_capacity(b.options.free_bytes_min / 2);
  EXPECT_FALSE(b.archive->step());
  EXPECT_TRUE(b.files().empty());
  EXPECT_GT(b.dropped("space"), 0U);
  EXPECT_EQ(b.archive->bytes(), 0U);
}

TEST(Archive, OffMeansRemoved) {
  for (const bool by_age : {true, false}) {
    Bench b;
    b.write(60);
    b.release_all();
    (by_age ? b.options.keep.count : reinterpret_cast<int64_t&>(b.options.bytes_max)) = 0;
    b.boot();
    EXPECT_TRUE(b.files().empty()) << "what an earlier run kept";
    b.write(60);
    b.release_all();
    EXPECT_TRUE(b.files().empty());
  }
}

TEST(Archive, ADamagedFileIsAGapAndTheRestIsRead) {
  Bench b;
  b.write(100);
  b.release_all();
  b.work();
  b.disk.corrupt(kArchive + "/" + b.files()[1], 100);
  size_t gaps = 0;
  const std::vector<uint64_t> left = b.found({}, &gaps);
  EXPECT_EQ(gaps, 1U);
  EXPECT_EQ(left.front(), 1U);
  EXPECT_EQ(left.back(), 100U);
  EXPECT_LT(left.size(), 100U);
  b.disk.corrupt(kArchive + "/" + b.files()[1], 20);  // the head
  b.boot();
  EXPECT_EQ(b.found(), left);
  EXPECT_GT(b.whole_from, Lsn{1}) << "it is known before a frame is read";
}

TEST(Archive, ACheckpointAnHourAndEveryChangeOfTheConfiguration) {
  Bench b;
  const TimeMs begin = b.clock.now();
  for (int i = 0; i < 20; ++i)
    b.checkpoint(Lsn{static_cast<uint64_t>(i + 1)}, begin + minutes(10 * i), i < 9 ? 1 : 2);
  const auto kept = list_checkpoints(b.disk, kArchive, "models").value();
  std::vector<uint64_t> lsns;
  for (const CheckpointFile& one : kept) lsns.push_back(one.mark.lsn.value);
  EXPECT_EQ(lsns, (std::vector<uint64_t>{1, 7, 10, 16})) << "0:00, 1:00, 1:30 (another), 2:30";
  EXPECT_EQ(read_checkpoint(b.disk, kept[2].path).value().bytes, "state");
  EXPECT_EQ(kept[2].mark.time, begin + minutes(90));
}

TEST(Archive, ACheckpointGoesWithTheFramesBehindIt) {
  ArchiveOptions options;
  options.keep = hours(2);
  options.checkpoint_every = minutes(1);
  Bench b(options);
  const TimeMs begin = b.clock.now();
  b.write(300);
  b.release_all();
  for (uint64_t lsn = 10; lsn <= 300; lsn += 10)
    b.checkpoint(Lsn{lsn}, begin + minutes(static_cast<int64_t>(lsn)));
  b.work();
  b.work();
  const uint64_t first = b.found().front();
  const auto kept = list_checkpoints(b.disk, kArchive, "models").value();
  ASSERT_FALSE(kept.empty());
  EXPECT_GE(kept.front().mark.lsn.value + 1, first);
  EXPECT_LT(kept.front().mark.lsn.value, first + 10);
}

// Whatever the disk does: the journal goes on, nothing is reported twice, and what is there is
// read.
void run_random(uint64_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  ArchiveOptions options;
  options.free_bytes_min = 0;
  options.bytes_max = 40'000;
  Bench b(options, seed);
  for (int life = 0; life < 3; ++life) {
    if (random.below(2) == 0) b.disk.cut_after(20 + random.below(200));
    for (int step = 0; step < 40 && !b.disk.is_cut(); ++step) {
      const uint64_t what = random.below(10);
      if (what < 5) {
        Batch batch;
        const auto ref = b.table.find_or_add(Labels::of("a"), 0).value().ref;
        batch.fresh.push_back({ref, Labels::of("a")});
        for (int n = 0; n < 30; ++n) batch.add(ref, b.clock.now(), 1);
        b.clock.advance(minutes(1));
        if (const auto frame = b.journal->append(std::move(batch))) b.last = (*frame)->lsn;
        (void)b.journal->commit_now();
      } else if (what == 5) {
        b.release_all();
      } else if (what < 8) {
        (void)b.archive->step();
      } else if (what == 8) {
        b.disk.fail_write_after(random.below(3), random.below(2) == 0);
      } else {
        b.disk.fail_sync_after(random.below(3));
      }
    }
    b.disk.heal();
    b.disk.power_cut();
    b.boot();
    b.work();
    std::vector<uint64_t> found = b.found();
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
    EXPECT_EQ(std::adjacent_find(found.begin(), found.end()), found.end());
    EXPECT_LE(b.archive->bytes(), options.bytes_max);
  }
}
TEST(Archive, NeverStopsTheJournalWhateverTheDiskDoes) {
  for (uint64_t seed = 1; seed <= 100 && !HasFatalFailure(); ++seed) run_random(seed);
}

TEST(JournalView, SeesNothingThatIsWrittenLaterAndWritesNothing) {
  Bench b;
  b.write(50);
  SeriesTable fresh;
  const uint64_t operations = b.disk.operations();
  auto view = JournalView::open(kPoints, b.disk, fresh, [](SeriesRef) { return 0U; });
  ASSERT_TRUE(view);
  EXPECT_EQ(b.disk.operations(), operations);
  EXPECT_EQ(view->last(), Lsn{50});
  b.write(100);
  b.release_all();  // what it has open moves away and is compressed
  b.work();
  std::vector<uint64_t> found;
  const auto gaps = view->frames({}, [&](const Frame& frame) {
    found.push_back(frame.lsn.value);
    return true;
  });
  ASSERT_TRUE(gaps);
  EXPECT_TRUE(gaps->empty());
  EXPECT_EQ(found, from_to(1, 50));
}

TEST(JournalView, ATornTailIsTheEnd) {
  Bench b;
  b.write(10);
  const std::string newest = kPoints + "/journal/" + b.disk.list(kPoints + "/journal").value()[0];
  b.disk.corrupt(newest, read_whole_file(b.disk, newest).value().find_last_not_of('\0') - 20);
  EXPECT_EQ(b.found(), from_to(1, 9));
}

}  // namespace
}  // namespace tocsin
