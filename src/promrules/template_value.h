#pragma once
// What a template works with: text, numbers, label maps and the results of queries.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace tocsin::promrules {

using TextMap = std::map<std::string, std::string>;

struct QuerySample {
  TextMap labels;
  double value = 0;
};
using QuerySamples = std::vector<QuerySample>;

struct Value;
using ValueMap = std::map<std::string, Value>;  // args()
struct Value {
  std::variant<std::monostate, bool, int64_t, double, std::string, TextMap, QuerySample,
               QuerySamples, TimeMs, ValueMap>
      of;

  template <class T>
  const T* as() const {
    return std::get_if<T>(&of);
  }
  bool truth() const;             // not zero and not empty
  std::string text() const;       // as Go prints it: 1.5, 1e+06, map[a:b]
  std::string_view kind() const;  // "string", "float64", ... for messages
};

// A number out of a number or of text that is one.
Result<double> number_of(const Value& value);
// value.field; kInvalid if it has no such field. A label that is missing is "".
Result<Value> field_of(const Value& value, std::string_view field);

}  // namespace tocsin::promrules
