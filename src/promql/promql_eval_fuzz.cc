// Any text that parses is evaluated over a few points: it ends, within its limits, and no label set
// comes twice.
#include <algorithm>

#include "base/check.h"
#include "promql/engine.h"
#include "promql/parse.h"

namespace {

using namespace tocsin;
using namespace tocsin::promql;

class FewPoints : public Source {
 public:
  FewPoints() {
    for (const char* name : {"up", "load", "x_bucket"})
      for (const char* le : {"0.5", "1", "+Inf", ""}) {
        labels_.push_back(Labels::of(name, {{"le", le}, {"site", "a"}}));
      }
  }
  Result<Selected> select(const std::vector<LabelMatcher>& matchers, TimeMs from, TimeMs to,
                          const SelectHint&, size_t) override {
    TOCSIN_CHECK(from <= to, "a selector asks for nothing");
    Selected selected;
    for (size_t i = 0; i < labels_.size(); ++i) {
      if (!std::all_of(matchers.begin(), matchers.end(),
                       [&](const LabelMatcher& matcher) { return matcher.matches(labels_[i]); }))
        continue;
      SourceSeries series{&labels_[i], {}};
      for (int64_t k = 0; k < 12; ++k) {
        const TimeMs time{k * 37'000 + static_cast<int64_t>(i)};
        if (time < from || time > to) continue;
        const double value = k == 5 ? std::bit_cast<double>(kStaleBits)
                                    : static_cast<double>(k * static_cast<int64_t>(i)) - 7;
        series.samples.push_back({time, value});
      }
      selected.series.push_back(std::move(series));
    }
    return selected;
  }

 private:
  std::vector<Labels> labels_;
};

void distinct(const Answer& answer) {
  std::vector<Labels> labels;
  if (const auto* vector = std::get_if<Vector>(&answer.value))
    for (const VectorSample& one : *vector) labels.push_back(one.labels);
  if (const auto* matrix = std::get_if<Matrix>(&answer.value))
    for (const MatrixSeries& one : *matrix) {
      labels.push_back(one.labels);
      TOCSIN_CHECK(!one.samples.empty(), "a series without points");
    }
  std::sort(labels.begin(), labels.end());
  TOCSIN_CHECK(std::adjacent_find(labels.begin(), labels.end()) == labels.end(),
               "a label set comes twice");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Parsed expr = parse({reinterpret_cast<const char*>(data), size});
  if (!expr) return 0;
  FewPoints points;
  size_t asked = 0;
  Options options;
  options.limits.samples_max = 20'000;
  options.limits.stop = [&] { return ++asked > 20; };
  const auto instant = evaluate(**expr, Instant{TimeMs{300'000}}, points, options);
  if (instant) distinct(*instant);
  asked = 0;
  const auto range =
      evaluate(**expr, Range{TimeMs{-20'000}, TimeMs{420'000}, {61'000}}, points, options);
  if (range) distinct(*range);
  return 0;
}
