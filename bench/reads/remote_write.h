#pragma once
// Bodies of Prometheus' remote write 1.0: protobuf in a snappy block of literals only.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

class RemoteWriteBody {
 public:
  // One point of a series; labels sorted by name.
  void add(const std::vector<std::pair<std::string_view, std::string_view>>& labels, double value,
           int64_t time_ms);
  std::string take();  // the body; begins anew

 private:
  std::string proto_;
};

}  // namespace bench
