// Alerts that other systems and people tell of: opened, told again, over. From then on they live as
// a rule's do.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "supervisor/book.h"

namespace tocsin::supervisor {
namespace {

constexpr std::string_view kNameless = "alert";
constexpr const char* kPerson = "person";
constexpr size_t kMadeSummaryBytesMax = 200;

// What a telling may change without being another alert.
uint64_t content_of(const Labels& labels, const Labels& annotations, std::string_view link) {
  constexpr uint64_t kSpread = 0x9e3779b97f4a7c15ULL;
  return labels.hash() ^ ((annotations.hash() ^ (hash64(link) * kSpread)) * kSpread);
}

std::string made_summary(const Labels& labels) {
  std::string out(labels.get("alertname"));
  for (const auto& [name, value] : labels.pairs()) {
    if (name == "alertname" || name == "severity") continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, value);
  }
  return cut_text(out, kMadeSummaryBytesMax);
}

std::string_view told_name(const Labels& labels) {
  const std::string_view name = labels.get("alertname");
  return name.empty() ? kNameless : name;
}

}  // namespace

Decision Supervisor::Book::judged(const ReportedAlert& told, const std::string& source,
                                  const Id128& key, TimeMs ends) const {
  Decision out;
  out.what = Decision::What::kOpened;
  out.time = now_;
  out.alert_key = key;
  out.rule_id = told_name(told.labels);
  out.severity = options_.severity_of(told.labels.get("severity"));
  out.scope = told.labels;
  Report report{source, told.link, told.starts.ms == 0 ? now_ : told.starts,
                ends == kTimeMax ? TimeMs{} : ends, false};
  for (const auto& [name, text] : told.annotations.pairs())
    if (name == "summary")
      out.summary = text;
    else if (name == "description")
      out.description = text;
    else
      out.annotations.emplace(name, text);
  report.summary_made = out.summary.empty();
  if (report.summary_made) out.summary = made_summary(told.labels);
  out.report = std::make_shared<const Report>(std::move(report));
  return out;
}

ReportCounts Supervisor::Book::report(const ReportedBatch& batch, TimeMs now, Changes& out) {
  advance(now, out);
  ReportCounts counts;
  for (const ReportedAlert& told : batch.alerts) take(told, batch, now, counts, out);
  publish(out);
  return counts;
}

TimeMs Supervisor::Book::end_of(ReportedBatch::Holds holds, TimeMs now) const {
  switch (holds) {
    case ReportedBatch::Holds::kResolveTimeout:
      return now + options_.resolve_timeout;
    case ReportedBatch::Holds::kExpireAfter:
      return now + options_.expire_after;
    case ReportedBatch::Holds::kUntilClosed:
      return kTimeMax;
  }
  return kTimeMax;
}

void Supervisor::Book::take(const ReportedAlert& told, const ReportedBatch& batch, TimeMs now,
                            ReportCounts& counts, Changes& out) {
  const Id128 key = reported_key(told, batch.source);
  Reported::Entry* known = reported_.find(key);
  const bool over = told.ends.ms != 0 && told.ends <= now;
  if (over) {
    const bool ends_now = known != nullptr && !known->over;
    ++(ends_now ? counts.resolved : counts.ignored);
    if (ends_now) end_reported(key, "resolved by its sender", batch.by, out);
    return;
  }
  TimeMs ends = told.ends;
  if (ends.ms == 0) ends = end_of(batch.holds, now);
  if (known == nullptr) {
    open_reported(told, batch, key, ends, counts, out);
    return;
  }
  // Where it said nothing of an end, what it said before holds, if that is later.
  if (told.ends.ms != 0 || known->over || ends > known->ends) reported_.set_end(key, *known, ends);
  const uint64_t content = content_of(told.labels, told.annotations, told.link);
  if (known->held || (known->content == content && !known->over)) {
    ++counts.refreshed;
    return;
  }
  known->content = content;
  known->over = false;
  ++counts.updated;
  Decision decision = judged(told, batch.source, key, ends);
  decision.what = Decision::What::kUpdated;
  updated(edit(known->alert), decision, out);
}

void Supervisor::Book::open_reported(const ReportedAlert& told, const ReportedBatch& batch,
                                     const Id128& key, TimeMs ends, ReportCounts& counts,
                                     Changes& out) {
  const Decision decision = judged(told, batch.source, key, ends);
  if (refuse_opening(decision, out)) {
    ++counts.refused;
    return;
  }
  ++counts.opened;
  const Id128 id = id_in_order(
      now_, IdBuilder().add(to_text(key)).add(now_.ms).add(++reported_opened_).finish());
  reported_.add(key, {id, ends, {}, content_of(told.labels, told.annotations, told.link), false});
  insert(decision, id, batch.by, out);
}

// The sender says so, or has not told of it for too long. One that flaps stays open.
void Supervisor::Book::end_reported(const Id128& key, std::string reason, std::string_view who,
                                    Changes& out) {
  Reported::Entry& entry = *reported_.find(key);
  if (entry.held) {
    reported_.erase(key);
    forget_rule(key, out);
    return;
  }
  AlertRecord& record = edit(entry.alert);
  Decision over = *record.view.latest;
  over.what = Decision::What::kResolved;
  over.time = now_;
  if (held_open(record, over, out)) {
    entry.over = true;
    entry.ends = kTimeMax;
    return;
  }
  const Id128 id = entry.alert;
  record.rule_holds = false;
  close(id, AlertState::kResolved, now_, std::move(reason), who, out);
}

void Supervisor::Book::end_due_reported(TimeMs now, Changes& out) {
  const auto key = reported_.take_due(now);
  if (!key) return;
  end_reported(*key, "its end has come and it was not told again", "", out);
}

bool Supervisor::Book::opened_by_person(const AlertRecord& record) {
  return record.view.opened->report && record.view.opened->report->source == kPerson;
}

// A record closed: by a person it stays closed for as long as its sender tells of it.
void Supervisor::Book::reported_closed(const AlertRecord& record) {
  Reported::Entry* entry = reported_.find(record.view.key);
  if (entry == nullptr) return;
  if (record.rule_holds && record.view.state == AlertState::kResolved)
    entry->held = true;
  else
    reported_.erase(record.view.key);
}

void Supervisor::Book::take_up_reported(const AlertRecord& record) {
  const Decision& latest = *record.view.latest;
  if (!latest.report) return;
  const bool open = record.view.state == AlertState::kOpen;
  const bool over = open && !record.rule_holds;
  const bool endless = over || latest.report->ends.ms == 0;
  const uint64_t content = content_of(latest.scope, told_annotations(latest), latest.report->link);
  reported_.add(
      record.view.key,
      {record.view.id, endless ? kTimeMax : latest.report->ends, {}, content, !open, over});
}

void Supervisor::Book::resume(TimeMs now) { reported_.prolong(now + options_.resolve_timeout); }

std::optional<TimeMs> Supervisor::Book::holds_until(const Id128& key) const {
  const Reported::Entry* entry = reported_.find(key);
  if (entry == nullptr || entry->ends == kTimeMax) return std::nullopt;
  return entry->ends;
}

std::optional<Id128> Supervisor::Book::reported_alert(const Id128& key) const {
  const Reported::Entry* entry = reported_.find(key);
  if (entry == nullptr || entry->held) return std::nullopt;
  return entry->alert;
}

Result<CommandDone> Supervisor::Book::run(const OpenAlert& c, const std::string& by, Changes& out) {
  if (c.alert.labels.get("alertname").empty())
    return fail(ErrorCode::kInvalid, "open an alert: it needs a name (label alertname)");
  ReportedBatch batch{kPerson, by, {c.alert}, ReportedBatch::Holds::kUntilClosed};
  const Id128 key = reported_key(c.alert, batch.source);
  ReportCounts counts;
  take(batch.alerts.front(), batch, now_, counts, out);
  if (counts.refused > 0)
    return fail(ErrorCode::kExhausted,
                fmt::format("open the alert {}: {} are open, the most there may be; close some",
                            told_name(c.alert.labels), open_.size()));
  const Reported::Entry* entry = reported_.find(key);
  if (entry == nullptr) return fail(ErrorCode::kInvalid, "open an alert: its end lies before now");
  return done(entry->alert);
}

}  // namespace tocsin::supervisor
