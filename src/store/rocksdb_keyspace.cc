#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "store/keyspace.h"
#include "store/rocksdb_files.h"

namespace tocsin {
namespace {

constexpr int kFlushTries = 5;

tl::unexpected<Error> rocks_error(std::string_view what, const rocksdb::Status& status) {
  const bool full = status.IsNoSpace();
  const ErrorCode code = full                    ? ErrorCode::kExhausted
                         : status.IsCorruption() ? ErrorCode::kCorrupt
                                                 : ErrorCode::kUnavailable;
  return fail(code, fmt::format("cannot {} the chunks: {}{}", what, status.ToString(),
                                full ? "; make room on the disk" : ""));
}

// What the engine would stop for. A damaged file must not stop what is written next: merging ends,
// readers and `store verify` tell of the file.
class DamageListener final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override {
    // A disk that failed may work again: Resume() then goes on, the journal has what was lost.
    if (error->IsIOError() && error->severity() > rocksdb::Status::Severity::kHardError)
      *error = rocksdb::Status(*error, rocksdb::Status::Severity::kHardError);
    if (reason != rocksdb::BackgroundErrorReason::kCompaction || !error->IsCorruption()) return;
    log::error("store: a file does not check out and is not merged any more: {}",
               error->ToString());
    *error = rocksdb::Status::OK();
    damaged_.store(true);
  }
  // Who writes or flushes next asks the engine to go on; it need not look every five seconds
  // itself.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }
  bool take_damaged() { return damaged_.exchange(false); }

 private:
  std::atomic<bool> damaged_{false};
};

rocksdb::Slice slice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

class RocksKeyspace final : public Keyspace {
 public:
  RocksKeyspace(std::unique_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> families,
                std::shared_ptr<DamageListener> listener, TableFiles files)
      : db_(std::move(db)),
        families_(std::move(families)),
        listener_(std::move(listener)),
        files_(files) {}

  ~RocksKeyspace() override {
    for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
    (void)db_->Close();
  }

  Result<void> write(const KeyBatch& batch) override {
    rocksdb::WriteBatch rows(batch.bytes + batch.puts.size() * 16);
    for (const KeyBatch::Removal& gone : batch.removals) rows.Delete(of(gone.family), gone.key);
    for (const KeyBatch::Put& put : batch.puts) rows.Put(of(put.family), put.key, put.value);
    if (listener_->take_damaged())  // else the engine tries again for ever
      for (rocksdb::ColumnFamilyHandle* family : families_)
        (void)db_->SetOptions(family, {{"disable_auto_compactions", "true"}});
    rocksdb::WriteOptions options;
    options.disableWAL = true;  // the journal is the log
    if (const auto status = db_->Write(options, &rows); !status.ok()) {
      (void)db_->Resume();  // after a full disk the engine waits to be asked
      return rocks_error("write", status);
    }
    return {};
  }

  // All families together: what a crash leaves is a prefix of the writes (atomic_flush).
  Result<void> flush() override {
    rocksdb::FlushOptions options;
    options.wait = true;
    for (int i = 0; i < kFlushTries; ++i) {
      if (const auto status = db_->Flush(options, families_); !status.ok()) {
        (void)db_->Resume();
        return rocks_error("flush", status);
      }
      // After an error RocksDB 7.8 may say that it is done before it is.
      if (unflushed() == 0) return {};
    }
    return fail(ErrorCode::kUnavailable, "cannot flush the chunks: the engine is not done; later");
  }

  Result<std::optional<std::string>> get(KeyFamily family, std::string_view key) override {
    std::string value;
    const auto status = db_->Get(rocksdb::ReadOptions(), of(family), slice(key), &value);
    if (status.IsNotFound()) return std::optional<std::string>();
    if (!status.ok()) return rocks_error("read", status);
    return std::optional<std::string>(std::move(value));
  }

  using Keyspace::scan;
  // Checksums are always verified: what does not check out can end the process in the engine's own
  // code (decompression, keys that are too short), whatever it holds.
  Result<void> scan(KeyFamily family, std::string_view from, std::string_view to,
                    const Visit& visit, std::vector<KeyGap>* gaps) override {
    const rocksdb::Slice end = slice(to);
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &end;
    std::string last(from);
    bool visited = false;  // `last` was
    bool go_on = true;
    const auto look = [&](std::string_view key, std::string_view value) {
      if (std::exchange(visited, true) && key == last) return true;
      last.assign(key);
      return go_on = visit(key, value);
    };
    rocksdb::Status damage;
    for (;;) {
      const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, of(family)));
      for (at->Seek(slice(last)); at->Valid(); at->Next())
        if (!look(at->key().ToStringView(), at->value().ToStringView())) return {};
      if (at->status().ok()) break;
      if (!at->status().IsCorruption()) return rocks_error("read", at->status());
      damage = at->status();
      const std::string after = last;
      const std::string next = end_of_gap(family, last, end).value_or(std::string(to));
      visit_files(*db_, kFamilyNames[static_cast<size_t>(family)], last,
                  std::min(next, std::string(to)), look);
      if (!go_on) return {};
      if (gaps != nullptr) gaps->push_back({after, next});
      if (next >= to) break;
      last = next;
      visited = false;
    }
    if (!damage.ok()) return rocks_error("read", damage);
    return {};
  }

  uint64_t disk_bytes(KeyFamily family, std::string_view from, std::string_view to) override {
    const rocksdb::Range range(slice(from), slice(to));
    rocksdb::SizeApproximationOptions options;
    options.include_files = true;
    uint64_t bytes = 0;
    if (!db_->GetApproximateSizes(options, of(family), &range, 1, &bytes).ok()) return 0;
    return bytes;
  }

  Result<void> compact(KeyFamily family, std::string_view from, std::string_view to) override {
    const rocksdb::Slice begin = slice(from), end = slice(to);
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
    options.exclusive_manual_compaction = false;
    const auto status = db_->CompactRange(options, of(family), &begin, &end);
    if (!status.ok()) return rocks_error("compact", status);
    return {};
  }

  Result<FileReport> check_files(const std::function<bool(uint64_t)>& progress) override {
    return check_table_files(*db_, files_, progress);
  }

  // Whole files first, which costs nothing; the rest by a range tombstone.
  Result<void> drop_range(KeyFamily family, std::string_view from, std::string_view to) override {
    const rocksdb::Slice begin = slice(from), end = slice(to);
    auto status = rocksdb::DeleteFilesInRange(db_.get(), of(family), &begin, &end, false);
    rocksdb::WriteOptions options;
    options.disableWAL = true;
    if (status.ok()) status = db_->DeleteRange(options, of(family), begin, end);
    if (!status.ok()) return rocks_error("drop old", status);
    return {};
  }

  KeyspaceStats stats() override {
    KeyspaceStats out;
    for (rocksdb::ColumnFamilyHandle* family : families_) {
      out.disk_bytes += property(family, rocksdb::DB::Properties::kTotalSstFilesSize);
      out.memory_bytes += property(family, rocksdb::DB::Properties::kCurSizeAllMemTables);
      out.memory_bytes += property(family, rocksdb::DB::Properties::kEstimateTableReadersMem);
    }
    out.memory_bytes += property(families_[0], rocksdb::DB::Properties::kBlockCacheUsage);
    return out;
  }

 private:
  rocksdb::ColumnFamilyHandle* of(KeyFamily family) const {
    return families_[static_cast<size_t>(family)];
  }
  // Looking for the end takes a while; all that read there need it.
  std::optional<std::string> end_of_gap(KeyFamily family, const std::string& key,
                                        const rocksdb::Slice& end) {
    const std::lock_guard lock(gap_mutex_);
    KeyGap& gap = last_gap_[static_cast<size_t>(family)];
    if (gap.after <= key && key < gap.before) return gap.before;
    auto next = readable_after(*db_, of(family), key, end);
    if (next) gap = {key, *next};
    return next;
  }
  uint64_t unflushed() const {
    uint64_t tables = 0;
    for (rocksdb::ColumnFamilyHandle* family : families_)
      tables += property(family, rocksdb::DB::Properties::kNumImmutableMemTable);
    return tables;
  }
  uint64_t property(rocksdb::ColumnFamilyHandle* family, const std::string& name) const {
    uint64_t value = 0;
    db_->GetIntProperty(family, name, &value);
    return value;
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;
  std::shared_ptr<DamageListener> listener_;
  TableFiles files_;
  std::mutex gap_mutex_;
  std::array<KeyGap, kKeyFamilies> last_gap_;  // the last that was found; guarded by gap_mutex_
};

rocksdb::ColumnFamilyOptions family_options(const RocksOptions& options,
                                            const std::shared_ptr<rocksdb::Cache>& cache,
                                            KeyFamily family) {
  rocksdb::ColumnFamilyOptions out;
  out.write_buffer_size = options.write_buffer_bytes / 2;
  // Merging waits behind a file that cannot be read; writing does not wait for merging.
  out.level0_slowdown_writes_trigger = 1 << 20;
  out.level0_stop_writes_trigger = 1 << 20;
  out.soft_pending_compaction_bytes_limit = out.hard_pending_compaction_bytes_limit = 0;
  out.target_file_size_base = 16u << 20;
  out.level_compaction_dynamic_level_bytes = true;
  // Chunks and rows are dense already, and chunks are joined into rows when their day is over;
  // the catalogue's texts are not.
  out.compression = rocksdb::kLZ4Compression;
  out.bottommost_compression = rocksdb::kZSTD;
  if (family == KeyFamily::kRows || family == KeyFamily::kChunks)
    out.compression = out.bottommost_compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 16u << 10;
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.format_version = 5;
  out.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return out;
}

rocksdb::DBOptions database_options(const RocksOptions& options,
                                    const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::DBOptions out;
  if (options.environment != nullptr) out.env = options.environment;
  out.create_if_missing = true;
  out.create_missing_column_families = true;
  out.atomic_flush = true;
  out.avoid_flush_during_shutdown = true;  // the journal has what is not flushed
  out.max_background_jobs = std::max(2, options.background_threads + 1);
  out.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(options.write_buffer_bytes, cache);
  out.max_open_files = 256;
  out.keep_log_file_num = 2;
  out.max_log_file_size = 1u << 20;
  out.info_log_level = rocksdb::WARN_LEVEL;
  out.stats_dump_period_sec = 0;
  out.bytes_per_sync = 1u << 20;
  out.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  return out;
}

constexpr int kReadOnlyTries = 5;  // a compaction may remove a file before it is opened

class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

std::vector<rocksdb::ColumnFamilyDescriptor> all_families(
    const RocksOptions& options, const std::shared_ptr<rocksdb::Cache>& cache) {
  std::vector<rocksdb::ColumnFamilyDescriptor> out{
      {rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()}};
  for (size_t i = 0; i < kKeyFamilies; ++i)
    out.emplace_back(std::string(kFamilyNames[i]),
                     family_options(options, cache, static_cast<KeyFamily>(i)));
  return out;
}

}  // namespace

Result<std::unique_ptr<Keyspace>> open_rocksdb_read_only(const std::string& directory,
                                                         const RocksOptions& options) {
  const auto cache = rocksdb::NewLRUCache(options.cache_bytes, 2, false, 0.5);
  rocksdb::DBOptions database = database_options(options, cache);
  database.create_if_missing = database.create_missing_column_families = false;
  database.max_open_files = -1;  // what the writer removes later is still read
  database.info_log = std::make_shared<NoLog>();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  rocksdb::Status status;
  TableFiles files{.exclusive = false, .whole_at_open = true};
  for (int i = 0; i < kReadOnlyTries && raw == nullptr; ++i) {
    status = rocksdb::DB::OpenForReadOnly(database, directory, all_families(options, cache),
                                          &handles, &raw);
  }
  if (!status.ok()) {  // a file that cannot be opened: all others still can
    files.whole_at_open = database.paranoid_checks = false;
    status = rocksdb::DB::OpenForReadOnly(database, directory, all_families(options, cache),
                                          &handles, &raw);
  }
  if (!status.ok()) return rocks_error(fmt::format("open {} for", directory), status);
  std::unique_ptr<rocksdb::DB> db(raw);
  db->DestroyColumnFamilyHandle(handles[0]);
  handles.erase(handles.begin());
  return std::unique_ptr<Keyspace>(std::make_unique<RocksKeyspace>(
      std::move(db), std::move(handles), std::make_shared<DamageListener>(), files));
}

Result<std::unique_ptr<Keyspace>> open_rocksdb(const std::string& directory,
                                               const RocksOptions& options) {
  // The write buffers' share is charged to the cache, so that both together are the budget.
  const auto cache =
      rocksdb::NewLRUCache(options.cache_bytes + options.write_buffer_bytes, 2, false, 0.5);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const auto listener = std::make_shared<DamageListener>();
  rocksdb::DBOptions database = database_options(options, cache);
  database.listeners.push_back(listener);
  rocksdb::Status status =
      rocksdb::DB::Open(database, directory, all_families(options, cache), &handles, &raw);
  if (status.IsCorruption()) {
    // One file that cannot be opened: all others still can.
    log::error("store: {} is opened without what does not check out: {}", directory,
               status.ToString());
    database.paranoid_checks = false;
    status = rocksdb::DB::Open(database, directory, all_families(options, cache), &handles, &raw);
  }
  if (!status.ok()) return rocks_error(fmt::format("open {} for", directory), status);
  std::unique_ptr<rocksdb::DB> db(raw);
  db->DestroyColumnFamilyHandle(handles[0]);
  handles.erase(handles.begin());
  return std::unique_ptr<Keyspace>(
      std::make_unique<RocksKeyspace>(std::move(db), std::move(handles), listener,
                                      TableFiles{.exclusive = true, .whole_at_open = true}));
}

}  // namespace tocsin
