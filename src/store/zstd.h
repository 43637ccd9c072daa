#pragma once
// zstd as the store uses it: whole buffers in, whole buffers out, with a checksum of the content.

#include <optional>
#include <string>
#include <string_view>

namespace tocsin {

// Appends to `out`.
void zstd_compress(std::string_view bytes, std::string& out);
// nullopt unless it is a whole frame that gives exactly `size` bytes and checks out.
std::optional<std::string> zstd_decompress(std::string_view bytes, size_t size);

}  // namespace tocsin
