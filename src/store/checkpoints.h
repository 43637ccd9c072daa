#pragma once
// Checkpoint files: the state of something (models) as of an lsn, written as a whole or not at
// all. Two are kept per name, so that a damaged newest one falls back to the one before.

#include <optional>
#include <string>
#include <string_view>

#include "base/disk.h"
#include "vocabulary/point.h"

namespace tocsin {

struct Checkpoint {
  Lsn lsn;
  std::string bytes;
};

// name: letters, digits, '-'. One thread per name.
Result<void> write_checkpoint(Disk& disk, const std::string& directory, std::string_view name,
                              Lsn lsn, std::string_view bytes);
// The newest that checks out; nullopt if there is none.
Result<std::optional<Checkpoint>> read_latest_checkpoint(Disk& disk, const std::string& directory,
                                                         std::string_view name);
// The lsn of the older one that is kept: falling back must find its frames.
Result<Lsn> oldest_checkpoint_lsn(Disk& disk, const std::string& directory, std::string_view name);

}  // namespace tocsin
