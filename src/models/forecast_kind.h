#pragma once
// The YAML of the model `forecast`, and what pages say of it; see kinds.cc.

#include <string>

#include "models/model_spec.h"

namespace tocsin::config {
class MapReader;
}

namespace tocsin::models {

void read_forecast(config::MapReader& m, ModelSpec& model);
DurationMs forecast_history(const ModelSpec& spec);
std::string forecast_says(const ModelSpec& spec);

}  // namespace tocsin::models
