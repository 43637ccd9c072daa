#pragma once
// What goes into a `?` of a statement and what comes out of a row. Times are int64 milliseconds,
// ids 32 hexadecimal digits, JSON is text: all of it means the same to every SQL engine.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/id.h"
#include "base/time.h"

namespace tocsin::state {

struct Blob {
  std::string_view bytes;
};

// Text and blobs are viewed, not copied: they must live until the call they are given to returns.
class Value {
 public:
  using Held = std::variant<std::monostate, int64_t, double, std::string_view, std::string, Blob>;

  Value(std::nullopt_t) {}
  template <std::integral T>
  Value(T v) : held_(static_cast<int64_t>(v)) {}
  Value(double v) : held_(v) {}
  Value(std::string_view v) : held_(v) {}
  Value(const std::string& v) : held_(std::string_view(v)) {}
  Value(const char* v) : held_(std::string_view(v)) {}
  Value(Blob v) : held_(v) {}
  Value(TimeMs v) : held_(v.ms) {}
  Value(DurationMs v) : held_(v.count) {}
  Value(const Id128& v) : held_(to_text(v)) {}
  template <class T>
  Value(const std::optional<T>& v) : Value(v ? Value(*v) : Value(std::nullopt)) {}

  const Held& held() const { return held_; }

 private:
  Held held_;
};

// The values of one call, viewed: `{id, 5, "text"}`, or a vector that lives until the call returns.
class Values {
 public:
  Values() = default;
  Values(std::initializer_list<Value> values) { view(std::data(values), values.size()); }
  Values(const std::vector<Value>& values) { view(values.data(), values.size()); }
  const Value* begin() const { return first_; }
  const Value* end() const { return first_ + size_; }
  size_t size() const { return size_; }

 private:
  void view(const Value* first, size_t size) {
    first_ = first;
    size_ = size;
  }
  const Value* first_ = nullptr;
  size_t size_ = 0;
};

}  // namespace tocsin::state
