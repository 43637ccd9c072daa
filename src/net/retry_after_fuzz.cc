// Whatever a server says in Retry-After: nothing crashes, and a wait is never negative and never
// longer than a day.

#include <cstdint>
#include <cstdlib>

#include "net/http_client.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const TimeMs now : {TimeMs{0}, TimeMs{1'795'411'000'000}, TimeMs{253'370'764'799'000}}) {
    const auto wait = net::parse_retry_after(text, now);
    if (wait && (*wait < DurationMs{0} || *wait > days(1))) std::abort();
  }
  return 0;
}
