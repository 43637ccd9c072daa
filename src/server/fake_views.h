#pragma once
// For tests: Views whose values a test fills, and which remember what was asked. Answers come from
// a thread of its own, as in the program.

#include <mutex>
#include <thread>

#include "server/views.h"

namespace tocsin::server {

class FakeViews final : public Views {
 public:
  StatusView status_view;
  NowView now_view;
  std::vector<AlertEntry> alert_entries;
  std::optional<AlertDetails> details;
  std::vector<SilenceView> silence_views;
  std::vector<AlertGroup> group_views;
  std::vector<ViolationRow> violation_rows;
  std::vector<SeriesRow> series_rows;
  RangeView range_view;
  RecentView recent_view;
  std::vector<LatestRow> latest_rows;
  std::optional<BandView> band_view;
  std::vector<WorkerView> worker_views;
  std::optional<WorkerDetails> worker_details;
  std::vector<SenderView> sender_views;
  intake::CardinalityView cardinality_view;
  std::vector<InboxMessage> messages;
  std::vector<ReceiverView> receiver_views;
  std::optional<Delivery> tested;
  ReloadView reload_view;
  std::optional<Error> failure;  // instead of every value

  // What was asked last. Written in the loop, read by the test after the answer.
  AlertQuery asked_alerts;
  AlertAction asked_action;
  NewSilence asked_silence;
  SilenceEnd asked_silence_end;
  std::optional<SilenceDetails> silence_details;
  supervisor::SilencePreview preview;
  std::vector<MaintenanceView> maintenance_views;
  std::vector<LabelMatcher> asked_matchers;
  GivenAnswer asked_answer;
  std::string asked_end, asked_end_by, asked_name, asked_selector;
  size_t asked_limit = 0;
  TimeMs asked_since;
  RangeQuery asked_range;
  std::optional<supervisor::ClosedCursor> next_alerts;
  RecentQuery asked_recent;
  BandQuery asked_band;
  intake::CardinalityQuery asked_cardinality;

  ~FakeViews() override {
    for (std::thread& thread : threads_) thread.join();
  }

  void status(Done<StatusView> done) override { give(std::move(done), status_view); }
  void now(Done<NowView> done) override { give(std::move(done), now_view); }
  void alerts(AlertQuery query, Done<AlertPage> done) override {
    asked_alerts = std::move(query);
    give(std::move(done), AlertPage{alert_entries, next_alerts, true});
  }
  void alert(Id128 id, Done<std::optional<AlertDetails>> done) override {
    const bool known = details && details->entry.alert->id == id;
    give(std::move(done), known ? details : std::nullopt);
  }
  void act(AlertAction action, Done<std::optional<AlertEntry>> done) override {
    asked_action = action;
    std::optional<AlertEntry> out;
    for (const AlertEntry& entry : alert_entries)
      if (entry.alert->id == action.alert) out = entry;
    give(std::move(done), out);
  }
  void groups(Done<std::vector<AlertGroup>> done) override { give(std::move(done), group_views); }
  void group(Id128 id, Done<std::optional<AlertGroup>> done) override {
    std::optional<AlertGroup> found;
    for (const AlertGroup& one : group_views)
      if (one->id == id) found = one;
    give(std::move(done), found);
  }
  void silences(Done<std::vector<SilenceView>> done) override {
    give(std::move(done), silence_views);
  }
  void add_silence(NewSilence silence, Done<SilenceView> done) override {
    SilenceView view{"s1", {}, TimeMs{1}, silence.until, silence.comment, silence.by, 0};
    for (const LabelMatcher& matcher : silence.matchers) view.matchers.push_back(matcher.text());
    asked_silence = std::move(silence);
    give(std::move(done), view);
  }
  void end_silence(std::string id, std::string by, Done<bool> done) override {
    asked_end = id;
    asked_end_by = by;
    give(std::move(done), id == "s1");
  }
  void move_silence_end(SilenceEnd end, Done<std::optional<SilenceView>> done) override {
    asked_silence_end = end;
    if (end.id != "s1") return give(std::move(done), std::optional<SilenceView>());
    give(std::move(done),
         std::optional(SilenceView{"s1", {"a=b"}, TimeMs{1}, end.until, "c", "ada", 3}));
  }
  void silence(std::string id, size_t limit, Done<std::optional<SilenceDetails>> done) override {
    asked_limit = limit;
    give(std::move(done), id == "s1" ? silence_details : std::nullopt);
  }
  void preview_silence(std::vector<LabelMatcher> matchers, TimeMs since, size_t limit,
                       Done<supervisor::SilencePreview> done) override {
    asked_matchers = std::move(matchers);
    asked_since = since;
    asked_limit = limit;
    give(std::move(done), preview);
  }
  void maintenance(Done<std::vector<MaintenanceView>> done) override {
    give(std::move(done), maintenance_views);
  }
  void violations(size_t limit, TimeMs since, Done<std::vector<ViolationRow>> done) override {
    asked_limit = limit;
    asked_since = since;
    give(std::move(done), violation_rows);
  }
  void answer(GivenAnswer given, Done<bool> done) override {
    asked_answer = given;
    bool known = false;
    for (const ViolationRow& row : violation_rows) known |= row.violation.id == given.violation;
    give(std::move(done), known);
  }
  void series(SeriesSelector selector, size_t limit, Done<std::vector<SeriesRow>> done) override {
    asked_selector = selector.text();
    asked_limit = limit;
    give(std::move(done), series_rows);
  }
  void range(RangeQuery query, Done<RangeView> done) override {
    asked_range = std::move(query);
    give(std::move(done), range_view);
  }
  void recent(RecentQuery query, Done<RecentView> done) override {
    asked_recent = std::move(query);
    give(std::move(done), recent_view);
  }
  void latest(SeriesSelector selector, Done<std::vector<LatestRow>> done) override {
    asked_selector = selector.text();
    give(std::move(done), latest_rows);
  }
  void band(BandQuery query, Done<std::optional<BandView>> done) override {
    asked_band = std::move(query);
    give(std::move(done), band_view);
  }
  void workers(Done<std::vector<WorkerView>> done) override { give(std::move(done), worker_views); }
  void worker(std::string id, Done<std::optional<WorkerDetails>> done) override {
    asked_name = id;
    give(std::move(done), worker_details);
  }
  void senders(Done<std::vector<SenderView>> done) override { give(std::move(done), sender_views); }
  void cardinality(intake::CardinalityQuery query, Done<intake::CardinalityView> done) override {
    asked_cardinality = std::move(query);
    give(std::move(done), cardinality_view);
  }
  void inbox(size_t limit, Done<std::vector<InboxMessage>> done) override {
    asked_limit = limit;
    give(std::move(done), messages);
  }
  void receivers(Done<std::vector<ReceiverView>> done) override {
    give(std::move(done), receiver_views);
  }
  void test_receiver(std::string name, Done<std::optional<Delivery>> done) override {
    asked_name = name;
    give(std::move(done), tested);
  }
  void reload(Done<ReloadView> done) override { give(std::move(done), reload_view); }

 private:
  template <class T>
  void give(Done<T> done, T value) {
    Result<T> result = std::move(value);
    if (failure) result = fail(*failure);
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([done = std::move(done), result = std::move(result)] { done(result); });
  }
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

}  // namespace tocsin::server
