#include "store/read_only_store.h"

#include "base/log.h"

namespace tocsin {
namespace {
constexpr uint64_t kTakeEvery = 256;  // frames
}

ReadOnlyStore::ReadOnlyStore(JournalView journal, std::unique_ptr<Keyspace> keyspace,
                             SeriesTable& series, Counters& counters)
    : journal_(std::move(journal)),
      keyspace_(std::move(keyspace)),
      chunks_(*keyspace_, series, counters) {}

Result<std::unique_ptr<ReadOnlyStore>> ReadOnlyStore::open(const std::string& directory, Disk& disk,
                                                           SeriesTable& series, Counters& counters,
                                                           std::unique_ptr<Keyspace> keyspace) {
  const auto home = [](SeriesRef) { return 0U; };
  auto journal = JournalView::open(directory, disk, series, home);
  if (!journal) return fail(journal.error());
  if (!keyspace) {
    auto opened = open_rocksdb_read_only(directory + "/chunks", {});
    if (!opened) return fail(opened.error());
    keyspace = std::move(*opened);
  }
  std::unique_ptr<ReadOnlyStore> store(
      new ReadOnlyStore(std::move(*journal), std::move(keyspace), series, counters));
  // A folder of which nothing was flushed yet has no format, and gets none from here.
  if (auto done = store->chunks_.check_format(); !done && done.error().code == ErrorCode::kRefused)
    return fail(done.error());
  if (auto done = store->chunks_.load_catalogue(home); !done) return fail(done.error());
  return store;
}

Result<void> ReadOnlyStore::load_tail() {
  const auto flushed = chunks_.flushed();
  if (!flushed) return fail(flushed.error());
  uint64_t frames = 0;
  const auto gaps = journal_.frames(flushed->lsn, [&](const Frame& frame) {
    head_.begin(frame.lsn);
    for (size_t i = 0; i < frame.batch.size(); ++i)
      head_.append(frame.batch.series[i], frame.batch.time[i], frame.batch.value[i]);
    head_.done(frame.lsn);
    // Nobody writes them: the head keeps sealed chunks for reading all the same.
    if (++frames % kTakeEvery == 0) (void)head_.take_sealed();
    return true;
  });
  if (!gaps) return fail(gaps.error());
  for (const JournalView::Gap& gap : *gaps)
    log::warning("batches {} to {} of the journal are missing; the rest is read", gap.from.value,
                 gap.to.value);
  return {};
}

Result<std::vector<Sample>> ReadOnlyStore::points(SeriesRef series, TimeMs from, TimeMs to) const {
  std::vector<Sample> fresh, sealed, out;
  head_.copy_points(series, from, to, fresh);
  if (auto done = chunks_.read(series, from, to, sealed); !done) return fail(done.error());
  if (sealed.empty()) return fresh;
  merge_samples(sealed, fresh, out);
  return out;
}

}  // namespace tocsin
