// Strategy: the first 25 bytes are the key of a row, the rest its value, with the checksum of the
// directory made right so that what lies behind it is reached. Invariants: reading ends, and every
// series that is read has as many values as times, in order.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "store/crc32c.h"
#include "store/rows.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin;
  constexpr size_t kKey = 25, kFixed = 9, kSummedFrom = 5;
  if (size < kKey + kFixed) return 0;
  const std::string key(reinterpret_cast<const char*>(data), kKey);
  std::string value(reinterpret_cast<const char*>(data) + kKey, size - kKey);
  uint32_t length = 0;
  std::memcpy(&length, value.data() + kSummedFrom, sizeof length);
  length = static_cast<uint32_t>(std::min<size_t>(length, value.size() - kFixed));
  std::memcpy(value.data() + kSummedFrom, &length, sizeof length);
  const std::string_view summed =
      std::string_view(value).substr(kSummedFrom, kFixed - kSummedFrom + length);
  const uint32_t sum = crc32c(key, crc32c(summed));
  std::memcpy(value.data() + 1, &sum, sizeof sum);
  const auto row = RowReader::open(key, value);
  if (!row) return 0;
  for (size_t i = 0; i < row->size(); ++i) {
    RowSeries series;
    if (!row->read(i, series)) continue;
    if (!std::is_sorted(series.times.begin(), series.times.end())) std::abort();
    for (size_t c = 0; c < columns_of(row->key().resolution); ++c)
      if (series.columns[c].size() != series.times.size()) std::abort();
  }
  return 0;
}
