#include "promrules/rule_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "promql/literals.h"
#include "promql/parse.h"
#include "promql/print.h"
#include "promql/quote.h"
#include "vocabulary/labels.h"

namespace tocsin::promrules {
namespace {

using config::MapReader;
using config::Node;

bool is_letter(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A word, where Prometheus takes a value that is left out (`for:`) for a key that is not there.
std::optional<std::string> optional_word(MapReader& m, std::string_view key, std::string_view type,
                                         std::string_view doc) {
  const auto node = m.any(key, type, doc);
  if (!node || node->kind() == Node::Kind::kNull) return std::nullopt;
  if (node->kind() == Node::Kind::kScalar) return node->scalar();
  m.problem(key, fmt::format("expected {}, not \"{}\"", type, node->excerpt()));
  return std::nullopt;
}

void read_expression(MapReader& m, Rule& out) {
  const auto text = m.optional<std::string>(
      "expr", "PromQL: the value to record, or the condition of the alert. Required.");
  if (m.describing()) return;
  if (!text || text->empty()) {
    if (!m.refused("expr")) m.problem("expr", "must be set in a rule");
    return;
  }
  promql::Parsed parsed = promql::parse(*text);
  if (!parsed) {
    m.problem("expr", "could not parse expression: " + parsed.error().text(*text));
    return;
  }
  out.expr = std::move(*parsed);
  out.expr_text = promql::print(*out.expr);
}

// A mapping of text, as templates. Null values are empty, as in YAML's eyes elsewhere.
void read_texts(MapReader& m, std::string_view key, std::string_view doc, bool templated,
                std::vector<TextTemplate>& out) {
  const auto node = m.any(key, "map of text", doc);
  if (!node || node->kind() == Node::Kind::kNull) return;
  if (node->kind() != Node::Kind::kMap) {
    m.problem(key, fmt::format("expected a mapping of text, not \"{}\"", node->excerpt()));
    return;
  }
  for (const Node::Member& member : node->members()) {
    const bool label = key == "labels";
    if (member.value.kind() != Node::Kind::kScalar && member.value.kind() != Node::Kind::kNull)
      m.problem(key, member.key, "expected text, not a list or a mapping");
    else if (!valid_label_name(member.key) || (label && member.key == kNameLabel))
      m.problems().add(member.place, fmt::format("{}: invalid {} name: {}", key,
                                                 label ? "label" : "annotation", member.key));
    TextTemplate text{member.key, member.value.scalar(), {}};
    if (templated) {
      auto form = Template::parse(text.text);
      if (form)
        text.form = std::move(*form);
      else
        m.problem(key, member.key, "template: " + form.error().message);
    }
    out.push_back(std::move(text));
  }
  std::ranges::sort(out, {}, &TextTemplate::name);
}

void check_recording(MapReader& m, const Rule& rule) {
  for (const std::string_view key : {"annotations", "for", "keep_firing_for"}) {
    const bool set = key == "annotations" ? !rule.annotations.empty()
                     : key == "for"       ? rule.hold.count != 0
                                          : rule.keep_firing.count != 0;
    if (set) m.problem(key, "is not for a recording rule");
  }
  if (!valid_metric_name(rule.name))
    m.problem("record", fmt::format("invalid recording rule name: {}", rule.name));
}

bool read_rule(MapReader& m, Rule& out) {
  out.place = m.place();
  const auto record = optional_word(m, "record", "text", "Name of the series to write.");
  const auto alert = optional_word(m, "alert", "text", "Name of the alert.");
  read_expression(m, out);
  out.hold = read_span(m, "for", {}, "How long the condition holds before the alert fires.");
  out.keep_firing = read_span(m, "keep_firing_for", {},
                              "How long the alert goes on firing after its condition ended.");
  const bool records = record && !record->empty(), alerts = alert && !alert->empty();
  out.alerting = alerts;
  out.name = alerts ? *alert : record.value_or("");
  read_texts(m, "labels",
             "Added to every series or alert, over what the expression gives; "
             "templates in alerting rules.",
             alerts, out.labels);
  read_texts(m, "annotations",
             "Texts of the alert: `summary`, `description`, ...; templates such as "
             "`{{ $labels.instance }}` and `{{ $value | humanize }}`.",
             alerts, out.annotations);
  if (m.describing()) return false;
  if (records && alerts) m.problem("record", "only one of record and alert may be set");
  if (!records && !alerts) m.problems().add(m.place(), "one of record and alert must be set");
  if (records && !alerts) check_recording(m, out);
  return out.expr != nullptr && records != alerts;
}

int64_t read_limit(MapReader& m) {
  constexpr std::string_view kDoc =
      "Most alerts or series that one rule may give; past it the rule fails. 0: none.";
  if (m.describing()) return m.value<int64_t>("limit", 0, kDoc);
  const auto text = optional_word(m, "limit", "whole number", kDoc);
  if (!text) return 0;
  const auto limit = config::Scalar<int64_t>::read(*text);
  if (!limit) m.problem("limit", fmt::format("expected whole number, not \"{}\"", *text));
  return limit.value_or(0);
}

// Groups and rules that are null are not there, as in Prometheus.
void read_rules(MapReader& m, Group& out) {
  constexpr std::string_view kType = "prometheus rule",
                             kDoc = "Worked off in this order, each time.";
  const auto take = [&](MapReader& rule) {
    Rule made;
    if (read_rule(rule, made)) out.rules.push_back(std::move(made));
  };
  if (m.describing()) {
    m.list("rules", kType, kDoc, take);
    return;
  }
  const auto node = m.any("rules", kType, kDoc);
  if (!node || node->kind() == Node::Kind::kNull) return;
  if (node->kind() != Node::Kind::kList)
    m.problem("rules", fmt::format("expected list of {}, not \"{}\"", kType, node->excerpt()));
  else
    for (const Node& item : node->items()) {
      if (item.kind() == Node::Kind::kNull) continue;
      MapReader rule(item, kType, m.problems());
      if (item.kind() == Node::Kind::kMap) take(rule);
    }
}

void read_group(MapReader& m, DurationMs interval, Group& out) {
  out.place = m.place();
  out.file = out.place.file;
  const auto name = m.optional<std::string>("name", "Unique in its file. Required.");
  out.name = name.value_or("");
  if (!m.describing() && out.name.empty() && !m.refused("name"))
    m.problem("name", "group name must not be empty");
  out.interval = read_span(m, "interval", interval,
                           "Time between two evaluations; default: that of `prometheus_rules`.");
  if (out.interval.count == 0) out.interval = interval;
  out.limit = read_limit(m);
  read_rules(m, out);
}

}  // namespace

bool valid_label_name(std::string_view name) {
  return !name.empty() && !is_digit(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); });
}

bool valid_metric_name(std::string_view name) {
  return !name.empty() && !is_digit(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == ':'; });
}

DurationMs read_span(MapReader& reader, std::string_view key, DurationMs standard,
                     std::string_view doc) {
  const auto text = optional_word(reader, key, "text", doc);
  if (!text) return standard;
  const auto span = promql::read_duration(*text);
  if (span) return *span;
  reader.problem(key, span.error());
  return standard;
}

std::vector<Group> read_groups(const Node& groups, DurationMs interval,
                               config::Problems& problems) {
  std::vector<Group> out;
  if (groups.kind() == Node::Kind::kNull) return out;
  if (groups.kind() != Node::Kind::kList) {
    problems.add(groups.place(), "groups must be a list (- name: ...)");
    return out;
  }
  for (const Node& item : groups.items()) {
    if (item.kind() == Node::Kind::kNull) continue;
    MapReader reader(item, "prometheus group", problems);
    if (item.kind() != Node::Kind::kMap) continue;
    Group group;
    read_group(reader, interval, group);
    const bool twice =
        std::ranges::any_of(out, [&](const Group& other) { return other.name == group.name; });
    if (twice)
      reader.problem("name", fmt::format("groupname: {} is repeated in the same file",
                                         promql::quoted(group.name)));
    else
      out.push_back(std::move(group));
  }
  return out;
}

std::vector<Group> read_rule_file(std::string_view yaml, const std::string& file,
                                  DurationMs interval, config::Problems& problems) {
  const auto root = Node::parse(yaml, file, problems);
  if (!root || root->kind() == Node::Kind::kNull) return {};
  if (root->kind() != Node::Kind::kMap) {
    problems.add(root->place(), "a rule file is a mapping with the key \"groups\"");
    return {};
  }
  std::vector<Group> out;
  for (const Node::Member& member : root->members()) {
    if (member.key == "groups")
      out = read_groups(member.value, interval, problems);
    else
      problems.add(member.place,
                   fmt::format("unknown key \"{}\"; a rule file has \"groups\"", member.key));
  }
  return out;
}

void describe_groups(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("prometheus group")) return;
  MapReader m(reference, "prometheus group", none);
  Group group;
  read_group(m, kIntervalDefault, group);
}

}  // namespace tocsin::promrules
