#pragma once
// The engine's table files, byte by byte: part of the adapter of RocksDB.

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/keyspace.h"

namespace rocksdb {
class DB;
class ColumnFamilyHandle;
class Slice;
}  // namespace rocksdb

namespace tocsin {

inline constexpr std::array<std::string_view, kKeyFamilies> kFamilyNames{"chunks", "catalogue",
                                                                         "meta", "rows"};

// The first place after `key` from which a family can be read again, by looking at keys ever
// further on; nullopt: none before `end`. Costs about a hundred reads of a block.
std::optional<std::string> readable_after(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family,
                                          std::string_view key, const rocksdb::Slice& end);

// Keys of a family in [from, to), ascending, file by file and without the engine's own merging,
// which one file that cannot be read ends for all: files and what follows a damaged block in one
// are left out. What a newer file removed may come back; replaced keys do not. False: stopped.
bool visit_files(rocksdb::DB& db, std::string_view family, std::string_view from,
                 std::string_view to, const Keyspace::Visit& visit);

struct TableFiles {
  bool exclusive;      // nobody else writes the folder
  bool whole_at_open;  // all files could be opened then: one that is gone was removed since
};
// Any thread; points may be written meanwhile.
Result<FileReport> check_table_files(rocksdb::DB& db, TableFiles files,
                                     const std::function<bool(uint64_t)>& progress);

}  // namespace tocsin
