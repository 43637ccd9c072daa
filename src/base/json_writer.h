#pragma once
// Writes JSON by appending. Values in, text out: it cannot be malformed as long as begin/end match
// (checked). NaN and infinities become null. Reading is simdjson's or Boost.JSON's business.

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tocsin {

class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view text);  // bytes that are not UTF-8 become U+FFFD
  JsonWriter& number(double value);
  JsonWriter& integer(int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& raw(std::string_view json);  // trusted, complete JSON value

  JsonWriter& member(std::string_view name, std::string_view value) {
    return key(name).string(value);
  }
  JsonWriter& member(std::string_view name, const char* value) { return key(name).string(value); }
  JsonWriter& member(std::string_view name, bool value) { return key(name).boolean(value); }
  template <class T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  JsonWriter& member(std::string_view name, T value) {
    return key(name).integer(static_cast<int64_t>(value));
  }
  JsonWriter& member(std::string_view name, double value) { return key(name).number(value); }

  const std::string& text() const { return out_; }
  std::string take();  // the finished text; every begin must have met its end

 private:
  void before_value();
  void close(char bracket);

  std::string out_;
  std::vector<bool> has_member_;  // one per open object or array
  bool after_key_ = false;
};

}  // namespace tocsin
