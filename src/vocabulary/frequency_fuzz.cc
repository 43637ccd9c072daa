// Any text as a frequency: refused, or one that is written and read back as itself.
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "vocabulary/frequency.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin;
  const auto read = Frequency::parse({reinterpret_cast<const char*>(data), size});
  if (!read) return 0;
  if (!(read->count >= 0) || read->span < minutes(1) || std::isnan(read->per_week())) std::abort();
  const auto again = Frequency::parse(to_text(*read));
  if (again != read) std::abort();
  return 0;
}
