#include "supervisor/options.h"

#include <fmt/format.h>

namespace tocsin::supervisor {
namespace {

void positive(config::MapReader& m, std::string_view key, DurationMs span) {
  if (span <= DurationMs{}) m.problem(key, "must be more than 0");
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
}

}  // namespace

Options Options::read(const config::Folder& folder, config::Problems& problems) {
  Options out;
  folder.single("supervisor", "supervisor", problems,
                [&](config::MapReader& m) { read_options(m, out); });
  return out;
}

void Options::describe(config::Reference& reference) {
  config::Problems none;
  if (!reference.begin_type("supervisor")) return;
  config::MapReader m(reference, "supervisor", none);
  Options out;
  read_options(m, out);
}

}  // namespace tocsin::supervisor
