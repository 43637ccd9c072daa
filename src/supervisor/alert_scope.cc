#include "supervisor/alert_scope.h"

#include <fmt/format.h>

#include <set>

#include "supervisor/tables.h"

namespace tocsin::supervisor {

Result<AlertScope> AlertScope::of(state::Database& database, const LabelView& view) {
  AlertScope out;
  for (const LabelMatcher& one : view.matchers) {
    Condition condition{before_value(one.label()), {}};
    if (one.op() == LabelMatcher::Op::kEqual) {
      condition.second.push_back(one.value());
    } else {
      std::set<std::string> values;
      const auto note = [&](const state::Row& row) {
        auto value = row.get<std::string>(0);
        if (!value.empty() && one.matches(value)) values.insert(std::move(value));
      };
      // The table of labels knows those that closed.
      auto closed = database.query("SELECT DISTINCT value FROM alert_labels WHERE name = ?",
                                   {one.label()}, note);
      if (!closed) return fail(closed.error());
      const std::vector<state::Value> label(kLabelValues, condition.first);
      auto open = database.query(
          fmt::format("SELECT DISTINCT {} FROM alerts v WHERE v.state = 0", label_value("v")),
          label, note);
      if (!open) return fail(open.error());
      condition.second.assign(values.begin(), values.end());
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
        " AND EXISTS (SELECT 1 FROM alerts v WHERE v.id = {} AND v.labels <> ''"
        " AND {} IN ({}))",
        id, label_value("v"), marks);
  }
  return out;
}

void AlertScope::add_to(std::vector<state::Value>& values) const {
  for (const auto& [label, allowed] : conditions_) {
    values.insert(values.end(), kLabelValues, label);
    for (const std::string& one : allowed) values.emplace_back(one);
  }
}

}  // namespace tocsin::supervisor
