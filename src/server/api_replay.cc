#include <fmt/format.h>

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "server/json.h"
#include "server/params.h"
#include "server/replays.h"
#include "server/reply.h"

namespace tocsin::server {

namespace {

using net::Request;
using net::Respond;
using net::Response;

constexpr size_t kBodyBytesMax = 8u << 20;
constexpr size_t kFilesMax = 1000;
constexpr size_t kFileBytesMax = 1u << 20;
constexpr size_t kNameBytesMax = 500;
constexpr size_t kRulesMax = 1000;
constexpr DurationMs kRangeMax = days(3660);

std::string_view to_text(ReplayJob::State state) {
  switch (state) {
    case ReplayJob::State::kRunning:
      return "running";
    case ReplayJob::State::kDone:
      return "done";
    case ReplayJob::State::kCancelled:
      return "cancelled";
    case ReplayJob::State::kFailed:
      return "failed";
  }
  return "?";
}

Result<void> read_range(const Body& body, TimeMs now, ReplayRequest& out) {
  out.to = now;
  if (body.has("to")) {
    const auto to = body.required_time("to");
    if (!to) return fail(to.error());
    out.to = *to;
  }
  out.from = out.to - days(7);
  if (body.has("from")) {
    const auto from = body.required_time("from");
    if (!from) return fail(from.error());
    out.from = *from;
  }
  if (out.from < out.to && out.to - out.from <= kRangeMax) return {};
  return fail(ErrorCode::kInvalid,
              "reading the body failed: \"from\" has to be before \"to\", by ten years at most");
}

Result<void> read_narrow(const Body& body, ReplayRequest& out) {
  for (const auto& [key, into] : {std::pair("site", &out.site), std::pair("worker", &out.worker)}) {
    auto text = body.text(key, kNameBytesMax);
    if (!text) return fail(text.error());
    *into = std::move(*text);
  }
  if (body.has("rules")) {
    auto rules = body.required_texts("rules", kRulesMax);
    if (!rules) return fail(rules.error());
    out.rules = std::move(*rules);
  }
  if (body.has("files")) {
    auto files = body.required_text_map("files", kFilesMax, kFileBytesMax);
    if (!files) return fail(files.error());
    out.files = std::move(*files);
  }
  return {};
}

Result<ReplayRequest> replay_request(const Request& request, TimeMs now) {
  const auto body = Body::parse(request.body, kBodyBytesMax);
  if (!body) return fail(body.error());
  ReplayRequest out;
  if (auto range = read_range(*body, now, out); !range) return fail(range.error());
  if (auto narrow = read_narrow(*body, out); !narrow) return fail(narrow.error());
  auto by = body->text("by", kNameBytesMax);
  if (!by) return fail(by.error());
  const bool person = request.who && request.who->kind == Who::Kind::kUser;
  out.by = by->empty() || person ? request.user : *by;
  return out;
}

void write_problems(JsonWriter& json, const std::vector<ConfigProblem>& problems) {
  json.key("problems").begin_array();
  for (const ConfigProblem& problem : problems)
    json.begin_object()
        .member("file", problem.file)
        .member("line", problem.line)
        .member("column", problem.column)
        .member("message", problem.message)
        .end_object();
  json.end_array();
}

void write_job(JsonWriter& json, const ReplayJob& job, bool with_result) {
  const ReplayRequest& request = job.request;
  json.begin_object()
      .member("id", job.id)
      .member("state", to_text(job.state))
      .member("done", job.done)
      .member("from", request.from.ms)
      .member("to", request.to.ms)
      .member("site", request.site)
      .member("worker", request.worker)
      .key("rules")
      .begin_array();
  for (const std::string& rule : request.rules) json.string(rule);
  json.end_array().key("files").begin_array();
  for (const auto& [name, text] : request.files) json.string(name);
  json.end_array().member("by", request.by).member("running", job.running);
  write_time(json, "started_at", job.started);
  write_time(json, "ended_at", job.ended);
  json.member("error", job.error);
  if (with_result) {
    json.key("result");
    job.result ? json.raw(*job.result) : json.null();
  }
  json.end_object();
}

Response started_response(const ReplayStarted& started) {
  JsonWriter json;
  json.begin_object();
  if (started.problems.empty())
    json.member("id", started.id);
  else
    json.member("error",
                fmt::format("the changed configuration has {} problems", started.problems.size()));
  write_problems(json, started.problems);
  json.end_object();
  Response out = json_response(json);
  out.status = started.problems.empty() ? 202 : 400;
  return out;
}

std::optional<ReplayJob> job_of(const Replays& replays, const Request& request) {
  const auto id = parse_int(request.param("id"));
  return id && *id > 0 ? replays.find(static_cast<uint64_t>(*id)) : std::nullopt;
}

Response missing_job(const Request& request) {
  return missing_response(fmt::format(
      "replay {}; only the last ones are kept, and none over a restart", request.param("id")));
}

Response one_job(const Replays& replays, const Request& request) {
  const auto job = job_of(replays, request);
  if (!job) return missing_job(request);
  JsonWriter json;
  write_job(json, *job, true);
  return json_response(json);
}

Response all_rules(const Replays& replays) {
  JsonWriter json;
  json.begin_object().key("rules").begin_array();
  for (const OwnRule& rule : replays.rules())
    json.begin_object()
        .member("id", rule.id)
        .member("severity", tocsin::to_text(rule.severity))
        .member("place", rule.place)
        .end_object();
  json.end_array().end_object();
  return json_response(json);
}

Response all_jobs(const Replays& replays) {
  JsonWriter json;
  json.begin_object().key("replays").begin_array();
  for (const ReplayJob& job : replays.list()) write_job(json, job, false);
  json.end_array().end_object();
  return json_response(json);
}

Response cancel(Replays& replays, const Request& request) {
  const auto job = job_of(replays, request);
  if (!job || !replays.cancel(job->id)) return missing_job(request);
  return net::Response::empty();
}

}  // namespace

void register_replay_routes(net::Router& router, Replays& replays, const Clock& clock) {
  router.add("POST", "/api/v1/replays", [&](Request&& request, Respond respond) {
    auto asked = replay_request(request, clock.now());
    if (!asked) return respond(error_response(asked.error()));
    replays.start(std::move(*asked), [respond](Result<ReplayStarted> started) {
      respond(started ? started_response(*started) : error_response(started.error()));
    });
  });
  router.add("GET", "/api/rules", [&](Request&&, Respond respond) { respond(all_rules(replays)); });
  router.add("GET", "/api/v1/replays",
             [&](Request&&, Respond respond) { respond(all_jobs(replays)); });
  router.add("GET", "/api/v1/replays/:id",
             [&](Request&& request, Respond respond) { respond(one_job(replays, request)); });
  router.add("POST", "/api/v1/replays/:id/cancel",
             [&](Request&& request, Respond respond) { respond(cancel(replays, request)); });
}

}  // namespace tocsin::server
