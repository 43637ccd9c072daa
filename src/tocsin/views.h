#pragma once
// What the pages see of the running program: gathers from shards, decision thread, disk and
// database, and answers when the last part is there. Gathering happens where the data lives,
// putting together on the background loop.

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/hub.h"
#include "server/views.h"
#include "streamer/class_history.h"
#include "tocsin/live.h"
#include "tocsin/query_reads.h"
#include "tocsin/quick_start.h"
#include "tocsin/rebuild.h"

namespace tocsin {

// How a state and a deviation are said everywhere.
server::GuardState guard_state(streamer::TestView::State state);
// "57 %", or "3.4×" from twice the expected value on; empty without an expectation.
std::string change_text(const JudgedPoint& point);

class LiveViews final : public server::Views {
 public:
  // quick_start may be null. Sets live.watchers: make it before listening.
  LiveViews(Live& live, QueryReads& reads, server::Hub& hub, Progress& progress);
  void set_quick_start(QuickStart* quick_start) { quick_start_.store(quick_start); }
  // Starts the timers that feed the live stream.
  void start();
  using Reload = std::function<server::ReloadView()>;
  void set_reload(Reload reload) { reload_ = std::move(reload); }
  void set_rebuild(const Rebuild* rebuild) { rebuild_.store(rebuild); }
  void set_config_error(std::string error);

  void status(server::Done<server::StatusView> done) override;
  void now(server::Done<server::NowView> done) override;
  void alerts(server::AlertQuery query, server::Done<server::AlertPage> done) override;
  void alert(Id128 id, server::Done<std::optional<server::AlertDetails>> done) override;
  void act(server::AlertAction action,
           server::Done<std::optional<server::AlertEntry>> done) override;
  void groups(server::Done<std::vector<server::AlertGroup>> done) override;
  void group(Id128 id, server::Done<std::optional<server::AlertGroup>> done) override;
  void silences(server::Done<std::vector<server::SilenceView>> done) override;
  void add_silence(server::NewSilence silence, server::Done<server::SilenceView> done) override;
  void end_silence(std::string id, std::string by, server::Done<bool> done) override;
  void move_silence_end(server::SilenceEnd end,
                        server::Done<std::optional<server::SilenceView>> done) override;
  void silence(std::string id, size_t limit,
               server::Done<std::optional<server::SilenceDetails>> done) override;
  void preview_silence(std::vector<LabelMatcher> matchers, TimeMs since, size_t limit,
                       server::Done<supervisor::SilencePreview> done) override;
  void maintenance(server::Done<std::vector<server::MaintenanceView>> done) override;
  void violations(size_t limit, TimeMs since,
                  server::Done<std::vector<server::ViolationRow>> done) override;
  void answer(GivenAnswer given, server::Done<bool> done) override;
  void series(SeriesSelector selector, size_t limit,
              server::Done<std::vector<server::SeriesRow>> done) override;
  void range(server::RangeQuery query, server::Done<server::RangeView> done) override;
  void recent(server::RecentQuery query, server::Done<server::RecentView> done) override;
  void latest(SeriesSelector selector, server::Done<std::vector<server::LatestRow>> done) override;
  void band(server::BandQuery query, server::Done<std::optional<server::BandView>> done) override;
  void workers(server::Done<std::vector<server::WorkerView>> done) override;
  void worker(std::string id, server::Done<std::optional<server::WorkerDetails>> done) override;
  void senders(server::Done<std::vector<server::SenderView>> done) override;
  void cardinality(intake::CardinalityQuery query,
                   server::Done<intake::CardinalityView> done) override;
  void inbox(size_t limit, server::Done<std::vector<server::InboxMessage>> done) override;
  void receivers(server::Done<std::vector<server::ReceiverView>> done) override;
  void list_receivers(const respond::Dispatcher::Standings& standings,
                      const server::Done<std::vector<server::ReceiverView>>& done);
  void test_receiver(std::string name, server::Done<std::optional<Delivery>> done) override;
  void reload(server::Done<server::ReloadView> done) override;

 private:
  using AlertPtr = std::shared_ptr<const AlertView>;
  struct KpiRow {
    server::NowView::Kpi kpi;
    std::string site;
    size_t rank = 0;  // place on the board: worker, then which of its selectors
  };
  // The worst of each half hour of the last day, per site.
  class Lanes {
   public:
    void note(const std::string& site, TimeMs time, server::NowView::Lane worst);
    std::vector<server::NowView::Lane> last_day(const std::string& site, TimeMs now) const;

   private:
    mutable std::mutex mutex_;
    std::map<std::string, std::map<int64_t, server::NowView::Lane>> by_site_;
  };

  // Runs `part` on every shard, then `whole` with all results on the background loop.
  template <class T>
  void gather(std::function<T(ShardThread&)> part, std::function<void(std::vector<T>)> whole);
  void on_decisions(std::function<void(DecisionThread&)> work);
  void in_background(std::function<void()> work);

  void watch();
  void remember_lanes();
  void tick_status();
  void tick_now();
  server::StatusView status_now();
  std::vector<KpiRow> kpi_rows(ShardThread& shard, size_t points_max) const;
  void paint(std::vector<KpiRow>& rows, const std::vector<AlertPtr>& open) const;
  server::NowView put_together(std::vector<KpiRow> rows, const std::vector<AlertPtr>& open);
  Result<void> add_closed(const server::AlertQuery& query, const supervisor::AlertFilter& filter,
                          std::vector<AlertPtr>& alerts, server::AlertPage& page);
  server::AlertEntry entry_of(const AlertPtr& alert);
  void act_on_known(const server::AlertAction& action,
                    const server::Done<std::optional<server::AlertEntry>>& done);
  void with_sparks(std::vector<server::AlertEntry> entries,
                   std::function<void(std::vector<server::AlertEntry>)> done);
  server::AlertDetails details_of(const AlertPtr& alert);
  // All that are open, of tier kpi, oldest first.
  void open_kpis(std::function<void(std::vector<Violation>)> done);
  server::ViolationRow row_of(DecisionThread& decisions, const StreamItem& item) const;
  // Sorted by labels.
  std::vector<SeriesRef> select(const SeriesSelector& selector, size_t limit);
  struct SeriesSamples {
    SeriesRef series;
    std::vector<Sample> points;
  };
  // Stored and newest points of each series; `done` runs on the background loop.
  void points_of(std::vector<SeriesRef> wanted, TimeMs from, TimeMs to,
                 std::function<void(std::vector<SeriesSamples>)> done);
  void prepend_sealed(const std::vector<streamer::TimeSpan>& spans, SeriesSamples& into) const;
  server::WorkerView worker_view(uint32_t index,
                                 const std::vector<ShardSummary::States>& parts) const;
  server::WorkerDetails::Series series_view(const streamer::Streamer& streamer,
                                            const streamer::TestView& test, WorkerRef worker) const;
  // points: of the series; then, of a pair, what stands behind its values.
  server::BandView draw(const Labels& labels, WorkerRef worker, const server::BandQuery& query,
                        const std::vector<SeriesSamples>& points) const;

  Live& live_;
  QueryReads& reads_;
  server::Hub& hub_;
  Progress& progress_;
  std::atomic<QuickStart*> quick_start_{nullptr};
  std::atomic<const Rebuild*> rebuild_{nullptr};
  Reload reload_;
  Lanes lanes_;
  mutable std::mutex mutex_;
  std::string config_error_;  // guarded by mutex_
  TimeMs config_loaded_at_;   // guarded by mutex_
  // Rates, on the background loop.
  TimeMs rate_at_;
  uint64_t rate_points_ = 0;
  std::atomic<double> points_per_s_{0};
  std::map<uint32_t, std::pair<uint64_t, double>> sender_rates_;  // points, per second
  std::atomic<double> decision_p99_ms_{0};
  std::atomic<int64_t> outbox_pending_{0}, outbox_retrying_{0};
};

template <class T>
void LiveViews::gather(std::function<T(ShardThread&)> part,
                       std::function<void(std::vector<T>)> whole) {
  struct State {
    std::mutex mutex;
    std::vector<T> results;
    size_t missing;
    std::function<void(std::vector<T>)> whole;
  };
  auto state = std::make_shared<State>();
  state->missing = live_.shards().size();
  state->results.resize(state->missing);
  state->whole = std::move(whole);
  for (size_t i = 0; i < live_.shards().size(); ++i)
    live_.shards()[i]->ask([this, i, state, part](ShardThread& shard) {
      T result = part(shard);
      {
        const std::lock_guard lock(state->mutex);
        state->results[i] = std::move(result);
        if (--state->missing > 0) return;
      }
      in_background([state] { state->whole(std::move(state->results)); });
    });
}

}  // namespace tocsin
