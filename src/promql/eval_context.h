#pragma once
// What the parts of the evaluator share during one query: the source, the limits, label sets that
// were made on the way. One thread; lives as long as the query.

#include <string>
#include <unordered_set>
#include <vector>

#include "promql/engine.h"
#include "promql/eval_rows.h"
#include "promql/functions.h"

namespace tocsin::promql {

// Where in the query a node stands.
struct Scope {
  Grid grid;
  TimeMs query_start, query_end;  // what @ start() and @ end() mean
  DurationMs hint_step{};
  std::string_view function;  // the nearest call or aggregation around the node
  // Sums over the subqueries around the node; `@` on one of them starts anew.
  DurationMs outer_offset{}, outer_range{};
  std::optional<TimeMs> outer_at;
  // In an aggregation's parameter Prometheus neither resolves start() and end() nor evaluates
  // `@` once.
  bool in_parameter = false;
};

class Context {
 public:
  Context(Source& source, const Options& options) : source_(source), options_(options) {}

  const Options& options() const { return options_; }

  // Samples or cells that a node is about to hold; kExhausted beyond the limit.
  Result<Held> hold(size_t count);
  // Cells of a result, which were not known before it was made.
  Result<void> hold(Rows& rows);
  // Says that about `operations` were done; asks stop() now and then.
  Result<void> work(size_t operations);

  // Hands each series to `visit`, its points held while it runs. Labels live as long as the
  // context.
  Result<void> select(const std::vector<LabelMatcher>& matchers, TimeMs from, TimeMs to,
                      const SelectHint& hint, const Source::Visit& visit);

  const Labels* keep(Labels labels) { return &labels_.emplace_back(std::move(labels)); }

  // Does the expression have the same value at every step? Marked before the evaluation begins.
  bool invariant(const Expr& expr) const { return invariant_.contains(&expr); }
  void mark_invariant(const Expr& expr) { invariant_.insert(&expr); }

  std::vector<std::string> take_warnings() { return std::move(warnings_); }

 private:
  Source& source_;
  const Options& options_;
  size_t held_ = 0;
  size_t worked_ = 0;
  std::deque<Labels> labels_;
  std::deque<Selected> selected_;
  std::unordered_set<const Expr*> invariant_;
  std::vector<std::string> warnings_;
};

// An execution error in Prometheus' words.
inline tl::unexpected<Error> execution(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}
inline constexpr const char* kSameLabelset = "vector cannot contain metrics with the same labelset";

// The first error of a node by step, then by its order within the step.
class FirstError {
 public:
  void note(size_t step, size_t order, std::string message);
  bool any() const { return any_; }
  tl::unexpected<Error> error() const { return execution(message_); }

 private:
  bool any_ = false;
  size_t step_ = 0, order_ = 0;
  std::string message_;
};

// Joins rows of the same label set into one series; two values at one step are an error.
Result<void> unify(Rows& rows, Context& context);
// Orders rows by their labels.
void sort_by_labels(Rows& rows);
// Takes the metric's name away from all rows.
Result<void> drop_names(Rows& rows, Context& context);
// The same for functions over ranges: two rows of the same label set are an error at any steps.
Result<void> check_distinct(const Rows& rows);
// Drops rows without values, after a filter; cuts the ends of the others.
void compact(Rows& rows);
// The values of a grid of one step, at every one of `count` steps.
Result<Rows> repeat(Rows once, size_t count, Context& context);

// The parts of the evaluator that the dispatcher (evaluator.h) calls.
Result<Rows> eval_selector(const VectorSelector& selector, const Scope& scope, Context& context);
Result<Rows> eval_timestamp_of(const VectorSelector& selector, const Scope& scope,
                               Context& context);

}  // namespace tocsin::promql
