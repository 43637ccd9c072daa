// and, or, unless: a row is kept or not at each step by whether the other side has any row of the
// same signature there.

#include <algorithm>

#include "promql/operators.h"

namespace tocsin::promql {
namespace {

void append_key(std::string& key, const Matching& matching, const std::vector<std::string>& labels,
                const Identity& id) {
  key.clear();
  id.each([&](std::string_view name, std::string_view value) {
    const bool listed = std::binary_search(labels.begin(), labels.end(), name, std::less<>());
    if (matching.on ? listed : !listed && name != kNameLabel)
      key.append(name).append(1, '\xff').append(value).append(1, '\xff');
  });
}

// Where any row of each signature has a value, as bits of steps; made when first asked for.
class Presence {
 public:
  Presence(const Rows& rows, const std::vector<uint32_t>& signatures, size_t count)
      : rows_(rows), first_(count, kNone), next_(rows.rows.size(), kNone) {
    for (uint32_t i = static_cast<uint32_t>(rows.rows.size()); i-- > 0;) {
      next_[i] = first_[signatures[i]];
      first_[signatures[i]] = i;
    }
  }
  // Sets at[k] for each step begin + k at which a row of that signature has a value.
  void mark(uint32_t signature, uint32_t begin, std::vector<uint8_t>& at) const {
    for (uint32_t i = first_[signature]; i != kNone; i = next_[i]) {
      const Row& row = rows_.rows[i];
      const uint32_t from = std::max(begin, row.begin);
      const uint32_t to = std::min(begin + static_cast<uint32_t>(at.size()), row.end());
      for (uint32_t step = from; step < to; ++step)
        if (has_value(rows_.cells[row.offset + (step - row.begin)])) at[step - begin] = 1;
    }
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  const Rows& rows_;
  std::vector<uint32_t> first_, next_;
};

// Keeps the cells of rows[first...] at steps where the other side has (or has not) a value.
Result<void> mask(Rows& rows, const std::vector<uint32_t>& signatures, const Presence& other,
                  bool keep_if_present, Context& context) {
  std::vector<uint8_t> present;
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const Row& row = rows.rows[i];
    present.assign(row.size, 0);
    other.mark(signatures[i], row.begin, present);
    for (uint32_t k = 0; k < row.size; ++k)
      if ((present[k] != 0) != keep_if_present) rows.cells[row.offset + k] = kNoValue;
    if (auto worked = context.work(4 * row.size); !worked) return worked;
  }
  compact(rows);
  return {};
}

}  // namespace

Signatures signatures(const Matching& matching, const Rows& left, const Rows& right) {
  std::vector<std::string> labels = matching.labels;
  std::sort(labels.begin(), labels.end());
  KeyTable keys;
  std::string key;
  Signatures out;
  for (const auto& [rows, numbers] : {std::pair{&left, &out.left}, std::pair{&right, &out.right}}) {
    numbers->reserve(rows->rows.size());
    for (const Row& row : rows->rows) {
      append_key(key, matching, labels, row.id);
      numbers->push_back(keys.number(key));
    }
  }
  out.count = keys.size();
  return out;
}

Result<Rows> eval_set(BinaryOp op, const Matching& matching, Rows left, Rows right,
                      Context& context) {
  const Signatures numbers = signatures(matching, left, right);
  if (auto worked = context.work(32 * (left.rows.size() + right.rows.size())); !worked)
    return fail(worked.error());
  if (op != BinaryOp::kOr) {
    const Presence other(right, numbers.right, numbers.count);
    if (auto done = mask(left, numbers.left, other, op == BinaryOp::kAnd, context); !done)
      return fail(done.error());
    return left;
  }
  const Presence other(left, numbers.left, numbers.count);
  if (auto done = mask(right, numbers.right, other, false, context); !done)
    return fail(done.error());
  const size_t base = left.cells.size();
  left.cells.insert(left.cells.end(), right.cells.begin(), right.cells.end());
  for (Row row : right.rows) {
    row.offset += base;
    left.rows.push_back(row);
  }
  left.one_name = false;
  if (auto held = context.hold(left); !held) return fail(held.error());
  if (auto joined = unify(left, context); !joined) return fail(joined.error());
  return left;
}

}  // namespace tocsin::promql
