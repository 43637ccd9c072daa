#include "promql/eval_context.h"

#include <algorithm>

namespace tocsin::promql {
namespace {

constexpr size_t kWorkPerAsk = 1 << 18;  // about half a millisecond of simple operations

tl::unexpected<Error> too_many() {
  return fail(ErrorCode::kExhausted,
              "query processing would load too many samples into memory in query execution");
}

// Row numbers, those of equal label sets beside each other in their order.
std::vector<uint32_t> by_labels(const Rows& rows) {
  struct Keyed {
    uint64_t hash;
    uint32_t row;
  };
  std::vector<Keyed> keyed(rows.rows.size());
  for (uint32_t i = 0; i < keyed.size(); ++i) keyed[i] = {rows.rows[i].id.hash(), i};
  std::sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    const Identity &left = rows.rows[a.row].id, &right = rows.rows[b.row].id;
    return left == right ? a.row < b.row : left < right;
  });
  std::vector<uint32_t> order(keyed.size());
  std::transform(keyed.begin(), keyed.end(), order.begin(), [](const Keyed& k) { return k.row; });
  return order;
}

// Makes one row of rows[group...]; false if two of them have a value at one step.
bool join(Rows& rows, std::span<const uint32_t> group) {
  uint32_t begin = UINT32_MAX, end = 0;
  for (const uint32_t i : group) {
    begin = std::min(begin, rows.rows[i].begin);
    end = std::max(end, rows.rows[i].end());
  }
  std::vector<double> joined(end - begin, kNoValue);
  for (const uint32_t i : group) {
    const Row& row = rows.rows[i];
    for (uint32_t step = row.begin; step < row.end(); ++step) {
      const double value = rows.at(row, step);
      if (!has_value(value)) continue;
      if (has_value(joined[step - begin])) return false;
      joined[step - begin] = value;
    }
    if (i != group.front()) rows.rows[i].size = 0;
  }
  Row& first = rows.rows[group.front()];
  first.begin = begin;
  first.size = end - begin;
  first.offset = rows.cells.size();
  rows.cells.insert(rows.cells.end(), joined.begin(), joined.end());
  return true;
}

}  // namespace

Result<Held> Context::hold(size_t count) {
  if (count > options_.limits.samples_max || held_ > options_.limits.samples_max - count)
    return too_many();
  return Held(&held_, count);
}

Result<void> Context::hold(Rows& rows) {
  rows.held.release();
  Result<Held> held = hold(rows.cells.size() + rows.rows.size());
  if (!held) return fail(held.error());
  rows.held = std::move(*held);
  return {};
}

Result<void> Context::work(size_t operations) {
  worked_ += operations;
  if (worked_ < kWorkPerAsk) return {};
  worked_ = 0;
  if (options_.limits.stop && options_.limits.stop())
    return fail(ErrorCode::kUnavailable, "query timed out in expression evaluation");
  return {};
}

Result<void> Context::select(const std::vector<LabelMatcher>& matchers, TimeMs from, TimeMs to,
                             const SelectHint& hint, const Source::Visit& visit) {
  const size_t left = options_.limits.samples_max - std::min(held_, options_.limits.samples_max);
  Result<Selected> selected = source_.select_each(matchers, from, to, hint, left,
                                                  [&](SourceSeries& series) -> Result<void> {
                                                    Result<Held> held = hold(series.samples.size());
                                                    if (!held) return fail(held.error());
                                                    if (auto visited = visit(series); !visited)
                                                      return visited;
                                                    return work(series.samples.size() + 64);
                                                  });
  if (!selected) return fail(selected.error());
  for (std::string& note : selected->notes)
    if (std::find(warnings_.begin(), warnings_.end(), note) == warnings_.end())
      warnings_.push_back(std::move(note));
  selected_.push_back(std::move(*selected));
  worked_ = kWorkPerAsk;  // whatever it took: ask before going on
  return work(0);
}

void FirstError::note(size_t step, size_t order, std::string message) {
  if (any_ && (step_ < step || (step_ == step && order_ <= order))) return;
  any_ = true;
  step_ = step;
  order_ = order;
  message_ = std::move(message);
}

Result<void> unify(Rows& rows, Context& context) {
  if (rows.rows.size() < 2) return {};
  const std::vector<uint32_t> order = by_labels(rows);
  bool joined = false;
  for (size_t i = 0; i < order.size();) {
    size_t end = i + 1;
    while (end < order.size() && rows.rows[order[end]].id == rows.rows[order[i]].id) ++end;
    if (end - i > 1) {
      if (!join(rows, std::span(order).subspan(i, end - i))) return execution(kSameLabelset);
      joined = true;
    }
    i = end;
  }
  if (joined) std::erase_if(rows.rows, [](const Row& row) { return row.size == 0; });
  return context.work(rows.rows.size() * 16);
}

void sort_by_labels(Rows& rows) {
  const auto less = [](const Row& a, const Row& b) { return a.id < b.id; };
  if (!std::is_sorted(rows.rows.begin(), rows.rows.end(), less))
    std::sort(rows.rows.begin(), rows.rows.end(), less);
}

Result<void> drop_names(Rows& rows, Context& context) {
  for (Row& row : rows.rows) row.id.nameless = true;
  if (rows.one_name) return {};
  rows.one_name = true;
  return unify(rows, context);
}

Result<void> check_distinct(const Rows& rows) {
  if (rows.rows.size() < 2) return {};
  const std::vector<uint32_t> order = by_labels(rows);
  for (size_t i = 1; i < order.size(); ++i)
    if (rows.rows[order[i]].id == rows.rows[order[i - 1]].id) return execution(kSameLabelset);
  return {};
}

void compact(Rows& rows) {
  for (Row& row : rows.rows) {
    while (row.size > 0 && !has_value(rows.cells[row.offset + row.size - 1])) --row.size;
    while (row.size > 0 && !has_value(rows.cells[row.offset])) {
      ++row.offset;
      ++row.begin;
      --row.size;
    }
  }
  std::erase_if(rows.rows, [](const Row& row) { return row.size == 0; });
}

Result<Rows> repeat(Rows once, size_t count, Context& context) {
  if (count == 1) return once;
  Result<Held> held = context.hold(once.rows.size() * count);
  if (!held) return fail(held.error());
  Rows all;
  all.one_name = once.one_name;
  all.rows = std::move(once.rows);
  all.cells.reserve(all.rows.size() * count);
  for (Row& row : all.rows) {
    const double value = once.cells[row.offset];
    row.offset = all.cells.size();
    row.size = static_cast<uint32_t>(count);
    all.cells.insert(all.cells.end(), count, value);
  }
  all.held = std::move(*held);
  return all;
}

}  // namespace tocsin::promql
