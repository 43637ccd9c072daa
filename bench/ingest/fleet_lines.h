#pragma once
// What a fleet of hosts sends: lines of 69 bytes with one float field.
//   cpu_usage,host=web-00001,dc=mad,core=3 value=12.34 1795411000000000000

#include <cstdint>
#include <cstdio>
#include <string>

namespace bench {

// The value has two digits before and two after the point (00.00 to 99.99), so that lines can be
// changed in place; time in nanoseconds with 19 digits.
inline std::string fleet_line(uint32_t series, double value, int64_t time_ns) {
  constexpr const char* kNames[] = {"cpu_usage", "mem_inuse", "dsk_write", "net_bytes"};
  constexpr const char* kCentres[] = {"mad", "lon", "rom", "mal", "lag"};
  char line[128];
  const uint32_t host = series / 16;
  const int length =
      std::snprintf(line, sizeof line, "%s,host=web-%05u,dc=%s,core=%u value=%05.2f %019lld\n",
                    kNames[series / 4 % 4], host, kCentres[host % 5], series % 4, value,
                    static_cast<long long>(time_ns));
  return {line, static_cast<size_t>(length)};
}

}  // namespace bench
