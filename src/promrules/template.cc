#include "promrules/template.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "promrules/template_functions.h"
#include "promrules/template_tree.h"

namespace tocsin::promrules {
namespace {

enum class Flow : uint8_t { kOn, kBreak, kContinue, kFailed };

class Runner {
 public:
  Runner(const TemplateTree& tree, const TemplateData& data) : tree_(tree), data_(data) {
    dot_ = Value{ValueMap{{"Labels", Value{data.labels}},
                          {"ExternalLabels", Value{data.external_labels}},
                          {"ExternalURL", Value{data.external_url}},
                          {"Value", Value{data.value}}}};
    variables_ = {{"$", dot_},
                  {"$labels", Value{data.labels}},
                  {"$externalLabels", Value{data.external_labels}},
                  {"$externalURL", Value{data.external_url}},
                  {"$value", Value{data.value}}};
  }

  Result<std::string> run() {
    if (nodes(tree_.nodes, 0) == Flow::kFailed) return fail(*error_);
    return std::move(out_);
  }

 private:
  Flow mistake(std::string message) {
    if (!error_) error_ = Error{ErrorCode::kInvalid, std::move(message), {}};
    return Flow::kFailed;
  }

  Flow nodes(const std::vector<TemplateNode>& list, int depth) {
    if (depth > kTemplateDepthMax) return mistake("template calls are nested too deeply");
    for (const TemplateNode& node : list) {
      if (++steps_ > Template::kStepsMax) return mistake("the template takes too many steps");
      if (out_.size() > Template::kOutputMax) return mistake("the text gets too long");
      const size_t variables = variables_.size();
      const bool block = node.kind != TemplateNode::Kind::kAction;
      const Flow flow = one(node, depth);
      if (block) variables_.resize(variables);
      if (flow != Flow::kOn) return flow;
    }
    return Flow::kOn;
  }

  Flow one(const TemplateNode& node, int depth) {
    using Kind = TemplateNode::Kind;
    if (node.kind == Kind::kText) return out_ += node.text, Flow::kOn;
    if (node.kind == Kind::kBreak) return Flow::kBreak;
    if (node.kind == Kind::kContinue) return Flow::kContinue;
    Value value;
    if (!node.pipe.commands.empty()) {
      auto got = pipe(node.pipe, node.kind == Kind::kRange);
      if (!got) return mistake(got.error().message);
      value = std::move(*got);
    }
    if (node.kind == Kind::kAction) {
      if (node.pipe.declared.empty()) out_ += value.text();
      return Flow::kOn;
    }
    if (node.kind == Kind::kTemplate) return called(node.text, std::move(value), depth);
    if (node.kind == Kind::kRange) return range(node, value, depth);
    if (!value.truth()) return nodes(node.otherwise, depth + 1);
    const Value outer = dot_;
    if (node.kind == Kind::kWith) dot_ = std::move(value);
    const Flow flow = nodes(node.body, depth + 1);
    dot_ = outer;
    return flow;
  }

  Flow called(const std::string& name, Value dot, int depth) {
    const auto found = std::find_if(tree_.defined.rbegin(), tree_.defined.rend(),
                                    [&](const auto& item) { return item.first == name; });
    if (found == tree_.defined.rend())
      return mistake(fmt::format("template \"{}\" not defined", name));
    std::vector<std::pair<std::string, Value>> outer{{"$", dot}};
    outer.swap(variables_);
    std::swap(dot_, dot);
    const Flow flow = nodes(found->second, depth + 1);
    std::swap(dot_, dot);
    variables_.swap(outer);
    return flow;
  }

  Flow range(const TemplateNode& node, const Value& over, int depth) {
    std::vector<std::pair<Value, Value>> items;  // key, element
    if (const auto* samples = over.as<QuerySamples>())
      for (const QuerySample& sample : *samples)
        items.emplace_back(Value{static_cast<int64_t>(items.size())}, Value{sample});
    else if (const auto* map = over.as<TextMap>())
      for (const auto& [key, value] : *map) items.emplace_back(Value{key}, Value{value});
    else if (const auto* values = over.as<ValueMap>())
      for (const auto& [key, value] : *values) items.emplace_back(Value{key}, value);
    else if (!over.as<std::monostate>())
      return mistake(fmt::format("range can't iterate over {}", over.text()));
    if (items.empty()) return nodes(node.otherwise, depth + 1);
    const Value outer = dot_;
    for (auto& [key, value] : items) {
      const size_t variables = variables_.size();
      const auto& names = node.pipe.declared;
      if (names.size() == 2) variables_.emplace_back(names[0], key);
      if (!names.empty()) variables_.emplace_back(names.back(), value);
      dot_ = value;
      const Flow flow = nodes(node.body, depth + 1);
      variables_.resize(variables);
      if (flow == Flow::kFailed) return flow;
      if (flow == Flow::kBreak) break;
    }
    dot_ = outer;
    return Flow::kOn;
  }

  // range declares its variables itself, for every element.
  Result<Value> pipe(const Pipe& pipe_of, bool of_range) {
    std::optional<Value> last;
    for (const Command& command : pipe_of.commands) {
      if (++steps_ > Template::kStepsMax)
        return fail(ErrorCode::kInvalid, "the template takes too many steps");
      auto value = run_command(command, last);
      if (!value) return value;
      last = std::move(*value);
    }
    if (of_range) return *last;
    for (const std::string& name : pipe_of.declared) {
      if (!pipe_of.assigns) {
        variables_.emplace_back(name, *last);
        continue;
      }
      for (auto at = variables_.rbegin(); at != variables_.rend(); ++at) {
        if (at->first != name) continue;
        at->second = *last;
        break;
      }
    }
    return *last;
  }

  Result<Value> run_command(const Command& command, const std::optional<Value>& last) {
    const Operand& first = command.operands.front();
    if (first.kind != Operand::Kind::kFunction) {
      if (command.operands.size() > 1 || last)
        return fail(ErrorCode::kInvalid, "can't give argument to non-function");
      return operand(first);
    }
    std::vector<Value> arguments;
    for (size_t i = 1; i < command.operands.size(); ++i) {
      auto value = operand(command.operands[i]);
      if (!value) return value;
      arguments.push_back(std::move(*value));
    }
    if (last) arguments.push_back(*last);
    return with_fields(call(first.name, arguments), first);
  }

  Result<Value> call(const std::string& name, const std::vector<Value>& arguments) {
    auto value = call_template_function(name, arguments, data_);
    if (value) return value;
    return fail(ErrorCode::kInvalid,
                fmt::format("error calling {}: {}", name, value.error().message));
  }

  Result<Value> operand(const Operand& of) {
    switch (of.kind) {
      case Operand::Kind::kDot:
        return with_fields(dot_, of);
      case Operand::Kind::kConstant:
        return of.constant;
      case Operand::Kind::kFunction:
        return with_fields(call(of.name, {}), of);
      case Operand::Kind::kPipe:
        return with_fields(pipe(*of.pipe, false), of);
      case Operand::Kind::kVariable:
        break;
    }
    const auto found = std::find_if(variables_.rbegin(), variables_.rend(),
                                    [&](const auto& item) { return item.first == of.name; });
    if (found == variables_.rend())
      return fail(ErrorCode::kInvalid, fmt::format("undefined variable: {}", of.name));
    return with_fields(found->second, of);
  }

  static Result<Value> with_fields(Result<Value> value, const Operand& of) {
    for (const std::string& field : of.fields) {
      if (!value) return value;
      const Value from = std::move(*value);
      value = field_of(from, field);
    }
    return value;
  }

  const TemplateTree& tree_;
  const TemplateData& data_;
  Value dot_;
  std::vector<std::pair<std::string, Value>> variables_;
  std::string out_;
  size_t steps_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<Template> Template::parse(std::string_view text) {
  auto tree = parse_template(text);
  if (!tree) return fail(tree.error());
  Template out;
  out.tree_ = std::make_shared<const TemplateTree>(std::move(*tree));
  return out;
}

Result<std::string> Template::expand(const TemplateData& data) const {
  return Runner(*tree_, data).run();
}

}  // namespace tocsin::promrules
