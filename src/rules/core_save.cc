// The engine as bytes; docs/formats are not concerned: a checkpoint is read by the version that
// wrote it, or thrown away (load() refuses another version and the journal is replayed).
//
//   version, names (0 labels, 1 refs)
//   decision time, positions, counts
//   tests       series, worker, status          in the order of Core::tests_
//   violations  test's number, violation, tail
//   rules       id, hash, place, severity, scopes: labels, leaves' cadences, waiting, entries,
//   alert
#include "rules/codec.h"
#include "rules/core.h"
#include "rules/core_format.h"

namespace tocsin::rules {
namespace {

void write_test(ByteWriter& out, const Test& test) {
  out.u8(static_cast<uint8_t>(test.tier));
  out.u8(static_cast<uint8_t>(test.status));
  write_time(out, test.since);
  write_time(out, test.guarded_from);
  out.zigzag(test.cadence.count);
}

void write_alert(ByteWriter& out, const OpenAlert& alert) {
  write_time(out, alert.opened);
  write_time(out, alert.updated);
  write_time(out, alert.refreshed);
  out.u8(alert.pending);
  write_optional_time(out, alert.quiet_since);
  write_optional_time(out, alert.judge_again);
  out.varint(alert.carried.size());
  for (const JudgedViolation& each : alert.carried) write_judged(out, each);
  out.text(alert.summary);
  out.u8(static_cast<uint8_t>(alert.trend));
  write_time(out, alert.next_prediction);
  out.varint(alert.predictions.size());
  for (const Prediction& prediction : alert.predictions) {
    write_time(out, prediction.due);
    out.f64(prediction.distance);
  }
  out.varint(alert.predictions_due);
  out.varint(alert.hits);
}

bool is_idle(const Scope& scope) { return scope.entries.empty() && !scope.alert; }

}  // namespace

void Engine::Core::save(ByteWriter& out, Names names) const {
  out.u8(kFormatVersion);
  out.u8(static_cast<uint8_t>(names));
  write_time(out, now_);
  write_position(out, last_item_);
  out.varint(last_lsn_.value);
  write_position(out, last_emitted_);
  for (const uint64_t count :
       {counts_.items, counts_.repeated, counts_.scopes_refused, counts_.violations_refused,
        counts_.opened, counts_.updated, counts_.resolved})
    out.varint(count);
  out.varint(tests_.size());
  for (const Test& test : tests_) {
    if (names == Names::kRefs)
      out.varint(test.series.index);
    else
      write_labels(out, table_.labels(test.series));
    out.text(worker_id(test.worker));
    write_test(out, test);
  }
  std::unordered_map<uint32_t, uint32_t> live_number;  // looked up only
  out.varint(live_.size() - free_live_.size());
  for (uint32_t i = 0; i < live_.size(); ++i) {
    if (live_[i].test == kNoIndex) continue;
    live_number.emplace(i, static_cast<uint32_t>(live_number.size()));
    out.varint(live_[i].test);
    write_violation(out, live_[i].violation);
    write_tail(out, live_[i].tail);
  }
  save_rules(out, live_number);
}

void Engine::Core::save_rules(ByteWriter& out,
                              const std::unordered_map<uint32_t, uint32_t>& live_number) const {
  const std::vector<Rule>& rules = rules_->rules();
  out.varint(rules.size());
  for (uint32_t i = 0; i < rules.size(); ++i) {
    out.text(rules[i].id);
    out.u64(rules[i].hash);
    out.text(rules[i].place);
    out.u8(static_cast<uint8_t>(rules[i].severity));
    out.varint(scopes_by_labels_[i].size());
    for (const auto& [labels, scope] : scopes_by_labels_[i])
      save_scope(out, scopes_[scope], live_number);
  }
  out.varint(orphans_.size());
  for (const Orphan& orphan : orphans_) {
    out.text(orphan.rule_id);
    out.text(orphan.place);
    out.u8(static_cast<uint8_t>(orphan.severity));
    write_labels(out, orphan.scope);
    out.text(orphan.reason);
    write_alert(out, orphan.alert);
  }
}

void Engine::Core::save_scope(ByteWriter& out, const Scope& scope,
                              const std::unordered_map<uint32_t, uint32_t>& live_number) const {
  write_labels(out, scope.labels);
  out.varint(scope.leaves.size());
  for (const LeafState& leaf : scope.leaves) out.zigzag(leaf.cadence.count);
  out.u8(is_idle(scope));
  if (is_idle(scope)) return;
  write_optional_time(out, scope.waiting_since);
  out.varint(scope.entries.size());
  for (const uint32_t index : scope.entries) {
    const Entry& entry = entries_[index];
    out.varint(live_number.at(entry.live));
    out.varint(entry.leaf);
    out.u8(static_cast<uint8_t>(entry.lit));
    out.u8(entry.light);
    write_time(out, entry.lit_at);
  }
  out.u8(scope.alert != nullptr);
  if (scope.alert) write_alert(out, *scope.alert);
}

}  // namespace tocsin::rules
