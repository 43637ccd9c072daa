// A week of a healthy fleet of 250,000 series in virtual time, with a hundred incidents; or the
// table of kinds of series against wanted noise.
//   bin/fleet_week [SERIES] [CADENCE_S]     standard: 250,000 series every 300 s
//   bin/fleet_week kinds
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "config/folder.h"
#include "fleet_week/fleet.h"
#include "fleet_week/incidents.h"
#include "fleet_week/modes.h"
#include "streamer/streamer.h"

namespace tocsin::bench {
namespace {

using streamer::Streamer;
using streamer::WorkerSet;

constexpr TimeMs kStart{1'795'132'800'000};  // a midnight
constexpr DurationMs kLearn = days(7), kCounted = days(7);
constexpr int64_t kMinuteMs = 60'000;
constexpr size_t kKpis = 500;  // each point a minute; the first hundred have an incident
constexpr double kWanted = 1;  // violations per series-week, of every worker

constexpr const char* kWorkers = R"(
default: off
workers:
  - {id: evidence, select: 'evidence', noise: 1 per week}
  - id: kpi
    select: [kpi]
    tier: kpi
    noise: 1 per week
    models: [{kind: level}, {kind: profile, season: day, periods: 4}, {kind: silence}]
    strategy: any
  - id: drift
    select: kpi
    tier: kpi
    noise: 1 per week
    models: [{kind: change, season: day}]
  - id: ratio
    select: failed
    tier: kpi
    noise: 1 per week
    models: [{kind: ratio, of: attempts}]
)";

class Week {
 public:
  Week(size_t evidence, int64_t cadence_s);
  int run();

 private:
  void minute(int64_t minute);
  bool is_ratio(size_t kpi) const {
    return kpi < incidents_.size() && incidents_[kpi].kind == IncidentKind::kRatio;
  }
  void add_kpis(int64_t minute, Batch& batch);
  void add_evidence(int64_t minute, Batch& batch);
  void take(const streamer::StreamerOutputs& out, TimeMs now);
  int print(double seconds_taken);

  size_t evidence_count_;
  int64_t cadence_minutes_;
  SeriesTable table_;
  std::shared_ptr<const WorkerSet> workers_;
  std::unique_ptr<Streamer> streamer_;
  Noise noise_{1};
  std::vector<EvidenceSeries> evidence_;
  std::vector<SeriesRef> evidence_refs_, kpi_refs_;
  std::vector<Kpi> kpis_;
  std::vector<Incident> incidents_;
  std::vector<SeriesRef> attempts_refs_;  // of a KPI that is a ratio; kNoSeries otherwise
  std::vector<std::map<size_t, uint64_t>> episodes_;  // by worker: kind of series, or 0
  uint64_t points_ = 0, lsn_ = 0;
};

Week::Week(size_t evidence, int64_t cadence_s)
    : evidence_count_(evidence),
      cadence_minutes_(std::max<int64_t>(1, cadence_s / 60)),
      table_(static_cast<uint32_t>(evidence + 10'000)) {
  config::Problems problems;
  workers_ =
      WorkerSet::read(config::Folder::from_texts({{"w.yaml", kWorkers}}, problems), problems);
  if (!problems.empty()) fmt::print(stderr, "{}\n", problems.text());
  streamer_ = std::make_unique<Streamer>(workers_, table_, 0, 1);
  incidents_ = plan_incidents(kStart + kLearn, kStart + kLearn + kCounted, Random(7));
  Random random(3);
  for (size_t i = 0; i < kKpis; ++i) {
    const std::vector<Labels::Pair> label{{"i", std::to_string(i)}};
    const std::string_view name = is_ratio(i) ? "failed" : "kpi";
    kpi_refs_.push_back(table_.find_or_add(Labels::of(name, label), 0)->ref);
    attempts_refs_.push_back(is_ratio(i) ? table_.find_or_add(Labels::of("attempts", label), 0)->ref
                                         : kNoSeries);
    kpis_.push_back(
        {std::pow(10, 2 + 2 * random.uniform()), random.uniform(), 0.02 + 0.03 * random.uniform()});
  }
  for (size_t i = 0; i < evidence; ++i) {
    evidence_.push_back({static_cast<EvidenceSeries::Kind>(i % EvidenceSeries::kKinds)});
    evidence_refs_.push_back(
        table_.find_or_add(Labels::of("evidence", {{"i", std::to_string(i)}}), 0)->ref);
  }
  episodes_.resize(workers_->workers().size());
}

void Week::add_kpis(int64_t minute, Batch& batch) {
  const TimeMs now = kStart + minutes(minute);
  const double day_share = static_cast<double>(minute % 1440) / 1440;
  for (size_t i = 0; i < kKpis; ++i) {
    const Kpi& kpi = kpis_[i];
    const double wobble = 1 + kpi.spread * noise_.next();
    double healthy = kpi.expected(day_share) * wobble;
    if (is_ratio(i)) {  // 2 % of the attempts fail, as chance has it
      const double attempts = std::floor(healthy + 100);
      batch.add(attempts_refs_[i], now, attempts);
      healthy = 0.02 * attempts + std::sqrt(0.0196 * attempts) * noise_.next();
    }
    std::optional<double> value = healthy;
    if (i < incidents_.size())
      value = with_incident(incidents_[i], now, healthy, kpi.expected(day_share + 0.5) * wobble);
    if (value && is_ratio(i)) value = std::max(0.0, std::round(*value));
    if (value) batch.add(kpi_refs_[i], now, *value);
  }
}

// A part of the fleet each minute, so that every series has its turn once per cadence.
void Week::add_evidence(int64_t minute, Batch& batch) {
  const TimeMs now = kStart + minutes(minute);
  const double day = std::sin(6.283185307179586 * static_cast<double>(minute % 1440) / 1440);
  const size_t begin = evidence_count_ * static_cast<size_t>(minute % cadence_minutes_) /
                       static_cast<size_t>(cadence_minutes_);
  const size_t end = evidence_count_ * static_cast<size_t>(minute % cadence_minutes_ + 1) /
                     static_cast<size_t>(cadence_minutes_);
  for (size_t i = begin; i < end; ++i)
    batch.add(evidence_refs_[i], now, evidence_[i].next(noise_, day));
}

void Week::minute(int64_t minute) {
  Frame frame{Lsn{++lsn_}, kStart + minutes(minute), {}};
  add_kpis(minute, frame.batch);
  add_evidence(minute, frame.batch);
  std::vector<uint32_t> rows(frame.batch.size());
  for (uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
  streamer::StreamerOutputs out;
  streamer_->step(frame, rows, out);
  points_ += rows.size();
  take(out, frame.arrival);
}

void Week::take(const streamer::StreamerOutputs& out, TimeMs now) {
  if (now < kStart + kLearn) return;
  for (const StreamItem& item : out.items) {
    const auto* change = std::get_if<ViolationChange>(&item.what);
    if (change == nullptr || change->what != ViolationChange::What::kOpened) continue;
    const Violation& violation = change->violation;
    // Of a ratio's derived series as well.
    const Labels& labels = table_.labels(violation.series);
    const size_t number = std::strtoul(std::string(labels.get("i")).c_str(), nullptr, 10);
    const bool evidence = labels.name() == "evidence";
    const size_t kind = evidence ? number % EvidenceSeries::kKinds : 0;
    if (!evidence && number < incidents_.size()) {
      Incident& incident = incidents_[number];
      // What opens while it lasts is of it, and so is its way back.
      if (item.arrival >= incident.from && item.arrival < incident.to + hours(2)) {
        if (!incident.found && item.arrival < incident.to + minutes(5))
          incident.found = item.arrival;
        continue;
      }
    }
    ++episodes_[violation.worker.index][kind];
  }
}

int Week::run() {
  const auto begun = std::chrono::steady_clock::now();
  const int64_t whole = (kLearn + kCounted).count / kMinuteMs;
  for (int64_t at = 0; at < whole; ++at) minute(at);
  return print(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
}

int Week::print(double seconds_taken) {
  constexpr const char* kKinds[] = {"Gaussian", "random walk",  "heavy tails", "constant",
                                    "counts",   "3 % not zero", "season",      "bursts"};
  const double weeks = static_cast<double>(kCounted.count) / 604'800'000;
  fmt::print(
      "{} evidence series every {} min, {} KPIs every minute; {} days to learn, {} counted; {} "
      "points in {:.0f} s\n\n",
      evidence_count_, cadence_minutes_, kKpis, kLearn.count / 86'400'000,
      kCounted.count / 86'400'000, points_, seconds_taken);
  fmt::print("| series | violations per series-week, {} wanted |\n| --- | --- |\n", kWanted);
  bool within = true;
  uint64_t evidence = 0;
  for (size_t kind = 0; kind < EvidenceSeries::kKinds; ++kind) {
    const uint64_t count = episodes_[0][kind];
    evidence += count;
    fmt::print("| evidence, {} | {:.2f} |\n", kKinds[kind],
               static_cast<double>(count) * EvidenceSeries::kKinds /
                   (static_cast<double>(evidence_count_) * weeks));
  }
  const auto rate = [&](uint64_t count, size_t series) {
    const double value = static_cast<double>(count) / (static_cast<double>(series) * weeks);
    within = within && value <= 1.5 * kWanted;
    return value;
  };
  fmt::print("| evidence, all | {:.2f} |\n", rate(evidence, evidence_count_));
  const size_t shares = 15;
  for (uint32_t w = 1; w < episodes_.size(); ++w)
    fmt::print("| {} | {:.2f} |\n", workers_->workers()[w].id,
               rate(episodes_[w][0], w == 3 ? shares : kKpis - shares));
  fmt::print("\n");
  const bool all = print_incidents(incidents_);
  fmt::print("\n{}; {}\n", within ? "within the budget" : "OVER THE BUDGET",
             all ? "all incidents found" : "SOME INCIDENTS WERE NOT FOUND");
  return within && all ? 0 : 1;
}

}  // namespace
}  // namespace tocsin::bench

int main(int count, char** arguments) {
  using namespace tocsin::bench;
  if (count > 1 && std::string_view(arguments[1]) == "kinds") return print_kinds();
  const size_t series = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 250'000;
  const long cadence_s = count > 2 ? std::strtol(arguments[2], nullptr, 10) : 300;
  if (series == 0 || cadence_s < 60) {
    fmt::print(stderr, "usage: fleet_week [SERIES >= 1] [CADENCE_S >= 60] | kinds\n");
    return 2;
  }
  return Week(series, cadence_s).run();
}
