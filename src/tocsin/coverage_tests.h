#pragma once
// Inside of coverage: which series are tested by which worker, and what a selector or a leaf means
// among them.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule.h"
#include "tocsin/configuration.h"

namespace tocsin {

class TestedSeries {
 public:
  struct Test {
    Labels judged;  // the rate or the aggregate, where there is one
    uint32_t worker = 0;
  };
  // Series of one name that no worker but `default` tests.
  struct Unselected {
    std::string example;
    int64_t series = 0;
  };

  TestedSeries(const streamer::WorkerSet& workers, std::span<const Labels* const> series);

  const std::vector<Test>& tests() const { return tests_; }
  const std::map<std::string, Unselected>& unselected() const { return unselected_; }
  // Calls `each` for tests that the leaf may mean, until it gives false; counts into `tries`.
  template <class Each>
  void look_through(const SeriesSelector& selector, size_t& tries, Each each) const;
  // Names of what arrives and of what is judged, sorted.
  const std::vector<std::string_view>& names() const { return names_; }

 private:
  std::vector<Test> tests_;
  std::map<std::string, std::vector<size_t>, std::less<>> by_name_;  // into tests_
  std::map<std::string, Unselected> unselected_;
  std::set<std::string> all_names_;
  std::vector<std::string_view> names_;  // into all_names_
};

template <class Each>
void TestedSeries::look_through(const SeriesSelector& selector, size_t& tries, Each each) const {
  static const std::vector<size_t> kNone;
  const auto& matchers = selector.matchers();
  const bool exact = !matchers.empty() && matchers.front().label() == kNameLabel &&
                     matchers.front().op() == LabelMatcher::Op::kEqual;
  if (exact) {
    const auto found = by_name_.find(matchers.front().value());
    for (const size_t i : found == by_name_.end() ? kNone : found->second) {
      ++tries;
      if (!each(tests_[i])) return;
    }
    return;
  }
  for (const Test& test : tests_) {
    ++tries;
    if (!each(test)) return;
  }
}

}  // namespace tocsin
