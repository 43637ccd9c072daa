#include "store/rocksdb_files.h"

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <set>

#include "store/big_endian.h"

namespace tocsin {
namespace {

constexpr size_t kPieceBytes = 256u << 10;

class FileChecker {
 public:
  FileChecker(rocksdb::DB& db, TableFiles files, const std::function<bool(uint64_t)>& progress)
      : db_(db), files_(files), progress_(progress) {}

  // Merging replaces files meanwhile: what is listed anew and was not looked at yet follows.
  FileReport run() {
    for (bool found = true; found && !stopped_;) {
      found = false;
      std::vector<rocksdb::LiveFileMetaData> live;
      db_.GetLiveFilesMetaData(&live);
      for (const rocksdb::LiveFileMetaData& file : live) {
        if (stopped_ || !seen_.insert(name_of(file)).second) continue;
        found = true;
        look_at(file);
      }
    }
    if (!files_.exclusive && !stopped_) list_unused();
    return std::move(report_);
  }

 private:
  static std::string name_of(const rocksdb::LiveFileMetaData& file) {
    return file.name.substr(file.name.find_first_not_of('/'));
  }

  bool is_live(const std::string& name) {
    std::vector<rocksdb::LiveFileMetaData> live;
    db_.GetLiveFilesMetaData(&live);
    return std::any_of(live.begin(), live.end(),
                       [&](const auto& file) { return name_of(file) == name; });
  }

  void look_at(const rocksdb::LiveFileMetaData& file) {
    const std::string name = name_of(file);
    const rocksdb::Status status = check(file, db_.GetName() + "/" + name);
    const bool missing = status.IsPathNotFound() || status.IsNotFound() ||
                         (status.IsIOError() && !db_.GetEnv()->FileExists(path_).ok());
    if (missing && (files_.exclusive ? !is_live(name) : files_.whole_at_open)) return;
    ++report_.files;
    report_.bytes += file.size;
    if (status.ok()) return;
    FileReport::Damage damage{name, status.ToString(), {}, file.smallestkey, file.largestkey};
    const auto family =
        std::find(kFamilyNames.begin(), kFamilyNames.end(), file.column_family_name);
    if (family != kFamilyNames.end())
      damage.family = static_cast<KeyFamily>(family - kFamilyNames.begin());
    report_.damaged.push_back(std::move(damage));
  }

  rocksdb::Status check(const rocksdb::LiveFileMetaData& file, const std::string& path) {
    path_ = path;
    if (file.file_checksum_func_name == rocksdb::kUnknownFileChecksumFuncName ||
        file.file_checksum.empty())
      return check_blocks(file);
    const auto sums = rocksdb::GetFileChecksumGenCrc32cFactory()->CreateFileChecksumGenerator(
        {path, file.file_checksum_func_name});
    if (sums == nullptr) return check_blocks(file);
    std::unique_ptr<rocksdb::SequentialFile> bytes;
    auto status = db_.GetEnv()->NewSequentialFile(path, &bytes, rocksdb::EnvOptions());
    std::string piece(kPieceBytes, '\0');
    uint64_t total = 0;
    while (status.ok()) {
      rocksdb::Slice read;
      status = bytes->Read(piece.size(), &read, piece.data());
      if (!status.ok() || read.empty()) break;
      sums->Update(read.data(), read.size());
      total += read.size();
      if (stopped_ = progress_ && !progress_(read.size()); stopped_) return status;
    }
    if (!status.ok()) return status;
    sums->Finalize();
    if (total != file.size)
      return rocksdb::Status::Corruption(
          fmt::format("it has {} bytes and was written with {}", total, file.size));
    if (sums->GetChecksum() != file.file_checksum)
      return rocksdb::Status::Corruption("its bytes are not those that were written");
    return status;
  }

  // Files of older versions have no checksum as a whole; each of their blocks has one.
  rocksdb::Status check_blocks(const rocksdb::LiveFileMetaData& file) {
    rocksdb::Options options;
    options.env = db_.GetEnv();
    rocksdb::SstFileReader reader(options);
    rocksdb::ReadOptions read;
    read.fill_cache = false;
    auto status = reader.Open(path_);
    if (status.ok()) status = reader.VerifyChecksum(read);
    stopped_ = progress_ && !progress_(file.size);
    return status;
  }

  void list_unused() {
    std::vector<std::string> names;
    if (!db_.GetEnv()->GetChildren(db_.GetName(), &names).ok()) return;
    for (const std::string& name : names)
      if (name.ends_with(".sst") && !seen_.contains(name)) report_.unused.push_back(name);
    std::sort(report_.unused.begin(), report_.unused.end());
  }

  rocksdb::DB& db_;
  const TableFiles files_;
  const std::function<bool(uint64_t)>& progress_;
  FileReport report_;
  std::set<std::string> seen_;
  std::string path_;
  bool stopped_ = false;
};

// Of files, the newest first; of one key in several of them the newest one's value.
class FileMerge {
 public:
  FileMerge(rocksdb::DB& db, std::string_view family, std::string_view from, std::string_view to)
      : to_(to) {
    std::vector<rocksdb::LiveFileMetaData> files;
    db.GetLiveFilesMetaData(&files);
    std::sort(files.begin(), files.end(),
              [](const auto& a, const auto& b) { return a.largest_seqno > b.largest_seqno; });
    rocksdb::BlockBasedTableOptions table;
    table.no_block_cache = true;
    rocksdb::Options options;
    options.env = db.GetEnv();
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    for (const rocksdb::LiveFileMetaData& file : files) {
      if (file.column_family_name != family) continue;
      if (file.largestkey < from || file.smallestkey >= to) continue;
      File& open = files_.emplace_back();
      open.reader = std::make_unique<rocksdb::SstFileReader>(options);
      if (!open.reader->Open(db.GetName() + file.name).ok()) {
        files_.pop_back();
        continue;
      }
      open.at.reset(open.reader->NewIterator(rocksdb::ReadOptions()));
      open.at->Seek({from.data(), from.size()});
    }
    find_first();
  }
  bool valid() const { return first_ != nullptr; }
  std::string_view key() const { return first_->at->key().ToStringView(); }
  std::string_view value() const { return first_->at->value().ToStringView(); }
  void next() {
    const std::string passed(key());
    for (File& file : files_)
      if (file.at->Valid() && file.at->key().ToStringView() == passed) file.at->Next();
    find_first();
  }

 private:
  struct File {
    std::unique_ptr<rocksdb::SstFileReader> reader;
    std::unique_ptr<rocksdb::Iterator> at;
  };
  void find_first() {
    first_ = nullptr;
    for (File& file : files_)
      if (file.at->Valid() && file.at->key().ToStringView() < to_ &&
          (first_ == nullptr || file.at->key().ToStringView() < key()))
        first_ = &file;
  }
  const std::string to_;
  std::vector<File> files_;
  File* first_ = nullptr;
};

// Keys as numbers, by their first bytes: more than what tells neighbouring blocks apart.
__extension__ using KeyNumber = unsigned __int128;

std::string key_of(KeyNumber number) {
  std::string key;
  put_big(key, number);
  return key;
}
KeyNumber number_of(std::string_view key) {
  std::string padded(key.substr(0, sizeof(KeyNumber)));
  padded.resize(sizeof(KeyNumber), '\0');
  return get_big<KeyNumber>(padded, 0);
}

}  // namespace

std::optional<std::string> readable_after(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family,
                                          std::string_view key, const rocksdb::Slice& end) {
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &end;
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(options, family));
  const auto readable = [&](KeyNumber number) {
    at->Seek(key_of(number));
    return at->Valid() || at->status().ok();
  };
  const KeyNumber begin = number_of(key), past = number_of({end.data(), end.size()});
  KeyNumber damaged = 0, good = 0;  // steps from `begin`: the largest that fails, one that does not
  for (KeyNumber step = 1; good == 0; step *= 2) {
    if (step > past - begin || step == 0) return std::nullopt;
    (readable(begin + step) ? good : damaged) = step;
  }
  while (good - damaged > 1) {
    const KeyNumber middle = damaged + (good - damaged) / 2;
    (readable(begin + middle) ? good : damaged) = middle;
  }
  return key_of(begin + good);
}

bool visit_files(rocksdb::DB& db, std::string_view family, std::string_view from,
                 std::string_view to, const Keyspace::Visit& visit) {
  FileMerge merge(db, family, from, to);
  for (; merge.valid(); merge.next())
    if (!visit(merge.key(), merge.value())) return false;
  return true;
}

Result<FileReport> check_table_files(rocksdb::DB& db, TableFiles files,
                                     const std::function<bool(uint64_t)>& progress) {
  return FileChecker(db, files, progress).run();
}

}  // namespace tocsin
