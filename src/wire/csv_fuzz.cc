// Any bytes as a file, whole and cut into pieces: the same rows and errors, no row with an
// infinity.
#include <cmath>
#include <cstdlib>

#include "wire/csv.h"

namespace {

std::string read(std::string_view text, size_t piece_bytes) {
  std::string out;
  tocsin::wire::CsvOptions options;
  options.record_bytes_max = 4096;
  options.columns_max = 64;
  tocsin::wire::CsvReader reader(
      options,
      [&](const tocsin::wire::CsvRow& row) {
        out += std::to_string(row.line) + "@" + std::to_string(row.time.ms);
        for (const auto& value : row.values) {
          if (value && !std::isfinite(*value)) std::abort();
          out += value ? " " + std::to_string(*value) : " -";
        }
        out += "\n";
      },
      [&](const tocsin::Error& error) { out += error.text() + "\n"; });
  while (!text.empty()) {
    reader.push(text.substr(0, piece_bytes));
    text.remove_prefix(std::min(piece_bytes, text.size()));
  }
  reader.finish();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t piece_bytes = 1 + data[0] % 16;
  if (read(text, piece_bytes) != read(text, std::string_view::npos)) std::abort();
  return 0;
}
