// Quantiles of classic histograms: series of one histogram differ in the label `le` alone.

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "promql/eval_functions.h"

namespace tocsin::promql {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Bucket {
  double bound = 0;  // upper, included
  double count = 0;  // of this bucket and all below
};

struct Histogram {
  Identity id;
  struct Part {
    double bound;
    uint32_t row;
  };
  std::vector<Part> parts;  // ascending by bound
};

// Buckets of one bound count together; counts never fall from bucket to bucket (they can after
// federation or rate() over series that were scraped at different times).
void make_cumulative(std::vector<Bucket>& buckets) {
  size_t last = 0;
  for (size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].bound == buckets[last].bound)
      buckets[last].count += buckets[i].count;
    else
      buckets[++last] = buckets[i];
  }
  buckets.resize(last + 1);
  double highest = buckets[0].count;
  for (size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].count > highest)
      highest = buckets[i].count;
    else if (buckets[i].count < highest)
      buckets[i].count = highest;
  }
}

// `buckets` ascending by bound, not empty.
double quantile_of(double q, std::vector<Bucket>& buckets) {
  if (std::isnan(q)) return kNaN;
  if (q < 0) return -kInfinity;
  if (q > 1) return kInfinity;
  if (buckets.back().bound != kInfinity) return kNaN;
  make_cumulative(buckets);
  const size_t highest = buckets.size() - 1;
  if (highest == 0) return kNaN;
  const double observations = buckets[highest].count;
  if (observations == 0) return kNaN;
  double rank = q * observations;
  // Binary search, so that counts that are NaN lead where they lead in Prometheus.
  size_t at = 0, end = highest;
  while (at < end) {
    const size_t middle = at + (end - at) / 2;
    if (buckets[middle].count >= rank)
      end = middle;
    else
      at = middle + 1;
  }
  if (at == highest) return buckets[highest - 1].bound;
  if (at == 0 && buckets[0].bound <= 0) return buckets[0].bound;
  double start = 0, count = buckets[at].count;
  if (at > 0) {
    start = buckets[at - 1].bound;
    count -= buckets[at - 1].count;
    rank -= buckets[at - 1].count;
  }
  return start + (buckets[at].bound - start) * (rank / count);
}

std::vector<Histogram> group(const Rows& rows, Context& context) {
  std::vector<Histogram> histograms;
  KeyTable keys;
  std::string key;
  for (uint32_t i = 0; i < rows.rows.size(); ++i) {
    const Identity id = rows.rows[i].id;
    const std::optional<double> bound = parse_double(id.get("le"));
    if (!bound) continue;
    key.clear();
    id.each([&](std::string_view name, std::string_view value) {
      if (name != "le") key.append(name).append(1, '\xff').append(value).append(1, '\xff');
    });
    const uint32_t number = keys.number(key);
    if (number == histograms.size())
      histograms.push_back(
          {{context.keep(id.labels().with("le", "").with(kNameLabel, "")), false}, {}});
    histograms[number].parts.push_back({*bound, i});
  }
  for (Histogram& histogram : histograms)
    std::stable_sort(histogram.parts.begin(), histogram.parts.end(),
                     [](const auto& a, const auto& b) { return a.bound < b.bound; });
  return histograms;
}

}  // namespace

Result<Rows> histogram_quantile(const Scalars& q, const Rows& rows, Context& context) {
  Rows out;
  std::vector<Bucket> buckets;
  for (const Histogram& histogram : group(rows, context)) {
    uint32_t begin = UINT32_MAX, end = 0;
    for (const Histogram::Part& part : histogram.parts) {
      begin = std::min(begin, rows.rows[part.row].begin);
      end = std::max(end, rows.rows[part.row].end());
    }
    const std::span<double> cells = out.add(histogram.id, begin, end - begin);
    for (uint32_t step = begin; step < end; ++step) {
      buckets.clear();
      for (const Histogram::Part& part : histogram.parts)
        if (const double count = rows.at(rows.rows[part.row], step); has_value(count))
          buckets.push_back({part.bound, count});
      if (!buckets.empty()) cells[step - begin] = quantile_of(q.at(step), buckets);
      if (auto worked = context.work(4 * histogram.parts.size()); !worked)
        return fail(worked.error());
    }
    out.trim_last();
    if (auto held = context.hold(out); !held) return fail(held.error());
  }
  if (auto joined = unify(out, context); !joined) return fail(joined.error());
  out.one_name = true;
  return out;
}

}  // namespace tocsin::promql
