#include "respond/watchdog.h"

#include "config/reader.h"

namespace tocsin::respond {
namespace {

void read_watchdog(config::MapReader& m, const SecretSources& sources, Watchdog& out) {
  SecretReader secrets(m, sources);
  out.url = read_url(m, secrets, "a watchdog");
  out.every = m.value<DurationMs>("every", out.every, "Between two signs of life; at least 5s.");
  if (out.every < seconds(5)) m.problem("every", "must be at least 5s");
  out.http = read_http(m);
}

}  // namespace

std::optional<Watchdog> Watchdog::read(const config::Folder& folder, const SecretSources& sources,
                                       config::Problems& problems) {
  std::optional<Watchdog> out;
  folder.single("watchdog", "watchdog", problems,
                [&](config::MapReader& m) { read_watchdog(m, sources, out.emplace()); });
  return out;
}

void Watchdog::describe(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("watchdog")) return;
  config::MapReader m(reference, "watchdog", none);
  Watchdog out;
  read_watchdog(m, SecretSources{}, out);
}

net::HttpRequest Watchdog::request() const {
  return json_request(http, url, R"({"status":"alive","from":"tocsin"})");
}

}  // namespace tocsin::respond
