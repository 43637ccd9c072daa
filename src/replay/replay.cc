#include "replay/replay.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "pipeline/graph.h"

namespace tocsin::replay {
namespace {

// A window holds about so many points: few reads of sparse data, little memory for dense.
constexpr size_t kWindowPoints = 200'000;
constexpr DurationMs kWindowStart = hours(1), kWindowMin = minutes(1), kWindowMax = days(7);
constexpr size_t kFramePoints = 8192;
constexpr DurationMs kSettle = seconds(1);

struct Row {
  TimeMs time;
  uint32_t series;
  double value;
};

class Run {
 public:
  Run(const Plan& plan, Source& source, Counters& counters);
  Result<Report> go(const std::function<bool(double)>& progress);

 private:
  pipeline::DecisionStage::Watch watch();
  Result<void> window(TimeMs from, TimeMs to);
  void feed(size_t begin, size_t end, BatchKind kind);
  void take(supervisor::Changes& changes);
  void on_item(const StreamItem& item);

  const Plan& plan_;
  Source& source_;
  SeriesTable table_;
  std::vector<SeriesRef> refs_;
  pipeline::Graph graph_;
  Report report_;
  std::vector<Row> rows_;
  std::vector<Sample> samples_;
  std::map<Id128, size_t> opened_;  // violation id -> index in report_.opened
  std::map<Id128, size_t> alerts_;
  DurationMs window_ = kWindowStart;
  uint64_t lsn_ = 0;
  TimeMs last_point_;
};

Run::Run(const Plan& plan, Source& source, Counters& counters)
    : plan_(plan),
      source_(source),
      table_(static_cast<uint32_t>(source.series().size() * 4 + 4096)),
      graph_(plan.workers, table_, 1,
             {rules::Engine(plan.rules, table_, plan.worker_names),
              supervisor::Supervisor(plan.supervisor, plan.routes, counters), watch()}) {}

pipeline::DecisionStage::Watch Run::watch() {
  return {.item = [this](const StreamItem& item) { on_item(item); },
          .decision = {},
          .begin = {},
          .passed = {}};
}

void Run::on_item(const StreamItem& item) {
  const auto* change = std::get_if<ViolationChange>(&item.what);
  if (change == nullptr) return;
  const auto known = opened_.find(change->violation.id);
  if (known != opened_.end()) {
    report_.opened[known->second].violation = change->violation;
    return;
  }
  if (change->what != ViolationChange::What::kOpened) return;
  ++report_.violations;
  if (report_.opened.size() >= plan_.violations_max) return;
  opened_.emplace(change->violation.id, report_.opened.size());
  report_.opened.push_back({table_.labels(change->violation.series),
                            plan_.worker_names[change->violation.worker.index].id,
                            change->violation});
}

void Run::take(supervisor::Changes& changes) {
  for (const auto& alert : changes.changed()) {
    const auto [at, fresh] = alerts_.emplace(alert->id, report_.alerts.size());
    if (fresh) report_.alerts.emplace_back();
    report_.alerts[at->second].alert = *alert;
  }
  std::set<Id128> told;
  for (const supervisor::NotificationIntent& intent : changes.intents) {
    if (intent.event != supervisor::Event::kOpened) continue;
    const auto at = alerts_.find(intent.alert_id);
    if (at == alerts_.end()) continue;
    report_.alerts[at->second].receivers.push_back(intent.receiver);
    if (told.insert(intent.alert_id).second) ++report_.told;
  }
  changes = {};
}

void Run::feed(size_t begin, size_t end, BatchKind kind) {
  Frame frame;
  frame.lsn = Lsn{++lsn_};
  frame.arrival = rows_[begin].time;
  frame.batch.kind = kind;
  for (size_t i = begin; i < end; ++i)
    frame.batch.add(refs_[rows_[i].series], rows_[i].time, rows_[i].value);
  report_.points += end - begin;
  last_point_ = frame.arrival;
  supervisor::Changes changes;
  graph_.feed(frame, changes);
  graph_.take_derived();
  if (!changes.empty()) take(changes);
}

// The points of one window in the order of their time, one frame per instant.
Result<void> Run::window(TimeMs from, TimeMs to) {
  rows_.clear();
  for (uint32_t i = 0; i < refs_.size(); ++i) {
    samples_.clear();
    if (auto read = source_.points(i, from, to, samples_); !read) return fail(read.error());
    for (const Sample& sample : samples_) rows_.push_back({sample.time, i, sample.value});
  }
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    return std::pair(a.time, a.series) < std::pair(b.time, b.series);
  });
  const BatchKind kind = from < plan_.from ? BatchKind::kImport : BatchKind::kLive;
  for (size_t begin = 0; begin < rows_.size();) {
    size_t end = begin + 1;
    while (end < rows_.size() && rows_[end].time == rows_[begin].time && end - begin < kFramePoints)
      ++end;
    feed(begin, end, kind);
    begin = end;
  }
  return {};
}

Result<Report> Run::go(const std::function<bool(double)>& progress) {
  for (const Labels& labels : source_.series()) {
    auto added = table_.find_or_add(labels, 0);
    if (!added) return fail(added.error());
    refs_.push_back(added->ref);
  }
  const TimeMs start = std::min(plan_.warm_up_from, plan_.from);
  const double length = static_cast<double>((plan_.to - start).count);
  for (TimeMs at = start; at < plan_.to;) {
    TimeMs end = std::min(at + window_, plan_.to);
    if (at < plan_.from) end = std::min(end, plan_.from);
    if (auto done = window(at, end); !done) return fail(done.error());
    at = end;
    if (rows_.size() < kWindowPoints / 2) window_ = std::min(window_ * 2, kWindowMax);
    if (rows_.size() > kWindowPoints * 2)
      window_ = std::max(DurationMs{window_.count / 2}, kWindowMin);
    if (!progress(static_cast<double>((at - start).count) / length)) break;
  }
  // Not beyond the data: that it ends there is no silence.
  supervisor::Changes changes;
  graph_.tick(std::min(plan_.to, last_point_ + kSettle), changes);
  take(changes);
  return std::move(report_);
}

}  // namespace

Result<Report> run(const Plan& plan, Source& source, Counters& counters,
                   const std::function<bool(double)>& progress) {
  if (!(plan.from < plan.to))
    return fail(ErrorCode::kInvalid, "cannot replay: the begin is not before the end");
  return Run(plan, source, counters).go(progress);
}

}  // namespace tocsin::replay
