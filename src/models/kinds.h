#pragma once
// The table of model kinds: their names, their YAML, their making. A new kind is a file of its own
// and a line in kinds.cc.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/band_model.h"

namespace tocsin::config {
class MapReader;
}

namespace tocsin::models {

struct Kind {
  ModelKind kind;
  std::string_view name;
  std::string_view doc;  // one sentence, for the configuration reference
  // Reads the keys that are the kind's own; nullptr if it has none. Called for every model, for
  // keys are written down once in the reference: it must look at spec.kind before it complains.
  void (*read)(config::MapReader&, ModelSpec&);
  // nullptr if it draws no band, or is none of an object's (level, in the hot state of a test).
  std::unique_ptr<BandModel> (*make)(const ModelSpec&, const Local&, Budget&);
  // How much history it wants when it is made anew; nullptr if none is of use.
  DurationMs (*history)(const ModelSpec&);
  // One line for pages: what the model does as configured.
  std::string (*says)(const ModelSpec&);
};

const std::vector<Kind>& kinds();  // all that can be configured
const Kind& kind_of(ModelKind kind);
std::string_view to_text(ModelKind kind);
// nullptr for the kinds that are no object: level, threshold, silence.
std::unique_ptr<BandModel> make_model(const ModelSpec& spec, const Local& local, Budget& budget);
DurationMs history_of(const ModelSpec& spec);
std::string says_of(const ModelSpec& spec);

}  // namespace tocsin::models
