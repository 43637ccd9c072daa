#include "supervisor/route.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "supervisor/customer.h"
#include "supervisor/route_reader.h"

namespace tocsin::supervisor {
namespace {

constexpr size_t kDepthMax = 16;

std::optional<Severity> parse_severity(std::string_view text) {
  for (const Severity severity : {Severity::kCritical, Severity::kHigh, Severity::kLow})
    if (to_text(severity) == text) return severity;
  return std::nullopt;
}

}  // namespace

void read_severities(config::MapReader& m, Route& out) {
  const auto words = m.value<std::vector<std::string>>(
      "severity", {}, "Only alerts of these severities: critical, high, low. Empty: all.");
  static constexpr std::array<std::string_view, 3> kKnown = {"critical", "high", "low"};
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (const auto severity = parse_severity(word)) {
      out.severity.push_back(*severity);
      continue;
    }
    const std::string_view near = nearest_word(word, kKnown);
    m.problem("severity", i,
              fmt::format("expected critical, high or low, not \"{}\"{}", word,
                          near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  }
}

namespace {

void read_matchers(config::MapReader& m, Route& out) {
  const auto texts = m.value<std::vector<std::string>>(
      "match", {},
      "Conditions on the alert's labels (rule, severity and its scope), such as site=madrid or "
      "rule=~\"pay.*\"; all must hold.");
  for (size_t i = 0; i < texts.size(); ++i) {
    auto matcher = LabelMatcher::parse(texts[i]);
    if (matcher)
      out.match.push_back(std::move(*matcher));
    else
      m.problem("match", i, matcher.error().message);
  }
}

void read_span(config::MapReader& m, std::string_view key, DurationMs& out, DurationMs least,
               std::string_view doc) {
  out = m.value<DurationMs>(key, out, doc);
  if (out < least) m.problem(key, fmt::format("must be at least {}", to_text(least)));
}

}  // namespace

void read_grouping(config::MapReader& m, Route& out) {
  Grouping grouping;
  grouping.by = m.value<std::vector<std::string>>(
      "group_by", {},
      "Labels: alerts that agree in them are told together, as one group. [] is one group for the "
      "whole route, \"...\" one for each set of labels. Without it each alert is told alone, at "
      "once.");
  read_span(m, "group_wait", grouping.wait, DurationMs{},
            "How long the first message of a group waits for more alerts.");
  read_span(m, "group_interval", grouping.interval, seconds(1),
            "At least so long between two messages about alerts that joined or are over.");
  const bool present = m.has("group_by");
  for (const std::string_view key : {"group_wait", "group_interval"})
    if (!present && m.has(key)) m.problem(key, "needs group_by in the same route");
  if (!present) return;
  grouping.by_all = std::find(grouping.by.begin(), grouping.by.end(), "...") != grouping.by.end();
  if (grouping.by_all && grouping.by.size() > 1)
    m.problem("group_by", "\"...\" stands for all labels; name no others beside it");
  std::sort(grouping.by.begin(), grouping.by.end());
  out.grouping = std::move(grouping);
}

namespace {

void read_repeat(config::MapReader& m, Repeat& out) {
  read_span(m, "first", out.first, minutes(1), "From the first message to the first repeat.");
  out.factor = m.value<double>("factor", out.factor,
                               "Each wait is so many times the one before it; 1 to 10.");
  if (!(out.factor >= 1 && out.factor <= 10)) m.problem("factor", "must lie between 1 and 10");
  read_span(m, "max", out.max, minutes(1), "The longest wait.");
  if (out.max < out.first) m.problem("max", "must not be shorter than \"first\"");
}

}  // namespace

void read_repeats(config::MapReader& m, Route& out) {
  m.map("repeat", "repeat",
        "Tell again what is still open and nobody acknowledged, ever less often.",
        [&](config::MapReader& repeat) { read_repeat(repeat, out.repeat.emplace()); });
}

namespace {

void read_route(config::MapReader& m, Route& out, const TimeIntervals& intervals, size_t depth);

std::vector<std::shared_ptr<const TimeInterval>> read_interval_names(config::MapReader& m,
                                                                     std::string_view key,
                                                                     std::string_view doc,
                                                                     const TimeIntervals& known) {
  std::vector<std::shared_ptr<const TimeInterval>> out;
  std::vector<std::string_view> names;
  for (const auto& [name, interval] : known) names.push_back(name);
  const auto texts = m.value<std::vector<std::string>>(key, {}, doc);
  for (size_t i = 0; i < texts.size(); ++i) {
    if (const auto found = known.find(texts[i]); found != known.end()) {
      out.push_back(found->second);
      continue;
    }
    const std::string_view near = nearest_word(texts[i], names);
    m.problem(key, i,
              fmt::format("there is no time interval \"{}\"{}", texts[i],
                          near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  }
  return out;
}

void read_hours(config::MapReader& m, Route& out, const TimeIntervals& known) {
  RouteHours hours;
  hours.active = read_interval_names(
      m, "active_time_intervals",
      "Names of time intervals: outside of all of them the route tells and calls nobody; what "
      "still holds when one begins is told then. [] here: always, whatever the route around says.",
      known);
  hours.muted = read_interval_names(
      m, "mute_time_intervals",
      "Names of time intervals in which the route tells and calls nobody; what still holds when "
      "they end is told then.",
      known);
  if (m.has("active_time_intervals") || m.has("mute_time_intervals")) out.hours = std::move(hours);
}

constexpr std::string_view kCaseDoc =
    "Names of receivers by the label's value, or a whole route (receivers, policy, group_by, ...). "
    "~REGEX stands for all values it matches, \"\" for no such label; the first that fits counts.";

// One value of a switch: a route that matches it. What it tells is names, or a route of its own.
Route read_case(const config::Node::Member& member, const std::string& label, config::MapReader& m,
                const TimeIntervals& intervals, size_t depth) {
  Route out;
  out.place = member.place;
  if (member.value.kind() == config::Node::Kind::kMap) {
    config::MapReader route(member.value, "route", m.problems());
    read_route(route, out, intervals, depth);
    out.place = member.place;
  } else {
    const bool one = member.value.kind() == config::Node::Kind::kScalar;
    for (const config::Node& name : one ? std::vector{member.value} : member.value.items()) {
      if (name.kind() != config::Node::Kind::kScalar || name.scalar().empty())
        m.problem("cases", member.key, "expected the name of a receiver, or a route");
      out.receivers.push_back(name.scalar());
      out.receivers_places.push_back(name.place());
    }
  }
  if (out.receivers.empty() && out.policy.empty() && out.routes.empty() &&
      member.value.kind() != config::Node::Kind::kMap)
    m.problem("cases", member.key, "tells nobody; name a receiver");
  const bool regex = member.key.starts_with('~');
  auto matcher =
      LabelMatcher::make(label, regex ? LabelMatcher::Op::kMatch : LabelMatcher::Op::kEqual,
                         regex ? member.key.substr(1) : member.key);
  if (matcher)
    out.match.insert(out.match.begin(), std::move(*matcher));
  else
    m.problem("cases", member.key, matcher.error().message);
  return out;
}

// `switch` is short for a route per value: they follow those of `routes`.
void read_switch(config::MapReader& m, Route& out, const TimeIntervals& intervals, size_t depth) {
  const auto label =
      m.required<std::string>("label", "The label whose value decides, such as env.");
  const auto cases = m.any("cases", "map of receivers", kCaseDoc);
  const auto others = m.value<std::vector<std::string>>(
      "default", {},
      "Receivers for all other values; without it, those of the route the switch is in.");
  if (m.describing()) return;
  if (label.empty() && !m.refused("label")) m.problem("label", "names no label");
  if (!cases || cases->kind() != config::Node::Kind::kMap || cases->members().empty())
    return m.problem("cases", "expected values and their receivers, such as {prod: pager}");
  for (const config::Node::Member& member : cases->members())
    out.routes.push_back(read_case(member, label, m, intervals, depth));
  if (others.empty()) return;
  Route rest;
  rest.place = m.place("default");
  rest.receivers = others;
  for (size_t i = 0; i < others.size(); ++i) rest.receivers_places.push_back(m.place("default", i));
  out.routes.push_back(std::move(rest));
}

void read_route(config::MapReader& m, Route& out, const TimeIntervals& intervals, size_t depth) {
  out.place = m.place();
  read_matchers(m, out);
  read_severities(m, out);
  out.receivers = m.value<std::vector<std::string>>(
      "receivers", {}, "Names of receivers; without any, those of the route around this one.");
  for (size_t i = 0; i < out.receivers.size(); ++i)
    out.receivers_places.push_back(m.place("receivers", i));
  out.policy = m.value<std::string>(
      "policy", "",
      "Name of an escalation policy: who is called, one after the other; besides the "
      "receivers. Without one, that of the route around this one.");
  out.policy_place = m.place("policy");
  out.keep_going = m.value<bool>("continue", false, "Go on with the next route of this level.");
  read_grouping(m, out);
  read_repeats(m, out);
  read_hours(m, out, intervals);
  for (const std::string_view key : {"routes", "switch"})
    if (depth == kDepthMax && m.has(key))
      m.problem(key, fmt::format("routes are nested more than {} deep", kDepthMax));
  if (depth >= kDepthMax) return;
  m.list("routes", "route", "Routes that refine this one.", [&](config::MapReader& child) {
    Route route;
    read_route(child, route, intervals, depth + 1);
    out.routes.push_back(std::move(route));
  });
  m.map("switch", "switch", "By the value of a label, after `routes`: short for a route per value.",
        [&](config::MapReader& choice) { read_switch(choice, out, intervals, depth + 1); });
  const bool nobody = out.receivers.empty() && out.policy.empty() && out.routes.empty() &&
                      !m.refused("receivers") && !m.refused("routes") && !m.refused("policy") &&
                      !m.has("switch");
  if (depth == 0 && !m.describing() && nobody)
    m.problem("receivers", "this route tells nobody; name a receiver or a policy");
}

// What a route has from those around it.
struct Inherited {
  const std::vector<std::string>* receivers = nullptr;
  const std::string* policy = nullptr;
  const Grouping* grouping = nullptr;
  const Repeat* repeat = nullptr;
  const RouteHours* hours = nullptr;
};

Inherited inherit(const Route& route, Inherited from) {
  if (!route.receivers.empty()) from.receivers = &route.receivers;
  if (!route.policy.empty()) from.policy = &route.policy;
  if (route.grouping) from.grouping = &*route.grouping;
  if (route.repeat) from.repeat = &*route.repeat;
  if (route.hours) from.hours = &*route.hours;
  return from;
}

struct Walk {
  std::optional<TimeMs> at;
  std::vector<Telling> found;  // all that a route names, also what another one names
  RoutePolicy policy;
  std::vector<std::string>* places = nullptr;

  void tell(const Route& route, const Inherited& from) {
    const bool timed =
        from.hours != nullptr && !(from.hours->active.empty() && from.hours->muted.empty());
    const auto quiet = timed && at ? from.hours->quiet(*at) : std::nullopt;
    if (from.policy != nullptr) choose(*from.policy, quiet);
    if (from.receivers != nullptr)
      found.push_back(
          {route.place.file_line(), *from.receivers, from.grouping, from.repeat, timed, quiet});
  }
  void choose(const std::string& name, const std::optional<Quiet>& quiet) {
    const bool waits = policy.quiet.has_value();
    if (!policy.name.empty() && !(waits && (!quiet || quiet->until < policy.quiet->until))) return;
    policy = {name, quiet};
  }
  // Each receiver once: by the first route that tells, else by the first that names it.
  std::vector<Telling> tellings() {
    std::set<std::string> told;
    std::stable_partition(found.begin(), found.end(),
                          [](const Telling& telling) { return !telling.quiet; });
    for (Telling& telling : found) {
      std::erase_if(telling.receivers,
                    [&](const std::string& name) { return !told.insert(name).second; });
      std::sort(telling.receivers.begin(), telling.receivers.end());
    }
    std::erase_if(found, [](const Telling& telling) { return telling.receivers.empty(); });
    return std::move(found);
  }
};

// Adds whom the matching routes of a level tell; true if any matched.
bool tell(const std::vector<Route>& level, const Inherited& inherited, const Labels& labels,
          Severity severity, Walk& walk) {
  bool matched = false;
  for (const Route& route : level) {
    if (!route.matches(labels, severity)) continue;
    matched = true;
    if (walk.places != nullptr) walk.places->push_back(route.place.file_line());
    const Inherited own = inherit(route, inherited);
    if (!tell(route.routes, own, labels, severity, walk)) walk.tell(route, own);
    if (!route.keep_going) break;
  }
  return matched;
}

void check_policy_names(const std::vector<Route>& level, std::span<const std::string_view> known,
                        config::Problems& problems, std::set<std::string>& used) {
  for (const Route& route : level) {
    check_policy_names(route.routes, known, problems, used);
    if (route.policy.empty()) continue;
    used.insert(route.policy);
    if (std::find(known.begin(), known.end(), route.policy) != known.end()) continue;
    const std::string_view near = nearest_word(route.policy, known);
    problems.add(route.policy_place,
                 fmt::format("policy: there is no policy \"{}\"{}", route.policy,
                             near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  }
}

void check(const std::vector<Route>& level, std::span<const std::string_view> known,
           config::Problems& problems) {
  for (const Route& route : level) {
    for (size_t i = 0; i < route.receivers.size(); ++i) {
      const std::string& name = route.receivers[i];
      if (name == kInboxReceiver || std::find(known.begin(), known.end(), name) != known.end())
        continue;
      const std::string_view near = nearest_word(name, known);
      problems.add(i < route.receivers_places.size() ? route.receivers_places[i] : route.place,
                   fmt::format("receivers: there is no receiver \"{}\"{}", name,
                               near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
    }
    check(route.routes, known, problems);
  }
}

}  // namespace

bool Route::matches(const Labels& labels, Severity wanted) const {
  if (!severity.empty() && std::find(severity.begin(), severity.end(), wanted) == severity.end())
    return false;
  return std::all_of(match.begin(), match.end(),
                     [&](const LabelMatcher& matcher) { return matcher.matches(labels); });
}

namespace {

bool any_timed(const std::vector<Route>& level) {
  return std::any_of(level.begin(), level.end(),
                     [](const Route& route) { return route.hours || any_timed(route.routes); });
}

}  // namespace

Routes::Routes(std::vector<Route> routes)
    : routes_(std::move(routes)), timed_(any_timed(routes_)) {}

Routes Routes::read(const config::Folder& folder, config::Problems& problems) {
  const TimeIntervals intervals = read_time_intervals(folder, problems);
  std::vector<Route> routes;
  folder.for_each("routes", "route", problems, [&](config::MapReader& m) {
    Route route;
    read_route(m, route, intervals, 0);
    routes.push_back(std::move(route));
  });
  return Routes(std::move(routes));
}

void Routes::describe(config::Reference& reference) {
  describe_time_intervals(reference);
  config::Problems none;
  if (!reference.begin_type("route")) return;
  config::MapReader m(reference, "route", none);
  Route route;
  read_route(m, route, {}, 0);
}

void Routes::check_receivers(std::span<const std::string_view> known,
                             config::Problems& problems) const {
  check(routes_, known, problems);
}

std::vector<Telling> Routes::tellings(const Labels& labels, Severity severity,
                                      std::optional<TimeMs> at) const {
  Walk walk;
  walk.at = timed_ ? at : std::nullopt;
  tell(routes_, {}, labels, severity, walk);
  std::vector<Telling> found = walk.tellings();
  if (customers_) customers_->keep_apart(labels, found);
  if (found.empty() && walk.policy.name.empty())
    found.push_back({"", {std::string(kInboxReceiver)}, nullptr, nullptr});
  if (customers_) customers_->add_own(labels, severity, found);
  std::vector<Telling> out;
  for (Telling& telling : found) {
    Telling single{telling.route, {}, nullptr, telling.repeat, telling.timed, telling.quiet};
    if (telling.grouping != nullptr && !alone_.empty())
      std::erase_if(telling.receivers, [&](std::string& name) {
        if (alone(name)) single.receivers.push_back(name);
        return alone(name);
      });
    if (!telling.receivers.empty()) out.push_back(std::move(telling));
    if (!single.receivers.empty()) out.push_back(std::move(single));
  }
  return out;
}

std::vector<std::string> Routes::receivers(const Labels& labels, Severity severity) const {
  std::set<std::string> told;
  for (Telling& telling : tellings(labels, severity))
    told.insert(telling.receivers.begin(), telling.receivers.end());
  return {told.begin(), told.end()};
}

bool Routes::may_tell(const std::string& receiver, const Labels& labels) const {
  return customers_ == nullptr || customers_->may_tell(receiver, labels);
}

std::string Routes::owner(const std::string& receiver) const {
  const Customer* found = customers_ == nullptr ? nullptr : customers_->owner(receiver);
  return found == nullptr ? std::string() : found->name;
}

RoutePolicy Routes::policy(const Labels& labels, Severity severity,
                           std::optional<TimeMs> at) const {
  Walk walk;
  walk.at = timed_ ? at : std::nullopt;
  tell(routes_, {}, labels, severity, walk);
  return std::move(walk.policy);
}

std::set<std::string> Routes::check_policies(std::span<const std::string_view> known,
                                             config::Problems& problems) const {
  std::set<std::string> used;
  check_policy_names(routes_, known, problems, used);
  return used;
}

std::vector<std::string> Routes::explain(const Labels& labels, Severity severity) const {
  std::vector<std::string> places;
  Walk walk;
  walk.places = &places;
  tell(routes_, {}, labels, severity, walk);
  return places;
}

Labels Grouping::labels_of(const Labels& labels) const {
  if (by_all) return labels;
  std::vector<Labels::Pair> pairs;
  for (const std::string& name : by) pairs.emplace_back(name, labels.get(name));
  return Labels(std::move(pairs));
}

DurationMs Repeat::after(uint32_t repeats_told) const {
  double wait = static_cast<double>(first.count);
  for (uint32_t i = 0; i < repeats_told && wait < static_cast<double>(max.count); ++i)
    wait *= factor;
  return std::min(max, milliseconds(static_cast<int64_t>(wait)));
}

}  // namespace tocsin::supervisor
