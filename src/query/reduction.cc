#include "query/reduction.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace tocsin {
namespace {

void add_exactly(double& sum, double& correction, double value) {
  const double next = sum + value;
  if (!std::isfinite(next))
    correction = 0;
  else if (std::abs(sum) >= std::abs(value))
    correction += (sum - next) + value;
  else
    correction += (value - next) + sum;
  sum = next;
}

double quantile_of(std::vector<double>& values, double quantile) {
  const double rank = quantile * static_cast<double>(values.size() - 1);
  const auto low = static_cast<size_t>(rank);
  const auto at = values.begin() + static_cast<long>(low);
  std::nth_element(values.begin(), at, values.end());
  const double share = rank - static_cast<double>(low);
  if (share == 0) return *at;
  return *at * (1 - share) + *std::min_element(at + 1, values.end()) * share;
}

}  // namespace

Result<Reduction> Reduction::parse(std::string_view text) {
  constexpr std::pair<std::string_view, What> kNames[] = {
      {"min", What::kMin}, {"max", What::kMax},     {"mean", What::kMean},
      {"sum", What::kSum}, {"count", What::kCount}, {"last", What::kLast}};
  for (const auto& [name, what] : kNames)
    if (text == name) return Reduction{what, 0};
  if (text == "median") return Reduction{What::kQuantile, 0.5};
  double percent = -1;
  if (text.starts_with('p')) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + 1, end, percent, std::chars_format::fixed);
    if (read.ec != std::errc() || read.ptr != end) percent = -1;
  }
  if (percent >= 0 && percent <= 100) return Reduction{What::kQuantile, percent / 100};
  return fail(ErrorCode::kInvalid,
              fmt::format("reading the parameter reduce failed: \"{}\" is not one of min, max, "
                          "mean, sum, count, last, median, p0 to p100",
                          text));
}

void Reducer::add(const Sample& sample) {
  if (std::isnan(sample.value)) return;
  const bool first = count_++ == 0;
  switch (reduction_.what) {
    case Reduction::What::kMin:
      held_ = first ? sample.value : std::min(held_, sample.value);
      return;
    case Reduction::What::kMax:
      held_ = first ? sample.value : std::max(held_, sample.value);
      return;
    case Reduction::What::kMean:
    case Reduction::What::kSum:
      add_exactly(held_, correction_, sample.value);
      return;
    case Reduction::What::kCount:
      return;
    case Reduction::What::kLast:
      if (first || sample.time >= newest_) held_ = sample.value;
      newest_ = std::max(newest_, sample.time);
      return;
    case Reduction::What::kQuantile:
      values_.push_back(sample.value);
      return;
  }
}

void Reducer::join(Reducer&& other) {
  if (other.count_ == 0) return;
  if (reduction_.what == Reduction::What::kQuantile) {
    values_.insert(values_.end(), other.values_.begin(), other.values_.end());
    count_ += other.count_;
    return;
  }
  // Whatever was held of them stands for all of them.
  const size_t count = count_ + other.count_;
  add({other.newest_, other.held_});
  add_exactly(held_, correction_,
              reduction_.what == Reduction::What::kMean || reduction_.what == Reduction::What::kSum
                  ? other.correction_
                  : 0);
  count_ = count;
}

double Reducer::value() {
  const double none = std::numeric_limits<double>::quiet_NaN();
  switch (reduction_.what) {
    case Reduction::What::kMin:
    case Reduction::What::kMax:
    case Reduction::What::kLast:
      return count_ == 0 ? none : held_;
    case Reduction::What::kMean:
      return count_ == 0 ? none : (held_ + correction_) / static_cast<double>(count_);
    case Reduction::What::kSum:
      return held_ + correction_;
    case Reduction::What::kCount:
      return static_cast<double>(count_);
    case Reduction::What::kQuantile:
      return count_ == 0 ? none : quantile_of(values_, reduction_.quantile);
  }
  return none;
}

}  // namespace tocsin
