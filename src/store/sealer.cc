#include "store/sealer.h"

#include <algorithm>
#include <chrono>

namespace tocsin {
namespace {

constexpr size_t kBatchMax = 4096;  // chunks written as a whole: about 1 MB

}  // namespace

Sealer::Sealer(Keyspace& keyspace, Chunks& chunks, uint32_t shards, uint64_t flush_bytes,
               Chunks::Flushed flushed, Counters& counters)
    : keyspace_(keyspace),
      chunks_(chunks),
      flush_bytes_(flush_bytes),
      flushes_(counters.counter("tocsin_chunks_flushes_total", "", "Flushes of sealed chunks.")),
      failures_(counters.counter("tocsin_chunks_write_failures_total", "",
                                 "Failed writes and flushes of sealed chunks.")),
      backlog_(
          counters.gauge("tocsin_chunks_backlog", "", "Sealed chunks that wait to be written.")),
      given_(shards, flushed.lsn),
      flushed_(flushed.lsn),
      sealed_(shards, flushed.lsn),
      newest_(flushed.newest) {}

void Sealer::give(uint32_t shard, std::vector<SealedChunkPtr> chunks, Lsn sealed_lsn) {
  {
    const std::lock_guard lock(mutex_);
    if (chunks.empty() && sealed_lsn <= given_[shard]) return;
    waiting_ += chunks.size();
    for (SealedChunkPtr& chunk : chunks) inbox_.push_back({std::move(chunk), shard, {}});
    if (sealed_lsn > given_[shard]) {
      given_[shard] = sealed_lsn;
      inbox_.push_back({nullptr, shard, sealed_lsn});
    }
    backlog_.set(static_cast<double>(waiting_));
  }
}

size_t Sealer::backlog() const {
  const std::lock_guard lock(mutex_);
  return waiting_ + writing_;
}

Lsn Sealer::flushed() const {
  const std::lock_guard lock(mutex_);
  return flushed_;
}

// Chunks must not know more than the journal: what a power cut may take back stays here.
std::vector<Sealer::Item> Sealer::take(Lsn durable) {
  const std::lock_guard lock(mutex_);
  std::vector<Item> items;
  while (!inbox_.empty() && items.size() < kBatchMax) {
    Item& next = inbox_.front();
    if ((next.chunk ? next.chunk->sealed_at : next.sealed_lsn) > durable) break;
    if (next.chunk) {
      --waiting_;
      ++writing_;
    }
    items.push_back(std::move(next));
    inbox_.pop_front();
  }
  backlog_.set(static_cast<double>(waiting_));
  return items;
}

void Sealer::give_back(std::vector<Item> items) {
  const std::lock_guard lock(mutex_);
  writing_ = 0;
  for (; !items.empty(); items.pop_back()) {
    if (items.back().chunk) ++waiting_;
    inbox_.push_front(std::move(items.back()));
  }
}

Result<void> Sealer::write(const std::vector<Item>& items) {
  std::vector<SealedChunkPtr> chunks;
  for (const Item& item : items)
    if (item.chunk) chunks.push_back(item.chunk);
  if (!chunks.empty()) {
    TimeMs newest = newest_.load();
    for (const SealedChunkPtr& chunk : chunks) newest = std::max(newest, chunk->end);
    newest_ = newest;  // before they can be read from the disk
    const auto bytes = chunks_.write(chunks);
    if (!bytes) return fail(bytes.error());
    written_bytes_ += *bytes;
    written_.insert(written_.end(), chunks.begin(), chunks.end());
  }
  for (const Item& item : items)
    if (!item.chunk) sealed_[item.shard] = item.sealed_lsn;
  return {};
}

Lsn Sealer::sealed_everywhere() const { return *std::min_element(sealed_.begin(), sealed_.end()); }

Result<void> Sealer::flush() {
  const Lsn reached = sealed_everywhere();
  KeyBatch batch;
  chunks_.put_flushed({reached, newest_}, batch);
  if (auto done = keyspace_.write(batch); !done) return done;
  if (auto done = keyspace_.flush(); !done) return done;
  flushes_.add();
  for (const SealedChunkPtr& chunk : written_)
    chunk->flushed.store(true, std::memory_order_release);
  written_.clear();
  written_bytes_ = 0;
  const std::lock_guard lock(mutex_);
  flushed_ = reached;
  return {};
}

Result<void> Sealer::step(Lsn durable, Lsn flush_for) {
  for (;;) {
    std::vector<Item> items = take(durable);
    if (items.empty()) break;
    if (auto done = write(items); !done) {
      failures_.add();
      give_back(std::move(items));
      return done;
    }
    {
      const std::lock_guard lock(mutex_);
      writing_ = 0;
    }
    if (written_bytes_ >= flush_bytes_) break;
  }
  const bool wanted = flushed() < flush_for && flushed() < sealed_everywhere();
  if (written_bytes_ < flush_bytes_ && !wanted) return {};
  auto done = flush();
  if (!done) failures_.add();
  return done;
}

void Sealer::wait(DurationMs span) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, std::chrono::milliseconds(span.count), [&] { return stop_; });
}

void Sealer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
}

bool Sealer::stopped() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

}  // namespace tocsin
