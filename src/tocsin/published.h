#pragma once
// Counts that a room keeps as plain numbers (its steps take no atomics), shown on /metrics: whoever
// owns the room publishes them now and then.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counters.h"
#include "rules/engine.h"
#include "store/head.h"
#include "streamer/streamer.h"

namespace tocsin {

// Adds to each counter what its number grew by. One thread.
class Published {
 public:
  explicit Published(Counters& counters) : counters_(counters) {}
  void total(std::string_view name, std::string_view labels, std::string_view help, uint64_t value);

 private:
  struct Known {
    std::string name, labels;
    Counter* counter;
    uint64_t value = 0;
  };
  Counters& counters_;
  std::vector<Known> known_;
};

void publish(Published& out, const streamer::StreamerCounts& counts, const Head& head,
             uint32_t shard);
void publish(Published& out, const rules::EngineCounts& counts);

}  // namespace tocsin
