// Strategy: any bytes are fed to the decoder. Invariants: it ends, never gives more points than
// bytes, and what it gave can be encoded and decoded again to the same bits.
#include <bit>
#include <cstdlib>

#include "store/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin;
  std::vector<Sample> samples, again;
  (void)decode_samples({reinterpret_cast<const char*>(data), size}, samples);
  if (samples.size() > size) std::abort();
  if (!decode_samples(encode_samples(samples), again) || again.size() != samples.size())
    std::abort();
  for (size_t i = 0; i < samples.size(); ++i)
    if (again[i].time != samples[i].time ||
        std::bit_cast<uint64_t>(again[i].value) != std::bit_cast<uint64_t>(samples[i].value))
      std::abort();
  return 0;
}
