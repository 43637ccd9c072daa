#pragma once
// What the files of `tocsin replay` share: replay_command.cc, replay_received.cc,
// replay_compare.cc, replay_print.cc.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/disk.h"
#include "replay/comparison.h"
#include "replay/narrow.h"
#include "replay/replay.h"
#include "store/read_only_store.h"
#include "tocsin/commands.h"
#include "tocsin/configuration.h"

namespace tocsin {

struct ReplayParts {
  PosixDisk disk;
  SystemClock clock;
  Counters counters;
  SeriesTable table{64'000'000};
  std::string directory;  // of the store
  std::unique_ptr<ReadOnlyStore> store;
  SeriesSelector only;  // what is replayed
  bool all_series = true;
  replay::Narrow narrow;
};

// The stored points of the series that are wanted.
class StoreSource final : public replay::Source {
 public:
  StoreSource(const ReadOnlyStore& store, const std::function<bool(const Labels&)>& wanted,
              const SeriesTable& table);
  const std::vector<Labels>& series() const override { return labels_; }
  Result<void> points(size_t series, TimeMs from, TimeMs to, std::vector<Sample>& out) override;

 private:
  const ReadOnlyStore& store_;
  std::vector<SeriesRef> refs_;
  std::vector<Labels> labels_;
};

// anywhere: the earliest begin that is possible will do; `plan` is changed to it.
Result<replay::Report> run_as_received(replay::Plan& plan, bool anywhere,
                                       const Configuration& configuration, ReplayParts& parts);

// What a configuration says of a replay from `from` to `to`.
replay::Plan replay_plan(const Configuration& configuration, TimeMs from, TimeMs to);

// Base: options.against; tried: `configuration`. What people marked is read from the data folder.
int run_comparison(const ReplayOptions& options, const Configuration& configuration,
                   const std::string& data, const replay::Plan& plan, ReplayParts& parts);

void print_replay(const replay::Report& report, const replay::Plan& plan, double seconds_taken);
void print_replay_json(const replay::Report& report);
void print_comparison(const replay::Comparison& comparison, double seconds_taken);

}  // namespace tocsin
