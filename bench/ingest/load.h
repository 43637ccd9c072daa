#pragma once
// The lines one connection sends: rendered once, then only values and times are patched in place.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

class Load {
 public:
  // Series [first, first + count), in bodies of `batch` lines.
  // shuffled: every round in another order, so that no line follows the one it followed last time.
  Load(uint32_t first, uint32_t count, uint32_t batch, bool shuffled = false);

  // The next body with new values and this time; good until the next call.
  std::string_view next(int64_t time_ns);
  uint32_t lines() const { return lines_; }  // of the body that next() gave

 private:
  struct Body {
    std::string text;
    std::vector<uint32_t> value_at;  // offset of each line's value
    std::vector<uint16_t> level;     // of each series, in hundredths
  };
  void shuffle();

  std::vector<Body> bodies_;
  Body mixed_;                                        // shuffled: of lines of all bodies
  std::vector<std::pair<uint32_t, uint32_t>> order_;  // body and line
  size_t taken_ = 0;                                  // of order_
  uint32_t batch_;
  std::string values_;  // "00.00" to "99.99"
  size_t turn_ = 0;
  uint32_t lines_ = 0;
  uint64_t random_ = 0x9e3779b97f4a7c15ULL;
};

}  // namespace bench
