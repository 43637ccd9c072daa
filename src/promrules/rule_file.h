#pragma once
// Prometheus' rule files: `groups:` with recording and alerting rules, read with places and checked
// as promtool does.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/node.h"
#include "config/reader.h"
#include "promql/ast.h"
#include "promrules/template.h"

namespace tocsin::promrules {

struct TextTemplate {
  std::string name;  // of the label or annotation
  std::string text;
  Template form;
};

struct Rule {
  bool alerting = false;
  std::string name;  // what `record` or `alert` says
  std::shared_ptr<const promql::Expr> expr;
  std::string expr_text;                  // canonical
  DurationMs hold{}, keep_firing{};       // `for`, `keep_firing_for`
  std::vector<TextTemplate> labels;       // ascending by name
  std::vector<TextTemplate> annotations;  // of alerts; ascending by name
  config::Place place;
};

struct Group {
  std::string file, name;
  DurationMs interval{};
  int64_t limit = 0;  // most series or alerts of one rule; 0: none
  std::vector<Rule> rules;
  config::Place place;
};

inline constexpr DurationMs kIntervalDefault = minutes(1);

// The value of one file's key `groups`. Mistakes are added with their places; what is wrong is left
// out.
std::vector<Group> read_groups(const config::Node& groups, DurationMs interval,
                               config::Problems& problems);
// A whole file, as promtool reads it: `groups` and nothing else.
std::vector<Group> read_rule_file(std::string_view yaml, const std::string& file,
                                  DurationMs interval, config::Problems& problems);
// Adds the types "prometheus group" and "prometheus rule" to the configuration reference.
void describe_groups(config::Reference& reference);

bool valid_metric_name(std::string_view name);
bool valid_label_name(std::string_view name);
// "30s", "1h30m"; adds a problem and gives `standard` if it is none. "" and missing: `standard`.
DurationMs read_span(config::MapReader& reader, std::string_view key, DurationMs standard,
                     std::string_view doc);

}  // namespace tocsin::promrules
