#include "models/quality.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace tocsin::models {
namespace {

constexpr double kKpssLimit = 0.463;  // 5 %; Kwiatkowski, Phillips, Schmidt, Shin 1992, table 1
// With thousands of points every trace of correlation is significant; below this it is no use to
// anybody: a tenth of the spread explains a hundredth of the variance.
constexpr double kCorrelationOfUse = 0.1;
constexpr double kSpreadRatioMax = 2;

std::vector<double> units_of(std::span<const Residual> residuals) {
  std::vector<double> out;
  out.reserve(residuals.size());
  for (const Residual& one : residuals) {
    const double half = one.value >= 0 ? one.up : one.down;
    const double unit = one.value / half;
    if (half > 0 && std::isfinite(unit)) out.push_back(std::clamp(unit, -kUnitsMax, kUnitsMax));
  }
  return out;
}

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double log_likelihood(std::span<const Residual> residuals, double score) {
  const double rate = score * std::log(10.0);
  double sum = 0;
  size_t n = 0;
  for (const Residual& one : residuals) {
    if (!(one.up > 0 && one.down > 0)) continue;
    const double half = one.value >= 0 ? one.up : one.down;
    const double unit = std::min(std::abs(one.value) / half, kUnitsMax);
    if (!std::isfinite(unit)) continue;
    // Scales up/rate and down/rate: the density at 0 is 1 / (sum of the scales).
    sum += std::log(rate / (one.up + one.down)) - rate * unit;
    ++n;
  }
  return n == 0 ? 0 : sum / static_cast<double>(n);
}

std::vector<double> autocorrelations(std::span<const double> units) {
  const double mean = mean_of(units);
  double variance = 0;
  for (const double unit : units) variance += (unit - mean) * (unit - mean);
  std::vector<double> out(std::min(kQualityLags, units.size() / 4), 0);
  if (variance <= 0) return out;
  for (size_t lag = 1; lag <= out.size(); ++lag) {
    double sum = 0;
    for (size_t i = lag; i < units.size(); ++i) sum += (units[i] - mean) * (units[i - lag] - mean);
    out[lag - 1] = sum / variance;
  }
  return out;
}

// Long-run variance by Bartlett's weights over 12 (n/100)^(1/4) lags.
double kpss(std::span<const double> units) {
  const auto n = static_cast<double>(units.size());
  const double mean = mean_of(units);
  const auto lags = static_cast<size_t>(12 * std::pow(n / 100, 0.25));
  double sum = 0, squares = 0, partial = 0;
  for (const double unit : units) {
    partial += unit - mean;
    squares += partial * partial;
    sum += (unit - mean) * (unit - mean);
  }
  double variance = sum / n;
  for (size_t lag = 1; lag <= lags && lag < units.size(); ++lag) {
    double product = 0;
    for (size_t i = lag; i < units.size(); ++i)
      product += (units[i] - mean) * (units[i - lag] - mean);
    const double weight = 1 - static_cast<double>(lag) / (static_cast<double>(lags) + 1);
    variance += 2 * weight * product / n;
  }
  return variance > 0 ? squares / (n * n * variance) : 0;
}

double spread_ratio(std::span<const double> units) {
  double least = INFINITY, most = 0;
  for (size_t quarter = 0; quarter < 4; ++quarter) {
    const size_t from = units.size() * quarter / 4, to = units.size() * (quarter + 1) / 4;
    double sum = 0;
    for (size_t i = from; i < to; ++i) sum += std::abs(units[i]);
    const double mean = sum / static_cast<double>(std::max<size_t>(1, to - from));
    least = std::min(least, mean);
    most = std::max(most, mean);
  }
  if (most == 0) return 1;
  return least > 0 ? most / least : INFINITY;
}

std::string words_of(const Quality& quality, size_t worst_lag) {
  std::string out;
  const double worst = quality.autocorrelation.empty() ? 0 : quality.autocorrelation[worst_lag];
  if (quality.white)
    out = fmt::format("white: what is left is noise (autocorrelation at most {:.2f})",
                      std::abs(worst));
  else
    out =
        fmt::format("not white: something that repeats is left (autocorrelation {:.2f} at lag {})",
                    worst, worst_lag + 1);
  if (quality.stationary) return out + "; stationary";
  if (quality.spread_ratio > kSpreadRatioMax)
    return out +
           fmt::format("; not stationary: the spread changes {:.1f}-fold", quality.spread_ratio);
  return out + "; not stationary: its mean wanders";
}

// The regularised upper incomplete gamma function Q(a, x): by its series below a + 1, by its
// continued fraction above (Abramowitz and Stegun 6.5.29 and 6.5.31).
double gamma_tail(double a, double x) {
  if (x <= 0) return 1;
  const double lead = std::exp(-x + a * std::log(x) - std::lgamma(a));
  if (x < a + 1) {
    double term = 1 / a, sum = term;
    for (int n = 1; n < 1000 && term > sum * 1e-15; ++n) {
      term *= x / (a + n);
      sum += term;
    }
    return std::clamp(1 - lead * sum, 0.0, 1.0);
  }
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, fraction = d;
  for (int n = 1; n < 1000; ++n) {
    const double an = -n * (n - a);
    b += 2;
    d = 1 / std::max(kTiny, an * d + b);
    c = std::max(kTiny, b + an / c);
    fraction *= c * d;
    if (std::abs(c * d - 1) < 1e-15) break;
  }
  return std::clamp(lead * fraction, 0.0, 1.0);
}

// Share of the fitted tail in [0, x), of one side.
double share_below(double x, double score) { return 0.5 * (1 - std::pow(10, -score * x)); }

}  // namespace

double chi_square_tail(double x, double degrees) { return gamma_tail(degrees / 2, x / 2); }

double white_limit(size_t n) { return n == 0 ? 1 : 2.576 / std::sqrt(static_cast<double>(n)); }

double Quality::left_over() const {
  if (autocorrelation.empty()) return 0;
  const double r = std::clamp(autocorrelation.front(), -0.999, 0.999);
  return -0.5 * std::log(1 - r * r);
}

Quality quality_of(std::span<const Residual> residuals, double score) {
  Quality out;
  const std::vector<double> units = units_of(residuals);
  out.points = units.size();
  if (!out.known()) {
    out.words = fmt::format("cannot say yet: {} of {} points", out.points, kQualityPointsMin);
    return out;
  }
  const auto n = static_cast<double>(units.size());
  out.log_likelihood = log_likelihood(residuals, score);
  out.autocorrelation = autocorrelations(units);
  size_t worst = 0;
  for (size_t k = 0; k < out.autocorrelation.size(); ++k) {
    const double r = out.autocorrelation[k];
    out.ljung_box += r * r / (n - static_cast<double>(k + 1));
    if (std::abs(r) > std::abs(out.autocorrelation[worst])) worst = k;
  }
  out.ljung_box *= n * (n + 2);
  out.ljung_box_p = chi_square_tail(out.ljung_box, static_cast<double>(out.autocorrelation.size()));
  out.kpss = kpss(units);
  out.spread_ratio = spread_ratio(units);
  for (const double unit : units) out.outside += std::abs(unit) > 1 ? 1 / n : 0;
  out.white = out.ljung_box_p > 0.01 || std::abs(out.autocorrelation[worst]) < kCorrelationOfUse;
  out.stationary = out.kpss < kKpssLimit && out.spread_ratio <= kSpreadRatioMax;
  out.words = words_of(out, worst);
  return out;
}

std::vector<Bar> histogram(std::span<const Residual> residuals, double score, size_t bars) {
  constexpr double kReach = 1.5;
  std::vector<Bar> out(bars);
  const double width = 2 * kReach / static_cast<double>(bars);
  for (size_t i = 0; i < bars; ++i) {
    Bar& bar = out[i];
    bar.from = -kReach + static_cast<double>(i) * width;
    bar.to = bar.from + width;
    // What lies beyond the ends is in the first and the last bar.
    const double low = i == 0 ? INFINITY : std::abs(bar.from);
    const double high = i + 1 == bars ? INFINITY : std::abs(bar.to);
    bar.fitted = bar.from < 0 && bar.to > 0
                     ? share_below(low, score) + share_below(high, score)
                     : std::abs(share_below(high, score) - share_below(low, score));
  }
  for (const double unit : units_of(residuals)) {
    const auto at = static_cast<int64_t>((unit + kReach) / width);
    ++out[static_cast<size_t>(std::clamp<int64_t>(at, 0, static_cast<int64_t>(bars) - 1))].count;
  }
  return out;
}

}  // namespace tocsin::models
