#include "tocsin/decision_thread.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "vocabulary/markers.h"

namespace tocsin {
namespace {

constexpr size_t kRecentMax = 500;
constexpr size_t kNotesMax = 1000;
constexpr DurationMs kNotesEvery = seconds(10);
constexpr DurationMs kHousekeeping = milliseconds(250);
constexpr DurationMs kLedgerEvery = minutes(1);
// Between two looks at the time, of which there are four a second: the clock or the process jumped.
constexpr DurationMs kJump = minutes(1);
constexpr size_t kReportsWaitingMax = 50'000;  // alerts; some 50 MB
constexpr size_t kReportsATurn = 4'000;        // alerts; so that other work gets its turn

Counter& reported(Counters& counters, std::string_view result) {
  return counters.counter("tocsin_alerts_reported_total", fmt::format("result=\"{}\"", result),
                          "Alerts that other systems and people told of, by what became of them.");
}

}  // namespace

DecisionThread::DecisionThread(Parts parts, Store& store, const Clock& clock, Counters& counters,
                               Hooks hooks)
    : store_(store),
      clock_(clock),
      hooks_(std::move(hooks)),
      merge_(std::move(parts.merge)),
      stage_(std::move(parts.engine), std::move(parts.supervisor), watch()),
      database_(std::move(parts.database)),
      series_(parts.series),
      workers_(std::move(parts.workers)),
      ledger_(std::move(parts.ledger)),
      reach_(std::move(parts.reach)),
      counters_(counters),
      published_(counters),
      reported_{reported(counters, "opened"),    reported(counters, "updated"),
                reported(counters, "refreshed"), reported(counters, "resolved"),
                reported(counters, "ignored"),   reported(counters, "refused"),
                reported(counters, "busy")},
      commits_(counters.counter("tocsin_state_commits_total", "", "Transactions committed.")),
      commit_failures_(counters.counter("tocsin_state_commit_failures_total", "",
                                        "Transactions that were refused and are tried again.")) {}

DecisionThread::~DecisionThread() { stop(); }

pipeline::DecisionStage::Watch DecisionThread::watch() {
  return {.item =
              [this](const StreamItem& item) {
                const auto* change = std::get_if<ViolationChange>(&item.what);
                if (change == nullptr) return;
                if (item.at.due.ms == 0 && live_) note_latency(item);
                remember(item, *change);
                if (change->what == ViolationChange::What::kOpened) count_opened(item, *change);
                // Points of evidence that stay outside are no news.
                if (hooks_.violation && (change->what != ViolationChange::What::kUpdated ||
                                         change->violation.tier == Tier::kKpi))
                  hooks_.violation(item);
              },
          .decision = {},
          .begin = [this](const pipeline::Passed& frame) { replace(frame); },
          .passed =
              [this](const pipeline::Passed& passed) {
                if (passed.tick || passed.lsn.value != save_after_.load()) return;
                ByteWriter rules, alerts;
                stage_.engine().save(rules);
                stage_.supervisor().save_open(alerts);
                if (hooks_.saved) hooks_.saved(passed, rules.take(), alerts.take());
              }};
}

void DecisionThread::write_state(std::function<void(state::Database&)> work) {
  loop_.post([this, work = std::move(work)] { work(database_); });
}

void DecisionThread::recovered(uint32_t shard, pipeline::ShardReport& report) {
  merge_->add(shard, report.items, report.passed);
  report.passed.clear();
}

Result<void> DecisionThread::run_recovered(Lsn durable) {
  stage_.run(*merge_, durable, changes_);
  if (changes_.empty()) return {};
  auto transaction = database_.begin();
  if (!transaction) return fail(transaction.error());
  if (auto applied = supervisor::apply(*transaction, changes_); !applied)
    return fail(applied.error());
  if (auto committed = transaction->commit(); !committed) return fail(committed.error());
  changes_ = {};
  return {};
}

Result<void> DecisionThread::set_dispatcher(respond::Dispatcher* dispatcher) {
  dispatcher_ = dispatcher;
  return dispatcher_->load(database_);
}

void DecisionThread::start() {
  live_ = true;
  begin_counting();
  loop_.every(kNotesEvery, [this] { tell_notes(); });
  tended_ = clock_.now();
  stage_.supervisor().resume(tended_);
  loop_.every(kHousekeeping, [this] {
    tend_supervisor();
    flush();
    publish(published_, stage_.engine().counts());
    if (clock_.now() - ledger_saved_ >= kLedgerEvery) save_ledger();
  });
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "decide");
    loop_.run();
  });
}

// After a jump of the clock, or of this process over time, other systems' alerts are not over:
// their senders get the time to tell of them again.
void DecisionThread::tend_supervisor() {
  const TimeMs now = clock_.now();
  if (now - tended_ > kJump) stage_.supervisor().resume(now);
  tended_ = now;
  stage_.supervisor().advance(now, changes_);
}

void DecisionThread::report(ReportedBatch batch, ReportAnswer answer) {
  const size_t count = batch.alerts.size();
  bool first = false, taken = false;
  {
    const std::lock_guard lock(reports_mutex_);
    taken = reports_waiting_ + count <= kReportsWaitingMax;
    if (taken) {
      first = reports_.empty();
      reports_waiting_ += count;
      reports_.push_back({std::move(batch), std::move(answer)});
    }
  }
  if (!taken) {
    reported_.busy.add(count);
    answer(fail(ErrorCode::kExhausted, "cannot take more alerts now; send these again"));
    return;
  }
  if (first) loop_.post([this] { take_reports(); });
}

// Batches as they came, until there are enough for a turn.
void DecisionThread::take_reports() {
  std::vector<WaitingReport> taken;
  {
    const std::lock_guard lock(reports_mutex_);
    for (size_t count = 0; !reports_.empty() && count < kReportsATurn; reports_.pop_front()) {
      count += reports_.front().batch.alerts.size();
      reports_waiting_ -= reports_.front().batch.alerts.size();
      taken.push_back(std::move(reports_.front()));
    }
    if (!reports_.empty()) loop_.post([this] { take_reports(); });
  }
  using Answered = std::pair<ReportAnswer, ReportCounts>;
  auto answers = std::make_shared<std::vector<Answered>>();
  for (WaitingReport& one : taken) {
    const ReportCounts counts = stage_.supervisor().report(one.batch, clock_.now(), changes_);
    reported_.opened.add(counts.opened);
    reported_.updated.add(counts.updated);
    reported_.refreshed.add(counts.refreshed);
    reported_.resolved.add(counts.resolved);
    reported_.ignored.add(counts.ignored);
    reported_.refused.add(counts.refused);
    answers->emplace_back(std::move(one.answer), counts);
  }
  const auto give = [answers] {
    for (const auto& [answer, counts] : *answers) answer(counts);
  };
  if (changes_.empty() && !disk_refuses_) return give();
  after_commit_.push_back(give);
  flush();
  if (!disk_refuses_ || after_commit_.empty()) return;
  after_commit_.pop_back();
  for (const auto& [answer, counts] : *answers)
    answer(fail(ErrorCode::kUnavailable,
                "cannot write alerts now: the disk refuses it; send these again"));
}

// What the rules noticed about themselves, now that cadences are known: into the log each once.
void DecisionThread::tell_notes() {
  std::vector<std::string> notes = stage_.engine().notes();
  if (notes.size() > kNotesMax) notes.resize(kNotesMax);
  {
    const std::lock_guard lock(notes_mutex_);
    notes_ = notes;
  }
  for (const std::string& note : notes)
    if (notes_told_.size() < kNotesMax && notes_told_.insert(note).second)
      log::warning("rules: {}", note);
}

std::vector<std::string> DecisionThread::notes() const {
  const std::lock_guard lock(notes_mutex_);
  return notes_;
}

void DecisionThread::stop() {
  loop_.stop();
  if (!thread_.joinable()) return;
  thread_.join();
  save_ledger();
}

void DecisionThread::begin_counting() {
  opened_.clear();
  for (const streamer::Worker& worker : workers_->workers()) {
    ledger_.begin(worker.id, clock_.now());
    const std::string labels = Labels({Labels::Pair{"worker", worker.id}}).text();
    opened_.push_back(&counters_.counter(
        "tocsin_worker_violations_total", labels.substr(1, labels.size() - 2),
        "Violations of a band or a limit that a worker opened since the start."));
  }
}

// Statistics: if the disk refuses them now they are written a minute later, or counted again from
// the journal after a crash.
void DecisionThread::save_ledger() {
  ledger_saved_ = clock_.now();
  if (!ledger_.changed() || disk_refuses_) return;
  auto transaction = database_.begin();
  if (!transaction) return;
  if (auto saved = ledger_.save(*transaction); !saved || !transaction->commit())
    log::warning("how many violations opened could not be written now; tried again in a minute");
}

void DecisionThread::report(uint32_t shard, pipeline::ShardReport&& report) {
  auto shared = std::make_shared<pipeline::ShardReport>(std::move(report));
  loop_.post([this, shard, shared] {
    merge_->add(shard, shared->items, shared->passed);
    pump();
  });
}

void DecisionThread::on_durable() {
  loop_.post([this] { pump(); });
}

void DecisionThread::pump() {
  stage_.run(*merge_, store_.journal().durable(), changes_);
  next_due_ms_.store(stage_.engine().next_due().value_or(kTimeMax).ms, std::memory_order_relaxed);
  flush();
}

void DecisionThread::flush() {
  if (changes_.empty() && delivered_.empty()) return;
  const auto alerts = changes_.changed();
  if (!write()) return;
  for (const auto& alert : alerts)
    if (hooks_.alert) hooks_.alert(alert);
  for (const auto& answer : std::exchange(after_commit_, {})) answer();
}

// One transaction of all that waits. On failure everything stays for the next try.
bool DecisionThread::write() {
  const auto refused = [this](const Error& error) {
    commit_failures_.add();
    if (!std::exchange(disk_refuses_, true))
      log::error("alerts cannot be written and nobody is told until they are: {}", error.text());
    return false;
  };
  auto transaction = database_.begin();
  if (!transaction) return refused(transaction.error());
  if (auto done = supervisor::apply(*transaction, changes_); !done) return refused(done.error());
  for (const respond::DispatchChanges& one : delivered_)
    if (auto done = respond::apply(*transaction, one); !done) return refused(done.error());
  if (auto done = transaction->commit(); !done) return refused(done.error());
  if (std::exchange(disk_refuses_, false)) log::info("alerts are written again");
  commits_.add();
  if (hooks_.delivery)
    for (const respond::DispatchChanges& one : delivered_)
      for (const auto& row : one.outbox.rows) hooks_.delivery(row.delivery);
  delivered_.clear();
  if (dispatcher_ != nullptr && !changes_.empty()) dispatcher_->committed(std::move(changes_));
  changes_ = {};
  return true;
}

void DecisionThread::delivered(respond::DispatchChanges changes) {
  auto shared = std::make_shared<respond::DispatchChanges>(std::move(changes));
  loop_.post([this, shared] {
    // A call that cannot be sent makes the next one go out, in the same transaction.
    for (const auto& row : shared->outbox.rows)
      stage_.supervisor().delivered(row.delivery, clock_.now(), changes_);
    delivered_.push_back(std::move(*shared));
    // All that came in one turn of the loop share a transaction.
    if (std::exchange(flush_posted_, true)) return;
    loop_.post([this] {
      flush_posted_ = false;
      flush();
    });
  });
}

void DecisionThread::set_on_call(oncall::OnCall on_call) {
  loop_.post([this, on_call = std::move(on_call)] {
    reach_.on_call = on_call;
    stage_.supervisor().set_directory(reach_.directory());
  });
}

void DecisionThread::command(supervisor::Command command, CommandAnswer answer) {
  auto shared = std::make_shared<supervisor::Command>(std::move(command));
  loop_.post([this, shared, answer = std::move(answer)] {
    auto done = stage_.supervisor().command(*shared, clock_.now(), changes_);
    if (!done) {
      answer(fail(done.error()));
      return;
    }
    after_commit_.push_back([answer, value = std::move(*done)] { answer(value); });
    flush();
    if (disk_refuses_ && !after_commit_.empty()) {
      after_commit_.pop_back();
      answer(fail(ErrorCode::kUnavailable,
                  "cannot write the change now: the disk refuses it; it is kept and tried again"));
    }
  });
}

void DecisionThread::test(std::string receiver, TestAnswer answer) {
  auto begun = dispatcher_->test(receiver, [this, answer](const Delivery& delivery) {
    loop_.post([this, answer, delivery] { settle_test(delivery, answer); });
  });
  if (!begun) answer(fail(begun.error()));
}

void DecisionThread::settle_test(Delivery delivery, const TestAnswer& answer) {
  auto transaction = database_.begin();
  if (transaction) {
    auto id = supervisor::insert_test(*transaction, delivery);
    if (id && transaction->commit()) delivery.id = *id;
  }
  if (hooks_.delivery) hooks_.delivery(delivery);
  answer(delivery);
}

// One entry per violation: as it is now, in the order in which they last opened or ended.
void DecisionThread::remember(const StreamItem& item, const ViolationChange& change) {
  const bool updated = change.what == ViolationChange::What::kUpdated;
  if (updated && change.violation.tier == Tier::kEvidence) return;  // too many to look for each
  const auto same = [&](const StreamItem& one) {
    return std::get<ViolationChange>(one.what).violation.id == change.violation.id;
  };
  const auto known = std::find_if(recent_.rbegin(), recent_.rend(), same);
  if (known != recent_.rend() && updated) {
    *known = item;
    return;
  }
  if (known != recent_.rend()) recent_.erase(std::next(known).base());
  recent_.push_back(item);
  if (recent_.size() > kRecentMax) recent_.pop_front();
}

void DecisionThread::count_opened(const StreamItem& item, const ViolationChange& change) {
  const Violation& violation = change.violation;
  if (violation.direction == Direction::kSilent) return;
  if (violation.worker.index >= workers_->workers().size()) return;
  const std::string& worker = workers_->worker(violation.worker).id;
  ledger_.opened(item.at, item.arrival, worker, series_.labels(violation.series));
  if (violation.worker.index < opened_.size()) opened_[violation.worker.index]->add();
}

int64_t DecisionThread::violations_7d(uint32_t worker, TimeMs now) const {
  if (worker >= workers_->workers().size()) return 0;
  return ledger_.episodes(workers_->workers()[worker].id, now, days(7));
}

void DecisionThread::sequenced(Lsn lsn) {
  Sequenced& slot = sequenced_[lsn.value % sequenced_.size()];
  slot.lsn.store(0, std::memory_order_relaxed);
  slot.at_ns.store(clock_.monotonic_ns(), std::memory_order_release);
  slot.lsn.store(lsn.value, std::memory_order_release);
}

// A frame's arrival is in whole milliseconds, which is most of what is measured here.
void DecisionThread::note_latency(const StreamItem& item) {
  const Sequenced& slot = sequenced_[item.at.lsn.value % sequenced_.size()];
  const uint64_t lsn = slot.lsn.load(std::memory_order_acquire);
  const int64_t at_ns = slot.at_ns.load(std::memory_order_acquire);
  auto span_ms = static_cast<double>(std::max<int64_t>(0, (clock_.now() - item.arrival).count));
  if (lsn == item.at.lsn.value && slot.lsn.load(std::memory_order_acquire) == lsn)
    span_ms = static_cast<double>(clock_.monotonic_ns() - at_ns) / 1e6;
  latencies_[latency_count_++ % latencies_.size()] = static_cast<float>(span_ms);
}

double DecisionThread::decision_p99_ms() const {
  const size_t count = std::min(latency_count_, latencies_.size());
  if (count == 0) return 0;
  std::vector<float> sorted(latencies_.begin(), latencies_.begin() + static_cast<long>(count));
  const size_t at = count * 99 / 100;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<long>(at), sorted.end());
  return sorted[at];
}

void DecisionThread::replace(const pipeline::Passed& frame) {
  if (!hooks_.configuration_of) return;
  const auto configuration = hooks_.configuration_of(frame);
  if (!configuration) return;
  workers_ = configuration->workers;
  begin_counting();
  std::vector<Decision> decisions;
  stage_.supervisor().configure(configuration->supervisor, configuration->routes);
  stage_.supervisor().set_escalation(configuration->escalation);
  reach_ = {oncall::OnCall(configuration->roster, reach_.on_call.overrides()),
            configuration->receivers, configuration->tiers.admins()};
  stage_.supervisor().set_directory(reach_.directory());
  stage_.engine().replace(configuration->rules, configuration->worker_names(),
                          Lsn{frame.lsn.value - 1}, frame.time, decisions);
  stage_.take(std::move(decisions), changes_);
  if (dispatcher_ != nullptr) dispatcher_->replace(configuration->receivers);
}

}  // namespace tocsin
