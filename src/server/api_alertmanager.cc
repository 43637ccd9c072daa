#include "server/api_alertmanager.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "server/json_alertmanager.h"
#include "server/reply.h"
#include "server/restrict.h"
#include "wire/alert_json.h"
#include "wire/silence_json.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;
using net::Response;

constexpr std::string_view kPrefixes[] = {"", "/alertmanager"};

// Alertmanager's errors are a JSON text, or an object with a code.
Response text_error(int status, std::string_view text) {
  JsonWriter json;
  json.string(text);
  return Response::json(status, json.take());
}

Response code_error(int status, std::string_view text) {
  JsonWriter json;
  json.begin_object().member("code", status).member("message", text).end_object();
  return Response::json(status, json.take());
}

Response failure(const Error& error) {
  const Response plain = error_response(error);
  Response out = text_error(plain.status, error.message);
  if (plain.status == 503) out.headers.add("Retry-After", "1");
  return out;
}

bool is_json(const Request& request) {
  std::string_view type = request.headers.get("Content-Type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type == "application/json";
}

Response not_json(const Request& request) {
  return code_error(
      415, fmt::format("unsupported media type \"{}\", only [application/json] are allowed",
                       request.headers.get("Content-Type").substr(0, 100)));
}

std::string told_by(const Request& request, std::string_view source) {
  return request.user.empty() ? std::string(source) : request.user;
}

void post_alerts(AlertmanagerDesk& desk, const Request& request, Respond respond) {
  if (!is_json(request)) return respond(not_json(request));
  auto parsed = wire::parse_alerts(request.body);
  if (!parsed) return respond(code_error(400, parsed.error().message));
  std::string faults = fmt::format("{}", fmt::join(parsed->faults, "; "));
  if (parsed->alerts.empty())
    return respond(faults.empty() ? Response::empty(200) : text_error(400, faults));
  desk.report({"alertmanager", told_by(request, "alertmanager"), std::move(parsed->alerts), {}},
              [respond = std::move(respond), faults](const Result<ReportCounts>& counts) {
                if (!counts) return respond(failure(counts.error()));
                respond(faults.empty() ? Response::empty(200) : text_error(400, faults));
              });
}

// What GET /alerts and /alerts/groups may leave out.
struct AlertWish {
  bool active = true, silenced = true, inhibited = true;
  std::vector<LabelMatcher> filter;
  std::optional<LabelMatcher> receiver;
};

bool flag(const Request& request, std::string_view name) {
  const std::string_view text = request.query.get(name, "true");
  return text != "false" && text != "0";
}

Result<std::vector<LabelMatcher>> filter_of(const Request& request) {
  std::vector<LabelMatcher> out;
  for (const auto& [name, text] : request.query.pairs()) {
    if (name != "filter") continue;
    auto matcher = LabelMatcher::parse(text);
    if (!matcher) return fail(ErrorCode::kInvalid, "bad matcher format: " + text.substr(0, 200));
    out.push_back(std::move(*matcher));
  }
  return out;
}

Result<AlertWish> alert_wish(const Request& request) {
  AlertWish out;
  out.active = flag(request, "active");
  out.silenced = flag(request, "silenced");
  out.inhibited = flag(request, "inhibited");
  auto filter = filter_of(request);
  if (!filter) return fail(filter.error());
  out.filter = std::move(*filter);
  if (const std::string receiver(request.query.get("receiver")); !receiver.empty()) {
    auto matcher = LabelMatcher::make("receiver", LabelMatcher::Op::kMatch, receiver);
    if (!matcher)
      return fail(ErrorCode::kInvalid,
                  "failed to parse receiver param: " + matcher.error().message);
    out.receiver = std::move(*matcher);
  }
  return out;
}

bool wanted(const AlertWish& wish, const ListedAlert& alert) {
  const bool silenced = !alert.open.alert->silenced_by.empty();
  const bool inhibited = !alert.inhibited_by.empty();
  if (silenced && !wish.silenced) return false;
  if (inhibited && !wish.inhibited) return false;
  if (!silenced && !inhibited && !wish.active) return false;
  if (wish.receiver && !wish.receiver->matches(alert.receiver)) return false;
  return std::all_of(wish.filter.begin(), wish.filter.end(),
                     [&](const LabelMatcher& one) { return one.matches(alert.labels); });
}

// Ordered by fingerprint, as Alertmanager does.
std::vector<ListedAlert> listed(const supervisor::Routes& routes, std::vector<OpenAlertView> alerts,
                                const AlertWish& wish, const LabelView& view) {
  std::erase_if(alerts, [&](const OpenAlertView& one) { return !shows(view, *one.alert); });
  std::vector<ListedAlert> out;
  std::map<Id128, std::string> covering;  // fingerprints of alerts that cover others
  for (const OpenAlertView& one : alerts)
    if (!one.alert->covers.empty())
      covering[one.alert->id] = alert_fingerprint(listed_labels(*one.alert->latest));
  for (OpenAlertView& one : alerts) {
    ListedAlert alert;
    const Decision& latest = *one.alert->latest;
    alert.labels = listed_labels(latest);
    if (one.alert->covered_by)
      if (const auto parent = covering.find(*one.alert->covered_by); parent != covering.end())
        alert.inhibited_by = parent->second;
    alert.receiver = joined(routes.receivers(alert_labels(latest), latest.severity));
    alert.open = std::move(one);
    if (!wanted(wish, alert)) continue;
    alert.fingerprint = alert_fingerprint(alert.labels);
    out.push_back(std::move(alert));
  }
  std::sort(out.begin(), out.end(), [](const ListedAlert& a, const ListedAlert& b) {
    return a.fingerprint < b.fingerprint;
  });
  return out;
}

using Write = void (*)(JsonWriter&, const std::vector<ListedAlert>&);

void write_list(JsonWriter& json, const std::vector<ListedAlert>& alerts) {
  json.begin_array();
  for (const ListedAlert& alert : alerts) write_listed(json, alert);
  json.end_array();
}

// By receiver and name.
void write_groups(JsonWriter& json, const std::vector<ListedAlert>& alerts) {
  std::map<std::pair<std::string, std::string>, std::vector<const ListedAlert*>> groups;
  for (const ListedAlert& alert : alerts)
    groups[{alert.receiver, std::string(alert.labels.get("alertname"))}].push_back(&alert);
  json.begin_array();
  for (const auto& [key, members] : groups) {
    json.begin_object().key("alerts").begin_array();
    for (const ListedAlert* alert : members) write_listed(json, *alert);
    json.end_array().key("labels").begin_object();
    if (!key.second.empty()) json.member("alertname", key.second);
    json.end_object().key("receiver").begin_object().member("name", key.first).end_object();
    json.end_object();
  }
  json.end_array();
}

void get_alerts(AlertmanagerDesk& desk, Write write, const Request& request, Respond respond) {
  auto wish = alert_wish(request);
  if (!wish) return respond(text_error(400, wish.error().message));
  desk.open_alerts([&desk, write, wish = std::move(*wish), view = view_of(request),
                    respond = std::move(respond)](Result<std::vector<OpenAlertView>> alerts) {
    if (!alerts) return respond(failure(alerts.error()));
    JsonWriter json;
    write(json, listed(*desk.routes(), std::move(*alerts), wish, view));
    respond(json_response(json));
  });
}

// Each condition asked for stands in the silence, word by word.
bool names(const supervisor::Silence& silence, const std::vector<LabelMatcher>& filter) {
  return std::all_of(filter.begin(), filter.end(), [&](const LabelMatcher& asked) {
    return std::any_of(silence.matchers.begin(), silence.matchers.end(),
                       [&](const LabelMatcher& one) { return one.text() == asked.text(); });
  });
}

void get_silences(AlertmanagerDesk& desk, const Request& request, Respond respond) {
  auto filter = filter_of(request);
  if (!filter) return respond(text_error(400, filter.error().message));
  desk.silences([filter = std::move(*filter), view = view_of(request),
                 respond = std::move(respond)](Result<std::vector<supervisor::Silence>> silences) {
    if (!silences) return respond(failure(silences.error()));
    // Those that hold, the one that ends first leading; then the others, newest first.
    std::stable_sort(silences->begin(), silences->end(), [](const auto& a, const auto& b) {
      if (a.ended != b.ended) return b.ended;
      return a.ended ? b.until < a.until : a.until < b.until;
    });
    JsonWriter json;
    json.begin_array();
    for (const supervisor::Silence& silence : *silences)
      if (names(silence, filter) && shows(view, silence.matchers))
        write_listed_silence(json, silence);
    json.end_array();
    respond(json_response(json));
  });
}

using Found = std::function<void(const supervisor::Silence*)>;

void find_silence(AlertmanagerDesk& desk, std::string id, Respond respond, Found found) {
  desk.silences([id = std::move(id), respond = std::move(respond), found = std::move(found)](
                    const Result<std::vector<supervisor::Silence>>& silences) {
    if (!silences) return respond(failure(silences.error()));
    for (const supervisor::Silence& one : *silences)
      if (one.id == id) return found(&one);
    found(nullptr);
  });
}

void get_silence(AlertmanagerDesk& desk, const Request& request, Respond respond) {
  const auto id = silence_id(request.param("id"));
  if (!id) return respond(code_error(422, id.error().message));
  find_silence(desk, *id, respond,
               [view = view_of(request), respond](const supervisor::Silence* silence) {
                 if (silence == nullptr || !shows(view, silence->matchers))
                   return respond(Response::empty(404));
                 JsonWriter json;
                 write_listed_silence(json, *silence);
                 respond(json_response(json));
               });
}

void delete_silence(AlertmanagerDesk& desk, const Request& request, Respond respond) {
  const auto id = silence_id(request.param("id"));
  if (!id) return respond(code_error(422, id.error().message));
  const std::string by = told_by(request, "alertmanager");
  find_silence(desk, *id, respond, [&desk, by, respond](const supervisor::Silence* silence) {
    if (silence == nullptr) return respond(text_error(404, "silence not found"));
    if (silence->ended)
      return respond(
          text_error(500, fmt::format("silence {} already expired", silence_uuid(silence->id))));
    desk.command({by, supervisor::RemoveSilence{silence->id}},
                 [respond](const Result<supervisor::CommandDone>& done) {
                   respond(done ? Response::empty(200) : failure(done.error()));
                 });
  });
}

Result<supervisor::AddSilence> silence_to_add(const wire::PostedSilence& told, TimeMs now) {
  const auto wrong = [](std::string_view why) {
    return fail(ErrorCode::kInvalid, fmt::format("Failed to create silence: {}", why));
  };
  if (told.ends.ms == 0) return wrong("invalid zero end timestamp");
  if (told.ends < told.starts) return wrong("start time must be before end time");
  if (told.ends <= now) return wrong("end time can't be in the past");
  // A clock that is a little ahead of this one begins now.
  if (told.starts > now + minutes(1))
    return wrong("it begins later; use a maintenance window of Tocsin for that");
  if (std::all_of(told.matchers.begin(), told.matchers.end(),
                  [](const LabelMatcher& one) { return one.matches(std::string_view()); }))
    return wrong("at least one matcher must not match the empty string");
  supervisor::AddSilence out;
  for (const LabelMatcher& matcher : told.matchers) out.matchers.push_back(matcher.text());
  out.until = told.ends;
  out.comment = told.comment.empty() ? "(no comment)" : told.comment;
  return out;
}

void add_silence(AlertmanagerDesk& desk, supervisor::Command command, std::string replaced,
                 Respond respond) {
  const std::string by = command.by;
  desk.command(std::move(command),
               [&desk, by, replaced = std::move(replaced),
                respond = std::move(respond)](const Result<supervisor::CommandDone>& done) {
                 if (!done)
                   return respond(text_error(error_response(done.error()).status == 503 ? 503 : 400,
                                             "Failed to create silence: " + done.error().message));
                 const auto answer = [respond, id = done->silence] {
                   JsonWriter json;
                   json.begin_object().member("silenceID", silence_uuid(id)).end_object();
                   respond(json_response(json));
                 };
                 if (replaced.empty() || replaced == done->silence) return answer();
                 // The new one holds already: nothing speaks in between.
                 desk.command({by, supervisor::RemoveSilence{replaced}},
                              [answer](const Result<supervisor::CommandDone>&) { answer(); });
               });
}

void post_silence(AlertmanagerDesk& desk, const Clock& clock, const Request& request,
                  Respond respond) {
  if (!is_json(request)) return respond(not_json(request));
  const auto told = wire::parse_silence(request.body);
  if (!told) return respond(code_error(400, told.error().message));
  if (told->matchers.empty())
    return respond(code_error(422, "matchers in body should have at least 1 items"));
  auto add = silence_to_add(*told, clock.now());
  if (!add) return respond(text_error(400, add.error().message));
  const std::string by =
      told->created_by.empty() ? told_by(request, "alertmanager") : told->created_by;
  supervisor::Command command{by.substr(0, 200), std::move(*add)};
  if (told->id.empty()) return add_silence(desk, std::move(command), "", std::move(respond));
  const auto id = silence_id(told->id);
  if (!id) return respond(text_error(404, "silence not found"));
  find_silence(desk, *id, respond, [&desk, command, respond](const supervisor::Silence* known) {
    if (known == nullptr) return respond(text_error(404, "silence not found"));
    add_silence(desk, command, known->ended ? "" : known->id, respond);
  });
}

// A restricted user sees no routes: they name what others have.
void get_status(AlertmanagerDesk& desk, const LabelView& view, Respond respond) {
  JsonWriter json;
  json.begin_object()
      .key("cluster")
      .begin_object()
      .member("name", "tocsin")
      .key("peers")
      .begin_array()
      .end_array()
      .member("status", "disabled")
      .end_object()
      .key("config")
      .begin_object()
      .member("original",
              alertmanager_configuration(view.everything() ? *desk.routes() : supervisor::Routes()))
      .end_object()
      .member("uptime", alertmanager_time(desk.started_at()))
      .key("versionInfo")
      .begin_object();
  for (const char* key : {"branch", "buildDate", "buildUser", "goVersion", "revision"})
    json.member(key, "tocsin");
  json.member("version", kAlertmanagerVersion).end_object().end_object();
  respond(json_response(json));
}

void collect(const std::vector<supervisor::Route>& routes, std::set<std::string>& out) {
  for (const supervisor::Route& route : routes) {
    if (!route.receivers.empty()) out.insert(joined(route.receivers));
    collect(route.routes, out);
  }
}

void answer_receivers(const std::set<std::string>& receivers, const Respond& respond) {
  JsonWriter json;
  json.begin_array();
  for (const std::string& name : receivers) json.begin_object().member("name", name).end_object();
  json.end_array();
  respond(json_response(json));
}

// Of a restricted user: those that their open alerts are told to.
void get_receivers(AlertmanagerDesk& desk, const LabelView& view, Respond respond) {
  std::set<std::string> receivers = {std::string(supervisor::kInboxReceiver)};
  if (view.everything()) {
    collect(desk.routes()->roots(), receivers);
    return answer_receivers(receivers, respond);
  }
  desk.open_alerts([&desk, view, receivers,
                    respond = std::move(respond)](Result<std::vector<OpenAlertView>> alerts) {
    if (!alerts) return respond(failure(alerts.error()));
    std::set<std::string> theirs = receivers;
    for (const ListedAlert& one : listed(*desk.routes(), std::move(*alerts), {}, view))
      theirs.insert(one.receiver);
    answer_receivers(theirs, respond);
  });
}

void register_under(const std::string& prefix, net::Router& router, AlertmanagerDesk& desk,
                    const Clock& clock) {
  const std::string api = prefix + "/api/v2";
  router.add("POST", api + "/alerts", [&desk](Request&& request, Respond respond) {
    post_alerts(desk, request, std::move(respond));
  });
  router.add("GET", api + "/alerts", [&desk](Request&& request, Respond respond) {
    get_alerts(desk, write_list, request, std::move(respond));
  });
  router.add("GET", api + "/alerts/groups", [&desk](Request&& request, Respond respond) {
    get_alerts(desk, write_groups, request, std::move(respond));
  });
  router.add("GET", api + "/silences", [&desk](Request&& request, Respond respond) {
    get_silences(desk, request, std::move(respond));
  });
  router.add("POST", api + "/silences", [&desk, &clock](Request&& request, Respond respond) {
    post_silence(desk, clock, request, std::move(respond));
  });
  router.add("GET", api + "/silence/:id", [&desk](Request&& request, Respond respond) {
    get_silence(desk, request, std::move(respond));
  });
  router.add("DELETE", api + "/silence/:id", [&desk](Request&& request, Respond respond) {
    delete_silence(desk, request, std::move(respond));
  });
  router.add("GET", api + "/status", [&desk](Request&& request, Respond respond) {
    get_status(desk, view_of(request), std::move(respond));
  });
  router.add("GET", api + "/receivers", [&desk](Request&& request, Respond respond) {
    get_receivers(desk, view_of(request), std::move(respond));
  });
}

}  // namespace

void register_alertmanager_routes(net::Router& router, AlertmanagerDesk& desk, const Clock& clock,
                                  Counters& counters) {
  for (const std::string_view prefix : kPrefixes)
    register_under(std::string(prefix), router, desk, clock);
  // karma reads the version from here and refuses one that it does not know.
  counters
      .gauge("alertmanager_build_info", fmt::format("version=\"{}\"", kAlertmanagerVersion),
             "Always 1; the version of Alertmanager whose API is spoken.")
      .set(1);
}

}  // namespace tocsin::server
