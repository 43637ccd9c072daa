#pragma once
// zstd as the store uses it: whole buffers in, whole buffers out, with a checksum of the content.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tocsin {

// Appends to `out` one frame that holds the pieces in a row; takes no more memory than they do when
// compressed.
void zstd_compress(std::span<const std::string_view> pieces, std::string& out);
inline void zstd_compress(std::string_view bytes, std::string& out) {
  zstd_compress(std::span(&bytes, 1), out);
}
// nullopt unless it is a whole frame that gives exactly `size` bytes and checks out.
std::optional<std::string> zstd_decompress(std::string_view bytes, size_t size);

}  // namespace tocsin
