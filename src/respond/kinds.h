#pragma once
// The table of receiver kinds: a new one is a file of its own and a line in kinds.cc.

#include <string_view>
#include <vector>

#include "respond/secret.h"
#include "respond/target.h"

namespace tocsin::respond {

struct Kind {
  std::string_view name;
  std::string_view doc;  // a few words, for the configuration reference
  // Reads the keys that are the kind's own; never null. Keys that several kinds have are described
  // once in the reference, by the first that reads them.
  TargetPtr (*read)(config::MapReader&, const SecretSources&);
};

const std::vector<Kind>& kinds();

}  // namespace tocsin::respond
