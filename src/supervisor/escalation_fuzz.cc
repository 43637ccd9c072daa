// Any bytes as an escalation out of the database: refused, or read as what is written again to the
// same escalation; never more than the bytes can hold.

#include <cstdint>
#include <cstdlib>

#include "supervisor/escalation_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin::supervisor;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto read = decode_escalation(bytes);
  if (!read) return 0;
  const std::string written = encode(*read);
  // A number may have been written longer than it needs to be.
  if (written.size() > 2 * size) std::abort();
  const auto again = decode_escalation(written);
  if (!again || !(*again == *read)) std::abort();
  return 0;
}
