// Status, the board, and what the live stream repeats each second.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>

#include "base/text.h"
#include "tocsin/builtin.h"
#include "tocsin/version.h"
#include "tocsin/views.h"

namespace tocsin {
namespace {

using server::BandPoint;
using server::GuardState;
using server::NowView;
using Lane = NowView::Lane;

constexpr int64_t kHalfHour = 30 * 60'000;
constexpr size_t kLaneLength = 48;
constexpr size_t kBoardPoints = 40;
constexpr size_t kKpiRowsMax = 2000;
constexpr DurationMs kSenderSilent = seconds(60);

int64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  int64_t size = 0;
  int64_t resident = 0;
  in >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

Lane lane_of(Severity severity) {
  switch (severity) {
    case Severity::kCritical:
      return Lane::kCritical;
    case Severity::kHigh:
      return Lane::kHigh;
    case Severity::kLow:
      return Lane::kLow;
  }
  return Lane::kNone;
}

}  // namespace

server::GuardState guard_state(streamer::TestView::State state) {
  switch (state) {
    case streamer::TestView::State::kLearning:
      return server::GuardState::kLearning;
    case streamer::TestView::State::kGuarded:
      return server::GuardState::kGuarded;
    case streamer::TestView::State::kAbsent:
      return server::GuardState::kAbsent;
    case streamer::TestView::State::kOpen:
      return server::GuardState::kOpen;
  }
  return server::GuardState::kLearning;
}

// "57 %", or "3.4×" from twice the expected value on.
std::string change_text(const JudgedPoint& point) {
  if (!(std::fabs(point.expected) > 0) || !std::isfinite(point.expected)) return "";
  const double ratio = point.value / point.expected;
  if (ratio >= 2) return fmt::format("{:.1f}×", ratio);
  return fmt::format("{:.0f} %", std::fabs(ratio - 1) * 100);
}

void LiveViews::Lanes::note(const std::string& site, TimeMs time, Lane worst) {
  const std::lock_guard lock(mutex_);
  auto& lane = by_site_[site];
  Lane& slot = lane[time.ms / kHalfHour];
  slot = std::max(slot, worst);
  while (lane.size() > kLaneLength + 1) lane.erase(lane.begin());
}

std::vector<Lane> LiveViews::Lanes::last_day(const std::string& site, TimeMs now) const {
  std::vector<Lane> out(kLaneLength, Lane::kNone);
  const std::lock_guard lock(mutex_);
  const auto found = by_site_.find(site);
  if (found == by_site_.end()) return out;
  const int64_t last = now.ms / kHalfHour;
  for (const auto& [slot, worst] : found->second) {
    const int64_t at = slot - (last - static_cast<int64_t>(kLaneLength) + 1);
    if (at >= 0 && at < static_cast<int64_t>(kLaneLength)) out[static_cast<size_t>(at)] = worst;
  }
  return out;
}

LiveViews::LiveViews(Live& live, QueryReads& reads, server::Hub& hub, Progress& progress)
    : live_(live),
      reads_(reads),
      hub_(hub),
      progress_(progress),
      config_loaded_at_(live.started_at()) {
  watch();
  remember_lanes();
}

void LiveViews::watch() {
  live_.watchers.violation = [this](const StreamItem& item) {
    const auto& change = std::get<ViolationChange>(item.what);
    const std::string& label = live_.configuration()->workers->site_label();
    if (change.what == ViolationChange::What::kOpened && change.violation.tier == Tier::kKpi)
      lanes_.note(std::string(live_.series().labels(change.violation.series).get(label)),
                  item.arrival, Lane::kViolation);
    if (hub_.heard()) hub_.violation(row_of(live_.decisions(), item));
  };
  live_.watchers.alert = [this](const AlertPtr& alert) {
    const std::string& label = live_.configuration()->workers->site_label();
    lanes_.note(std::string(alert->opened->scope.get(label)), alert->updated_at,
                lane_of(alert->opened->severity));
    if (QuickStart* quick_start = quick_start_.load()) quick_start->on_alert(*alert);
    if (hub_.heard()) in_background([this, alert] { hub_.alert(entry_of(alert)); });
  };
  live_.watchers.delivery = [this](const Delivery& delivery) {
    if (hub_.heard()) hub_.delivery(delivery);
  };
}

// Alerts of the last day, from before this start.
void LiveViews::remember_lanes() {
  in_background([this] {
    supervisor::AlertFilter filter;
    filter.state = supervisor::AlertFilter::State::kAll;
    filter.since = live_.clock().now() - days(1);
    filter.limit = 1000;
    auto alerts = supervisor::list_alerts(live_.reader(), filter);
    if (!alerts) return;
    const std::string label = live_.configuration()->workers->site_label();
    for (const AlertView& alert : *alerts)
      lanes_.note(std::string(alert.opened->scope.get(label)), alert.opened_at,
                  lane_of(alert.opened->severity));
  });
}

void LiveViews::on_decisions(std::function<void(DecisionThread&)> work) {
  live_.decisions().loop().post([this, work = std::move(work)] { work(live_.decisions()); });
}

void LiveViews::in_background(std::function<void()> work) {
  live_.background().post(std::move(work));
}

void LiveViews::start() {
  live_.background().every(seconds(1), [this] { tick_status(); });
  live_.background().every(seconds(2), [this] { tick_now(); });
}

void LiveViews::tick_status() {
  const TimeMs now = live_.clock().now();
  const uint64_t points = live_.points_total();
  const double span = (now - rate_at_).seconds();
  if (rate_at_.ms != 0 && span > 0)
    points_per_s_ = static_cast<double>(points - rate_points_) / span;
  for (const intake::SenderView& sender : live_.senders().list()) {
    auto& [last, rate] = sender_rates_[sender.ref.index];
    if (rate_at_.ms != 0 && span > 0)
      rate = 0.8 * rate + 0.2 * static_cast<double>(sender.points - last) / span;
    last = sender.points;
  }
  rate_at_ = now;
  rate_points_ = points;
  on_decisions(
      [this](DecisionThread& decisions) { decision_p99_ms_ = decisions.decision_p99_ms(); });
  if (const auto unfinished = supervisor::count_unfinished(live_.reader())) {
    outbox_retrying_ = unfinished->retrying;
    outbox_pending_ = unfinished->pending;
  }
  if (hub_.heard()) hub_.status(status_now());
}

server::StatusView LiveViews::status_now() {
  server::StatusView out;
  const auto configuration = live_.configuration();
  out.version = kVersion;
  out.now = live_.clock().now();
  out.started_at = live_.started_at();
  if (const auto progress = progress_.state())
    out.progress = {progress->stage, static_cast<int64_t>(progress->done),
                    static_cast<int64_t>(progress->total)};
  out.ready = !out.progress;
  out.site_label = configuration->workers->site_label();
  for (const auto& [name, zone] : configuration->workers->site_zones())
    out.sites.push_back({name, zone});
  out.points_per_s = points_per_s_;
  out.points_total = static_cast<int64_t>(live_.points_total());
  out.decision_p99_ms = decision_p99_ms_;
  out.fsync_ms = live_.fsync_ms();
  const Lsn last = live_.store().journal().last();
  for (uint32_t i = 0; i < live_.shards().size(); ++i) {
    const Lsn applied = live_.shards()[i]->applied();
    out.shards.push_back(
        {i, static_cast<int64_t>(last.value - std::min(last.value, applied.value))});
    const ShardSummary::States states = live_.shards()[i]->summary().total();
    out.series_learning += states[0];
    out.series_guarded += states[1] + states[3];
    out.series_absent += states[2];
    out.series_open += states[3];
  }
  out.series_total = live_.series().size();
  for (const intake::SenderView& sender : live_.senders().list()) {
    ++out.senders_total;
    out.senders_silent += out.now - sender.last_seen > kSenderSilent ? 1 : 0;
  }
  out.memory_bytes = resident_bytes();
  out.memory_limit_bytes = static_cast<int64_t>(configuration->settings.memory_bytes_max);
  out.outbox_pending = outbox_pending_;
  out.outbox_retrying = outbox_retrying_;
  out.config_version = configuration->folder.version();
  out.config_warnings = live_.decisions().notes();
  if (const Rebuild* rebuild = rebuild_.load()) {
    if (auto state = rebuild->state())
      out.rebuilding = {std::move(state->version), std::move(state->workers), state->done};
    if (auto error = rebuild->error(); !error.empty()) out.config_warnings.push_back(error);
  }
  {
    const std::lock_guard lock(mutex_);
    out.config_loaded_at = config_loaded_at_;
    out.config_error = config_error_;
  }
  if (QuickStart* quick_start = quick_start_.load()) {
    out.quick_start.emplace();
    for (const QuickStartStep& step : quick_start->steps())
      out.quick_start->push_back({step.at, step.text, step.link, step.site, step.done});
  }
  return out;
}

void LiveViews::status(server::Done<server::StatusView> done) {
  in_background([this, done = std::move(done)] { done(status_now()); });
}

// The board's order is that of the configuration: workers, and within one its selectors.
static size_t rank_of(const streamer::Worker& worker, uint32_t index, const Labels& series) {
  size_t place = 0;
  while (place < worker.select.size() && !worker.select[place].matches(series)) ++place;
  return index * size_t{1000} + place;
}

std::vector<LiveViews::KpiRow> LiveViews::kpi_rows(ShardThread& shard, size_t points_max) const {
  std::vector<KpiRow> out;
  const streamer::WorkerSet& set = shard.stage().workers();
  const streamer::Streamer& streamer = shard.stage().streamer();
  for (uint32_t w = 0; w < set.workers().size(); ++w) {
    // The board is the business': what Tocsin watches of itself is not on it.
    if (set.workers()[w].tier != Tier::kKpi || is_builtin(set.workers()[w].place)) continue;
    for (const uint32_t index : shard.summary().tests_of(w)) {
      if (out.size() >= kKpiRowsMax) return out;
      const streamer::TestView test = streamer.test(index);
      KpiRow row;
      row.kpi.series = live_.series().labels(test.series);
      row.kpi.name = row.kpi.series.name();
      row.site = row.kpi.series.get(set.site_label());
      row.kpi.worker = set.workers()[w].id;
      row.rank = rank_of(set.workers()[w], w, row.kpi.series);
      row.kpi.state = guard_state(test.state);
      row.kpi.direction = test.direction;
      row.kpi.guarded_from = test.guarded_from;
      if (test.state == streamer::TestView::State::kOpen && test.direction != Direction::kSilent)
        row.kpi.change = change_text(test.last);
      const std::vector<JudgedPoint> tail = streamer.tail(test.series, WorkerRef{w});
      const size_t from = tail.size() > points_max ? tail.size() - points_max : 0;
      for (size_t i = from; i < tail.size(); ++i)
        row.kpi.points.push_back({tail[i].time, tail[i].value, tail[i].lower, tail[i].upper});
      out.push_back(std::move(row));
    }
  }
  return out;
}

// A violation that an open alert rests on has that alert's severity; the others stay information.
void LiveViews::paint(std::vector<KpiRow>& rows, const std::vector<AlertPtr>& open) const {
  std::map<Labels, Severity> severity;
  for (const AlertPtr& alert : open)
    for (const JudgedViolation& judged : alert->latest->violations) {
      if (judged.violation.state == ViolationState::kEnded) continue;
      const auto [at, fresh] = severity.emplace(judged.labels, alert->latest->severity);
      if (!fresh) at->second = std::min(at->second, alert->latest->severity);
    }
  for (KpiRow& row : rows)
    if (const auto found = severity.find(row.kpi.series);
        found != severity.end() && row.kpi.state != GuardState::kGuarded)
      row.kpi.severity = found->second;
}

server::NowView LiveViews::put_together(std::vector<KpiRow> rows,
                                        const std::vector<AlertPtr>& open) {
  server::NowView out;
  const auto configuration = live_.configuration();
  const std::string& label = configuration->workers->site_label();
  out.now = live_.clock().now();
  std::map<std::string, NowView::Site> sites;
  for (const auto& [name, zone] : configuration->workers->site_zones()) sites[name].zone = zone;
  for (KpiRow& row : rows) {
    if (std::find(out.kpi_names.begin(), out.kpi_names.end(), row.kpi.name) == out.kpi_names.end())
      out.kpi_names.push_back(row.kpi.name);
    ++out.kpi_series;
    out.kpi_guarded += row.kpi.state == GuardState::kGuarded || row.kpi.state == GuardState::kOpen;
    out.kpi_outside += row.kpi.state == GuardState::kOpen;
    sites[row.site].kpis.push_back(std::move(row.kpi));
  }
  for (const AlertPtr& alert : open) {
    const bool silenced = !alert->silenced_by.empty();
    out.silenced += silenced ? 1 : 0;
    out.covered += alert->covered_by ? 1 : 0;
    ++out.open;
    if (!out.lead && !silenced && !alert->covered_by) out.lead = alert->id;
    NowView::Site& site = sites[std::string(alert->opened->scope.get(label))];
    int64_t& count = alert->latest->severity == Severity::kCritical ? site.critical
                     : alert->latest->severity == Severity::kHigh   ? site.high
                                                                    : site.low;
    ++count;
  }
  for (auto& [name, site] : sites) {
    site.site = name;
    site.lane = lanes_.last_day(name, out.now);
    if (!name.empty() || !site.kpis.empty() || site.critical + site.high + site.low > 0)
      out.sites.push_back(std::move(site));
  }
  return out;
}

void LiveViews::now(server::Done<server::NowView> done) {
  gather<std::vector<KpiRow>>(
      [this](ShardThread& shard) { return kpi_rows(shard, kBoardPoints); },
      [this, done = std::move(done)](std::vector<std::vector<KpiRow>> parts) {
        auto rows = std::make_shared<std::vector<KpiRow>>();
        for (auto& part : parts) std::move(part.begin(), part.end(), std::back_inserter(*rows));
        std::stable_sort(rows->begin(), rows->end(), [](const KpiRow& a, const KpiRow& b) {
          return std::tie(a.rank, a.kpi.series) < std::tie(b.rank, b.kpi.series);
        });
        on_decisions([this, rows, done](DecisionThread& decisions) {
          supervisor::AlertFilter filter;
          filter.limit = 1000;
          const auto open = decisions.stage().supervisor().alerts(filter);
          in_background([this, rows, done, open] {
            paint(*rows, open);
            done(put_together(std::move(*rows), open));
          });
        });
      });
}

void LiveViews::tick_now() {
  if (!hub_.heard()) return;
  gather<std::vector<KpiRow>>(
      [this](ShardThread& shard) { return kpi_rows(shard, 1); },
      [this](std::vector<std::vector<KpiRow>> parts) {
        auto rows = std::make_shared<std::vector<KpiRow>>();
        for (auto& part : parts) std::move(part.begin(), part.end(), std::back_inserter(*rows));
        on_decisions([this, rows](DecisionThread& decisions) {
          supervisor::AlertFilter filter;
          filter.limit = 1000;
          paint(*rows, decisions.stage().supervisor().alerts(filter));
          std::vector<server::KpiTick> ticks;
          for (KpiRow& row : *rows)
            ticks.push_back({row.site, row.kpi.name, row.kpi.state,
                             row.kpi.points.empty() ? BandPoint{} : row.kpi.points.back(),
                             row.kpi.direction, row.kpi.change, row.kpi.severity});
          hub_.now(ticks);
        });
      });
}

}  // namespace tocsin
