#pragma once
// Likely causes in the running program: ranked when an alert opens and five minutes later, in the
// background, and kept with it; ranked anew for any span on demand. And the changes that people and
// other systems tell of.
//
//   alert opens ─► background: changes from the database ─► pool: scan_causes on the shards,
//   ranking, the charts' points ─► decision thread: one transaction
//
// One alert at a time. Bounded: kWaitingMax alerts wait, kLaterMax are looked at again; past either
// an alert is left out, counted (tocsin_causes_left_out_total), and ranked when somebody asks.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/causes_desk.h"
#include "tocsin/cause_answer.h"
#include "tocsin/live.h"
#include "tocsin/query_reads.h"

namespace tocsin {

class LiveCauses final : public server::CausesDesk {
 public:
  // Both outlive it. Listens to live.watchers.alert, beside who did before: make it after them and
  // before listening.
  LiveCauses(Live& live, QueryReads& reads);

  void kept(Id128 alert, server::Done<std::optional<std::string>> done) override;
  void rank(server::CausesQuery query,
            server::Done<std::optional<server::CausesView>> done) override;
  void changes(supervisor::MarkedChangeFilter filter,
               server::Done<std::vector<supervisor::MarkedChange>> done) override;
  void add_change(supervisor::MarkedChange change,
                  server::Done<supervisor::MarkedChange> done) override;
  void remove_change(std::string id, server::Done<bool> done) override;

 private:
  using AlertPtr = std::shared_ptr<const AlertView>;
  using Ranked = std::function<void(Result<server::CausesView>)>;
  struct Waiting {
    AlertPtr alert;
    CausesWhen when;
  };
  static constexpr size_t kWaitingMax = 50;
  static constexpr size_t kLaterMax = 200;
  static constexpr size_t kSeenMax = 1000;
  static constexpr size_t kSeriesMax = 1'000'000;

  // On the background loop, but for the first.
  void on_alert(const AlertPtr& alert);
  void take(AlertPtr alert, CausesWhen when);
  void begin_next();
  void keep(const AlertPtr& alert, Result<server::CausesView> view);
  void rank_asked(CausesAsked asked, Ranked ranked);
  // On a thread of the pool.
  Result<server::CausesView> answer(const CausesAsked& asked,
                                    const std::vector<supervisor::MarkedChange>& changes,
                                    server::QueryContext& context);
  std::vector<SeriesRef> candidates(const CausesAsked& asked);
  void add_points(const CausesAsked& asked, const query::CauseScan& scan,
                  const query::CauseOrder& order, server::CausesView& view,
                  const std::function<bool()>& stop);
  void with_alert(Id128 id, std::function<void(Result<AlertPtr>)> then);
  void in_background(std::function<void()> work);

  Live& live_;
  QueryReads& reads_;
  Counter& ranked_;
  Counter& left_out_;
  Counter& nanoseconds_;
  // On the decision thread: alerts that were taken, the newest.
  std::set<Id128> seen_;
  std::deque<Id128> seen_order_;
  // On the background loop.
  std::deque<Waiting> waiting_;
  bool busy_ = false;
  std::atomic<size_t> waiting_count_{0};  // of these, and of those on their way to the background
  std::atomic<size_t> later_{0};
};

}  // namespace tocsin
