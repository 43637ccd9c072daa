#include "server/budget.h"
#include "server/json.h"
#include "server/reply.h"

namespace tocsin::server {
namespace {

using View = BudgetView;

std::string_view text_of(View::Verdict verdict) {
  switch (verdict) {
    case View::Verdict::kNone:
      return "none";
    case View::Verdict::kWithin:
      return "within";
    case View::Verdict::kOver:
      return "over";
  }
  return "?";
}

std::string_view text_of(View::Replay::State state) {
  switch (state) {
    case View::Replay::State::kOff:
      return "off";
    case View::Replay::State::kWaiting:
      return "waiting";
    case View::Replay::State::kRunning:
      return "running";
    case View::Replay::State::kDone:
      return "done";
    case View::Replay::State::kFailed:
      return "failed";
  }
  return "?";
}

void write_days(JsonWriter& json, const std::vector<int64_t>& days) {
  json.key("days").begin_array();
  for (const int64_t count : days) json.integer(count);
  json.end_array();
}

void write_worker_budget(JsonWriter& json, const View::Worker& worker) {
  json.begin_object().member("id", worker.id).member("place", worker.place);
  json.member("tier", to_text(worker.tier));
  write_text_or_null(json, "noise", worker.noise);
  json.member("wanted", worker.wanted).member("measured", worker.measured);
  json.member("verdict", text_of(worker.verdict));
  json.member("series", worker.series).member("episodes", worker.episodes);
  write_time(json, "since", worker.since);
  json.key("tail").begin_object().member("series", worker.tails);
  json.member("learning", worker.tails_learning).member("supported", worker.tails_supported);
  json.member("rarest", worker.rarest).member("edge", worker.edge).end_object();
  write_days(json, worker.days);
  json.key("most").begin_array();
  for (const View::Spender& spender : worker.most) {
    json.begin_object().key("series");
    write_series(json, spender.series);
    json.member("episodes", spender.episodes).end_object();
  }
  json.end_array().member("spenders", worker.spenders).end_object();
}

void write_pages(JsonWriter& json, const View::Pages& pages) {
  json.key("pages").begin_object();
  write_text_or_null(json, "wanted", pages.wanted);
  json.member("allowed", pages.allowed).member("told", pages.told);
  json.member("days_counted", pages.days_counted).member("verdict", text_of(pages.verdict));
  write_days(json, pages.days);
  json.member("replay_allowed", pages.replay_allowed).key("replayed");
  if (pages.replayed)
    json.integer(*pages.replayed);
  else
    json.null();
  json.member("replay_verdict", text_of(pages.replay_verdict)).end_object();
}

void write_replay(JsonWriter& json, const View::Replay& replay) {
  json.key("replay").begin_object().member("state", text_of(replay.state));
  json.member("done", replay.done);
  write_time(json, "from", replay.from);
  write_time(json, "to", replay.to);
  write_time(json, "at", replay.at);
  json.member("version", replay.version);
  json.member("points", replay.points).member("series", replay.series);
  write_text_or_null(json, "note", replay.note);
  json.end_object();
}

void write_budget(JsonWriter& json, const View& view) {
  json.begin_object();
  write_time(json, "now", view.now);
  json.key("workers").begin_array();
  for (const View::Worker& worker : view.workers) write_worker_budget(json, worker);
  json.end_array().key("rules").begin_array();
  for (const View::Rule& rule : view.rules) {
    json.begin_object().member("id", rule.id).member("place", rule.place);
    json.member("severity", to_text(rule.severity));
    write_pages(json, rule.pages);
    json.end_object();
  }
  json.end_array().key("installation").begin_object();
  write_pages(json, view.installation);
  json.end_object();
  write_replay(json, view.replay);
  json.end_object();
}

}  // namespace

void register_budget_routes(net::Router& router, BudgetDesk& desk) {
  router.add("GET", "/api/v1/budget", [&desk](net::Request&&, net::Respond respond) {
    desk.budget(reply<BudgetView>(std::move(respond), write_budget));
  });
  router.add("POST", "/api/v1/budget/replay", [&desk](net::Request&&, net::Respond respond) {
    desk.replay(reply<bool>(std::move(respond), [](JsonWriter& json, bool started) {
      json.begin_object().member("started", started).end_object();
    }));
  });
}

}  // namespace tocsin::server
