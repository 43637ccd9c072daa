// RocksDB on a faulty disk: what it promises, and what Tocsin promises on top of it.
#include "store/faulty_rocksdb.h"

#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>

namespace tocsin {
namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// What is asked of the disk: which calls fail, and how much of each file is kept for sure.
class Faults {
 public:
  IOStatus step() {
    const std::lock_guard lock(mutex_);
    if (left_ > 0 && --left_ > 0) return IOStatus::OK();
    if (left_ < 0) return IOStatus::OK();
    left_ = 0;
    return full_ ? IOStatus::NoSpace("the test's disk is full") : IOStatus::IOError("test");
  }
  void fail_after(int64_t calls, bool full) {
    const std::lock_guard lock(mutex_);
    left_ = calls;
    full_ = full;
  }
  void heal() { fail_after(-1, false); }
  void synced(const std::string& path, uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    kept_[path] = bytes;
  }
  void renamed(const std::string& from, const std::string& to) {
    const std::lock_guard lock(mutex_);
    if (const auto found = kept_.find(from); found != kept_.end()) {
      kept_[to] = found->second;
      kept_.erase(from);
    }
  }
  // Files written in this life lose what was not synced.
  void power_cut() {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, bytes] : kept_)
      if (fs::exists(path) && fs::file_size(path) > bytes) fs::resize_file(path, bytes);
    kept_.clear();
    left_ = -1;
  }

 private:
  std::mutex mutex_;
  int64_t left_ = -1;  // calls that still pass, plus 1; -1: all
  bool full_ = false;
  std::map<std::string, uint64_t> kept_;
};

class FaultyWriter : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyWriter(std::unique_ptr<rocksdb::FSWritableFile> file, std::string path, Faults& faults)
      : FSWritableFileOwnerWrapper(std::move(file)), path_(std::move(path)), faults_(faults) {
    faults_.synced(path_, 0);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& o, IODebugContext* d) override {
    if (auto bad = faults_.step(); !bad.ok()) return bad;
    auto done = FSWritableFileOwnerWrapper::Append(data, o, d);
    if (done.ok()) bytes_ += data.size();
    return done;
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& o,
                  const rocksdb::DataVerificationInfo&, IODebugContext* d) override {
    return Append(data, o, d);
  }
  IOStatus Sync(const IOOptions& o, IODebugContext* d) override {
    if (auto bad = faults_.step(); !bad.ok()) return bad;
    auto done = FSWritableFileOwnerWrapper::Flush(o, d);
    if (done.ok()) faults_.synced(path_, bytes_);
    return done;
  }
  IOStatus Fsync(const IOOptions& o, IODebugContext* d) override { return Sync(o, d); }

 private:
  std::string path_;
  Faults& faults_;
  uint64_t bytes_ = 0;
};

class FaultyFiles : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyFiles(Faults& faults)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), faults_(faults) {}
  const char* Name() const override { return "FaultyFiles"; }
  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* out,
                           IODebugContext* d) override {
    if (auto bad = faults_.step(); !bad.ok()) return bad;
    auto done = FileSystemWrapper::NewWritableFile(path, options, out, d);
    if (done.ok()) *out = std::make_unique<FaultyWriter>(std::move(*out), path, faults_);
    return done;
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& o,
                      IODebugContext* d) override {
    auto done = FileSystemWrapper::RenameFile(from, to, o, d);
    if (done.ok()) faults_.renamed(from, to);
    return done;
  }

 private:
  Faults& faults_;
};

class Rocks final : public FaultyRocks {
 public:
  explicit Rocks(std::string directory)
      : directory_(std::move(directory)),
        files_(std::make_shared<FaultyFiles>(faults_)),
        environment_(rocksdb::NewCompositeEnv(files_)) {
    open();
  }
  ~Rocks() override {
    faults_.heal();
    engine_.reset();
  }
  Result<void> write(const KeyBatch& batch) override {
    return fails() ? told() : engine_->write(batch);
  }
  Result<void> flush() override { return fails() ? told() : engine_->flush(); }
  Result<std::optional<std::string>> get(KeyFamily family, std::string_view key) override {
    return engine_->get(family, key);
  }
  using Keyspace::scan;
  Result<void> scan(KeyFamily family, std::string_view from, std::string_view to,
                    const Visit& visit, std::vector<KeyGap>* gaps) override {
    return engine_->scan(family, from, to, visit, gaps);
  }
  Result<void> drop_range(KeyFamily family, std::string_view from, std::string_view to) override {
    return engine_->drop_range(family, from, to);
  }
  KeyspaceStats stats() override { return engine_->stats(); }
  uint64_t disk_bytes(KeyFamily family, std::string_view from, std::string_view to) override {
    return engine_->disk_bytes(family, from, to);
  }
  Result<void> compact(KeyFamily family, std::string_view from, std::string_view to) override {
    return engine_->compact(family, from, to);
  }
  Result<FileReport> check_files(const std::function<bool(uint64_t)>& progress) override {
    return engine_->check_files(progress);
  }
  // The engine ends with a disk on which nothing succeeds any more, so that closing saves nothing.
  void power_cut() override {
    faults_.fail_after(0, false);
    engine_.reset();
    faults_.power_cut();
    failures_ = 0;
    open();
  }
  void fail_next(uint64_t calls) override { failures_ = calls; }
  void fail_after(uint64_t calls, bool disk_full) override {
    faults_.fail_after(static_cast<int64_t>(calls) + 1, disk_full);
  }
  void heal() override { faults_.heal(); }
  size_t flip_bit_in_tables(uint64_t place, const std::string& only) override {
    engine_.reset();
    size_t files = 0;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      if (entry.path().extension() != ".sst") continue;
      if (!only.empty() && entry.path().filename() != only) continue;
      ++files;
      std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
      const auto at = static_cast<long>(place % entry.file_size());
      file.seekg(at);
      const int byte = file.get();
      file.seekp(at);
      file.put(static_cast<char>(byte ^ 16));
    }
    open();
    return files;
  }

 private:
  void open() {
    RocksOptions options;
    options.environment = environment_.get();
    auto opened = open_rocksdb(directory_, options);
    ASSERT_TRUE(opened) << opened.error().text();
    engine_ = std::move(*opened);
  }
  bool fails() { return failures_ > 0 && failures_-- > 0; }
  static tl::unexpected<Error> told() { return fail(ErrorCode::kUnavailable, "told to fail"); }

  Faults faults_;
  std::string directory_;
  std::shared_ptr<FaultyFiles> files_;
  std::unique_ptr<rocksdb::Env> environment_;
  std::unique_ptr<Keyspace> engine_;
  uint64_t failures_ = 0;
};

class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "rocks-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string key_of(int i) { return "k" + std::to_string(100'000 + i); }

Result<void> put(Keyspace& keyspace, int from, int to, char fill = 'v') {
  KeyBatch batch;
  for (int i = from; i < to; ++i)
    batch.put(KeyFamily::kChunks, key_of(i), std::string(200, fill) + std::to_string(i));
  batch.put(KeyFamily::kMeta, "last", std::to_string(to));
  return keyspace.write(batch);
}

int count(Keyspace& keyspace, Result<void>* scanned = nullptr) {
  int found = 0;
  auto done = keyspace.scan(KeyFamily::kChunks, "", "z",
                            [&](std::string_view, std::string_view) { return ++found > 0; });
  if (scanned != nullptr) *scanned = done;
  return found;
}

TEST(FaultyRocks, WhatWasFlushedSurvivesAPowerCutAndTheRestIsAPrefix) {
  const Folder folder;
  const auto rocks = open_faulty_rocks(folder.path());
  ASSERT_TRUE(put(*rocks, 0, 100));
  ASSERT_TRUE(rocks->flush());
  ASSERT_TRUE(put(*rocks, 100, 200));
  rocks->power_cut();
  EXPECT_EQ(count(*rocks), 100);
  EXPECT_EQ(rocks->get(KeyFamily::kMeta, "last").value().value(), "100");
}

TEST(FaultyRocks, AFlushThatFailsAnywhereLosesNothingAndIsDoneLater) {
  for (const bool full : {false, true})
    for (uint64_t calls = 0; calls < 24; calls += 6) {
      SCOPED_TRACE(testing::Message() << (full ? "full" : "failing") << " after " << calls);
      const Folder folder;
      const auto rocks = open_faulty_rocks(folder.path());
      ASSERT_TRUE(put(*rocks, 0, 50));
      ASSERT_TRUE(rocks->flush());
      ASSERT_TRUE(put(*rocks, 50, 100));
      rocks->fail_after(calls, full);
      const auto flushed = rocks->flush();
      if (!flushed && full) {
        EXPECT_EQ(flushed.error().code, ErrorCode::kExhausted) << flushed.error().text();
      }
      EXPECT_EQ(count(*rocks), 100);  // readable all the while
      rocks->heal();
      bool done = false;  // the engine asks for a moment after an error, then goes on
      std::string why;
      for (int i = 0; i < 2000 && !done; ++i) {
        Result<void> tried = put(*rocks, 100, 120);
        if (tried) tried = rocks->flush();
        done = tried.has_value();
        if (!done) why = tried.error().text();
      }
      EXPECT_TRUE(done) << why;
      rocks->power_cut();
      EXPECT_EQ(count(*rocks), 120);
    }
}

TEST(FaultyRocks, APowerCutInAnyFlushLeavesItWholeOrNotAtAll) {
  for (uint64_t calls = 0; calls < 40; calls += 5) {
    SCOPED_TRACE(testing::Message() << "after " << calls);
    const Folder folder;
    const auto rocks = open_faulty_rocks(folder.path());
    ASSERT_TRUE(put(*rocks, 0, 50));
    ASSERT_TRUE(rocks->flush());
    ASSERT_TRUE(put(*rocks, 50, 100));
    rocks->fail_after(calls, false);
    const bool flushed = rocks->flush().has_value();
    rocks->power_cut();
    const int found = count(*rocks);
    EXPECT_TRUE(found == 100 || (found == 50 && !flushed)) << found;
    EXPECT_EQ(rocks->get(KeyFamily::kMeta, "last").value().value(), std::to_string(found));
  }
}

TEST(FaultyRocks, AFlippedBitHidesLittleAndStopsNoWriting) {
  const Folder folder;
  const auto rocks = open_faulty_rocks(folder.path());
  for (int part = 0; part < 4; ++part) ASSERT_TRUE(put(*rocks, part * 1000, part * 1000 + 1000));
  ASSERT_TRUE(rocks->flush());
  ASSERT_GE(rocks->flip_bit_in_tables(40'000), 1u);
  Result<void> scanned;
  const int found = count(*rocks, &scanned);
  EXPECT_GE(found, 3900);  // the values have checksums of their own
  for (int round = 0; round < 30; ++round) {
    ASSERT_TRUE(put(*rocks, 5000 + round * 100, 5100 + round * 100)) << round;
    ASSERT_TRUE(rocks->flush()) << round;
  }
  (void)rocks->compact(KeyFamily::kChunks, "", "z");  // fails on the file, and on nothing after it
  ASSERT_TRUE(put(*rocks, 9000, 9100));
  ASSERT_TRUE(rocks->flush());
  EXPECT_GE(count(*rocks, &scanned), found + 3100 - 100);
}

// A bit of each file, wherever it is: the check names the file, and what is read is never taken for
// whole. Blocks that are compressed (the catalogue) or not, index and footer.
TEST(FaultyRocks, EveryFlippedBitOfAFileIsFound) {
  const Folder folder;
  const auto rocks = open_faulty_rocks(folder.path());
  KeyBatch names;
  for (int i = 0; i < 3000; ++i)
    names.put(KeyFamily::kCatalogue, key_of(i), "name=\"the same words\", number " + key_of(i));
  ASSERT_TRUE(rocks->write(names));
  ASSERT_TRUE(put(*rocks, 0, 1000));
  ASSERT_TRUE(rocks->flush());
  uint64_t bytes = 0;
  const auto whole = rocks->check_files([&](uint64_t read) { return (bytes += read) > 0; });
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->files, 3u);
  EXPECT_EQ(whole->bytes, bytes);
  EXPECT_TRUE(whole->damaged.empty());
  for (const uint64_t place : {0, 1, 500, 5'000, 20'000, 60'000, 100'000}) {
    SCOPED_TRACE(place);
    ASSERT_EQ(rocks->flip_bit_in_tables(place), 3u);
    const auto found = rocks->check_files({});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->damaged.size(), 3u);
    for (const FileReport::Damage& one : found->damaged) EXPECT_TRUE(one.family);
    std::vector<KeyGap> gaps;
    int seen = 0;
    const auto scanned = rocks->scan(
        KeyFamily::kCatalogue, "", "z",
        [&](std::string_view, std::string_view) { return ++seen > 0; }, &gaps);
    EXPECT_EQ(scanned.has_value(), seen == 3000);
    EXPECT_EQ(gaps.empty(), seen == 3000);
    ASSERT_EQ(rocks->flip_bit_in_tables(place), 3u);  // and back
    EXPECT_TRUE(rocks->check_files({})->damaged.empty());
  }
}

// Files whose keys lie between each other's: one that cannot be opened any more hides its own keys
// and none of the others'.
TEST(FaultyRocks, AFileThatCannotBeOpenedHidesNoOthers) {
  const Folder folder;
  const auto rocks = open_faulty_rocks(folder.path());
  const auto put_every_third = [&](int from) {
    KeyBatch batch;
    for (int i = from; i < 600; i += 3)
      batch.put(KeyFamily::kChunks, key_of(i), std::string(200, 'v') + std::to_string(i));
    ASSERT_TRUE(rocks->write(batch));
    ASSERT_TRUE(rocks->flush());
  };
  put_every_third(0);
  const auto first = rocks->check_files({});
  ASSERT_EQ(first->files, 1u);
  std::string damaged;
  for (const auto& entry : fs::directory_iterator(folder.path()))
    if (entry.path().extension() == ".sst") damaged = entry.path().filename();
  put_every_third(1);
  ASSERT_EQ(rocks->flip_bit_in_tables(first->bytes - 60, damaged), 1u);
  EXPECT_EQ(rocks->check_files({})->damaged.size(), 1u);
  for (int round = 0; round < 2; ++round) {  // with what is written afterwards, too
    std::vector<int> seen;
    std::vector<KeyGap> gaps;
    const auto scanned = rocks->scan(
        KeyFamily::kChunks, "", "z",
        [&](std::string_view key, std::string_view) {
          seen.push_back(std::stoi(std::string(key.substr(1))) - 100'000);
          return true;
        },
        &gaps);
    EXPECT_FALSE(scanned);
    EXPECT_FALSE(gaps.empty());
    std::vector<int> expected;
    for (int i = 0; i < 600; ++i)
      if (i % 3 == 1 || (i % 3 == 2 && round == 1)) expected.push_back(i);
    EXPECT_EQ(seen, expected);
    put_every_third(2);
  }
  int limited = 0;  // a visitor that has enough is not asked again
  EXPECT_TRUE(rocks->scan(KeyFamily::kChunks, "", "z",
                          [&](std::string_view, std::string_view) { return ++limited < 10; }));
  EXPECT_EQ(limited, 10);
}

}  // namespace

std::unique_ptr<FaultyRocks> open_faulty_rocks(const std::string& directory) {
  return std::make_unique<Rocks>(directory);
}

}  // namespace tocsin
