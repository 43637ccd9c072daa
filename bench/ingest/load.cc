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

Load::Load(uint32_t first, uint32_t count, uint32_t batch, bool shuffled) : batch_(batch) {
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
      if (shuffled) order_.emplace_back(static_cast<uint32_t>(bodies_.size() - 1), i - from);
    }
  }
  taken_ = order_.size();
}

// The next lines of an order that is new in each round, into `mixed_`.
void Load::shuffle() {
  mixed_.text.clear();
  mixed_.value_at.clear();
  mixed_.level.clear();
  for (uint32_t n = 0; n < batch_; ++n) {
    if (taken_ == order_.size()) {
      taken_ = 0;
      for (size_t i = order_.size(); i > 1; --i) {
        random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
        std::swap(order_[i - 1], order_[static_cast<size_t>((random_ >> 32) * i >> 32)]);
      }
    }
    const auto [number, line] = order_[taken_++];
    const Body& body = bodies_[number];
    const uint32_t value_at = body.value_at[line];
    const size_t begin = line == 0 ? 0 : body.value_at[line - 1] + kValueBytes + 1 + kTimeBytes + 1;
    mixed_.value_at.push_back(static_cast<uint32_t>(mixed_.text.size() + value_at - begin));
    mixed_.level.push_back(body.level[line]);
    mixed_.text.append(body.text, begin, value_at + kValueBytes + 1 + kTimeBytes + 1 - begin);
  }
}

// A series keeps its level, give or take 0.64: a model has something to learn, and nothing to say.
std::string_view Load::next(int64_t time_ns) {
  if (!order_.empty()) shuffle();
  Body& body = order_.empty() ? bodies_[turn_++ % bodies_.size()] : mixed_;
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
