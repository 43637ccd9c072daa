#pragma once
// For tests: one or several shards fed with frames, outputs collected and merged by Position.

#include <algorithm>
#include <string>
#include <vector>

#include "config/folder.h"
#include "streamer/streamer.h"

namespace tocsin::streamer {

inline std::shared_ptr<const WorkerSet> workers_of(const std::string& yaml) {
  config::Problems problems;
  const auto folder = config::Folder::from_texts({{"w.yaml", yaml}}, problems);
  auto set = WorkerSet::read(folder, problems);
  if (!problems.empty()) throw std::runtime_error(problems.text());
  return set;
}

struct Rig {
  explicit Rig(std::shared_ptr<const WorkerSet> workers, uint32_t shard_count = 1,
               Options options = {})
      : set(std::move(workers)), shards(shard_count) {
    for (uint32_t s = 0; s < shards; ++s) streamers.emplace_back(set, table, s, shards, options);
  }

  SeriesRef series(const Labels& labels) {
    return table.find_or_add(labels, static_cast<uint32_t>(labels.hash() % shards))->ref;
  }
  SeriesRef series(std::string_view name, std::vector<Labels::Pair> pairs = {}) {
    return series(Labels::of(name, std::move(pairs)));
  }

  // A frame that arrives at `arrival`; its points come from `batch`.
  void send(Batch batch, TimeMs arrival) {
    Frame frame{Lsn{++lsn}, arrival, std::move(batch)};
    for (uint32_t s = 0; s < shards; ++s) {
      std::vector<uint32_t> rows;
      for (uint32_t row = 0; row < frame.batch.size(); ++row)
        if (concerns(frame.batch.series[row], s)) rows.push_back(row);
      StreamerOutputs out;
      streamers[s].step(frame, rows, out);
      take(s, out);
    }
    merge();
  }
  void send(SeriesRef ref, TimeMs time, double value) {
    Batch batch;
    batch.add(ref, time, value);
    send(std::move(batch), time);
  }
  void import(SeriesRef ref, TimeMs time, double value, TimeMs arrival) {
    Batch batch;
    batch.kind = BatchKind::kImport;
    batch.add(ref, time, value);
    send(std::move(batch), arrival);
  }
  void advance(TimeMs now) {
    for (uint32_t s = 0; s < shards; ++s) {
      StreamerOutputs out;
      streamers[s].advance(Lsn{lsn}, now, out);
      take(s, out);
    }
    merge();
  }

  // Saves all, throws all away, loads all.
  void restart() {
    std::vector<std::string> saved;
    for (const Streamer& one : streamers) {
      ByteWriter out;
      one.save(out);
      saved.push_back(out.take());
    }
    streamers.clear();
    for (uint32_t s = 0; s < shards; ++s) {
      streamers.emplace_back(set, table, s, shards);
      for (const std::string& text : saved) {
        ByteReader in(text);
        if (auto loaded = streamers.back().load(in); !loaded)
          throw std::runtime_error(loaded.error().text());
      }
    }
  }

  // What happened, one line per item: "2026-... opened above payments_ok{...} by kpi 3 points".
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const StreamItem& item : items) out.push_back(line(item));
    return out;
  }
  std::string line(const StreamItem& item) const {
    if (const auto* status = std::get_if<SeriesStatus>(&item.what))
      return std::string(to_text(status->what)) + " " + table.labels(status->series).text() +
             " by " + set->worker(status->worker).id;
    const auto& change = std::get<ViolationChange>(item.what);
    static constexpr const char* kWhat[] = {"opened", "updated", "absent", "ended"};
    return std::string(kWhat[static_cast<int>(change.what)]) + " " +
           std::string(to_text(change.violation.direction)) + " " +
           table.labels(change.violation.series).text() + " by " +
           set->worker(change.violation.worker).id;
  }
  // All of an item that has meaning outside of this process, as text: for comparing runs.
  std::string full(const StreamItem& item) const;

  std::vector<const ViolationChange*> changes(ViolationChange::What what) const {
    std::vector<const ViolationChange*> out;
    for (const StreamItem& item : items)
      if (const auto* change = std::get_if<ViolationChange>(&item.what))
        if (change->what == what) out.push_back(change);
    return out;
  }
  size_t opened() const { return changes(ViolationChange::What::kOpened).size(); }

  bool concerns(SeriesRef ref, uint32_t shard) {
    const Labels& labels = table.labels(ref);
    return labels.hash() % shards == shard || (set->extra_shards(labels, shards) >> shard & 1) != 0;
  }

  SeriesTable table{100'000};
  std::shared_ptr<const WorkerSet> set;
  uint32_t shards;
  std::vector<Streamer> streamers;
  uint64_t lsn = 0;
  std::vector<StreamItem> items;
  std::vector<Point> derived;

 private:
  void take(uint32_t, StreamerOutputs& out) {
    for (size_t i = 1; i < out.items.size(); ++i)
      if (!(out.items[i - 1].at < out.items[i].at)) out_of_order = true;
    std::move(out.items.begin(), out.items.end(), std::back_inserter(fresh_));
    derived.insert(derived.end(), out.derived.begin(), out.derived.end());
  }
  void merge() {
    std::stable_sort(fresh_.begin(), fresh_.end(),
                     [](const StreamItem& a, const StreamItem& b) { return a.at < b.at; });
    std::move(fresh_.begin(), fresh_.end(), std::back_inserter(items));
    fresh_.clear();
  }
  std::vector<StreamItem> fresh_;

 public:
  bool out_of_order = false;  // some shard's items did not ascend
};

inline std::string Rig::full(const StreamItem& item) const {
  ByteWriter out;
  out.text(line(item));
  out.u64(item.at.lsn.value);
  out.zigzag(item.at.due.ms);
  out.u64(item.at.row);
  out.u32(item.at.step);
  out.zigzag(item.arrival.ms);
  if (const auto* change = std::get_if<ViolationChange>(&item.what)) {
    const Violation& v = change->violation;
    out.u64(v.id.low);
    out.zigzag(v.opened.ms);
    out.zigzag(v.updated.ms);
    out.zigzag(v.ended.ms);
    out.varint(v.points_outside);
    for (const JudgedPoint* point : {&v.last, &v.worst}) {
      out.zigzag(point->time.ms);
      for (const double d : {point->value, point->expected, point->lower, point->upper,
                             point->score, point->distance})
        out.f64(d);
      for (const ModelBand& band : point->models) out.f64(band.expected + band.weight);
    }
    out.u8(v.motion.has_value());
    if (v.motion) out.f64(v.motion->speed + v.motion->acceleration + v.motion->raw_slope);
    out.zigzag(v.cadence.count);
    out.varint(change->tail ? change->tail->size() : 0);
  }
  if (const auto* status = std::get_if<SeriesStatus>(&item.what)) {
    out.zigzag(status->since.ms);
    out.zigzag(status->guarded_from.ms);
  }
  return out.take();
}

}  // namespace tocsin::streamer
