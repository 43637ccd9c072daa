// Changes that people and other systems tell of: POST, GET and DELETE /api/v1/changes.

#include <fmt/format.h>

#include "server/json_causes.h"
#include "server/params.h"
#include "server/reply.h"
#include "server/restrict.h"
#include "server/routes.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;
using supervisor::MarkedChange;

constexpr size_t kIdBytesMax = 100;
constexpr size_t kTitleBytesMax = 500;
constexpr size_t kLinkBytesMax = 2000;
constexpr size_t kByBytesMax = 200;
constexpr size_t kLabelsMax = 20;
constexpr size_t kLabelBytesMax = 200;
constexpr DurationMs kLongest = days(366);

Result<Labels> read_labels(const Body& body) {
  auto map = body.text_map("labels", kLabelsMax, kLabelBytesMax);
  if (!map) return fail(map.error());
  std::vector<Labels::Pair> pairs;
  for (const auto& [name, value] : *map) {
    if (name.empty() || name.size() > kLabelBytesMax || name == kNameLabel)
      return fail(ErrorCode::kInvalid,
                  "reading \"labels\" of the body failed: a label has a name of 1 to 200 bytes, "
                  "which is not __name__");
    if (value) pairs.emplace_back(name, *value);
  }
  return Labels(std::move(pairs));
}

Result<void> read_times(const Body& body, TimeMs now, MarkedChange& out) {
  out.at = now;
  if (body.has("at")) {
    const auto at = body.required_time("at");
    if (!at) return fail(at.error());
    out.at = *at;
  }
  if (!body.has("until")) return {};
  const auto until = body.required_time("until");
  if (!until) return fail(until.error());
  if (*until < out.at || *until - out.at > kLongest)
    return fail(ErrorCode::kInvalid,
                "reading \"until\" of the body failed: it has to be after \"at\", by at most 366 "
                "days");
  out.until = *until;
  return {};
}

// Pages show it as a link: nothing but the web.
Result<std::string> read_link(const Body& body) {
  auto link = body.text("link", kLinkBytesMax);
  if (!link || link->empty()) return link;
  if (!link->starts_with("https://") && !link->starts_with("http://"))
    return fail(ErrorCode::kInvalid,
                "reading \"link\" of the body failed: it has to begin with https:// or http://");
  return link;
}

Result<MarkedChange> read_change(const Request& request, TimeMs now) {
  const auto body = Body::parse(request.body);
  if (!body) return fail(body.error());
  MarkedChange out;
  const auto kind = body->required_text("kind", 20);
  if (!kind) return fail(kind.error());
  const auto known = supervisor::parse_change_kind(*kind);
  if (!known)
    return fail(ErrorCode::kInvalid,
                "reading \"kind\" of the body failed: it has to be deploy, setting, promotion, "
                "fixture or holiday");
  out.kind = *known;
  const auto title = body->required_text("title", kTitleBytesMax);
  if (!title) return fail(title.error());
  out.title = *title;
  if (auto times = read_times(*body, now, out); !times) return fail(times.error());
  auto labels = read_labels(*body);
  if (!labels) return fail(labels.error());
  out.labels = std::move(*labels);
  const auto link = read_link(*body);
  if (!link) return fail(link.error());
  out.link = *link;
  const auto by = body->text("by", kByBytesMax);
  if (!by) return fail(by.error());
  const bool person = request.who && request.who->kind == Who::Kind::kUser;
  out.by = by->empty() || person ? request.user : *by;
  const auto id = body->text("id", kIdBytesMax);
  if (!id) return fail(id.error());
  out.id = id->empty() ? supervisor::change_id(out) : *id;
  out.made_at = now;
  return out;
}

Result<supervisor::MarkedChangeFilter> read_filter(const Request& request) {
  supervisor::MarkedChangeFilter out;
  const auto from = time_param(request, "from", kTimeMin);
  if (!from) return fail(from.error());
  const auto to = time_param(request, "to", kTimeMax);
  if (!to) return fail(to.error());
  out.from = *from;
  out.to = *to;
  const auto selector = selector_param(request);
  if (!selector) return fail(selector.error());
  for (const LabelMatcher& matcher : selector->matchers())
    if (matcher.label() != kNameLabel) out.matchers.push_back(matcher);
  const auto limit = limit_param(request, 1000, 10'000);
  if (!limit) return fail(limit.error());
  out.limit = *limit;
  return out;
}

}  // namespace

void register_change_routes(net::Router& router, CausesDesk& desk, const Clock& clock) {
  router.add("GET", "/api/v1/changes", [&desk](Request&& request, Respond respond) {
    auto filter = read_filter(request);
    if (!filter) return respond(error_response(filter.error()));
    desk.changes(std::move(*filter), [view = view_of(request), respond = std::move(respond)](
                                         Result<std::vector<MarkedChange>> changes) {
      if (changes) keep_shown(*changes, view);
      reply_list<MarkedChange>(respond, "changes", write_change)(std::move(changes));
    });
  });
  router.add("POST", "/api/v1/changes", [&desk, &clock](Request&& request, Respond respond) {
    auto change = read_change(request, clock.now());
    if (!change) return respond(error_response(change.error()));
    desk.add_change(std::move(*change), reply<MarkedChange>(std::move(respond), write_change));
  });
  router.add("DELETE", "/api/v1/changes/:id", [&desk](Request&& request, Respond respond) {
    const std::string id(request.param("id"));
    desk.remove_change(id, [respond = std::move(respond), id](Result<bool> found) {
      if (!found) return respond(error_response(found.error()));
      if (!*found) return respond(missing_response("change " + id));
      respond(net::Response::empty());
    });
  });
}

}  // namespace tocsin::server
