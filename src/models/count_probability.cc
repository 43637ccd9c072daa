#include "models/count_probability.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tocsin::models {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kLnRootTwoPi = 0.9189385332046727;
constexpr double kSmallest = 1e-300;  // stands for 0 in a continued fraction
constexpr double kExact = 1e-13;      // relative change at which one has converged
constexpr int kStepsMax = 2000;
constexpr double kCountMax = 1e15;  // up to here every integer is a double
// Both parameters from here on: the uniform expansion is better than 1e-4.
constexpr double kUniformFrom = 300;

// How far Stirling's formula for ln Gamma(a) falls short: 1/12a - ...
double stirling_rest(double a) {
  if (a < 15) return std::lgamma(a) - ((a - 0.5) * std::log(a) - a + kLnRootTwoPi);
  const double square = 1 / (a * a);
  return (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square / 1680))) / a;
}

// a ln(a / m) + m - a, without cancellation where a is near m.
double deviance(double a, double m) {
  const double relative = (a - m) / m;
  if (std::abs(relative) > 0.1) return a * std::log(a / m) + m - a;
  // m ((1 + r) ln(1 + r) - r) as a series in r.
  double power = relative * relative, sum = 0;
  for (int i = 2; i < 20; ++i, power *= -relative) sum += power / (i * (i - 1));
  return m * sum;
}

// ln of x^a y^b / B(a, b).
double ln_beta_term(double a, double b, double x, double y) {
  const double n = a + b;
  return stirling_rest(n) - stirling_rest(a) - stirling_rest(b) + 0.5 * std::log(a / n * b) -
         kLnRootTwoPi - deviance(a, n * x) - deviance(b, n * y);
}

// ln(1 - e^value), value <= 0.
double ln_rest(double value) {
  if (value >= 0) return -kInfinite;
  return value > -0.6931471805599453 ? std::log(-std::expm1(value)) : std::log1p(-std::exp(value));
}

// e^(z^2) erfc(z) / 2 for z >= 0.
double half_scaled_erfc(double z) {
  if (z < 5) return 0.5 * std::exp(z * z) * std::erfc(z);
  double fraction = 0;
  for (int i = 12; i > 0; --i) fraction = i / 2.0 / (z + fraction);
  return 0.5 / (1.7724538509055159 * (z + fraction));
}

// Temme's expansion to its first term: exponent = -ln of the leading exponential (>= 0), gap =
// sqrt(2 exponent / scale) / scale-free distance from the mean; see the callers.
double uniform_tail(double exponent, double correction) {
  return -exponent + std::log(half_scaled_erfc(std::sqrt(exponent)) + correction);
}

// Of I_x(a, b) where x lies below the mean a / (a + b), by Lentz's method.
double beta_fraction(double a, double b, double x) {
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (std::abs(d) < kSmallest) d = kSmallest;
  d = 1 / d;
  double result = d;
  for (int m = 1; m <= kStepsMax; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double step = 1;
    for (const double term : {even, odd}) {
      d = 1 + term * d;
      c = 1 + term / c;
      if (std::abs(d) < kSmallest) d = kSmallest;
      if (std::abs(c) < kSmallest) c = kSmallest;
      d = 1 / d;
      step = c * d;
      result *= step;
    }
    if (std::abs(step - 1) < kExact) break;
  }
  return result;
}

double ln_beta_below_mean(double a, double b, double x, double y) {
  if (std::min(a, b) < kUniformFrom)
    return ln_beta_term(a, b, x, y) - std::log(a) + std::log(beta_fraction(a, b, x));
  const double n = a + b, mean = a / n;
  const double exponent = deviance(a, n * x) + deviance(b, n * y);
  const double eta = std::sqrt(2 * exponent / n);
  const double apart = (mean - x) / std::sqrt(mean * (b / n));
  // 1 / apart - 1 / eta cancels near the mean; its limit there is that of the skewness.
  const double term = apart < 1e-5 ? (b - a) / (3 * std::sqrt(a * b)) : 1 / apart - 1 / eta;
  return uniform_tail(exponent, term / std::sqrt(2 * 3.141592653589793 * n));
}

// P(a, x) by its series; x < a + 1.
double ln_gamma_series(double a, double x) {
  double term = 1, sum = 1;
  for (int i = 1; i <= kStepsMax && term > kExact * sum; ++i) sum += term *= x / (a + i);
  return -deviance(a, x) - 0.5 * std::log(a) - kLnRootTwoPi - stirling_rest(a) + std::log(sum);
}

// Q(a, x) by its continued fraction; x >= a + 1.
double ln_gamma_fraction(double a, double x) {
  double b = x + 1 - a, c = 1 / kSmallest, d = 1 / b, result = d;
  for (int i = 1; i <= kStepsMax; ++i) {
    const double term = -i * (i - a);
    b += 2;
    d = term * d + b;
    c = b + term / c;
    if (std::abs(d) < kSmallest) d = kSmallest;
    if (std::abs(c) < kSmallest) c = kSmallest;
    d = 1 / d;
    result *= d * c;
    if (std::abs(d * c - 1) < kExact) break;
  }
  return -deviance(a, x) + 0.5 * std::log(a) - kLnRootTwoPi - stirling_rest(a) + std::log(result);
}

// The tail that lies beyond x, seen from the mean a.
double ln_gamma_tail_uniform(double a, double x) {
  const double exponent = deviance(a, x);
  const double sign = x < a ? -1 : 1;
  const double eta = sign * std::sqrt(2 * exponent / a);
  const double apart = (x - a) / a;
  const double term = std::abs(apart) < 1e-5 ? -1.0 / 3 : 1 / apart - 1 / eta;
  return uniform_tail(exponent, sign * term / std::sqrt(2 * 3.141592653589793 * a));
}

// Smallest k in [0, most] for which beyond(k) holds, beyond being monotone: from a guess, outwards
// in doubling steps, then by halves.
template <class Beyond>
double first_beyond(double guess, double most, const Beyond& beyond) {
  double low = -1, high = std::max(0.0, std::min(most, std::floor(guess)));
  for (double step = 1; high <= most && !beyond(high); step *= 2) {
    low = high;
    if (high >= most) return most + 1;
    high = std::min(most, high + step);
  }
  for (double step = 1; low < high - 1; step *= 2) {
    const double middle = low < 0 || step < (high - low) / 2 ? std::max(low + 1, high - step)
                                                             : std::floor((low + high) / 2);
    if (beyond(middle))
      high = middle;
    else
      low = middle;
  }
  return high;
}

}  // namespace

double score_of(double ln_probability) {
  return std::clamp(-ln_probability / kLn10, 0.0, kScoreOfTheImpossible);
}

double ln_incomplete_beta(double a, double b, double x, double y) {
  if (x <= 0) return -kInfinite;
  if (y <= 0) return 0;
  if (x * (a + b) <= a) return ln_beta_below_mean(a, b, x, y);
  return ln_rest(ln_beta_below_mean(b, a, y, x));
}

double ln_gamma_lower(double a, double x) {
  if (x <= 0) return -kInfinite;
  if (a >= kUniformFrom)
    return x < a ? ln_gamma_tail_uniform(a, x) : ln_rest(ln_gamma_tail_uniform(a, x));
  return x < a + 1 ? ln_gamma_series(a, x) : ln_rest(ln_gamma_fraction(a, x));
}

double ln_gamma_upper(double a, double x) {
  if (x <= 0) return 0;
  if (a >= kUniformFrom)
    return x < a ? ln_rest(ln_gamma_tail_uniform(a, x)) : ln_gamma_tail_uniform(a, x);
  return x < a + 1 ? ln_rest(ln_gamma_series(a, x)) : ln_gamma_fraction(a, x);
}

namespace {

// The deviations at which a Gaussian tail has that score, about.
double deviations_of(double score) {
  const double ln = std::max(1.0, score * kLn10);
  return std::sqrt(std::max(0.1, 2 * ln - std::log(4 * 3.141592653589793 * ln)));
}

struct Moments {
  double mean = 0, deviation = 1, skewness = 0;
};

// Cornish and Fisher's quantile, then secants: mostly within one of where the tail has the score.
template <class Tail>
double guess_of(const Moments& of, double score, double side, double most, const Tail& ln_tail) {
  const double z = deviations_of(score);
  const auto missed_at = [&](double k) { return ln_tail(k) + score * kLn10; };
  const auto whole = [most](double k) { return std::clamp(std::floor(k), 0.0, most); };
  double before = whole(of.mean + of.deviation * (side * z + (z * z - 1) / 6 * of.skewness));
  double missed_before = missed_at(before);
  if (!(std::abs(missed_before) < 1e3)) return before;
  double at = whole(before + side * missed_before * of.deviation / z);
  for (int i = 0; i < 6 && std::abs(at - before) >= 1; ++i) {
    const double missed = missed_at(at);
    const double slope = (missed - missed_before) / (at - before);
    if (!(slope * side < 0)) break;
    before = at;
    missed_before = missed;
    at = whole(at - missed / slope);
  }
  return at;
}

Moments moments_of(const CountLaw& law) {
  const double excess = law.size >= CountLaw::kSizePoisson ? 0 : law.mean / law.size;
  const double deviation = std::sqrt(law.mean * (1 + excess));
  return {law.mean, deviation, deviation > 0 ? (1 + 2 * excess) / deviation : 0};
}

// The share of the variance of failures / n that it would have at n = 1.
double variance_share(const RatioLaw& law, double n) {
  if (law.strength >= RatioLaw::kSteady) return 1 / n;
  return 1 / n + (n - 1) / n / (law.strength + 1);
}

Moments moments_of(const RatioLaw& law, double n) {
  const double variance = n * n * law.p * (1 - law.p) * variance_share(law, n);
  const double deviation = std::sqrt(std::max(variance, 1e-12));
  return {n * law.p, deviation, (1 - 2 * law.p) / std::max(deviation, 1.0)};
}

constexpr double kTermsMax = 4096;

double ln_choose(double n, double k) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
}

// The sum of beta-binomial probabilities from k upwards, term by term. k >= 0, n <= kTermsMax.
double ln_beta_binomial_sum(double k, double n, double alpha, double beta) {
  const double ln_first = ln_choose(n, k) + std::lgamma(k + alpha) + std::lgamma(n - k + beta) -
                          std::lgamma(n + alpha + beta) - std::lgamma(alpha) - std::lgamma(beta) +
                          std::lgamma(alpha + beta);
  double term = 1, sum = 1;
  for (double i = k; i < n; ++i) {
    const double ratio = (n - i) / (i + 1) * ((i + alpha) / (n - i - 1 + beta));
    term *= ratio;
    sum += term;
    if (sum > 1e280) break;  // k lies so far below the mean that the rest is all
    if (ratio < 1 && beta >= 1 && term < kExact * sum * (1 - ratio)) break;
  }
  return std::min(0.0, ln_first + std::log(sum));
}

}  // namespace

double CountLaw::ln_at_least(double k) const {
  if (k <= 0) return 0;
  if (!(mean > 0)) return -kInfinite;
  if (size >= kSizePoisson) return ln_gamma_lower(k, mean);
  return ln_incomplete_beta(k, size, mean / (mean + size), size / (mean + size));
}

double CountLaw::ln_at_most(double k) const {
  if (k < 0) return -kInfinite;
  if (!(mean > 0)) return 0;
  if (size >= kSizePoisson) return ln_gamma_upper(k + 1, mean);
  return ln_incomplete_beta(size, k + 1, size / (mean + size), mean / (mean + size));
}

double CountLaw::upper(double score) const {
  const double limit = -score * kLn10;
  const auto tail = [this](double k) { return ln_at_least(k); };
  const double guess = guess_of(moments_of(*this), score, 1, kCountMax, tail);
  return first_beyond(guess, kCountMax, [&](double k) { return ln_at_least(k) < limit; }) - 1;
}

double CountLaw::lower(double score) const {
  const double limit = -score * kLn10;
  const auto tail = [this](double k) { return ln_at_most(k); };
  const double guess = guess_of(moments_of(*this), score, -1, kCountMax, tail);
  return first_beyond(guess, kCountMax, [&](double k) { return ln_at_most(k) >= limit; });
}

double RatioLaw::ln_at_least(double k, double n) const {
  if (k <= 0) return 0;
  if (k > n || !(p > 0)) return -kInfinite;
  if (p >= 1) return 0;
  if (strength >= kSteady) return ln_incomplete_beta(k, n - k + 1, p, 1 - p);
  if (n <= kTermsMax) return ln_beta_binomial_sum(k, n, p * strength, (1 - p) * strength);
  // Many attempts: k / n is nearly a beta variate itself, with the variance of both.
  const double matched = 1 / variance_share(*this, n) - 1;
  const double at = (k - 0.5) / n;
  return ln_incomplete_beta((1 - p) * matched, p * matched, 1 - at, at);
}

double RatioLaw::ln_at_most(double k, double n) const {
  return RatioLaw{1 - p, strength}.ln_at_least(n - k, n);
}

double RatioLaw::upper(double n, double score) const {
  const double limit = -score * kLn10;
  const auto tail = [&](double k) { return ln_at_least(k, n); };
  const double guess = guess_of(moments_of(*this, n), score, 1, n, tail);
  return first_beyond(guess, n, [&](double k) { return ln_at_least(k, n) < limit; }) - 1;
}

double RatioLaw::lower(double n, double score) const {
  const double limit = -score * kLn10;
  const auto tail = [&](double k) { return ln_at_most(k, n); };
  const double guess = guess_of(moments_of(*this, n), score, -1, n, tail);
  return first_beyond(guess, n, [&](double k) { return ln_at_most(k, n) >= limit; });
}

}  // namespace tocsin::models
