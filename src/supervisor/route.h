#pragma once
// Who is told: section `routes`, a tree. The first route of a level that matches wins, unless it
// says `continue`; a route's `routes` refine it; a route without receivers has those of its parent,
// one without a policy that of its parent. An alert that no route matches goes to `inbox`, so that
// nothing is dropped in silence.
// A `switch` in a route is short for routes, one per value of a label; it is read as such.
// A route may say how its alerts are put together (`group_by`) and how often what nobody answers is
// told again (`repeat`), and when it tells anybody at all (`active_time_intervals`,
// `mute_time_intervals`); the routes in it inherit these.
// Immutable once read; any thread.

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/folder.h"
#include "supervisor/time_interval.h"
#include "vocabulary/alert.h"
#include "vocabulary/matcher.h"

namespace tocsin::supervisor {

inline constexpr std::string_view kInboxReceiver = "inbox";

// How alerts of a route are told together. A route without it tells each alert alone, at once.
struct Grouping {
  bool by_all = false;               // `group_by: ["..."]`: alerts of equal labels only
  std::vector<std::string> by;       // labels; empty = all alerts of the route are one group
  DurationMs wait = seconds(30);     // from the first alert to the first message
  DurationMs interval = minutes(5);  // between messages about what joined and what is over

  Labels labels_of(const Labels& labels) const;
};

// When an alert that nobody acknowledged is told again: after `first`, then ever later.
struct Repeat {
  DurationMs first = minutes(30);
  double factor = 2;
  DurationMs max = hours(24);

  DurationMs after(uint32_t repeats_told) const;
};

struct Route {
  std::vector<LabelMatcher> match;  // on alert_labels(): rule, severity, the scope's labels
  std::vector<Severity> severity;   // empty = any
  std::vector<std::string> receivers;
  std::string policy;       // who is called, one after the other; empty = that of the parent
  bool keep_going = false;  // `continue`
  std::optional<Grouping> grouping;
  std::optional<Repeat> repeat;
  std::optional<RouteHours> hours;  // none: those of the parent; empty: always
  std::vector<Route> routes;
  config::Place place;                          // of the route
  std::vector<config::Place> receivers_places;  // of each of its receivers; empty if not read
  config::Place policy_place;

  bool matches(const Labels& labels, Severity wanted) const;
};

// What one route makes of an alert. Good as long as the Routes it came from.
struct Telling {
  std::string route;                   // "routes.yaml:12"; empty for the inbox of last resort
  std::vector<std::string> receivers;  // sorted, none of them in an earlier telling
  const Grouping* grouping = nullptr;  // null: alone, at once
  const Repeat* repeat = nullptr;      // null: never
  bool timed = false;                  // the route has hours
  std::optional<Quiet> quiet = {};     // it tells nobody at the time that was asked about
};

// Who is called by the routes.
struct RoutePolicy {
  std::string name;                 // empty = nobody
  std::optional<Quiet> quiet = {};  // all routes that have one tell nobody now; of the first again
};

class Customers;

class Routes {
 public:
  Routes() = default;
  explicit Routes(std::vector<Route> routes);

  static Routes read(const config::Folder& folder, config::Problems& problems);
  static void describe(config::Reference& reference);  // type "route"
  // A problem for every receiver named here that does not exist. `inbox` always does.
  void check_receivers(std::span<const std::string_view> known, config::Problems& problems) const;

  // Names without doubles, sorted: the order in which intents are made.
  std::vector<std::string> receivers(const Labels& labels, Severity severity) const;
  // The same by the route that names them, in the order of the file. With a time: those of routes
  // that tell nobody then come last, so that who is named by another route, too, hears of it there.
  std::vector<Telling> tellings(const Labels& labels, Severity severity,
                                std::optional<TimeMs> at = std::nullopt) const;
  // The policy of the first matching route that has one; with a time, of those that tell then.
  RoutePolicy policy(const Labels& labels, Severity severity,
                     std::optional<TimeMs> at = std::nullopt) const;
  // Whether any route has hours.
  bool timed() const { return timed_; }
  // All that are named. A problem for every one that is not among `known`.
  std::set<std::string> check_policies(std::span<const std::string_view> known,
                                       config::Problems& problems) const;
  const std::vector<Route>& roots() const { return routes_; }
  // These are told of each alert alone, whatever a route's group_by says. Before it is shared.
  void tell_alone(std::set<std::string> receivers) { alone_ = std::move(receivers); }
  bool alone(const std::string& receiver) const { return alone_.contains(receiver); }
  // Whose receivers hear of what is theirs alone (customer.h). Before it is shared.
  void set_customers(std::shared_ptr<const Customers> customers) {
    customers_ = std::move(customers);
  }
  // False: the receiver is a customer's, and an alert of these labels is not theirs.
  bool may_tell(const std::string& receiver, const Labels& labels) const;
  // The customer's name; empty: nobody owns it.
  std::string owner(const std::string& receiver) const;
  bool owned(const std::string& receiver) const { return !owner(receiver).empty(); }
  // The matching routes of each level, for "who would be told": places, outermost first.
  std::vector<std::string> explain(const Labels& labels, Severity severity) const;

 private:
  std::vector<Route> routes_;
  bool timed_ = false;
  std::set<std::string> alone_;
  std::shared_ptr<const Customers> customers_;  // null: none
};

}  // namespace tocsin::supervisor
