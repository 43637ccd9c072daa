// What the guard keeps over a restart, and how it counts what is there.
// docs/formats/cardinality.md.
#include <algorithm>

#include "base/id.h"
#include "intake/series_guard.h"

namespace tocsin::intake {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kCheckBytes = 8;

}  // namespace

std::string SeriesGuard::save() const {
  ByteWriter out;
  {
    const std::lock_guard lock(mutex_);
    out.u8(kVersion);
    out.u32(next_);
    out.zigzag(since_.ms);
    cardinality_.save(out);
  }
  out.u64(hash64(out.bytes()));
  return out.take();
}

Result<void> SeriesGuard::load(std::string_view bytes) {
  const std::string_view what = bytes.substr(0, bytes.size() - std::min(bytes.size(), kCheckBytes));
  ByteReader check(bytes.substr(what.size()));
  if (check.u64() != hash64(what) || !check.ok())
    return fail(ErrorCode::kCorrupt, "the record of how series grew does not check out");
  ByteReader in(what);
  if (in.u8() != kVersion)
    return fail(ErrorCode::kCorrupt, "the record of how series grew has another format");
  const uint32_t next = in.u32();
  const TimeMs since{in.zigzag()};
  const std::lock_guard lock(mutex_);
  if (auto loaded = cardinality_.load(in); !loaded) return loaded;
  saved_next_ = next;
  since_ = since;
  return {};
}

void SeriesGuard::journal_has(const std::vector<NewSeries>& fresh, TimeMs arrival,
                              std::string_view sender) {
  const std::lock_guard lock(mutex_);
  for (const NewSeries& one : fresh)
    if (one.ref.index >= saved_next_)
      late_.push_back({one.ref.index, arrival, std::string(sender)});
}

// A frame may name a series that an earlier one named: the first says when it came.
void SeriesGuard::recovered() {
  const std::lock_guard lock(mutex_);
  std::sort(late_.begin(), late_.end(), [](const Late& a, const Late& b) {
    return std::tie(a.ref, a.arrival) < std::tie(b.ref, b.arrival);
  });
  auto late = late_.begin();
  for (uint32_t i = 0; i < table_.size(); ++i) {
    const SeriesRef ref{i};
    if (!table_.known(ref)) continue;
    const Labels& labels = table_.labels(ref);
    count(labels);
    while (late != late_.end() && late->ref < i) ++late;
    if (late != late_.end() && late->ref == i) {
      since_ = std::min(since_, late->arrival);
      cardinality_.added(ref, labels, late->arrival, late->sender);
    } else {
      cardinality_.count(labels);
    }
  }
  late_ = {};
  next_ = table_.size();
}

}  // namespace tocsin::intake
