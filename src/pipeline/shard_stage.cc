#include "pipeline/shard_stage.h"

#include <iterator>
#include <utility>

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
  streamer_->step(frame, rows_, outputs_);
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
                                 TimeMs arrival, ShardReport& out) {
  ByteWriter saved;
  streamer_->save(saved);
  auto made = std::make_unique<streamer::Streamer>(workers, table_, shard_, shards_, options_);
  ByteReader in(saved.bytes());
  if (auto loaded = made->load(in); !loaded) return fail(loaded.error());
  streamer_ = std::move(made);
  workers_ = std::move(workers);
  route_.clear();
  streamer_->announce({lsn, {}, 0, 0}, arrival, outputs_);
  take(out);
  return {};
}

}  // namespace tocsin::pipeline
