// Operators between the matching series of two vectors. One side is the "one": it may have at most
// one series of each signature at a step; the other is the "many".

#include <algorithm>

#include "promql/operators.h"
#include "promql/quote.h"

namespace tocsin::promql {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

struct Sides {
  const Rows& many;
  const Rows& one;
  const std::vector<uint32_t>& many_signature;
  const std::vector<uint32_t>& one_signature;
  bool swapped;  // the "many" is on the right
};

class Matcher {
 public:
  Matcher(const Binary& binary, const Matching& matching, const Sides& sides, size_t signatures,
          size_t steps, Context& context)
      : binary_(binary),
        matching_(matching),
        sides_(sides),
        first_one_(signatures, kNone),
        next_one_(sides.one.rows.size(), kNone),
        steps_(steps),
        context_(context) {}

  Result<Rows> run() {
    link_ones();
    for (uint32_t i = 0; i < sides_.many.rows.size(); ++i)
      for (uint32_t j = first_one_[sides_.many_signature[i]]; j != kNone; j = next_one_[j]) {
        pair(i, j);
        if (auto worked = context_.work(4 * sides_.many.rows[i].size + 32); !worked)
          return fail(worked.error());
      }
    if (auto held = context_.hold(out_); !held) return fail(held.error());
    check_ones();
    check_manys();
    check_labels();
    if (error_.any()) return error_.error();
    out_.one_name =
        binary_.return_bool || (drops_name(binary_.op) && !listed(matching_.include, kNameLabel));
    if (auto joined = unify(out_, context_); !joined) return fail(joined.error());
    return std::move(out_);
  }

 private:
  // Rows of one signature, in their order.
  void link_ones() {
    for (uint32_t j = static_cast<uint32_t>(sides_.one.rows.size()); j-- > 0;) {
      next_one_[j] = first_one_[sides_.one_signature[j]];
      first_one_[sides_.one_signature[j]] = j;
    }
  }

  // Appends the result of a pair of series, at the steps where both have values.
  void pair(uint32_t many, uint32_t one) {
    const Row &a = sides_.many.rows[many], &b = sides_.one.rows[one];
    const uint32_t begin = std::max(a.begin, b.begin), end = std::min(a.end(), b.end());
    if (begin >= end) return;
    const size_t rows_before = out_.rows.size();
    const std::span<double> out = out_.add({}, begin, end - begin);
    const double* left = sides_.many.cells.data() + a.offset + (begin - a.begin);
    const double* right = sides_.one.cells.data() + b.offset + (begin - b.begin);
    if (sides_.swapped) std::swap(left, right);
    const bool comparison = compares(binary_.op);
    for (size_t i = 0; i < out.size(); ++i) {
      if (!has_value(left[i]) || !has_value(right[i])) continue;
      if (!comparison)
        out[i] = arithmetic(binary_.op, left[i], right[i]);
      else if (binary_.return_bool)
        out[i] = holds(binary_.op, left[i], right[i]) ? 1 : 0;
      else if (holds(binary_.op, left[i], right[i]))
        out[i] = left[i];
    }
    out_.trim_last();
    if (out_.rows.size() == rows_before) return;
    out_.rows.back().id = result_labels(a.id, b.id);
    many_of_.push_back(many);
  }

  // Of "many" without what does not survive the match, plus the labels to include from "one".
  Identity result_labels(const Identity& many, const Identity& one) {
    const bool nameless = drops_name(binary_.op) || binary_.return_bool;
    const bool one_to_one = matching_.card == Matching::Card::kOneToOne;
    const bool as_it_is = !one_to_one || (!matching_.on && matching_.labels.empty());
    if (as_it_is && matching_.include.empty()) return {many.base, many.nameless || nameless};
    std::vector<Labels::Pair> pairs;
    many.each([&](std::string_view name, std::string_view value) {
      if (drops_name(binary_.op) && name == kNameLabel) return;
      if (one_to_one && listed(matching_.labels, name) != matching_.on) return;
      if (listed(matching_.include, name)) return;
      pairs.emplace_back(name, value);
    });
    for (const std::string& name : matching_.include)
      pairs.emplace_back(name, std::string(one.get(name)));
    return {context_.keep(Labels(std::move(pairs))), binary_.return_bool};
  }

  static bool listed(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  // Two series of the "one" side with one signature at a step at which the "many" side has any.
  void check_ones() {
    std::vector<uint8_t> occupied, many_present;
    for (uint32_t first : first_one_) {
      if (first == kNone || next_one_[first] == kNone) continue;
      if (many_present.empty()) many_present = any_of_many();
      std::vector<uint32_t> owner(steps_, kNone);
      for (uint32_t j = first; j != kNone; j = next_one_[j]) {
        const Row& row = sides_.one.rows[j];
        for (uint32_t step = row.begin; step < row.end(); ++step) {
          if (!many_present[step] || !has_value(sides_.one.at(row, step))) continue;
          if (owner[step] == kNone)
            owner[step] = j;
          else
            error_.note(step, j, duplicate_text(j, owner[step]));
        }
      }
    }
  }

  std::vector<uint8_t> any_of_many() const {
    std::vector<uint8_t> any(steps_, 0);
    for (const Row& row : sides_.many.rows)
      for (uint32_t step = row.begin; step < row.end(); ++step)
        if (has_value(sides_.many.at(row, step))) any[step] = 1;
    return any;
  }

  std::string duplicate_text(uint32_t later, uint32_t earlier) const {
    const Identity& id = sides_.one.rows[later].id;
    std::vector<Labels::Pair> pairs;
    id.each([&](std::string_view name, std::string_view value) {
      const bool match = listed(matching_.labels, name);
      if (matching_.on ? match : !match && name != kNameLabel) pairs.emplace_back(name, value);
    });
    const auto text = [](const Labels& labels) { return braces(labels); };
    return "found duplicate series for the match group " + text(Labels(std::move(pairs))) +
           " on the " + (sides_.swapped ? "left" : "right") + " hand-side of the operation: [" +
           text(id.labels()) + ", " + text(sides_.one.rows[earlier].id.labels()) +
           "];many-to-many matching not allowed: matching labels must be unique on one side";
  }

  // {__name__="up", job="x"}, as Prometheus writes label sets.
  static std::string braces(const Labels& labels);

  // Notes an error wherever two results of one group have a value at one step. Errors of the
  // "many" side come after those of the "one" at a step, hence the order.
  template <class Same>
  void check_groups(std::vector<uint32_t> order, size_t rank, const char* message, Same&& same) {
    for (size_t i = 0; i < order.size();) {
      size_t end = i + 1;
      while (end < order.size() && same(order[i], order[end])) ++end;
      if (end - i > 1) {
        std::vector<uint8_t> taken(steps_, 0);
        for (size_t k = i; k < end; ++k) {
          const Row& row = out_.rows[order[k]];
          for (uint32_t step = row.begin; step < row.end(); ++step) {
            if (!has_value(out_.at(row, step))) continue;
            if (taken[step]) error_.note(step, rank, message);
            taken[step] = 1;
          }
        }
      }
      i = end;
    }
  }

  uint32_t signature_of(uint32_t row) const { return sides_.many_signature[many_of_[row]]; }

  void check_manys() {
    std::vector<uint32_t> order(out_.rows.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    const size_t rank = sides_.one.rows.size();
    if (matching_.card == Matching::Card::kOneToOne) {
      std::stable_sort(order.begin(), order.end(),
                       [&](uint32_t a, uint32_t b) { return signature_of(a) < signature_of(b); });
      check_groups(order, rank,
                   "multiple matches for labels: many-to-one matching must be explicit "
                   "(group_left/group_right)",
                   [&](uint32_t a, uint32_t b) { return signature_of(a) == signature_of(b); });
      return;
    }
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      if (signature_of(a) != signature_of(b)) return signature_of(a) < signature_of(b);
      return out_.rows[a].id < out_.rows[b].id;
    });
    check_groups(order, rank,
                 "multiple matches for labels: grouping labels must ensure unique matches",
                 [&](uint32_t a, uint32_t b) {
                   return signature_of(a) == signature_of(b) && out_.rows[a].id == out_.rows[b].id;
                 });
  }

  // Only a match that looks at the dropped name, or includes labels, makes equal label sets out of
  // different signatures.
  void check_labels() {
    if (matching_.card == Matching::Card::kOneToOne && !listed(matching_.labels, kNameLabel))
      return;
    std::vector<uint32_t> order(out_.rows.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return out_.rows[a].id < out_.rows[b].id; });
    check_groups(order, sides_.one.rows.size() + 1, kSameLabelset,
                 [&](uint32_t a, uint32_t b) { return out_.rows[a].id == out_.rows[b].id; });
  }

  const Binary& binary_;
  const Matching& matching_;
  const Sides& sides_;
  std::vector<uint32_t> first_one_, next_one_;  // rows of a signature
  size_t steps_;
  Context& context_;
  Rows out_;
  std::vector<uint32_t> many_of_;  // of each row of out_
  FirstError error_;
};

std::string Matcher::braces(const Labels& labels) {
  std::string out = "{";
  for (const auto [name, value] : labels.pairs()) {
    if (out.size() > 1) out += ", ";
    out.append(name).append("=").append(quoted(value));
  }
  return out + "}";
}

}  // namespace

Result<Rows> eval_matched(const Binary& binary, const Matching& matching, const Rows& left,
                          const Rows& right, size_t steps, Context& context) {
  const Signatures numbers = signatures(matching, left, right);
  if (auto worked = context.work(32 * (left.rows.size() + right.rows.size())); !worked)
    return fail(worked.error());
  const bool swapped = matching.card == Matching::Card::kOneToMany;
  const Sides sides{swapped ? right : left, swapped ? left : right,
                    swapped ? numbers.right : numbers.left, swapped ? numbers.left : numbers.right,
                    swapped};
  return Matcher(binary, matching, sides, numbers.count, steps, context).run();
}

}  // namespace tocsin::promql
