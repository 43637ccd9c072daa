#pragma once
// The quick start without its sockets: its configuration, its betting house as frames, and models
// trained on four weeks of it. Everything is a pure function of a seed and an instant.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "demo/betting_house.h"
#include "rules/engine.h"
#include "streamer/worker.h"
#include "supervisor/options.h"
#include "supervisor/route.h"
#include "vocabulary/point.h"
#include "vocabulary/series_table.h"

namespace tocsin::scenarios {

struct Configuration {
  std::shared_ptr<const streamer::WorkerSet> workers;
  std::shared_ptr<const rules::RuleSet> rules;
  supervisor::Options supervisor;
  supervisor::Routes routes;

  rules::WorkerNames worker_names() const;
};
// Problems fail the test. Later files stand after earlier ones.
Configuration configuration_of(const std::map<std::string, std::string>& files);

// examples/quick-start with the marks of that history.
Configuration quick_start_configuration(const demo::Script& history);

// Level one and two as of one instant, as a checkpoint has them.
struct Saved {
  std::vector<std::string> models;  // of each shard
  std::string rules;
  Lsn lsn;  // of the last frame in it
};

// When and what: which house, and when the script starts.
struct Setting {
  std::string name;
  uint64_t seed = 1;
  std::string start;  // ISO; a whole ten seconds
};
void PrintTo(const Setting& setting, std::ostream* out);

class QuickStart {
 public:
  static constexpr DurationMs kHistory = days(28);
  static constexpr DurationMs kStep = seconds(10);
  static constexpr DurationMs kLive = seconds(480);

  explicit QuickStart(const Setting& setting);

  TimeMs start() const { return start_; }
  TimeMs history_end() const { return start_ - seconds(10); }
  const Configuration& configuration() const { return configuration_; }
  demo::BettingHouse& house() { return house_; }
  const demo::Script& history() const { return history_; }
  // A table with the house's series, always in the same order: ref i is series i.
  std::unique_ptr<SeriesTable> table(uint32_t shards) const;
  // After the history went in as an import; made once per setting.
  const Saved& trained();
  // One frame per second from the end of history on, each 40 ms after its points; lsn from 1.
  std::vector<Frame> live() const;

 private:
  TimeMs start_;
  demo::Script history_;
  demo::BettingHouse house_;
  Configuration configuration_;
  std::optional<Saved> trained_;
};

// The setting's quick start, shared by all tests of the program: training is dear.
QuickStart& quick_start(const Setting& setting);

}  // namespace tocsin::scenarios
