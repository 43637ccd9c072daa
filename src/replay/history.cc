#include "replay/history.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tocsin::replay {
namespace {

// A window holds about so many points: few reads of sparse data, little memory for dense.
constexpr size_t kWindowPoints = 200'000;
constexpr DurationMs kWindowMin = minutes(1), kWindowMax = days(7);
constexpr size_t kFramePoints = 8192;
constexpr uint32_t kDigitBits = 11;  // counts of one digit: 8 KB, within the first cache
constexpr size_t kDigits = 1 << kDigitBits;

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
  sort(from, to);
  return {};
}

// By time, and by series within an instant. The rows come series by series, each ascending, so a
// stable sort by time alone is enough: by its digits of 11 bits from the lowest on, which took a
// quarter of the time that comparing did (bench/replay, 1,000 series).
void History::sort(TimeMs from, TimeMs to) {
  const auto before = [](const Row& a, const Row& b) { return a.time < b.time; };
  if (std::is_sorted(rows_.begin(), rows_.end(), before)) return;
  sorted_.resize(rows_.size());
  const auto span = static_cast<uint64_t>((to - from).count);
  for (uint32_t shift = 0; span >> shift != 0; shift += kDigitBits) {
    const auto digit = [&](const Row& row) {
      return static_cast<uint64_t>((row.time - from).count) >> shift & (kDigits - 1);
    };
    std::array<uint32_t, kDigits> place{};
    for (const Row& row : rows_) ++place[digit(row)];
    uint32_t sum = 0;
    for (uint32_t& count : place) sum += std::exchange(count, sum);
    for (const Row& row : rows_) sorted_[place[digit(row)]++] = row;
    rows_.swap(sorted_);
  }
}

void History::give_out(BatchKind kind, const std::function<void(Frame&)>& visit) {
  Batch& batch = frame_.batch;
  batch.kind = kind;
  for (size_t begin = 0; begin < rows_.size();) {
    frame_.arrival = rows_[begin].time;
    batch.series.clear();
    batch.time.clear();
    batch.value.clear();
    size_t end = begin;
    for (; end < rows_.size() && rows_[end].time == frame_.arrival && end - begin < kFramePoints;
         ++end)
      batch.add(refs_[rows_[end].series], rows_[end].time, rows_[end].value);
    visit(frame_);
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
