#pragma once
// How good a model is on points that it had not seen: how likely it held them, and whether what is
// left of them is noise. Pure functions over the residuals of one model and series.
//
// A residual is measured in the band's half width on its side: u = (value - expected) / half width.
// The models' tails are exponential (tail.h): with a band at score s, P(|u| > x) = 10^(-s x), so
// the density of a point is that of a Laplace distribution with a scale per side. Residuals beyond
// kUnitsMax count as kUnitsMax: an incident must not decide what is a good model for all other
// days.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace tocsin::models {

struct Residual {
  double value = 0;         // the point less the expected
  double up = 0, down = 0;  // half widths of the band above and below; positive
};

inline constexpr double kUnitsMax = 3;
inline constexpr size_t kQualityPointsMin = 60;  // with fewer nothing is said
inline constexpr size_t kQualityLags = 40;

struct Quality {
  size_t points = 0;          // residuals with a band; fewer than kQualityPointsMin: all else unset
  double log_likelihood = 0;  // mean natural logarithm of the density, per point
  std::vector<double> autocorrelation;  // of lags 1, 2, ...
  double ljung_box = 0;                 // over those lags
  double ljung_box_p = 1;               // that noise would give as much
  double kpss = 0;                      // test of a constant mean; 0.463 is its 5 % point
  double spread_ratio = 1;              // largest to smallest mean |u| of the four quarters
  double outside = 0;                   // share of |u| > 1
  bool white = false, stationary = false;
  std::string words;  // both, for people

  // What the last value still tells of the next, in nats per point: -ln(1 - r^2) / 2 of lag 1.
  double left_over() const;
  bool known() const { return points >= kQualityPointsMin; }
};

// score: where the band's edge lies. Residuals without a positive width are left out.
Quality quality_of(std::span<const Residual> residuals, double score);

// One bar of the residuals' histogram, in units of the half width; `fitted` is the share that the
// tail expects there.
struct Bar {
  double from = 0, to = 0;
  size_t count = 0;
  double fitted = 0;
};
std::vector<Bar> histogram(std::span<const Residual> residuals, double score, size_t bars = 40);

// Of white noise of n points: how far an autocorrelation strays in 99 of 100 lags.
double white_limit(size_t n);
// P(X > x) of the chi-square distribution.
double chi_square_tail(double x, double degrees);

}  // namespace tocsin::models
