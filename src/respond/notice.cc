#include "respond/notice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "respond/acts.h"
#include "respond/links.h"
#include "respond/person_notice.h"

namespace tocsin::respond {
namespace {

constexpr size_t kSentenceMax = 1000;
constexpr size_t kDescriptionMax = 2500;
constexpr size_t kFactMax = 300;
constexpr size_t kLineMax = 300;
constexpr size_t kToldMax = 20;

std::string whole_seconds(DurationMs span) {
  return to_text(seconds(std::max<int64_t>(0, span.count) / 1000));
}

// Messages are one line where a line is meant: controls become blanks.
std::string one_line(std::string_view text, size_t bytes_max) {
  std::string out = cut_text(text, bytes_max);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return out;
}

std::string trend_text(const Momentum& momentum) {
  std::string out(to_text(momentum.trend));
  if (momentum.trend != Momentum::Trend::kUnknown)
    out += fmt::format(", {} half bands out, {} predicted in 5 min",
                       human_number(momentum.distance), human_number(momentum.predicted));
  return out;
}

std::string told_text(const std::vector<std::string>& told) {
  std::string out;
  for (size_t i = 0; i < std::min(told.size(), kToldMax); ++i)
    out += (i == 0 ? "" : ", ") + told[i];
  if (told.size() > kToldMax) out += fmt::format(" and {} more", told.size() - kToldMax);
  return out;
}

std::string opened_text(const Decision& opened) {
  if (opened.wait_reason.empty()) return {};
  return fmt::format("{} after the first point: {}", to_text(opened.since_first_point),
                     opened.wait_reason);
}

std::string violation_line(const JudgedViolation& judged) {
  const Violation& violation = judged.violation;
  if (judged.labels.name() == kSenderSeriesName)
    return one_line(
        fmt::format("{} sends nothing since {} ({} series)", sender_words(judged.labels),
                    utc_text(violation.opened), human_number(violation.last.value)),
        kLineMax);
  const std::string name = judged.labels.text();
  if (violation.direction == Direction::kSilent)
    return one_line(name + " is silent since " + utc_text(violation.opened), kLineMax);
  const JudgedPoint& last = violation.last;
  return one_line(fmt::format("{} is {}, expected {}–{}", name, human_number(last.value),
                              human_number(last.lower), human_number(last.upper)),
                  kLineMax);
}

}  // namespace

AlertView test_alert(std::string_view receiver, TimeMs now) {
  AlertView out;
  Decision decision;
  decision.rule_id = "test-message";
  decision.severity = Severity::kLow;
  decision.time = now;
  decision.summary = fmt::format("Test message from Tocsin to {}: nothing is wrong", receiver);
  decision.description = "Somebody asked for it, by command or page. No alert was opened.";
  decision.alert_key = IdBuilder().add("test").add(receiver).finish();
  out.id = IdBuilder().add("test").add(receiver).add(now.ms).finish();
  out.key = decision.alert_key;
  out.opened_at = out.updated_at = now;
  out.opened = out.latest = decision;
  return out;
}

std::string state_word(const Notice& notice) {
  if (notice.event == Event::kTest) return "test";
  if (is_person_notice(notice.alert->id)) return "on call";
  if (notice.closed()) return std::string(to_text(notice.alert->state));
  return std::string(to_text(notice.alert->latest->severity));
}

std::string sentence(const Notice& notice) {
  if (notice.title) return one_line(*notice.title, kSentenceMax);
  const AlertView& alert = *notice.alert;
  const Decision& said = alert.latest->summary.empty() ? alert.opened : alert.latest;
  if (said.summary.empty()) return one_line("rule " + said.rule_id + " holds", kSentenceMax);
  return one_line(said.summary, kSentenceMax);
}

std::string description(const Notice& notice) {
  if (notice.text) return cut_text(*notice.text, kDescriptionMax);
  const std::string& told = notice.alert->latest->description;
  if (notice.news.empty() || notice.group) return cut_text(told, kDescriptionMax);
  return cut_text(notice.news + (told.empty() ? "" : "\n" + told), kDescriptionMax);
}

std::string_view link_words(const Notice& notice) {
  if (notice.group) return "Open the alerts";
  return is_person_notice(notice.alert->id) ? "Open On call" : "Open the alert";
}

std::optional<std::string> acknowledge_url(const Links& links, const Notice& notice,
                                           const std::string& who) {
  const bool nobody_asks = notice.event == Event::kTest || is_person_notice(notice.alert->id);
  if (!notice.acts || nobody_asks || notice.closed() || !notice.alert->acknowledged_by.empty())
    return std::nullopt;
  return links.act(*notice.alert, Act::kAcknowledge, who.empty() ? notice.receiver : who,
                   notice.time);
}

std::string utc_text(TimeMs time) {
  const std::string iso = to_iso(TimeMs{time.ms - time.ms % 1000});  // 2026-11-23T14:32:45Z
  if (iso.size() != 20) return iso;                                  // beyond the year 9999
  return iso.substr(0, 10) + " " + iso.substr(11, 8) + " UTC";
}

std::string since_text(const Notice& notice) {
  const AlertView& alert = *notice.alert;
  const TimeMs until = alert.resolved_at.ms != 0 ? alert.resolved_at : notice.time;
  return utc_text(alert.opened_at) + ", for " + whole_seconds(until - alert.opened_at);
}

std::string scope_text(const AlertView& alert) {
  std::string out;
  for (const auto& [name, value] : alert.opened->scope.pairs())
    out.append(out.empty() ? "" : ", ").append(name).append(" ").append(value);
  return one_line(out, kFactMax);
}

std::vector<std::pair<std::string, std::string>> facts(const Notice& notice) {
  const AlertView& alert = *notice.alert;
  std::vector<std::pair<std::string, std::string>> out;
  if (is_person_notice(alert.id)) return out;
  const auto add = [&](std::string name, std::string_view value) {
    if (!value.empty()) out.emplace_back(std::move(name), one_line(value, kFactMax));
  };
  add("State", state_word(notice));
  add("Severity", to_text(alert.latest->severity));
  add("Scope", scope_text(alert));
  add("Since", since_text(notice));
  if (notice.closed())
    add("Ended", alert.resolve_reason);
  else if (notice.event != Event::kTest && !notice.group)
    add("Trend", trend_text(alert.latest->momentum));
  add("Opened", opened_text(alert.opened));
  add("Acknowledged", alert.acknowledged_by);
  add("Told", told_text(notice.told));
  std::string rule = alert.opened->rule_id;
  if (!alert.opened->rule_place.empty()) rule += " (" + alert.opened->rule_place + ")";
  add("Rule", rule);
  return out;
}

std::vector<std::string> violation_lines(const AlertView& alert, size_t max) {
  std::vector<std::string> out;
  for (const JudgedViolation& judged : alert.latest->violations) {
    if (out.size() == max) break;
    out.push_back(violation_line(judged));
  }
  const size_t all = alert.latest->violations.size();
  if (all > max) out.push_back(fmt::format("and {} more", all - max));
  return out;
}

}  // namespace tocsin::respond
