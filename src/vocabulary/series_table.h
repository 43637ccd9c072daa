#pragma once
// All series this process knows: SeriesRef <-> Labels. Append only; entries never move.
// Reading by ref takes no lock and is safe from any thread; adding and finding by labels lock
// (they happen once per series and sender, not per point).
// Bounded by `series_max`: past it add() is refused.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "vocabulary/labels.h"
#include "vocabulary/point.h"

namespace tocsin {

// Asked before a series is added: may refuse it, and hears of each that is.
class SeriesGate {
 public:
  virtual ~SeriesGate() = default;
  // `labels` are not known yet and about to become `ref`. Returns why not; nothing = they are
  // added, for certain. `sender` is empty for what Tocsin makes itself, which must not be refused:
  // it would be another story in every replay. The table's lock is held: one call at a time, in the
  // order of refs; do not call what locks it.
  virtual std::optional<std::string> admit(SeriesRef ref, const Labels& labels,
                                           std::string_view sender) = 0;
};

class SeriesTable {
 public:
  explicit SeriesTable(uint32_t series_max = 8'000'000);
  ~SeriesTable();
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;

  struct Added {
    SeriesRef ref;
    bool fresh = false;  // true for the one caller that created it
  };
  // The series with these labels, created on shard `home` if there is none. `sender`: as above.
  // kExhausted when the table is full, kRefused when the gate says no.
  Result<Added> find_or_add(const Labels& labels, uint32_t home, std::string_view sender = {});
  // Before other threads use the table; outlives it. What is restored does not pass it.
  void set_gate(SeriesGate* gate) { gate_ = gate; }
  // Recovery: the journal or the catalogue says which ref the labels had. kCorrupt if it differs
  // from what is already known.
  Result<void> restore(SeriesRef ref, const Labels& labels, uint32_t home);

  std::optional<SeriesRef> find(const Labels& labels) const;
  const Labels& labels(SeriesRef ref) const;  // ref must be known
  uint32_t home(SeriesRef ref) const;         // the shard that keeps its head
  bool known(SeriesRef ref) const;
  // Refs are below this; gaps are possible after restore (known() tells).
  uint32_t size() const { return size_.load(std::memory_order_acquire); }

 private:
  struct Entry {
    Labels labels;
    uint32_t home = 0;
    std::atomic<bool> known{false};
  };
  static constexpr uint32_t kChunk = 4096;
  Entry& entry(uint32_t index) const {
    return chunks_[index / kChunk].load(std::memory_order_acquire)[index % kChunk];
  }
  void place(uint32_t index, const Labels& labels, uint32_t home);

  const uint32_t series_max_;
  SeriesGate* gate_ = nullptr;
  mutable std::mutex mutex_;
  std::unordered_multimap<uint64_t, uint32_t> by_hash_;  // guarded by mutex_
  std::unique_ptr<std::atomic<Entry*>[]> chunks_;
  std::atomic<uint32_t> size_{0};
};

}  // namespace tocsin
