#include "models/quality.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace tocsin::models {
namespace {

// What is left of a series when the model is of width 3 (score 4) around it.
std::vector<Residual> residuals(double (*value)(Random&, size_t, double), size_t n = 4000,
                                double half = 3) {
  Random random(11);
  std::vector<Residual> out;
  double last = 0;
  for (size_t i = 0; i < n; ++i) {
    last = value(random, i, last);
    out.push_back({last, half, half});
  }
  return out;
}

struct Case {
  const char* name;
  double (*value)(Random&, size_t, double);
  bool white, stationary;
  const char* words;
};

TEST(Quality, Table) {
  const Case cases[] = {
      {"noise", [](Random& r, size_t, double) { return r.normal(); }, true, true, "white"},
      {"a trace of memory is of no use",
       [](Random& r, size_t, double last) { return 0.05 * last + r.normal(); }, true, true,
       "white"},
      {"memory", [](Random& r, size_t, double last) { return 0.6 * last + r.normal(); }, false,
       true, "at lag 1)"},
      {"a cycle of 12 points",
       [](Random& r, size_t i, double) {
         return 0.8 * std::sin(6.2831853 * static_cast<double>(i) / 12) + r.normal();
       },
       false, true, "at lag"},
      {"a mean that moves",
       [](Random& r, size_t i, double) { return r.normal() + static_cast<double>(i) / 8000; }, true,
       false, "mean wanders"},
      {"a spread that grows",
       [](Random& r, size_t i, double) {
         return r.normal() * (0.3 + static_cast<double>(i) / 2000);
       },
       true, false, "spread changes"},
  };
  for (const Case& c : cases) {
    const Quality quality = quality_of(residuals(c.value), 4);
    EXPECT_EQ(quality.white, c.white) << c.name << ": " << quality.words;
    EXPECT_EQ(quality.stationary, c.stationary)
        << c.name << ": " << quality.words << ", kpss " << quality.kpss;
    EXPECT_NE(quality.words.find(c.words), std::string::npos) << c.name << ": " << quality.words;
  }
}

TEST(Quality, FewPointsAreToldNotJudged) {
  const auto few =
      residuals([](Random& r, size_t, double) { return r.normal(); }, kQualityPointsMin - 1);
  const Quality quality = quality_of(few, 4);
  EXPECT_FALSE(quality.known());
  EXPECT_EQ(quality.words, "cannot say yet: 59 of 60 points");
  EXPECT_TRUE(
      quality_of(residuals([](Random& r, size_t, double) { return r.normal(); }, kQualityPointsMin),
                 4)
          .known());
}

TEST(Quality, AConstantResidualIsNoDivisionByZero) {
  for (const double value : {0.0, 1.0}) {
    const std::vector<Residual> same(100, Residual{value, 2, 2});
    const Quality quality = quality_of(same, 4);
    EXPECT_TRUE(std::isfinite(quality.log_likelihood)) << value;
    EXPECT_TRUE(std::isfinite(quality.kpss)) << value;
    EXPECT_EQ(quality.left_over(), 0) << value;
  }
  EXPECT_EQ(quality_of(std::vector<Residual>(100, Residual{1, 0, 0}), 4).points, 0U);
}

// Laplace noise of scale 1: the band that is as wide as the noise says is more likely than one of
// half or twice that width, and a tight one is better than a wide one where there is less noise.
TEST(Quality, TheLikelihoodIsHighestForTheRightWidth) {
  Random random(3);
  std::vector<double> noise;
  for (int i = 0; i < 20'000; ++i) {
    const double u = random.uniform() - 0.5;
    noise.push_back((u < 0 ? 1 : -1) * std::log(1 - 2 * std::abs(u)));
  }
  const double right = 4 * std::log(10.0);  // P(|x| > right) = 10^-4
  const auto of_width = [&](double half) {
    std::vector<Residual> out;
    for (const double value : noise) out.push_back({value, half, half});
    return quality_of(out, 4).log_likelihood;
  };
  EXPECT_GT(of_width(right), of_width(right * 0.7));
  EXPECT_GT(of_width(right), of_width(right * 1.4));
  EXPECT_NEAR(of_width(right), -1 - std::log(2.0), 0.03);  // the entropy of Laplace noise
}

TEST(Quality, OneWildPointDecidesNothing) {
  auto noise = residuals([](Random& r, size_t, double) { return r.normal(); });
  const double before = quality_of(noise, 4).log_likelihood;
  noise[2000].value = 1e9;
  EXPECT_NEAR(quality_of(noise, 4).log_likelihood, before, 0.01);
}

TEST(Quality, ChiSquareTail) {
  // Tables: the 5 % and 1 % points.
  const struct {
    double x, degrees, p;
  } cases[] = {{3.841, 1, 0.05},   {18.307, 10, 0.05}, {55.758, 40, 0.05},
               {63.691, 40, 0.01}, {0, 5, 1},          {1000, 5, 0}};
  for (const auto& c : cases) EXPECT_NEAR(chi_square_tail(c.x, c.degrees), c.p, 1e-4) << c.x;
}

TEST(Histogram, CountsAllAndFitsAll) {
  const auto noise = residuals([](Random& r, size_t, double) { return r.normal(); });
  for (const size_t bars : {1U, 7U, 40U}) {
    size_t count = 0;
    double fitted = 0;
    for (const Bar& bar : histogram(noise, 4, bars)) {
      count += bar.count;
      fitted += bar.fitted;
      EXPECT_GE(bar.fitted, 0);
    }
    EXPECT_EQ(count, noise.size());
    EXPECT_NEAR(fitted, 1, 1e-9) << bars;
  }
}

TEST(Histogram, WhatIsFarOutIsInTheLastBar) {
  const std::vector<Residual> far{{100, 1, 1}, {-100, 1, 1}};
  const auto bars = histogram(far, 4, 10);
  EXPECT_EQ(bars.front().count, 1U);
  EXPECT_EQ(bars.back().count, 1U);
}

}  // namespace
}  // namespace tocsin::models
