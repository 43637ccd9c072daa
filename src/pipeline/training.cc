#include "pipeline/training.h"

#include <algorithm>
#include <numeric>

#include "models/kinds.h"
#include "streamer/class_history.h"
#include "streamer/streamer.h"
#include "vocabulary/series_table.h"

namespace tocsin::pipeline {
namespace {

constexpr DurationMs kLevelNeeds = hours(6);
constexpr DurationMs kSlowLevelNeeds = days(2);  // where the 6 h hold too few points
constexpr size_t kLevelPoints = 200;
constexpr DurationMs kChunk = days(1);
constexpr size_t kWindowPoints = 200'000;
constexpr DurationMs kWindowMin = minutes(1);

class Training {
 public:
  Training(const TrainingPlan& plan, History& history, const std::function<bool(double)>& progress)
      : plan_(plan),
        history_(history),
        progress_(progress),
        table_(static_cast<uint32_t>(history.series().size() * 4 + 4096)),
        streamer_(plan.workers, table_, 0, 1, options(plan)) {}
  Result<Trained> run();

 private:
  static streamer::Options options(const TrainingPlan& plan);
  bool wanted(WorkerRef ref) const {
    return std::find(plan_.wanted.begin(), plan_.wanted.end(), ref) != plan_.wanted.end();
  }
  Result<void> sort_out();
  struct Alone;
  std::vector<streamer::TimeSpan> class_days(const std::vector<WorkerRef>& testing,
                                             const Labels& labels, TimeMs before) const;
  Result<void> feed_alone(const Alone& own, TimeMs from, TimeMs to);
  Result<void> alone(size_t index);
  Result<void> together();
  Result<void> window(TimeMs from, TimeMs to);
  void feed(Batch batch);
  Result<void> step(double done);

  struct Alone {
    size_t index;
    DurationMs needs;
    bool level;                              // no more than levels
    std::vector<streamer::TimeSpan> before;  // days of the far past that it needs besides
  };
  const TrainingPlan& plan_;
  History& history_;
  const std::function<bool(double)>& progress_;
  SeriesTable table_;
  streamer::Streamer streamer_;
  std::vector<SeriesRef> refs_;
  std::vector<Alone> alone_;
  std::vector<size_t> together_;  // members of aggregates: their points go in order of time
  DurationMs together_needs_;
  std::vector<WorkerRef> groups_;  // workers of those
  std::vector<Sample> samples_;
  streamer::StreamerOutputs outputs_;
  Trained out_;
  uint64_t lsn_ = 0;
  double done_ = 0;
};

streamer::Options Training::options(const TrainingPlan& plan) {
  streamer::Options out;
  out.model_bytes_max = plan.model_bytes_max;
  out.tail_bytes_max = 0;  // the tails of judged points are shown, not learned
  out.only = plan.wanted;
  return out;
}

Result<void> Training::step(double done) {
  done_ = std::max(done_, done);
  if (progress_(done_)) return {};
  return fail(ErrorCode::kUnavailable, "the training was stopped");
}

// Which series go through which way.
Result<void> Training::sort_out() {
  const std::vector<Labels>& series = history_.series();
  for (size_t i = 0; i < series.size(); ++i) {
    auto added = table_.find_or_add(series[i], 0);
    if (!added) return fail(added.error());
    refs_.push_back(added->ref);
    Alone own{i, {}, true, {}};
    bool member = false;
    std::vector<WorkerRef> testing = plan_.workers->testing(series[i]);
    std::erase_if(testing, [&](WorkerRef ref) { return !wanted(ref); });
    for (const WorkerRef ref : testing) {
      const streamer::Worker& worker = plan_.workers->worker(ref);
      own.needs = std::max(own.needs, history_needed(worker));
      own.level = own.level && history_needed(worker) <= kLevelNeeds;
      member = member || worker.aggregate.has_value();
    }
    if (own.needs.count == 0) continue;
    if (!member) {
      own.before = class_days(testing, series[i], plan_.now - own.needs);
      alone_.push_back(std::move(own));
      continue;
    }
    together_.push_back(i);
    groups_.insert(groups_.end(), testing.begin(), testing.end());
    together_needs_ = std::max(together_needs_, own.needs);
  }
  return {};
}

// Of the series' own workers, where its site is.
std::vector<streamer::TimeSpan> Training::class_days(const std::vector<WorkerRef>& testing,
                                                     const Labels& labels, TimeMs before) const {
  std::vector<streamer::TimeSpan> out;
  for (const WorkerRef ref : testing) {
    const streamer::Worker& worker = plan_.workers->worker(ref);
    const auto local = plan_.workers->local(streamer::judged_labels(worker, labels));
    const auto days = streamer::class_days(worker, local, before);
    out.insert(out.end(), days.begin(), days.end());
  }
  return streamer::joined(std::move(out), before);
}

void Training::feed(Batch batch) {
  if (batch.empty()) return;
  batch.kind = BatchKind::kImport;
  const size_t size = batch.size();
  std::vector<uint32_t> rows(size);
  std::iota(rows.begin(), rows.end(), 0U);
  streamer_.step(Frame{Lsn{++lsn_}, TimeMs{}, std::move(batch)}, rows, outputs_);
  outputs_.clear();
  out_.points += size;
}

Result<void> Training::feed_alone(const Alone& own, TimeMs from, TimeMs to) {
  samples_.clear();
  if (auto read = history_.points(own.index, from, to, samples_); !read) return read;
  Batch batch;
  for (const Sample& sample : samples_) batch.add(refs_[own.index], sample.time, sample.value);
  feed(std::move(batch));
  return {};
}

// One series, day by day.
Result<void> Training::alone(size_t at) {
  const Alone& own = alone_[at];
  DurationMs needs = own.needs;
  if (own.level) {
    samples_.clear();
    const TimeMs from = plan_.now - needs;
    if (auto read = history_.points(own.index, from, plan_.now, samples_); !read) return read;
    if (samples_.size() < kLevelPoints) needs = std::max(needs, kSlowLevelNeeds);
  }
  for (const streamer::TimeSpan& days : own.before)
    if (auto fed = feed_alone(own, days.from, days.to); !fed) return fed;
  for (TimeMs from = plan_.now - needs; from < plan_.now;) {
    const TimeMs to = std::min(from + kChunk, plan_.now);
    if (auto fed = feed_alone(own, from, to); !fed) return fed;
    from = to;
    const double share = 1 - (plan_.now - from).seconds() / needs.seconds();
    const double series = static_cast<double>(alone_.size() + together_.size());
    if (auto more = step((static_cast<double>(at) + share) / series); !more) return more;
  }
  return {};
}

Result<void> Training::window(TimeMs from, TimeMs to) {
  struct Row {
    TimeMs time;
    size_t series;
    double value;
  };
  std::vector<Row> rows;
  for (const size_t index : together_) {
    samples_.clear();
    if (auto read = history_.points(index, from, to, samples_); !read) return read;
    for (const Sample& sample : samples_) rows.push_back({sample.time, index, sample.value});
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::pair(a.time, a.series) < std::pair(b.time, b.series);
  });
  Batch batch;
  for (const Row& row : rows) batch.add(refs_[row.series], row.time, row.value);
  feed(std::move(batch));
  return {};
}

// Members of aggregates, in windows that hold about as many points whatever their density.
Result<void> Training::together() {
  for (const streamer::TimeSpan& days :
       streamer::class_days(*plan_.workers, groups_, plan_.now - together_needs_))
    for (TimeMs from = days.from; from < days.to; from = from + hours(1))
      if (auto done = window(from, std::min(from + hours(1), days.to)); !done) return done;
  DurationMs length = hours(1);
  const double before = static_cast<double>(alone_.size());
  const double all = before + static_cast<double>(together_.size());
  for (TimeMs from = plan_.now - together_needs_; from < plan_.now;) {
    const TimeMs to = std::min(from + length, plan_.now);
    const uint64_t points = out_.points;
    if (auto done = window(from, to); !done) return done;
    from = to;
    if (out_.points - points < kWindowPoints / 2) length = std::min(length * 2, kChunk);
    if (out_.points - points > kWindowPoints * 2)
      length = std::max(DurationMs{length.count / 2}, kWindowMin);
    const double share = 1 - (plan_.now - from).seconds() / together_needs_.seconds();
    if (auto more = step((before + share * (all - before)) / all); !more) return more;
    if (out_.points > plan_.points_max) {
      out_.complete = false;
      return {};
    }
  }
  return {};
}

Result<Trained> Training::run() {
  if (auto done = sort_out(); !done) return fail(done.error());
  for (size_t i = 0; i < alone_.size(); ++i) {
    if (out_.points > plan_.points_max) {
      out_.complete = false;
      break;
    }
    if (auto done = alone(i); !done) return fail(done.error());
  }
  if (!together_.empty() && out_.complete)
    if (auto done = together(); !done) return fail(done.error());
  out_.series = alone_.size() + together_.size();
  ByteWriter models;
  streamer_.save(models);
  out_.models = models.take();
  return std::move(out_);
}

}  // namespace

std::vector<WorkerRef> changed_workers(const streamer::WorkerSet& before,
                                       const streamer::WorkerSet& after) {
  std::vector<WorkerRef> out;
  for (uint32_t i = 0; i < after.workers().size(); ++i) {
    const streamer::Worker& worker = after.workers()[i];
    const auto was = before.find(worker.id);
    if (was && before.worker(*was).definition == worker.definition) continue;
    if (history_needed(worker).count > 0) out.push_back(WorkerRef{i});
  }
  return out;
}

DurationMs history_needed(const streamer::Worker& worker) {
  DurationMs out;
  for (const models::ModelSpec& model : worker.models)
    if (model.weight > 0) out = std::max(out, models::history_of(model));
  return out;
}

Result<Trained> train(const TrainingPlan& plan, History& history,
                      const std::function<bool(double)>& progress) {
  return Training(plan, history, progress).run();
}

}  // namespace tocsin::pipeline
