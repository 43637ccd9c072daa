#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "promql/literals.h"
#include "promql/quote.h"
#include "promrules/template_functions.h"
#include "promrules/template_tree.h"

namespace tocsin::promrules {
namespace {

using Kind = TemplateNode::Kind;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_word(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Throws nothing; the first mistake is kept and ends it.
class TemplateParser {
 public:
  explicit TemplateParser(std::string_view text) : text_(text) {}

  Result<TemplateTree> run() {
    TemplateTree tree;
    tree_ = &tree;
    const std::string end = nodes(tree.nodes, 0);
    if (!error_ && !end.empty()) mistake(fmt::format("unexpected {{{{{}}}}}", end));
    if (error_) return fail(*error_);
    return tree;
  }

 private:
  void mistake(std::string message) {
    if (error_) return;
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<long>(at_), '\n');
    error_ = Error{ErrorCode::kInvalid, fmt::format("line {}: {}", line, message), {}};
  }
  void space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool ahead(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  std::string_view word() {
    const size_t from = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }

  // Text up to the next action; `after` trims the space that the action before asked away.
  void text(std::vector<TemplateNode>& out) {
    const size_t open = std::min(text_.find("{{", at_), text_.size());
    std::string_view piece = text_.substr(at_, open - at_);
    if (trim_) piece.remove_prefix(std::min(piece.find_first_not_of(" \t\r\n"), piece.size()));
    at_ = open;
    if (ahead("{{-") && at_ + 3 < text_.size() && is_space(text_[at_ + 3])) {
      const size_t last = piece.find_last_not_of(" \t\r\n");
      piece = piece.substr(0, last == std::string_view::npos ? 0 : last + 1);
    }
    if (piece.empty()) return;
    TemplateNode node;
    node.text = std::string(piece);
    out.push_back(std::move(node));
  }
  void open() {
    at_ += 2;
    if (peek() == '-' && at_ + 1 < text_.size() && is_space(text_[at_ + 1])) at_ += 2;
  }
  bool at_close() const { return ahead("}}") || ahead("-}}"); }
  void close() {
    space();
    trim_ = ahead("-}}");
    if (!at_close()) return mistake(fmt::format("unexpected {} in an action", rest()));
    at_ += trim_ ? 3 : 2;
  }
  std::string rest() const {
    return at_ >= text_.size() ? "end" : promql::quoted(text_.substr(at_, 10));
  }
  bool comment() {
    if (!ahead("/*")) return false;
    const size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) return mistake("unclosed comment"), true;
    at_ = end + 2;
    if (!ahead("}}") && !ahead(" -}}")) mistake("comment ends before closing delimiter");
    close();
    return true;
  }

  // Reads nodes until an action that ends a block, which it returns: "end", "else", "else if"; ""
  // at the end of the text.
  std::string nodes(std::vector<TemplateNode>& out, int depth) {
    if (depth > kTemplateDepthMax) mistake("nested too deeply");
    while (!error_) {
      text(out);
      if (at_ >= text_.size()) return "";
      open();
      if (comment()) continue;
      space();
      const size_t before = at_;
      const std::string keyword(word());
      if (keyword == "end") return close(), "end";
      if (keyword == "else") return otherwise();
      if (!block(keyword, out, depth)) {
        at_ = before;
        TemplateNode node;
        node.kind = Kind::kAction;
        node.pipe = pipe(0);
        close();
        out.push_back(std::move(node));
      }
    }
    return "";
  }
  std::string otherwise() {
    space();
    if (at_close()) return close(), "else";
    const std::string next(word());
    if (next != "if" && next != "with") mistake(fmt::format("unexpected {} after else", next));
    return "else " + next;
  }

  bool block(const std::string& keyword, std::vector<TemplateNode>& out, int depth) {
    TemplateNode node;
    if (keyword == "if" || keyword == "range" || keyword == "with") {
      node.kind = keyword == "if" ? Kind::kIf : keyword == "with" ? Kind::kWith : Kind::kRange;
      control(node, depth);
    } else if (keyword == "define") {
      define(depth);
      return true;
    } else if (keyword == "template") {
      node.kind = Kind::kTemplate;
      space();
      node.text = string_constant();
      space();
      if (!at_close()) node.pipe = pipe(0);
      close();
    } else if (keyword == "break" || keyword == "continue") {
      node.kind = keyword == "break" ? Kind::kBreak : Kind::kContinue;
      if (loops_ == 0) mistake(fmt::format("{{{{{}}}}} outside {{{{range}}}}", keyword));
      close();
    } else {
      return false;
    }
    out.push_back(std::move(node));
    return true;
  }
  void control(TemplateNode& node, int depth) {
    const size_t variables = variables_.size();
    node.pipe = pipe(0);
    if (node.pipe.commands.empty()) mistake("missing value");
    close();
    loops_ += node.kind == Kind::kRange;
    std::string end = nodes(node.body, depth + 1);
    loops_ -= node.kind == Kind::kRange;
    if (end == "else") {
      end = nodes(node.otherwise, depth + 1);
    } else if (end.starts_with("else ")) {
      TemplateNode nested;
      nested.kind = end == "else if" ? Kind::kIf : Kind::kWith;
      control(nested, depth + 1);  // takes the {{end}} of both
      node.otherwise.push_back(std::move(nested));
      end = "end";
    }
    if (end != "end") mistake("a block is not closed by {{end}}");
    variables_.resize(variables);
  }
  void define(int depth) {
    space();
    std::string name = string_constant();
    close();
    std::vector<std::string> outer;
    outer.swap(variables_);
    variables_ = {"$"};
    std::vector<TemplateNode> body;
    if (nodes(body, depth + 1) != "end") mistake("{{define}} is not closed by {{end}}");
    variables_.swap(outer);
    tree_->defined.emplace_back(std::move(name), std::move(body));
  }

  // At a variable that is declared or assigned: $x :=, $i, $x :=, $x =
  void declaration(Pipe& out) {
    const size_t before = at_;
    std::vector<std::string> names;
    while (peek() == '$') {
      ++at_;
      names.push_back("$" + std::string(word()));
      space();
      if (peek() != ',') break;
      ++at_;
      space();
    }
    const bool declares = ahead(":=");
    const bool assigns = !declares && peek() == '=' && !ahead("==");
    if (names.empty() || names.size() > 2 || (!declares && !assigns)) {
      at_ = before;
      return;
    }
    at_ += declares ? 2 : 1;
    out.declared = std::move(names);
    out.assigns = assigns;
    if (assigns)
      for (const std::string& name : out.declared) known(name);
  }
  void known(const std::string& name) {
    if (std::find(variables_.begin(), variables_.end(), name) == variables_.end())
      mistake(fmt::format("undefined variable \"{}\"", name));
  }

  Pipe pipe(int depth) {
    Pipe out;
    if (depth > kTemplateDepthMax) return mistake("nested too deeply"), out;
    space();
    declaration(out);
    while (!error_) {
      out.commands.push_back(command(depth));
      if (error_) break;
      const Operand& first = out.commands.back().operands.front();
      const bool dot = first.kind == Operand::Kind::kDot && first.fields.empty();
      if (out.commands.size() > 1 && (dot || first.kind == Operand::Kind::kConstant))
        mistake(fmt::format("non executable command in pipeline stage {}", out.commands.size()));
      space();
      if (peek() != '|') break;
      ++at_;
    }
    if (!out.assigns) variables_.insert(variables_.end(), out.declared.begin(), out.declared.end());
    return out;
  }
  Command command(int depth) {
    Command out;
    while (!error_) {
      space();
      if (at_close() || peek() == '|' || peek() == ')' || at_ >= text_.size()) break;
      out.operands.push_back(operand(depth));
    }
    if (out.operands.empty()) mistake("missing value");
    return out;
  }

  Operand operand(int depth) {
    Operand out;
    const char c = peek();
    if (c == '(') {
      ++at_;
      out.kind = Operand::Kind::kPipe;
      out.pipe = std::make_shared<const Pipe>(pipe(depth + 1));
      space();
      if (peek() != ')') return mistake("unclosed left parenthesis"), out;
      ++at_;
    } else if (c == '$') {
      ++at_;
      out.kind = Operand::Kind::kVariable;
      out.name = "$" + std::string(word());
      known(out.name);
    } else if (c == '"' || c == '`') {
      out.kind = Operand::Kind::kConstant;
      out.constant.of = string_constant();
      return out;
    } else if (c == '.' &&
               !(at_ + 1 < text_.size() && text_[at_ + 1] >= '0' && text_[at_ + 1] <= '9')) {
      if (at_ + 1 >= text_.size() || !is_word(text_[at_ + 1])) return ++at_, out;
    } else if (c == '\'' || c == '+' || c == '-' || c == '.' || (c >= '0' && c <= '9')) {
      return number(out);
    } else if (is_word(c)) {
      named(out);
    } else {
      return mistake(fmt::format("unexpected {} in an action", rest())), out;
    }
    while (peek() == '.' && at_ + 1 < text_.size() && is_word(text_[at_ + 1])) {
      ++at_;
      out.fields.emplace_back(word());
    }
    return out;
  }
  void named(Operand& out) {
    const std::string name(word());
    out.kind = Operand::Kind::kConstant;
    if (name == "true" || name == "false") {
      out.constant.of = name == "true";
    } else if (name != "nil") {
      out.kind = Operand::Kind::kFunction;
      out.name = name;
      if (!is_template_function(name)) mistake(fmt::format("function \"{}\" not defined", name));
    }
  }
  Operand& number(Operand& out) {
    out.kind = Operand::Kind::kConstant;
    if (peek() == '\'') {
      const size_t end = text_.find('\'', at_ + 1);
      if (end == std::string_view::npos) return mistake("unterminated character constant"), out;
      const auto inner = promql::unquoted(text_.substr(at_, end + 1 - at_));
      const promql::Rune rune = promql::rune_at(inner.value_or(""), 0);
      if (!inner || rune.bytes == 0 || rune.bytes != inner->size())
        return mistake("malformed character constant"), out;
      at_ = end + 1;
      out.constant.of = static_cast<int64_t>(rune.code);
      return out;
    }
    const size_t from = at_;
    if (peek() == '+' || peek() == '-') ++at_;
    while (is_word(peek()) || peek() == '.' ||
           ((peek() == '+' || peek() == '-') && (text_[at_ - 1] | 0x20) == 'e'))
      ++at_;
    const std::string_view text = text_.substr(from, at_ - from);
    int64_t whole = 0;
    const char* const first = text.data() + (text.starts_with('+') ? 1 : 0);
    const auto [end, problem] = std::from_chars(first, text.data() + text.size(), whole);
    if (problem == std::errc{} && end == text.data() + text.size())
      return out.constant.of = whole, out;
    const bool minus = text.starts_with('-');
    const auto value = promql::read_number(text.substr(minus || text.starts_with('+') ? 1 : 0));
    if (!value) return mistake(fmt::format("bad number syntax: {}", promql::quoted(text))), out;
    out.constant.of = minus ? -*value : *value;
    return out;
  }
  std::string string_constant() {
    const char quote = peek();
    if (quote != '"' && quote != '`') return mistake("a name in quotes was expected"), "";
    size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote)
      end += quote == '"' && text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) return mistake("unterminated quoted string"), "";
    const std::string_view literal = text_.substr(at_, end + 1 - at_);
    auto out = promql::unquoted(literal);
    if (!out || (quote == '"' && literal.find('\n') != std::string_view::npos))
      return mistake("invalid quoted string"), "";
    at_ = end + 1;
    return *out;
  }

  std::string_view text_;
  size_t at_ = 0;
  bool trim_ = false;
  int loops_ = 0;
  // What Prometheus defines before the text.
  std::vector<std::string> variables_{"$", "$labels", "$externalLabels", "$externalURL", "$value"};
  TemplateTree* tree_ = nullptr;
  std::optional<Error> error_;
};

}  // namespace

Result<TemplateTree> parse_template(std::string_view text) { return TemplateParser(text).run(); }

}  // namespace tocsin::promrules
