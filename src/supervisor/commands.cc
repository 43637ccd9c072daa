// What people ask for, and why it is refused.
#include <fmt/format.h>

#include <algorithm>

#include "supervisor/book.h"

namespace tocsin::supervisor {
namespace {

constexpr size_t kNameBytesMax = 200;
constexpr size_t kTextBytesMax = 10'000;
constexpr size_t kNotesMax = 500;  // per alert
constexpr size_t kMatchersMax = 50;
constexpr DurationMs kSilenceMax = days(366);
constexpr DurationMs kAcknowledgedMax = days(30);
constexpr DurationMs kShelfMax = days(30);

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

Result<void> check_text(std::string_view what, std::string_view text, bool required) {
  if (required && blank(text)) return invalid(fmt::format("{} is empty; write something", what));
  if (text.size() > kTextBytesMax)
    return invalid(
        fmt::format("{} has {} bytes; at most {} are kept", what, text.size(), kTextBytesMax));
  return {};
}

Result<std::vector<LabelMatcher>> parse_matchers(const std::vector<std::string>& texts) {
  if (texts.empty() || texts.size() > kMatchersMax)
    return invalid(
        fmt::format("add a silence: it needs 1 to {} matchers such as site=\"madrid\", "
                    "not {}",
                    kMatchersMax, texts.size()));
  std::vector<LabelMatcher> out;
  for (const std::string& text : texts) {
    if (auto fits = check_text("a matcher", text, true); !fits) return fail(fits.error());
    auto matcher = LabelMatcher::parse(text);
    if (!matcher) return invalid(fmt::format("add a silence: {}", matcher.error().message));
    out.push_back(std::move(*matcher));
  }
  return out;
}

}  // namespace

std::vector<Id128> Supervisor::Book::open_ids(
    const std::function<bool(const AlertRecord&)>& wanted) const {
  std::vector<std::pair<TimeMs, Id128>> found;
  for (const auto& [id, slot] : open_)
    if (const auto record = record_of(id, slot); wanted(*record))
      found.emplace_back(record->view.opened_at, id);
  std::sort(found.begin(), found.end());
  std::vector<Id128> out;
  for (const auto& [opened_at, id] : found) out.push_back(id);
  return out;
}

Result<CommandDone> Supervisor::Book::command(const Command& command, TimeMs now, Changes& out) {
  if (blank(command.by)) return invalid("this needs the name of who does it (\"by\")");
  if (command.by.size() > kNameBytesMax)
    return invalid(fmt::format("the name of who does it has {} bytes; at most {}",
                               command.by.size(), kNameBytesMax));
  advance(now, out);
  auto done =
      std::visit([&](const auto& what) { return run(what, command.by, out); }, command.what);
  publish(out);
  return done;
}

Result<std::shared_ptr<const AlertRecord>> Supervisor::Book::open_alert(
    const Id128& id, std::string_view attempted) const {
  if (auto open = open_record(id)) return open;
  const auto closed = find(id);
  if (!closed)
    return fail(ErrorCode::kRefused,
                fmt::format("{} alert {}: it is not open, and not among the recent ones", attempted,
                            to_text(id)));
  return fail(ErrorCode::kRefused,
              fmt::format("{} {}: it is {} since {} ({})", attempted, closed->view.opened->rule_id,
                          to_text(closed->view.state), to_iso(closed->view.resolved_at),
                          closed->view.resolve_reason));
}

CommandDone Supervisor::Book::done(const Id128& id) const {
  const auto record = find(id);
  return {std::shared_ptr<const AlertView>(record, &record->view), ""};
}

// A group is named: all of its alerts. The answer is the first of them.
Result<CommandDone> Supervisor::Book::for_each(
    const std::vector<Id128>& alerts, std::string_view attempted,
    const std::function<Result<CommandDone>(const Id128&)>& act) const {
  if (alerts.empty())
    return fail(ErrorCode::kRefused,
                fmt::format("{} a group of alerts: none of them is open", attempted));
  std::optional<CommandDone> first;
  for (const Id128& id : alerts) {
    auto done_one = act(id);
    if (!done_one) return done_one;
    if (!first) first = std::move(*done_one);
  }
  return std::move(*first);
}

Result<CommandDone> Supervisor::Book::run(const Acknowledge& c, const std::string& by,
                                          Changes& out) {
  if (auto fits = check_text("the note", c.note, false); !fits) return fail(fits.error());
  if (c.until != TimeMs{} && (c.until <= now_ || c.until > now_ + kAcknowledgedMax))
    return invalid(
        fmt::format("acknowledge until {}: that must lie after now ({}) and within 30 "
                    "days",
                    to_iso(c.until), to_iso(now_)));
  if (groups_.contains(c.alert))
    return for_each(members_of(c.alert), "acknowledge", [&](const Id128& id) {
      if (!open_record(id)->view.acknowledged_by.empty()) return Result<CommandDone>(done(id));
      return run(Acknowledge{id, c.note, c.until}, by, out);
    });
  const auto open = open_alert(c.alert, "acknowledge");
  if (!open) return fail(open.error());
  const AlertView& view = (*open)->view;
  if (!view.acknowledged_by.empty())
    return fail(ErrorCode::kRefused,
                fmt::format("acknowledge {}: {} did so at {}", view.opened->rule_id,
                            view.acknowledged_by, to_iso(view.acknowledged_at)));
  AlertRecord& record = edit(c.alert);
  record.view.acknowledged_by = by;
  record.view.acknowledged_at = now_;
  record.view.updated_at = now_;
  record.repeat_at = {};
  note_history(record, "acknowledged", by, c.note, out);
  note_response(record, by, out);
  acknowledge_until(record, c.until, out);
  stop_escalation(record, out);
  tell_update(record, true, out, "acknowledged by " + by);
  // Who answers a call has all that it was made for.
  for (const Id128& id : followers_of(record))
    if (open_record(id)->view.acknowledged_by.empty())
      if (auto also = run(Acknowledge{id, c.note, c.until}, by, out); !also) return also;
  return done(c.alert);
}

Result<CommandDone> Supervisor::Book::run(const Unacknowledge& c, const std::string& by,
                                          Changes& out) {
  if (auto fits = check_text("the note", c.note, false); !fits) return fail(fits.error());
  const auto open = open_alert(c.alert, "take back the acknowledgement of");
  if (!open) return fail(open.error());
  if ((*open)->view.acknowledged_by.empty())
    return fail(ErrorCode::kRefused,
                fmt::format("take back the acknowledgement of {}: nobody has acknowledged it",
                            (*open)->view.opened->rule_id));
  AlertRecord& record = edit(c.alert);
  record.view.acknowledged_by.clear();
  record.view.acknowledged_at = {};
  record.view.updated_at = now_;
  if (!record.told.empty()) plan_repeat(record);
  note_history(record, "unacknowledged", by, c.note, out);
  acknowledge_until(record, {}, out);
  tell_update(record, true, out, by + " has taken back the acknowledgement");
  if (record.view.escalation)
    run_escalation(record, [&](EscalationRun& run) { run.resume(now_); }, out);
  return done(c.alert);
}

Result<CommandDone> Supervisor::Book::run(const Resolve& c, const std::string& by, Changes& out) {
  if (auto fits = check_text("the reason", c.reason, false); !fits) return fail(fits.error());
  if (groups_.contains(c.alert))
    return for_each(members_of(c.alert), "resolve",
                    [&](const Id128& id) { return run(Resolve{id, c.reason}, by, out); });
  const auto open = open_alert(c.alert, "resolve");
  if (!open) return fail(open.error());
  const std::string reason =
      blank(c.reason) ? fmt::format("by {}", by) : fmt::format("by {}: {}", by, c.reason);
  close(c.alert, AlertState::kResolved, now_, reason, by, out);
  return done(c.alert);
}

Result<CommandDone> Supervisor::Book::run(const AddNote& c, const std::string& by, Changes& out) {
  if (auto fits = check_text("the note", c.text, true); !fits) return fail(fits.error());
  const auto before = find(c.alert);
  if (!before)
    return fail(ErrorCode::kRefused,
                fmt::format("note on alert {}: it is not open, and not among the recent ones",
                            to_text(c.alert)));
  if (before->view.notes.size() >= kNotesMax)
    return fail(ErrorCode::kRefused, fmt::format("note on {}: it has {} notes already, the most "
                                                 "that are kept",
                                                 before->view.opened->rule_id, kNotesMax));
  const auto add = [&](AlertRecord& record) {
    record.view.notes.push_back({now_, by, c.text});
    record.view.updated_at = now_;
    note_history(record, "note", by, c.text, out);
  };
  if (open_.contains(c.alert)) {
    add(edit(c.alert));
    return done(c.alert);
  }
  for (auto& record : recent_) {
    if (record->view.id != c.alert) continue;
    record = std::make_shared<AlertRecord>(*record);
    add(*record);
    out.alerts.push_back(record);
  }
  return done(c.alert);
}

Result<CommandDone> Supervisor::Book::run(const Shelve& c, const std::string& by, Changes& out) {
  if (auto fits = check_text("the reason", c.reason, true); !fits) return fail(fits.error());
  if (c.until <= now_ || c.until > now_ + kShelfMax)
    return invalid(
        fmt::format("shelve an alert until {}: the time must lie after now ({}) and within 30 days",
                    to_iso(c.until), to_iso(now_)));
  const auto open = open_alert(c.alert, "shelve");
  if (!open) return fail(open.error());
  AlertRecord& record = edit(c.alert);
  record.life = true;
  record.view.shelf = std::make_shared<AlertShelf>(AlertShelf{by, c.until, c.reason});
  record.view.updated_at = now_;
  const std::string text = fmt::format("until {}: {}", to_iso(c.until), c.reason);
  note_history(record, "shelved", by, text, out);
  pause_escalation(record, out);
  tell_update(record, true, out, fmt::format("shelved by {} {}", by, text));
  return done(c.alert);
}

Result<CommandDone> Supervisor::Book::run(const Unshelve& c, const std::string& by, Changes& out) {
  const auto open = open_alert(c.alert, "take from the shelf");
  if (!open) return fail(open.error());
  if ((*open)->view.shelf == nullptr)
    return fail(ErrorCode::kRefused, fmt::format("take {} from the shelf: it is not on it",
                                                 (*open)->view.opened->rule_id));
  unshelve(edit(c.alert), by, "by " + by, out);
  return done(c.alert);
}

// It comes back and says so: also to those who knew of it before.
void Supervisor::Book::unshelve(AlertRecord& record, std::string_view who, std::string_view why,
                                Changes& out) {
  const std::string reason = record.view.shelf->reason;
  record.view.shelf.reset();
  record.view.updated_at = now_;
  note_history(record, "unshelved", who, why, out);
  if (!record.spoke() || record.told.empty() || muted(record.view))
    return unmuted(record, "back from the shelf, still open", out);
  resume_escalation(record, out);
  record.update_told_at = now_;
  tell(record, record.told, Event::kUpdated, out,
       {fmt::format("back from the shelf ({}), still open", reason), true});
  group_news(record, "back from the shelf, still open");
}

Result<CommandDone> Supervisor::Book::run(const AddSilence& c, const std::string& by,
                                          Changes& out) {
  auto matchers = parse_matchers(c.matchers);
  if (!matchers) return fail(matchers.error());
  if (auto fits = check_text("the silence's comment", c.comment, true); !fits)
    return fail(fits.error());
  if (c.until <= now_ || c.until > now_ + kSilenceMax)
    return invalid(
        fmt::format("add a silence until {}: its end must lie after now ({}) and within "
                    "a year",
                    to_iso(c.until), to_iso(now_)));
  if (silences_.size() >= static_cast<size_t>(options_.silences_max))
    return fail(ErrorCode::kExhausted,
                fmt::format("add a silence: {} are in force, the most there may be; remove some",
                            silences_.size()));
  IdBuilder id;
  id.add(by).add(c.comment).add(now_.ms).add(c.until.ms);
  for (const LabelMatcher& matcher : *matchers) id.add(matcher.text());
  Silence silence;
  silence.id = to_text(id.finish());
  silence.matchers = std::move(*matchers);
  silence.created_at = now_;
  silence.until = c.until;
  silence.comment = c.comment;
  silence.by = by;
  std::string made = silence.id;
  begin_silence(std::move(silence), out);
  return CommandDone{nullptr, std::move(made)};
}

Result<CommandDone> Supervisor::Book::run(const MoveSilenceEnd& c, const std::string& by,
                                          Changes& out) {
  const auto found = silences_.find(c.id);
  if (found == silences_.end())
    return fail(ErrorCode::kRefused,
                fmt::format("move the end of silence {}: there is none of this id in force",
                            c.id.substr(0, kNameBytesMax)));
  if (c.until <= now_ || c.until > now_ + kSilenceMax)
    return invalid(
        fmt::format("move a silence's end to {}: it must lie after now ({}) and within a year; "
                    "remove the silence to end it now",
                    to_iso(c.until), to_iso(now_)));
  move_silence_end(found->second, c.until, by, out);
  return CommandDone{nullptr, c.id};
}

Result<CommandDone> Supervisor::Book::run(const RemoveSilence& c, const std::string& by,
                                          Changes& out) {
  if (!silences_.contains(c.id))
    return fail(ErrorCode::kRefused,
                fmt::format("remove silence {}: there is none of this id in force",
                            c.id.substr(0, kNameBytesMax)));
  // Whoever is called so is not the configuration: an occurrence that a person ended stays over.
  end_silence(c.id, by == kByConfiguration ? by + " (a person)" : by, out);
  return CommandDone{nullptr, c.id};
}

}  // namespace tocsin::supervisor
