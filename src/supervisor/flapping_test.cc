#include "supervisor/flapping.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace tocsin::supervisor {
namespace {

constexpr DurationMs kWindow = milliseconds(50);

// Every change there was: those within the window are looked for.
struct NaiveWatch {
  std::vector<std::pair<TimeMs, Id128>> all;
  std::vector<TimeMs> changes(const Id128& key, TimeMs now) const {
    std::vector<TimeMs> out;
    for (const auto& [time, one] : all)
      if (one == key && time > now - kWindow) out.push_back(time);
    std::sort(out.begin(), out.end());
    return out;
  }
};

RC_GTEST_PROP(FlapWatch, KnowsTheChangesOfTheWindow, ()) {
  FlapWatch watch;
  NaiveWatch naive;
  TimeMs now{1000};
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 4), rc::gen::inRange(-1, 20)));
  for (const auto& [number, step] : steps) {
    const Id128 key{0, static_cast<uint64_t>(number)};
    const TimeMs time{now.ms + step};  // a millisecond back at most
    now = std::max(now, time);
    watch.add(key, time, kWindow);
    naive.all.emplace_back(time, key);
    for (uint64_t other = 0; other < 4; ++other)
      RC_ASSERT(watch.changes({0, other}, now, kWindow) == naive.changes({0, other}, now));
  }
  ByteWriter out;
  watch.save(out);
  FlapWatch again;
  ByteReader in(out.bytes());
  again.restore(in, kWindow);
  for (uint64_t other = 0; other < 4; ++other)
    RC_ASSERT(again.changes({0, other}, now, kWindow) == naive.changes({0, other}, now));
}

}  // namespace
}  // namespace tocsin::supervisor
