#include "store/rows.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "store/big_endian.h"
#include "store/column_codec.h"
#include "store/crc32c.h"

namespace tocsin {
namespace {

constexpr size_t kKeyBytes = 25;  // resolution 1, week 4, group 4, end 8, start 8
constexpr uint8_t kFormat = 1;
constexpr size_t kFixed = 9;       // format 1, checksum 4, bytes of the directory 4
constexpr size_t kSummedFrom = 5;  // the checksum covers what follows it, and the key

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

uint32_t directory_sum(std::string_view key, std::string_view directory) {
  return crc32c(key, crc32c(directory));
}

std::string encode_times(const std::vector<TimeMs>& times, Resolution resolution) {
  std::vector<int64_t> numbers;
  numbers.reserve(times.size());
  const int64_t step = std::max<int64_t>(1, step_of(resolution).count);
  for (const TimeMs time : times) numbers.push_back(floor_div(time.ms, step));
  std::string out;
  encode_integers(numbers, out);
  return out;
}

// One row's bytes, of series in the order of their refs.
std::string encode_row(const RowKey& key, RowSpan span, const std::vector<RowSeries>& series) {
  std::vector<const std::vector<TimeMs>*> shared;
  std::vector<size_t> column_of;
  Lsn newest{0};
  for (const RowSeries& one : series) {
    newest = std::max(newest, one.order.sealed_at);
    const auto same = [&](const std::vector<TimeMs>* times) { return *times == one.times; };
    // Neighbours' times are alike: the last column is tried first.
    auto found = std::find_if(shared.rbegin(), shared.rend(), same);
    column_of.push_back(found == shared.rend() ? shared.size()
                                               : static_cast<size_t>(shared.rend() - found) - 1);
    if (found == shared.rend()) shared.push_back(&one.times);
  }
  ByteWriter directory;
  std::string data;
  directory.u8(static_cast<uint8_t>(span));
  directory.varint(newest.value);
  directory.varint(shared.size());
  for (const std::vector<TimeMs>* times : shared) {
    const std::string bytes = encode_times(*times, key.resolution);
    directory.varint(times->size());
    directory.varint(bytes.size());
    directory.u32(crc32c(bytes));
    data += bytes;
  }
  directory.varint(series.size());
  for (size_t i = 0; i < series.size(); ++i) {
    const RowSeries& one = series[i];
    directory.u8(static_cast<uint8_t>(one.series.index % kGroupSeries));
    directory.varint(column_of[i]);
    directory.varint(newest.value - one.order.sealed_at.value);
    directory.varint(one.order.sub);
    std::string values;
    for (size_t c = 0; c < columns_of(key.resolution); ++c) {
      const std::vector<double>& column = one.columns[c];
      // Slots of one point have the same sum, least, most and last: 0 bytes say "as before".
      const bool again = c > 0 && std::memcmp(column.data(), one.columns[c - 1].data(),
                                              column.size() * sizeof(double)) == 0;
      const size_t begin = values.size();
      if (!again) encode_doubles(column, values);
      directory.varint(values.size() - begin);
    }
    directory.u32(crc32c(values));
    data += values;
  }
  const std::string key_bytes = to_bytes(key);
  ByteWriter out;
  out.reserve(kFixed + directory.size() + data.size());
  out.u8(kFormat);
  out.u32(0);
  out.u32(static_cast<uint32_t>(directory.size()));
  std::string bytes = out.take() + directory.bytes();
  const uint32_t sum = directory_sum(key_bytes, std::string_view(bytes).substr(kSummedFrom));
  std::memcpy(bytes.data() + 1, &sum, sizeof sum);
  return bytes + data;
}

// The part of a series in [from, to).
RowSeries part_of(const RowSeries& whole, size_t from, size_t to) {
  RowSeries out{whole.series, whole.order, {}, {}};
  const auto cut = [&](const auto& in, auto& into) {
    into.assign(in.begin() + static_cast<long>(from), in.begin() + static_cast<long>(to));
  };
  cut(whole.times, out.times);
  for (size_t c = 0; c < kRowColumns; ++c)
    if (!whole.columns[c].empty()) cut(whole.columns[c], out.columns[c]);
  return out;
}

size_t place_of(const RowSeries& series, TimeMs time) {
  return static_cast<size_t>(std::lower_bound(series.times.begin(), series.times.end(), time) -
                             series.times.begin());
}

}  // namespace

std::string to_bytes(const RowKey& key) {
  std::string out = row_seek(key.resolution, key.week, key.group, key.end);
  put_big(out, flipped(key.start.ms));
  return out;
}

std::string row_seek(Resolution resolution, int32_t week, uint32_t group, TimeMs from) {
  std::string out = row_partition(resolution, week);
  put_big(out, group);
  put_big(out, flipped(from.ms));
  return out;
}

std::string row_partition(Resolution resolution, int64_t week) {
  std::string out(1, static_cast<char>(resolution));
  put_big(out, flipped(static_cast<int32_t>(week)));
  return out;
}

std::optional<RowKey> parse_row_key(std::string_view bytes) {
  if (bytes.size() != kKeyBytes || static_cast<uint8_t>(bytes[0]) >= kResolutions)
    return std::nullopt;
  RowKey key;
  key.resolution = static_cast<Resolution>(bytes[0]);
  key.week = unflipped(get_big<uint32_t>(bytes, 1));
  key.group = get_big<uint32_t>(bytes, 5);
  key.end.ms = unflipped(get_big<uint64_t>(bytes, 9));
  key.start.ms = unflipped(get_big<uint64_t>(bytes, 17));
  return key;
}

RowTotals put_rows(Resolution resolution, RowSpan span, std::vector<RowSeries> series,
                   size_t slice_points, KeyBatch& batch) {
  RowTotals totals;
  const auto longest = [&] {
    return std::max_element(
        series.begin(), series.end(),
        [](const RowSeries& a, const RowSeries& b) { return a.times.size() < b.times.size(); });
  };
  while (!series.empty()) {
    std::vector<RowSeries> row;
    if (const auto most = longest(); most->times.size() > slice_points) {
      const TimeMs cut = most->times[slice_points];
      std::vector<RowSeries> rest;
      for (const RowSeries& one : series) {
        const size_t at = place_of(one, cut);
        if (at > 0) row.push_back(part_of(one, 0, at));
        if (at < one.times.size()) rest.push_back(part_of(one, at, one.times.size()));
      }
      series = std::move(rest);
    } else {
      row = std::exchange(series, {});
    }
    // Before the cut another series may be the longest: its part may be too long in turn.
    if (std::any_of(row.begin(), row.end(),
                    [&](const RowSeries& one) { return one.times.size() > slice_points; })) {
      const RowTotals more = put_rows(resolution, span, std::move(row), slice_points, batch);
      totals.rows += more.rows, totals.points += more.points, totals.bytes += more.bytes;
      continue;
    }
    RowKey key{resolution, 0, group_of(row[0].series), row[0].times.back(), row[0].times[0]};
    for (const RowSeries& one : row) {
      TOCSIN_CHECK(!one.times.empty() && group_of(one.series) == key.group, "series {} in group {}",
                   one.series.index, key.group);
      key.start = std::min(key.start, one.times.front());
      key.end = std::max(key.end, one.times.back());
      totals.points += one.times.size();
    }
    key.week = partition_of(key.start);
    std::string value = encode_row(key, span, row);
    ++totals.rows;
    totals.bytes += kKeyBytes + value.size();
    batch.put(KeyFamily::kRows, to_bytes(key), std::move(value));
  }
  return totals;
}

std::optional<RowReader> RowReader::open(std::string_view key, std::string_view value) {
  const auto parsed = parse_row_key(key);
  ByteReader in(value);
  const uint8_t format = in.u8();
  const uint32_t sum = in.u32();
  const uint32_t length = in.u32();
  if (!parsed || !in.ok() || format != kFormat || length > in.left()) return std::nullopt;
  if (directory_sum(key, value.substr(kSummedFrom, kFixed - kSummedFrom + length)) != sum)
    return std::nullopt;
  RowReader out;
  out.key_ = *parsed;
  if (!out.parse(value.substr(kFixed, length), value.substr(kFixed + length))) return std::nullopt;
  return out;
}

bool RowReader::parse(std::string_view directory, std::string_view data) {
  ByteReader in(directory);
  // Bytes that a torn value no longer has are empty here and fail their own checksum.
  const auto take = [&](uint64_t length) {
    const std::string_view part = data.substr(0, length);
    data.remove_prefix(part.size());
    return part;
  };
  const uint8_t span = in.u8();
  if (span > static_cast<uint8_t>(RowSpan::kWeek)) return false;
  span_ = static_cast<RowSpan>(span);
  const uint64_t newest = in.varint();
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    Column column{in.varint(), {}, 0};
    column.bytes = take(in.varint());
    column.sum = in.u32();
    if (column.count == 0 || column.count > kColumnMax) return false;
    columns_.push_back(column);
  }
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    Entry entry{};
    entry.offset = in.u8();
    entry.column = in.varint();
    entry.order.sealed_at.value = newest - in.varint();
    entry.order.sub = static_cast<uint32_t>(in.varint());
    for (size_t c = 0; c < columns_of(key_.resolution); ++c) {
      const uint64_t length = in.varint();
      entry.values[c] = length == 0 && c > 0 ? entry.values[c - 1] : take(length);
    }
    entry.sum = in.u32();
    if (entry.offset >= kGroupSeries || entry.column >= columns_.size()) return false;
    entries_.push_back(entry);
  }
  return in.done();
}

SeriesRef RowReader::series(size_t i) const {
  return SeriesRef{key_.group * kGroupSeries + entries_[i].offset};
}

std::optional<size_t> RowReader::find(SeriesRef series) const {
  for (size_t i = 0; i < entries_.size(); ++i)
    if (this->series(i) == series) return i;
  return std::nullopt;
}

bool RowReader::read(size_t i, RowSeries& out) const {
  const Entry& entry = entries_[i];
  const Column& column = columns_[entry.column];
  if (crc32c(column.bytes) != column.sum) return false;
  uint32_t sum = 0;
  for (size_t c = 0; c < columns_of(key_.resolution); ++c)
    if (c == 0 || entry.values[c].data() != entry.values[c - 1].data())
      sum = crc32c(entry.values[c], sum);
  if (sum != entry.sum) return false;
  std::vector<int64_t> numbers;
  std::string_view bytes = column.bytes;
  if (!decode_integers(bytes, column.count, numbers) || !bytes.empty()) return false;
  out.series = series(i);
  out.order = entry.order;
  out.times.clear();
  const int64_t step = std::max<int64_t>(1, step_of(key_.resolution).count);
  for (const int64_t n : numbers)
    out.times.push_back(
        TimeMs{static_cast<int64_t>(static_cast<uint64_t>(n) * static_cast<uint64_t>(step))});
  for (size_t c = 0; c < columns_of(key_.resolution); ++c) {
    bytes = entry.values[c];
    if (!decode_doubles(bytes, column.count, out.columns[c]) || !bytes.empty()) return false;
  }
  return std::is_sorted(out.times.begin(), out.times.end());
}

}  // namespace tocsin
