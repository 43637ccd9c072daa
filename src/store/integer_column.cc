// Whole numbers: a first one, a common divisor of all differences, a prediction, what is left.

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/bytes.h"
#include "store/column_codec.h"
#include "store/entropy_coder.h"

namespace tocsin {
namespace {

// What a number is expected to be. The smoothed ones follow the last numbers with weight 1/2, 1/4,
// 1/8: noise around a level is then counted once, not twice as between neighbours.
enum class Predictor : uint8_t { kLeast, kLast, kLinear, kSmooth1, kSmooth2, kSmooth3 };
constexpr uint8_t kPredictors = 6;
constexpr uint64_t kNarrow = uint64_t{1} << 56;  // smoothing keeps 4 bits more
constexpr size_t kSampleRun = 96;                // numbers that are tried with each prediction

uint64_t zigzag(int64_t v) {
  return (static_cast<uint64_t>(v) << 1) ^ static_cast<uint64_t>(v >> 63);
}
int64_t unzigzag(uint64_t v) { return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1); }
int64_t minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t plus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

struct Smoothed {
  int64_t level;  // in sixteenths
  int shift;
  int64_t expected() const { return (level + 8) >> 4; }
  // Malformed bytes may run out of range: all arithmetic wraps.
  void follow(int64_t v) {
    const auto scaled = static_cast<int64_t>(static_cast<uint64_t>(v) << 4);
    level = plus(level, minus(scaled, level) >> shift);
  }
};
int shift_of(Predictor p) { return static_cast<int>(p) - static_cast<int>(Predictor::kLast) - 1; }

// The first number, and for kLinear the first step, are known to the reader.
void residuals(std::span<const int64_t> v, Predictor predictor, int64_t least,
               std::vector<uint64_t>& out) {
  out.clear();
  switch (predictor) {
    case Predictor::kLeast:
      for (const int64_t x : v) out.push_back(static_cast<uint64_t>(minus(x, least)));
      return;
    case Predictor::kLast:
      for (size_t i = 1; i < v.size(); ++i) out.push_back(zigzag(minus(v[i], v[i - 1])));
      return;
    case Predictor::kLinear:
      for (size_t i = 2; i < v.size(); ++i)
        out.push_back(zigzag(minus(minus(v[i], v[i - 1]), minus(v[i - 1], v[i - 2]))));
      return;
    case Predictor::kSmooth1:
    case Predictor::kSmooth2:
    case Predictor::kSmooth3: {
      Smoothed smoothed{v[0] * 16, shift_of(predictor)};
      for (size_t i = 1; i < v.size(); ++i) {
        out.push_back(zigzag(minus(v[i], smoothed.expected())));
        smoothed.follow(v[i]);
      }
      return;
    }
  }
}

void restore(Predictor predictor, int64_t first, int64_t step, std::span<const uint64_t> left,
             std::vector<int64_t>& out) {
  if (predictor == Predictor::kLeast) {
    for (const uint64_t x : left) out.push_back(plus(static_cast<int64_t>(x), first));
    return;
  }
  out.push_back(first);
  int64_t last = first;
  if (predictor == Predictor::kLast) {
    for (const uint64_t x : left) out.push_back(last = plus(last, unzigzag(x)));
  } else if (predictor == Predictor::kLinear) {
    out.push_back(last = plus(last, step));
    for (const uint64_t x : left) {
      step = plus(step, unzigzag(x));
      out.push_back(last = plus(last, step));
    }
  } else {
    Smoothed smoothed{static_cast<int64_t>(static_cast<uint64_t>(first) << 4), shift_of(predictor)};
    for (const uint64_t x : left) {
      last = plus(smoothed.expected(), unzigzag(x));
      out.push_back(last);
      smoothed.follow(last);
    }
  }
}

// Runs from the beginning, the middle and the end stand for all.
std::vector<int64_t> sample_of(std::span<const int64_t> v) {
  if (v.size() <= kSampleRun * 3) return {v.begin(), v.end()};
  std::vector<int64_t> out(v.begin(), v.begin() + kSampleRun);
  const auto middle = v.begin() + static_cast<long>(v.size() / 2);
  out.insert(out.end(), middle, middle + kSampleRun);
  out.insert(out.end(), v.end() - kSampleRun, v.end());
  return out;
}

Predictor choose(std::span<const int64_t> v, int64_t least, uint64_t range) {
  const std::vector<int64_t> sample = sample_of(v);
  std::vector<uint64_t> left;
  Predictor best = Predictor::kLast;
  size_t best_bytes = SIZE_MAX;
  for (uint8_t i = 0; i < kPredictors; ++i) {
    const auto predictor = static_cast<Predictor>(i);
    if (predictor >= Predictor::kSmooth1 && range >= kNarrow) break;
    if (predictor == Predictor::kLinear && v.size() < 2) continue;
    residuals(sample, predictor, least, left);
    const size_t bytes = estimate_numbers(left);
    if (bytes >= best_bytes) continue;
    best = predictor;
    best_bytes = bytes;
  }
  return best;
}

uint64_t common_divisor(std::span<const int64_t> v) {
  uint64_t divisor = 0;
  for (size_t i = 1; i < v.size() && divisor != 1; ++i) {
    const int64_t step = v[i] - v[0];
    divisor = std::gcd(divisor, static_cast<uint64_t>(step < 0 ? -step : step));
  }
  return std::max<uint64_t>(divisor, 1);
}

}  // namespace

void encode_integers(std::span<const int64_t> numbers, std::string& out) {
  if (numbers.empty()) return;
  const auto [low, high] = std::minmax_element(numbers.begin(), numbers.end());
  const uint64_t range = static_cast<uint64_t>(*high) - static_cast<uint64_t>(*low);
  const int64_t origin = *low;
  const uint64_t divisor = range < kNarrow ? common_divisor(numbers) : 1;
  std::vector<int64_t> scaled(numbers.begin(), numbers.end());
  if (range < kNarrow)
    for (int64_t& v : scaled) v = (v - origin) / static_cast<int64_t>(divisor);
  const int64_t least = range < kNarrow ? 0 : origin;
  const Predictor predictor = choose(scaled, least, range);
  ByteWriter head;
  head.u8(static_cast<uint8_t>(static_cast<uint8_t>(predictor) | (range < kNarrow ? 8 : 0)));
  if (range < kNarrow) {
    head.zigzag(origin);
    head.varint(divisor);
  }
  head.zigzag(predictor == Predictor::kLeast ? least : scaled[0]);
  if (predictor == Predictor::kLinear) head.zigzag(minus(scaled[1], scaled[0]));
  out += head.bytes();
  std::vector<uint64_t> left;
  residuals(scaled, predictor, least, left);
  encode_numbers(left, out);
}

bool decode_integers(std::string_view& bytes, size_t count, std::vector<int64_t>& out) {
  out.clear();
  if (count == 0) return true;
  if (count > kColumnMax) return false;
  ByteReader in(bytes);
  const uint8_t head = in.u8();
  const bool narrow = (head & 8) != 0;
  if ((head & 7) >= kPredictors || head > 15) return false;
  const auto predictor = static_cast<Predictor>(head & 7);
  const int64_t origin = narrow ? in.zigzag() : 0;
  const uint64_t divisor = narrow ? in.varint() : 1;
  const int64_t first = in.zigzag();
  const int64_t step = predictor == Predictor::kLinear ? in.zigzag() : 0;
  if (!in.ok()) return false;
  bytes.remove_prefix(bytes.size() - in.left());
  const size_t known = predictor == Predictor::kLeast ? 0 : predictor == Predictor::kLinear ? 2 : 1;
  if (count < known) return false;
  std::vector<uint64_t> left;
  if (!decode_numbers(bytes, count - known, left)) return false;
  out.reserve(count);
  restore(predictor, first, step, left, out);
  if (narrow)
    for (int64_t& v : out)
      v = plus(static_cast<int64_t>(static_cast<uint64_t>(v) * divisor), origin);
  return true;
}

}  // namespace tocsin
