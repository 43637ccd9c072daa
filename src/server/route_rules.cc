#include "server/route_rules.h"

#include <algorithm>

#include "base/json_writer.h"
#include "server/reply.h"

namespace tocsin::server {
namespace {

using enum Need;

constexpr bool kKeeps = true, kShownOnce = true;

// Sorted by subject. A new route gets its row here, with the change that registers it.
constexpr RouteRule kRules[] = {
    // The program's health; what senders ask before they say who they are.
    {"GET", "/-/healthy", kOpen, "", kKeeps},
    {"GET", "/-/ready", kOpen, "", kKeeps},
    {"GET", "/ping", kOpen, "", kKeeps},
    {"GET", "/health", kOpen, "", kKeeps},
    {"GET", "/metrics", kRead},
    {"GET", "/api/status", kRead, "", kKeeps},
    {"GET", "/api/now", kRead, "", kKeeps},
    {"GET", "/api/stages", kRead},
    {"GET", "/api/stream", kRead, "", kKeeps},

    // Points in.
    {"POST", "/write", kWrite},
    {"POST", "/api/v2/write", kWrite},
    {"GET", "/api/v2/buckets", kWrite},
    {"GET", "/query", kWrite},
    {"POST", "/query", kWrite},
    // Whoever deploys tells of it, with the token that its points come with.
    {"POST", "/api/v1/changes", kWrite, "change.add"},
    {"GET", "/api/v1/changes", kRead, "", kKeeps},
    {"DELETE", "/api/v1/changes/:id", kRespond, "change.remove"},

    // Alerts, silences, marks.
    {"GET", "/api/alerts", kRead, "", kKeeps},
    {"GET", "/api/alerts/:id", kRead, "", kKeeps},
    {"GET", "/api/alerts/:id/causes", kRead, "", kKeeps},
    {"GET", "/api/alerts/:id/why", kRead, "", kKeeps},
    {"GET", "/api/ledger", kRead, "", kKeeps},
    {"GET", "/api/causes", kRead, "", kKeeps},
    {"POST", "/api/alerts", kRespond, "alert.open"},
    {"POST", "/api/alerts/:id/acknowledge", kRespond, "alert.acknowledge"},
    {"POST", "/api/alerts/:id/unacknowledge", kRespond, "alert.unacknowledge"},
    {"POST", "/api/alerts/:id/resolve", kRespond, "alert.resolve"},
    {"POST", "/api/alerts/:id/note", kRespond, "alert.note"},
    {"GET", "/api/alerts/:id/escalation", kRead},
    {"POST", "/api/alerts/:id/escalate", kRespond, "alert.escalate"},
    {"POST", "/api/alerts/:id/assign", kRespond, "alert.assign"},
    {"POST", "/api/alerts/:id/call", kRespond, "alert.call"},
    {"POST", "/api/escalation/preview", kRead},
    {"GET", "/api/trends", kRead, "", kKeeps},
    {"POST", "/api/alerts/:id/shelve", kRespond, "alert.shelve"},
    {"POST", "/api/alerts/:id/unshelve", kRespond, "alert.unshelve"},
    {"GET", "/api/alert-groups", kRead, "", kKeeps},
    {"GET", "/api/alert-groups/:id", kRead, "", kKeeps},
    {"POST", "/api/alert-groups/:id/acknowledge", kRespond, "alert.acknowledge"},
    {"POST", "/api/alert-groups/:id/resolve", kRespond, "alert.resolve"},
    {"POST", "/api/violations/:id/accept", kRespond, "violation.accept"},
    {"POST", "/api/violations/:id/keep", kRespond, "violation.keep"},
    {"GET", "/api/silences", kRead, "", kKeeps},
    {"POST", "/api/silences", kRespond, "silence.add"},
    {"POST", "/api/silences/preview", kRead, "", kKeeps},
    {"GET", "/api/silences/:id", kRead, "", kKeeps},
    {"POST", "/api/silences/:id", kRespond, "silence.move_end"},
    {"DELETE", "/api/silences/:id", kRespond, "silence.end"},
    {"GET", "/api/maintenance", kRead, "", kKeeps},
    {"GET", "/api/v1/marks", kRead},
    {"POST", "/api/v1/alerts/:id/mark", kRespond, "alert.mark"},
    {"POST", "/api/v1/violations/:id/mark", kRespond, "violation.mark"},
    // Signed themselves: links in messages, Slack's buttons.
    {"GET", "/act/:token", kOpen, "", kKeeps},
    {"POST", "/act/:token", kOpen, "alert.act_by_link", kKeeps},
    {"POST", "/api/slack/actions", kOpen, "alert.act_in_slack", kKeeps},
    {"GET", "/api/inbox", kRead},
    {"GET", "/api/receivers", kRead},
    {"POST", "/api/receivers/:name/test", kRespond, "receiver.test"},

    // Alertmanager's API.
    {"GET", "/api/v2/status", kRead, "", kKeeps},
    {"GET", "/api/v2/receivers", kRead, "", kKeeps},
    {"GET", "/api/v2/alerts", kRead, "", kKeeps},
    {"GET", "/api/v2/alerts/groups", kRead, "", kKeeps},
    {"POST", "/api/v2/alerts", kWrite},
    {"GET", "/api/v2/silences", kRead, "", kKeeps},
    {"POST", "/api/v2/silences", kRespond, "silence.add"},
    {"GET", "/api/v2/silence/:id", kRead, "", kKeeps},
    {"DELETE", "/api/v2/silence/:id", kRespond, "silence.end"},
    {"GET", "/alertmanager/api/v2/status", kRead, "", kKeeps},
    {"GET", "/alertmanager/api/v2/receivers", kRead, "", kKeeps},
    {"GET", "/alertmanager/api/v2/alerts", kRead, "", kKeeps},
    {"GET", "/alertmanager/api/v2/alerts/groups", kRead, "", kKeeps},
    {"POST", "/alertmanager/api/v2/alerts", kWrite},
    {"GET", "/alertmanager/api/v2/silences", kRead, "", kKeeps},
    {"POST", "/alertmanager/api/v2/silences", kRespond, "silence.add"},
    {"GET", "/alertmanager/api/v2/silence/:id", kRead, "", kKeeps},
    {"DELETE", "/alertmanager/api/v2/silence/:id", kRespond, "silence.end"},

    // Other systems' alerts in their own shapes, by the thousand.
    {"POST", "/hook/alertmanager", kWrite},
    {"POST", "/hook/grafana", kWrite},
    {"POST", "/v2/enqueue", kWrite},
    // A reply in it acts for whom its token names; the change is recorded with it.
    {"POST", "/api/v1/mail", kWrite},
    {"GET", "/api/heartbeats", kRead},
    {"GET", "/heartbeat/:name", kWrite},
    {"POST", "/heartbeat/:name", kWrite},

    // On call. A calendar's address has a token of its own; its handler looks at it.
    {"GET", "/api/oncall", kRead},
    {"GET", "/api/oncall/:schedule", kRead},
    {"POST", "/api/oncall/:schedule/overrides", kRespond, "oncall.override"},
    {"DELETE", "/api/oncall/:schedule/overrides/:id", kRespond, "oncall.override.end"},
    {"POST", "/api/oncall/:schedule/swap", kRespond, "oncall.swap"},
    {"GET", "/oncall/:file", kOpen, "", kKeeps},
    {"GET", "/oncall/people/:file", kOpen, "", kKeeps},

    // Series and what tests them.
    {"GET", "/api/violations", kRead, "", kKeeps},
    {"GET", "/api/series", kRead, "", kKeeps},
    {"GET", "/api/series/range", kRead, "", kKeeps},
    {"GET", "/api/series/last", kRead, "", kKeeps},
    {"GET", "/api/series/latest", kRead, "", kKeeps},
    {"GET", "/api/series/band", kRead, "", kKeeps},
    {"GET", "/api/senders", kRead},
    {"GET", "/api/cardinality", kRead},
    {"GET", "/api/boards", kRead, "", kKeeps},
    {"GET", "/api/boards/:id", kRead, "", kKeeps},
    {"GET", "/api/workers", kRead},
    {"GET", "/api/workers/:id", kRead},
    {"GET", "/api/v1/workers/:id", kRead},
    {"GET", "/api/v1/workers/:id/quality", kRead},
    {"GET", "/api/v1/workers/:id/proposals", kRead},
    {"POST", "/api/v1/workers/:id/preview", kRead},
    {"GET", "/api/v1/coverage", kRead},
    {"GET", "/api/v1/budget", kRead},
    {"POST", "/api/v1/budget/replay", kRespond, "budget.replay"},
    {"GET", "/api/rules", kRead},
    {"GET", "/api/v1/replays", kRead},
    {"GET", "/api/v1/replays/:id", kRead},
    {"POST", "/api/v1/replays", kConfigure, "replay.start"},
    {"POST", "/api/v1/replays/:id/cancel", kConfigure, "replay.cancel"},

    // Prometheus' API. A POST here is a question too long for a URL; OPTIONS is what a browser asks
    // before it asks: nothing is told.
    {"GET", "/api/v1/query", kRead, "", kKeeps},
    {"POST", "/api/v1/query", kRead, "", kKeeps},
    {"GET", "/api/v1/query_range", kRead, "", kKeeps},
    {"POST", "/api/v1/query_range", kRead, "", kKeeps},
    {"GET", "/api/v1/query_exemplars", kRead, "", kKeeps},
    {"POST", "/api/v1/query_exemplars", kRead, "", kKeeps},
    {"GET", "/api/v1/format_query", kRead, "", kKeeps},
    {"POST", "/api/v1/format_query", kRead, "", kKeeps},
    {"GET", "/api/v1/series", kRead, "", kKeeps},
    {"POST", "/api/v1/series", kRead, "", kKeeps},
    {"GET", "/api/v1/labels", kRead, "", kKeeps},
    {"POST", "/api/v1/labels", kRead, "", kKeeps},
    {"GET", "/api/v1/label/:name/values", kRead, "", kKeeps},
    {"GET", "/api/v1/metadata", kRead},
    {"GET", "/api/v1/status/buildinfo", kRead, "", kKeeps},
    {"GET", "/api/v1/status/runtimeinfo", kRead},
    {"GET", "/api/v1/status/config", kRead, "", kKeeps},
    {"GET", "/api/v1/status/flags", kRead, "", kKeeps},
    {"GET", "/api/v1/status/tsdb", kRead},
    {"GET", "/api/v1/rules", kRead},
    {"GET", "/api/v1/alerts", kRead, "", kKeeps},

    // The configuration: its files may hold what is not for everybody.
    {"GET", "/api/v1/config", kConfigure},
    {"POST", "/api/v1/config/check", kConfigure},
    {"POST", "/api/v1/config/publish", kConfigure, "config.publish"},
    {"GET", "/api/v1/config/history", kConfigure},
    {"GET", "/api/v1/config/history/:id", kConfigure},
    {"POST", "/api/v1/config/history/:id/revert", kConfigure, "config.revert"},
    {"POST", "/api/config/reload", kConfigure, "config.reload"},

    // The store.
    {"GET", "/api/store/stats", kRead},
    {"GET", "/api/store/verify", kRead},
    {"GET", "/api/store/compact", kRead},
    {"POST", "/api/store/verify", kAdmin, "store.verify"},
    {"POST", "/api/store/compact", kAdmin, "store.compact"},

    // Who may do what.
    // Changes of these are recorded with the change itself (access::Accounts).
    {"GET", "/api/me", kSignedIn, "", kKeeps},
    {"PUT", "/api/me", kSignedIn, "", kKeeps},
    {"GET", "/api/v1/login", kOpen, "", kKeeps},
    {"POST", "/api/v1/login", kOpen, "", kKeeps},
    {"POST", "/api/v1/logout", kOpen, "", kKeeps},
    {"POST", "/api/v1/setup", kOpen, "", kKeeps},
    {"POST", "/api/v1/me/password", kSignedIn, "", kKeeps},
    {"GET", "/api/v1/me/sessions", kSignedIn, "", kKeeps},
    {"DELETE", "/api/v1/me/sessions", kSignedIn, "", kKeeps},
    {"DELETE", "/api/v1/me/sessions/:id", kSignedIn, "", kKeeps},
    {"GET", "/api/v1/tokens", kSignedIn, "", kKeeps},
    {"POST", "/api/v1/tokens", kSignedIn, "", kKeeps, kShownOnce},
    {"DELETE", "/api/v1/tokens/:name", kSignedIn, "", kKeeps},
    {"GET", "/api/v1/users", kAdmin},
    {"POST", "/api/v1/users", kAdmin},
    {"PUT", "/api/v1/users/:name", kAdmin},
    {"DELETE", "/api/v1/users/:name", kAdmin},
    {"POST", "/api/v1/users/:name/password", kAdmin},
    {"GET", "/api/v1/users/:name/sessions", kAdmin},
    {"DELETE", "/api/v1/users/:name/sessions", kAdmin},
    {"GET", "/api/v1/audit", kAdmin},
    {"GET", "/api/v1/audit/export", kAdmin},
    {"GET", "/api/v1/routes", kAdmin},
};

}  // namespace

std::string_view to_text(Need need) {
  switch (need) {
    case kOpen:
      return "open";
    case kSignedIn:
      return "signed in";
    case kRead:
      return to_text(Permission::kRead);
    case kRespond:
      return to_text(Permission::kRespond);
    case kConfigure:
      return to_text(Permission::kConfigure);
    case kWrite:
      return to_text(Permission::kWrite);
    case kAdmin:
      return to_text(Permission::kAdmin);
  }
  return "admin";
}

bool meets(const Who& who, Need need) {
  switch (need) {
    case kOpen:
      return true;
    case kSignedIn:
      return who.kind != Who::Kind::kNobody;
    case kRead:
      return who.may.has(Permission::kRead);
    case kRespond:
      return who.may.has(Permission::kRespond);
    case kConfigure:
      return who.may.has(Permission::kConfigure);
    case kWrite:
      return who.may.has(Permission::kWrite);
    case kAdmin:
      return who.may.has(Permission::kAdmin);
  }
  return false;
}

std::span<const RouteRule> route_rules() { return kRules; }

const RouteRule* find_route_rule(std::string_view method, std::string_view pattern) {
  if (method == "HEAD") method = "GET";
  const auto found = std::find_if(std::begin(kRules), std::end(kRules), [&](const RouteRule& one) {
    return one.method == method && one.pattern == pattern;
  });
  return found == std::end(kRules) ? nullptr : found;
}

RouteRule rule_of(std::string_view method, std::string_view pattern) {
  if (const RouteRule* known = find_route_rule(method, pattern)) return *known;
  const bool reads = method == "GET" || method == "HEAD" || method == "OPTIONS";
  // Pages hold no data; what is at no route is answered with 404 after the door.
  if (pattern.empty()) return {method, pattern, reads ? kOpen : kSignedIn, "", kKeeps};
  return {method, pattern, kAdmin, reads ? std::string_view{} : "other.change"};
}

void register_route_list(net::Router& router) {
  router.add("GET", "/api/v1/routes", [&router](net::Request&&, net::Respond respond) {
    JsonWriter json;
    json.begin_object().key("routes").begin_array();
    for (const net::Router::Registered& one : router.routes()) {
      if (one.method == "OPTIONS") continue;
      const RouteRule* rule = find_route_rule(one.method, one.pattern);
      json.begin_object().member("method", one.method).member("path", one.pattern).key("needs");
      rule ? json.string(to_text(rule->need)) : json.null();
      json.member("recorded_as", rule ? rule->action : std::string_view{})
          .member("keeps_to_view", rule && rule->keeps_to_view)
          .end_object();
    }
    json.end_array().end_object();
    respond(json_response(json));
  });
}

}  // namespace tocsin::server
