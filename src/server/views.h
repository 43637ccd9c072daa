#pragma once
// What the API needs from the rest of the program. The program implements it (a test has a fake):
// each call starts in the loop of a connection and must not block; `done` is called once, from any
// thread, now or later. A call whose `done` is dropped is answered with 500.
//
// "There is no such thing" is an empty optional (404). Errors: kInvalid 400, kRefused 409,
// kExhausted 503, kUnavailable 503, the rest 500.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "intake/series_guard_view.h"
#include "query/reduction.h"
#include "server/view_types.h"
#include "vocabulary/matcher.h"

namespace tocsin::server {

template <class T>
using Done = std::function<void(Result<T>)>;

struct RangeQuery {
  SeriesSelector selector;
  TimeMs from, to;       // from < to
  uint32_t width = 800;  // pixels: at most 2 points each
};
struct RecentQuery {
  enum class By : uint8_t { kSeries, kAll, kLabel };
  SeriesSelector selector;
  size_t points = 0;  // the last so many of each series; 0: those of the last `span`
  DurationMs span{};  // until now
  std::optional<Reduction> reduce;
  // One value per series and one over all, or only that, or that and one per value of a label.
  By by = By::kSeries;
  std::string label;    // of kLabel
  size_t limit = 1000;  // series
  uint32_t width = 800;
};
struct BandQuery {
  Labels series;
  std::string worker;  // empty = the first that tests it
  TimeMs from, to;
  uint32_t width = 800;
};

// Somebody does something to an alert.
struct AlertAction {
  enum class What : uint8_t { kAcknowledge, kUnacknowledge, kResolve, kNote, kShelve, kUnshelve };
  What what = What::kAcknowledge;
  Id128 alert;
  std::string by;
  std::string text;  // the note or the reason
  TimeMs until{};    // of kAcknowledge: then it counts as not acknowledged again; 0 = for good.
                     // Of kShelve: then it comes back
};
struct NewSilence {
  std::vector<LabelMatcher> matchers;  // at least one
  TimeMs until;
  std::string comment, by;  // both given
};
struct SilenceEnd {
  std::string id;
  TimeMs until;
  std::string by;
};

class Views {
 public:
  virtual ~Views() = default;

  virtual void status(Done<StatusView> done) = 0;
  virtual void now(Done<NowView> done) = 0;

  // In any order; the server sorts and cuts. At least the first `limit` by its order, if cheaper.
  virtual void alerts(AlertQuery query, Done<AlertPage> done) = 0;
  virtual void alert(Id128 id, Done<std::optional<AlertDetails>> done) = 0;
  virtual void act(AlertAction action, Done<std::optional<AlertEntry>> done) = 0;
  // Groups that are open, newest first; or one of any age.
  virtual void groups(Done<std::vector<AlertGroup>> done) = 0;
  virtual void group(Id128 id, Done<std::optional<AlertGroup>> done) = 0;
  virtual void silences(Done<std::vector<SilenceView>> done) = 0;
  virtual void add_silence(NewSilence silence, Done<SilenceView> done) = 0;
  virtual void end_silence(std::string id, std::string by, Done<bool> done) = 0;  // false: none
  virtual void move_silence_end(SilenceEnd end, Done<std::optional<SilenceView>> done) = 0;
  // Also one that has ended; at most `limit` of its alerts.
  virtual void silence(std::string id, size_t limit, Done<std::optional<SilenceDetails>> done) = 0;
  // What it would have kept quiet of the alerts that opened since; `limit` of them by line.
  virtual void preview_silence(std::vector<LabelMatcher> matchers, TimeMs since, size_t limit,
                               Done<supervisor::SilencePreview> done) = 0;
  virtual void maintenance(Done<std::vector<MaintenanceView>> done) = 0;

  // False: there is no such violation, or it has ended.
  virtual void answer(GivenAnswer given, Done<bool> done) = 0;
  // Newest first, at or after `since`; older ones that are open and of tier kpi stand behind.
  virtual void violations(size_t limit, TimeMs since, Done<std::vector<ViolationRow>> done) = 0;

  virtual void series(SeriesSelector selector, size_t limit, Done<std::vector<SeriesRow>> done) = 0;
  virtual void range(RangeQuery query, Done<RangeView> done) = 0;
  virtual void recent(RecentQuery query, Done<RecentView> done) = 0;
  virtual void latest(SeriesSelector selector, Done<std::vector<LatestRow>> done) = 0;
  virtual void band(BandQuery query, Done<std::optional<BandView>> done) = 0;

  virtual void workers(Done<std::vector<WorkerView>> done) = 0;
  virtual void worker(std::string id, Done<std::optional<WorkerDetails>> done) = 0;
  virtual void senders(Done<std::vector<SenderView>> done) = 0;
  virtual void cardinality(intake::CardinalityQuery query, Done<intake::CardinalityView> done) = 0;
  virtual void inbox(size_t limit, Done<std::vector<InboxMessage>> done) = 0;  // newest first
  virtual void receivers(Done<std::vector<ReceiverView>> done) = 0;
  virtual void test_receiver(std::string name, Done<std::optional<Delivery>> done) = 0;
  virtual void reload(Done<ReloadView> done) = 0;
};

}  // namespace tocsin::server
