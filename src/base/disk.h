#pragma once
// The disk, handed in: everything that must survive goes through here, so that tests and the
// simulator can lose writes, fail and fill up (base/faulty_disk.h).
//
// Errors: kExhausted when the disk (or a quota) is full, kUnavailable for everything else; the
// message names the operation, the path and the system's own words.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tocsin {

// An open file; closed when destroyed. One thread at a time.
class File {
 public:
  virtual ~File() = default;
  // Gathers the parts into one write at `offset`; all of it is written, or an error is returned
  // and any part of it may have been.
  virtual Result<void> write_at(uint64_t offset, std::span<const std::string_view> parts) = 0;
  // Up to `bytes` bytes; fewer only at the end of the file.
  virtual Result<std::string> read_at(uint64_t offset, size_t bytes) = 0;
  // Reserves the space, so that writes below `bytes` cannot find the disk full. Reads zeros.
  virtual Result<void> preallocate(uint64_t bytes) = 0;
  virtual Result<void> truncate(uint64_t bytes) = 0;
  // fdatasync: what was written survives a power cut. After a failure the fate of what was written
  // since the last success is unknown for good: never sync this file again.
  virtual Result<void> sync() = 0;
  virtual Result<uint64_t> size() = 0;
};

class Disk {
 public:
  enum class Mode { kRead, kWrite, kCreate };  // kCreate: also when missing; kWrite: read and write
  virtual ~Disk() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;          // a missing file is no error
  virtual Result<void> make_directory(const std::string& path) = 0;  // with its parents
  // Names of the files of a directory, sorted; no directories. A missing directory is empty.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // Creations, renames and removals in the directory survive a power cut only after this.
  virtual Result<void> sync_directory(const std::string& path) = 0;
  virtual Result<uint64_t> free_bytes(const std::string& path) = 0;
};

// The real one. Any thread; each File by one thread at a time.
class PosixDisk final : public Disk {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<uint64_t> free_bytes(const std::string& path) override;
};

// Replaces `path` with `bytes` as a whole or not at all, and for good once it returns: temporary
// file, sync, rename, sync of the directory.
Result<void> write_file_atomically(Disk& disk, const std::string& directory,
                                   const std::string& name, std::string_view bytes);
Result<std::string> read_whole_file(Disk& disk, const std::string& path);

}  // namespace tocsin
