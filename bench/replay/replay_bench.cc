// Points per second and core of a replay, all stages behind it, points in memory:
//   bench/run replay, or bin/replay_bench
// Shapes: one KPI of a minute's cadence over a year (a frame holds one point), and many series that
// report at the same instants (a frame holds all of them).
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <optional>

#include "base/random.h"
#include "config/folder.h"
#include "replay/replay.h"

namespace tocsin::replay {
namespace {

constexpr TimeMs kBegin{1'760'000'400'000};
constexpr int kRuns = 5;  // the best counts: others share the machine

// A wave of a day with noise on it; no point far out.
class Waves final : public Source {
 public:
  Waves(size_t series, DurationMs cadence) : cadence_(cadence) {
    Random random{1};
    for (double& value : noise_) value = random.normal();
    for (size_t i = 0; i < 1440; ++i)
      day_[i] = 1000 + 300 * std::sin(static_cast<double>(i) * 2 * M_PI / 1440);
    for (size_t i = 0; i < series; ++i)
      labels_.push_back(Labels::of("metric", {{"i", std::to_string(i)}, {"site", "a"}}));
  }
  const std::vector<Labels>& series() const override { return labels_; }
  Result<void> points(size_t series, TimeMs from, TimeMs to, std::vector<Sample>& out) override {
    const int64_t step = cadence_.count;
    for (int64_t at = (from.ms + step - 1) / step * step; at < to.ms; at += step) {
      const auto row = static_cast<size_t>(at / step);
      const auto minute = static_cast<size_t>(at / 60'000 % 1440);
      out.push_back({TimeMs{at}, day_[minute] + 20 * noise_[(row + series * 31) % noise_.size()]});
    }
    return {};
  }

 private:
  DurationMs cadence_;
  std::array<double, 4099> noise_{};
  std::array<double, 1440> day_{};
  std::vector<Labels> labels_;
};

struct Shape {
  const char* name;
  const char* models;
  const char* tier;
  size_t series;
  DurationMs cadence, length;
};

// Nothing where the models are not known; why stands on stderr.
std::optional<Plan> plan_of(const Shape& shape) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts(
      {{"c.yaml",
        fmt::format("workers:\n  - {{id: w, tier: {}, select: metric, models: {}}}\n"
                    "rules:\n  - {{id: r, severity: high, within: 10m, when: {{violation: "
                    "metric}}}}\n",
                    shape.tier, shape.models)}},
      problems);
  Plan plan;
  plan.workers = streamer::WorkerSet::read(folder, problems);
  plan.rules = std::make_shared<rules::RuleSet>(rules::RuleSet::read(folder, "site", problems));
  if (!problems.empty()) {
    std::fprintf(stderr, "%s: %s\n", shape.name, problems.text().c_str());
    return std::nullopt;
  }
  for (const streamer::Worker& worker : plan.workers->workers())
    plan.worker_names.push_back(
        {worker.id, worker.model_names(), worker.tier, worker.open_points, worker.open_of});
  plan.warm_up_from = kBegin;
  plan.from = kBegin;
  plan.to = kBegin + shape.length;
  return plan;
}

// Of the processor, not of the clock on the wall: per core, whoever else runs.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void measure(const Shape& shape) {
  const auto plan = plan_of(shape);
  if (!plan) return;
  Waves source(shape.series, shape.cadence);
  double best = 1e9;
  uint64_t points = 0, violations = 0;
  for (int i = 0; i < kRuns; ++i) {
    Counters counters;
    const double begin = cpu_seconds();
    const auto report = run(*plan, source, counters, [](double) { return true; });
    const double taken = cpu_seconds() - begin;
    if (!report) return;
    points = report->points;
    violations = report->violations;
    best = std::min(best, taken);
  }
  std::printf("| %s | %llu | %.3f s | %.2f million/s | %.0f ns | %llu |\n", shape.name,
              static_cast<unsigned long long>(points), best,
              static_cast<double>(points) / best / 1e6, best / static_cast<double>(points) * 1e9,
              static_cast<unsigned long long>(violations));
  std::fflush(stdout);
}

}  // namespace
}  // namespace tocsin::replay

int main() {
  using tocsin::days;
  using tocsin::minutes;
  using tocsin::seconds;
  const tocsin::replay::Shape shapes[] = {
      {"one KPI, `level`, a minute, a year", "[{kind: level}]", "kpi", 1, minutes(1), days(365)},
      {"one KPI, `profile` of a week, a minute, a year", "[{kind: profile}]", "kpi", 1, minutes(1),
       days(365)},
      {"one KPI, `auto`, a minute, a year", "[{kind: auto}]", "kpi", 1, minutes(1), days(365)},
      {"1,000 series, `auto`, 10 s, 6 h", "[{kind: auto}]", "evidence", 1000, seconds(10),
       tocsin::hours(6)},
      {"100 KPIs, `level`, 10 s, 3 days", "[{kind: level}]", "kpi", 100, seconds(10), days(3)},
      {"1,000 series, `level`, 10 s, 6 h", "[{kind: level}]", "evidence", 1000, seconds(10),
       tocsin::hours(6)},
      {"50,000 series, `level`, 60 s, 1 h", "[{kind: level}]", "evidence", 50'000, minutes(1),
       tocsin::hours(1)},
  };
  std::puts("| what | points | time | points per second and core | per point | violations |");
  std::puts("| --- | --- | --- | --- | --- | --- |");
  for (const auto& shape : shapes) tocsin::replay::measure(shape);
  return 0;
}
