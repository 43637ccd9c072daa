#include "tocsin/cardinality_watch.h"

#include <utility>

namespace tocsin {
namespace {

constexpr std::string_view kRefused = "tocsin_series_refused";
constexpr std::string_view kNearLimit = "tocsin_series_near_limit";
constexpr DurationMs kEvery = seconds(10);
constexpr DurationMs kTick = seconds(5);  // tick() is called more often
constexpr DurationMs kZeros = minutes(10);
// After a start senders need a while to be refused again; until then nothing says that it is over.
constexpr DurationMs kSettle = seconds(90);

}  // namespace

CardinalityWatch::CardinalityWatch(intake::SeriesGuard& guard, SeriesTable& table, uint32_t shards,
                                   Offer offer, TimeMs now)
    : guard_(guard), table_(table), shards_(shards), offer_(std::move(offer)) {
  for (uint32_t i = 0; i < table.size(); ++i) {
    if (!table.known(SeriesRef{i})) continue;
    const Labels& labels = table.labels(SeriesRef{i});
    const std::string_view name = labels.name();
    if (name != kRefused && name != kNearLimit) continue;
    if (told_.size() < kToldMax) told_[labels] = {0, now + kSettle, now + kSettle};
  }
}

bool CardinalityWatch::note(const intake::SeriesGuard::Report& report, std::string_view name,
                            uint64_t value, TimeMs now) {
  if (value == 0) return false;
  const Labels labels = Labels::of(
      name,
      {{"of", report.of}, {"label", report.label}, {"value", report.value}, {"grew", report.grew}});
  const auto found = told_.find(labels);
  if (found == told_.end() && told_.size() >= kToldMax) return false;
  const bool begins = found == told_.end() || now > found->second.last + kTick;
  told_[labels] = {static_cast<double>(value), now, now};
  return begins;
}

void CardinalityWatch::tick(TimeMs now) {
  for (auto& [labels, told] : told_) told.value = 0;
  bool begins = false;
  for (const auto& report : guard_.report()) {
    begins |= note(report, kRefused, report.refused, now);
    begins |= note(report, kNearLimit, report.added, now);
  }
  if (!told_.empty() && (begins || now >= wrote_ + kEvery)) write(now);
}

void CardinalityWatch::write(TimeMs now) {
  wrote_ = now;
  Batch batch;
  for (const auto& [labels, told] : told_) {
    if (told.value == 0 && now < told.zero_from) continue;
    const auto added = table_.find_or_add(labels, static_cast<uint32_t>(labels.hash() % shards_));
    if (!added) continue;  // the table holds no more
    batch.fresh.push_back({added->ref, labels});
    batch.add(added->ref, now, told.value);
  }
  std::erase_if(told_, [&](const auto& one) { return now > one.second.last + kZeros; });
  if (!batch.empty()) offer_(std::move(batch));
}

}  // namespace tocsin
