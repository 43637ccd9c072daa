#include "tocsin/sender_settings.h"

#include <fmt/format.h>

#include "config/reader.h"
#include "config/reference.h"

namespace tocsin {
namespace {

constexpr std::string_view kType = "senders";

struct SenderSettings {
  bool silence = true;
  double after_cadences = 3;
  DurationMs at_least = seconds(5);
};

void read(config::MapReader& m, SenderSettings& out) {
  out.silence =
      m.choice("silence", {"on", "off"}, "on",
               "Whether a sender that sent regularly for ten minutes and then sends nothing is a "
               "violation of `tocsin_sender`, instead of one of each of its series.") == 0;
  out.after_cadences = m.value<double>(
      "after", 3, "Intervals without anything from it until it counts; the interval is learned.");
  out.at_least =
      m.value<DurationMs>("at_least", seconds(5), "Never sooner than this after it last sent.");
  if (!m.describing() && !(out.after_cadences >= 1 && out.after_cadences <= 1000))
    m.problem("after", "must be between 1 and 1000 intervals");
}

}  // namespace

BuiltinFile sender_watch(const config::Folder& folder, config::Problems& problems) {
  SenderSettings settings;
  folder.single(kType, kType, problems, [&](config::MapReader& m) { read(m, settings); });
  BuiltinFile out{std::string(kBuiltinPrefix) + "senders", ""};
  if (settings.silence)
    out.yaml = fmt::format(
        "workers:\n"
        "  - id: tocsin-senders\n"
        "    tier: kpi\n"
        "    select: [tocsin_sender]\n"
        "    models: [{{kind: silence, after: {}, at_least: {}}}]\n",
        settings.after_cadences, to_text(settings.at_least));
  return out;
}

void describe_senders(config::Reference& reference) {
  if (!reference.begin_type(kType)) return;
  config::Problems none;
  config::MapReader m(reference, kType, none);
  SenderSettings settings;
  read(m, settings);
}

}  // namespace tocsin
