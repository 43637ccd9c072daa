#pragma once
// Exact tail probabilities of counts, as logarithms: they stay finite where the probability itself
// is no double any more (1e-400). All from two functions, the incomplete gamma and beta integrals:
//
//   Poisson             P(X >= k) = P(k, mean)             P(X <= k) = Q(k + 1, mean)
//   negative binomial   P(X >= k) = I[mean / (mean + size)](k, size)
//   binomial            P(X >= k) = I[p](k, n - k + 1)
//
// Continued fractions where a parameter is small, Temme's uniform expansion where both are large
// (its relative error is below 1e-4 there), so that no call takes more than a few hundred steps.

#include <cstdint>

namespace tocsin::models {

inline constexpr double kLn10 = 2.302585092994046;
// No tail is said to be rarer than this: scores beyond it mean nothing any more.
inline constexpr double kScoreOfTheImpossible = 300;

// ln I_x(a, b), the regularised incomplete beta integral. a, b > 0; y = 1 - x, given apart because
// one of them is often tiny.
double ln_incomplete_beta(double a, double b, double x, double y);
// ln P(a, x) and ln Q(a, x), the regularised incomplete gamma integrals. a > 0, x >= 0.
double ln_gamma_lower(double a, double x);
double ln_gamma_upper(double a, double x);

// A count of events in an interval: negative binomial with variance mean + mean^2 / size. From
// kSizePoisson on the events are taken as independent (Poisson).
struct CountLaw {
  static constexpr double kSizePoisson = 1e9;
  double mean = 0;
  double size = kSizePoisson;

  double ln_at_least(double k) const;  // ln P(X >= k); 0 for k <= 0
  double ln_at_most(double k) const;   // ln P(X <= k); -infinity for k < 0
  // The largest and the smallest count that are not rarer than 10^-score on their side.
  double upper(double score) const;
  double lower(double score) const;
};

// Failures among n attempts: binomial with probability p; beta-binomial with the same mean where p
// itself varies with variance p (1 - p) / (strength + 1). From kSteady on p does not vary.
struct RatioLaw {
  static constexpr double kSteady = 1e9;
  double p = 0;
  double strength = kSteady;

  double ln_at_least(double k, double n) const;
  double ln_at_most(double k, double n) const;
  double upper(double n, double score) const;
  double lower(double n, double score) const;
};

// -log10 p from ln p, at most kScoreOfTheImpossible.
double score_of(double ln_probability);

}  // namespace tocsin::models
