// The table of docs/noise-budget.md: wanted against measured, by kind of series and cadence.
#include <fmt/format.h>

#include "config/folder.h"
#include "fleet_week/modes.h"
#include "streamer/healthy.h"
#include "streamer/streamer.h"

namespace tocsin::bench {
namespace {

using streamer::Healthy;

constexpr TimeMs kStart{1'795'000'000'000};
constexpr int64_t kWeekS = 604'800;
constexpr int kSeries = 40;
constexpr int kWeeks = 4;

std::shared_ptr<const streamer::WorkerSet> workers(double wanted) {
  config::Problems problems;
  const std::string noise = wanted > 0 ? fmt::format("noise: {} per week", wanted) : "score: 4";
  return streamer::WorkerSet::read(
      config::Folder::from_texts(
          {{"w.yaml", "default: off\nworkers: [{id: w, select: '*', " + noise + "}]\n"}}, problems),
      problems);
}

// Episodes per series-week in the first week and in the weeks after the second.
std::pair<double, double> measure(Healthy::Kind kind, int64_t cadence_s, double wanted) {
  const auto set = workers(wanted);
  uint64_t first = 0, later = 0;
  for (int i = 0; i < kSeries; ++i) {
    SeriesTable table(4);
    const SeriesRef ref = table.find_or_add(Labels::of("healthy"), 0)->ref;
    Healthy healthy{kind, Random(static_cast<uint64_t>(i) + 1)};
    streamer::Options options;
    options.history_after = days(365);
    streamer::Streamer one(set, table, 0, 1, options);
    int64_t at_s = 0;
    uint64_t before = 0;
    for (int week = 1; week <= kWeeks; ++week) {
      Frame frame{Lsn{static_cast<uint64_t>(week)}, kStart + seconds(week * kWeekS), {}};
      for (; at_s < week * kWeekS; at_s += cadence_s)
        frame.batch.add(ref, kStart + seconds(at_s), healthy.next(at_s));
      std::vector<uint32_t> rows(frame.batch.size());
      for (uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
      streamer::StreamerOutputs out;
      one.step(frame, rows, out);
      const uint64_t opened = one.counts().opened - before;
      before += opened;
      if (week == 1) first += opened;
      if (week > 2) later += opened;
    }
  }
  return {static_cast<double>(first) / kSeries,
          static_cast<double>(later) / (kSeries * (kWeeks - 2))};
}

}  // namespace

int print_kinds() {
  constexpr std::pair<Healthy::Kind, const char*> kKinds[] = {
      {Healthy::kGaussian, "Gaussian"},         {Healthy::kWalk, "random walk"},
      {Healthy::kHeavy, "heavy tails (t3)"},    {Healthy::kIntegers, "small integers"},
      {Healthy::kSparse, "3 % not zero"},       {Healthy::kSeasonal, "daily season"},
      {Healthy::kBursty, "bursts that linger"}, {Healthy::kConstant, "constant"}};
  fmt::print("| series | cadence | score: 4 | 0.1 wanted | 1 wanted | 10 wanted |\n");
  fmt::print("| --- | --- | --- | --- | --- | --- |\n");
  for (const auto& [kind, name] : kKinds)
    for (const int64_t cadence_s : {10, 60, 300, 3600}) {
      fmt::print("| {} | {} |", name, to_text(seconds(cadence_s)));
      for (const double wanted : {0.0, 0.1, 1.0, 10.0}) {
        const auto [first, later] = measure(kind, cadence_s, wanted);
        fmt::print(" {:.2f} ({:.2f}) |", later, first);
      }
      fmt::print("\n");
    }
  return 0;
}

}  // namespace tocsin::bench
