#include "wire/alert_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/alert_fields.h"

namespace tocsin::wire {
namespace {

using simdjson::ondemand::array;
using simdjson::ondemand::document;
using simdjson::ondemand::parser;

// Grafana tells these beside the annotations; what is empty is left out.
constexpr std::pair<std::string_view, std::string_view> kGrafanaExtras[] = {
    {"dashboardURL", "dashboard_url"}, {"panelURL", "panel_url"}, {"valueString", "value"}};

struct Told {
  std::vector<Labels::Pair> labels, annotations;
  ReportedAlert alert;
  std::string status;
};

class Reader {
 public:
  Reader(const AlertJsonLimits& limits, bool webhook)
      : limits_(limits), webhook_(webhook), fields_{limits, {}} {}

  bool list(array alerts) {
    size_t number = 0;
    for (auto item : alerts) {
      JsonObject object;
      if (item.get_object().get(object)) return wrong("an alert is no object");
      if (++number > limits_.alerts_max)
        return wrong(fmt::format("it has more than {} alerts", limits_.alerts_max));
      if (!one(object)) return false;
    }
    return true;
  }
  bool wrong(std::string text) {
    fields_.wrong = std::move(text);
    return false;
  }
  const std::string& why() const { return fields_.wrong; }
  AlertJson take() { return std::move(out_); }

 private:
  bool one(JsonObject object) {
    Told told;
    for (auto field : object) {
      std::string_view name;
      JsonValue value;
      if (field.unescaped_key().get(name) || field.value().get(value))
        return wrong("an alert breaks off");
      if (!member(name, value, told)) return false;
    }
    keep(told);
    return true;
  }

  bool member(std::string_view name, JsonValue value, Told& told) {
    if (name == "labels") return fields_.pairs(value, "labels", told.labels);
    if (name == "annotations") return fields_.pairs(value, "annotations", told.annotations);
    if (name == "startsAt") return fields_.time(value, "startsAt", told.alert.starts);
    if (name == "endsAt") return fields_.time(value, "endsAt", told.alert.ends);
    if (name == "generatorURL") return fields_.text(value, "generatorURL", told.alert.link);
    if (!webhook_) return true;
    if (name == "status") return fields_.text(value, "status", told.status);
    for (const auto& [extra, annotation] : kGrafanaExtras) {
      if (name != extra) continue;
      std::string text;
      if (!fields_.text(value, extra, text)) return false;
      if (!text.empty()) told.annotations.emplace_back(annotation, std::move(text));
    }
    return true;
  }

  void keep(Told& told) {
    if (auto fault = fault_of(told); !fault.empty()) {
      ++out_.refused;
      if (out_.faults.size() < limits_.faults_max) out_.faults.push_back(std::move(fault));
      return;
    }
    if (webhook_) settle(told);
    told.alert.labels = Labels(std::move(told.labels));
    told.alert.annotations = Labels(std::move(told.annotations));
    out_.alerts.push_back(std::move(told.alert));
  }

  // A webhook says by its status whether an alert is over: one that fires has no end, whatever
  // endsAt says, and one that is over has one.
  static void settle(Told& told) {
    if (told.status != "resolved")
      told.alert.ends = {};
    else if (told.alert.ends.ms == 0)
      told.alert.ends = TimeMs{1};
  }

  std::string fault_of(const Told& told) const {
    if (std::all_of(told.labels.begin(), told.labels.end(),
                    [](const auto& pair) { return pair.second.empty(); }))
      return "at least one label pair required";
    if (auto fault = pairs_fault(told.labels, limits_); !fault.empty())
      return "invalid label set: " + fault;
    if (auto fault = pairs_fault(told.annotations, limits_); !fault.empty())
      return "invalid annotations: " + fault;
    if (told.alert.link.size() > limits_.alert_bytes_max) return "generatorURL is too long";
    const bool both = told.alert.starts.ms != 0 && told.alert.ends.ms != 0;
    if (!webhook_ && both && told.alert.ends < told.alert.starts)
      return "start time must be before end time";
    return "";
  }

  const AlertJsonLimits& limits_;
  const bool webhook_;
  FieldReader fields_;
  AlertJson out_;
};

tl::unexpected<Error> refused(std::string_view why) {
  return fail(ErrorCode::kInvalid, fmt::format("parsing alerts body failed, because {}", why));
}

}  // namespace

Result<AlertJson> parse_alerts(const std::string& body, const AlertJsonLimits& limits) {
  parser json;
  document top;
  Reader reader(limits, false);
  std::string why;
  array alerts;
  if (!iterate(json, body, top, why)) return refused(why);
  if (top.get_array().get(alerts)) return refused("it is no list of alerts");
  if (!reader.list(alerts)) return refused(reader.why());
  const char* behind = nullptr;
  if (!top.current_location().get(behind)) return refused("something stands behind the list");
  return reader.take();
}

Result<AlertJson> parse_alert_webhook(const std::string& body, const AlertJsonLimits& limits) {
  parser json;
  document top;
  Reader reader(limits, true);
  std::string why;
  JsonObject members;
  array alerts;
  if (!iterate(json, body, top, why)) return refused(why);
  if (top.get_object().get(members)) return refused("it is no object");
  if (members.find_field_unordered("alerts").get_array().get(alerts))
    return refused("it has no list \"alerts\"");
  if (!reader.list(alerts)) return refused(reader.why());
  return reader.take();
}

}  // namespace tocsin::wire
