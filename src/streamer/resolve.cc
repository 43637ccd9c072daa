// What tests a series, made when it is first seen.
#include <algorithm>

#include "streamer/core.h"

namespace tocsin::streamer {

uint32_t Streamer::Core::resolve(SeriesRef series) {
  const Labels source = table_.labels(series);
  const bool home = source.hash() % shards_ == shard_;
  const size_t begin = tests_.size();
  for (const WorkerRef ref : set_->testing(source)) {
    const std::vector<WorkerRef>& only = options_.only;
    if (!only.empty() && std::find(only.begin(), only.end(), ref) == only.end()) continue;
    const Worker& worker = set_->worker(ref);
    if (worker.aggregate)
      add_feed(series, ref);
    else if (home)
      add_plain(series, ref, begin);
  }
  const size_t end = tests_.size();
  if (begin == end) return kUntested;
  for (size_t i = begin; i + 1 < end; ++i) tests_[i].set(SeriesTest::kMore);
  return static_cast<uint32_t>(begin);
}

SeriesTest& Streamer::Core::add_test(uint32_t series, WorkerRef worker, const Labels& source) {
  const auto index = static_cast<uint32_t>(tests_.size());
  SeriesTest& test = tests_.push();
  test.index = index;
  test.series = series;
  test.worker = static_cast<uint16_t>(worker.index);
  const auto matches = [&](const Mark& mark) {
    return mark.matches(source) || mark.matches(table_.labels({series}));
  };
  for (const Mark& mark : set_->marks())
    if (matches(mark)) test.set(SeriesTest::kMarked);
  test.set(SeriesTest::kAwaited,
           set_->awaits_silence(source) || set_->awaits_silence(table_.labels({series})));
  return test;
}

bool Streamer::Core::add_plain(SeriesRef series, WorkerRef ref, size_t first_of_series) {
  const Worker& worker = set_->worker(ref);
  const Labels& source = table_.labels(series);
  const Transform transform = transform_of(worker, source.name());
  SeriesRef judged = series;
  if (transform != Transform::kNone) {
    const auto added = table_.find_or_add(transformed_labels(worker, source), shard_);
    if (!added) {
      ++counts_.derived_refused;
      return false;
    }
    judged = added->ref;
  }
  bool first = true;
  for (size_t i = first_of_series; i < tests_.size(); ++i)
    if (tests_[i].series == judged.index) first = false;
  SeriesTest& test = add_test(judged.index, ref, source);
  test.source = series.index;
  judging_.push_back(test.index);
  const Judge& judge = judges_[ref.index];
  if (transform != Transform::kNone) {
    test.set(SeriesTest::kDerived);
    test.set(SeriesTest::kFirstToDerive, first);
    judged_[judged.index].push_back(test.index);
    more_of(test).transform_kind = transform;
  }
  if (judge.needs_more()) more_of(test);
  return true;
}

bool Streamer::Core::add_feed(SeriesRef series, WorkerRef ref) {
  const Worker& worker = set_->worker(ref);
  const Labels source = table_.labels(series);
  const Labels judged = judged_labels(worker, source);
  if (judged.hash() % shards_ != shard_) return false;
  const std::optional<uint32_t> group = group_of(ref, judged, source);
  if (!group) return false;
  const std::optional<uint32_t> member = groups_[*group].group->join(worker.is_behind(source));
  if (!member) {
    ++counts_.members_refused;
    return false;
  }
  const uint32_t index = add_test(series.index, ref, source).index;
  SeriesTest& test = tests_[index];
  test.set(SeriesTest::kFeed);
  SeriesMore& more = more_of(test);
  more.group = *group;
  more.member = *member;
  more.transform_kind = transform_of(worker, source.name());
  return true;
}

// The group with these labels and, made with it, the test of its result. That test must not lie
// among those of the series being resolved: it is not reached by the series' points.
std::optional<uint32_t> Streamer::Core::group_of(WorkerRef ref, const Labels& labels,
                                                 const Labels& source) {
  const auto found = group_index_.find({ref.index, labels});
  if (found != group_index_.end()) return found->second;
  const auto added = table_.find_or_add(labels, shard_);
  if (!added) {
    ++counts_.derived_refused;
    return std::nullopt;
  }
  const Worker& worker = set_->worker(ref);
  const auto index = static_cast<uint32_t>(groups_.size());
  GroupEntry entry;
  entry.group = std::make_unique<Group>(*worker.aggregate, worker.lateness);
  entry.judged = added->ref;
  entry.source = source;
  if (const Labels behind = behind_labels(worker, labels); !behind.empty())
    if (const auto series = table_.find_or_add(behind, shard_)) entry.behind = series->ref;
  entry.worker = ref;
  groups_.push_back(std::move(entry));
  group_index_.emplace(std::pair{ref.index, labels}, index);
  return index;
}

// Made when its first slot closes.
SeriesTest& Streamer::Core::group_test(uint32_t index) {
  GroupEntry& entry = groups_[index];
  if (entry.test != kNone) return tests_[entry.test];
  SeriesTest& test = add_test(entry.judged.index, entry.worker, entry.source);
  test.set(SeriesTest::kGroup);
  test.source = entry.last;
  entry.test = test.index;
  judging_.push_back(test.index);
  judged_[entry.judged.index].push_back(test.index);
  if (judges_[entry.worker.index].needs_more()) more_of(test);
  return test;
}

SeriesMore& Streamer::Core::more_of(SeriesTest& test) {
  if (test.more != kNone) return *mores_[test.more];
  if (mores_free_.empty()) {
    mores_free_.push_back(static_cast<uint32_t>(mores_.size()));
    mores_.emplace_back();
  }
  test.more = mores_free_.back();
  mores_free_.pop_back();
  mores_[test.more] = std::make_unique<SeriesMore>();
  SeriesMore& more = *mores_[test.more];
  const Worker& worker = set_->workers()[test.worker];
  if (test.is(SeriesTest::kFeed)) return more;
  more.models = judges_[test.worker].make_models(set_->local(labels(test)), model_budget_);
  if (worker.tier != Tier::kKpi) return more;
  const uint64_t bytes =
      JudgedRing::kPoints * (sizeof(JudgedPoint) + worker.model_kinds().size() * sizeof(ModelBand));
  const size_t points = tail_budget_.take(bytes) ? JudgedRing::kPoints : 1;
  more.ring = std::make_unique<JudgedRing>(points);
  return more;
}

// Given back when nothing but a violation that has ended was in it.
void Streamer::Core::release_more(SeriesTest& test) {
  SeriesMore& more = *mores_[test.more];
  if (more.band != nullptr || more.silence != nullptr || !more.models.empty()) return;
  if (more.ring != nullptr || more.transform_kind != Transform::kNone) return;
  if (judges_[test.worker].needs_more()) return;
  mores_[test.more].reset();
  mores_free_.push_back(test.more);
  test.more = kNone;
}

}  // namespace tocsin::streamer
