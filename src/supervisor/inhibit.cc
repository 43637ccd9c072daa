#include "supervisor/inhibit.h"

#include <fmt/format.h>

#include <algorithm>

namespace tocsin::supervisor {
namespace {

bool matches(const std::vector<LabelMatcher>& matchers, const Labels& labels) {
  return std::all_of(matchers.begin(), matchers.end(),
                     [&](const LabelMatcher& matcher) { return matcher.matches(labels); });
}

// Values of the `equal` labels, each with its length, so that no two sets of them collide.
std::string values(const InhibitRule& rule, const Labels& labels, bool of_source) {
  std::string out;
  for (const InhibitRule::Equal& equal : rule.equal) {
    const std::string_view value = labels.get(of_source ? equal.source : equal.target);
    out += fmt::format("{}:{}", value.size(), value);
  }
  return out;
}

std::vector<LabelMatcher> read_side(config::MapReader& m, std::string_view key,
                                    std::string_view doc) {
  std::vector<LabelMatcher> out;
  const auto texts = m.required<std::vector<std::string>>(key, doc);
  for (size_t i = 0; i < texts.size(); ++i) {
    auto matcher = LabelMatcher::parse(texts[i]);
    if (matcher)
      out.push_back(std::move(*matcher));
    else
      m.problem(key, i, matcher.error().message);
  }
  if (texts.empty() && !m.refused(key) && !m.describing())
    m.problem(key, "needs at least one condition such as rule=site-down");
  return out;
}

void read_rule(config::MapReader& m, InhibitRule& out) {
  out.name = m.describing() ? "" : m.place().file_line();
  out.source = read_side(m, "source",
                         "Conditions on the labels of the alert that keeps others quiet; all must "
                         "hold.");
  out.target = read_side(m, "target", "Conditions on the labels of those it keeps quiet.");
  const auto names = m.value<std::vector<std::string>>(
      "equal", {},
      "Labels that both must have with the same value; \"host=instance\" compares the source's "
      "host with the target's instance.");
  for (size_t i = 0; i < names.size(); ++i) {
    const size_t sign = names[i].find('=');
    InhibitRule::Equal equal{names[i].substr(0, sign),
                             sign == std::string::npos ? names[i] : names[i].substr(sign + 1)};
    if (equal.source.empty() || equal.target.empty())
      m.problem("equal", i, "expected a label, or source=target");
    out.equal.push_back(std::move(equal));
  }
}

}  // namespace

std::shared_ptr<const InhibitRules> InhibitRules::read(const config::Folder& folder,
                                                       config::Problems& problems) {
  auto out = std::make_shared<InhibitRules>();
  folder.for_each("inhibit", "inhibit", problems,
                  [&](config::MapReader& m) { read_rule(m, out->rules.emplace_back()); });
  return out;
}

void InhibitRules::describe(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("inhibit")) return;
  config::MapReader m(reference, "inhibit", none);
  InhibitRule rule;
  read_rule(m, rule);
}

const InhibitRule* InhibitRules::find(const Labels& source, const Labels& target) const {
  for (const InhibitRule& rule : rules)
    if (matches(rule.source, source) && matches(rule.target, target) &&
        values(rule, source, true) == values(rule, target, false))
      return &rule;
  return nullptr;
}

void InhibitIndex::use(std::shared_ptr<const InhibitRules> rules) {
  rules_ = std::move(rules);
  sides_.assign(rules_->rules.size(), {});
}

template <class Change>
void InhibitIndex::each_side(const Labels& labels, Change&& change) {
  for (size_t i = 0; i < sides_.size(); ++i) {
    const InhibitRule& rule = rules_->rules[i];
    if (matches(rule.source, labels)) change(sides_[i].sources, values(rule, labels, true));
    if (matches(rule.target, labels)) change(sides_[i].targets, values(rule, labels, false));
  }
}

void InhibitIndex::add(const Id128& alert, TimeMs opened_at, const Labels& labels) {
  each_side(labels,
            [&](auto& side, const std::string& key) { side[key].emplace(opened_at, alert); });
}

void InhibitIndex::remove(const Id128& alert, TimeMs opened_at, const Labels& labels) {
  each_side(labels, [&](auto& side, const std::string& key) {
    const auto found = side.find(key);
    if (found == side.end()) return;
    found->second.erase({opened_at, alert});
    if (found->second.empty()) side.erase(found);
  });
}

std::vector<Id128> InhibitIndex::sources_of(const Labels& target) const {
  std::vector<Id128> out;
  for (size_t i = 0; i < sides_.size(); ++i) {
    const InhibitRule& rule = rules_->rules[i];
    if (sides_[i].sources.empty() || !matches(rule.target, target)) continue;
    const auto found = sides_[i].sources.find(values(rule, target, false));
    if (found == sides_[i].sources.end()) continue;
    for (const auto& [opened_at, id] : found->second) out.push_back(id);
  }
  return out;
}

std::vector<Id128> InhibitIndex::targets_of(const Labels& source) const {
  std::vector<Id128> out;
  for (size_t i = 0; i < sides_.size(); ++i) {
    const InhibitRule& rule = rules_->rules[i];
    if (sides_[i].targets.empty() || !matches(rule.source, source)) continue;
    const auto found = sides_[i].targets.find(values(rule, source, true));
    if (found == sides_[i].targets.end()) continue;
    for (const auto& [opened_at, id] : found->second) out.push_back(id);
  }
  return out;
}

}  // namespace tocsin::supervisor
