#include "supervisor/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace tocsin::supervisor {
namespace {

using Known = std::pair<std::string_view, Severity>;
// The words of Prometheus' mixins, PagerDuty, Opsgenie, Alerta, syslog, Nagios, Zabbix.
constexpr std::array kSeverities = {
    Known{"critical", Severity::kCritical},
    Known{"page", Severity::kCritical},
    Known{"emergency", Severity::kCritical},
    Known{"disaster", Severity::kCritical},
    Known{"fatal", Severity::kCritical},
    Known{"security", Severity::kCritical},
    Known{"p1", Severity::kCritical},
    Known{"error", Severity::kHigh},
    Known{"major", Severity::kHigh},
    Known{"high", Severity::kHigh},
    Known{"warning", Severity::kHigh},
    Known{"average", Severity::kHigh},
    Known{"p2", Severity::kHigh},
    Known{"p3", Severity::kHigh},
    Known{"minor", Severity::kLow},
    Known{"low", Severity::kLow},
    Known{"info", Severity::kLow},
    Known{"informational", Severity::kLow},
    Known{"information", Severity::kLow},
    Known{"notice", Severity::kLow},
    Known{"debug", Severity::kLow},
    Known{"trace", Severity::kLow},
    Known{"indeterminate", Severity::kLow},
    Known{"none", Severity::kLow},
    Known{"ok", Severity::kLow},
    Known{"p4", Severity::kLow},
    Known{"p5", Severity::kLow},
};

std::optional<Severity> parse_severity(std::string_view text) {
  for (const Severity one : {Severity::kCritical, Severity::kHigh, Severity::kLow})
    if (to_text(one) == text) return one;
  return std::nullopt;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

void positive(config::MapReader& m, std::string_view key, DurationMs span) {
  if (span <= DurationMs{}) m.problem(key, "must be more than 0");
}

void read_counted(config::MapReader& m, std::string_view key, int64_t& count, DurationMs& window,
                  int64_t least, std::string_view doc) {
  count = m.value<int64_t>(key, count, doc);
  if (count != 0 && count < least)
    m.problem(key, fmt::format("must be 0 (off) or at least {}", least));
  window = m.value<DurationMs>("window", window, "Counted within this time.");
  if (window < seconds(1) || window > hours(24)) m.problem("window", "must lie between 1s and 24h");
}

void read_noise(config::MapReader& m, Options& out) {
  m.map("flapping", "flapping", "When an alert that opens and resolves in turn stays open instead.",
        [&](config::MapReader& child) {
          read_counted(child, "changes", out.flapping.changes, out.flapping.window, 3,
                       "So many openings and resolutions are flapping; it ends when at most a "
                       "third of them is left in the window. 0: never.");
          if (out.flapping.changes > 1000) child.problem("changes", "must be at most 1000");
        });
  m.map("storm", "storm", "When openings are told as one digest instead of one by one.",
        [&](config::MapReader& child) {
          read_counted(child, "openings", out.storm.openings, out.storm.window, 2,
                       "More openings than this, told to one receiver, are a storm; it ends when "
                       "they are less than half as many. 0: never.");
          out.storm.calls = child.value<int64_t>(
              "calls", out.storm.calls,
              "So many alerts of one policy call people within the window; further ones are called "
              "for together with the latest of them. 0: each calls.");
          if (out.storm.calls < 0 || out.storm.calls > 10'000)
            child.problem("calls", "must be 0 to 10000");
          if (out.storm.openings > 100'000) child.problem("openings", "must be at most 100000");
        });
}

void read_reported(config::MapReader& m, Options& out) {
  out.resolve_timeout = m.value<DurationMs>(
      "resolve_timeout", out.resolve_timeout,
      "An alert of another system whose sender says no end is over if it is not told again for so "
      "long. After a restart every such alert holds for so long at least.");
  positive(m, "resolve_timeout", out.resolve_timeout);
  out.severities = m.value<std::map<std::string, std::string>>(
      "severities", {},
      "What the severities of other systems' alerts mean here, beside the built-in table: "
      "{sev1: critical}; to critical, high or low.");
  for (const auto& [told, meant] : out.severities)
    if (!parse_severity(meant))
      m.problem("severities", told,
                fmt::format("\"{}\" is no severity; use critical, high or low", meant));
}

void read_options(config::MapReader& m, Options& out) {
  read_reported(m, out);
  out.expire_after = m.value<DurationMs>(
      "expire_after", out.expire_after,
      "An open alert that its rule has not judged for so long expires; it is told as resolved.");
  positive(m, "expire_after", out.expire_after);
  out.keep_resolved = m.value<DurationMs>(
      "keep_resolved", out.keep_resolved,
      "How long closed alerts are kept, with their history and the ledger of deliveries.");
  positive(m, "keep_resolved", out.keep_resolved);
  out.cover_slack = m.value<DurationMs>(
      "cover_slack", out.cover_slack,
      "How long before its parent a covered alert may open, and how long after it may end.");
  out.update_every = m.value<DurationMs>(
      "update_every", out.update_every,
      "At most one update per alert in this time; acknowledgements are told at once.");
  out.open_alerts_max = m.value<int64_t>(
      "open_alerts_max", out.open_alerts_max,
      "More open alerts than this are refused, counted and reported by an alert of Tocsin itself.");
  if (out.open_alerts_max < 1) m.problem("open_alerts_max", "must be at least 1");
  read_noise(m, out);
}

}  // namespace

Severity Options::severity_of(std::string_view told) const {
  if (told.empty()) return Severity::kHigh;
  const std::string word = lower(told);
  for (const auto& [known, meant] : severities)
    if (lower(known) == word) return parse_severity(meant).value_or(Severity::kHigh);
  for (const auto& [known, severity] : kSeverities)
    if (known == word) return severity;
  return Severity::kHigh;
}

Options Options::read(const config::Folder& folder, config::Problems& problems) {
  Options out;
  folder.single("supervisor", "supervisor", problems,
                [&](config::MapReader& m) { read_options(m, out); });
  out.inhibit = InhibitRules::read(folder, problems);
  out.maintenance = MaintenanceWindows::read(folder, problems);
  return out;
}

void Options::describe(config::Reference& reference) {
  InhibitRules::describe(reference);
  MaintenanceWindows::describe(reference);
  config::Problems none;
  if (!reference.begin_type("supervisor")) return;
  config::MapReader m(reference, "supervisor", none);
  Options out;
  read_options(m, out);
}

}  // namespace tocsin::supervisor
