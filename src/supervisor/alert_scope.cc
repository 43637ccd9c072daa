#include "supervisor/alert_scope.h"

#include <fmt/format.h>

#include <set>

#include "supervisor/closed_alerts.h"
#include "supervisor/tables.h"

namespace tocsin::supervisor {
namespace {

constexpr size_t kLabelValuesAsked = 100'000;  // of one label, to be held against a condition

}  // namespace

Result<AlertScope> AlertScope::of(state::Database& database, const LabelView& view) {
  AlertScope out;
  for (const LabelMatcher& one : view.matchers) {
    Condition condition{one.label(), {}, before_value(one.label())};
    if (one.op() == LabelMatcher::Op::kEqual) {
      condition.values.push_back(one.value());
    } else {
      std::set<std::string> values;
      const auto note = [&](const state::Row& row) {
        auto value = row.get<std::string>(0);
        if (!value.empty() && one.matches(value)) values.insert(std::move(value));
      };
      auto closed = closed_label_values(database, one.label(), kLabelValuesAsked);
      if (!closed) return fail(closed.error());
      for (std::string& value : *closed)
        if (!value.empty() && one.matches(value)) values.insert(std::move(value));
      const std::vector<state::Value> label(kLabelValues, condition.before);
      auto open = database.query(
          fmt::format("SELECT DISTINCT {} FROM alerts v WHERE v.state = 0", label_value("v")),
          label, note);
      if (!open) return fail(open.error());
      condition.values.assign(values.begin(), values.end());
    }
    if (condition.values.size() > kScopeValuesMax)
      return fail(ErrorCode::kRefused,
                  fmt::format("reading the alerts of {} failed: it holds for {} values, at most {} "
                              "can be asked for at once; ask an administrator for a narrower view",
                              one.text(), condition.values.size(), kScopeValuesMax));
    out.conditions_.push_back(std::move(condition));
  }
  return out;
}

std::string AlertScope::sql(std::string_view id) const {
  std::string out;
  for (const Condition& condition : conditions_) {
    std::string marks;
    for (size_t i = 0; i < condition.values.size(); ++i) marks += i == 0 ? "?" : ",?";
    out += fmt::format(
        " AND EXISTS (SELECT 1 FROM alerts v WHERE v.id = {} AND v.labels <> ''"
        " AND {} IN ({}))",
        id, label_value("v"), marks);
  }
  return out;
}

void AlertScope::add_to(std::vector<state::Value>& values) const {
  for (const Condition& condition : conditions_) {
    values.insert(values.end(), kLabelValues, condition.before);
    for (const std::string& one : condition.values) values.emplace_back(one);
  }
}

}  // namespace tocsin::supervisor
