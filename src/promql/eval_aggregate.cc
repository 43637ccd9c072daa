// Aggregations: each row is added to its group's column, in the order of the rows, so that every
// step sums in the same order as if it were evaluated alone.

#include <algorithm>
#include <cmath>

#include "promql/eval_functions.h"
#include "promql/evaluator.h"
#include "promql/quote.h"
#include "promql/range_functions.h"
#include "promql/top.h"

namespace tocsin::promql {
namespace {

// A group's column while it grows: cells of `steps` steps per group.
struct Accumulator {
  std::vector<double> value;  // kNoValue until the first
  std::vector<double> mean;   // of avg, stddev, stdvar
  std::vector<uint32_t> count;
};

void add_avg(Accumulator& sums, size_t cell, double v) {
  double& mean = sums.mean[cell];
  if (!has_value(mean)) {
    mean = v;
    sums.count[cell] = 1;
    return;
  }
  const double count = ++sums.count[cell];
  // An infinite mean stays, but for the opposite infinity and NaN.
  if (std::isinf(mean) && ((std::isinf(v) && (mean > 0) == (v > 0)) || std::isfinite(v))) return;
  mean += v / count - mean / count;
}

void add_deviation(Accumulator& sums, size_t cell, double v) {
  if (!has_value(sums.value[cell])) {
    sums.value[cell] = 0;
    sums.mean[cell] = v;
    sums.count[cell] = 1;
    return;
  }
  const double count = ++sums.count[cell];
  const double off = v - sums.mean[cell];
  sums.mean[cell] += off / count;
  sums.value[cell] += off * (v - sums.mean[cell]);
}

// Adds a row's values from the group's cell `base` on.
void add_row(AggregateOp op, std::span<const double> values, size_t base, Accumulator& sums) {
  double* const total = sums.value.data() + base;
  for (size_t i = 0; i < values.size(); ++i) {
    const double v = values[i];
    if (!has_value(v)) continue;
    switch (op) {
      case AggregateOp::kSum:
        total[i] = has_value(total[i]) ? total[i] + v : v;
        break;
      case AggregateOp::kMin:
        if (!has_value(total[i]) || total[i] > v || std::isnan(total[i])) total[i] = v;
        break;
      case AggregateOp::kMax:
        if (!has_value(total[i]) || total[i] < v || std::isnan(total[i])) total[i] = v;
        break;
      case AggregateOp::kCount:
        total[i] = has_value(total[i]) ? total[i] + 1 : 1;
        break;
      case AggregateOp::kGroup:
        total[i] = 1;
        break;
      case AggregateOp::kAvg:
        add_avg(sums, base + i, v);
        break;
      case AggregateOp::kStddev:
      case AggregateOp::kStdvar:
        add_deviation(sums, base + i, v);
        break;
      case AggregateOp::kTopk:
      case AggregateOp::kBottomk:
      case AggregateOp::kCountValues:
      case AggregateOp::kQuantile:
        break;  // not sums
    }
  }
}

void finish(AggregateOp op, Accumulator& sums) {
  if (op == AggregateOp::kAvg) sums.value = std::move(sums.mean);
  if (op != AggregateOp::kStddev && op != AggregateOp::kStdvar) return;
  for (size_t i = 0; i < sums.value.size(); ++i) {
    double& value = sums.value[i];
    if (!has_value(value)) continue;
    value /= sums.count[i];
    if (op == AggregateOp::kStddev) value = std::sqrt(value);
  }
}

// Rows of the groups from columns of `steps` cells each.
Result<Rows> rows_of(const Groups& groups, std::vector<double> cells, size_t steps,
                     Context& context) {
  Rows out;
  out.one_name = groups.nameless;
  out.cells = std::move(cells);
  for (size_t group = 0; group < groups.ids.size(); ++group)
    out.rows.push_back({groups.ids[group], 0, static_cast<uint32_t>(steps), group * steps});
  compact(out);
  if (auto held = context.hold(out); !held) return fail(held.error());
  return out;
}

Result<Rows> sums(AggregateOp op, const Rows& rows, const Groups& groups, const Scope& scope,
                  Context& context) {
  const size_t steps = scope.grid.count, cells = groups.ids.size() * steps;
  const bool means =
      op == AggregateOp::kAvg || op == AggregateOp::kStddev || op == AggregateOp::kStdvar;
  Result<Held> held = context.hold(means ? 3 * cells : cells);
  if (!held) return fail(held.error());
  Accumulator sums;
  sums.value.assign(op == AggregateOp::kAvg ? 0 : cells, kNoValue);
  if (means) {
    sums.mean.assign(cells, kNoValue);
    sums.count.assign(cells, 0);
  }
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const Row& row = rows.rows[i];
    add_row(op, rows.of(row), groups.of_row[i] * steps + row.begin, sums);
    if (auto worked = context.work(row.size); !worked) return fail(worked.error());
  }
  finish(op, sums);
  held->release();
  return rows_of(groups, std::move(sums.value), steps, context);
}

// Row numbers of each group.
std::vector<std::vector<uint32_t>> members(const Groups& groups) {
  std::vector<std::vector<uint32_t>> members(groups.ids.size());
  for (uint32_t i = 0; i < groups.of_row.size(); ++i) members[groups.of_row[i]].push_back(i);
  return members;
}

Result<Rows> quantiles(const Scalars& q, const Rows& rows, const Groups& groups, const Scope& scope,
                       Context& context) {
  const size_t steps = scope.grid.count;
  Result<Held> held = context.hold(groups.ids.size() * steps);
  if (!held) return fail(held.error());
  std::vector<double> cells(groups.ids.size() * steps, kNoValue), values;
  const std::vector<std::vector<uint32_t>> grouped = members(groups);
  for (size_t group = 0; group < grouped.size(); ++group)
    for (size_t step = 0; step < steps; ++step) {
      values.clear();
      for (const uint32_t i : grouped[group])
        if (const double v = rows.at(rows.rows[i], step); has_value(v)) values.push_back(v);
      if (!values.empty()) cells[group * steps + step] = quantile(q.at(step), values);
      if (auto worked = context.work(8 * grouped[group].size()); !worked)
        return fail(worked.error());
    }
  held->release();
  return rows_of(groups, std::move(cells), steps, context);
}

// Groups of groups: each value's text becomes a label, the steps count.
Result<Rows> count_values(const Aggregate& aggregate, const std::string& label, const Rows& rows,
                          const Scope& scope, Context& context) {
  if (!valid_label_name(label)) return execution("invalid label name " + quoted(label));
  Aggregate grouping{aggregate.op, nullptr, nullptr, aggregate.grouping, aggregate.without};
  if (!aggregate.without) grouping.grouping.push_back(label);
  Rows labelled;  // one row per series and value, of the steps at which it has it
  for (const Row& row : rows.rows) {
    KeyTable texts;
    std::vector<size_t> number_row;
    for (uint32_t step = row.begin; step < row.end(); ++step) {
      const double v = rows.at(row, step);
      if (!has_value(v)) continue;
      const std::string text = decimal_text(v);
      const uint32_t number = texts.number(text);
      if (number == number_row.size()) {
        number_row.push_back(labelled.rows.size());
        const Labels* labels = context.keep(row.id.labels().with(label, text));
        labelled.add({labels, false}, row.begin, row.size);
      }
      Row& to = labelled.rows[number_row[number]];
      labelled.cells[to.offset + (step - row.begin)] = 1;
      if (auto worked = context.work(64); !worked) return fail(worked.error());
    }
    if (auto held = context.hold(labelled); !held) return fail(held.error());
  }
  const Groups groups = group_rows(grouping, labelled, context);
  return sums(AggregateOp::kCount, labelled, groups, scope, context);
}

}  // namespace

Groups group_rows(const Aggregate& aggregate, const Rows& rows, Context& context) {
  Groups groups;
  std::vector<std::string> names = aggregate.grouping;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto listed = [&](std::string_view name) {
    return std::binary_search(names.begin(), names.end(), name, std::less<>());
  };
  groups.nameless = aggregate.without || !listed(kNameLabel);
  groups.of_row.reserve(rows.rows.size());
  KeyTable keys;
  std::string key;
  for (const Row& row : rows.rows) {
    key.clear();
    const auto kept = [&](std::string_view name) {
      return aggregate.without ? name != kNameLabel && !listed(name) : listed(name);
    };
    row.id.each([&](std::string_view name, std::string_view value) {
      if (kept(name)) key.append(name).append(1, '\xff').append(value).append(1, '\xff');
    });
    const uint32_t group = keys.number(key);
    groups.of_row.push_back(group);
    if (group < groups.ids.size()) continue;
    std::vector<Labels::Pair> pairs;
    row.id.each([&](std::string_view name, std::string_view value) {
      if (kept(name)) pairs.emplace_back(name, value);
    });
    groups.ids.push_back({context.keep(Labels(std::move(pairs))), false});
  }
  return groups;
}

Result<Rows> eval_aggregate(const Aggregate& aggregate, const Scope& outer, Context& context) {
  Scope scope = outer;
  scope.function = to_text(aggregate.op);
  Scalars parameter;
  if (aggregate.parameter && aggregate.op != AggregateOp::kCountValues) {
    Scope parameters = scope;
    parameters.in_parameter = true;
    Result<Scalars> evaluated = eval_scalar(*aggregate.parameter, parameters, context);
    if (!evaluated) return fail(evaluated.error());
    parameter = std::move(*evaluated);
  }
  Result<Rows> rows = eval_vector(*aggregate.expr, scope, context);
  if (!rows) return rows;
  if (aggregate.op == AggregateOp::kCountValues) {
    const Expr& label = inside(*aggregate.parameter);
    return count_values(aggregate, std::get<StringLiteral>(label.node).value, *rows, scope,
                        context);
  }
  const Groups groups = group_rows(aggregate, *rows, context);
  if (auto worked = context.work(16 * rows->rows.size()); !worked) return fail(worked.error());
  if (aggregate.op == AggregateOp::kQuantile)
    return quantiles(parameter, *rows, groups, scope, context);
  if (aggregate.op == AggregateOp::kTopk || aggregate.op == AggregateOp::kBottomk)
    return top(aggregate.op == AggregateOp::kBottomk, parameter, std::move(*rows), groups, scope,
               context);
  return sums(aggregate.op, *rows, groups, scope, context);
}

}  // namespace tocsin::promql
