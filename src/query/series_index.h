#pragma once
// Label -> series: which of some hundred thousand series a selector means, in microseconds. Built
// from the SeriesTable as it grows; what the table holds when a question begins is found by it.
//
//   labels_ ─► "site" ─► values: "madrid" ─► refs 3, 17, 20 …     texts point into the SeriesTable
//                                "rome"   ─► refs 4, 9, …
//
// Any thread. Questions share a lock; taking in new series holds it alone for at most kSlice series
// at a time. Bounded by the table: about 4 bytes per label of a series, 40 per value (bytes()).
// Recovery has restored its series before the first question.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "query/postings.h"
#include "vocabulary/matcher.h"
#include "vocabulary/series_table.h"

namespace tocsin::query {

class SeriesIndex {
 public:
  explicit SeriesIndex(const SeriesTable& table);

  // Takes in at most `series_max` of the series that came since; true if there are none left.
  bool catch_up(size_t series_max = SIZE_MAX);
  bool caught_up() const { return taken_.load(std::memory_order_acquire) == table_.size(); }

  struct Match {
    std::vector<SeriesRef> series;  // ascending by ref, at most `limit`
    bool more = false;              // there are others
  };
  // Series that every matcher matches; a label that a series lacks is the empty value.
  Match find(std::span<const LabelMatcher> matchers, size_t limit = SIZE_MAX);
  Match find(const SeriesSelector& selector, size_t limit = SIZE_MAX);
  // True if find() is a look at a few lists, none longer than `refs_max`, and no regular
  // expression is run over values: then it is as cheap as its answer is short.
  bool is_quick(const SeriesSelector& selector, size_t refs_max) const;

  // Sorted. Of all series, or of those given.
  std::vector<std::string_view> label_names();
  std::vector<std::string_view> label_names(std::span<const SeriesRef> series) const;
  std::vector<std::string_view> label_values(std::string_view label);
  std::vector<std::string_view> label_values(std::string_view label,
                                             std::span<const SeriesRef> series) const;

  struct Count {
    std::string_view text;
    size_t count = 0;
  };
  // For people: labels by number of values, values of a label by number of series, largest first.
  std::vector<Count> largest_labels(size_t limit);
  std::vector<Count> largest_values(std::string_view label, size_t limit);
  size_t pair_count();

  const SeriesTable& table() const { return table_; }
  size_t bytes() const;

  static constexpr size_t kSlice = 128;  // series per turn: about 150 us

 private:
  struct Value {
    std::string_view text;
    Postings refs;
  };
  // The values of one label name. Values are found through a table of places, half empty at most.
  struct Label {
    std::vector<Value> values;
    std::vector<uint32_t> places;  // index into values + 1; 0 is empty
    const Value* find(std::string_view text) const;
    Value& find_or_add(std::string_view text);
    void grow();
  };
  struct Condition;
  using Refs = std::vector<uint32_t>;

  void take_in(uint32_t ref);
  const Label* label(std::string_view name) const;
  Match find(std::vector<Condition>& conditions, size_t limit) const;
  // False: no series can match.
  bool look_up(Condition& condition) const;
  void look_through(Condition& condition) const;
  Refs candidates(const Condition& base) const;
  void keep_matching(const Condition& condition, Refs& refs) const;
  static std::vector<Condition> conditions_of(std::span<const LabelMatcher> matchers);
  static std::vector<Condition> conditions_of(const SeriesSelector& selector);

  const SeriesTable& table_;
  mutable std::shared_mutex mutex_;                     // guards what follows
  std::unordered_map<std::string_view, Label> labels_;  // looked up; what comes out is sorted
  size_t pairs_ = 0;
  std::mutex growing_;              // one thread takes in at a time
  std::atomic<uint32_t> taken_{0};  // series below this are in
};

}  // namespace tocsin::query
