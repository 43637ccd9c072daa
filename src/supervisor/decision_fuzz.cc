// Any bytes as a decision out of the database: refused, or read as what is written again to the
// same decision; never more than the bytes can hold.

#include <cstdint>
#include <cstdlib>

#include "supervisor/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin::supervisor;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto read = decode_decision(bytes);
  if (!read) return 0;
  const std::string written = encode(*read);
  // A number may have been written longer than it needs to be.
  if (written.size() > 2 * size) std::abort();
  const auto again = decode_decision(written);
  if (!again || encode(*again) != written) std::abort();
  return 0;
}
