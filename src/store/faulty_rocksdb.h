#pragma once
// For tests: RocksDB on a disk that fails, fills up and loses power. Only the files of the engine's
// writing are touched; reading sees what is there.

#include <memory>
#include <string>

#include "store/keyspace.h"

namespace tocsin {

// What the engine's next operations on files meet.
class FaultyRocks : public FragileKeyspace {
 public:
  // Of appends and syncs from now on, after `calls` more that pass: fail until heal().
  virtual void fail_after(uint64_t calls, bool disk_full) = 0;
  virtual void heal() = 0;
  // Flips one bit in each of the engine's table files, or in the one of that name; how many files
  // that are.
  virtual size_t flip_bit_in_tables(uint64_t place, const std::string& only = "") = 0;
};
// The folder must exist and be empty.
std::unique_ptr<FaultyRocks> open_faulty_rocks(const std::string& directory);

}  // namespace tocsin
