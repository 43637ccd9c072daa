#pragma once
// A disk in memory that behaves as badly as real ones may: for tests and the simulator.
//
//   - what was written since the last sync() of a file is only in the "page cache": power_cut()
//     keeps any subset of its 512-byte sectors;
//   - creations, renames and removals are kept up to a random point after the last
//     sync_directory(), in order (as journalling file systems do);
//   - a failed sync() forgets that the bytes were dirty, as Linux does: a later sync() of the same
//     file succeeds without having written them;
//   - capacity: past it preallocate() and write_at() answer "no space".
// One thread at a time, or guarded by its own mutex (it is, so that threads may share it).

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/random.h"

namespace tocsin {

class FaultyDisk final : public Disk {
 public:
  explicit FaultyDisk(uint64_t seed = 1);
  ~FaultyDisk() override;

  // What the next operations meet. Counts are of calls still to pass before one fails.
  void fail_write_after(uint64_t calls, bool disk_full = false);  // that write is cut short
  void fail_sync_after(uint64_t calls);
  void set_capacity(uint64_t bytes);
  void heal();  // no more planned failures; capacity unlimited
  // The machine loses power now: files hold what a real disk might have kept; open File objects
  // fail from now on.
  void power_cut();
  // Power goes in the middle of the n-th write, sync, rename, removal or directory sync from now:
  // that and every later operation fails until power_cut() is called.
  void cut_after(uint64_t operations);
  bool is_cut() const;
  uint64_t operations() const;  // so far, of the kinds that cut_after counts
  // Flips one bit of the kept bytes of a file.
  void corrupt(const std::string& path, uint64_t offset);

  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<void> make_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<uint64_t> free_bytes(const std::string& path) override;

 private:
  friend class FaultyFile;
  struct Node;        // the bytes of a file, kept and cached
  struct NameChange;  // a change of the directory that is not yet kept
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  Result<void> step(std::string_view what, const std::string& path);  // counts; fails when cut
  uint64_t used_bytes() const;
  void apply(Names& names, const NameChange& change) const;

  mutable std::mutex mutex_;
  Random random_;
  Names names_;       // as the running system sees them
  Names kept_names_;  // as the disk has them
  std::vector<NameChange> changes_;
  uint64_t capacity_ = UINT64_MAX;
  uint64_t generation_ = 0;  // of power; files opened in an earlier one are dead
  uint64_t operations_ = 0;
  uint64_t cut_at_ = UINT64_MAX;
  uint64_t write_fails_in_ = UINT64_MAX;
  uint64_t sync_fails_in_ = UINT64_MAX;
  bool write_fails_full_ = false;
  bool cut_ = false;
};

}  // namespace tocsin
