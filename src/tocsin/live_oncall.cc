#include "tocsin/live_oncall.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>

#include "base/log.h"

namespace tocsin {

using oncall::OnCall;
using oncall::Override;
using server::Done;

namespace {

constexpr DurationMs kLookEvery = seconds(1);
constexpr DurationMs kRemindEvery = seconds(20);
constexpr size_t kOpenMax = 50;  // alerts named in a hand-over
constexpr DurationMs kOverrideSpanMax = days(400);
// Overrides that ended so long ago are no longer part of the snapshot; pages read them from tables.
constexpr DurationMs kOverridesBehind = days(62);

}  // namespace

Result<std::unique_ptr<LiveOnCall>> LiveOnCall::start(Live& live) {
  auto tokens = access::FeedTokens::load(live.data() + "/feed-key");
  if (!tokens) return fail(tokens.error());
  std::unique_ptr<LiveOnCall> made(new LiveOnCall(live, std::move(*tokens)));
  std::promise<Result<void>> loaded;
  live.background().post([&loaded, self = made.get()] { loaded.set_value(self->load()); });
  if (auto done = loaded.get_future().get(); !done) return fail(done.error());
  live.background().every(kLookEvery, [self = made.get()] {
    self->look();
    self->notices_.look();
  });
  return made;
}

Result<void> LiveOnCall::load() {
  const auto configuration = live_.configuration();
  auto newest = oncall::newest_stretches(live_.reader());
  if (!newest) return fail(newest.error());
  auto overrides = oncall::read_overrides(live_.reader(), live_.clock().now() - kOverridesBehind);
  if (!overrides) return fail(overrides.error());
  recorder_ = oncall::Recorder(std::move(*newest));
  lint_ = configuration->lint_facts();
  publish(OnCall(configuration->roster, std::move(*overrides)));
  if (auto done = notices_.load(); !done) return done;
  look();  // what changes in the first second is a change, too
  return {};
}

OnCall LiveOnCall::snapshot() const {
  const std::lock_guard lock(mutex_);
  return on_call_;
}

void LiveOnCall::publish(OnCall on_call) {
  live_.decisions().set_on_call(on_call);
  const std::lock_guard lock(mutex_);
  on_call_ = std::move(on_call);
  changed_ = true;
}

void LiveOnCall::configure(const Configuration& configuration) {
  live_.background().post(
      [this, roster = configuration.roster, facts = configuration.lint_facts()]() mutable {
        lint_ = std::move(facts);
        replace(OnCall(std::move(roster), snapshot().overrides()), "");
      });
}

// Another plan counts from now on; whose shifts it moves, is told.
void LiveOnCall::replace(OnCall on_call, std::string_view by) {
  tell(oncall::moved_messages(snapshot(), on_call, live_.clock().now(), by));
  publish(std::move(on_call));
  look();
}

// By the first way that works; what is about no alert wakes nobody twice.
void LiveOnCall::tell(std::vector<oncall::PersonMessage> messages) {
  const OnCall on_call = snapshot();
  std::vector<respond::PersonNotice> out;
  for (oncall::PersonMessage& one : messages)
    for (const auto& contact : on_call.contacts(one.person, Severity::kLow)) {
      if (lint_.unreachable.contains(contact.receiver)) continue;
      respond::PersonNotice notice;
      notice.key = std::move(one.key);
      notice.receiver = contact.receiver;
      notice.subject = std::move(one.subject);
      notice.text = std::move(one.text);
      notice.created = notice.next_try = live_.clock().now();
      out.push_back(std::move(notice));
      break;
    }
  notices_.tell(std::move(out));
}

// With what is open at that time, which the decision thread knows.
void LiveOnCall::tell_hand_over(const oncall::HandOver& hand_over) {
  live_.decisions().loop().post([this, hand_over] {
    supervisor::AlertFilter filter;
    filter.limit = kOpenMax;
    std::vector<std::string> open;
    for (const auto& alert : live_.decisions().stage().supervisor().alerts(filter)) {
      std::string line = fmt::format(
          "{}: {}", to_text(alert->latest->severity),
          alert->latest->summary.empty() ? alert->latest->rule_id : alert->latest->summary);
      if (!alert->acknowledged_by.empty())
        line += fmt::format(" (acknowledged by {})", alert->acknowledged_by);
      open.push_back(std::move(line));
    }
    live_.background().post([this, hand_over, open = std::move(open)] {
      tell(oncall::hand_over_messages(snapshot(), hand_over, open));
    });
  });
}

// Writes down who is on call as it begins; tells those who come and go.
void LiveOnCall::look() {
  const TimeMs now = live_.clock().now();
  if (now - reminded_at_ >= kRemindEvery) {
    reminded_at_ = now;
    tell(oncall::reminders(snapshot(), now));
  }
  if (!changed_ && now < recorder_.next_due()) return;
  changed_ = false;
  auto step = recorder_.step(snapshot(), now);
  for (const oncall::HandOver& one : step.hand_overs) {
    std::string names;
    for (const std::string& person : one.now) names += (names.empty() ? "" : ", ") + person;
    log::info("on call for {}: {}", one.schedule, names.empty() ? "nobody" : names);
    tell_hand_over(one);
  }
  if (step.rows.empty()) return;
  live_.decisions().write_state([rows = std::move(step.rows), now](state::Database& database) {
    auto transaction = database.begin();
    if (!transaction) return log::error("recording who is on call: {}", transaction.error().text());
    auto done = oncall::write_stretches(*transaction, rows, now);
    if (done) done = transaction->commit();
    if (!done) log::error("recording who is on call: {}", done.error().text());
  });
}

void LiveOnCall::ask(std::function<void(const Facts&)> work) {
  live_.background().post([this, work = std::move(work)] {
    const OnCall on_call = snapshot();
    work({on_call, lint_, live_.reader(), live_.clock().now()});
  });
}

// As they will be kept, or what is wrong with the first that is.
Result<std::vector<Override>> LiveOnCall::checked(std::vector<Override> asked, TimeMs now) {
  const OnCall on_call = snapshot();
  const oncall::Roster& roster = on_call.roster();
  const auto bad = [](std::string why) {
    return fail(ErrorCode::kInvalid, "cannot add the override: " + std::move(why));
  };
  const auto open = std::count_if(on_call.overrides().begin(), on_call.overrides().end(),
                                  [&](const Override& one) { return one.end() > now; });
  if (static_cast<size_t>(open) + asked.size() > oncall::kOverridesMax)
    return fail(ErrorCode::kExhausted,
                fmt::format("cannot add the override: there are {} that have not ended; take some "
                            "back",
                            open));
  for (Override& one : asked) {
    if (roster.schedule(one.schedule) == nullptr)
      return bad("there is no schedule " + one.schedule);
    const bool names_one = one.kind != Override::Kind::kRemove;
    if (names_one && roster.person(one.person) == nullptr)
      return bad(one.person.empty() ? "\"person\" has to say who is on call"
                                    : "section `people` has nobody called " + one.person);
    if (!names_one) one.person.clear();
    if (one.kind == Override::Kind::kAdd) one.instead_of.clear();
    if (!one.instead_of.empty() && roster.person(one.instead_of) == nullptr)
      return bad("section `people` has nobody called " + one.instead_of);
    if (names_one && one.person == one.instead_of)
      return bad(one.person + " cannot take over from " + one.person);
    one.from = std::max(one.from, now);
    if (one.from >= one.to) return bad("it has to end after it begins, and after now");
    if (one.to - one.from > kOverrideSpanMax) return bad("it may be at most 400 days long");
    one.created = now;
    one.id =
        to_text(IdBuilder().add("override").add(one.schedule).add(now.ms).add(++made_).finish())
            .substr(0, 16);
  }
  return asked;
}

void LiveOnCall::write(std::vector<Override> rows, std::function<void(Result<void>)> done) {
  live_.decisions().write_state(
      [rows = std::move(rows), done = std::move(done)](state::Database& database) {
        auto transaction = database.begin();
        if (!transaction) return done(fail(transaction.error()));
        for (const Override& row : rows)
          if (auto kept = oncall::write_override(*transaction, row); !kept)
            return done(fail(kept.error()));
        done(transaction->commit());
      });
}

// What was written counts from now on.
void LiveOnCall::taken(const std::vector<Override>& rows, const std::string& by) {
  const OnCall before = snapshot();
  std::vector<Override> overrides = before.overrides();
  for (const Override& row : rows) {
    const auto known = std::find_if(overrides.begin(), overrides.end(),
                                    [&](const Override& one) { return one.id == row.id; });
    if (known != overrides.end())
      *known = row;
    else
      overrides.push_back(row);
  }
  const TimeMs since = live_.clock().now() - kOverridesBehind;
  std::erase_if(overrides, [&](const Override& one) { return one.to <= since; });
  replace(before.with_overrides(std::move(overrides)), by);
}

void LiveOnCall::add(std::vector<Override> overrides, Done<std::vector<Override>> done) {
  live_.background().post([this, asked = std::move(overrides), done = std::move(done)]() mutable {
    auto rows = checked(std::move(asked), live_.clock().now());
    if (!rows) return done(fail(rows.error()));
    write(*rows, [this, rows = *rows, done = std::move(done)](Result<void> written) {
      if (!written) return done(fail(written.error()));
      live_.background().post([this, rows, done] {
        taken(rows, rows.front().by);
        done(rows);
      });
    });
  });
}

void LiveOnCall::end(std::string schedule, std::string id, std::string by,
                     Done<std::optional<Override>> done) {
  live_.background().post([this, schedule = std::move(schedule), id = std::move(id),
                           by = std::move(by), done = std::move(done)]() mutable {
    const TimeMs now = live_.clock().now();
    const OnCall on_call = snapshot();
    const auto& all = on_call.overrides();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Override& one) {
      return one.id == id && one.schedule == schedule && one.end() > now;
    });
    if (found == all.end()) return done(std::optional<Override>{});
    Override row = *found;
    row.ended_at = now;
    row.ended_by = std::move(by);
    write({row}, [this, row, done = std::move(done)](Result<void> written) {
      if (!written) return done(fail(written.error()));
      live_.background().post([this, row, done] {
        taken({row}, row.ended_by);
        done(std::optional<Override>(row));
      });
    });
  });
}

}  // namespace tocsin
