// Alertmanager's route tree and inhibition. A route here means the same as there: the first of a
// level that matches, and those after it while `continue` holds; children refine their parent. Only
// group_by, group_wait and group_interval belong together here, so a route that changes one of them
// says all three.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "promql/parse.h"
#include "tocsin/alertmanager_parts.h"
#include "vocabulary/matcher.h"

namespace tocsin {
namespace {

using takeover::Map;
using takeover::yaml_list;

constexpr size_t kDepthMax = 16;  // of routes, as route.cc reads them

// A label's name or value, quoted or not, up to one of `ends`.
Result<std::string> take_word(std::string_view& rest, std::string_view ends) {
  while (rest.starts_with(' ') || rest.starts_with('\t')) rest.remove_prefix(1);
  std::string out;
  const bool quoted = rest.starts_with('"');
  if (quoted) rest.remove_prefix(1);
  for (; !rest.empty(); rest.remove_prefix(1)) {
    if (quoted ? rest.front() == '"' : ends.find(rest.front()) != ends.npos) break;
    if (quoted && rest.front() == '\\' && rest.size() > 1) {
      const char next = rest[1];
      const bool known = next == '"' || next == '\\' || next == 'n';
      if (known) rest.remove_prefix(1);
      out += next == 'n' && known ? '\n' : rest.front();
      continue;
    }
    out += rest.front();
  }
  if (quoted && rest.empty()) return fail(ErrorCode::kInvalid, "a quote is not closed");
  if (quoted) rest.remove_prefix(1);
  while (!quoted && (out.ends_with(' ') || out.ends_with('\t'))) out.pop_back();
  while (rest.starts_with(' ') || rest.starts_with('\t')) rest.remove_prefix(1);
  return out;
}

std::optional<LabelMatcher::Op> take_op(std::string_view& rest) {
  using Op = LabelMatcher::Op;
  constexpr std::pair<std::string_view, Op> kOps[] = {
      {"=~", Op::kMatch}, {"!~", Op::kNotMatch}, {"!=", Op::kNotEqual}, {"=", Op::kEqual}};
  for (const auto& [text, op] : kOps)
    if (rest.starts_with(text)) {
      rest.remove_prefix(text.size());
      return op;
    }
  return std::nullopt;
}

// In the notation of routes; kInvalid if it cannot be said in it.
Result<std::string> spell(const std::string& label, LabelMatcher::Op op, const std::string& value) {
  const auto made = LabelMatcher::make(label, op, value);
  if (!made) return fail(made.error());
  const auto again = LabelMatcher::parse(made->text());
  if (again && again->label() == label && again->op() == op && again->value() == value)
    return made->text();
  return fail(ErrorCode::kInvalid,
              fmt::format("the label \"{}\" cannot be named in a route", cut_text(label, 100)));
}

class Conditions {
 public:
  explicit Conditions(Map& map) : map_(map) {}

  // Three ways to say it: `match`, `match_re`, `matchers`, with what stands before them.
  std::vector<std::string> read(const std::string& before) {
    const bool inhibits = !before.empty();
    for (const bool regex : {false, true})
      for (const auto& [label, place, value] :
           map_.members(before + (regex ? "match_re" : "match")))
        add(before + "match", label, regex ? LabelMatcher::Op::kMatch : LabelMatcher::Op::kEqual,
            value.scalar());
    const std::string key = before + "matchers";
    for (const std::string& text : map_.texts(key)) {
      auto some = take_over_matchers(text);
      if (!some) fault(key, some.error().message);
      if (some) out_.insert(out_.end(), some->begin(), some->end());
    }
    if (inhibits && out_.empty()) out_.emplace_back("alertname=~\".*\"");
    return std::move(out_);
  }
  // A condition was lost: what is left would match more than it did.
  bool failed() const { return failed_; }

 private:
  void add(const std::string& key, const std::string& label, LabelMatcher::Op op,
           const std::string& value) {
    auto made = spell(label, op, value);
    if (!made) return fault(key, made.error().message);
    out_.push_back(*made);
  }
  void fault(const std::string& key, const std::string& why) {
    failed_ = true;
    map_.note(key, "cannot be taken over: " + why);
  }
  Map& map_;
  std::vector<std::string> out_;
  bool failed_ = false;
};

struct Timing {
  std::vector<std::string> by;
  DurationMs wait = seconds(30), interval = minutes(5), repeat = hours(4);
};

class RouteWriter {
 public:
  RouteWriter(const takeover::Receivers& receivers, ImportedConfig& out)
      : receivers_(receivers), out_(out) {}

  std::string write(const config::Node& node, Timing timing, size_t depth) {
    Map route(node, &out_.notes);
    if (node.kind() != config::Node::Kind::kMap) return "";
    const std::string blanks(2 + 4 * depth, ' ');
    Conditions conditions(route);
    const std::vector<std::string> match = conditions.read("");
    if (conditions.failed()) {
      out_.notes.push_back({route.place(),
                            "the route is left out, with all that is in it: its "
                            "alerts go the way of the routes around it"});
      return "";
    }
    lines_.clear();
    if (depth > 0) line("match", yaml_list(match));
    tell(route, depth);
    group(route, timing, depth);
    if (route.text("continue") == "true") line("continue", "true");
    leave(route);
    std::string out;
    for (size_t i = 0; i < lines_.size(); ++i)
      out += blanks + (i == 0 ? "- " : "  ") + lines_[i] + "\n";
    if (out.empty()) out = blanks + "- match: []\n";
    std::string children;
    for (const config::Node& child : route.items("routes"))
      if (depth < kDepthMax)
        children += write(child, timing, depth + 1);
      else
        out_.notes.push_back({child.place(), "the route is left out: nested too deep"});
    if (!children.empty()) out += blanks + "  routes:\n" + children;
    route.finish("not known");
    return out;
  }

 private:
  void line(std::string_view key, const std::string& value) {
    lines_.push_back(fmt::format("{}: {}", key, value));
  }

  void tell(Map& route, size_t depth) {
    const std::string name = route.text("receiver");
    if (name.empty() && depth > 0) return;
    const auto found = receivers_.names.find(name);
    if (found == receivers_.names.end()) {
      route.note("receiver", fmt::format("\"{}\" is not there; its alerts go to the inbox", name));
      return line("receivers", "[inbox]");
    }
    line("receivers", yaml_list(found->second));
  }

  bool span(Map& route, std::string_view key, DurationMs& out, DurationMs least) {
    const std::string text = route.text(key);
    if (text.empty()) return false;
    const auto read = promql::parse_promql_duration(text);
    if (!read || *read < least) {
      out = read ? least : out;
      route.note(key, fmt::format("is {} here: a span of {} at least is expected", to_text(out),
                                  to_text(least)));
      return true;
    }
    out = *read;
    return true;
  }

  void group(Map& route, Timing& timing, size_t depth) {
    bool changed = depth == 0 || route.has("group_by");
    if (route.has("group_by")) timing.by = route.texts("group_by");
    if (std::ranges::find(timing.by, "...") != timing.by.end()) timing.by = {"..."};
    changed |= span(route, "group_wait", timing.wait, DurationMs{});
    changed |= span(route, "group_interval", timing.interval, seconds(1));
    if (changed) {
      line("group_by", yaml_list(timing.by));
      line("group_wait", to_text(timing.wait));
      line("group_interval", to_text(timing.interval));
    }
    if (!span(route, "repeat_interval", timing.repeat, minutes(1)) && depth > 0) return;
    const std::string every = to_text(timing.repeat);
    line("repeat", fmt::format("{{first: {0}, factor: 1, max: {0}}}", every));
  }

  void leave(Map& route) {
    route.leave({"mute_time_intervals"}, "alerts are told at these times, too; silence them");
    route.leave({"active_time_intervals"}, "alerts are told outside these times, too");
  }

  const takeover::Receivers& receivers_;
  ImportedConfig& out_;
  std::vector<std::string> lines_;
};

}  // namespace

Result<std::vector<std::string>> take_over_matchers(std::string_view text) {
  std::vector<std::string> out;
  std::string_view rest = text;
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const bool braces = rest.starts_with('{');
  if (braces) rest.remove_prefix(1);
  const auto wrong = [&](std::string_view why) {
    return fail(ErrorCode::kInvalid,
                fmt::format("cannot read the matcher \"{}\": {}", cut_text(text, 100), why));
  };
  while (true) {
    while (rest.starts_with(' ')) rest.remove_prefix(1);
    if (rest.empty() || rest.starts_with('}')) break;
    const auto label = take_word(rest, "=!~");
    if (!label) return wrong(label.error().message);
    const auto op = take_op(rest);
    if (label->empty() || !op) return wrong("expected label=value");
    const auto value = take_word(rest, braces ? ",}" : ",");
    if (!value) return wrong(value.error().message);
    const auto made = spell(*label, *op, *value);
    if (!made) return wrong(made.error().message);
    out.push_back(*made);
    if (rest.starts_with(','))
      rest.remove_prefix(1);
    else if (!rest.empty() && !rest.starts_with('}'))
      return wrong("expected a comma");
  }
  if (braces != rest.starts_with('}')) return wrong("the braces do not match");
  if (rest.size() > 1) return wrong("something follows the brace");
  return out;
}

namespace takeover {

std::string take_routes(Map& root, const Receivers& receivers, ImportedConfig& out) {
  const auto nodes = root.items("route");
  if (nodes.size() != 1) {
    root.note("route", "cannot be taken over: one route is expected");
    return "";
  }
  return "\nroutes:\n" + RouteWriter(receivers, out).write(nodes.front(), {}, 0);
}

std::string take_inhibition(Map& root, ImportedConfig& out) {
  std::string text;
  for (const config::Node& node : root.items("inhibit_rules")) {
    Map rule(node, &out.notes);
    Conditions source(rule), target(rule);
    const auto from = source.read("source_");
    const auto to = target.read("target_");
    const auto equal = rule.texts("equal");
    rule.pass({"name"});
    rule.finish("not known");
    if (from == to) {
      out.notes.push_back({rule.place(),
                           "the inhibition is left out: its two sides are the same, "
                           "which hides nothing there, and would here"});
      continue;
    }
    if (source.failed() || target.failed()) {
      out.notes.push_back({rule.place(),
                           "the inhibition is left out: without that condition it "
                           "would hide more"});
      continue;
    }
    text += fmt::format("  - source: {}\n    target: {}\n", yaml_list(from), yaml_list(to));
    if (!equal.empty()) text += fmt::format("    equal: {}\n", yaml_list(equal));
  }
  return text.empty() ? "" : "\ninhibit:\n" + text;
}

}  // namespace takeover
}  // namespace tocsin
