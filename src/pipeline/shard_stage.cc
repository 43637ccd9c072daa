#include "pipeline/shard_stage.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "vocabulary/markers.h"

namespace tocsin::pipeline {

ShardStage::ShardStage(std::shared_ptr<const streamer::WorkerSet> workers, SeriesTable& table,
                       uint32_t shard, uint32_t shards, streamer::Options options)
    : workers_(std::move(workers)),
      table_(table),
      shard_(shard),
      shards_(shards),
      options_(options),
      streamer_(std::make_unique<streamer::Streamer>(workers_, table, shard, shards, options)) {}

bool ShardStage::mine(SeriesRef ref) {
  if (ref.index >= route_.size()) route_.resize(ref.index + ref.index / 2 + 1024, 0);
  uint8_t& known = route_[ref.index];
  if (known == 0) {
    const Labels& labels = table_.labels(ref);
    const bool home = labels.hash() % shards_ == shard_;
    const bool extra = shards_ > 1 && (workers_->extra_shards(labels, shards_) >> shard_ & 1) != 0;
    known = home || extra ? 1 : 2;
  }
  return known == 1;
}

void ShardStage::pass(const Frame& frame, ShardReport& out) {
  rows_.clear();
  const std::vector<SeriesRef>& series = frame.batch.series;
  if (frame.batch.kind != BatchKind::kDerived)
    for (uint32_t row = 0; row < series.size(); ++row)
      if (mine(series[row])) rows_.push_back(row);
  if (frame.kind == FrameKind::kNote && frame.payload.starts_with(kStartedMarker))
    streamer_->interrupted(frame.arrival);
  streamer_->step(frame, rows_, outputs_);
  if (frame.kind == FrameKind::kNote)
    if (const auto given = read_answer_note(frame.payload))
      streamer_->answer(*given, {frame.lsn, {}, 0, 0}, frame.arrival, outputs_);
  out.passed.push_back({frame.lsn, frame.arrival, false});
  take(out);
}

void ShardStage::tick(Lsn last, TimeMs now, ShardReport& out) {
  streamer_->advance(last, now, outputs_);
  out.passed.push_back({last, now, true});
  take(out);
}

void ShardStage::take(ShardReport& out) {
  std::move(outputs_.items.begin(), outputs_.items.end(), std::back_inserter(out.items));
  out.derived.insert(out.derived.end(), outputs_.derived.begin(), outputs_.derived.end());
  outputs_.clear();
}

Result<void> ShardStage::replace(std::shared_ptr<const streamer::WorkerSet> workers, Lsn lsn,
                                 TimeMs arrival, ShardReport& out, std::string_view trained) {
  ByteWriter saved;
  streamer_->save(saved);
  auto made = std::make_unique<streamer::Streamer>(workers, table_, shard_, shards_, options_);
  ByteReader in(saved.bytes());
  if (auto loaded = made->load(in); !loaded) return fail(loaded.error());
  if (!trained.empty()) {
    ByteReader more(trained);
    if (auto loaded = made->load(more); !loaded) return fail(loaded.error());
  }
  std::vector<Violation> forgotten = streamer_->open_violations();
  streamer_ = std::move(made);
  const auto before = std::exchange(workers_, std::move(workers));
  route_.clear();
  streamer_->announce({lsn, {}, 0, 0}, arrival, outputs_);
  end_forgotten(std::move(forgotten), *before, lsn, arrival);
  take(out);
  return {};
}

// A worker that changed learns anew and knows nothing of what it had found: the rules must hear
// that this is over, or an alert would rest on it for ever.
void ShardStage::end_forgotten(std::vector<Violation> was_open, const streamer::WorkerSet& before,
                               Lsn lsn, TimeMs arrival) {
  std::set<Id128> still;
  for (const Violation& violation : streamer_->open_violations()) still.insert(violation.id);
  std::sort(was_open.begin(), was_open.end(),
            [](const Violation& a, const Violation& b) { return a.id < b.id; });
  uint64_t row = outputs_.items.empty() ? 0 : outputs_.items.back().at.row;
  for (Violation& violation : was_open) {
    const auto worker = workers_->find(before.worker(violation.worker).id);
    if (still.contains(violation.id) || !worker) continue;  // of a worker that is gone: rules know
    violation.worker = *worker;
    violation.state = ViolationState::kEnded;
    violation.ended = arrival;
    outputs_.items.push_back({{lsn, {}, ++row, 0},
                              arrival,
                              ViolationChange{ViolationChange::What::kEnded, violation, {}}});
  }
}

}  // namespace tocsin::pipeline
