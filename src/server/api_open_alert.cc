// POST /api/alerts: a person tells of a trouble.
#include <fmt/format.h>

#include "base/text.h"
#include "server/api_alertmanager.h"
#include "server/json.h"
#include "server/params.h"
#include "server/reply.h"

namespace tocsin::server {
namespace {

using net::Request;
using net::Respond;

constexpr size_t kNameBytesMax = 200;
constexpr size_t kSummaryBytesMax = 500;
constexpr size_t kTextBytesMax = 10'000;
constexpr size_t kLabelsMax = 20;
constexpr size_t kLinkBytesMax = 2'000;

Result<Severity> read_severity(const Body& body) {
  const auto text = body.text("severity", 20);
  if (!text) return fail(text.error());
  if (text->empty()) return Severity::kHigh;
  for (const Severity one : {Severity::kCritical, Severity::kHigh, Severity::kLow})
    if (*text == to_text(one)) return one;
  return fail(ErrorCode::kInvalid,
              "reading \"severity\" of the body failed: it has to be critical, high or low");
}

Result<Labels> read_labels(const Body& body, const std::string& name, Severity severity) {
  const auto map = body.text_map("labels", kLabelsMax, kNameBytesMax);
  if (!map) return fail(map.error());
  std::vector<Labels::Pair> pairs;
  for (const auto& [label, value] : *map) {
    if (label.empty() || label.size() > kNameBytesMax || label.find('\0') != label.npos ||
        (value && value->find('\0') != value->npos))
      return fail(ErrorCode::kInvalid,
                  "reading \"labels\" of the body failed: a label has a name of 1 to 200 bytes, "
                  "and no NUL byte");
    if (value) pairs.emplace_back(label, *value);
  }
  pairs.emplace_back("alertname", name);
  pairs.emplace_back("severity", to_text(severity));
  return Labels(std::move(pairs));
}

Result<supervisor::Command> opening(const Request& request) {
  const auto body = Body::parse(request.body);
  if (!body) return fail(body.error());
  const auto summary = body->required_text("summary", kSummaryBytesMax);
  if (!summary) return fail(summary.error());
  auto name = body->text("name", kNameBytesMax);
  if (!name) return fail(name.error());
  if (name->empty()) *name = cut_text(*summary, kNameBytesMax);
  const auto severity = read_severity(*body);
  if (!severity) return fail(severity.error());
  auto labels = read_labels(*body, *name, *severity);
  if (!labels) return fail(labels.error());
  const auto description = body->text("description", kTextBytesMax);
  if (!description) return fail(description.error());
  auto link = body->text("link", kLinkBytesMax);
  if (!link) return fail(link.error());
  if (!link->empty() && !link->starts_with("https://") && !link->starts_with("http://"))
    return fail(ErrorCode::kInvalid,
                "reading \"link\" of the body failed: it has to begin with https:// or http://");
  const auto by = author(*body, request);
  if (!by) return fail(by.error());
  ReportedAlert alert;
  alert.labels = std::move(*labels);
  alert.annotations = Labels({{"summary", *summary}, {"description", *description}});
  alert.link = std::move(*link);
  return supervisor::Command{*by, supervisor::OpenAlert{std::move(alert)}};
}

}  // namespace

void register_open_alert_route(net::Router& router, AlertmanagerDesk& desk) {
  router.add("POST", "/api/alerts", [&desk](Request&& request, Respond respond) {
    auto command = opening(request);
    if (!command) return respond(error_response(command.error()));
    desk.command(std::move(*command),
                 reply<supervisor::CommandDone>(
                     std::move(respond), [](JsonWriter& json, const supervisor::CommandDone& done) {
                       AlertEntry entry;
                       entry.alert = done.alert;
                       write_alert_summary(json, entry);
                     }));
  });
}

}  // namespace tocsin::server
