#pragma once
// An alert's life: one alert per rule and scope, told once, silenced, covered, acknowledged,
// resolved, expired. Owned by the decision thread, which alone calls it; it has no threads and does
// no I/O after load(): what is to be written and told comes out as Changes.
//
// What survives a crash is what was applied and committed. Decisions are given again from the
// applied position on and those already worked in are ignored, so nothing is lost or told twice.
// Time comes in through the calls and never goes back: an earlier `now` counts as the latest seen.
// Bounded: Options::open_alerts_max (past it openings are refused and counted, and an alert of
// Tocsin itself says so), silences_max, recent_max.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/counters.h"
#include "supervisor/changes.h"
#include "supervisor/command.h"
#include "supervisor/directory.h"
#include "supervisor/escalation.h"
#include "supervisor/options.h"
#include "supervisor/packed_record.h"
#include "supervisor/route.h"
#include "supervisor/tier.h"
#include "vocabulary/reported_alert.h"

namespace tocsin::supervisor {

struct AlertFilter {
  enum class State { kOpen, kResolved, kAll };  // kResolved includes expired
  State state = State::kOpen;
  std::optional<Severity> severity;
  std::string rule;                 // empty = any
  std::vector<Labels::Pair> scope;  // all of these labels
  TimeMs since = kTimeMin;          // updated, or closed, at or after
  size_t limit = 100;
};

struct OpenAlertEnd {
  std::shared_ptr<const AlertView> alert;
  std::optional<TimeMs> ends;
};

// An open alert as it is kept: cheap to take on the decision thread, to be read on another.
struct KeptAlert {
  Id128 id;
  std::shared_ptr<const AlertRecord> whole;  // null: packed
  PackedRecord packed;
  std::optional<TimeMs> ends;

  OpenAlertEnd read() const;
};

// What a command made.
struct CommandDone {
  std::shared_ptr<const AlertView> alert;  // of commands on alerts
  std::string silence;                     // id, of AddSilence and RemoveSilence
};

class Supervisor {
 public:
  // `counters` must outlive it.
  Supervisor(Options options, Routes routes, Counters& counters);
  ~Supervisor();
  Supervisor(Supervisor&&) noexcept;

  // Open alerts, silences, recent ones and the applied position. Before anything else, once, after
  // the migrations.
  Result<void> load(state::Database& database);
  // The open alerts as bytes, for a checkpoint that a replay begins from; restore() takes them up,
  // instead of load(), without what people did about them. kCorrupt leaves it empty.
  void save_open(ByteWriter& out) const;
  Result<void> restore_open(ByteReader& in);
  // Where the replay of decisions has to begin, at the latest.
  Position applied() const;

  // Decisions in Position order; those at or before the applied one are ignored. Runs advance() to
  // the decision's time first.
  void step(const Decision& decision, Changes& out);
  // Everything that falls due up to and including `now`.
  void advance(TimeMs now, Changes& out);
  // When advance() has something to do next; kTimeMax if nothing.
  TimeMs next_due() const;
  // kInvalid (the command is wrong), kRefused (not in this state), with words for the person.
  // The answer may be given to the person once `out` is committed. A refused command changes
  // nothing, but what fell due before it is in `out` and wants to be committed all the same.
  Result<CommandDone> command(const Command& command, TimeMs now, Changes& out);
  // What other systems tell of, in the order in which it came: alerts of their own, known by their
  // labels. Told again, only the end moves: that is in memory alone.
  ReportCounts report(const ReportedBatch& batch, TimeMs now, Changes& out);
  // After load(), and when the clock or the process has jumped: reported alerts hold for another
  // resolve_timeout at least, so that their senders can tell of them again.
  void resume(TimeMs now);
  // Until when a reported alert holds unless it is told again; nothing: it is none, or has no end.
  std::optional<TimeMs> holds_until(const Id128& key) const;
  // The open alert of this reported_key().
  std::optional<Id128> reported_alert(const Id128& key) const;
  // New configuration: counts for what is told from now on.
  void configure(Options options, Routes routes);
  // Policies and tiers: count for alerts told from now on; an escalation under way keeps its own.
  void set_escalation(std::shared_ptr<const EscalationRules> rules);
  // Who can be reached from now on.
  void set_directory(std::shared_ptr<const Directory> directory);
  // What became of a delivery: a call that cannot be sent makes the next one go out at once.
  void delivered(const Delivery& delivery, TimeMs now, Changes& out);

  // Who is called next if nobody does anything, soonest first. Empty: nobody.
  std::vector<EscalationNext> next(const Id128& id, size_t limit) const;
  // Who would be told of such an alert that opens at `at`.
  EscalationPreview preview(const Labels& labels, Severity severity, TimeMs at, size_t limit) const;

  // Open alerts and the most recent closed ones; unanswered first, then severity, then age.
  // Everything ever written is in archive.h.
  std::vector<std::shared_ptr<const AlertView>> alerts(const AlertFilter& filter) const;
  std::shared_ptr<const AlertView> find(const Id128& id) const;  // null if not in memory
  // Every open alert, and until when it holds (holds_until); in no order.
  std::vector<KeptAlert> open() const;
  std::vector<Silence> silences() const;  // that have not ended, by end
  size_t open_count() const;
  std::shared_ptr<const MaintenanceWindows> maintenance() const;  // never null

 private:
  class Book;
  std::unique_ptr<Book> book_;
};

// Ordering of alerts(): true if `a` comes first.
bool more_urgent(const AlertView& a, const AlertView& b);

}  // namespace tocsin::supervisor
