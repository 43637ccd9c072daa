#include "base/counters.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace tocsin {

Counters::Entry& Counters::find_or_add(Kind kind, std::string_view name, std::string_view labels,
                                       std::string_view help) {
  const std::lock_guard lock(mutex_);
  for (Entry& entry : entries_)
    if (entry.name == name && entry.labels == labels) return entry;
  return entries_.emplace_back(kind, name, labels, help);
}

Counter& Counters::counter(std::string_view name, std::string_view labels, std::string_view help) {
  return find_or_add(Kind::kCounter, name, labels, help).counter;
}

Gauge& Counters::gauge(std::string_view name, std::string_view labels, std::string_view help) {
  return find_or_add(Kind::kGauge, name, labels, help).gauge;
}

uint64_t Counters::total(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  uint64_t out = 0;
  for (const Entry& entry : entries_)
    if (entry.kind == Kind::kCounter && entry.name == name) out += entry.counter.value();
  return out;
}

std::string Counters::exposition() const {
  const std::lock_guard lock(mutex_);
  std::vector<const Entry*> sorted;
  for (const Entry& entry : entries_) sorted.push_back(&entry);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Entry* a, const Entry* b) { return a->name < b->name; });
  std::string out;
  std::string_view family;
  for (const Entry* entry : sorted) {
    if (entry->name != family) {
      family = entry->name;
      out += "# HELP " + entry->name + " " + entry->help + "\n# TYPE " + entry->name +
             (entry->kind == Kind::kCounter ? " counter\n" : " gauge\n");
    }
    out += entry->name;
    if (!entry->labels.empty()) out += "{" + entry->labels + "}";
    out += ' ';
    if (entry->kind == Kind::kCounter)
      out += std::to_string(entry->counter.value());
    else
      append_number(out, entry->gauge.value());
    out += '\n';
  }
  return out;
}

}  // namespace tocsin
