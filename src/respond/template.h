#pragma once
// Texts that users write into the configuration, with references to the fields of a notice:
//
//   "{severity} in {label.site|everywhere}: {summary} {link}"
//
//   reference = "{" field ["|" default] [":" escape] "}"      {{ and }} are braces
//   escape    = "url" | "xml" | "json"                        what the value stands in
//
// Fields are checked when the configuration is read. What cannot be known then is whether an alert
// has a label, an annotation or a link to Grafana: filling in fails if it has not and the reference
// has no default. Values are plain text; nothing in them is taken for a reference.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "respond/target.h"

namespace tocsin::respond {

class Template {
 public:
  struct Field {
    std::string_view name;
    std::string value;
  };

  Template() = default;
  // `more`: names that fill() gets besides those of every notice. kInvalid says what is wrong.
  static Result<Template> parse(std::string_view text, std::span<const std::string_view> more = {});
  bool empty() const { return pieces_.empty(); }
  // At most 20,000 bytes; kInvalid names the field that the alert does not have.
  Result<std::string> fill(const Message& message, std::span<const Field> more = {}) const;

 private:
  enum class Escape { kNone, kUrl, kXml, kJson };
  struct Piece {
    std::string text;   // literal; of a field: its default
    std::string field;  // empty = literal
    bool has_default = false;
    Escape escape = Escape::kNone;
  };
  static Result<Piece> parse_reference(std::string_view inside,
                                       std::span<const std::string_view> more);
  static std::string escaped(std::string_view value, Escape escape);
  std::vector<Piece> pieces_;
};

// "severity, state, ...": for messages and the reference.
std::string template_fields();

}  // namespace tocsin::respond
