#include "tocsin/live_causes.h"

#include <algorithm>
#include <unordered_set>

#include "base/log.h"
#include "query/range.h"
#include "server/json_causes.h"
#include "supervisor/archive.h"
#include "supervisor/kept_causes.h"

namespace tocsin {
namespace {

// Nobody waits for what is kept with an alert, but the shards do other things as well.
constexpr DurationMs kPause = milliseconds(100);  // between two that wait
constexpr DurationMs kTimeLimitKept = seconds(5);
constexpr DurationMs kChartShortest = minutes(30);
constexpr uint32_t kChartWidth = 60;  // at most twice as many points

// Tocsin's own figures and alerts of Prometheus' rules cause nothing.
bool is_own(std::string_view name) {
  return name.starts_with("tocsin_") || name == "ALERTS" || name == "ALERTS_FOR_STATE";
}

bool shares_label(const Labels& labels, const Labels& about) {
  return std::any_of(about.pairs().begin(), about.pairs().end(), [&](const Labels::View& pair) {
    return pair.first != kNameLabel && labels.get(pair.first) == pair.second;
  });
}

// One transaction; an error is what the caller answers.
template <class T>
Result<T> in_transaction(state::Database& database,
                         const std::function<Result<T>(state::Transaction&)>& work) {
  auto transaction = database.begin();
  if (!transaction) return fail(transaction.error());
  Result<T> out = work(*transaction);
  if (!out) return out;
  if (auto committed = transaction->commit(); !committed) return fail(committed.error());
  return out;
}

}  // namespace

LiveCauses::LiveCauses(Live& live, QueryReads& reads)
    : live_(live),
      reads_(reads),
      ranked_(live.counters().counter("tocsin_causes_ranked_total", "",
                                      "Rankings of likely causes, of alerts and of spans.")),
      left_out_(live.counters().counter(
          "tocsin_causes_left_out_total", "",
          "Alerts whose causes were not ranked by themselves: too many opened at once.")),
      nanoseconds_(live.counters().counter("tocsin_causes_nanoseconds_total", "",
                                           "Time that rankings of likely causes took.")) {
  live_.watchers.alert = [this, before = live_.watchers.alert](const AlertPtr& alert) {
    if (before) before(alert);
    on_alert(alert);
  };
}

void LiveCauses::in_background(std::function<void()> work) {
  live_.background().post(std::move(work));
}

// On the decision thread. An alert that was open before the start has its causes already.
void LiveCauses::on_alert(const AlertPtr& alert) {
  if (alert->opened_at < live_.started_at() || !seen_.insert(alert->id).second) return;
  seen_order_.push_back(alert->id);
  if (seen_order_.size() > kSeenMax) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  // In a burst the background has enough to do without being told of each.
  if (waiting_count_ >= kWaitingMax && later_ >= kLaterMax) return left_out_.add(2);
  ++waiting_count_;
  in_background([this, alert] {
    --waiting_count_;
    take(alert, CausesWhen::kAtOpening);
    if (later_ >= kLaterMax) return left_out_.add();
    ++later_;
    live_.background().after(kCausesLater, [this, alert] {
      --later_;
      take(alert, CausesWhen::kLater);
    });
  });
}

void LiveCauses::take(AlertPtr alert, CausesWhen when) {
  if (waiting_.size() >= kWaitingMax) return left_out_.add();
  waiting_.push_back({std::move(alert), when});
  ++waiting_count_;
  begin_next();
}

void LiveCauses::begin_next() {
  if (busy_ || waiting_.empty()) return;
  busy_ = true;
  const Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  --waiting_count_;
  CausesAsked asked = causes_asked(*next.alert, next.when);
  asked.time_limit = kTimeLimitKept;
  rank_asked(std::move(asked), [this, alert = next.alert](Result<server::CausesView> view) {
    in_background([this, alert, view = std::move(view)] { keep(alert, view); });
  });
}

void LiveCauses::keep(const AlertPtr& alert, Result<server::CausesView> view) {
  // A burst of alerts is ranked in the pauses of the rest: each is a search and a transaction.
  if (waiting_.empty())
    busy_ = false;
  else
    live_.background().after(kPause, [this] {
      busy_ = false;
      begin_next();
    });
  if (!view) {
    log::warning("causes of alert {} could not be ranked: {}", to_text(alert->id),
                 view.error().text());
    return;
  }
  JsonWriter json;
  server::write_causes(json, *view);
  live_.decisions().write_state([id = alert->id, at = view->computed_at,
                                 text = json.take()](state::Database& database) {
    const auto kept = in_transaction<bool>(database, [&](state::Transaction& transaction) {
      return supervisor::keep_causes(transaction, id, at, text);
    });
    if (!kept)
      log::warning("causes of alert {} could not be kept: {}", to_text(id), kept.error().text());
  });
}

void LiveCauses::rank_asked(CausesAsked asked, Ranked ranked) {
  supervisor::MarkedChangeFilter filter;
  filter.from = asked.window.from - kChangeReach;
  filter.to = asked.window.to;
  auto changes = supervisor::list_marked_changes(live_.reader(), filter);
  if (!changes) return ranked(fail(changes.error()));
  server::Queries::Job job;
  job.fail = [ranked](const Error& error) { ranked(fail(error)); };
  job.run = [this, asked = std::move(asked), changes = std::move(*changes),
             ranked](server::QueryContext& context) { ranked(answer(asked, changes, context)); };
  reads_.pool().submit(std::move(job));
}

// Those that have to do with it first: the disk is asked in this order.
std::vector<SeriesRef> LiveCauses::candidates(const CausesAsked& asked) {
  std::unordered_set<uint32_t> left_out;
  const auto workers = live_.configuration()->workers;
  for (const streamer::Worker& worker : workers->workers()) {
    if (worker.tier != Tier::kKpi) continue;
    for (const SeriesSelector& selector : worker.select)
      for (const SeriesRef ref : reads_.index().find(selector, kSeriesMax).series)
        left_out.insert(ref.index);
  }
  for (const Labels& labels : asked.own)
    if (const auto ref = live_.series().find(labels)) left_out.insert(ref->index);
  std::vector<SeriesRef> related, others;
  const uint32_t size = live_.series().size();
  for (uint32_t i = 0; i < size && related.size() + others.size() < kSeriesMax; ++i) {
    const SeriesRef ref{i};
    if (!live_.series().known(ref) || left_out.contains(i)) continue;
    const Labels& labels = live_.series().labels(ref);
    if (is_own(labels.name())) continue;
    (shares_label(labels, asked.about) ? related : others).push_back(ref);
  }
  related.insert(related.end(), others.begin(), others.end());
  return related;
}

// What each of the shown series did, for its chart.
void LiveCauses::add_points(const CausesAsked& asked, const query::CauseScan& scan,
                            const query::CauseOrder& order, server::CausesView& view,
                            const std::function<bool()>& stop) {
  const DurationMs span = (asked.window.to - asked.window.from) * 3;
  const query::HeadWanted wanted{asked.window.to - std::max(span, kChartShortest), asked.window.to};
  std::vector<SeriesRef> refs;
  for (const query::Cause& cause : order.causes)
    refs.push_back(SeriesRef{scan.scored[cause.series].id});
  const query::StoreParts parts = reads_.parts();
  auto heads = query::copy_heads_and_wait(parts.heads, live_.series(), refs, wanted, stop);
  if (!heads) return;
  std::vector<Sample> rates;
  for (size_t i = 0; i < refs.size(); ++i) {
    auto samples =
        query::with_stored(live_.store(), refs[i], wanted.from, wanted.to, std::move((*heads)[i]));
    if (!samples) continue;
    const Labels& labels = live_.series().labels(refs[i]);
    if (query::is_counter(labels.name())) {
      query::to_rates(*samples, rates);
      samples->swap(rates);
    }
    for (server::CauseView& cause : view.causes)
      if (!cause.change && cause.series == labels)
        for (const Sample& one : reduce_to_width(*samples, {wanted.from, wanted.to, kChartWidth}))
          cause.points.emplace_back(one.time, one.value);
  }
}

Result<server::CausesView> LiveCauses::answer(const CausesAsked& asked,
                                              const std::vector<supervisor::MarkedChange>& changes,
                                              server::QueryContext& context) {
  const int64_t began = live_.clock().monotonic_ns();
  const int64_t enough_ns = began + asked.time_limit.count * 1'000'000;
  query::CauseScanLimits limits;
  limits.stop = context.options().limits.stop;
  limits.enough = [this, enough_ns] { return live_.clock().monotonic_ns() > enough_ns; };
  const std::vector<SeriesRef> refs = candidates(asked);
  const auto scan = query::scan_causes(reads_.parts(), refs, asked.window, limits);
  if (!scan)
    return fail(ErrorCode::kUnavailable,
                "ranking causes was given up: it took longer than queries.timeout, or nobody waits "
                "for it any more");
  query::CauseQuestion question;
  question.reference = asked.reference;
  question.about = asked.about;
  question.group_labels = query::standard_group_labels();
  const query::CauseOrder order = query::rank_causes(scan->scored, question);
  server::CausesView view = causes_view(asked, *scan, order, changes);
  add_points(asked, *scan, order, view, limits.stop);
  view.computed_at = live_.clock().now();
  const int64_t took = live_.clock().monotonic_ns() - began;
  view.seconds = static_cast<double>(took) / 1e9;
  ranked_.add();
  nanoseconds_.add(static_cast<uint64_t>(took));
  return view;
}

void LiveCauses::with_alert(Id128 id, std::function<void(Result<AlertPtr>)> then) {
  live_.decisions().loop().post([this, id, then = std::move(then)] {
    AlertPtr known = live_.decisions().stage().supervisor().find(id);
    in_background([this, id, known, then] {
      if (known) return then(known);
      auto read = supervisor::read_alert(live_.reader(), id);
      if (!read) return then(fail(read.error()));
      if (!*read) return then(AlertPtr());
      then(std::make_shared<const AlertView>(std::move(**read)));
    });
  });
}

void LiveCauses::kept(Id128 alert, server::Done<std::optional<std::string>> done) {
  with_alert(alert, [this, alert, done = std::move(done)](const Result<AlertPtr>& known) {
    if (!known) return done(fail(known.error()));
    if (!*known) return done(std::optional<std::string>());
    auto answer = supervisor::read_causes(live_.reader(), alert);
    if (!answer) return done(fail(answer.error()));
    done(std::optional<std::string>(answer->value_or("")));
  });
}

void LiveCauses::rank(server::CausesQuery query,
                      server::Done<std::optional<server::CausesView>> done) {
  const auto ranked = [done](Result<server::CausesView> view) {
    if (!view) return done(fail(view.error()));
    done(std::optional<server::CausesView>(std::move(*view)));
  };
  if (!query.alert) {
    in_background([this, query, ranked] { rank_asked(causes_asked(query, nullptr), ranked); });
    return;
  }
  with_alert(*query.alert, [this, query, ranked, done](const Result<AlertPtr>& known) {
    if (!known) return done(fail(known.error()));
    if (!*known) return done(std::optional<server::CausesView>());
    rank_asked(causes_asked(query, known->get()), ranked);
  });
}

void LiveCauses::changes(supervisor::MarkedChangeFilter filter,
                         server::Done<std::vector<supervisor::MarkedChange>> done) {
  in_background([this, filter = std::move(filter), done = std::move(done)] {
    done(supervisor::list_marked_changes(live_.reader(), filter));
  });
}

void LiveCauses::add_change(supervisor::MarkedChange change,
                            server::Done<supervisor::MarkedChange> done) {
  live_.decisions().write_state([change = std::move(change),
                                 done = std::move(done)](state::Database& database) {
    done(in_transaction<supervisor::MarkedChange>(database, [&](state::Transaction& transaction) {
      return supervisor::write_marked_change(transaction, change);
    }));
  });
}

void LiveCauses::remove_change(std::string id, server::Done<bool> done) {
  live_.decisions().write_state(
      [id = std::move(id), done = std::move(done)](state::Database& database) {
        done(in_transaction<bool>(database, [&](state::Transaction& transaction) {
          return supervisor::remove_marked_change(transaction, id);
        }));
      });
}

}  // namespace tocsin
