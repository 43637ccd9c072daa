#include "respond/alertmanager.h"

#include <algorithm>

#include "base/json_writer.h"
#include "base/text.h"
#include "config/reader.h"
#include "respond/answer.h"

namespace tocsin::respond {
namespace {

constexpr size_t kBatch = 256;
constexpr size_t kValueMax = 4096;
constexpr size_t kPairsMax = 64;
constexpr int kRepeatsAhead = 4;

void write_annotations(JsonWriter& json, const AlertView& alert) {
  std::map<std::string, std::string> all = alert.latest->annotations;
  const Decision& said = alert.latest->summary.empty() ? alert.opened : alert.latest;
  all["summary"] = said.summary;
  if (!alert.latest->description.empty()) all["description"] = alert.latest->description;
  if (!alert.acknowledged_by.empty()) all["acknowledged_by"] = alert.acknowledged_by;
  json.key("annotations").begin_object();
  size_t count = 0;
  for (const auto& [name, value] : all)
    if (count++ < kPairsMax) json.member(name, cut_text(value, kValueMax));
  json.end_object();
}

}  // namespace

TargetPtr AlertmanagerTarget::read(config::MapReader& m, const SecretSources& sources) {
  auto out = std::make_shared<AlertmanagerTarget>();
  SecretReader secrets(m, sources);
  out->url = read_base_url(m, "");
  if (!m.describing() && out->url.empty())
    m.problem("kind", "an alertmanager receiver needs url, the base of its API");
  out->credentials = read_credentials(m, secrets);
  out->repeat = m.value<DurationMs>(
      "repeat", out->repeat,
      "alertmanager: so often what is open is told again; it ends there four repeats after the "
      "last time. 10s to 1h.");
  if (out->repeat < seconds(10) || out->repeat > hours(1)) m.problem("repeat", "must be 10s to 1h");
  out->http = read_http(m);
  return out;
}

net::HttpRequest AlertmanagerTarget::request(const Links& links, const std::vector<Posted>& alerts,
                                             TimeMs now) const {
  JsonWriter json;
  json.begin_array();
  for (const Posted& posted : alerts) {
    const AlertView& alert = *posted.alert;
    json.begin_object().key("labels").begin_object();
    const Labels labels = alert_labels(alert.latest).with("alertname", alert.opened->rule_id);
    size_t count = 0;
    for (const auto& [name, value] : labels.pairs())
      if (count++ < kPairsMax && !value.empty()) json.member(name, cut_text(value, kValueMax));
    json.end_object();
    write_annotations(json, alert);
    json.member("startsAt", to_iso(alert.opened_at));
    const TimeMs over = alert.resolved_at.ms != 0 ? alert.resolved_at : now;
    const TimeMs ahead = now + DurationMs{kRepeatsAhead * repeat.count};
    json.member("endsAt", to_iso(posted.ended ? over : posted.test ? now + minutes(1) : ahead));
    json.member("generatorURL", links.alert(alert.id)).end_object();
  }
  net::HttpRequest out = json_request(http, url + "/api/v2/alerts", json.end_array().take());
  credentials.apply(out);
  return out;
}

Step AlertmanagerTarget::begin(const Message& message) const {
  const Notice& notice = message.notice;
  const Posted posted{notice.alert, notice.event == Event::kResolved, notice.event == Event::kTest};
  return ask(
      request(message.links, {posted}, notice.time),
      [](const net::HttpAnswer& answer, TimeMs now) { return end(judge_status(answer, now)); });
}

Step AlertmanagerTarget::follow(const Links& links, std::vector<Followed> open, TimeMs now,
                                Heard) const {
  return follow_from(links, std::make_shared<const std::vector<Followed>>(std::move(open)), 0, now);
}

Step AlertmanagerTarget::follow_from(const Links& links,
                                     std::shared_ptr<const std::vector<Followed>> open, size_t from,
                                     TimeMs now) const {
  const size_t to = std::min(from + kBatch, open->size());
  std::vector<Posted> batch;
  for (size_t i = from; i < to; ++i) batch.push_back({(*open)[i].alert});
  return ask(request(links, batch, now),
             [this, links, open, to](const net::HttpAnswer& answer, TimeMs then) {
               DeliveryResult result = judge_status(answer, then);
               if (result.outcome != Outcome::kSent || to == open->size())
                 return end(std::move(result));
               return follow_from(links, open, to, then);
             });
}

}  // namespace tocsin::respond
