#pragma once
// Points in memory for unit tests of rules: a source of queries and an appender of rules at once.

#include <map>
#include <memory>
#include <vector>

#include "promql/source.h"
#include "promrules/group_state.h"

namespace tocsin::promrules {

class MemorySource final : public promql::Source, public Appender {
 public:
  // A point that shows once show_until() reaches its time.
  void add(const Labels& labels, Sample sample);
  void show_until(TimeMs time);

  Result<promql::Selected> select(const std::vector<LabelMatcher>& matchers, TimeMs from, TimeMs to,
                                  const promql::SelectHint& hint, size_t samples_max) override;
  // A later point of the same time wins.
  Result<void> append(TimeMs at, const std::vector<Made>& made) override;

 private:
  std::map<Labels, std::vector<Sample>> series_, hidden_;
};

}  // namespace tocsin::promrules
