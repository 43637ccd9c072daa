#include "replay/diff.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace tocsin::replay {
namespace {

using supervisor::OperatorMark;

std::string alert_key(const std::string& rule, const Labels& scope) {
  return rule + "\n" + scope.text();
}

std::string violation_key(const std::string& worker, const Labels& series, Direction direction) {
  return worker + "\n" + std::string(to_text(direction)) + "\n" + series.text();
}

TimeMs end_or_open(TimeMs ended) { return ended.ms == 0 ? kTimeMax : ended; }

std::vector<Episode> alerts_of(const Report& report) {
  std::vector<Episode> out;
  out.reserve(report.alerts.size());
  for (const ReplayedAlert& one : report.alerts)
    out.push_back({alert_key(one.alert.opened->rule_id, one.alert.opened->scope),
                   one.alert.opened_at, end_or_open(one.alert.resolved_at)});
  return out;
}

std::vector<Episode> violations_of(const Report& report) {
  std::vector<Episode> out;
  out.reserve(report.opened.size());
  for (const ReplayedViolation& one : report.opened)
    out.push_back({violation_key(one.worker, one.series, one.violation.direction),
                   one.violation.opened, end_or_open(one.violation.ended)});
  return out;
}

bool before(const Episode& a, const Episode& b) {
  return std::tie(a.key, a.opened, a.ended) < std::tie(b.key, b.opened, b.ended);
}

std::vector<size_t> in_order(std::span<const Episode> all) {
  std::vector<size_t> out(all.size());
  std::iota(out.begin(), out.end(), size_t{0});
  std::stable_sort(out.begin(), out.end(),
                   [&](size_t a, size_t b) { return before(all[a], all[b]); });
  return out;
}

// Of two with one key: which is over before the other begins; 0 if they overlap.
int apart(const Episode& a, const Episode& b) {
  if (a.ended < b.opened) return -1;
  return b.ended < a.opened ? 1 : 0;
}

ChangeKind kind_of(const EpisodePair& pair, std::span<const Episode> base,
                   std::span<const Episode> tried) {
  if (!pair.base) return ChangeKind::kGained;
  if (!pair.tried) return ChangeKind::kLost;
  const DurationMs by = base[*pair.base].opened - tried[*pair.tried].opened;
  if (by.count == 0) return ChangeKind::kSame;
  return by.count > 0 ? ChangeKind::kEarlier : ChangeKind::kLater;
}

std::vector<WorkerChange> compare_violations(const Report& base, const Report& tried) {
  const std::vector<Episode> was = violations_of(base), is = violations_of(tried);
  std::map<std::string, WorkerChange> workers;
  const auto of = [&](const std::string& worker) -> WorkerChange& {
    WorkerChange& out = workers[worker];
    out.worker = worker;
    return out;
  };
  for (const EpisodePair& pair : match(was, is)) {
    WorkerChange& worker =
        of(pair.base ? base.opened[*pair.base].worker : tried.opened[*pair.tried].worker);
    worker.base += pair.base.has_value();
    worker.tried += pair.tried.has_value();
    worker.counts.add(kind_of(pair, was, is));
  }
  std::vector<WorkerChange> out;
  for (auto& [id, worker] : workers) out.push_back(std::move(worker));
  return out;
}

// Marks as episodes; each is looked for on its own, so that several of one key do not compete.
class Finder {
 public:
  explicit Finder(std::span<const Episode> all) : all_(all) {
    for (size_t i = 0; i < all.size(); ++i) by_key_[all[i].key].push_back(i);
  }
  // When the first that overlaps opened.
  std::optional<TimeMs> opened(const Episode& wanted) const {
    const auto found = by_key_.find(wanted.key);
    if (found == by_key_.end()) return std::nullopt;
    std::optional<TimeMs> out;
    for (const size_t i : found->second)
      if (apart(all_[i], wanted) == 0 && (!out || all_[i].opened < *out)) out = all_[i].opened;
    return out;
  }

 private:
  std::span<const Episode> all_;
  std::map<std::string, std::vector<size_t>> by_key_;
};

// What was open when it was marked lasted at least until then.
Episode episode_of(const OperatorMark& mark) {
  const TimeMs ended = mark.ended.ms != 0 ? mark.ended : std::max(mark.at, mark.opened);
  if (mark.of == OperatorMark::Of::kAlert)
    return {alert_key(mark.rule, mark.labels), mark.opened, ended};
  return {violation_key(mark.worker, mark.labels, mark.direction), mark.opened, ended};
}

bool asked_for(const OperatorMark& mark, const Episode& episode, const MarkScope& scope) {
  if (episode.opened >= scope.to || episode.ended < scope.from) return false;
  if (!scope.site.empty() && mark.labels.get(scope.site_label) != scope.site) return false;
  if (mark.of == OperatorMark::Of::kViolation)
    return scope.worker.empty() || mark.worker == scope.worker;
  if (!scope.worker.empty() &&
      std::none_of(mark.models.begin(), mark.models.end(),
                   [&](const OperatorMark::Model& model) { return model.worker == scope.worker; }))
    return false;
  return scope.rules.empty() ||
         std::find(scope.rules.begin(), scope.rules.end(), mark.rule) != scope.rules.end();
}

void look_for(const OperatorMark& mark, const Episode& episode, const Finder& base,
              const Finder& tried, MarkScore& out) {
  const auto was = base.opened(episode), is = tried.opened(episode);
  if (mark.verdict == OperatorMark::Verdict::kNoise) {
    ++out.noise;
    out.noise_base += was.has_value();
    out.noise_tried += is.has_value();
    return;
  }
  ++out.useful;
  out.useful_base += was.has_value();
  out.useful_tried += is.has_value();
  if (!was || !is) return;
  ++out.both;
  out.gained = out.gained + (*was - *is);
}

}  // namespace

std::vector<EpisodePair> match(std::span<const Episode> base, std::span<const Episode> tried) {
  const std::vector<size_t> was = in_order(base), is = in_order(tried);
  std::vector<EpisodePair> out;
  size_t i = 0, j = 0;
  const auto lose = [&] { out.push_back({was[i++], std::nullopt}); };
  const auto gain = [&] { out.push_back({std::nullopt, is[j++]}); };
  while (i < was.size() && j < is.size()) {
    const Episode &a = base[was[i]], &b = tried[is[j]];
    if (a.key != b.key) {
      a.key < b.key ? lose() : gain();
      continue;
    }
    const int order = apart(a, b);
    if (order < 0) lose();
    if (order > 0) gain();
    if (order == 0) out.push_back({was[i++], is[j++]});
  }
  while (i < was.size()) lose();
  while (j < is.size()) gain();
  return out;
}

std::string_view to_text(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kGained:
      return "gained";
    case ChangeKind::kLost:
      return "lost";
    case ChangeKind::kEarlier:
      return "earlier";
    case ChangeKind::kLater:
      return "later";
    case ChangeKind::kSame:
      return "same";
  }
  return "";
}

void ChangeCounts::add(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kGained:
      ++gained;
      return;
    case ChangeKind::kLost:
      ++lost;
      return;
    case ChangeKind::kEarlier:
      ++earlier;
      return;
    case ChangeKind::kLater:
      ++later;
      return;
    case ChangeKind::kSame:
      ++same;
      return;
  }
}

Diff compare(const Report& base, const Report& tried) {
  const std::vector<Episode> was = alerts_of(base), is = alerts_of(tried);
  Diff out;
  for (const EpisodePair& pair : match(was, is)) {
    AlertChange change{kind_of(pair, was, is), pair.base, pair.tried, {}};
    if (pair.base && pair.tried) {
      const int64_t by = (was[*pair.base].opened - is[*pair.tried].opened).count;
      change.by = {by < 0 ? -by : by};
    }
    out.counts.add(change.kind);
    out.alerts.push_back(change);
  }
  const auto first = [&](const AlertChange& change) {
    const TimeMs a = change.base ? was[*change.base].opened : kTimeMax;
    return std::min(a, change.tried ? is[*change.tried].opened : kTimeMax);
  };
  std::stable_sort(out.alerts.begin(), out.alerts.end(),
                   [&](const AlertChange& a, const AlertChange& b) { return first(a) < first(b); });
  out.workers = compare_violations(base, tried);
  out.all_violations =
      base.opened.size() == base.violations && tried.opened.size() == tried.violations;
  return out;
}

Score score(std::span<const OperatorMark> marks, const MarkScope& scope, const Report& base,
            const Report& tried) {
  const std::vector<Episode> alerts_were = alerts_of(base), alerts_are = alerts_of(tried);
  const std::vector<Episode> were = violations_of(base), are = violations_of(tried);
  const Finder alerts_base(alerts_were), alerts_tried(alerts_are);
  const Finder violations_base(were), violations_tried(are);
  Score out;
  for (const OperatorMark& mark : marks) {
    const Episode episode = episode_of(mark);
    if (!asked_for(mark, episode, scope)) continue;
    if (mark.of == OperatorMark::Of::kAlert)
      look_for(mark, episode, alerts_base, alerts_tried, out.alerts);
    else
      look_for(mark, episode, violations_base, violations_tried, out.violations);
  }
  return out;
}

}  // namespace tocsin::replay
