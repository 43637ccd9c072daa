#include "models/count_probability.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace tocsin::models {
namespace {

constexpr double kPoisson = CountLaw::kSizePoisson;
constexpr double kSteady = RatioLaw::kSteady;

// Reference values: sums of the probabilities in 50 decimal digits.
struct CountCase {
  double mean, size, count;
  bool at_least;
  double ln_probability;
};
class CountTails : public testing::TestWithParam<CountCase> {};
TEST_P(CountTails, AreTheReferenceValues) {
  const CountCase& tested = GetParam();
  const CountLaw law{tested.mean, tested.size};
  const double found =
      tested.at_least ? law.ln_at_least(tested.count) : law.ln_at_most(tested.count);
  EXPECT_NEAR(found, tested.ln_probability, 1e-4 + 1e-9 * std::abs(tested.ln_probability));
}
INSTANTIATE_TEST_SUITE_P(Reference, CountTails,
                         testing::Values(CountCase{0.001, kPoisson, 1, true, -6.908255237315},
                                         CountCase{0.001, kPoisson, 3, true, -22.51577528742},
                                         CountCase{0.05, kPoisson, 2, true, -6.717875462723},
                                         CountCase{1, kPoisson, 6, true, -7.428320146286},
                                         CountCase{1, kPoisson, 40, true, -111.2959619481},
                                         CountCase{20, kPoisson, 45, true, -13.75699344485},
                                         CountCase{20, kPoisson, 400, true, -822.1566333604},
                                         CountCase{1000, kPoisson, 1130, true, -10.4294415982},
                                         CountCase{1000, kPoisson, 2000, true, -390.3216418911},
                                         CountCase{100000, kPoisson, 101300, true, -10.79198384429},
                                         CountCase{1e+06, kPoisson, 1003800, true, -9.522986408829},
                                         CountCase{1e+06, kPoisson, 1010000, true, -53.06047084913},
                                         CountCase{1, kPoisson, 0, false, -1.0},
                                         CountCase{20, kPoisson, 0, false, -20.0},
                                         CountCase{20, kPoisson, 4, false, -10.98555286485},
                                         CountCase{1000, kPoisson, 880, false, -9.748488960273},
                                         CountCase{1000, kPoisson, 300, false, -342.2232008848},
                                         CountCase{100000, kPoisson, 98800, false, -9.535011805235},
                                         CountCase{1e+06, kPoisson, 996200, false, -9.541057447753},
                                         CountCase{1e+06, kPoisson, 900000, false, -5181.007426488},
                                         CountCase{0.001, 0.1, 2, true, -12.12469812827},
                                         CountCase{0.5, 0.5, 12, true, -9.831956235666},
                                         CountCase{20, 2, 120, true, -8.959919526116},
                                         CountCase{20, 0.5, 300, true, -9.033621491485},
                                         CountCase{1000, 400, 1300, true, -13.55970175265},
                                         CountCase{1000, 3, 4000, true, -7.54466994152},
                                         CountCase{100000, 400, 118000, true, -8.047255402144},
                                         CountCase{1e+06, 30, 1900000, true, -10.32970537323},
                                         CountCase{1e+06, 100000, 1015000, true, -12.60262130562},
                                         CountCase{5, 1, 0, false, -1.791759469228},
                                         CountCase{20, 2, 0, false, -4.795790545597},
                                         CountCase{200, 5, 20, false, -8.095660248629},
                                         CountCase{1000, 400, 780, false, -10.17344176566},
                                         CountCase{100000, 400, 83000, false, -8.70619633823},
                                         CountCase{1e+06, 30, 400000, false, -11.63237846317},
                                         CountCase{1e+06, 100000, 985000, false, -12.7966817633}));

struct RatioCase {
  double p, strength, attempts, failures, ln_probability;
  double within = 1e-4;  // of it
};
class RatioTails : public testing::TestWithParam<RatioCase> {};
TEST_P(RatioTails, AreTheReferenceValues) {
  const RatioCase& tested = GetParam();
  const RatioLaw law{tested.p, tested.strength};
  EXPECT_NEAR(law.ln_at_least(tested.failures, tested.attempts), tested.ln_probability,
              tested.within * std::abs(tested.ln_probability));
  const RatioLaw turned{1 - tested.p, tested.strength};
  EXPECT_NEAR(turned.ln_at_most(tested.attempts - tested.failures, tested.attempts),
              tested.ln_probability, tested.within * std::abs(tested.ln_probability));
}
// From 4096 attempts on a ratio that varies is matched by a beta variate: good to a hundredth.
INSTANTIATE_TEST_SUITE_P(Reference, RatioTails,
                         testing::Values(RatioCase{0.02, kSteady, 1, 1, -3.912023005428},
                                         RatioCase{0.02, kSteady, 5, 2, -5.561661438871},
                                         RatioCase{0.02, kSteady, 200, 15, -11.11701240696},
                                         RatioCase{0.001, kSteady, 100000, 160, -17.7206830699},
                                         RatioCase{0.5, kSteady, 1000, 600, -22.71525923981},
                                         RatioCase{0.02, kSteady, 1000000, 20600, -11.50258852712},
                                         RatioCase{0.9, kSteady, 50, 50, -5.268025782891},
                                         RatioCase{0.02, 50, 5, 2, -4.963543686562},
                                         RatioCase{0.02, 50, 200, 40, -9.638277347863},
                                         RatioCase{0.1, 2, 40, 30, -4.183682267866},
                                         RatioCase{0.02, 1000, 4000, 170, -8.854321761399},
                                         RatioCase{0.02, 300, 100000, 5500, -7.123403087577, 0.01},
                                         RatioCase{0.02, 300, 1000000, 60000, -8.289376387642,
                                                   0.01},
                                         RatioCase{0.3, 20, 20000, 15000, -11.3587242373, 0.01}));

// The second implementation: probabilities added up one by one.
double naive_count(const CountLaw& law, int count) {
  if (law.size >= kPoisson)
    return std::exp(count * std::log(law.mean) - law.mean - std::lgamma(count + 1.0));
  const double q = law.mean / (law.mean + law.size);
  return std::exp(std::lgamma(count + law.size) - std::lgamma(law.size) - std::lgamma(count + 1.0) +
                  law.size * std::log1p(-q) + count * std::log(q));
}
double naive_at_most(const CountLaw& law, int count) {
  double sum = 0;
  for (int i = 0; i <= count; ++i) sum += naive_count(law, i);
  return sum;
}
double naive_at_least(const CountLaw& law, int count) {
  double sum = 0;
  for (int i = count; i < count + 3000; ++i) sum += naive_count(law, i);
  return sum;
}

CountLaw any_law() {
  const double mean = std::exp(*rc::gen::inRange(-600, 500) / 100.0);  // 0.0025 to 150
  const double size = std::exp(*rc::gen::inRange(-100, 700) / 100.0);
  return {mean, *rc::gen::arbitrary<bool>() ? kPoisson : size};
}

RC_GTEST_PROP(CountLaw, EqualsTheSums, ()) {
  const CountLaw law = any_law();
  const int count = *rc::gen::inRange(0, 300);
  if (const double sum = naive_at_most(law, count); sum > 1e-200)
    RC_ASSERT(std::abs(law.ln_at_most(count) - std::log(sum)) < 1e-6);
  if (const double sum = naive_at_least(law, count); sum > 1e-200 && count > law.mean)
    RC_ASSERT(std::abs(law.ln_at_least(count) - std::log(sum)) < 1e-6);
}

RC_GTEST_PROP(CountLaw, QuantilesAreTheFirstThatAreTooRare, ()) {
  const CountLaw law = any_law();
  const double score = *rc::gen::inRange(10, 120) / 10.0;
  const double limit = -score * kLn10;
  const double upper = law.upper(score), lower = law.lower(score);
  RC_ASSERT(law.ln_at_least(upper) >= limit);
  RC_ASSERT(law.ln_at_least(upper + 1) < limit);
  RC_ASSERT(law.ln_at_most(lower) >= limit);
  RC_ASSERT(lower == 0 || law.ln_at_most(lower - 1) < limit);
}

RC_GTEST_PROP(CountLaw, TailsFallWithTheCountForEveryMean, ()) {
  const CountLaw law{std::exp(*rc::gen::inRange(-700, 1500) / 100.0),
                     std::exp(*rc::gen::inRange(-300, 2100) / 100.0)};
  const double step = std::max(1.0, std::floor(std::sqrt(law.mean) / 3));
  double before = 0;
  for (double count = 0; count < 60 * step; count += step) {
    const double now = law.ln_at_least(count);
    RC_ASSERT(!std::isnan(now));
    RC_ASSERT(now <= before + 1e-3);
    before = now;
  }
}

double naive_ratio(const RatioLaw& law, int failures, int attempts) {
  double sum = 0;
  const double a = law.p * law.strength, b = (1 - law.p) * law.strength;
  for (int i = failures; i <= attempts; ++i) {
    const double choose =
        std::lgamma(attempts + 1.0) - std::lgamma(i + 1.0) - std::lgamma(attempts - i + 1.0);
    const double ln = law.strength >= kSteady
                          ? i * std::log(law.p) + (attempts - i) * std::log1p(-law.p)
                          : std::lgamma(i + a) + std::lgamma(attempts - i + b) -
                                std::lgamma(attempts + a + b) - std::lgamma(a) - std::lgamma(b) +
                                std::lgamma(a + b);
    sum += std::exp(choose + ln);
  }
  return sum;
}

RC_GTEST_PROP(RatioLaw, EqualsTheSumsAndItsQuantiles, ()) {
  const double p = *rc::gen::inRange(1, 999) / 1000.0;
  const double strength = std::exp(*rc::gen::inRange(-100, 800) / 100.0);
  const RatioLaw law{p, *rc::gen::arbitrary<bool>() ? kSteady : strength};
  const int attempts = *rc::gen::inRange(1, 400);
  const int failures = *rc::gen::inRange(0, attempts + 1);
  if (const double sum = naive_ratio(law, failures, attempts); sum > 1e-200)
    RC_ASSERT(std::abs(law.ln_at_least(failures, attempts) - std::log(sum)) < 1e-6);
  const double score = *rc::gen::inRange(10, 80) / 10.0, limit = -score * kLn10;
  const double upper = law.upper(attempts, score), lower = law.lower(attempts, score);
  RC_ASSERT(law.ln_at_least(upper, attempts) >= limit);
  RC_ASSERT(upper == attempts || law.ln_at_least(upper + 1, attempts) < limit);
  RC_ASSERT(law.ln_at_most(lower, attempts) >= limit);
  RC_ASSERT(lower == 0 || law.ln_at_most(lower - 1, attempts) < limit);
}

TEST(CountLaw, NothingExpectedIsNoDivisionByZero) {
  const CountLaw law{0, 5};
  EXPECT_EQ(law.ln_at_least(0), 0);
  EXPECT_EQ(score_of(law.ln_at_least(1)), kScoreOfTheImpossible);
  EXPECT_EQ(law.ln_at_most(0), 0);
  EXPECT_EQ(score_of(law.ln_at_most(-1)), kScoreOfTheImpossible);
  EXPECT_EQ(law.upper(4), 0);
  EXPECT_EQ(law.lower(4), 0);
}

}  // namespace
}  // namespace tocsin::models
