#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include "promql/elementary.h"

namespace tocsin::promql::elementary {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kPi = std::numbers::pi;

// x = octant * pi/4 + rest, with octant even (modulo 8) and rest in [-pi/4, pi/4].
struct Reduced {
  uint64_t octant;
  double rest;
};

// The binary digits of 4/pi, the leading one alone in the first word.
constexpr std::array<uint64_t, 20> kFourOverPi = {
    0x0000000000000001, 0x45f306dc9c882a53, 0xf84eafa3ea69bb81, 0xb6c52b3278872083,
    0xfca2c757bd778ac3, 0x6e48dc74849ba5c0, 0x0c925dd413a32439, 0xfc3bd63962534e7d,
    0xd1046bea5d768909, 0xd338e04d68befc82, 0x7323ac7306a673e9, 0x3908bf177bf25076,
    0x3ff12fffbc0b301f, 0xde5e2316b414da3e, 0xda6cfd9e4f96136e, 0x9e8c7ecd3cbfd45a,
    0xea4f758fd7cbe2f6, 0x7a0e73ef14a525d4, 0xd7f6bf623f1aba10, 0xac06608df8f6d757};

// 64 bits of 4/pi from a bit position on.
uint64_t digits(unsigned word, unsigned shift) {
  const uint64_t low = shift == 0 ? 0 : kFourOverPi[word + 1] >> (64 - shift);
  return kFourOverPi[word] << shift | low;
}

// Payne and Hanek's reduction for large x: of the product with 4/pi only the bits around the binary
// point are computed.
Reduced reduce_large(double x) {
  using Wide = unsigned __int128;
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023 - 52;
  const uint64_t mantissa = (bits & 0x000fffffffffffff) | uint64_t{1} << 52;
  const unsigned word = static_cast<unsigned>(exponent + 61) / 64;
  const unsigned shift = static_cast<unsigned>(exponent + 61) % 64;
  const Wide middle =
      static_cast<Wide>(digits(word + 1, shift)) * mantissa +
      static_cast<uint64_t>(static_cast<Wide>(digits(word + 2, shift)) * mantissa >> 64);
  uint64_t high = digits(word, shift) * mantissa + static_cast<uint64_t>(middle >> 64);
  const uint64_t low = static_cast<uint64_t>(middle);
  uint64_t octant = high >> 61;
  high = high << 3 | low >> 61;
  const auto zeros = static_cast<unsigned>(std::countl_zero(high));
  const uint64_t fraction = (zeros + 1 == 64 ? 0 : high << (zeros + 1)) | low >> (64 - (zeros + 1));
  double rest = std::bit_cast<double>(fraction >> 12 | uint64_t{1023 - (zeros + 1)} << 52);
  if ((octant & 1) == 1) {
    octant = (octant + 1) & 7;
    rest -= 1;
  }
  return {octant, rest * (kPi / 4)};
}

// Of x >= 0. pi/4 in three parts, of which the first two have trailing zeros.
Reduced reduce(double x) {
  if (x >= 0x1p29) return reduce_large(x);
  auto octant = static_cast<uint64_t>(x * (4 / kPi));
  auto y = static_cast<double>(octant);
  if ((octant & 1) == 1) {
    ++octant;
    y += 1;
  }
  return {octant & 7, ((x - y * 7.85398125648498535156e-1) - y * 3.77489470793079817668e-8) -
                          y * 2.69515142907905952645e-15};
}

double polynomial(const std::array<double, 6>& c, double z) {
  return ((((c[0] * z + c[1]) * z + c[2]) * z + c[3]) * z + c[4]) * z + c[5];
}

double sine_of_rest(double z) {
  constexpr std::array<double, 6> kSine = {1.58962301576546568060e-10, -2.50507477628578072866e-8,
                                           2.75573136213857245213e-6,  -1.98412698295895385996e-4,
                                           8.33333333332211858878e-3,  -1.66666666666666307295e-1};
  const double zz = z * z;
  return z + z * zz * polynomial(kSine, zz);
}

double cosine_of_rest(double z) {
  constexpr std::array<double, 6> kCosine = {
      -1.13585365213876817300e-11, 2.08757008419747316778e-9,  -2.75573141792967388112e-7,
      2.48015872888517045348e-5,   -1.38888888888730564116e-3, 4.16666666666665929218e-2};
  const double zz = z * z;
  return 1.0 - 0.5 * zz + zz * zz * polynomial(kCosine, zz);
}

// Of x in [0, 0.66].
double arctangent_near_zero(double x) {
  const double z = x * x;
  const double p = ((((-8.750608600031904122785e-01 * z + -1.615753718733365076637e+01) * z +
                      -7.500855792314704667340e+01) *
                         z +
                     -1.228866684490136173410e+02) *
                        z +
                    -6.485021904942025371773e+01);
  const double q = (((((z + 2.485846490142306297962e+01) * z + 1.650270098316988542046e+02) * z +
                      4.328810604912902668951e+02) *
                         z +
                     4.853903996359136964868e+02) *
                        z +
                    1.945506571482613964425e+02);
  const double y = z * p / q;
  return x * y + x;
}

// Of x >= 0.
double arctangent(double x) {
  constexpr double kMoreBits = 6.123233995736765886130e-17;  // of pi/2
  if (x <= 0.66) return arctangent_near_zero(x);
  if (x > 2.41421356237309504880)  // tan(3 pi/8)
    return kPi / 2 - arctangent_near_zero(1 / x) + kMoreBits;
  return kPi / 4 + arctangent_near_zero((x - 1) / (x + 1)) + 0.5 * kMoreBits;
}

}  // namespace

double sin(double x) {
  if (x == 0 || std::isnan(x)) return x;
  if (std::isinf(x)) return kNaN;
  const Reduced reduced = reduce(std::fabs(x));
  const bool negative = (x < 0) != (reduced.octant > 3);
  const uint64_t quadrant = reduced.octant & 3;
  const double y =
      quadrant == 1 || quadrant == 2 ? cosine_of_rest(reduced.rest) : sine_of_rest(reduced.rest);
  return negative ? -y : y;
}

double cos(double x) {
  if (!std::isfinite(x)) return kNaN;
  const Reduced reduced = reduce(std::fabs(x));
  const uint64_t quadrant = reduced.octant & 3;
  const bool negative = (reduced.octant > 3) != (quadrant > 1);
  const double y =
      quadrant == 1 || quadrant == 2 ? sine_of_rest(reduced.rest) : cosine_of_rest(reduced.rest);
  return negative ? -y : y;
}

double tan(double x) {
  if (x == 0 || std::isnan(x)) return x;
  if (std::isinf(x)) return kNaN;
  const Reduced reduced = reduce(std::fabs(x));
  const double z = reduced.rest, zz = z * z;
  double y = z;
  if (zz > 1e-14) {
    const double p = (-1.30936939181383777646e4 * zz + 1.15351664838587416140e6) * zz +
                     -1.79565251976484877988e7;
    const double q = (((zz + 1.36812963470692954678e4) * zz + -1.32089234440210967447e6) * zz +
                      2.50083801823357915839e7) *
                         zz +
                     -5.38695755929454629881e7;
    y = z + z * (zz * p / q);
  }
  if ((reduced.octant & 2) == 2) y = -1 / y;
  return x < 0 ? -y : y;
}

double atan(double x) {
  if (x == 0) return x;
  return x > 0 ? arctangent(x) : -arctangent(-x);
}

double asin(double x) {
  if (x == 0) return x;
  const double size = std::fabs(x);
  if (size > 1) return kNaN;
  const double other = std::sqrt(1 - size * size);
  const double y = size > 0.7 ? kPi / 2 - arctangent(other / size) : arctangent(size / other);
  return x < 0 ? -y : y;
}

double acos(double x) { return kPi / 2 - asin(x); }

double atan2(double y, double x) {
  if (std::isnan(y) || std::isnan(x)) return kNaN;
  if (y == 0) return std::copysign(x >= 0 && !std::signbit(x) ? 0 : kPi, y);
  if (x == 0) return std::copysign(kPi / 2, y);
  if (std::isinf(x)) {
    if (x > 0) return std::copysign(std::isinf(y) ? kPi / 4 : 0, y);
    return std::copysign(std::isinf(y) ? 3 * kPi / 4 : kPi, y);
  }
  if (std::isinf(y)) return std::copysign(kPi / 2, y);
  const double angle = atan(y / x);
  if (x >= 0) return angle;
  return angle <= 0 ? angle + kPi : angle - kPi;
}

}  // namespace tocsin::promql::elementary
