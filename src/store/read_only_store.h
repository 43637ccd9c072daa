#pragma once
// The store as it was when it was opened, read and never written: for replay, also beside a running
// server. No lock is taken and nothing is made, cut or removed.
//
//   journal's files opened first, RocksDB after them: what a segment that goes meanwhile held is
//   in flushed chunks by then; overlap, never a gap

#include <memory>
#include <string>
#include <vector>

#include "store/chunks.h"
#include "store/head.h"
#include "store/journal_view.h"
#include "store/keyspace.h"

namespace tocsin {

// One thread. Memory: the points that are not in flushed chunks, encoded.
class ReadOnlyStore {
 public:
  // `directory`: the store's. keyspace: in tests; nullptr opens RocksDB in directory/chunks.
  static Result<std::unique_ptr<ReadOnlyStore>> open(const std::string& directory, Disk& disk,
                                                     SeriesTable& series, Counters& counters,
                                                     std::unique_ptr<Keyspace> keyspace = nullptr);

  JournalView& journal() { return journal_; }
  // What is not in chunks yet; before points(), once. As-received replay does without.
  Result<void> load_tail();
  // All points of a series in [from, to].
  Result<std::vector<Sample>> points(SeriesRef series, TimeMs from, TimeMs to) const;

 private:
  ReadOnlyStore(JournalView journal, std::unique_ptr<Keyspace> keyspace, SeriesTable& series,
                Counters& counters);

  JournalView journal_;
  std::unique_ptr<Keyspace> keyspace_;
  Chunks chunks_;
  Head head_;
};

}  // namespace tocsin
