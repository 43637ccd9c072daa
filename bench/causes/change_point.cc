#include "change_point.h"

#include <algorithm>
#include <cmath>

namespace tocsin::bench {
namespace {

// Posterior of one run: the scale matrix is kept as its inverse and the log of its determinant, so
// that a row costs width^2.
struct Run {
  double kappa = 1, nu = 0, log_det = 0, log_weight = 0;
  std::vector<double> mean, inverse;

  static Run fresh(size_t width) {
    Run out;
    out.nu = static_cast<double>(width) + 1;
    out.mean.assign(width, 0);
    out.inverse.assign(width * width, 0);
    for (size_t i = 0; i < width; ++i) out.inverse[i * width + i] = 1;
    return out;
  }
  std::vector<double> away(const std::vector<double>& row) const {
    std::vector<double> out(row.size());
    for (size_t i = 0; i < row.size(); ++i) out[i] = row[i] - mean[i];
    return out;
  }
  std::vector<double> times(const std::vector<double>& vector) const {
    const size_t width = vector.size();
    std::vector<double> out(width);
    for (size_t i = 0; i < width; ++i)
      for (size_t k = 0; k < width; ++k) out[i] += inverse[i * width + k] * vector[k];
    return out;
  }
  // Of the multivariate t with nu - width + 1 degrees of freedom.
  double log_density(const std::vector<double>& row) const {
    const auto width = static_cast<double>(row.size());
    const double freedom = nu - width + 1;
    const double shrink = kappa * freedom / (kappa + 1);  // inverse scale = shrink x inverse
    const std::vector<double> d = away(row);
    const std::vector<double> side = times(d);
    double distance = 0;
    for (size_t i = 0; i < d.size(); ++i) distance += d[i] * side[i];
    return std::lgamma((freedom + width) / 2) - std::lgamma(freedom / 2) -
           width / 2 * std::log(freedom * M_PI) - 0.5 * (log_det - width * std::log(shrink)) -
           (freedom + width) / 2 * std::log1p(shrink * distance / freedom);
  }
  void learn(const std::vector<double>& row) {
    const size_t width = row.size();
    const double weight = kappa / (kappa + 1);
    const std::vector<double> d = away(row);
    const std::vector<double> side = times(d);
    double distance = 0;
    for (size_t i = 0; i < width; ++i) distance += d[i] * side[i];
    const double grown = 1 + weight * distance;
    for (size_t i = 0; i < width; ++i)
      for (size_t k = 0; k < width; ++k)
        inverse[i * width + k] -= weight * side[i] * side[k] / grown;
    log_det += std::log(grown);
    for (size_t i = 0; i < width; ++i) mean[i] += d[i] / (kappa + 1);
    kappa += 1;
    nu += 1;
  }
};

}  // namespace

std::vector<size_t> change_points(const std::vector<std::vector<double>>& rows, double run_length) {
  if (rows.empty() || rows.front().empty()) return {};
  const double hazard = 1 / run_length;
  std::vector<Run> runs{Run::fresh(rows.front().size())};  // by length, the shortest first
  std::vector<size_t> out;
  size_t longest_before = 0;
  for (size_t t = 0; t < rows.size(); ++t) {
    double largest = -INFINITY;
    for (Run& run : runs) {
      run.log_weight += run.log_density(rows[t]);
      largest = std::max(largest, run.log_weight);
    }
    double total = 0;
    for (Run& run : runs) {
      run.log_weight -= largest;
      total += std::exp(run.log_weight);
      run.log_weight += std::log1p(-hazard);
      run.learn(rows[t]);
    }
    runs.insert(runs.begin(), Run::fresh(rows.front().size()));
    runs.front().log_weight = std::log(hazard * total);
    for (Run& run : runs) run.log_weight -= std::log(total);
    const auto best = std::max_element(runs.begin(), runs.end(), [](const Run& a, const Run& b) {
      return a.log_weight < b.log_weight;
    });
    const auto length = static_cast<size_t>(best - runs.begin());
    if (length < longest_before && length <= t) out.push_back(t + 1 - length);
    longest_before = length;
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  std::erase(out, 0);
  return out;
}

}  // namespace tocsin::bench
