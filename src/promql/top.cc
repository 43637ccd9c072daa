#include "promql/top.h"

#include <algorithm>
#include <cmath>

#include "promql/literals.h"
#include "promql/pattern_sort.h"

namespace tocsin::promql {
namespace {

// Is `a` the first to go of the kept? NaN goes before everything.
bool before(double a, double b, bool lowest) {
  if (std::isnan(a)) return true;
  return lowest ? a > b : a < b;
}

// A binary heap with the worst of the kept on top. Which of equal values stay is decided by its
// moves alone, so they are the classic ones: sift up after a push, swap with the last and sift down
// before a pop.
class Heap {
 public:
  explicit Heap(bool lowest) : lowest_(lowest) {}

  void offer(Ranked entry, size_t k) {
    if (entries_.size() == k) {
      const double worst = entries_[0].value;
      const bool better = lowest_ ? worst > entry.value : worst < entry.value;
      if (!better && !std::isnan(worst)) return;
      if (k == 1) {
        entries_[0] = entry;
        return;
      }
      pop();
    }
    entries_.push_back(entry);
    up(entries_.size() - 1);
  }
  void clear() { entries_.clear(); }
  std::vector<Ranked>& entries() { return entries_; }

 private:
  bool before(const Ranked& a, const Ranked& b) const {
    return promql::before(a.value, b.value, lowest_);
  }
  void pop() {
    std::swap(entries_.front(), entries_.back());
    down(entries_.size() - 1);
    entries_.pop_back();
  }
  void up(size_t at) {
    while (at > 0) {
      const size_t parent = (at - 1) / 2;
      if (!before(entries_[at], entries_[parent])) return;
      std::swap(entries_[at], entries_[parent]);
      at = parent;
    }
  }
  void down(size_t size) {
    for (size_t at = 0;;) {
      size_t child = 2 * at + 1;
      if (child >= size) return;
      if (child + 1 < size && before(entries_[child + 1], entries_[child])) ++child;
      if (!before(entries_[child], entries_[at])) return;
      std::swap(entries_[child], entries_[at]);
      at = child;
    }
  }

  bool lowest_;
  std::vector<Ranked> entries_;
};

// k of each step, at most `max`; 0 keeps nothing.
Result<std::vector<uint32_t>> counts(const Scalars& k, size_t steps, size_t max) {
  std::vector<uint32_t> counts(steps);
  for (size_t step = 0; step < steps; ++step) {
    const double wanted = k.at(step);
    if (!(wanted >= -0x1p63 && wanted < 0x1p63))
      return execution("Scalar value " + number_literal(wanted) + " overflows int64");
    counts[step] = static_cast<uint32_t>(
        std::min(std::max(std::trunc(wanted), 0.0), static_cast<double>(max)));
  }
  return counts;
}

}  // namespace

Result<Rows> top(bool lowest, const Scalars& k, Rows rows, const Groups& groups, const Scope& scope,
                 Context& context) {
  const size_t steps = scope.grid.count;
  Result<std::vector<uint32_t>> keep = counts(k, steps, std::max<size_t>(rows.rows.size(), 1));
  if (!keep) return fail(keep.error());
  std::vector<std::vector<uint32_t>> members(groups.ids.size());
  for (uint32_t i = 0; i < groups.of_row.size(); ++i) members[groups.of_row[i]].push_back(i);
  Result<Held> held = context.hold(rows.cells.size());
  if (!held) return fail(held.error());
  std::vector<double> cells(rows.cells.size(), kNoValue);
  std::vector<Row> order;  // of an instant vector
  Heap heap(lowest);
  for (const std::vector<uint32_t>& group : members)
    for (size_t step = 0; step < steps; ++step) {
      if ((*keep)[step] == 0) continue;
      heap.clear();
      for (const uint32_t i : group)
        if (const double v = rows.at(rows.rows[i], step); has_value(v))
          heap.offer({v, i}, (*keep)[step]);
      if (steps == 1) rank(heap.entries(), lowest);
      for (const Ranked& entry : heap.entries()) {
        const Row& row = rows.rows[entry.row];
        cells[row.offset + (step - row.begin)] = entry.value;
        if (steps == 1) order.push_back(row);
      }
      if (auto worked = context.work(4 * group.size()); !worked) return fail(worked.error());
    }
  rows.cells = std::move(cells);
  if (steps == 1) rows.rows = std::move(order);
  compact(rows);
  return rows;
}

void rank(std::vector<Ranked>& entries, bool ascending) {
  pattern_sort(std::span(entries), [&](const Ranked& a, const Ranked& b) {
    return before(b.value, a.value, ascending);
  });
}

}  // namespace tocsin::promql
