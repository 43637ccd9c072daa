#pragma once
// What somebody may see of the alerts in the tables, as a condition in SQL: those whose own labels
// (the scope) the view shows. Works on a read connection of any thread.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "state/database.h"
#include "vocabulary/who.h"

namespace tocsin::supervisor {

inline constexpr size_t kScopeValuesMax = 10'000;  // that one condition holds for, of one label

class AlertScope {
 public:
  AlertScope() = default;  // everything
  // Asks the tables which values each condition holds for. kRefused: they are too many.
  static Result<AlertScope> of(state::Database& database, const LabelView& view);

  bool everything() const { return conditions_.empty(); }
  // That a label has one of these values; all of them hold. None: it holds for no alert.
  struct Condition {
    std::string label;
    std::vector<std::string> values;
    std::string before = {};  // before_value(label)
  };
  const std::vector<Condition>& conditions() const { return conditions_; }
  // " AND EXISTS (...)" per condition, "" for everything; `id` names the column of alerts' ids.
  std::string sql(std::string_view id) const;
  // The values that its placeholders stand for, behind those that are there.
  void add_to(std::vector<state::Value>& values) const;

 private:
  std::vector<Condition> conditions_;
};

}  // namespace tocsin::supervisor
