#pragma once
// Checkpoint files: the state of something (models) as of an lsn, written as a whole or not at
// all, compressed. Two are kept per name, so that a damaged newest one falls back to the one
// before; older ones go to whoever wants them (the archive) or are removed.
// docs/formats/models.md draws the file.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "vocabulary/point.h"

namespace tocsin {

// What is known of a checkpoint without reading its state.
struct CheckpointMark {
  Lsn lsn;
  TimeMs time;       // arrival of the frame `lsn`
  uint64_t tag = 0;  // of the configuration it was made under: differs where that differs
};

struct Checkpoint {
  Lsn lsn;
  std::string bytes;
  CheckpointMark mark = {};
};

// Takes a file that is not kept any more away from where it is.
using DisposeFile = std::function<Result<void>(const std::string& path)>;

// The state, in pieces that stand in a row in the file: a whole copy of it is the largest thing a
// process would hold.
using StatePieces = std::vector<std::string_view>;

// name: letters, digits, '-'. One thread per name. Gives the size of the file.
Result<uint64_t> write_checkpoint(Disk& disk, const std::string& directory, std::string_view name,
                                  const CheckpointMark& mark, const StatePieces& state,
                                  const DisposeFile& dispose = {});
// The newest that checks out; nullopt if there is none.
Result<std::optional<Checkpoint>> read_latest_checkpoint(Disk& disk, const std::string& directory,
                                                         std::string_view name);
// The lsn of the older one that is kept: falling back must find its frames.
Result<Lsn> oldest_checkpoint_lsn(Disk& disk, const std::string& directory, std::string_view name);

struct CheckpointFile {
  std::string path;
  CheckpointMark mark;
  uint64_t bytes = 0;
};
// All of this name in the directory whose heads check out, oldest first.
Result<std::vector<CheckpointFile>> list_checkpoints(Disk& disk, const std::string& directory,
                                                     std::string_view name);
// kCorrupt if it does not check out.
Result<CheckpointMark> read_checkpoint_mark(Disk& disk, const std::string& path);
Result<Checkpoint> read_checkpoint(Disk& disk, const std::string& path);

}  // namespace tocsin
