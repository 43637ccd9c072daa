#pragma once
// A sign of life of Tocsin's own, to somebody who notices when it stays away: section `watchdog`.

#include <optional>
#include <string>

#include "config/folder.h"
#include "respond/http_options.h"

namespace tocsin::respond {

struct Watchdog {
  std::string url;  // may be a secret
  DurationMs every = minutes(1);
  HttpOptions http;

  // Nothing: there is no such section.
  static std::optional<Watchdog> read(const config::Folder& folder, const SecretSources& sources,
                                      config::Problems& problems);
  static void describe(config::Reference& reference);  // type "watchdog"
  net::HttpRequest request() const;
};

}  // namespace tocsin::respond
