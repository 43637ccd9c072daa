#include "tocsin/rule_thread.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "promql/print.h"
#include "promrules/alerting.h"

namespace tocsin {
namespace {

using promrules::Made;

constexpr std::string_view kRecorder = "recording rules";

server::TextPairs pairs_of(const std::vector<promrules::TextTemplate>& texts) {
  server::TextPairs out;
  for (const promrules::TextTemplate& text : texts) out.emplace_back(text.name, text.text);
  return out;
}

server::RuleView view_of(const promrules::RuleState& state) {
  const promrules::Rule& rule = state.rule;
  server::RuleView out;
  out.alerting = rule.alerting;
  out.name = rule.name;
  out.query = rule.expr_text;
  out.place = rule.place.file_line();
  out.hold = rule.hold;
  out.keep_firing = rule.keep_firing;
  out.labels = pairs_of(rule.labels);
  out.annotations = pairs_of(rule.annotations);
  out.error = state.error;
  out.evaluated = state.evaluated;
  out.took = state.took;
  if (state.health != promrules::Health::kUnknown)
    out.health = state.health == promrules::Health::kGood ? "ok" : "err";
  auto worst = promrules::AlertPhase::kInactive;
  for (const auto& [labels, alert] : state.active) {
    worst = std::max(worst, alert.phase);
    if (alert.phase == promrules::AlertPhase::kInactive) continue;
    out.alerts.push_back({{labels.pairs().begin(), labels.pairs().end()},
                          {alert.annotations.begin(), alert.annotations.end()},
                          std::string(promrules::to_text(alert.phase)),
                          alert.active_at,
                          alert.keep_firing_since,
                          alert.value});
  }
  if (rule.alerting) out.state = std::string(promrules::to_text(worst));
  return out;
}

}  // namespace

// Results become points. What is tested (recorded values, what tells alerts) is live; what must
// come back as it is and means nothing to a model (stale markers, ALERTS) is derived.
class RuleThread::Writer final : public promrules::Appender {
 public:
  explicit Writer(Live& live) : live_(live) {}

  Result<void> append(TimeMs at, const std::vector<Made>& made) override {
    Batch live, derived;
    derived.kind = BatchKind::kDerived;
    Result<void> refused;  // the first; the other series go on
    for (const Made& one : made) {
      const bool tested = one.kind != Made::Kind::kState && std::isfinite(one.value);
      auto done = add(tested ? live : derived, one, at);
      if (!done && refused) refused = std::move(done);
    }
    for (Batch* batch : {&live, &derived}) {
      if (batch->empty()) continue;
      if (auto kept = live_.submit(*batch); !kept) return fail(kept.error());
    }
    return refused;
  }

 private:
  Result<void> add(Batch& batch, const Made& one, TimeMs at) {
    if (promql::is_stale(one.value) && !live_.series().find(one.labels)) return {};
    const auto shards = static_cast<uint32_t>(live_.shards().size());
    const auto home = static_cast<uint32_t>(one.labels.hash() % shards);
    // Limits of series hold for what is recorded; an alert is never refused.
    const std::string_view sender = one.kind == Made::Kind::kRecorded ? kRecorder : "";
    auto added = live_.series().find_or_add(one.labels, home, sender);
    if (!added) return fail(added.error());
    if (!live_.announced().has(added->ref)) batch.fresh.push_back({added->ref, one.labels});
    batch.add(added->ref, at, one.value);
    return {};
  }
  Live& live_;
};

RuleThread::RuleThread(Live& live, QueryReads& reads, server::RuleGroups& shown)
    : live_(live),
      reads_(reads),
      shown_(shown),
      evaluations_(live.counters().counter("tocsin_prometheus_rule_evaluations_total", "",
                                           "Evaluations of Prometheus rules.")),
      failures_(live.counters().counter("tocsin_prometheus_rule_failures_total", "",
                                        "Evaluations of Prometheus rules that failed.")),
      missed_(live.counters().counter("tocsin_prometheus_rule_missed_total", "",
                                      "Instants of rule groups that were skipped: the one before "
                                      "took too long.")) {}

RuleThread::~RuleThread() { stop(); }

void RuleThread::start() {
  configure(live_.configuration());
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "prom-rules");
    run();
  });
}

void RuleThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_.store(true);
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void RuleThread::configure(std::shared_ptr<const Configuration> configuration) {
  {
    const std::lock_guard lock(mutex_);
    next_ = std::move(configuration);
  }
  changed_.notify_all();
}

void RuleThread::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (next_) {
      const auto configuration = std::exchange(next_, nullptr);
      lock.unlock();
      take_over(configuration->prometheus_rules);
    } else {
      lock.unlock();
    }
    const TimeMs now = live_.clock().now();
    evaluate_due(now);
    const TimeMs due = next_due(now);
    lock.lock();
    const DurationMs wait = std::clamp(due - live_.clock().now(), milliseconds(1), seconds(5));
    changed_.wait_for(lock, std::chrono::milliseconds(wait.count),
                      [this] { return stopping_.load() || next_ != nullptr; });
  }
}

void RuleThread::take_over(const PrometheusRules& rules) {
  std::vector<Slot> before = std::move(slots_);
  slots_.clear();
  surroundings_.external_labels = rules.external_labels;
  surroundings_.external_url = rules.external_url;
  const QuerySettings& settings = reads_.pool().settings();
  surroundings_.options.lookback = settings.lookback;
  surroundings_.options.limits.samples_max = settings.samples_max;
  surroundings_.options.limits.stop = [this] { return stop_query(); };
  timeout_ = settings.timeout;
  const TimeMs now = live_.clock().now();
  for (const PrometheusRules::Entry& entry : rules.groups) {
    Slot slot{std::make_unique<promrules::GroupState>(entry.group, entry.ids), {}};
    slot.last = slot.group->slot(now);
    for (Slot& old : before) {
      const promrules::Group& group = old.group->group();
      if (group.file != entry.group.file || group.name != entry.group.name) continue;
      slot.group->inherit(*old.group);
      slot.last = std::max(slot.last, old.last);
    }
    slots_.push_back(std::move(slot));
  }
  Writer writer(live_);
  for (const Slot& old : before)
    if (auto done = writer.append(now, old.group->farewell()); !done)
      log::warning("the end of removed Prometheus rules was not written: {}", done.error().text());
  swept_ = false;
  show();
}

bool RuleThread::stop_query() const {
  return stopping_.load() || live_.clock().monotonic_ns() > deadline_ns_;
}

TimeMs RuleThread::next_due(TimeMs now) const {
  TimeMs due = now + seconds(5);
  for (const Slot& slot : slots_)
    due = std::min(due, slot.group->slot(now) + slot.group->group().interval);
  return due;
}

void RuleThread::evaluate_due(TimeMs now) {
  if (!swept_) end_forgotten(now);
  Writer writer(live_);
  bool any = false;
  for (Slot& slot : slots_) {
    const TimeMs at = slot.group->slot(live_.clock().now());
    if (at <= slot.last || stopping_) continue;
    missed_.add(static_cast<uint64_t>((at - slot.last).count / slot.group->group().interval.count) -
                1);
    slot.last = at;
    query::StoreSource source(reads_.parts(), [this] { return stop_query(); });
    // The time is asked for at the start of each rule.
    slot.group->evaluate(at, source, writer, surroundings_, [this] {
      deadline_ns_ = live_.clock().monotonic_ns() + timeout_.count * 1'000'000;
      return live_.clock().now();
    });
    for (const promrules::RuleState& rule : slot.group->rules()) {
      evaluations_.add();
      if (rule.health == promrules::Health::kBad) failures_.add();
    }
    any = true;
  }
  if (any) show();
}

// Alerts that the house holds open by rules that are gone, or whose server was stopped when they
// were removed.
void RuleThread::end_forgotten(TimeMs now) {
  constexpr DurationMs kLookback = days(7);
  query::StoreSource source(reads_.parts(), [this] { return stopping_.load(); });
  const auto told = promrules::last_points(
      {promrules::equal_matcher(kNameLabel, promrules::kToldName)}, now - kLookback, now, source);
  if (!told) {
    log::warning("open alerts of Prometheus rules could not be read: {}", told.error().text());
    return;
  }
  swept_ = true;
  std::vector<Made> ends;
  for (const auto& [labels, sample] : *told) {
    const std::string_view id = labels.get(promrules::kToldRule);
    const bool known = std::ranges::any_of(slots_, [&](const Slot& slot) {
      return std::ranges::any_of(slot.group->rules(),
                                 [&](const auto& rule) { return rule.id == id; });
    });
    if (!known && sample.value != 0) ends.push_back({Made::Kind::kTold, labels, 0});
  }
  if (ends.empty()) return;
  if (auto done = Writer(live_).append(now, ends); !done)
    log::warning("the end of removed Prometheus alerts was not written: {}", done.error().text());
}

void RuleThread::show() {
  auto list = std::make_shared<server::RuleGroupList>();
  for (const Slot& slot : slots_) {
    const promrules::Group& group = slot.group->group();
    server::RuleGroupView view{
        group.name,         group.file, group.interval, group.limit, slot.group->evaluated(),
        slot.group->took(), {}};
    for (const promrules::RuleState& rule : slot.group->rules())
      view.rules.push_back(view_of(rule));
    list->push_back(std::move(view));
  }
  shown_.set(std::move(list));
}

}  // namespace tocsin
