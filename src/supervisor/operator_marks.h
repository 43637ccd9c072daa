#pragma once
// What people said about alerts and violations: useful, or noise. (Not the `marks:` of a
// configuration, which are periods.) A mark keeps what it needs to be counted and to be looked for
// in a replay, so it outlives the alert it was made of.
//
// Tables of their own (operator_marks, ..._labels, ..._models), written by the SQL writer, read on
// any read connection. Bounded: kOperatorMarksMax; past it the oldest go.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "state/database.h"
#include "state/migrations.h"
#include "vocabulary/alert.h"

namespace tocsin::supervisor {

inline constexpr size_t kOperatorMarksMax = 20'000;

struct OperatorMark {
  enum class Of : uint8_t { kAlert, kViolation };
  enum class Verdict : uint8_t { kUseful, kNoise };
  // A model that stood outside its band; without a name where that is not known (a silence).
  struct Model {
    std::string worker, name;
    friend auto operator<=>(const Model&, const Model&) = default;
  };
  Of of = Of::kAlert;
  Id128 id;  // of the alert or the violation
  Verdict verdict = Verdict::kUseful;
  std::string rule;    // of an alert
  std::string worker;  // of a violation
  Direction direction = Direction::kAbove;
  Labels labels;              // an alert's scope, a violation's series
  TimeMs opened;              // when the alert opened; a violation's first point outside
  TimeMs ended;               // 0: it was open when this was read
  std::vector<Model> models;  // sorted, each once
  std::string by;
  TimeMs at;

  friend bool operator==(const OperatorMark&, const OperatorMark&) = default;
};

std::string_view to_text(OperatorMark::Of of);            // "alert", "violation"
std::string_view to_text(OperatorMark::Verdict verdict);  // "useful", "noise"
std::optional<OperatorMark::Verdict> parse_verdict(std::string_view text);

// What is said of; verdict, `by` and `at` are the caller's to set.
OperatorMark mark_of(const AlertView& alert);
OperatorMark mark_of(const Violation& violation, const Labels& series, const std::string& worker,
                     const std::vector<std::string>& model_names);

std::span<const state::Migration> operator_mark_migrations();
// Takes the place of an earlier mark of the same alert or violation.
Result<void> write_operator_mark(state::Transaction& transaction, const OperatorMark& mark);
// False: there was none.
Result<bool> remove_operator_mark(state::Transaction& transaction, OperatorMark::Of of,
                                  const Id128& id);
// Newest first. An alert's end is that of the alert as it is now.
Result<std::vector<OperatorMark>> list_operator_marks(state::Database& database,
                                                      size_t limit = kOperatorMarksMax);

// Of what was marked, the share that was useful.
struct Precision {
  uint64_t useful = 0, noise = 0;
  void add(OperatorMark::Verdict verdict) {
    ++(verdict == OperatorMark::Verdict::kUseful ? useful : noise);
  }
  double share() const {  // NaN without any mark
    return static_cast<double>(useful) / static_cast<double>(useful + noise);
  }
  friend bool operator==(const Precision&, const Precision&) = default;
};
struct WorkerPrecision {
  Precision all;
  std::map<std::string, Precision> models;
};
struct PrecisionTable {
  std::map<std::string, Precision> rules;
  std::map<std::string, WorkerPrecision> workers;
};
// A mark counts once for its rule, once for every worker and once for every model that stood
// outside: an alert's mark speaks of the violations that lit it.
PrecisionTable precision_of(std::span<const OperatorMark> marks);

}  // namespace tocsin::supervisor
