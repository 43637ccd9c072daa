#pragma once
// CRC32C (Castagnoli), as in iSCSI and ext4. Uses the processor's instruction where it has one.

#include <cstdint>
#include <string_view>

namespace tocsin {

// Continues from `crc` (0 to begin): crc32c(b, crc32c(a)) == crc32c(a + b).
uint32_t crc32c(std::string_view bytes, uint32_t crc = 0);
// The table implementation, for processors without the instruction; same results.
uint32_t crc32c_portable(std::string_view bytes, uint32_t crc = 0);

}  // namespace tocsin
