#include "intake/series_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/id.h"
#include "base/text.h"

namespace tocsin::intake {
namespace {

constexpr size_t kValueShown = 100;        // bytes of a label's value in messages
constexpr size_t kEvidenceLabelsMax = 64;  // per limit in trouble
constexpr DurationMs kExampleEvery = seconds(1);
constexpr DurationMs kTroubleKept = hours(24);  // on the page, once it is over
// Who a series is of, where no limit says so.
constexpr std::string_view kOwnerLabels[] = {"service", "app", "job"};

std::string full_text(const std::string& label, std::string_view value, uint64_t most) {
  if (label.empty())
    return fmt::format("the limit of {} series is reached (limits.series); known series go on",
                       most);
  return fmt::format(
      "the limit of {} series for {}=\"{}\" is reached (limits.per); known series go on", most,
      label, cut_text(value, kValueShown));
}

}  // namespace

SeriesGuard::SeriesGuard(const SeriesTable& table, const Clock& clock, Counters& counters,
                         SeriesLimits limits, const CardinalityCaps& caps)
    : table_(table),
      clock_(clock),
      refused_total_(counters.counter("tocsin_series_refused_total", "",
                                      "New series refused, each time one was sent")),
      added_total_(counters.counter("tocsin_series_added_total", "", "New series")),
      series_(counters.gauge("tocsin_series", "", "Series known")),
      configured_(std::move(limits)),
      cardinality_(caps),
      since_(clock.now()) {
  limits_.push_back({.label = {}, .most = configured_.series, .refused = 0, .used = {}});
  for (const SeriesLimits::PerValue& per : configured_.per)
    limits_.push_back({.label = per.label, .most = per.series, .refused = 0, .used = {}});
}

std::optional<std::string> SeriesGuard::admit(SeriesRef ref, const Labels& labels,
                                              std::string_view sender) {
  const TimeMs now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (!sender.empty())
    if (auto why = refuse(labels, sender, now)) return why;
  count(labels);
  note_growth(labels, now);
  cardinality_.added(ref, labels, now, sender);
  next_ = ref.index + 1;
  added_total_.add();
  return std::nullopt;
}

uint64_t SeriesGuard::used(const Limit& limit, uint64_t hash) const {
  if (limit.label.empty()) return total_;
  const auto found = limit.used.find(hash);
  return found == limit.used.end() ? 0 : found->second;
}

bool SeriesGuard::near(const Limit& limit, uint64_t used) const {
  return static_cast<double>(used) >= configured_.warn_at * static_cast<double>(limit.most);
}

// A label's limit is said before that of all series: it is the one that somebody chose.
std::optional<std::string> SeriesGuard::refuse(const Labels& labels, std::string_view sender,
                                               TimeMs now) {
  for (size_t i = limits_.size(); i > 0; --i) {
    Limit& limit = limits_[i - 1];
    const std::string_view value = limit.label.empty() ? "" : labels.get(limit.label);
    if (!limit.label.empty() && value.empty()) continue;
    if (used(limit, hash64(value)) < limit.most) continue;
    return turn_away(limit, value, labels, sender, now);
  }
  return std::nullopt;
}

std::string SeriesGuard::turn_away(Limit& limit, std::string_view value, const Labels& labels,
                                   std::string_view sender, TimeMs now) {
  refused_total_.add();
  ++limit.refused;
  if (Trouble* trouble = trouble_of(limit, value, now)) {
    ++trouble->refused;
    trouble->last = now;
    trouble->series.add(labels.hash());
    trouble->refused_lately.add(now, 1);
    trouble->evidence.add(labels, now);
    if (trouble->example.empty() || now - trouble->example_at >= kExampleEvery) {
      trouble->example = labels.text();
      trouble->example_sender = sender;
      trouble->example_at = now;
    }
  }
  return full_text(limit.label, value, limit.most);
}

void SeriesGuard::count(const Labels& labels) {
  ++total_;
  for (Limit& limit : limits_) {
    if (limit.label.empty()) continue;
    const std::string_view value = labels.get(limit.label);
    if (!value.empty()) ++limit.used[hash64(value)];
  }
  series_.set(static_cast<double>(total_));
}

void SeriesGuard::note_growth(const Labels& labels, TimeMs now) {
  for (const Limit& limit : limits_) {
    const std::string_view value = limit.label.empty() ? "" : labels.get(limit.label);
    if (!limit.label.empty() && value.empty()) continue;
    if (!near(limit, used(limit, hash64(value)))) continue;
    Trouble* trouble = trouble_of(limit, value, now);
    if (trouble == nullptr) continue;
    trouble->last = now;
    trouble->added_lately.add(now, 1);
    trouble->evidence.add(labels, now);
  }
}

SeriesGuard::Trouble* SeriesGuard::trouble_of(const Limit& limit, std::string_view value,
                                              TimeMs now) {
  const TroubleKey key{limit.label, hash64(value)};
  const auto found = troubles_.find(key);
  if (found != troubles_.end()) {
    if (!found->second.active) begin(found->second, limit, now);
    return &found->second;
  }
  if (troubles_.size() >= kTroublesMax && !make_room()) return nullptr;
  Trouble& made = troubles_[key];
  made.value = value;
  begin(made, limit, now);
  return &made;
}

bool SeriesGuard::make_room() {
  auto oldest = troubles_.end();
  for (auto at = troubles_.begin(); at != troubles_.end(); ++at)
    if (!at->second.active && (oldest == troubles_.end() || at->second.last < oldest->second.last))
      oldest = at;
  if (oldest == troubles_.end()) return false;
  troubles_.erase(oldest);
  return true;
}

// What came just before says what grows better than the first that is refused.
void SeriesGuard::begin(Trouble& trouble, const Limit& limit, TimeMs now) {
  trouble.active = true;  // until a report says otherwise
  trouble.began = trouble.last = now;
  trouble.grew.clear();
  trouble.evidence = {};
  for (const Cardinality::Recent& one : cardinality_.recent()) {
    if (!table_.known(one.series) || now - one.at > hours(1)) continue;
    const Labels& labels = table_.labels(one.series);
    if (limit.label.empty() || labels.get(limit.label) == trouble.value)
      trouble.evidence.add(labels, now);
  }
}

void SeriesGuard::Evidence::add(const Labels& labels, TimeMs now_ms) {
  if (hour_of(now_ms) != hour) {
    before = hour_of(now_ms) == hour + 1 ? std::move(now) : decltype(before){};
    now.clear();
    hour = hour_of(now_ms);
  }
  for (const auto& [name, value] : labels.pairs()) {
    auto at = now.find(name);
    if (at == now.end()) {
      if (now.size() >= kEvidenceLabelsMax) continue;
      at = now.emplace(name, DistinctCounter()).first;
    }
    at->second.add(hash64(value));
  }
}

// By name where two have as many: the same answer each time.
std::string SeriesGuard::Evidence::most_values(std::string_view except) const {
  std::map<std::string_view, uint64_t> counts;
  for (const auto* part : {&now, &before})
    for (const auto& [name, values] : *part)
      if (name != except) counts[name] += values.count();
  std::string_view best;
  uint64_t most = 0;
  for (const auto& [name, values] : counts) {
    if (values <= most) continue;
    best = name;
    most = values;
  }
  return std::string(best);
}

void SeriesGuard::name_what_grew(Trouble& trouble, const std::string& label, TimeMs now) const {
  if (!trouble.grew.empty()) return;
  trouble.grew = trouble.evidence.most_values(label);
  if (label.empty())
    std::tie(trouble.owner_label, trouble.owner_value) = owner_of_growth(now);
  else
    std::tie(trouble.owner_label, trouble.owner_value) = std::pair(label, trouble.value);
}

// Whose series came most, this hour and the last: of the first label that tells.
std::pair<std::string, std::string> SeriesGuard::owner_of_growth(TimeMs now) const {
  std::vector<std::string_view> names;
  for (const Limit& limit : limits_)
    if (!limit.label.empty()) names.emplace_back(limit.label);
  names.insert(names.end(), std::begin(kOwnerLabels), std::end(kOwnerLabels));
  names.push_back(kNameLabel);
  for (const std::string_view name : names) {
    const Cardinality::Label* label = cardinality_.label(name);
    if (label == nullptr) continue;
    const auto index = static_cast<uint32_t>(label - cardinality_.labels().data());
    const Cardinality::Value* best = nullptr;
    uint64_t most = 0;
    for (const Cardinality::Value& value : cardinality_.values()) {
      if (value.label != index) continue;
      const uint64_t grown = value.growth.hours().sum(now, 2);
      if (grown <= most) continue;
      best = &value;
      most = grown;
    }
    if (best != nullptr) return {std::string(name), best->text};
  }
  return {};
}

std::vector<SeriesGuard::Report> SeriesGuard::report() {
  const TimeMs now = clock_.now();
  const std::lock_guard lock(mutex_);
  std::vector<Report> out;
  for (auto at = troubles_.begin(); at != troubles_.end();) {
    Trouble& trouble = at->second;
    Report one;
    one.refused = trouble.refused_lately.sum(now);
    one.added = trouble.added_lately.sum(now);
    trouble.active = one.refused + one.added > 0;
    if (!trouble.active && now - trouble.last > kTroubleKept) {
      at = troubles_.erase(at);
      continue;
    }
    const std::string& label = at->first.first;
    if (trouble.active) {
      name_what_grew(trouble, label, now);
      one.of = label.empty() ? "all series" : fmt::format("{}={}", label, trouble.value);
      one.label = trouble.owner_label;
      one.value = trouble.owner_value;
      one.grew = trouble.grew;
      out.push_back(std::move(one));
    }
    ++at;
  }
  return out;
}

SeriesGuard::Limit SeriesGuard::counted_limit(const SeriesLimits::PerValue& per,
                                              uint32_t below) const {
  Limit out{.label = per.label, .most = per.series, .refused = 0, .used = {}};
  for (uint32_t i = 0; i < below; ++i) {
    if (!table_.known(SeriesRef{i})) continue;
    const std::string_view value = table_.labels(SeriesRef{i}).get(per.label);
    if (!value.empty()) ++out.used[hash64(value)];
  }
  return out;
}

// The long count is made without the lock; then, with it, what came meanwhile.
void SeriesGuard::set_limits(const SeriesLimits& limits) {
  const uint32_t below = table_.size();
  std::vector<Limit> made{{.label = {}, .most = limits.series, .refused = 0, .used = {}}};
  for (const SeriesLimits::PerValue& per : limits.per) made.push_back(counted_limit(per, below));
  std::unique_lock lock(mutex_);
  // One series may be admitted and not yet be in the table.
  while (next_ > below && !table_.known(SeriesRef{next_ - 1})) {
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
  }
  made.swap(limits_);
  for (uint32_t i = below; i < next_; ++i) {
    const Labels& labels = table_.labels(SeriesRef{i});
    for (Limit& limit : limits_)
      if (const std::string_view value = labels.get(limit.label); !value.empty())
        ++limit.used[hash64(value)];
  }
  for (Limit& limit : limits_)
    for (const Limit& old : made)
      if (old.label == limit.label) limit.refused = old.refused;
  std::erase_if(troubles_, [&](const auto& one) {
    return std::none_of(limits_.begin(), limits_.end(),
                        [&](const Limit& limit) { return limit.label == one.first.first; });
  });
  configured_ = limits;
}

}  // namespace tocsin::intake
