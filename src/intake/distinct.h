#pragma once
// How many different values there were: exactly up to kExactMax, then by HyperLogLog (Flajolet
// 2007) with 4096 registers, 1.6 % standard error. Bounded: 8 KB.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tocsin::intake {

class DistinctCounter {
 public:
  static constexpr size_t kExactMax = 512;

  // `hash` of the value, well mixed (hash64).
  void add(uint64_t hash);
  uint64_t count() const;
  bool exact() const { return registers_.empty(); }
  void clear() { *this = {}; }

 private:
  void add_exact(uint64_t hash);
  void add_sketch(uint64_t hash);
  void grow();
  void begin_sketch();

  std::vector<uint64_t> slots_;  // open addressing, 0 = free; at most half full
  size_t used_ = 0;
  std::vector<uint8_t> registers_;
  double sum_ = 0;    // of 2^-register, kept current so that count() is cheap
  size_t zeros_ = 0;  // registers that are 0
};

}  // namespace tocsin::intake
