#pragma once
// What a checkpoint of this program holds: the state of every stage after one frame, and under
// which configuration it was made. docs/formats/models.md draws it.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "streamer/worker.h"

namespace tocsin {

inline constexpr std::string_view kCheckpointName = "models";

struct ModelCheckpoint {
  std::string configuration;                           // its version
  std::vector<streamer::WorkerSet::Identity> workers;  // of it
  std::vector<std::string> shards;                     // Streamer::save() of each
  std::string rules;                                   // Engine::save()
  std::string alerts;  // Supervisor::save_open(): for replay; a start has the database
};

// The bytes of a checkpoint, in a row; `pieces` point into the checkpoint and into `own`.
struct EncodedCheckpoint {
  std::vector<std::string> own;
  std::vector<std::string_view> pieces;
};
EncodedCheckpoint encode(const ModelCheckpoint& checkpoint);
// kCorrupt if it is of another format.
Result<ModelCheckpoint> decode_model_checkpoint(std::string_view bytes);
// CheckpointMark::tag of a configuration.
uint64_t configuration_tag(std::string_view version);

}  // namespace tocsin
