#include "replay/history.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <tuple>

namespace tocsin::replay {
namespace {

constexpr TimeMs kBegin{1'780'000'000'123};

class Listed final : public Source {
 public:
  explicit Listed(std::vector<std::vector<Sample>> points) : points_(std::move(points)) {
    for (size_t i = 0; i < points_.size(); ++i)
      labels_.push_back(Labels::of("m", {{"i", std::to_string(i)}}));
  }
  const std::vector<Labels>& series() const override { return labels_; }
  Result<void> points(size_t series, TimeMs from, TimeMs to, std::vector<Sample>& out) override {
    for (const Sample& sample : points_[series])
      if (sample.time >= from && sample.time < to) out.push_back(sample);
    return {};
  }

 private:
  std::vector<std::vector<Sample>> points_;
  std::vector<Labels> labels_;
};

using Row = std::tuple<TimeMs, uint32_t, double>;

// Over spans of seconds and of weeks; the same instants in several series, and twice in one.
RC_GTEST_PROP(History, GivesAllPointsInTheOrderOfTimeAndSeries, ()) {
  const int64_t step = *rc::gen::element<int64_t>(1, 977, 60'000, 3'600'000);
  std::vector<std::vector<Sample>> points(static_cast<size_t>(*rc::gen::inRange(1, 8)));
  std::vector<Row> expected;
  for (size_t i = 0; i < points.size(); ++i) {
    TimeMs now = kBegin;
    for (int k = *rc::gen::inRange(0, 60); k > 0; --k) {
      now = now + milliseconds(step * *rc::gen::inRange(0, 6));
      points[i].push_back({now, static_cast<double>(k)});
      expected.emplace_back(now, static_cast<uint32_t>(i), static_cast<double>(k));
    }
  }
  std::stable_sort(expected.begin(), expected.end(), [](const Row& a, const Row& b) {
    return std::pair(std::get<0>(a), std::get<1>(a)) < std::pair(std::get<0>(b), std::get<1>(b));
  });
  Listed source(std::move(points));
  SeriesTable table(100);
  History history(source, table);
  RC_ASSERT(history.open().has_value());
  std::vector<Row> found;
  TimeMs last = kTimeMin;
  const auto visit = [&](Frame& frame) {
    RC_ASSERT(last < frame.arrival);
    last = frame.arrival;
    for (size_t i = 0; i < frame.batch.size(); ++i) {
      RC_ASSERT(frame.batch.time[i] == frame.arrival);
      found.emplace_back(frame.batch.time[i], frame.batch.series[i].index, frame.batch.value[i]);
    }
  };
  const auto done = history.frames(kBegin, kBegin + milliseconds(step * 400), BatchKind::kLive,
                                   visit, [](TimeMs) { return true; });
  RC_ASSERT(done.has_value() && *done);
  RC_ASSERT(found == expected);
}

}  // namespace
}  // namespace tocsin::replay
