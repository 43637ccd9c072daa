#include "store/journal.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/faulty_disk.h"
#include "store/frame_codec.h"

namespace tocsin {
namespace {

const std::string kDirectory = "/data/journal";

JournalOptions small() {
  JournalOptions options;
  options.segment_bytes = 4096;
  options.bytes_max = 16 * 4096;
  options.queue_bytes_max = 1 << 20;
  return options;
}

// A journal over a disk that may fail, restarted at will.
struct Bench {
  explicit Bench(JournalOptions o = small(), uint64_t seed = 1) : options(o), disk(seed) { boot(); }

  void boot(Lsn after = {}) {
    journal.reset();
    series = std::make_unique<SeriesTable>();
    frames.clear();
    auto opened = Journal::open(kDirectory, options, disk, clock, counters);
    ASSERT_TRUE(opened) << opened.error().text();
    journal = std::move(*opened);
    auto read = journal->recover(
        *series, [](SeriesRef) { return 0u; }, after,
        [&](const FramePtr& frame) { frames.push_back(frame); });
    ASSERT_TRUE(read) << read.error().text();
    report = *read;
  }
  void crash(Lsn after = {}) {
    journal.reset();
    disk.power_cut();
    boot(after);
  }
  SeriesRef ref(const std::string& name) {
    return series->find_or_add(Labels::of(name), 0).value().ref;
  }
  Batch batch(size_t points, double first, bool fresh = false) {
    Batch out;
    if (fresh || !series->known(SeriesRef{0})) out.fresh.push_back({ref("a"), Labels::of("a")});
    for (size_t i = 0; i < points; ++i)
      out.add(ref("a"), TimeMs{1000 + static_cast<int64_t>(i)}, first + static_cast<double>(i));
    return out;
  }
  std::string newest_file() { return kDirectory + "/" + disk.list(kDirectory).value().back(); }

  JournalOptions options;
  FaultyDisk disk;
  ManualClock clock{TimeMs{1'000'000}};
  Counters counters;
  std::unique_ptr<SeriesTable> series;
  std::unique_ptr<Journal> journal;
  std::vector<FramePtr> frames;
  JournalRecovery report;
};

bool same(const Frame& a, const Frame& b) {
  if (a.batch.fresh.size() != b.batch.fresh.size()) return false;
  for (size_t i = 0; i < a.batch.fresh.size(); ++i)
    if (a.batch.fresh[i].ref != b.batch.fresh[i].ref ||
        a.batch.fresh[i].labels != b.batch.fresh[i].labels)
      return false;
  return a.lsn == b.lsn && a.arrival == b.arrival && a.kind == b.kind && a.payload == b.payload &&
         a.batch.kind == b.batch.kind && a.batch.sender == b.batch.sender &&
         a.batch.series == b.batch.series && a.batch.time == b.batch.time &&
         a.batch.value.size() == b.batch.value.size() &&
         (a.batch.value.empty() || std::memcmp(a.batch.value.data(), b.batch.value.data(),
                                               a.batch.value.size() * sizeof(double)) == 0);
}

TEST(Journal, WhatWasAppendedComesBack) {
  Bench b;
  std::vector<FramePtr> sent;
  Batch first;
  first.sender = {7};
  first.kind = BatchKind::kImport;
  first.fresh.push_back({b.ref("a"), Labels::of("a", {{"site", "rome"}})});
  first.fresh.push_back({b.ref("b"), Labels::of("b")});
  first.add(b.ref("b"), TimeMs{5}, -0.0);
  first.add(b.ref("a"), TimeMs{-5}, 5e-324);
  first.add(b.ref("b"), kTimeMax, 1e300);
  sent.push_back(b.journal->append(std::move(first)).value());
  b.clock.set(TimeMs{5});  // the wall clock jumps back: arrivals do not
  sent.push_back(b.journal->append_marker(FrameKind::kConfig, "workers: []").value());
  sent.push_back(b.journal->append(Batch{}).value());
  EXPECT_EQ(b.journal->durable(), Lsn{0});
  EXPECT_EQ(b.journal->commit_now().value(), Lsn{3});
  EXPECT_EQ(sent[1]->arrival, TimeMs{1'000'000});
  b.crash();
  ASSERT_EQ(b.frames.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(same(*sent[i], *b.frames[i])) << i;
  EXPECT_EQ(b.series->labels(SeriesRef{0}), Labels::of("a", {{"site", "rome"}}));
  EXPECT_EQ(b.journal->durable(), Lsn{3});
  EXPECT_EQ(b.journal->append(b.batch(1, 0)).value()->lsn, Lsn{4});
  EXPECT_TRUE(b.report.damage.empty());
}

TEST(Journal, ReplayStartsAfterTheGivenLsn) {
  Bench b;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(b.journal->append(b.batch(3, i, true)));
  ASSERT_TRUE(b.journal->commit_now());
  b.boot(Lsn{3});
  ASSERT_EQ(b.frames.size(), 2u);
  EXPECT_EQ(b.frames[0]->lsn, Lsn{4});
}

TEST(Journal, LsnsContinueAfterWhatIsKeptElsewhere) {
  JournalOptions options = small();
  options.first_lsn = Lsn{500};
  Bench b(options);
  EXPECT_EQ(b.journal->append(b.batch(1, 0)).value()->lsn, Lsn{500});
}

TEST(Journal, FullJournalRefusesUntilFramesAreReleased) {
  Bench b;
  Lsn last;
  for (;;) {
    auto done = b.journal->append(b.batch(100, 1, true));
    if (!done) {
      EXPECT_EQ(done.error().code, ErrorCode::kExhausted);
      if (b.journal->fill() == 1.0) break;
    } else {
      last = (*done)->lsn;
    }
    ASSERT_TRUE(b.journal->commit_now());
  }
  EXPECT_EQ(b.journal->durable(), last);
  EXPECT_EQ(b.journal->bytes_on_disk(), b.options.bytes_max);
  const Lsn wanted = b.journal->release_wanted(0.5);
  EXPECT_GT(wanted, Lsn{0});
  b.journal->release_until(wanted);
  EXPECT_LE(b.journal->fill(), 0.5);
  EXPECT_EQ(b.journal->release_wanted(0.5), Lsn{0});
  ASSERT_TRUE(b.journal->commit_now());
  EXPECT_TRUE(b.journal->append(b.batch(100, 1)));
  ASSERT_TRUE(b.journal->commit_now());
  b.crash();
  EXPECT_GT(b.frames.front()->lsn, wanted);
  EXPECT_EQ(b.frames.back()->lsn, Lsn{last.value + 1});
}

TEST(Journal, FullJournalStillTakesAMarker) {
  for (const size_t points : {1, 7, 40, 90}) {
    Bench b;
    while (b.journal->append(b.batch(points, 1)) || b.journal->fill() < 1.0)
      ASSERT_TRUE(b.journal->commit_now());
    const auto marker = b.journal->append_marker(FrameKind::kNote, "checkpoint");
    ASSERT_TRUE(marker) << points << ": " << marker.error().text();
    ASSERT_TRUE(b.journal->commit_now());
    EXPECT_EQ(b.journal->durable(), (*marker)->lsn);
    b.crash();
    EXPECT_EQ(b.frames.back()->payload, "checkpoint");
  }
}

TEST(Journal, GrowsWhileItIsFull) {
  Bench b;
  while (b.journal->append(b.batch(40, 1)) || b.journal->fill() < 1.0)
    ASSERT_TRUE(b.journal->commit_now());
  b.journal->grow_to(b.options.bytes_max / 2);
  EXPECT_EQ(b.journal->bytes_max(), b.options.bytes_max);
  b.journal->grow_to(b.options.bytes_max * 2);
  ASSERT_TRUE(b.journal->commit_now());
  EXPECT_TRUE(b.journal->append(b.batch(40, 1)));
  EXPECT_LT(b.journal->fill(), 0.6);
}

TEST(Journal, BatchThatNeverFitsIsInvalidAndBehindIsExhausted) {
  JournalOptions options = small();
  options.queue_bytes_max = 3000;
  Bench b(options);
  const auto large = b.journal->append(b.batch(1000, 1, true));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, ErrorCode::kInvalid);
  ASSERT_TRUE(b.journal->append(b.batch(200, 1, true)));
  const auto behind = b.journal->append(b.batch(200, 1));
  ASSERT_FALSE(behind);
  EXPECT_EQ(behind.error().code, ErrorCode::kExhausted);
  ASSERT_TRUE(b.journal->commit_now());
  EXPECT_TRUE(b.journal->append(b.batch(200, 1)));
}

TEST(Journal, FullDiskRefusesAndHealsByItself) {
  Bench b;
  b.disk.set_capacity(2 * 4096);
  int kept = 0;
  for (int i = 0; i < 20; ++i) {
    if (b.journal->append(b.batch(150, i, true))) ++kept;
    (void)b.journal->commit_now();
  }
  EXPECT_GT(kept, 2);
  EXPECT_LT(kept, 20);
  EXPECT_EQ(b.journal->durable(), b.journal->last());
  b.disk.heal();
  ASSERT_TRUE(b.journal->commit_now());
  EXPECT_TRUE(b.journal->append(b.batch(150, 1)));
  EXPECT_TRUE(b.journal->commit_now());
}

TEST(Journal, AfterAFailedSyncTheFramesMoveAndComeBackOnce) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    Bench b(small(), seed);
    Lsn told;
    b.journal->set_observers({}, [&](Lsn upto) { told = upto; });
    ASSERT_TRUE(b.journal->append(b.batch(5, 1, true)));
    ASSERT_TRUE(b.journal->commit_now());
    ASSERT_TRUE(b.journal->append(b.batch(5, 2)));
    b.disk.fail_sync_after(0);
    EXPECT_FALSE(b.journal->commit_now());
    EXPECT_EQ(told, Lsn{1});
    ASSERT_TRUE(b.journal->append(b.batch(5, 3)));
    EXPECT_EQ(b.journal->commit_now().value(), Lsn{3});
    EXPECT_EQ(told, Lsn{3});
    b.crash();
    ASSERT_EQ(b.frames.size(), 3u) << "seed " << seed;
    EXPECT_EQ(b.frames[1]->batch.value[0], 2.0);
    EXPECT_TRUE(b.report.damage.empty()) << b.report.damage[0].text();
  }
}

TEST(Journal, CorruptFrameInTheMiddleIsReportedAndTheRestServed) {
  Bench b;
  std::vector<uint64_t> starts{32};
  for (int i = 0; i < 3; ++i) {
    EncodedFrame bytes;
    Batch batch = b.batch(10, i, true);
    encode_frame(batch, bytes);
    starts.push_back(starts.back() + bytes.bytes.size());
    ASSERT_TRUE(b.journal->append(std::move(batch)));
    ASSERT_TRUE(b.journal->commit_now());
  }
  const std::string file = kDirectory + "/" + b.disk.list(kDirectory).value().front();
  for (const uint64_t offset : {starts[1], starts[1] + 5, starts[1] + 20, starts[2] - 1}) {
    b.disk.corrupt(file, offset);
    b.boot();
    ASSERT_EQ(b.frames.size(), 2u) << offset;
    EXPECT_EQ(b.frames[1]->lsn, Lsn{3});
    ASSERT_EQ(b.report.damage.size(), 1u);
    EXPECT_EQ(b.report.damage[0].offset, starts[1]);
    EXPECT_EQ(b.report.damage[0].from, Lsn{2});
    EXPECT_EQ(b.report.damage[0].to, Lsn{2});
    EXPECT_NE(b.report.damage[0].text().find("batches 2 to 2"), std::string::npos);
    b.disk.corrupt(file, offset);  // and back
  }
  b.boot();
  EXPECT_EQ(b.frames.size(), 3u);
  b.disk.corrupt(file, starts[0] + 30);  // the oldest frame
  b.boot();
  ASSERT_EQ(b.report.damage.size(), 1u);
  EXPECT_EQ(b.report.damage[0].to, Lsn{1});
  EXPECT_EQ(b.report.unknown_points, 0u);  // the later frames name the series again
}

TEST(Journal, PointsOfASeriesThatOnlyADamagedFrameNamedAreLeftOut) {
  Bench b;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(b.journal->append(b.batch(4, i)));
    ASSERT_TRUE(b.journal->commit_now());
  }
  b.disk.corrupt(kDirectory + "/" + b.disk.list(kDirectory).value().front(), 80);
  b.boot();
  EXPECT_EQ(b.report.unknown_points, 8u);
  EXPECT_EQ(b.report.points, 0u);
  ASSERT_EQ(b.report.damage.size(), 1u);
}

TEST(Journal, TornTailIsCutOnceAndForAll) {
  Bench b;
  ASSERT_TRUE(b.journal->append(b.batch(10, 1, true)));
  ASSERT_TRUE(b.journal->commit_now());
  ASSERT_TRUE(b.journal->append(b.batch(200, 2)));
  b.disk.fail_write_after(0);
  EXPECT_FALSE(b.journal->commit_now());
  b.disk.cut_after(0);
  b.crash();
  EXPECT_LE(b.frames.size(), 2u);
  b.boot();
  EXPECT_EQ(b.report.torn_bytes, 0u);
  EXPECT_TRUE(b.report.damage.empty());
}

TEST(Journal, ProcessDurabilitySyncsByTicks) {
  JournalOptions options = small();
  options.durability = JournalOptions::Durability::kProcess;
  Bench b(options);
  Counter& syncs = b.counters.counter("tocsin_journal_fsync_total", "", "");
  ASSERT_TRUE(b.journal->append(b.batch(10, 1, true)));
  EXPECT_EQ(b.journal->commit_now().value(), Lsn{1});
  EXPECT_EQ(syncs.value(), 0u);
  b.journal->tick(TimeMs{10'000});
  EXPECT_EQ(syncs.value(), 1u);
  ASSERT_TRUE(b.journal->append(b.batch(10, 1, true)));
  ASSERT_TRUE(b.journal->commit_now());
  b.journal->tick(TimeMs{10'999});
  EXPECT_EQ(syncs.value(), 1u);
  b.journal->tick(TimeMs{11'000});
  EXPECT_EQ(syncs.value(), 2u);
  b.boot();  // the process ends: everything is there
  EXPECT_EQ(b.frames.size(), 2u);
}

TEST(Journal, ManyThreadsGetOneOrder) {
  JournalOptions options = small();
  options.segment_bytes = 1 << 20;
  options.bytes_max = 64 << 20;
  Bench b(options);
  std::vector<Lsn> order;
  Lsn told;
  std::mutex mutex;
  std::condition_variable changed;
  b.journal->set_observers([&](const FramePtr& frame) { order.push_back(frame->lsn); },
                           [&](Lsn upto) {
                             const std::lock_guard lock(mutex);
                             EXPECT_GT(upto, told);
                             told = upto;
                             changed.notify_all();
                           });
  b.journal->start();
  const Batch sample = b.batch(10, 1, true);
  std::vector<std::thread> senders;
  for (int t = 0; t < 4; ++t)
    senders.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const auto frame = b.journal->append(Batch(sample));
        ASSERT_TRUE(frame);
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return told >= (*frame)->lsn; });
      }
    });
  for (std::thread& sender : senders) sender.join();
  ASSERT_EQ(order.size(), 800u);
  for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i].value, i + 1);
  b.crash();
  EXPECT_EQ(b.frames.size(), 800u);
}

// Random appends, commits, releases and failures; then the power goes at some operation. Every
// frame that was told durable and not released comes back once, in order, as it was.
void run_random(uint64_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  Random random(seed);
  Bench b(small(), seed * 7 + 1);
  std::map<Lsn, FramePtr> sent;
  std::set<Lsn> owed;
  Lsn durable, released;
  for (int life = 0; life < 4; ++life) {
    b.journal->set_observers([&](const FramePtr& frame) { sent[frame->lsn] = frame; },
                             [&](Lsn upto) {
                               for (; durable < upto; owed.insert(durable)) ++durable.value;
                             });
    if (random.below(2) == 0) b.disk.cut_after(1 + random.below(60));
    for (int step = 0; step < 60; ++step) {
      const uint64_t what = random.below(20);
      b.clock.advance(milliseconds(static_cast<int64_t>(random.below(30))));
      if (what < 10)
        (void)b.journal->append(b.batch(random.below(120), step, true));
      else if (what < 16)
        (void)b.journal->commit_now();
      else if (what == 16)
        b.disk.fail_sync_after(random.below(3));
      else if (what == 17)
        b.disk.fail_write_after(random.below(3), random.below(2) == 0);
      else if (what == 18)
        b.journal->release_until(released = std::max(released, Lsn{durable.value / 2}));
      else
        b.disk.set_capacity(random.below(2) == 0 ? UINT64_MAX : 3 * 4096);
    }
    b.disk.heal();
    b.crash(released);
    ASSERT_TRUE(b.report.damage.empty()) << b.report.damage[0].text();
    std::set<Lsn> found;
    for (const FramePtr& frame : b.frames) found.insert(frame->lsn);
    for (const Lsn lsn : owed)
      if (lsn > released) {
        ASSERT_TRUE(found.contains(lsn)) << "lsn " << lsn.value << " is lost";
      }
    for (size_t i = 1; i < b.frames.size(); ++i) ASSERT_LT(b.frames[i - 1]->lsn, b.frames[i]->lsn);
    for (const FramePtr& frame : b.frames) ASSERT_TRUE(same(*frame, *sent.at(frame->lsn)));
    owed = found;  // an unanswered frame may be lost or kept, but what was found stays
    durable = b.journal->durable();
  }
}
TEST(Journal, NothingAnsweredIsLostWhateverTheDiskDoes) {
  for (uint64_t seed = 1; seed <= 300 && !HasFatalFailure(); ++seed) run_random(seed);
}

}  // namespace
}  // namespace tocsin
