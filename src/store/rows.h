#pragma once
// Rows: what the sealed chunks of neighbouring series are joined into once their day is over. A row
// holds a day or a week of up to kGroupSeries series: the time columns they share, then each
// series' values, each with a checksum of its own. Rollups are rows, too, with five values per
// time. docs/formats/chunks.md draws the bytes.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/days.h"
#include "store/keyspace.h"
#include "store/rollup.h"
#include "vocabulary/point.h"
#include "vocabulary/sample.h"

namespace tocsin {

inline constexpr uint32_t kGroupSeries = 32;
inline constexpr size_t kRowColumns = 5;        // of rollups: count, sum, min, max, last
inline constexpr size_t kSlicePoints = 10'240;  // of one series in one row: a week of minutes

inline uint32_t group_of(SeriesRef series) { return series.index / kGroupSeries; }
// Where a chunk or a series of a row stands in the order of writing; of two points at one time the
// one that stands later holds.
struct WriteOrder {
  Lsn sealed_at;
  uint32_t sub = 0;
  friend constexpr auto operator<=>(const WriteOrder&, const WriteOrder&) = default;
};

struct RowSeries {
  SeriesRef series;
  WriteOrder order;  // of its newest chunk
  std::vector<TimeMs> times;
  std::array<std::vector<double>, kRowColumns> columns;  // raw points use the first
};

struct RowKey {
  Resolution resolution = Resolution::kRaw;
  int32_t week = 0;
  uint32_t group = 0;
  TimeMs end, start;  // of all its points, both included
};
std::string to_bytes(const RowKey& key);
std::optional<RowKey> parse_row_key(std::string_view bytes);
// Keys of one group's rows in a week that end at `from` or later.
std::string row_seek(Resolution resolution, int32_t week, uint32_t group, TimeMs from);
std::string row_partition(Resolution resolution, int64_t week);  // first key of it

// Cuts the series into rows of at most `slice_points` times each and adds them to the batch; how
// many points and bytes that are. All times lie in one week; no series is empty.
struct RowTotals {
  uint64_t rows = 0, points = 0, bytes = 0;
};
RowTotals put_rows(Resolution resolution, RowSpan span, std::vector<RowSeries> series,
                   size_t slice_points, KeyBatch& batch);

// Reads one row. The bytes outlive it.
class RowReader {
 public:
  // nullopt: the directory does not check out; nothing of the row can be trusted.
  static std::optional<RowReader> open(std::string_view key, std::string_view value);

  const RowKey& key() const { return key_; }
  RowSpan span() const { return span_; }
  size_t size() const { return entries_.size(); }
  SeriesRef series(size_t i) const;
  size_t points(size_t i) const { return columns_[entries_[i].column].count; }
  std::optional<size_t> find(SeriesRef series) const;
  // False if the series' part does not check out.
  bool read(size_t i, RowSeries& out) const;

 private:
  struct Column {
    size_t count;
    std::string_view bytes;
    uint32_t sum;
  };
  struct Entry {
    uint8_t offset;  // in the group
    size_t column;
    WriteOrder order;
    std::array<std::string_view, kRowColumns> values;
    uint32_t sum;  // of all values' bytes
  };
  bool parse(std::string_view directory, std::string_view data);

  RowKey key_;
  RowSpan span_ = RowSpan::kDay;
  std::vector<Column> columns_;
  std::vector<Entry> entries_;
};

inline size_t columns_of(Resolution r) { return r == Resolution::kRaw ? 1 : kRowColumns; }

}  // namespace tocsin
