#pragma once
// What a node of an expression evaluates to: one column of values per series, over all steps of the
// query at once.
//
//   steps of the query    0  1  2  3  4  5
//   row {a="1"}              1  2  .  4        begin 1, size 4; "." is no value
//   row {a="2"}           7  7  7  7  7  7     begin 0, size 6
//   cells                 1 2 . 4 7 7 7 7 7 7  one array for all rows
//
// A series is stored only from its first to its last value, so that series which come and go cost
// what they hold. A step without a value holds the stale marker, which is never a result.

#include <bit>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "promql/source.h"

namespace tocsin::promql {

inline constexpr uint64_t kNoValueBits = 0x7ff0000000000002;  // Prometheus' stale marker
inline constexpr double kNoValue = std::bit_cast<double>(kNoValueBits);
inline bool has_value(double value) { return std::bit_cast<uint64_t>(value) != kNoValueBits; }

// The instants of an evaluation: start, start + step, ... `count` of them.
struct Grid {
  int64_t start = 0, step = 1;  // ms
  size_t count = 0;
  int64_t at(size_t i) const { return start + static_cast<int64_t>(i) * step; }
};

// A series' labels without a copy: those of `base`, less the metric's name if `nameless`.
struct Identity {
  const Labels* base = nullptr;
  bool nameless = false;

  std::string_view get(std::string_view label) const;
  Labels labels() const;
  uint64_t hash() const;
  // Calls visit(name, value) in order of the names.
  template <class F>
  void each(F&& visit) const {
    for (const auto [name, value] : base->pairs())
      if (!nameless || name != kNameLabel) visit(name, value);
  }
  friend bool operator==(const Identity& a, const Identity& b);
  friend bool operator<(const Identity& a, const Identity& b);
};

struct Row {
  Identity id;
  uint32_t begin = 0, size = 0;  // steps
  size_t offset = 0;             // of its cells
  uint32_t end() const { return begin + size; }
};

// Counts what a query holds; handed back when the holder ends.
class Held {
 public:
  Held() = default;
  Held(size_t* total, size_t count) : total_(total), count_(count) { *total_ += count_; }
  Held(Held&& other) noexcept
      : total_(std::exchange(other.total_, nullptr)), count_(other.count_) {}
  Held& operator=(Held&& other) noexcept {
    release();
    total_ = std::exchange(other.total_, nullptr);
    count_ = other.count_;
    return *this;
  }
  ~Held() { release(); }
  void release() {
    if (total_) *total_ -= count_;
    total_ = nullptr;
  }

 private:
  size_t* total_ = nullptr;
  size_t count_ = 0;
};

// Label sets of rows are distinct, unless a function says otherwise.
struct Rows {
  std::vector<Row> rows;
  std::vector<double> cells;
  bool one_name = false;  // all rows have the same metric name, or none: dropping it is safe
  Held held;

  std::span<double> of(const Row& row) { return {cells.data() + row.offset, row.size}; }
  std::span<const double> of(const Row& row) const { return {cells.data() + row.offset, row.size}; }
  double at(const Row& row, size_t step) const {
    return step < row.begin || step >= row.end() ? kNoValue
                                                 : cells[row.offset + (step - row.begin)];
  }
  // Appends a row of `size` cells from step `begin`, to be filled in by the caller.
  std::span<double> add(Identity id, uint32_t begin, uint32_t size);
  // Cuts steps without values off both ends of the last row; takes the row away if none is left.
  void trim_last();
};

// A scalar at every step; one value if it is the same at all of them.
struct Scalars {
  std::vector<double> values;
  Held held;
  double at(size_t step) const { return values.size() == 1 ? values[0] : values[step]; }
};

// Numbers keys in order of appearance.
class KeyTable {
 public:
  uint32_t number(std::string_view key);
  size_t size() const { return count_; }

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t number = 0;  // + 1; 0: free
    std::string key;
  };
  void grow();
  std::vector<Slot> slots_;
  uint32_t count_ = 0;
};

}  // namespace tocsin::promql
