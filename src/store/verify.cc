// Reads all that is stored and says what does not check out.

#include <fmt/format.h>

#include "store/big_endian.h"
#include "store/store_stats.h"
#include "store/stored_chunk.h"

namespace tocsin {
namespace {

constexpr uint64_t kProgressBytes = 256u << 10;
const std::string kPastAll(40, '\xff');

class Verifier {
 public:
  Verifier(Keyspace& keyspace, const std::function<bool(const VerifyReport&)>& progress)
      : keyspace_(keyspace), progress_(progress) {}

  Result<VerifyReport> run() {
    for (const KeyFamily family : {KeyFamily::kChunks, KeyFamily::kRows, KeyFamily::kCatalogue})
      report_.bytes_total += keyspace_.disk_bytes(family, "", kPastAll);
    auto done = scan(KeyFamily::kCatalogue, "the catalogue of series", &Verifier::entry);
    if (done) done = scan(KeyFamily::kChunks, "chunks", &Verifier::chunk);
    if (done) done = scan(KeyFamily::kRows, "rows", &Verifier::row);
    if (!done) return fail(done.error());
    if (progress_) (void)progress_(report_);
    return report_;
  }

 private:
  using Look = void (Verifier::*)(std::string_view key, std::string_view value);

  Result<void> scan(KeyFamily family, std::string_view what, Look look) {
    const auto visit = [&](std::string_view key, std::string_view value) {
      (this->*look)(key, value);
      return count(key.size() + value.size());
    };
    auto done = keyspace_.scan(family, "", kPastAll, visit);
    if (done || done.error().code != ErrorCode::kCorrupt) return done;
    ++report_.damaged;
    report_.notes.push_back(fmt::format("{}: {}", what, done.error().text()));
    return {};
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

Result<VerifyReport> verify_store(Keyspace& keyspace,
                                  const std::function<bool(const VerifyReport&)>& progress) {
  return Verifier(keyspace, progress).run();
}

}  // namespace tocsin
