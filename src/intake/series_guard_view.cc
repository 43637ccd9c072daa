// What the page sees: copies of the fullest and the fastest, made under the lock; what makes them
// grow is looked up outside it.
#include "intake/series_guard_view.h"

#include <algorithm>

#include "base/id.h"
#include "intake/series_guard.h"

namespace tocsin::intake {
namespace {

constexpr size_t kExplainedMax = 20;  // rows of one list whose growing label is looked for

CardinalityView::Growth growth_view(const Growth& growth, TimeMs now) {
  CardinalityView::Growth out;
  out.last_hour = growth.hours().sum(now, 1);
  out.last_day = growth.hours().sum(now);
  for (size_t i = 0; i < out.hours.size(); ++i)
    out.hours[out.hours.size() - 1 - i] = growth.hours().of(hour_of(now) - static_cast<int64_t>(i));
  out.began = growth.began();
  out.last = growth.last();
  out.growing = growth.growing(now);
  return out;
}

// The first `limit` by `before`, in that order.
template <class Row, class Before>
void keep_first(std::vector<Row>& rows, size_t limit, Before before) {
  const size_t kept = std::min(limit, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(kept), rows.end(),
                    before);
  rows.resize(kept);
}

// By growth of the last day, then by size.
template <class Row>
bool grows_more(const Row& a, const Row& b) {
  return std::tie(b.growth.last_day, b.series) < std::tie(a.growth.last_day, a.series);
}

// The label with most different values among these series.
class Explainer {
 public:
  void add(const Labels& labels) {
    for (const auto& [name, value] : labels.pairs()) values_[name].add(hash64(value));
  }
  std::string most(std::string_view except) const {
    std::string_view best;
    uint64_t most = 1;  // one value is no growth
    for (const auto& [name, values] : values_) {
      if (name == except || values.count() <= most) continue;
      best = name;
      most = values.count();
    }
    return std::string(best);
  }

 private:
  std::map<std::string_view, DistinctCounter> values_;
};

}  // namespace

void SeriesGuard::add_tables(CardinalityView& out, const CardinalityQuery& query) const {
  const auto& labels = cardinality_.labels();
  for (const Cardinality::Label& label : labels) {
    if (label.series == 0 || (!query.label.empty() && label.name != query.label)) continue;
    out.labels.push_back({label.name, label.values.count(), label.series, label.values.exact(),
                          !label.too_many, growth_view(label.growth, out.now)});
  }
  for (const Cardinality::Value& value : cardinality_.values()) {
    if (value.label == Cardinality::kNone || value.series == 0) continue;
    if (!query.label.empty() && labels[value.label].name != query.label) continue;
    out.values.push_back({labels[value.label].name, value.text, value.series, "",
                          growth_view(value.growth, out.now)});
  }
  for (const Cardinality::Sender& sender : cardinality_.senders()) {
    if (!query.sender.empty() && sender.name != query.sender) continue;
    out.senders.push_back({sender.name, sender.series, "", growth_view(sender.growth, out.now)});
  }
  keep_first(out.labels, query.limit, [](const auto& a, const auto& b) {
    return std::tie(b.values, b.series, a.name) < std::tie(a.values, a.series, b.name);
  });
  keep_first(out.values, query.limit, [](const auto& a, const auto& b) {
    if (grows_more(a, b) != grows_more(b, a)) return grows_more(a, b);
    return std::tie(a.label, a.value) < std::tie(b.label, b.value);
  });
  keep_first(out.senders, query.limit, [](const auto& a, const auto& b) {
    if (grows_more(a, b) != grows_more(b, a)) return grows_more(a, b);
    return a.name < b.name;
  });
}

void SeriesGuard::add_limits(CardinalityView& out) const {
  for (const Limit& limit : limits_) {
    CardinalityView::Limit row{limit.label, limit.most, limit.used.size(), total_, limit.refused};
    if (!limit.label.empty()) row.fullest = 0;
    for (const auto& [hash, series] : limit.used)
      row.fullest = std::max<uint64_t>(row.fullest, series);
    out.limits.push_back(std::move(row));
  }
  for (const auto& [key, trouble] : troubles_) {
    const auto limit = std::find_if(limits_.begin(), limits_.end(),
                                    [&](const Limit& one) { return one.label == key.first; });
    out.troubles.push_back(
        {key.first, trouble.value, limit->most, used(*limit, key.second), trouble.refused,
         trouble.series.count(), trouble.refused_lately.sum(out.now),
         trouble.added_lately.sum(out.now), trouble.grew, trouble.owner_label, trouble.owner_value,
         trouble.began, trouble.last, trouble.example, trouble.example_sender, trouble.example_at});
  }
}

std::vector<Cardinality::Recent> SeriesGuard::add_recent(CardinalityView& out,
                                                         const CardinalityQuery& query) const {
  std::vector<Cardinality::Recent> kept;
  for (const Cardinality::Recent& one : cardinality_.recent()) {
    if (!table_.known(one.series)) continue;  // admitted, and being added just now
    const Labels& labels = table_.labels(one.series);
    const std::string& sender = cardinality_.senders()[one.sender].name;
    if (!query.label.empty() && labels.get(query.label).empty()) continue;
    if (!query.sender.empty() && sender != query.sender) continue;
    kept.push_back(one);
    if (out.recent.size() < query.limit) out.recent.push_back({labels, one.at, sender});
  }
  return kept;
}

CardinalityView SeriesGuard::view(const CardinalityQuery& query) const {
  CardinalityView out;
  std::vector<Cardinality::Recent> recent;
  std::map<uint32_t, std::string> names;
  out.now = clock_.now();
  {
    const std::lock_guard lock(mutex_);
    out.since = since_;
    out.series = total_;
    out.last_hour = cardinality_.hours().sum(out.now, 1);
    out.last_day = cardinality_.hours().sum(out.now, 24);
    for (size_t i = Cardinality::kHours; i > 0; --i)
      out.hours.push_back(cardinality_.hours().of(hour_of(out.now) - static_cast<int64_t>(i) + 1));
    out.labels_total = cardinality_.labels().size();
    out.labels_left_out = cardinality_.labels_left_out();
    out.warn_at = configured_.warn_at;
    add_tables(out, query);
    add_limits(out);
    recent = add_recent(out, query);
    for (const Cardinality::Recent& one : recent)
      names.emplace(one.sender, cardinality_.senders()[one.sender].name);
  }
  keep_first(out.troubles, query.limit, [](const auto& a, const auto& b) {
    return std::tie(b.last, b.refused, a.label, a.value) <
           std::tie(a.last, a.refused, b.label, b.value);
  });
  for (size_t i = 0; i < std::min(kExplainedMax, out.values.size()); ++i) {
    CardinalityView::Value& row = out.values[i];
    Explainer explainer;
    for (const Cardinality::Recent& one : recent)
      if (const Labels& labels = table_.labels(one.series); labels.get(row.label) == row.value)
        explainer.add(labels);
    row.grew = explainer.most(row.label);
  }
  for (size_t i = 0; i < std::min(kExplainedMax, out.senders.size()); ++i) {
    Explainer explainer;
    for (const Cardinality::Recent& one : recent)
      if (names.at(one.sender) == out.senders[i].name) explainer.add(table_.labels(one.series));
    out.senders[i].grew = explainer.most("");
  }
  return out;
}

}  // namespace tocsin::intake
