#pragma once
// Takes sealed chunks from the shards, writes and flushes them, and says how far the journal is not
// needed any more. Owned by the Store; step() is called by one thread, give() by any.
// Bounded: shards stop sealing at kBacklogMax chunks; what they seal because a chunk is full is
// bounded by the journal, which is not freed before it is flushed.

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "store/chunks.h"
#include "store/journal.h"

namespace tocsin {

class Sealer {
 public:
  static constexpr size_t kBacklogMax = 65'536;  // chunks

  Sealer(Keyspace& keyspace, Chunks& chunks, uint32_t shards, uint64_t flush_bytes,
         Chunks::Flushed flushed, Counters& counters);

  // A shard's chunks, in the order they were sealed, and how far it has sealed everything.
  void give(uint32_t shard, std::vector<SealedChunkPtr> chunks, Lsn sealed_lsn);
  size_t backlog() const;  // chunks that cannot be read from the disk yet

  // Writes chunks of frames that are durable; flushes when enough is written, or when `flush_for`
  // is beyond flushed() and can be reached. An error keeps everything for the next call.
  Result<void> step(Lsn durable, Lsn flush_for);
  Lsn flushed() const;  // all points with lsn <= this are in flushed chunks, which is written down
  // No point on the disk is newer.
  TimeMs newest() const { return newest_; }
  // Blocks until `span` is over, or stop(). Chunks come in crowds: nobody wakes it for one.
  void wait(DurationMs span);
  void stop();
  bool stopped() const;

 private:
  struct Item {  // a chunk, or (without one) a shard's word that all before it is sealed
    SealedChunkPtr chunk;
    uint32_t shard = 0;
    Lsn sealed_lsn;
  };

  std::vector<Item> take(Lsn durable);
  void give_back(std::vector<Item> items);
  Result<void> write(const std::vector<Item>& items);
  Result<void> flush();
  Lsn sealed_everywhere() const;

  Keyspace& keyspace_;
  Chunks& chunks_;
  const uint64_t flush_bytes_;
  Counter &flushes_, &failures_;
  Gauge& backlog_;

  mutable std::mutex mutex_;
  std::deque<Item> inbox_;
  size_t waiting_ = 0;      // chunks in the inbox
  size_t writing_ = 0;      // and those that step() is writing
  std::vector<Lsn> given_;  // by shard: the last word
  Lsn flushed_;
  bool stop_ = false;
  std::condition_variable wake_;

  // Of the thread that calls step().
  std::vector<SealedChunkPtr> written_;  // not yet flushed
  std::vector<Lsn> sealed_;              // by shard: all before it is written
  uint64_t written_bytes_ = 0;
  std::atomic<TimeMs> newest_;  // of all points ever written; read by all
};

}  // namespace tocsin
