#include "tocsin/live_marks.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "supervisor/archive.h"

namespace tocsin {

using server::Done;
using supervisor::OperatorMark;

void LiveMarks::mark(server::MarkRequest request, Done<bool> done) {
  const auto asked = std::make_shared<const server::MarkRequest>(std::move(request));
  if (!asked->verdict) return take_back(asked, std::move(done));
  asked->of == OperatorMark::Of::kAlert ? mark_alert(asked, std::move(done))
                                        : mark_violation(asked, std::move(done));
}

void LiveMarks::list(Done<std::vector<OperatorMark>> done) {
  live_.background().post(
      [this, done = std::move(done)] { done(supervisor::list_operator_marks(live_.reader())); });
}

void LiveMarks::mark_alert(Asked asked, Done<bool> done) {
  DecisionThread& decisions = live_.decisions();
  decisions.loop().post([this, &decisions, asked, done = std::move(done)] {
    if (const auto known = decisions.stage().supervisor().find(asked->id))
      return keep(asked, supervisor::mark_of(*known), done);
    live_.background().post([this, asked, done] {
      auto read = supervisor::read_alert(live_.reader(), asked->id);
      if (!read) return done(fail(read.error()));
      if (!*read) return done(false);
      keep(asked, supervisor::mark_of(**read), done);
    });
  });
}

void LiveMarks::mark_violation(Asked asked, Done<bool> done) {
  DecisionThread& decisions = live_.decisions();
  decisions.loop().post([this, &decisions, asked, done = std::move(done)] {
    const auto& recent = decisions.recent();
    const auto known = std::find_if(recent.rbegin(), recent.rend(), [&](const StreamItem& item) {
      return std::get<ViolationChange>(item.what).violation.id == asked->id;
    });
    if (known != recent.rend())
      return keep_violation(asked, std::get<ViolationChange>(known->what).violation, done);
    open_violation(asked->id, [this, asked, done](const std::optional<Violation>& open) {
      open ? keep_violation(asked, *open, done) : done(false);
    });
  });
}

void LiveMarks::open_violation(const Id128& id,
                               std::function<void(std::optional<Violation>)> found) {
  struct State {
    std::mutex mutex;
    size_t missing;
    std::optional<Violation> violation;
    std::function<void(std::optional<Violation>)> found;
  };
  auto state = std::make_shared<State>();
  state->missing = live_.shards().size();
  state->found = std::move(found);
  for (const auto& shard : live_.shards())
    shard->ask([this, id, state](ShardThread& one) {
      const std::vector<Violation> open = one.stage().streamer().open_violations();
      const std::lock_guard lock(state->mutex);
      for (const Violation& violation : open)
        if (violation.id == id) state->violation = violation;
      if (--state->missing == 0)
        live_.background().post([state] { state->found(state->violation); });
    });
}

void LiveMarks::keep_violation(const Asked& asked, const Violation& violation, Done<bool> done) {
  const rules::WorkerNames names = live_.configuration()->worker_names();
  const uint32_t worker = violation.worker.index;
  if (worker >= names.size()) return done(false);  // of a worker that was just removed
  keep(asked,
       supervisor::mark_of(violation, live_.series().labels(violation.series), names[worker].id,
                           names[worker].models),
       std::move(done));
}

void LiveMarks::keep(const Asked& asked, OperatorMark mark, Done<bool> done) {
  mark.verdict = *asked->verdict;
  mark.by = asked->by;
  mark.at = live_.clock().now();
  live_.decisions().write_state(
      [mark = std::move(mark), done = std::move(done)](state::Database& database) {
        auto transaction = database.begin();
        if (!transaction) return done(fail(transaction.error()));
        if (auto kept = supervisor::write_operator_mark(*transaction, mark); !kept)
          return done(fail(kept.error()));
        if (auto committed = transaction->commit(); !committed)
          return done(fail(committed.error()));
        done(true);
      });
}

// Of what nobody marked there is nothing to take back, and that is fine.
void LiveMarks::take_back(const Asked& asked, Done<bool> done) {
  live_.decisions().write_state([asked, done = std::move(done)](state::Database& database) {
    auto transaction = database.begin();
    if (!transaction) return done(fail(transaction.error()));
    auto gone = supervisor::remove_operator_mark(*transaction, asked->of, asked->id);
    if (!gone) return done(fail(gone.error()));
    if (auto committed = transaction->commit(); !committed) return done(fail(committed.error()));
    done(true);
  });
}

}  // namespace tocsin
