#pragma once
// The configuration reference as data: filled by the readers in describing mode.

#include <string>
#include <string_view>
#include <vector>

namespace tocsin::config {

struct ReferenceKey {
  std::string key;
  std::string type;  // "text", "duration", "list of condition"
  bool required = false;
  std::string standard;  // the default as it would be written; empty = none
  std::string doc;
};

struct ReferenceType {
  std::string name;
  std::string section = {};  // of the folder, where that is a list of this type
  std::vector<ReferenceKey> keys;
};

class Reference {
 public:
  // False if this type was described before: do not descend again.
  bool begin_type(std::string_view name);
  // The section of the folder that is a list of this type: its heading.
  void name_list(std::string_view type, std::string_view section);
  void add(std::string_view type, ReferenceKey key);
  const std::vector<ReferenceType>& types() const { return types_; }
  // Markdown: a table per type, in the order they were met.
  std::string markdown() const;
  // JSON Schema (draft-07) whose root type is `root`, for editors.
  std::string json_schema(std::string_view root) const;

 private:
  std::vector<ReferenceType> types_;
};

}  // namespace tocsin::config
