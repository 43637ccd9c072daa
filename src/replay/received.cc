#include "replay/received.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pipeline/decision_stage.h"
#include "pipeline/shard_stage.h"
#include "replay/warm_up.h"
#include "store/journal_scan.h"

namespace tocsin::replay {
namespace {

constexpr uint64_t kProgressEvery = 256;  // frames
constexpr std::string_view kTrainedWord = " trained ";

class Received {
 public:
  Received(const ReceivedPlan& received, SeriesTable& table, Counters& counters);
  Result<void> restore(Source* history);
  Result<Report> go(const Frames& frames, const std::function<bool(TimeMs)>& progress);

 private:
  pipeline::DecisionStage::Watch watch();
  uint32_t shard_count() const;
  bool same_configuration(std::string_view version) const {
    return version == received_.configuration;
  }
  Result<void> warm_up(Source& history);
  void announce_all();
  bool pass(const Frame& frame);
  void pass_on(Lsn durable);
  void replace(const pipeline::Passed& frame);
  std::string trained_with(std::string_view payload) const;

  const ReceivedPlan& received_;
  const Plan& plan_;
  SeriesTable& table_;
  std::vector<pipeline::ShardStage> shards_;
  std::vector<pipeline::ShardReport> reports_;
  pipeline::Merge merge_;
  pipeline::DecisionStage decisions_;
  supervisor::Changes changes_;
  Collector found_;
  Lsn replaced_at_;  // the frame that carries the configuration that holds already
};

Received::Received(const ReceivedPlan& received, SeriesTable& table, Counters& counters)
    : received_(received),
      plan_(received.plan),
      table_(table),
      reports_(shard_count()),
      merge_(shard_count()),
      decisions_(rules::Engine(plan_.rules, table_, plan_.worker_names),
                 supervisor::Supervisor(plan_.supervisor, plan_.routes, counters), watch()),
      found_(table_, plan_.worker_names, plan_.from, {plan_.violations_max, plan_.alerts_max}) {
  for (uint32_t i = 0; i < shard_count(); ++i)
    shards_.emplace_back(plan_.workers, table_, i, shard_count());
}

uint32_t Received::shard_count() const {
  return received_.state ? static_cast<uint32_t>(received_.state->shards.size()) : received_.shards;
}

pipeline::DecisionStage::Watch Received::watch() {
  return {.item = [this](const StreamItem& item) { found_.item(item); },
          .decision = {},
          .begin = [this](const pipeline::Passed& frame) { replace(frame); },
          .passed = {}};
}

Result<void> Received::restore(Source* history) {
  if (!received_.state) return {};
  const SavedState& state = *received_.state;
  for (const std::string& models : state.shards)
    for (pipeline::ShardStage& shard : shards_) {
      ByteReader in(models);
      if (auto loaded = shard.streamer().load(in); !loaded) return loaded;
    }
  const bool same = same_configuration(state.configuration);
  if (!same && history != nullptr)
    if (auto warmed = warm_up(*history); !warmed) return warmed;
  ByteReader rules(state.rules), alerts(state.alerts);
  if (auto loaded = decisions_.engine().load(rules); !loaded) return loaded;
  if (auto loaded = decisions_.supervisor().restore_open(alerts); !loaded) return loaded;
  if (!same) announce_all();
  return {};
}

// Workers that learned nothing by the saved state learn from what is kept before it.
Result<void> Received::warm_up(Source& history) {
  const auto unknown = plan_.workers->without(received_.state->workers);
  if (unknown->workers().empty()) return {};
  auto learned = learn(unknown, history, plan_.warm_up_from, received_.state->time);
  if (!learned) return fail(learned.error());
  for (pipeline::ShardStage& shard : shards_) {
    ByteReader in(*learned);
    if (auto loaded = shard.streamer().load(in); !loaded) return loaded;
  }
  return {};
}

// Other workers or rules than those that were saved: the rules must hear of every test anew.
void Received::announce_all() {
  const SavedState& state = *received_.state;
  streamer::StreamerOutputs outputs;
  for (size_t i = 0; i < shards_.size(); ++i) {
    shards_[i].streamer().announce({state.lsn, {}, 0, 0}, state.time, outputs);
    std::move(outputs.items.begin(), outputs.items.end(), std::back_inserter(reports_[i].items));
    outputs.clear();
  }
}

// As the live run: a configuration begins after its own frame on every shard, and before what that
// frame brings about in the rules.
bool Received::pass(const Frame& frame) {
  const bool begins =
      frame.kind == FrameKind::kConfig && same_configuration(version_of(frame.payload));
  const std::string trained = begins ? trained_with(frame.payload) : "";
  if (begins) replaced_at_ = frame.lsn;
  found_.report().points += frame.batch.size();
  for (size_t i = 0; i < shards_.size(); ++i) {
    shards_[i].pass(frame, reports_[i]);
    if (!begins) continue;
    const auto done =
        shards_[i].replace(plan_.workers, frame.lsn, frame.arrival, reports_[i], trained);
    if (!done) return false;
  }
  pass_on(frame.lsn);
  return true;
}

std::string Received::trained_with(std::string_view payload) const {
  const size_t at = payload.find(kTrainedWord);
  if (at == std::string_view::npos || !received_.trained) return "";
  return received_.trained(payload.substr(at + kTrainedWord.size()));
}

void Received::replace(const pipeline::Passed& frame) {
  if (frame.lsn != replaced_at_) return;
  std::vector<Decision> decisions;
  decisions_.supervisor().configure(plan_.supervisor, plan_.routes);
  decisions_.engine().replace(plan_.rules, plan_.worker_names, Lsn{frame.lsn.value - 1}, frame.time,
                              decisions);
  decisions_.take(std::move(decisions), changes_);
}

void Received::pass_on(Lsn durable) {
  for (uint32_t i = 0; i < reports_.size(); ++i) {
    merge_.add(i, reports_[i].items, reports_[i].passed);
    reports_[i].passed.clear();
    reports_[i].derived.clear();  // the journal has them
  }
  decisions_.run(merge_, durable, changes_);
  if (!changes_.empty()) found_.take(changes_);
}

Result<Report> Received::go(const Frames& frames, const std::function<bool(TimeMs)>& progress) {
  uint64_t count = 0;
  const Lsn after = received_.state ? received_.state->lsn : Lsn{0};
  const auto done = frames(after, [&](const Frame& frame) {
    if (frame.arrival >= plan_.to) return false;
    if (++count % kProgressEvery == 0 && !progress(frame.arrival)) return false;
    if (received_.all_series || frame.batch.size() == 0) return pass(frame);
    Frame part = frame;
    keep_points(part.batch,
                [&](SeriesRef ref) { return received_.only.matches(table_.labels(ref)); });
    return pass(part);
  });
  if (!done) return fail(done.error());
  return std::move(found_.report());
}

}  // namespace

std::string_view version_of(std::string_view payload) {
  return payload.substr(0, payload.find(' '));
}

Result<Report> run_received(const ReceivedPlan& plan, const Frames& frames, Source* history,
                            SeriesTable& table, Counters& counters,
                            const std::function<bool(TimeMs)>& progress) {
  if (!(plan.plan.from < plan.plan.to))
    return fail(ErrorCode::kInvalid, "cannot replay: the begin is not before the end");
  Received run(plan, table, counters);
  if (auto restored = run.restore(history); !restored) return fail(restored.error());
  return run.go(frames, progress);
}

}  // namespace tocsin::replay
