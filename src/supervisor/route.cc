#include "supervisor/route.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tocsin::supervisor {
namespace {

constexpr size_t kDepthMax = 16;

std::optional<Severity> parse_severity(std::string_view text) {
  for (const Severity severity : {Severity::kCritical, Severity::kHigh, Severity::kLow})
    if (to_text(severity) == text) return severity;
  return std::nullopt;
}

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

void read_route(config::MapReader& m, Route& out, size_t depth) {
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
  if (depth == kDepthMax && m.has("routes"))
    m.problem("routes", fmt::format("routes are nested more than {} deep", kDepthMax));
  if (depth >= kDepthMax) return;
  m.list("routes", "route", "Routes that refine this one.", [&](config::MapReader& child) {
    Route route;
    read_route(child, route, depth + 1);
    out.routes.push_back(std::move(route));
  });
  const bool nobody = out.receivers.empty() && out.policy.empty() && out.routes.empty() &&
                      !m.refused("receivers") && !m.refused("routes") && !m.refused("policy");
  if (depth == 0 && !m.describing() && nobody)
    m.problem("receivers", "this route tells nobody; name a receiver or a policy");
}

struct Told {
  std::set<std::string> receivers;
  std::string policy;  // the first one
  std::vector<std::string>* places = nullptr;
};
// What a route has of the ones around it.
struct Inherited {
  const std::vector<std::string>& receivers;
  const std::string& policy;
};

// Adds whom the matching routes of a level tell; true if any matched.
bool tell(const std::vector<Route>& level, const Inherited& inherited, const Labels& labels,
          Severity severity, Told& told) {
  bool matched = false;
  for (const Route& route : level) {
    if (!route.matches(labels, severity)) continue;
    matched = true;
    if (told.places != nullptr) told.places->push_back(route.place.file_line());
    const Inherited own{route.receivers.empty() ? inherited.receivers : route.receivers,
                        route.policy.empty() ? inherited.policy : route.policy};
    if (!tell(route.routes, own, labels, severity, told)) {
      told.receivers.insert(own.receivers.begin(), own.receivers.end());
      if (told.policy.empty()) told.policy = own.policy;
    }
    if (!route.keep_going) break;
  }
  return matched;
}

void tell_all(const std::vector<Route>& routes, const Labels& labels, Severity severity,
              Told& told) {
  tell(routes, {{}, {}}, labels, severity, told);
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

Routes Routes::read(const config::Folder& folder, config::Problems& problems) {
  std::vector<Route> routes;
  folder.for_each("routes", "route", problems, [&](config::MapReader& m) {
    Route route;
    read_route(m, route, 0);
    routes.push_back(std::move(route));
  });
  return Routes(std::move(routes));
}

void Routes::describe(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("route")) return;
  config::MapReader m(reference, "route", none);
  Route route;
  read_route(m, route, 0);
}

void Routes::check_receivers(std::span<const std::string_view> known,
                             config::Problems& problems) const {
  check(routes_, known, problems);
}

std::vector<std::string> Routes::receivers(const Labels& labels, Severity severity) const {
  Told told;
  tell_all(routes_, labels, severity, told);
  if (told.receivers.empty() && told.policy.empty()) return {std::string(kInboxReceiver)};
  return {told.receivers.begin(), told.receivers.end()};
}

std::string Routes::policy(const Labels& labels, Severity severity) const {
  Told told;
  tell_all(routes_, labels, severity, told);
  return told.policy;
}

std::set<std::string> Routes::check_policies(std::span<const std::string_view> known,
                                             config::Problems& problems) const {
  std::set<std::string> used;
  check_policy_names(routes_, known, problems, used);
  return used;
}

std::vector<std::string> Routes::explain(const Labels& labels, Severity severity) const {
  std::vector<std::string> places;
  Told told;
  told.places = &places;
  tell_all(routes_, labels, severity, told);
  return places;
}

}  // namespace tocsin::supervisor
