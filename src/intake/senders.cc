#include "intake/senders.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/text.h"

namespace tocsin::intake {
namespace {

constexpr size_t kRecentMax = 20;
constexpr DurationMs kSampleEvery = milliseconds(200);
constexpr size_t kTextBytesMax = 200;
constexpr size_t kProductBytesMax = 64;

uint64_t scramble(uint64_t z) {  // the finaliser of splitmix64
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// HyperLogLog (Flajolet 2007) with 256 registers: 6.5 % standard error; linear counting while
// registers are empty.
void sketch_add(std::array<uint8_t, 256>& sketch, SeriesRef series) {
  const uint64_t hash = scramble(series.index + 0x9e3779b97f4a7c15ULL);
  const auto rank = static_cast<uint8_t>(std::countl_zero(hash << 8 | 0xff) + 1);
  uint8_t& reg = sketch[hash >> 56];
  reg = std::max(reg, rank);
}

uint64_t sketch_count(const std::array<uint8_t, 256>& sketch) {
  constexpr double kSize = 256;
  double sum = 0;
  double empty = 0;
  for (const uint8_t reg : sketch) {
    sum += std::ldexp(1.0, -reg);
    empty += reg == 0 ? 1 : 0;
  }
  constexpr double kAlpha = 0.7213 / (1 + 1.079 / kSize);
  const double estimate = kAlpha * kSize * kSize / sum;
  const bool few = estimate <= 2.5 * kSize && empty > 0;
  return static_cast<uint64_t>(std::llround(few ? kSize * std::log(kSize / empty) : estimate));
}

// Newest first, one per series, the older ones behind as far as there is room.
void merge_recent(std::vector<Point>& recent, const Batch& batch) {
  std::vector<Point> merged;
  const auto take = [&](const Point& point) {
    const bool known = std::any_of(merged.begin(), merged.end(), [&](const Point& other) {
      return other.series == point.series;
    });
    if (!known) merged.push_back(point);
    return merged.size() < kRecentMax;
  };
  bool room = true;
  // A batch may hold one series many times: not looked through without end.
  const size_t last = batch.size() > 1000 ? batch.size() - 1000 : 0;
  for (size_t i = batch.size(); room && i > last; --i)
    room = take({batch.series[i - 1], batch.time[i - 1], batch.value[i - 1]});
  for (size_t i = 0; room && i < recent.size(); ++i) room = take(recent[i]);
  recent = std::move(merged);
}

}  // namespace

std::string sender_product(std::string_view user_agent) {
  const size_t end = std::min(user_agent.find_first_of("/ ;("), kProductBytesMax);
  std::string product = cut_text(user_agent.substr(0, end), kProductBytesMax);
  for (char& c : product) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if (static_cast<unsigned char>(c) < 0x21) c = '_';
  }
  return product.empty() ? "unknown" : product;
}

std::string sender_name(std::string_view user_agent, std::string_view address) {
  std::string name = sender_product(user_agent);
  return name.append(" ").append(address);
}

SenderTable::SenderTable(Counters& counters, size_t senders_max)
    : senders_max_(senders_max),
      forgotten_(counters.counter("tocsin_senders_forgotten_total", "",
                                  "Senders forgotten because the table was full")) {}

SenderRef SenderTable::seen(std::string_view protocol, std::string_view user_agent,
                            std::string_view address, TimeMs now) {
  Key key{sender_name(user_agent, address), std::string(protocol)};
  const std::lock_guard lock(mutex_);
  if (const auto found = by_name_.find(key); found != by_name_.end()) {
    SenderView& view = senders_.at(found->second).view;
    view.last_seen = std::max(view.last_seen, now);
    if (view.agent != user_agent) view.agent = cut_text(user_agent, kTextBytesMax);
    return view.ref;
  }
  if (senders_.size() >= senders_max_) forget_oldest();
  const SenderRef ref{next_++};
  Sender& sender = senders_[ref.index];
  sender.view.ref = ref;
  sender.view.name = key.first;
  sender.view.protocol = key.second;
  sender.view.agent = cut_text(user_agent, kTextBytesMax);
  sender.view.address = address;
  sender.view.first_seen = sender.view.last_seen = now;
  sender.sampled = kTimeMin;
  by_name_.emplace(std::move(key), ref.index);
  return ref;
}

// Several at a time, so that a flood of new senders does not look through the table for each. By
// last seen, then by ref: the order of the hash map does not matter.
void SenderTable::forget_oldest() {
  std::vector<std::pair<TimeMs, uint32_t>> by_age;
  by_age.reserve(senders_.size());
  for (const auto& [index, sender] : senders_) by_age.emplace_back(sender.view.last_seen, index);
  const size_t count = senders_max_ / 100 + 1;
  std::partial_sort(by_age.begin(), by_age.begin() + static_cast<std::ptrdiff_t>(count),
                    by_age.end());
  for (size_t i = 0; i < count; ++i) {
    const SenderView& view = senders_.at(by_age[i].second).view;
    by_name_.erase({view.name, view.protocol});
    senders_.erase(by_age[i].second);
    forgotten_.add();
  }
}

SenderTable::Sender* SenderTable::at(SenderRef sender) {
  const auto found = senders_.find(sender.index);
  return found == senders_.end() ? nullptr : &found->second;
}

void SenderTable::count(SenderRef ref, TimeMs now, uint64_t points, uint64_t rejected) {
  const std::lock_guard lock(mutex_);
  Sender* sender = at(ref);
  if (sender == nullptr) return;
  sender->view.last_seen = std::max(sender->view.last_seen, now);
  sender->view.points += points;
  sender->view.rejected += rejected;
}

void SenderTable::error(SenderRef ref, TimeMs now, std::string_view text) {
  const std::lock_guard lock(mutex_);
  Sender* sender = at(ref);
  if (sender == nullptr) return;
  sender->view.last_error = cut_text(text, 2 * kTextBytesMax);
  sender->view.last_error_at = now;
}

void SenderTable::sample(const Batch& batch, TimeMs now) {
  const std::lock_guard lock(mutex_);
  Sender* sender = at(batch.sender);
  if (sender == nullptr || batch.series.empty()) return;
  if (batch.size() > kRecentMax && now < sender->sampled + kSampleEvery) return;
  sender->sampled = now;
  merge_recent(sender->view.recent, batch);
  for (const SeriesRef series : batch.series) sketch_add(sender->sketch, series);
}

SenderView SenderTable::view_of(const Sender& sender) {
  SenderView view = sender.view;
  view.series = sketch_count(sender.sketch);
  return view;
}

std::vector<SenderView> SenderTable::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<SenderView> out;
  out.reserve(by_name_.size());
  for (const auto& [key, index] : by_name_) out.push_back(view_of(senders_.at(index)));
  return out;
}

std::optional<SenderView> SenderTable::find(SenderRef sender) const {
  const std::lock_guard lock(mutex_);
  const auto found = senders_.find(sender.index);
  if (found == senders_.end()) return std::nullopt;
  return view_of(found->second);
}

size_t SenderTable::size() const {
  const std::lock_guard lock(mutex_);
  return senders_.size();
}

}  // namespace tocsin::intake
