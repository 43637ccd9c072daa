#pragma once
// Keeps the number of series within the limits of the configuration: past one, new series are
// refused and known ones go on. Counts exactly, over all loops: it is asked under the lock of the
// table of series. Knows what grows, for the Cardinality page and for the alert that names it.
//
// Threads: any; a lock, taken once per new series and per look at the page, never per point.
// A crash loses nothing that limits depend on: recovered() counts the series that are there.
// Bounded: one small entry per different value of a limited label, kTroublesMax limits in trouble
// with their evidence, CardinalityCaps.

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/counters.h"
#include "intake/cardinality.h"
#include "intake/series_guard_view.h"
#include "intake/series_limits.h"
#include "vocabulary/series_table.h"

namespace tocsin::intake {

class SeriesGuard final : public SeriesGate {
 public:
  static constexpr size_t kTroublesMax = 256;

  // table, clock and counters outlive it. It is not yet the table's gate.
  SeriesGuard(const SeriesTable& table, const Clock& clock, Counters& counters, SeriesLimits limits,
              const CardinalityCaps& caps = {});

  // ---- At the start, by one thread, in this order; then table.set_gate(&guard).
  // What save() wrote; without it growth begins with this start.
  Result<void> load(std::string_view bytes);
  // A frame of the journal named these for the first time, perhaps after the last save().
  void journal_has(const std::vector<NewSeries>& fresh, TimeMs arrival, std::string_view sender);
  // All series are in the table.
  void recovered();

  // ---- Any thread.
  std::optional<std::string> admit(SeriesRef ref, const Labels& labels,
                                   std::string_view sender) override;
  // Of a new configuration; a label that had no limit is counted first.
  void set_limits(const SeriesLimits& limits);
  std::string save() const;

  // Limits in trouble now, for the alert: those with refusals in the last 90 s, and those beyond
  // warn_at with new series in the last 15 minutes. What both numbers are 0 of is left out, and
  // begins anew when it comes again.
  struct Report {
    std::string of;            // "service=checkout", "all series"
    std::string label, value;  // the service; of "all series" whose series came most
    std::string grew;          // the label with most different new values
    uint64_t refused = 0;      // lately; the same series each time it was sent
    uint64_t added = 0;        // lately, if beyond warn_at
  };
  std::vector<Report> report();

  CardinalityView view(const CardinalityQuery& query) const;

 private:
  struct Limit {
    std::string label;  // empty: all series
    uint64_t most = 0;
    uint64_t refused = 0;
    std::unordered_map<uint64_t, uint32_t> used;  // hash of the value -> its series
  };
  // What its new series look like, for the last one to two hours.
  struct Evidence {
    int64_t hour = 0;
    std::map<std::string, DistinctCounter, std::less<>> now, before;
    void add(const Labels& labels, TimeMs now_ms);
    // The label with most different values; empty if there is none.
    std::string most_values(std::string_view except) const;
  };
  struct Trouble {
    std::string value;
    bool active = true;  // in the last report()
    TimeMs began, last;  // of refusals or growth beyond warn_at
    uint64_t refused = 0;
    DistinctCounter series;                 // different ones that were refused
    SlotCounts<10, 10'000> refused_lately;  // longer than senders' usual intervals
    SlotCounts<4, 300'000> added_lately;
    Evidence evidence;
    std::string grew, owner_label, owner_value;  // as first told; they stay while it lasts
    std::string example, example_sender;
    TimeMs example_at;
  };
  using TroubleKey = std::pair<std::string, uint64_t>;  // label of the limit, hash of the value

  std::optional<std::string> refuse(const Labels& labels, std::string_view sender, TimeMs now);
  std::string turn_away(Limit& limit, std::string_view value, const Labels& labels,
                        std::string_view sender, TimeMs now);
  void count(const Labels& labels);
  void note_growth(const Labels& labels, TimeMs now);
  Trouble* trouble_of(const Limit& limit, std::string_view value, TimeMs now);
  bool make_room();
  void begin(Trouble& trouble, const Limit& limit, TimeMs now);
  void name_what_grew(Trouble& trouble, const std::string& label, TimeMs now) const;
  std::pair<std::string, std::string> owner_of_growth(TimeMs now) const;
  uint64_t used(const Limit& limit, uint64_t hash) const;
  bool near(const Limit& limit, uint64_t used) const;
  Limit counted_limit(const SeriesLimits::PerValue& per, uint32_t below) const;
  void add_tables(CardinalityView& out, const CardinalityQuery& query) const;
  void add_limits(CardinalityView& out) const;
  std::vector<Cardinality::Recent> add_recent(CardinalityView& out,
                                              const CardinalityQuery& query) const;

  const SeriesTable& table_;
  const Clock& clock_;
  Counter &refused_total_, &added_total_;
  Gauge& series_;

  mutable std::mutex mutex_;  // guards what follows
  SeriesLimits configured_;
  std::vector<Limit> limits_;  // the first is that of all series
  uint64_t total_ = 0;
  Cardinality cardinality_;
  std::map<TroubleKey, Trouble> troubles_;
  uint32_t next_ = 0;        // refs below it are counted
  uint32_t saved_next_ = 0;  // of the record that was loaded
  TimeMs since_;             // growth is known from here on
  struct Late {
    uint32_t ref;
    TimeMs arrival;
    std::string sender;
  };
  std::vector<Late> late_;  // until recovered()
};

}  // namespace tocsin::intake
