// The result of `tocsin replay --against`, for people.

#include <fmt/format.h>

#include <cstdio>

#include "base/text.h"
#include "tocsin/replay_parts.h"

namespace tocsin {
namespace {

using replay::AlertChange;
using replay::ChangeCounts;
using replay::ChangeKind;
using replay::Comparison;

void line(const std::string& text) { std::puts(text.c_str()); }

std::string counts_text(const ChangeCounts& counts) {
  return fmt::format("{} gained, {} lost, {} earlier, {} later, {} the same", counts.gained,
                     counts.lost, counts.earlier, counts.later, counts.same);
}

void print_totals(std::string_view name, const replay::Report& report) {
  line(fmt::format("{:<8} {:>12} {:>12} {:>8} {:>8}", name,
                   human_number(static_cast<double>(report.points)), report.violations,
                   report.alerts_opened, report.told));
}

void print_changes(const Comparison& comparison, ChangeKind kind, std::string_view head) {
  bool first = true;
  for (const AlertChange& change : comparison.diff.alerts) {
    if (change.kind != kind) continue;
    if (std::exchange(first, false)) line(fmt::format("\n{}:", head));
    const replay::ReplayedAlert& one = change.tried ? comparison.tried.alerts[*change.tried]
                                                    : comparison.base.alerts[*change.base];
    const std::string by =
        change.by.count > 0 ? fmt::format("  by {}", to_text(change.by)) : std::string();
    line(fmt::format("  {}  {:<8} {} {}{}{}\n      {}", to_iso(one.alert.opened_at),
                     to_text(one.alert.opened->severity), one.alert.opened->rule_id,
                     one.alert.opened->scope.text(), by,
                     one.receivers.empty() ? " (nobody told)" : "", one.alert.opened->summary));
  }
}

void print_workers(const Comparison& comparison) {
  if (comparison.diff.workers.empty()) return;
  line("\nViolations by worker:");
  for (const replay::WorkerChange& worker : comparison.diff.workers)
    line(fmt::format("  {}: {} instead of {}: {}", worker.worker, worker.tried, worker.base,
                     counts_text(worker.counts)));
  if (!comparison.diff.all_violations)
    line("  (of the first violations alone: there are more than are compared)");
}

void print_score(std::string_view what, const replay::MarkScore& score) {
  if (score.useful + score.noise == 0) return;
  line(
      fmt::format("  {}: of {} marked useful it finds {} (against {}); of {} marked noise {} are "
                  "gone (against {})",
                  what, score.useful, score.useful_tried, score.useful_base, score.noise,
                  score.noise - score.noise_tried, score.noise - score.noise_base));
  if (score.both == 0) return;
  const int64_t mean = score.gained.count / static_cast<int64_t>(score.both) / 1000 * 1000;
  line(fmt::format("    the useful ones that both find open {} {} on average",
                   to_text(DurationMs{mean < 0 ? -mean : mean}), mean < 0 ? "later" : "earlier"));
}

}  // namespace

void print_comparison(const Comparison& comparison, double seconds_taken) {
  const uint64_t points = comparison.base.points + comparison.tried.points;
  line(fmt::format("{} to {}: {} points in {:.1f} s ({}/s)\n", to_iso(comparison.base_plan.from),
                   to_iso(comparison.base_plan.to), human_number(static_cast<double>(points)),
                   seconds_taken,
                   human_number(static_cast<double>(points) / std::max(seconds_taken, 1e-3))));
  line(
      fmt::format("{:<8} {:>12} {:>12} {:>8} {:>8}", "", "points", "violations", "alerts", "told"));
  print_totals("against", comparison.base);
  print_totals("config", comparison.tried);
  line(fmt::format("\nAlerts: {}", counts_text(comparison.diff.counts)));
  print_changes(comparison, ChangeKind::kGained, "Gained (only --config opens them)");
  print_changes(comparison, ChangeKind::kLost, "Lost (only --against opens them)");
  print_changes(comparison, ChangeKind::kEarlier, "Earlier");
  print_changes(comparison, ChangeKind::kLater, "Later");
  print_workers(comparison);
  const replay::Score& score = comparison.score;
  if (score.alerts.useful + score.alerts.noise + score.violations.useful + score.violations.noise >
      0) {
    line("\nAgainst what people marked:");
    print_score("alerts", score.alerts);
    print_score("violations", score.violations);
  }
}

}  // namespace tocsin
