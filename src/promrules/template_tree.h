#pragma once
// A template of a label or an annotation, parsed: the language of Go's text/template, as far as
// rule files use it. Internal to the room; template.h is for users of it.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "promrules/template_value.h"

namespace tocsin::promrules {

struct Pipe;

struct Operand {
  enum class Kind : uint8_t { kDot, kVariable, kConstant, kFunction, kPipe };
  Kind kind = Kind::kDot;
  std::string name;                  // of a variable (with its $) or a function
  Value constant;                    // of kConstant
  std::shared_ptr<const Pipe> pipe;  // of kPipe: in parentheses
  std::vector<std::string> fields;   // .a.b behind it
};
struct Command {
  std::vector<Operand> operands;  // the first may be a function, the others are its arguments
};
struct Pipe {
  std::vector<std::string> declared;  // $x := ... ; two of `range $i, $x := ...`
  bool assigns = false;               // $x = ...
  std::vector<Command> commands;
};

struct TemplateNode {
  enum class Kind : uint8_t { kText, kAction, kIf, kRange, kWith, kTemplate, kBreak, kContinue };
  Kind kind = Kind::kText;
  std::string text;  // kText; kTemplate: the name
  Pipe pipe;         // the others; kTemplate: may be empty
  std::vector<TemplateNode> body, otherwise;
};
struct TemplateTree {
  std::vector<TemplateNode> nodes;
  std::vector<std::pair<std::string, std::vector<TemplateNode>>> defined;  // {{define "x"}}
};

// kInvalid with what is wrong and where ("line 2: function \"foo\" not defined"). Bounded: nesting
// of at most kTemplateDepthMax.
inline constexpr int kTemplateDepthMax = 100;
Result<TemplateTree> parse_template(std::string_view text);

}  // namespace tocsin::promrules
