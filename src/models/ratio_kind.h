#pragma once
// The YAML of the model `ratio`, and what pages say of it; see kinds.cc.

#include <string>

#include "models/model_spec.h"

namespace tocsin::config {
class MapReader;
}

namespace tocsin::models {

void read_ratio(config::MapReader& m, ModelSpec& model);
DurationMs ratio_history(const ModelSpec& spec);
std::string ratio_says(const ModelSpec& spec);

}  // namespace tocsin::models
