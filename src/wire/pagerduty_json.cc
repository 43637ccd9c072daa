#include <fmt/format.h>

#include "base/text.h"
#include "wire/alert_fields.h"
#include "wire/alert_json.h"

namespace tocsin::wire {
namespace {

constexpr size_t kSummaryBytesMax = 1'024;  // of PagerDuty's documentation, as is the next
constexpr size_t kDedupBytesMax = 255;
constexpr size_t kNameBytesMax = 200;

// The parts of an event's payload that say where it is.
constexpr std::string_view kPlaces[] = {"source", "component", "group", "class", "severity"};

struct Told {
  std::string action, summary, timestamp;
  bool has_payload = false;
  std::vector<Labels::Pair> labels, annotations;
  ReportedAlert alert;
};

// custom_details may hold anything: texts as they are, the rest as its JSON.
bool read_details(FieldReader& fields, JsonValue value, Told& told) {
  JsonObject members;
  if (value.get_object().get(members)) {
    std::string_view raw;
    if (simdjson::to_json_string(value).get(raw)) return false;
    told.annotations.emplace_back("custom_details", raw);
    return true;
  }
  for (auto field : members) {
    std::string_view name, raw;
    JsonValue member;
    if (field.unescaped_key().get(name) || field.value().get(member)) return false;
    const std::string kept(name);
    std::string text;
    simdjson::ondemand::json_type type;
    if (member.type().get(type)) return false;
    if (type == simdjson::ondemand::json_type::string) {
      if (!fields.text(member, name, text)) return false;
    } else {
      if (simdjson::to_json_string(member).get(raw)) return false;
      text = raw;
    }
    told.annotations.emplace_back(kept, std::move(text));
  }
  return true;
}

bool read_payload(FieldReader& fields, JsonValue value, Told& told) {
  JsonObject members;
  if (value.get_object().get(members)) return false;
  told.has_payload = true;
  for (auto field : members) {
    std::string_view name;
    JsonValue member;
    if (field.unescaped_key().get(name) || field.value().get(member)) return false;
    if (name == "summary" && !fields.text(member, name, told.summary)) return false;
    if (name == "timestamp" && !fields.text(member, name, told.timestamp)) return false;
    if (name == "custom_details" && !read_details(fields, member, told)) return false;
    for (const std::string_view place : kPlaces) {
      if (name != place) continue;
      auto& pair = told.labels.emplace_back(std::string(name), std::string());
      if (!fields.text(member, name, pair.second)) return false;
    }
  }
  return true;
}

bool read_event(FieldReader& fields, JsonObject members, Told& told) {
  for (auto field : members) {
    std::string_view name;
    JsonValue member;
    if (field.unescaped_key().get(name) || field.value().get(member)) return false;
    if (name == "event_action" && !fields.text(member, name, told.action)) return false;
    if (name == "dedup_key" && !fields.text(member, name, told.alert.dedup)) return false;
    if (name == "client_url" && !fields.text(member, name, told.alert.link)) return false;
    if (name == "payload" && !read_payload(fields, member, told)) return false;
  }
  return true;
}

const std::string* find(const std::vector<Labels::Pair>& pairs, std::string_view name) {
  for (const auto& [known, value] : pairs)
    if (known == name && !value.empty()) return &value;
  return nullptr;
}

void check_payload(const Told& told, const AlertJsonLimits& limits,
                   std::vector<std::string>& faults) {
  if (told.summary.empty()) faults.emplace_back("'payload.summary' is missing or blank");
  if (find(told.labels, "source") == nullptr)
    faults.emplace_back("'payload.source' is missing or blank");
  const std::string* severity = find(told.labels, "severity");
  if (severity == nullptr || (*severity != "critical" && *severity != "error" &&
                              *severity != "warning" && *severity != "info"))
    faults.emplace_back(
        "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', "
        "'error' or 'info')");
  for (const auto* pairs : {&told.labels, &told.annotations})
    if (auto fault = pairs_fault(*pairs, limits); !fault.empty())
      faults.push_back("'payload' is invalid (" + fault + ")");
}

void check(const Told& told, const AlertJsonLimits& limits, PagerdutyEvent& out) {
  using Action = PagerdutyEvent::Action;
  if (told.action == "trigger")
    out.action = Action::kTrigger;
  else if (told.action == "acknowledge")
    out.action = Action::kAcknowledge;
  else if (told.action == "resolve")
    out.action = Action::kResolve;
  else
    out.faults.emplace_back(
        "'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or "
        "'resolve')");
  if (told.alert.dedup.size() > kDedupBytesMax)
    out.faults.push_back(fmt::format("'dedup_key' is longer than {} characters", kDedupBytesMax));
  if (out.action == Action::kTrigger)
    check_payload(told, limits, out.faults);
  else if (told.alert.dedup.empty())
    out.faults.emplace_back("'dedup_key' is missing or blank");
}

}  // namespace

Result<PagerdutyEvent> parse_pagerduty(const std::string& body, const AlertJsonLimits& limits) {
  simdjson::ondemand::parser json;
  simdjson::ondemand::document top;
  FieldReader fields{limits, {}};
  JsonObject members;
  Told told;
  if (!iterate(json, body, top, fields.wrong) || top.get_object().get(members) ||
      !read_event(fields, members, told))
    return fail(ErrorCode::kInvalid,
                "Event object is invalid: it is not one JSON object of an "
                "event (" +
                    fields.wrong + ")");
  PagerdutyEvent out;
  check(told, limits, out);
  if (!out.faults.empty()) return out;
  const std::string* kind = find(told.labels, "class");
  told.labels.emplace_back("alertname", cut_text(kind ? *kind : told.summary, kNameBytesMax));
  told.annotations.emplace_back("summary", cut_text(told.summary, kSummaryBytesMax));
  out.alert = std::move(told.alert);
  if (const auto starts = parse_time(told.timestamp); starts && starts->ms > 0)
    out.alert.starts = *starts;
  out.alert.labels = Labels(std::move(told.labels));
  out.alert.annotations = Labels(std::move(told.annotations));
  if (out.action == PagerdutyEvent::Action::kResolve) out.alert.ends = TimeMs{1};
  return out;
}

}  // namespace tocsin::wire
