// Any bytes as a file for `tocsin detect`, whole and cut into pieces: the same rows and errors,
// every value finite, and as many answers as rows.
#include <cmath>
#include <cstdlib>

#include "replay/detect.h"
#include "replay/detect_rows.h"
#include "replay/detect_writer.h"

namespace {

using namespace tocsin;

std::string answered(std::string_view text, size_t piece_bytes) {
  static const streamer::Worker worker = *replay::detect_worker({{"level"}, {}});
  replay::Detector detector(worker, calendar::Zone(), "file");
  const replay::DetectWriter writer(replay::DetectFormat::kJson, "");
  std::string out;
  replay::DetectRows rows(
      {},
      [&](const replay::DetectRow& row) {
        if (row.value && !std::isfinite(*row.value)) std::abort();
        writer.row(row, detector.push(row.time, row.value), out);
      },
      [&](const Error& error) { out += error.text() + "\n"; });
  for (; !text.empty(); text.remove_prefix(std::min(piece_bytes, text.size())))
    rows.push(text.substr(0, piece_bytes));
  rows.finish();
  const auto& counts = detector.counts();
  if (counts.judged + counts.learning + counts.gaps + counts.late != rows.rows()) std::abort();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (answered(text, 1 + data[0] % 16) != answered(text, std::string_view::npos)) std::abort();
  return 0;
}
