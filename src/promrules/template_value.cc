#include "promrules/template_value.h"

#include <fmt/format.h>

#include <cmath>

#include "base/text.h"
#include "promql/literals.h"

namespace tocsin::promrules {
namespace {

std::string map_text(const TextMap& map) {
  std::string out;
  for (const auto& [name, value] : map)
    out += fmt::format("{}{}:{}", out.empty() ? "" : " ", name, value);
  return "map[" + out + "]";
}

// "2026-11-23 14:32:45.12 +0000 UTC"
std::string time_text(TimeMs time) {
  std::string iso = to_iso(time);
  iso.pop_back();
  iso[10] = ' ';
  if (iso.find('.') != std::string::npos)
    while (iso.back() == '0') iso.pop_back();
  return iso + " +0000 UTC";
}

struct Printer {
  std::string operator()(std::monostate) const { return "<no value>"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(double value) const { return promql::number_literal(value); }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const TextMap& value) const { return map_text(value); }
  std::string operator()(const QuerySample& value) const {
    return fmt::format("{{{} {}}}", map_text(value.labels), promql::number_literal(value.value));
  }
  std::string operator()(const QuerySamples& value) const {
    std::string out;
    for (const QuerySample& sample : value) out += (out.empty() ? "" : " ") + (*this)(sample);
    return "[" + out + "]";
  }
  std::string operator()(TimeMs value) const { return time_text(value); }
  std::string operator()(const ValueMap& value) const {
    std::string out;
    for (const auto& [name, item] : value)
      out += fmt::format("{}{}:{}", out.empty() ? "" : " ", name, item.text());
    return "map[" + out + "]";
  }
};

struct Truth {
  bool operator()(std::monostate) const { return false; }
  bool operator()(bool value) const { return value; }
  bool operator()(int64_t value) const { return value != 0; }
  bool operator()(double value) const { return value != 0; }
  bool operator()(const QuerySample&) const { return true; }
  bool operator()(TimeMs) const { return true; }
  template <class Container>
  bool operator()(const Container& value) const {
    return !value.empty();
  }
};

Error no_field(const Value& value, std::string_view field) {
  return {ErrorCode::kInvalid,
          fmt::format("can't evaluate field {} in type {}", field, value.kind()),
          {}};
}

}  // namespace

bool Value::truth() const { return std::visit(Truth{}, of); }
std::string Value::text() const { return std::visit(Printer{}, of); }

std::string_view Value::kind() const {
  static constexpr std::string_view kNames[] = {"nil",        "bool",
                                                "int",        "float64",
                                                "string",     "map[string]string",
                                                "sample",     "vector",
                                                "*time.Time", "map[string]interface {}"};
  return kNames[of.index()];
}

Result<double> number_of(const Value& value) {
  if (const auto* number = value.as<double>()) return *number;
  if (const auto* number = value.as<int64_t>()) return static_cast<double>(*number);
  if (const auto* text = value.as<std::string>()) {
    if (const auto number = parse_double(*text)) return *number;
    return fail(ErrorCode::kInvalid, fmt::format("\"{}\" is not a number", *text));
  }
  return fail(ErrorCode::kInvalid, fmt::format("can't convert {} to float", value.kind()));
}

Result<Value> field_of(const Value& value, std::string_view field) {
  const std::string name(field);
  if (const auto* map = value.as<TextMap>()) {
    const auto found = map->find(name);
    return Value{found == map->end() ? std::string() : found->second};
  }
  if (const auto* map = value.as<ValueMap>()) {
    const auto found = map->find(name);
    return found == map->end() ? Value{} : found->second;
  }
  if (const auto* sample = value.as<QuerySample>()) {
    if (field == "Labels") return Value{sample->labels};
    if (field == "Value") return Value{sample->value};
  }
  return fail(no_field(value, field));
}

}  // namespace tocsin::promrules
