#include "load.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "fleet_lines.h"

namespace bench {
namespace {

constexpr size_t kValueBytes = 5;
constexpr size_t kTimeBytes = 19;
constexpr int64_t kAnyTime = 1'795'411'000'000'000'000;

}  // namespace

Load::Load(uint32_t first, uint32_t count, uint32_t batch) {
  for (int hundredths = 0; hundredths < 10'000; ++hundredths) {
    char text[16];
    std::snprintf(text, sizeof text, "%05.2f", hundredths / 100.0);
    values_.append(text, kValueBytes);
  }
  for (uint32_t from = 0; from < count; from += batch) {
    Body& body = bodies_.emplace_back();
    for (uint32_t i = from; i < std::min(count, from + batch); ++i) {
      body.text += fleet_line(first + i, 0, kAnyTime);
      body.value_at.push_back(
          static_cast<uint32_t>(body.text.size() - 1 - kTimeBytes - 1 - kValueBytes));
      body.level.push_back(static_cast<uint16_t>(1000 + (first + i) * 7919ULL % 8000));
    }
  }
}

// A series keeps its level, give or take 0.64: a model has something to learn, and nothing to say.
std::string_view Load::next(int64_t time_ns) {
  Body& body = bodies_[turn_++ % bodies_.size()];
  char time[kTimeBytes + 1];
  std::snprintf(time, sizeof time, "%019lld", static_cast<long long>(time_ns));
  char* text = body.text.data();
  const char* values = values_.data();
  lines_ = static_cast<uint32_t>(body.value_at.size());
  uint64_t random = random_;
  for (uint32_t i = 0; i < lines_; ++i) {
    random = random * 6364136223846793005ULL + 1442695040888963407ULL;
    const size_t value = body.level[i] + (random >> 57);
    char* at = text + body.value_at[i];
    std::memcpy(at, values + value * kValueBytes, kValueBytes);
    std::memcpy(at + kValueBytes + 1, time, kTimeBytes);
  }
  random_ = random;
  return body.text;
}

}  // namespace bench
