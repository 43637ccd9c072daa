// Any bytes are a target: nothing crashes, decoding never grows, and what was decoded survives
// being encoded and decoded again.

#include <cstdint>
#include <cstdlib>

#include "net/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Target target = split_target(text);
  const std::string path = percent_decode(target.path);
  if (path.size() > target.path.size()) std::abort();
  if (percent_decode(percent_encode(path)) != path) std::abort();
  size_t bytes = 0;
  const Params params = parse_query(target.query);
  for (const auto& [name, value] : params.pairs()) bytes += name.size() + value.size();
  if (bytes > target.query.size()) std::abort();
  return 0;
}
