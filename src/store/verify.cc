// Reads all that is stored and says what does not check out.

#include <fmt/format.h>

#include <algorithm>

#include "store/big_endian.h"
#include "store/store_stats.h"
#include "store/stored_chunk.h"

namespace tocsin {
namespace {

constexpr uint32_t kGapSeriesMax = 1024;  // chunks of a block, with room
constexpr uint32_t kUnknown = UINT32_MAX;
constexpr uint64_t kProgressBytes = 256u << 10;
const std::string kPastAll(40, '\xff');

std::string_view kind_of(KeyFamily family) {
  switch (family) {
    case KeyFamily::kChunks:
      return "chunks";
    case KeyFamily::kCatalogue:
      return "the catalogue of series";
    case KeyFamily::kMeta:
      return "sums and marks";
    case KeyFamily::kRows:
      return "rows";
  }
  return "";
}

// What the first and the last key of a file say of what it holds.
DamagedFile named(const FileReport::Damage& damage) {
  DamagedFile out;
  out.file = damage.file;
  out.reason = damage.reason;
  if (!damage.family) return out;
  out.kind = kind_of(*damage.family);
  for (const std::string_view bytes : {damage.first, damage.last}) {
    SeriesRef series = kNoSeries;
    if (*damage.family == KeyFamily::kCatalogue && bytes.size() == sizeof(uint32_t))
      series = SeriesRef{get_big<uint32_t>(bytes, 0)};
    if (const auto chunk = parse_chunk_key(bytes); chunk && damage.family == KeyFamily::kChunks) {
      series = chunk->series;
      out.from = std::min(out.from, chunk->start);
      out.to = std::max(out.to, range_of(RowSpan::kDay, chunk->start).to);
    }
    if (const auto row = parse_row_key(bytes); row && damage.family == KeyFamily::kRows) {
      series = SeriesRef{row->group * kGroupSeries};
      out.from = std::min(out.from, row->start);
      out.to = std::max(out.to, row->end);
    }
    (out.first == kNoSeries ? out.first : out.last) = series;
  }
  return out;
}

class Verifier {
 public:
  Verifier(Keyspace& keyspace, const std::function<bool(const VerifyReport&)>& progress)
      : keyspace_(keyspace), progress_(progress) {}

  Result<VerifyReport> run() {
    for (const KeyFamily family : {KeyFamily::kChunks, KeyFamily::kRows, KeyFamily::kCatalogue})
      report_.bytes_total += keyspace_.disk_bytes(family, "", kPastAll);
    report_.bytes_total += keyspace_.stats().disk_bytes;
    auto done = files();
    if (done) done = scan(KeyFamily::kCatalogue, "the catalogue of series", &Verifier::entry);
    if (done) done = scan(KeyFamily::kChunks, "chunks", &Verifier::chunk);
    if (done) done = scan(KeyFamily::kRows, "rows", &Verifier::row);
    if (!done) return fail(done.error());
    if (progress_) (void)progress_(report_);
    return report_;
  }

 private:
  Result<void> files() {
    const auto found = keyspace_.check_files([&](uint64_t bytes) { return count(bytes); });
    if (!found) return fail(found.error());
    report_.files = found->files;
    report_.unused_files = found->unused;
    report_.damaged += found->damaged.size();
    for (const FileReport::Damage& one : found->damaged)
      if (report_.damaged_files.size() < VerifyReport::kDamageMax)
        report_.damaged_files.push_back(named(one));
    return {};
  }

  // Files that are damaged at their ends may be read no further; all others are.
  using Look = void (Verifier::*)(std::string_view key, std::string_view value);

  Result<void> scan(KeyFamily family, std::string_view what, Look look) {
    const auto visit = [&](std::string_view key, std::string_view value) {
      (this->*look)(key, value);
      return count(key.size() + value.size());
    };
    std::vector<KeyGap> gaps;
    auto done = keyspace_.scan(family, "", kPastAll, visit, &gaps);
    for (const KeyGap& gap : gaps) lost(family, gap);
    const bool expected = !report_.damaged_files.empty();
    if (done || (done.error().code != ErrorCode::kCorrupt && !expected)) return done;
    ++report_.damaged;
    report_.notes.push_back(fmt::format("{}: {}", what, done.error().text()));
    return {};
  }

  // Series whose points may have been in a block that cannot be read. A gap that reaches over a
  // day's or week's end, or is open at one end, is named by the side that is known.
  void lost(KeyFamily family, const KeyGap& gap) {
    if (family == KeyFamily::kChunks) {
      const auto first = parse_chunk_key(gap.after), end = parse_chunk_key(gap.before);
      if (!first && !end) return damaged(kNoSeries, kTimeMin, kTimeMax);
      const auto range = range_of(RowSpan::kDay, first ? first->start : end->start);
      const bool both = first && end && first->day == end->day;
      lost(first ? first->series.index : 0, !first || both ? end->series.index : kUnknown, range);
    } else if (family == KeyFamily::kRows) {
      const auto first = parse_row_key(gap.after), end = parse_row_key(gap.before);
      if (!first && !end) return damaged(kNoSeries, kTimeMin, kTimeMax);
      const auto range = range_of(RowSpan::kWeek, first ? first->start : end->start);
      const bool both = first && end && first->week == end->week;
      const uint32_t last = end ? end->group * kGroupSeries + kGroupSeries - 1 : kUnknown;
      lost(first ? first->group * kGroupSeries : 0, !first || both ? last : kUnknown, range);
    }
  }
  void lost(uint32_t first, uint32_t last, const TimeRange& range) {
    last = std::min(last, std::max(first, static_cast<uint32_t>(report_.series)));
    // As wide as a file: it is named itself.
    if (last - first > kGapSeriesMax) return damaged(kNoSeries, range.from, range.to);
    for (uint32_t i = first; i <= last; ++i) damaged(SeriesRef{i}, range.from, range.to);
  }

  bool count(size_t bytes) {
    report_.bytes += bytes;
    since_ += bytes;
    if (since_ < kProgressBytes || !progress_) return true;
    since_ = 0;
    return progress_(report_);
  }

  void damaged(SeriesRef series, TimeMs from, TimeMs to) {
    ++report_.damaged;
    if (report_.damage.size() < VerifyReport::kDamageMax)
      report_.damage.push_back({series, from, to});
  }

  void entry(std::string_view key, std::string_view value) {
    ++report_.series;
    if (key.size() == sizeof(uint32_t) && parse_catalogue(value)) return;
    ++report_.damaged;
    if (report_.notes.size() < VerifyReport::kDamageMax)
      report_.notes.push_back(fmt::format("the labels of series {} do not check out",
                                          key.size() == 4 ? get_big<uint32_t>(key, 0) : 0));
  }

  void chunk(std::string_view key_bytes, std::string_view value) {
    ++report_.chunks;
    const auto key = parse_chunk_key(key_bytes);
    std::vector<Sample> samples;
    if (key && decode_chunk(*key, key_bytes, value, samples)) {
      report_.points += samples.size();
    } else if (key) {
      damaged(key->series, key->start, range_of(RowSpan::kDay, key->start).to);
    } else {
      damaged(kNoSeries, kTimeMin, kTimeMax);
    }
  }

  void row(std::string_view key_bytes, std::string_view value) {
    ++report_.rows;
    const auto key = parse_row_key(key_bytes);
    const auto row = RowReader::open(key_bytes, value);
    if (!row) {  // any series of the group may have been in it
      for (uint32_t i = 0; key && i < kGroupSeries; ++i)
        damaged(SeriesRef{key->group * kGroupSeries + i}, key->start, key->end);
      if (!key) damaged(kNoSeries, kTimeMin, kTimeMax);
      return;
    }
    uint64_t& points = key->resolution == Resolution::kRaw ? report_.points : report_.rollups;
    for (size_t i = 0; i < row->size(); ++i) {
      RowSeries series;
      if (row->read(i, series))
        points += series.times.size();
      else
        damaged(row->series(i), key->start, key->end);
    }
  }

  Keyspace& keyspace_;
  const std::function<bool(const VerifyReport&)>& progress_;
  VerifyReport report_;
  uint64_t since_ = 0;
};

}  // namespace

std::string DamagedFile::text(const SeriesTable& table) const {
  const auto name = [&](SeriesRef ref) {
    return table.known(ref) ? table.labels(ref).text() : fmt::format("series {}", ref.index);
  };
  std::string held{kind.empty() ? std::string_view("keys that cannot be named") : kind};
  if (from <= to) held += fmt::format(" from {} to {}", to_iso(from), to_iso(to));
  if (first != kNoSeries && last != kNoSeries)
    held += fmt::format(", the first of {}, the last of {}", name(first), name(last));
  return fmt::format("file {} is damaged: {}; it holds {}", file, reason, held);
}

Result<VerifyReport> verify_store(Keyspace& keyspace,
                                  const std::function<bool(const VerifyReport&)>& progress) {
  return Verifier(keyspace, progress).run();
}

}  // namespace tocsin
