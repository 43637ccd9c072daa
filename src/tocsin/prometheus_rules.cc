#include "tocsin/prometheus_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "promrules/alert.h"
#include "rules/rule.h"

namespace tocsin {
namespace {

using promrules::Group;
using promrules::TextTemplate;

constexpr std::string_view kWorker = "tocsin-prometheus-alerts";

void read_section(config::MapReader& m, PrometheusRules& out) {
  out.interval = promrules::read_span(m, "interval", promrules::kIntervalDefault,
                                      "Time between two evaluations of groups that say none (1m).");
  if (out.interval.count < 1000) m.problem("interval", "must be at least 1s");
  out.external_labels = m.value<promrules::TextMap>(
      "external_labels", {}, "`$externalLabels` of templates; not added to series.");
  out.external_url = m.value<std::string>("external_url", "", "`$externalURL` of templates.");
}

// Names are unique: the second rule of a name in one group, or in two files, gets a number.
std::vector<std::string> ids_of(const Group& group, std::map<std::string, int>& taken) {
  std::vector<std::string> out;
  for (const promrules::Rule& rule : group.rules) {
    if (!rule.alerting) {
      out.emplace_back();
      continue;
    }
    const std::string name = fmt::format("{}/{}", group.name, rule.name);
    const int count = ++taken[name];
    out.push_back(count == 1 ? name : fmt::format("{}#{}", name, count));
  }
  return out;
}

std::string_view text_of(const std::vector<TextTemplate>& list, std::string_view name) {
  const auto found = std::ranges::find(list, name, &TextTemplate::name);
  return found == list.end() ? std::string_view{} : std::string_view(found->text);
}

std::string told_label(std::string_view annotation) {
  return fmt::format("{{{{ {}{} }}}}", promrules::kToldText, annotation);
}

// The first annotation that says it in a sentence; else the alert's name.
std::string summary_of(const promrules::Rule& rule) {
  for (const std::string_view name : {"summary", "title", "message", "description"})
    if (!text_of(rule.annotations, name).empty()) return told_label(name);
  return "{{ alertname }}";
}

// One line of flow YAML, so that its line can be that of the alerting rule.
std::string rule_yaml(const promrules::Rule& rule, const std::string& id) {
  std::string annotations;
  for (const TextTemplate& text : rule.annotations)
    if (text.name != "summary" && text.name != "description")
      annotations += fmt::format("{}{}: {}", annotations.empty() ? "" : ", ", text.name,
                                 yaml_text(told_label(text.name)));
  const bool described = !text_of(rule.annotations, "description").empty();
  return fmt::format(
      "- {{id: {}, severity: {}, scope: series, resolve_after: 0s, summary: {}, description: {}, "
      "annotations: {{{}}}, when: {{violation: {}, worker: {}, direction: above, "
      "labels: {{{}: {}}}}}}}",
      yaml_text(id), to_text(severity_of(text_of(rule.labels, "severity"))),
      yaml_text(summary_of(rule)), yaml_text(described ? told_label("description") : ""),
      annotations, promrules::kToldName, kWorker, promrules::kToldRule, yaml_text(id));
}

std::vector<PrometheusRules::Entry> read_entries(const config::Folder& folder, DurationMs interval,
                                                 config::Problems& problems) {
  std::vector<PrometheusRules::Entry> out;
  std::map<std::string, int> taken;
  for (const config::Node& node : folder.section("groups"))
    for (Group& group : promrules::read_groups(node, interval, problems)) {
      std::vector<std::string> ids = ids_of(group, taken);
      out.push_back({std::move(group), std::move(ids)});
    }
  return out;
}

}  // namespace

Severity severity_of(std::string_view label) {
  std::string word(label);
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  static constexpr std::array<std::string_view, 5> kCritical{"critical", "page", "emergency",
                                                             "disaster", "p1"};
  static constexpr std::array<std::string_view, 11> kLow{
      "info", "information", "none", "low", "minor", "notice", "debug", "ticket", "p3", "p4", "p5"};
  if (std::ranges::find(kCritical, word) != kCritical.end()) return Severity::kCritical;
  if (std::ranges::find(kLow, word) != kLow.end()) return Severity::kLow;
  return Severity::kHigh;
}

PrometheusRules PrometheusRules::read(const config::Folder& folder, config::Problems& problems) {
  PrometheusRules out;
  folder.single("prometheus_rules", "prometheus_rules", problems,
                [&](config::MapReader& m) { read_section(m, out); });
  out.groups = read_entries(folder, out.interval, problems);
  return out;
}

void PrometheusRules::describe(config::Reference& reference) {
  if (reference.begin_type("prometheus_rules")) {
    config::Problems none;
    config::MapReader m(reference, "prometheus_rules", none);
    PrometheusRules rules;
    read_section(m, rules);
  }
  promrules::describe_groups(reference);
}

std::vector<BuiltinFile> prometheus_alert_files(const config::Folder& folder) {
  config::Problems told_elsewhere;
  std::map<std::string, std::string> files;  // by the name of the rule file
  for (const PrometheusRules::Entry& entry :
       read_entries(folder, promrules::kIntervalDefault, told_elsewhere))
    for (size_t i = 0; i < entry.ids.size(); ++i) {
      if (entry.ids[i].empty()) continue;
      const promrules::Rule& rule = entry.group.rules[i];
      std::string& yaml = files.try_emplace(entry.group.file, "rules:\n").first->second;
      for (auto line = 1 + std::ranges::count(yaml, '\n'); line < rule.place.line; ++line)
        yaml += '\n';
      yaml += rule_yaml(rule, entry.ids[i]) + "\n";
    }
  if (files.empty()) return {};
  std::vector<BuiltinFile> out{
      {std::string(kBuiltinPrefix) + "alerts of Prometheus rules",
       fmt::format("workers:\n- {{id: {}, tier: kpi, select: [{}], models: [{{kind: threshold, "
                   "above: 0.5}}], opens: 1 of 1}}\n",
                   kWorker, promrules::kToldName)}};
  for (auto& [name, yaml] : files) out.push_back({std::string(kBuiltinPrefix) + name, yaml});
  return out;
}

}  // namespace tocsin
