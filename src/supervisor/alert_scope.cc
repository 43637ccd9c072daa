#include "supervisor/alert_scope.h"

#include <fmt/format.h>

namespace tocsin::supervisor {

Result<AlertScope> AlertScope::of(state::Database& database, const LabelView& view) {
  AlertScope out;
  for (const LabelMatcher& one : view.matchers) {
    Condition condition{one.label(), {}};
    if (one.op() == LabelMatcher::Op::kEqual) {
      condition.second.push_back(one.value());
    } else {
      auto done = database.query("SELECT DISTINCT value FROM alert_labels WHERE name = ?",
                                 {one.label()}, [&](const state::Row& row) {
                                   auto value = row.get<std::string>(0);
                                   if (one.matches(value))
                                     condition.second.push_back(std::move(value));
                                 });
      if (!done) return fail(done.error());
    }
    if (condition.second.size() > kScopeValuesMax)
      return fail(ErrorCode::kRefused,
                  fmt::format("reading the alerts of {} failed: it holds for {} values, at most {} "
                              "can be asked for at once; ask an administrator for a narrower view",
                              one.text(), condition.second.size(), kScopeValuesMax));
    out.conditions_.push_back(std::move(condition));
  }
  return out;
}

std::string AlertScope::sql(std::string_view id) const {
  std::string out;
  for (const auto& [label, values] : conditions_) {
    std::string marks;
    for (size_t i = 0; i < values.size(); ++i) marks += i == 0 ? "?" : ",?";
    out += fmt::format(
        " AND EXISTS (SELECT 1 FROM alert_labels v WHERE v.alert = {} AND v.name = ?"
        " AND v.value IN ({}))",
        id, marks);
  }
  return out;
}

void AlertScope::add_to(std::vector<state::Value>& values) const {
  for (const auto& [label, allowed] : conditions_) {
    values.emplace_back(label);
    for (const std::string& one : allowed) values.emplace_back(one);
  }
}

}  // namespace tocsin::supervisor
