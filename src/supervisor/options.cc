#include "supervisor/options.h"

#include <fmt/format.h>

namespace tocsin::supervisor {
namespace {

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
          if (out.storm.openings > 100'000) child.problem("openings", "must be at most 100000");
        });
}

void read_options(config::MapReader& m, Options& out) {
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

Options Options::read(const config::Folder& folder, config::Problems& problems) {
  Options out;
  folder.single("supervisor", "supervisor", problems,
                [&](config::MapReader& m) { read_options(m, out); });
  out.inhibit = InhibitRules::read(folder, problems);
  return out;
}

void Options::describe(config::Reference& reference) {
  InhibitRules::describe(reference);
  config::Problems none;
  if (!reference.begin_type("supervisor")) return;
  config::MapReader m(reference, "supervisor", none);
  Options out;
  read_options(m, out);
}

}  // namespace tocsin::supervisor
