#include "replay/history.h"

#include <algorithm>
#include <utility>

namespace tocsin::replay {
namespace {

// A window holds about so many points: few reads of sparse data, little memory for dense.
constexpr size_t kWindowPoints = 200'000;
constexpr DurationMs kWindowMin = minutes(1), kWindowMax = days(7);
constexpr size_t kFramePoints = 8192;

}  // namespace

Result<void> History::open() {
  for (const Labels& labels : source_.series()) {
    auto added = table_.find_or_add(labels, 0);
    if (!added) return fail(added.error());
    refs_.push_back(added->ref);
  }
  return {};
}

Result<void> History::read(TimeMs from, TimeMs to) {
  rows_.clear();
  for (uint32_t i = 0; i < refs_.size(); ++i) {
    samples_.clear();
    if (auto done = source_.points(i, from, to, samples_); !done) return fail(done.error());
    for (const Sample& sample : samples_) rows_.push_back({sample.time, i, sample.value});
  }
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) {
    return std::pair(a.time, a.series) < std::pair(b.time, b.series);
  });
  return {};
}

void History::give_out(BatchKind kind, const std::function<void(Frame&)>& visit) {
  for (size_t begin = 0; begin < rows_.size();) {
    Frame frame;
    frame.arrival = rows_[begin].time;
    frame.batch.kind = kind;
    size_t end = begin;
    for (; end < rows_.size() && rows_[end].time == frame.arrival && end - begin < kFramePoints;
         ++end)
      frame.batch.add(refs_[rows_[end].series], rows_[end].time, rows_[end].value);
    visit(frame);
    begin = end;
  }
}

void History::adapt() {
  if (rows_.size() < kWindowPoints / 2) window_ = std::min(window_ * 2, kWindowMax);
  if (rows_.size() > kWindowPoints * 2)
    window_ = std::max(DurationMs{window_.count / 2}, kWindowMin);
}

Result<bool> History::frames(TimeMs from, TimeMs to, BatchKind kind,
                             const std::function<void(Frame&)>& visit,
                             const std::function<bool(TimeMs)>& progress) {
  for (TimeMs at = from; at < to;) {
    const TimeMs end = std::min(at + window_, to);
    if (auto done = read(at, end); !done) return fail(done.error());
    give_out(kind, visit);
    at = end;
    adapt();
    if (!progress(at)) return false;
  }
  return true;
}

}  // namespace tocsin::replay
