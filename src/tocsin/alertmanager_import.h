#pragma once
// Takes over the configuration of an Alertmanager: its text in, YAML of Tocsin out, with a note for
// everything that is not in it. Pure: reads no files, so secrets that stand in the text come out
// beside it, to be written where nobody else reads them. Bounded by the text.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/node.h"

namespace tocsin {

struct ImportedConfig {
  std::string yaml;                            // receivers, routes, inhibit, supervisor
  std::vector<config::Problem> notes;          // what it does not say, by line
  std::map<std::string, std::string> secrets;  // path in the folder -> value
};

struct ImportSource {
  std::string_view text;
  std::string file;       // as notes name it
  std::string directory;  // that relative names of its files start from
};

// kInvalid if it is not YAML, or has no receivers and no route.
Result<ImportedConfig> take_over_alertmanager(const ImportSource& source);

// A template of Alertmanager in the fields of respond/template.h; nullopt: it cannot be said so.
std::optional<std::string> take_over_template(std::string_view text);
// "a=b", `{a="b",c=~"d"}` as Alertmanager reads them, in the notation of LabelMatcher.
Result<std::vector<std::string>> take_over_matchers(std::string_view text);

}  // namespace tocsin
