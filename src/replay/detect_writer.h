#pragma once
// What `tocsin detect` writes per row: CSV with a header row, or JSON, an object per line. Times
// and values are written as they came; fields without a meaning are empty in CSV, null in JSON.

#include <string>
#include <string_view>

#include "replay/detect.h"
#include "replay/detect_rows.h"

namespace tocsin::replay {

enum class DetectFormat : uint8_t { kCsv, kJson };

class DetectWriter {
 public:
  // `file` is said in every row, if it is not empty: where one stream holds several files.
  DetectWriter(DetectFormat format, std::string file) : format_(format), file_(std::move(file)) {}
  // Appended to `out`.
  void header(std::string& out) const;
  void row(const DetectRow& row, const DetectAnswer& answer, std::string& out) const;

 private:
  void csv(const DetectRow& row, const DetectAnswer& answer, std::string& out) const;
  void json(const DetectRow& row, const DetectAnswer& answer, std::string& out) const;
  DetectFormat format_;
  std::string file_;
};

}  // namespace tocsin::replay
