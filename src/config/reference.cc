#include "config/reference.h"

#include <fmt/format.h>

#include "base/json_writer.h"

namespace tocsin::config {
namespace {

std::string escaped_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

void write_type(JsonWriter& json, std::string_view type) {
  constexpr std::string_view kList = "list of ";
  constexpr std::string_view kMapOf = "map of ";
  if (type.starts_with(kList)) {
    json.member("type", "array").key("items").begin_object();
    write_type(json, type.substr(kList.size()));
    json.end_object();
  } else if (type.starts_with(kMapOf)) {
    json.member("type", "object").key("additionalProperties").begin_object();
    write_type(json, type.substr(kMapOf.size()));
    json.end_object();
  } else if (type == "number") {
    json.member("type", "number");
  } else if (type == "whole number") {
    json.member("type", "integer");
  } else if (type == "true or false") {
    json.member("type", "boolean");
  } else if (type == "text" || type == "duration" || type == "time" || type == "selector" ||
             type == "comparison") {
    json.key("type").begin_array().string("string").string("number").end_array();
  } else if (type.starts_with("one of ")) {
    json.key("enum").begin_array();
    std::string_view rest = type.substr(7);
    while (!rest.empty()) {
      const size_t comma = rest.find(", ");
      json.string(rest.substr(0, comma));
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 2);
    }
    json.end_array();
  } else if (type != "any") {
    json.member("$ref", "#/definitions/" + std::string(type));
  }
}

}  // namespace

bool Reference::begin_type(std::string_view name) {
  for (const ReferenceType& known : types_)
    if (known.name == name) return false;
  types_.push_back({.name = std::string(name), .section = {}, .keys = {}});
  return true;
}

void Reference::name_list(std::string_view type, std::string_view section) {
  for (ReferenceType& known : types_)
    if (known.name == type) known.section = section;
}

void Reference::add(std::string_view type, ReferenceKey key) {
  for (ReferenceType& known : types_) {
    if (known.name != type) continue;
    for (const ReferenceKey& seen : known.keys)
      if (seen.key == key.key) return;
    known.keys.push_back(std::move(key));
    return;
  }
}

std::string Reference::markdown() const {
  std::string out;
  for (const ReferenceType& type : types_) {
    out += type.section.empty() ? fmt::format("## {}\n\n", type.name)
                                : fmt::format("## {}\n\nA list; each of its items is a {}:\n\n",
                                              type.section, type.name);
    out += "| key | type | default | meaning |\n| --- | --- | --- | --- |\n";
    for (const ReferenceKey& key : type.keys)
      out += fmt::format("| `{}` | {} | {} | {} |\n", key.key, escaped_cell(key.type),
                         key.required           ? "**required**"
                         : key.standard.empty() ? ""
                                                : "`" + escaped_cell(key.standard) + "`",
                         escaped_cell(key.doc));
    out += '\n';
  }
  return out;
}

std::string Reference::json_schema(std::string_view root) const {
  JsonWriter json;
  json.begin_object().member("$schema", "http://json-schema.org/draft-07/schema#");
  json.member("$ref", "#/definitions/" + std::string(root)).key("definitions").begin_object();
  for (const ReferenceType& type : types_) {
    json.key(type.name).begin_object().member("type", "object");
    json.member("additionalProperties", false).key("properties").begin_object();
    for (const ReferenceKey& key : type.keys) {
      json.key(key.key).begin_object();
      write_type(json, key.type);
      json.member("description", key.doc).end_object();
    }
    json.end_object().key("required").begin_array();
    for (const ReferenceKey& key : type.keys)
      if (key.required) json.string(key.key);
    json.end_array().end_object();
  }
  json.end_object().end_object();
  return json.take();
}

}  // namespace tocsin::config
