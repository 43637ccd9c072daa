#include "tocsin/published.h"

#include <fmt/format.h>

namespace tocsin {

void Published::total(std::string_view name, std::string_view labels, std::string_view help,
                      uint64_t value) {
  for (Known& known : known_) {
    if (known.name != name || known.labels != labels) continue;
    // A room that was made anew begins at zero again.
    known.counter->add(value >= known.value ? value - known.value : value);
    known.value = value;
    return;
  }
  Counter& counter = counters_.counter(name, labels, help);
  counter.add(value);
  known_.push_back({std::string(name), std::string(labels), &counter, value});
}

void publish(Published& out, const streamer::StreamerCounts& counts, const Head& head,
             uint32_t shard) {
  const std::string where = fmt::format("shard=\"{}\"", shard);
  const auto not_judged = [&](std::string_view reason, uint64_t value) {
    out.total("tocsin_points_not_judged_total", fmt::format("{},reason=\"{}\"", where, reason),
              "Points kept but not judged, by why.", value);
  };
  const auto refused = [&](std::string_view what, uint64_t value) {
    out.total("tocsin_streamer_refused_total", fmt::format("{},what=\"{}\"", where, what),
              "What a limit of the streamer refused.", value);
  };
  out.total("tocsin_points_seen_total", where, "Points that came to a shard.", counts.points);
  out.total("tocsin_points_judged_total", where, "Points judged, once per worker.", counts.judged);
  not_judged("learning", counts.learning);
  not_judged("marked", counts.marked);
  not_judged("late", counts.late);
  not_judged("future", counts.future);
  not_judged("not_a_number", counts.not_a_number);
  not_judged("untested", counts.untested);
  refused("profile", counts.models_refused);
  refused("tail", counts.tails_refused);
  refused("aggregate_member", counts.members_refused);
  refused("late_for_slot", counts.slots_late);
  refused("derived_series", counts.derived_refused);
  refused("sender", counts.senders_forgotten);
  out.total("tocsin_violations_opened_total", where, "Violations opened.", counts.opened);
  out.total("tocsin_violations_ended_total", where, "Violations ended.", counts.ended);
  out.total("tocsin_points_out_of_order_total", where, "Points older than their series' newest.",
            head.late_total());
}

void publish(Published& out, const rules::EngineCounts& counts) {
  out.total("tocsin_rules_items_total", "", "Violations and states that the rules saw.",
            counts.items);
  out.total("tocsin_rules_refused_total", "what=\"scope\"", "What a limit of the rules refused.",
            counts.scopes_refused);
  out.total("tocsin_rules_refused_total", "what=\"violation\"",
            "What a limit of the rules refused.", counts.violations_refused);
  const auto decisions = [&](std::string_view what, uint64_t value) {
    out.total("tocsin_decisions_total", fmt::format("what=\"{}\"", what), "Decisions of the rules.",
              value);
  };
  decisions("opened", counts.opened);
  decisions("updated", counts.updated);
  decisions("resolved", counts.resolved);
}

}  // namespace tocsin
