#include "tocsin/budget_view.h"

#include <algorithm>
#include <cmath>

namespace tocsin {
namespace {

using View = server::BudgetView;

constexpr int64_t kDays = 30;
constexpr int64_t kDayMs = 86'400'000;
// Of a shorter time together, a day of one series, a rate per week says nothing.
constexpr double kSeriesWeeksLeast = 1.0 / 7;

double median(const std::vector<float>& unsorted) {
  if (unsorted.empty()) return server::kUnknown;
  std::vector<float> sorted = unsorted;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

View::Worker worker_view(const streamer::Worker& worker, const BudgetFacts::Worker& facts,
                         TimeMs now) {
  View::Worker out;
  out.id = worker.id;
  out.place = worker.place;
  out.tier = worker.tier;
  out.series = facts.guarded;
  out.episodes = facts.episodes_7d;
  out.since = facts.spent.since.ms == 0 ? TimeMs{} : std::max(facts.spent.since, now - days(7));
  const double weeks = out.since.ms == 0 ? 0 : (now - out.since).seconds() / 604'800;
  const double series_weeks = static_cast<double>(out.series) * weeks;
  const bool known = series_weeks >= kSeriesWeeksLeast;
  if (known) out.measured = static_cast<double>(out.episodes) / series_weeks;
  if (worker.noise) {
    out.noise = to_text(*worker.noise);
    out.wanted = worker.noise->per_week();
    if (known) out.verdict = episodes_verdict(out.episodes, out.wanted * series_weeks);
  }
  out.tails = static_cast<int64_t>(facts.noise.series);
  out.tails_learning = static_cast<int64_t>(facts.noise.learning);
  out.tails_supported = static_cast<int64_t>(facts.noise.supported);
  out.rarest = median(facts.noise.supports);
  out.edge = median(facts.noise.edges);
  out.days = facts.spent.by_day;
  for (const EpisodeLedger::Spender& spender : facts.spent.most)
    out.most.push_back({spender.series, spender.episodes});
  out.spenders = facts.spent.series;
  return out;
}

// rule empty: of all.
View::Pages pages_view(const std::optional<Frequency>& wanted, const std::string& rule,
                       const BudgetFacts& facts) {
  View::Pages out;
  const int64_t today = facts.now.ms / kDayMs;
  out.days.resize(kDays);
  if (wanted) {
    out.wanted = to_text(*wanted);
    out.days_counted = std::max<int64_t>(1, (wanted->span.count + kDayMs - 1) / kDayMs);
    out.allowed = wanted->per(days(out.days_counted));
  }
  for (const supervisor::PagesTold& one : facts.told) {
    if (!rule.empty() && one.rule != rule) continue;
    const int64_t ago = today - one.day;
    if (ago < out.days_counted) out.told += one.pages;
    if (ago >= 0 && ago < kDays) out.days[static_cast<size_t>(kDays - 1 - ago)] += one.pages;
  }
  if (wanted) out.verdict = pages_verdict(out.told, out.allowed);
  if (facts.replay.at.ms == 0) return out;
  int64_t replayed = 0;
  for (const auto& [id, pages] : facts.replayed)
    if (rule.empty() || id == rule) replayed += pages;
  out.replayed = replayed;
  if (wanted) {
    out.replay_allowed = wanted->per(facts.replay.to - facts.replay.from);
    out.replay_verdict = pages_verdict(replayed, out.replay_allowed);
  }
  return out;
}

}  // namespace

View::Verdict episodes_verdict(int64_t episodes, double expected) {
  const double most = expected + 2 * std::sqrt(expected) + 1;
  return static_cast<double>(episodes) > most ? View::Verdict::kOver : View::Verdict::kWithin;
}

View::Verdict pages_verdict(int64_t pages, double allowed) {
  return static_cast<double>(pages) > std::ceil(allowed - 1e-9) ? View::Verdict::kOver
                                                                : View::Verdict::kWithin;
}

TimeMs pages_since(const Configuration& configuration, TimeMs now) {
  DurationMs longest = days(kDays);
  if (configuration.budget.pages) longest = std::max(longest, configuration.budget.pages->span);
  for (const rules::Rule& rule : configuration.rules->rules())
    if (rule.pages) longest = std::max(longest, rule.pages->span);
  return TimeMs{((now - longest).ms / kDayMs) * kDayMs};
}

View budget_view(const Configuration& configuration, const BudgetFacts& facts) {
  View out;
  out.now = facts.now;
  const BudgetFacts::Worker nothing;
  for (const streamer::Worker& worker : configuration.workers->workers()) {
    const auto found = facts.workers.find(worker.id);
    out.workers.push_back(
        worker_view(worker, found == facts.workers.end() ? nothing : found->second, facts.now));
  }
  for (const rules::Rule& rule : configuration.rules->rules())
    out.rules.push_back(
        {rule.id, rule.place, rule.severity, pages_view(rule.pages, rule.id, facts)});
  out.installation = pages_view(configuration.budget.pages, "", facts);
  out.replay = facts.replay;
  if (configuration.budget.replay.count == 0 &&
      out.replay.state == server::BudgetView::Replay::State::kWaiting)
    out.replay.state = server::BudgetView::Replay::State::kOff;
  return out;
}

}  // namespace tocsin
