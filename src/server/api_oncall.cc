#include <fmt/format.h>

#include <algorithm>

#include "oncall/feed.h"
#include "server/json_oncall.h"
#include "server/params.h"
#include "server/reply.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;
using oncall::Override;
using oncall::Schedule;
using Facts = OnCallDesk::Facts;

constexpr size_t kNameBytes = 100;
constexpr size_t kReasonBytes = 500;
constexpr DurationMs kSpanMax = days(400);

std::string no_schedule(const std::string& name) { return "schedule " + name; }

bool wants_text(const Request& request) { return request.query.get("format") == "text"; }

void now(OnCallDesk& desk, const Request& request, Respond respond) {
  desk.ask([text = wants_text(request), respond = std::move(respond)](const Facts& facts) {
    if (text) return respond(net::Response::text(200, text_of_now(facts, "")));
    JsonWriter json;
    write_oncall_now(json, facts);
    respond(json_response(json));
  });
}

void one_schedule(OnCallDesk& desk, const Request& request, Respond respond) {
  const std::string name(request.param("schedule"));
  const bool wants_at = request.query.has("at");
  const auto at = time_param(request, "at", TimeMs{});
  if (!at) return respond(error_response(at.error()));
  const auto from = time_param(request, "from", kTimeMax);
  if (!from) return respond(error_response(from.error()));
  const auto to = time_param(request, "to", kTimeMax);
  if (!to) return respond(error_response(to.error()));
  desk.ask([&desk, name, wants_at, text = wants_text(request), at = *at, from = *from, to = *to,
            respond = std::move(respond)](const Facts& facts) {
    const Schedule* schedule = facts.on_call.roster().schedule(name);
    if (schedule == nullptr) return respond(missing_response(no_schedule(name)));
    if (text && !wants_at) return respond(net::Response::text(200, text_of_now(facts, name)));
    if (text) {
      auto line = text_at(facts, *schedule, at);
      if (!line) return respond(error_response(line.error()));
      return respond(net::Response::text(200, std::move(*line)));
    }
    const TimeMs begin = from == kTimeMax ? facts.now - days(1) : from;
    const TimeMs end = to == kTimeMax ? begin + days(15) : to;
    if (begin >= end || end - begin > kSpanMax)
      return respond(error_response(
          {ErrorCode::kInvalid, "from must come before to, at most 400 days apart", ""}));
    JsonWriter json;
    auto done = wants_at ? write_at(json, facts, *schedule, at)
                         : write_schedule(json, facts, *schedule, begin, end, desk.feed_tokens());
    if (!done) return respond(error_response(done.error()));
    respond(json_response(json));
  });
}

void added(const Respond& respond, Result<std::vector<Override>> kept) {
  if (!kept) return respond(error_response(kept.error()));
  JsonWriter json;
  json.begin_object().key("overrides").begin_array();
  for (const Override& one : *kept) write_override(json, one);
  json.end_array().end_object();
  net::Response out = json_response(json);
  out.status = 201;
  respond(std::move(out));
}

Result<Override> read_override(const Request& request) {
  const auto body = Body::parse(request.body);
  if (!body) return fail(body.error());
  Override out;
  out.schedule = request.param("schedule");
  const auto kind = body->text("kind", kNameBytes);
  if (!kind) return fail(kind.error());
  const auto known = oncall::parse_override_kind(kind->empty() ? "take_over" : *kind);
  if (!known)
    return fail(
        ErrorCode::kInvalid,
        "reading the body failed: \"kind\" is take_over, add or remove, not \"" + *kind + "\"");
  out.kind = *known;
  const auto from = body->required_time("from");
  if (!from) return fail(from.error());
  const auto to = body->required_time("to");
  if (!to) return fail(to.error());
  auto person = body->text("person", kNameBytes);
  if (!person) return fail(person.error());
  auto instead_of = body->text("instead_of", kNameBytes);
  if (!instead_of) return fail(instead_of.error());
  auto reason = body->text("reason", kReasonBytes);
  if (!reason) return fail(reason.error());
  auto by = author(*body, request);
  if (!by) return fail(by.error());
  out.from = *from;
  out.to = *to;
  out.person = std::move(*person);
  out.instead_of = std::move(*instead_of);
  out.reason = std::move(*reason);
  out.by = std::move(*by);
  return out;
}

void add(OnCallDesk& desk, const Request& request, Respond respond) {
  auto one = read_override(request);
  if (!one) return respond(error_response(one.error()));
  desk.add({std::move(*one)}, [respond = std::move(respond)](Result<std::vector<Override>> kept) {
    added(respond, std::move(kept));
  });
}

// Whoever is on call at `at` takes the shift at `with`, and the other way round.
Result<std::vector<Override>> swapped(const Facts& facts, const Override& asked, TimeMs at,
                                      TimeMs with) {
  const auto shift_at = [&](TimeMs when) -> Result<oncall::Shift> {
    auto found = facts.on_call.shifts(asked.schedule, when, TimeMs{when.ms + 1});
    if (found.empty() || found.front().people.size() != 1)
      return fail(ErrorCode::kRefused,
                  fmt::format("cannot swap: {} {} on call for {} at {}; a swap needs one each",
                              found.empty() ? "nobody" : "several people",
                              found.empty() ? "is" : "are", asked.schedule, to_iso(when)));
    return std::move(found.front());
  };
  const auto first = shift_at(at);
  if (!first) return fail(first.error());
  const auto second = shift_at(with);
  if (!second) return fail(second.error());
  if (first->people == second->people)
    return fail(ErrorCode::kRefused,
                fmt::format("cannot swap: both shifts are {}'s", first->people.front()));
  std::vector<Override> out;
  for (const auto& [shift, other] : {std::pair{*first, *second}, std::pair{*second, *first}}) {
    Override one = asked;
    one.kind = Override::Kind::kTakeOver;
    one.from = shift.begin;
    one.to = shift.end;
    one.person = other.people.front();
    one.instead_of = shift.people.front();
    out.push_back(std::move(one));
  }
  return out;
}

void swap(OnCallDesk& desk, const Request& request, Respond respond) {
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  const auto at = body->required_time("at");
  if (!at) return respond(error_response(at.error()));
  const auto with = body->required_time("with");
  if (!with) return respond(error_response(with.error()));
  auto reason = body->text("reason", kReasonBytes);
  if (!reason) return respond(error_response(reason.error()));
  auto by = author(*body, request);
  if (!by) return respond(error_response(by.error()));
  Override asked;
  asked.schedule = request.param("schedule");
  asked.reason = std::move(*reason);
  asked.by = std::move(*by);
  desk.ask([&desk, asked = std::move(asked), at = *at, with = *with,
            respond = std::move(respond)](const Facts& facts) {
    if (facts.on_call.roster().schedule(asked.schedule) == nullptr)
      return respond(missing_response(no_schedule(asked.schedule)));
    auto both = swapped(facts, asked, at, with);
    if (!both) return respond(error_response(both.error()));
    desk.add(std::move(*both),
             [respond](Result<std::vector<Override>> kept) { added(respond, std::move(kept)); });
  });
}

void end(OnCallDesk& desk, const Request& request, Respond respond) {
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  auto by = author(*body, request);
  if (!by) return respond(error_response(by.error()));
  const std::string id(request.param("id"));
  desk.end(std::string(request.param("schedule")), id, std::move(*by),
           reply_found<Override>(
               std::move(respond), "override " + id + " that has not ended",
               [](JsonWriter& json, const Override& one) { write_override(json, one); }));
}

struct FeedAsked {
  std::string name;  // of the schedule or the person
  bool person = false;
  std::string only;  // ?person= of a schedule
};

std::vector<oncall::FeedShift> feed_shifts(const Facts& facts, const FeedAsked& asked) {
  std::vector<oncall::FeedShift> out;
  const TimeMs from = facts.now - oncall::kFeedBehind;
  const TimeMs to = facts.now + oncall::kFeedAhead;
  for (const Schedule& schedule : facts.on_call.roster().schedules()) {
    if (!asked.person && schedule.name != asked.name) continue;
    auto planned = facts.on_call.shifts(schedule.name, from, to);
    auto recorded = oncall::read_stretches(facts.database, schedule.name, from, facts.now);
    if (recorded)
      planned = oncall::known_shifts(*recorded, std::move(planned), from, facts.now).shifts;
    for (auto& shift : planned) out.push_back({schedule.name, std::move(shift)});
  }
  return out;
}

void feed(OnCallDesk& desk, const Request& request, bool person, Respond respond) {
  FeedAsked asked;
  asked.name = request.param("file");
  asked.person = person;
  asked.only = request.query.get("person");
  constexpr std::string_view kEnding = ".ics";
  if (!asked.name.ends_with(kEnding)) return respond(missing_response("calendar " + asked.name));
  asked.name.resize(asked.name.size() - kEnding.size());
  const bool reads =
      request.who && request.who->may.has(Permission::kRead) && !request.who->restricted();
  if (!reads && !desk.feed_tokens().opens(request.query.get("token"), request.path))
    return respond(net::Response::error_json(
        401, "this calendar needs its token: copy its whole address from page On call"));
  desk.ask([asked = std::move(asked), respond = std::move(respond)](const Facts& facts) {
    const oncall::Roster& roster = facts.on_call.roster();
    const Schedule* schedule = asked.person ? nullptr : roster.schedule(asked.name);
    const oncall::Person* who = asked.person ? roster.person(asked.name) : nullptr;
    if (schedule == nullptr && who == nullptr)
      return respond(
          missing_response(asked.person ? "person " + asked.name : no_schedule(asked.name)));
    const std::string title =
        who ? who->display_name() + " on call" : schedule->display_name() + " on call";
    net::Response out = net::Response::text(200,
                                            oncall::feed(roster, title, feed_shifts(facts, asked),
                                                         who ? who->name : asked.only, facts.now),
                                            "text/calendar; charset=utf-8");
    out.headers.add("Cache-Control", "private, max-age=300");
    respond(std::move(out));
  });
}

}  // namespace

void register_oncall_routes(net::Router& router, OnCallDesk& desk) {
  router.add("GET", "/api/oncall", [&desk](Request&& request, Respond respond) {
    now(desk, request, std::move(respond));
  });
  router.add("GET", "/api/oncall/:schedule", [&desk](Request&& request, Respond respond) {
    one_schedule(desk, request, std::move(respond));
  });
  router.add(
      "POST", "/api/oncall/:schedule/overrides",
      [&desk](Request&& request, Respond respond) { add(desk, request, std::move(respond)); });
  router.add(
      "DELETE", "/api/oncall/:schedule/overrides/:id",
      [&desk](Request&& request, Respond respond) { end(desk, request, std::move(respond)); });
  router.add("POST", "/api/oncall/:schedule/swap", [&desk](Request&& request, Respond respond) {
    swap(desk, request, std::move(respond));
  });
  router.add("GET", "/oncall/:file", [&desk](Request&& request, Respond respond) {
    feed(desk, request, false, std::move(respond));
  });
  router.add("GET", "/oncall/people/:file", [&desk](Request&& request, Respond respond) {
    feed(desk, request, true, std::move(respond));
  });
}

}  // namespace tocsin::server
