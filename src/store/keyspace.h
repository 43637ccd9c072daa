#pragma once
// Ordered bytes -> bytes, in families: what the store needs of an engine. RocksDB in production
// (store/rocksdb_keyspace.cc, the only file that knows it), a map in memory in the simulation.
//
// What survives a crash: everything written before the last successful flush(), as a whole; of what
// was written after it a prefix in write order, or nothing. Any thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rocksdb {
class Env;
}

namespace tocsin {

enum class KeyFamily : uint8_t { kChunks, kCatalogue, kMeta, kRows };
inline constexpr size_t kKeyFamilies = 4;

// Written as a whole or not at all; what is removed goes before what is put.
struct KeyBatch {
  struct Put {
    KeyFamily family;
    std::string key, value;
  };
  struct Removal {
    KeyFamily family;
    std::string key;
  };
  std::vector<Removal> removals;
  std::vector<Put> puts;
  size_t bytes = 0;
  void remove(KeyFamily family, std::string key) {
    bytes += key.size();
    removals.push_back({family, std::move(key)});
  }
  void put(KeyFamily family, std::string key, std::string value) {
    bytes += key.size() + value.size();
    puts.push_back({family, std::move(key), std::move(value)});
  }
};

struct KeyspaceStats {
  uint64_t disk_bytes = 0;
  uint64_t memory_bytes = 0;
};

// What a check of the engine's files found: every byte of every file that holds keys is read anew
// from the disk, whatever is cached, indexed or hidden by newer keys.
struct FileReport {
  struct Damage {
    std::string file, reason;
    std::optional<KeyFamily> family;
    std::string first, last;  // keys of the file, both included
  };
  uint64_t files = 0, bytes = 0;
  std::vector<Damage> damaged;
  // In the folder, but part of nothing: left by an end in the midst of writing, or being written
  // by another process now. The next start removes them.
  std::vector<std::string> unused;
};

// Keys that may be missing: those after `after` and before `before`.
struct KeyGap {
  std::string after, before;
};

class Keyspace {
 public:
  // false stops the scan.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  virtual ~Keyspace() = default;
  virtual Result<void> write(const KeyBatch& batch) = 0;
  virtual Result<void> flush() = 0;
  virtual Result<std::optional<std::string>> get(KeyFamily family, std::string_view key) = 0;
  // Keys in [from, to), ascending. A block that does not check out is left out and what follows it
  // is visited; then the answer is kCorrupt, and `gaps`, if given, has where keys may be missing.
  virtual Result<void> scan(KeyFamily family, std::string_view from, std::string_view to,
                            const Visit& visit, std::vector<KeyGap>* gaps) = 0;
  Result<void> scan(KeyFamily family, std::string_view from, std::string_view to,
                    const Visit& visit) {
    return scan(family, from, to, visit, nullptr);
  }
  // Forgets [from, to); cheap for whole partitions.
  virtual Result<void> drop_range(KeyFamily family, std::string_view from, std::string_view to) = 0;
  virtual KeyspaceStats stats() = 0;
  // Bytes on disk of [from, to), about; what is not flushed is not counted.
  virtual uint64_t disk_bytes(KeyFamily family, std::string_view from, std::string_view to) = 0;
  // `progress` is called with the bytes read since the last call; false ends the check early.
  virtual Result<FileReport> check_files(const std::function<bool(uint64_t)>& progress) = 0;
  // Gives back the space of what was removed and replaced in [from, to); slow.
  virtual Result<void> compact(KeyFamily family, std::string_view from, std::string_view to) = 0;
};

// For tests: in memory, or an engine on a faulty disk. What is written survives power_cut() only if
// flushed.
class FragileKeyspace : public Keyspace {
 public:
  virtual void power_cut() = 0;
  virtual void fail_next(uint64_t calls) = 0;  // of write and flush: the next ones fail
};
std::unique_ptr<FragileKeyspace> make_memory_keyspace();

struct RocksOptions {
  uint64_t cache_bytes = 16u << 20;         // block cache, index and filter blocks included
  uint64_t write_buffer_bytes = 16u << 20;  // of all families together
  int background_threads = 1;
  rocksdb::Env* environment = nullptr;  // tests put a faulty disk here; nullptr: the machine's
};
Result<std::unique_ptr<Keyspace>> open_rocksdb(const std::string& directory,
                                               const RocksOptions& options);
// What was flushed when it was opened, also beside a process that writes: takes no lock, writes
// nothing, holds all files open.
Result<std::unique_ptr<Keyspace>> open_rocksdb_read_only(const std::string& directory,
                                                         const RocksOptions& options);

}  // namespace tocsin
