// Alerts, what people do about them, silences, violations, inbox, receivers.

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "respond/inbox.h"
#include "tocsin/views.h"

namespace tocsin {
namespace {

using server::AlertAction;

constexpr size_t kSparkPoints = 40;

supervisor::AlertFilter filter_of(const server::AlertQuery& query, const std::string& site_label) {
  supervisor::AlertFilter filter;
  switch (query.state) {
    case server::AlertQuery::State::kOpen:
      filter.state = supervisor::AlertFilter::State::kOpen;
      break;
    case server::AlertQuery::State::kResolved:
      filter.state = supervisor::AlertFilter::State::kResolved;
      break;
    case server::AlertQuery::State::kAll:
      filter.state = supervisor::AlertFilter::State::kAll;
      break;
  }
  filter.severity = query.severity;
  filter.rule = query.rule;
  if (!query.site.empty()) filter.scope.emplace_back(site_label, query.site);
  filter.scope.insert(filter.scope.end(), query.labels.begin(), query.labels.end());
  filter.since = query.since;
  filter.limit = query.limit;
  return filter;
}

supervisor::Command command_of(const AlertAction& action) {
  supervisor::Command command;
  command.by = action.by;
  switch (action.what) {
    case AlertAction::What::kAcknowledge:
      command.what = supervisor::Acknowledge{action.alert, action.text, action.until};
      break;
    case AlertAction::What::kUnacknowledge:
      command.what = supervisor::Unacknowledge{action.alert, action.text};
      break;
    case AlertAction::What::kResolve:
      command.what = supervisor::Resolve{action.alert, action.text};
      break;
    case AlertAction::What::kNote:
      command.what = supervisor::AddNote{action.alert, action.text};
      break;
    case AlertAction::What::kShelve:
      command.what = supervisor::Shelve{action.alert, action.until, action.text};
      break;
    case AlertAction::What::kUnshelve:
      command.what = supervisor::Unshelve{action.alert};
      break;
  }
  return command;
}

using NextCalls = std::map<Id128, EscalationNext>;

// What comes first: a message that waits, or the next call.
void add_next(server::AlertEntry& entry, const EscalationNext& next) {
  if (!entry.next_what.empty() && entry.next_at <= next.at) return;
  entry.next_at = next.at;
  entry.next_what = next.text;
}

}  // namespace

// On the background loop.
server::AlertEntry LiveViews::entry_of(const AlertPtr& alert) {
  server::AlertEntry out;
  out.alert = alert;
  out.momentum_hits = alert->latest->momentum.hits;
  out.momentum_predictions = alert->latest->momentum.predictions;
  if (auto ledger = supervisor::read_ledger(live_.reader(), alert->id)) {
    for (const Delivery& delivery : *ledger) {
      // Updates of what was said are not said again.
      out.told_sent += delivery.state == Delivery::State::kSent && delivery.event != "updated";
      out.told_failed +=
          delivery.state == Delivery::State::kFailed || delivery.state == Delivery::State::kGivenUp;
      out.told_last_at = std::max(out.told_last_at, delivery.sent);
      const bool waits =
          delivery.state == Delivery::State::kPlanned || delivery.state == Delivery::State::kFailed;
      const TimeMs at = delivery.next_try.ms != 0 ? delivery.next_try : delivery.planned;
      if (waits && (out.next_what.empty() || at < out.next_at)) {
        out.next_at = at;
        out.next_what =
            delivery.kind + " " + delivery.receiver + (delivery.attempts > 0 ? ": retry" : "");
      }
    }
  }
  if (!alert->opened->violations.empty()) {
    const JudgedViolation& main = alert->opened->violations.front();
    const size_t from = main.tail.size() > 39 ? main.tail.size() - 39 : 0;
    for (size_t i = from; i < main.tail.size(); ++i)
      out.spark.push_back(
          {main.tail[i].time, main.tail[i].value, main.tail[i].lower, main.tail[i].upper});
    for (const JudgedViolation& judged : alert->latest->violations)
      if (judged.violation.id == main.violation.id) {
        const JudgedPoint& last = judged.violation.last;
        if (out.spark.empty() || out.spark.back().time < last.time)
          out.spark.push_back({last.time, last.value, last.lower, last.upper});
      }
  }
  return out;
}

server::AlertDetails LiveViews::details_of(const AlertPtr& alert) {
  server::AlertDetails out;
  out.entry = entry_of(alert);
  out.grafana_url = live_.configuration()->receivers->links().grafana_url(*alert).value_or("");
  if (auto ledger = supervisor::read_ledger(live_.reader(), alert->id)) out.ledger = *ledger;
  if (auto history = supervisor::read_history(live_.reader(), alert->id))
    for (const supervisor::HistoryEntry& entry : *history)
      out.history.push_back({entry.time, entry.what, entry.who, entry.text});
  return out;
}

// Small pictures of what the series do now, not only of what was judged.
void LiveViews::with_sparks(std::vector<server::AlertEntry> entries,
                            std::function<void(std::vector<server::AlertEntry>)> done) {
  const auto shared = std::make_shared<std::vector<server::AlertEntry>>(std::move(entries));
  using Sparks = std::map<size_t, std::vector<server::BandPoint>>;
  gather<Sparks>(
      [this, shared](ShardThread& shard) {
        Sparks out;
        for (size_t i = 0; i < shared->size(); ++i) {
          const AlertView& alert = *(*shared)[i].alert;
          if (alert.state != AlertState::kOpen || alert.opened->violations.empty()) continue;
          const JudgedViolation& main = alert.opened->violations.front();
          const auto ref = live_.series().find(main.labels);
          const auto worker = shard.stage().workers().find(main.worker_id);
          if (!ref || !worker) continue;
          const auto tail = shard.stage().streamer().tail(*ref, *worker);
          if (tail.size() < 2) continue;
          for (size_t k = tail.size() > kSparkPoints ? tail.size() - kSparkPoints : 0;
               k < tail.size(); ++k)
            out[i].push_back({tail[k].time, tail[k].value, tail[k].lower, tail[k].upper});
        }
        return out;
      },
      [shared, done = std::move(done)](std::vector<Sparks> parts) {
        for (Sparks& part : parts)
          for (auto& [i, points] : part) (*shared)[i].spark = std::move(points);
        done(std::move(*shared));
      });
}

// Behind the open ones, of which there is room for all: those that are over, from the tables.
Result<void> LiveViews::add_closed(const server::AlertQuery& query,
                                   const supervisor::AlertFilter& filter,
                                   std::vector<AlertPtr>& alerts, server::AlertPage& page) {
  const size_t limit = filter.limit - std::min(filter.limit, alerts.size());
  supervisor::ClosedQuery closed{filter.severity,
                                 filter.rule,
                                 filter.scope,
                                 filter.since,
                                 query.before.value_or(supervisor::ClosedCursor()),
                                 limit,
                                 query.view};
  page.next = closed.before;
  if (limit == 0) return {};
  auto read = supervisor::list_closed_alerts(live_.reader(), closed);
  if (!read) return fail(read.error());
  page.next = read->next;
  for (AlertView& alert : read->alerts)
    alerts.push_back(std::make_shared<const AlertView>(std::move(alert)));
  return {};
}

void LiveViews::alerts(server::AlertQuery query, server::Done<server::AlertPage> done) {
  using State = server::AlertQuery::State;
  auto filter = filter_of(query, live_.configuration()->workers->site_label());
  const auto answer = [this, done, query, filter](std::vector<AlertPtr> alerts,
                                                  const NextCalls& next) {
    server::AlertPage page;
    if (alerts.size() > filter.limit) {
      alerts.resize(filter.limit);
      page.complete = false;
    }
    if (query.state != State::kOpen)
      if (auto added = add_closed(query, filter, alerts, page); !added)
        return done(fail(added.error()));
    std::vector<server::AlertEntry> entries;
    for (const AlertPtr& alert : alerts) {
      entries.push_back(entry_of(alert));
      const auto call = next.find(alert->id);
      if (call != next.end()) add_next(entries.back(), call->second);
    }
    with_sparks(std::move(entries), [done, page](std::vector<server::AlertEntry> drawn) mutable {
      page.alerts = std::move(drawn);
      done(std::move(page));
    });
  };
  if (query.state == State::kResolved || query.before)
    return in_background([answer] { answer({}, {}); });
  on_decisions([this, filter, answer](DecisionThread& decisions) mutable {
    const supervisor::Supervisor& supervisor = decisions.stage().supervisor();
    filter.state = supervisor::AlertFilter::State::kOpen;
    ++filter.limit;  // to know whether there are more
    const auto alerts = supervisor.alerts(filter);
    NextCalls next;
    for (const AlertPtr& alert : alerts)
      if (alert->escalation)
        for (EscalationNext& one : supervisor.next(alert->id, 1)) next[alert->id] = std::move(one);
    in_background([answer, alerts, next] { answer(alerts, next); });
  });
}

void LiveViews::alert(Id128 id, server::Done<std::optional<server::AlertDetails>> done) {
  on_decisions([this, id, done = std::move(done)](DecisionThread& decisions) {
    AlertPtr known = decisions.stage().supervisor().find(id);
    const auto next = decisions.stage().supervisor().next(id, 1);
    in_background([this, id, known, next, done] {
      if (known) {
        server::AlertDetails details = details_of(known);
        if (!next.empty()) add_next(details.entry, next.front());
        return done(std::move(details));
      }
      auto read = supervisor::read_alert(live_.reader(), id);
      if (!read) return done(fail(read.error()));
      if (!*read) return done(std::optional<server::AlertDetails>());
      done(details_of(std::make_shared<const AlertView>(std::move(**read))));
    });
  });
}

void LiveViews::act(AlertAction action, server::Done<std::optional<server::AlertEntry>> done) {
  alert(action.alert, [this, action, done = std::move(done)](
                          const Result<std::optional<server::AlertDetails>>& known) {
    if (!known || *known) return act_on_known(action, done);
    // Or a group: then all of its alerts (command.h).
    group(action.alert, [this, action, done](const Result<std::optional<server::AlertGroup>>& all) {
      if (!all) return done(fail(all.error()));
      if (!*all) return done(std::optional<server::AlertEntry>());
      act_on_known(action, done);
    });
  });
}

void LiveViews::act_on_known(const AlertAction& action,
                             const server::Done<std::optional<server::AlertEntry>>& done) {
  live_.decisions().command(command_of(action),
                            [this, done](Result<supervisor::CommandDone> answer) {
                              if (!answer) return done(fail(answer.error()));
                              in_background([this, done, alert = answer->alert] {
                                done(std::optional<server::AlertEntry>(entry_of(alert)));
                              });
                            });
}

void LiveViews::groups(server::Done<std::vector<server::AlertGroup>> done) {
  in_background([this, done = std::move(done)] { done(supervisor::list_groups(live_.reader())); });
}

void LiveViews::group(Id128 id, server::Done<std::optional<server::AlertGroup>> done) {
  in_background([this, id, done = std::move(done)] {
    auto read = supervisor::read_group(live_.reader(), id);
    if (!read) return done(fail(read.error()));
    done(*read ? std::optional(*read) : std::nullopt);
  });
}

// On the decision thread.
server::ViolationRow LiveViews::row_of(DecisionThread& decisions, const StreamItem& item) const {
  const auto& change = std::get<ViolationChange>(item.what);
  server::ViolationRow row;
  row.what = change.what;
  row.violation = change.violation;
  row.time = change.what == ViolationChange::What::kEnded ? change.violation.ended
                                                          : change.violation.updated;
  row.labels = live_.series().labels(change.violation.series);
  row.asks = asks(change.violation, live_.clock().now());
  const auto configuration = live_.configuration();
  const auto& workers = configuration->workers->workers();
  if (change.violation.worker.index < workers.size())
    row.worker = workers[change.violation.worker.index].id;
  row.rules = decisions.stage().engine().rules_for(change.violation.series);
  for (const std::string& rule : row.rules) {
    supervisor::AlertFilter filter;
    filter.rule = rule;
    for (const AlertPtr& alert : decisions.stage().supervisor().alerts(filter))
      for (const JudgedViolation& judged : alert->latest->violations)
        if (judged.violation.id == change.violation.id) row.alert = alert->id;
  }
  return row;
}

void LiveViews::open_kpis(std::function<void(std::vector<Violation>)> done) {
  gather<std::vector<Violation>>(
      [](ShardThread& shard) {
        std::vector<Violation> open = shard.stage().streamer().open_violations();
        std::erase_if(open, [](const Violation& one) { return one.tier != Tier::kKpi; });
        return open;
      },
      [done = std::move(done)](std::vector<std::vector<Violation>> parts) {
        std::vector<Violation> open;
        for (auto& part : parts) std::move(part.begin(), part.end(), std::back_inserter(open));
        std::sort(open.begin(), open.end(), [](const Violation& a, const Violation& b) {
          return std::pair(a.opened, a.id) < std::pair(b.opened, b.id);
        });
        done(std::move(open));
      });
}

// What was told since the start, and what has been open since before it.
void LiveViews::violations(size_t limit, TimeMs since,
                           server::Done<std::vector<server::ViolationRow>> done) {
  open_kpis([this, limit, since, done = std::move(done)](std::vector<Violation> open) {
    const auto shared = std::make_shared<std::vector<Violation>>(std::move(open));
    on_decisions([this, limit, since, done, shared](DecisionThread& decisions) {
      std::vector<server::ViolationRow> rows;
      std::set<Id128> known;
      const auto& recent = decisions.recent();
      for (auto at = recent.rbegin(); at != recent.rend() && rows.size() < limit; ++at) {
        if (at->arrival < since) break;
        rows.push_back(row_of(decisions, *at));
        known.insert(rows.back().violation.id);
      }
      for (auto at = shared->rbegin(); at != shared->rend() && rows.size() < limit; ++at)
        if (at->updated >= since && !known.contains(at->id))
          rows.push_back(row_of(decisions, {{}, at->opened, ViolationChange{{}, *at, {}}}));
      done(std::move(rows));
    });
  });
}

void LiveViews::answer(GivenAnswer given, server::Done<bool> done) {
  open_kpis([this, given, done = std::move(done)](std::vector<Violation> open) {
    const bool known = std::any_of(open.begin(), open.end(),
                                   [&](const Violation& one) { return one.id == given.violation; });
    if (!known) return done(false);
    live_.answer(given, [done](Result<Lsn> kept) {
      if (!kept) return done(fail(kept.error()));
      done(true);
    });
  });
}

void LiveViews::inbox(size_t limit, server::Done<std::vector<server::InboxMessage>> done) {
  in_background([this, limit, done = std::move(done)] {
    auto list = respond::list_inbox(live_.reader(), static_cast<int64_t>(limit));
    if (!list) return done(fail(list.error()));
    std::vector<server::InboxMessage> out;
    for (respond::InboxMessage& message : *list) {
      server::InboxMessage view;
      view.id = message.id;
      view.time = message.time;
      view.receiver = std::move(message.receiver);
      view.kind = std::move(message.kind);
      view.event = std::move(message.event);
      if (message.alert != Id128{}) view.alert = message.alert;
      view.title = std::move(message.title);
      view.url = std::move(message.url);
      view.content_type = std::move(message.content_type);
      view.headers = std::move(message.headers);
      view.body = std::move(message.body);
      view.text = std::move(message.text);
      view.html = std::move(message.html);
      out.push_back(std::move(view));
    }
    done(std::move(out));
  });
}

void LiveViews::receivers(server::Done<std::vector<server::ReceiverView>> done) {
  live_.dispatcher().standings(
      [this, done = std::move(done)](respond::Dispatcher::Standings standings) {
        in_background(
            [this, done, standings = std::move(standings)] { list_receivers(standings, done); });
      });
}

void LiveViews::list_receivers(const respond::Dispatcher::Standings& standings,
                               const server::Done<std::vector<server::ReceiverView>>& done) {
  const auto waiting = supervisor::count_waiting(live_.reader());
  if (!waiting) return done(fail(waiting.error()));
  std::vector<server::ReceiverView> out;
  const auto configuration = live_.configuration();
  for (const respond::Receiver& receiver : configuration->receivers->list()) {
    server::ReceiverView view;
    view.name = receiver.name;
    view.kind = receiver.kind();
    view.place = receiver.place;
    view.customer = configuration->routes.owner(receiver.name);
    view.parallel = static_cast<int64_t>(receiver.parallel);
    const respond::Pace pace = receiver.target->pace();
    view.burst = pace.burst;
    view.every = pace.every;
    if (const auto found = waiting->find(receiver.name); found != waiting->end()) {
      view.waiting = found->second.waiting;
      view.retrying = found->second.retrying;
      view.oldest = found->second.oldest;
      view.next_try = found->second.next_try;
    }
    if (const auto found = standings.find(receiver.name); found != standings.end()) {
      view.in_flight = static_cast<int64_t>(found->second.in_flight);
      view.paused_until = found->second.paused_until;
    }
    supervisor::LedgerFilter filter;
    filter.receiver = receiver.name;
    filter.limit = 1;
    if (auto last = supervisor::list_ledger(live_.reader(), filter); last && !last->empty())
      view.last = last->front();
    out.push_back(std::move(view));
  }
  done(std::move(out));
}

void LiveViews::test_receiver(std::string name, server::Done<std::optional<Delivery>> done) {
  if (live_.configuration()->receivers->find(name) == nullptr)
    return done(std::optional<Delivery>());
  live_.decisions().test(std::move(name), [done = std::move(done)](Result<Delivery> delivery) {
    if (!delivery) return done(fail(delivery.error()));
    done(std::optional<Delivery>(std::move(*delivery)));
  });
}

void LiveViews::set_config_error(std::string error) {
  const std::lock_guard lock(mutex_);
  if (error.empty()) config_loaded_at_ = live_.clock().now();
  config_error_ = std::move(error);
}

void LiveViews::reload(server::Done<server::ReloadView> done) {
  in_background([this, done = std::move(done)] { done(reload_()); });
}

}  // namespace tocsin
