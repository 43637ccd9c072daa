// Silences and maintenance windows.
#include <fmt/format.h>

#include <algorithm>

#include "server/json.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/restrict.h"
#include "server/routes.h"

namespace tocsin::server {

namespace {

using net::Request;
using net::Respond;

constexpr size_t kTextBytesMax = 10'000;
constexpr size_t kMatchersMax = 50;
constexpr DurationMs kPreviewSpan = days(30);
constexpr size_t kPreviewLines = 20;
constexpr size_t kHitsMax = 1000;

Result<std::vector<LabelMatcher>> matchers_of(const Body& body) {
  const auto texts = body.required_texts("matchers", kMatchersMax);
  if (!texts) return fail(texts.error());
  std::vector<LabelMatcher> out;
  for (const std::string& text : *texts) {
    auto matcher = LabelMatcher::parse(text);
    if (!matcher) return fail(matcher.error());
    out.push_back(std::move(*matcher));
  }
  return out;
}

Result<NewSilence> new_silence(const Request& request, TimeMs now) {
  const auto body = Body::parse(request.body);
  if (!body) return fail(body.error());
  NewSilence out;
  auto matchers = matchers_of(*body);
  if (!matchers) return fail(matchers.error());
  out.matchers = std::move(*matchers);
  const auto until = body->required_time("until");
  if (!until) return fail(until.error());
  if (*until <= now)
    return fail(ErrorCode::kInvalid, "making a silence failed: \"until\" is not in the future");
  out.until = *until;
  const auto comment = body->required_text("comment", kTextBytesMax);
  if (!comment) return fail(comment.error());
  out.comment = *comment;
  const auto by = author(*body, request);
  if (!by) return fail(by.error());
  out.by = *by;
  return out;
}

void end_silence(Views& views, const Request& request, Respond respond) {
  const std::string id(request.param("id"));
  const std::string by(request.user.empty() ? request.query.get("by") : request.user);
  views.end_silence(id, by, [respond = std::move(respond), id](Result<bool> found) {
    if (!found) return respond(error_response(found.error()));
    if (!*found) return respond(missing_response("silence " + id + ", or it has ended"));
    respond(net::Response::empty());
  });
}

void move_end(Views& views, const Clock& clock, const Request& request, Respond respond) {
  const std::string id(request.param("id"));
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  const auto until = body->required_time("until");
  if (!until) return respond(error_response(until.error()));
  if (*until <= clock.now())
    return respond(error_response({ErrorCode::kInvalid,
                                   "moving a silence's end failed: \"until\" is not in the "
                                   "future; DELETE ends it now",
                                   {}}));
  const auto by = author(*body, request);
  if (!by) return respond(error_response(by.error()));
  views.move_silence_end(
      {id, *until, *by},
      reply_found<SilenceView>(std::move(respond), "silence " + id + ", or it has ended",
                               write_silence));
}

void preview(Views& views, const Clock& clock, const Request& request, Respond respond) {
  const auto body = Body::parse(request.body);
  if (!body) return respond(error_response(body.error()));
  auto matchers = matchers_of(*body);
  if (!matchers) return respond(error_response(matchers.error()));
  if (body->has("until")) {
    const auto until = body->required_time("until");
    if (!until) return respond(error_response(until.error()));
    if (*until <= clock.now())
      return respond(error_response(
          {ErrorCode::kInvalid, "trying a silence failed: \"until\" is not in the future", {}}));
  }
  const TimeMs since = clock.now() - kPreviewSpan;
  const LabelView view = view_of(request);
  matchers->insert(matchers->end(), view.matchers.begin(), view.matchers.end());
  views.preview_silence(
      std::move(*matchers), since, kPreviewLines,
      reply<supervisor::SilencePreview>(
          std::move(respond),
          [since, view](JsonWriter& json, const supervisor::SilencePreview& found) {
            supervisor::SilencePreview shown = found;
            if (!view.everything()) shown.looked_at = shown.matched;  // not how many others have
            write_silence_preview(json, shown, since);
          }));
}

}  // namespace

void register_silence_routes(net::Router& router, Views& views, const Clock& clock) {
  router.add("GET", "/api/silences", [&views](Request&& request, const Respond& respond) {
    views.silences([view = view_of(request), respond](Result<std::vector<SilenceView>> all) {
      if (all) std::erase_if(*all, [&](const SilenceView& one) { return !shows(view, one); });
      reply_list<SilenceView>(respond, "silences", write_silence)(std::move(all));
    });
  });
  router.add("POST", "/api/silences", [&views, &clock](Request&& request, Respond respond) {
    auto silence = new_silence(request, clock.now());
    if (!silence) return respond(error_response(silence.error()));
    views.add_silence(std::move(*silence), reply<SilenceView>(std::move(respond), write_silence));
  });
  router.add("DELETE", "/api/silences/:id", [&views](Request&& request, Respond respond) {
    end_silence(views, request, std::move(respond));
  });
  router.add("POST", "/api/silences/preview", [&views, &clock](Request&& request, Respond respond) {
    preview(views, clock, request, std::move(respond));
  });
  router.add("GET", "/api/silences/:id", [&views](Request&& request, Respond respond) {
    const auto limit = limit_param(request, 100, kHitsMax);
    if (!limit) return respond(error_response(limit.error()));
    const std::string id(request.param("id"));
    views.silence(id, *limit,
                  [view = view_of(request), id,
                   respond = std::move(respond)](Result<std::optional<SilenceDetails>> found) {
                    if (found && *found && !shows(view, (*found)->silence)) found->reset();
                    if (found && *found) keep_shown((*found)->alerts, view);
                    reply_found<SilenceDetails>(respond, "silence " + id,
                                                write_silence_details)(std::move(found));
                  });
  });
  router.add("POST", "/api/silences/:id", [&views, &clock](Request&& request, Respond respond) {
    move_end(views, clock, request, std::move(respond));
  });
  router.add("GET", "/api/maintenance", [&views](Request&& request, Respond respond) {
    views.maintenance([view = view_of(request),
                       respond = std::move(respond)](Result<std::vector<MaintenanceView>> all) {
      if (all) std::erase_if(*all, [&](const MaintenanceView& one) { return !shows(view, one); });
      reply_list<MaintenanceView>(respond, "windows", write_maintenance)(std::move(all));
    });
  });
}

}  // namespace tocsin::server
