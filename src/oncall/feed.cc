#include "oncall/feed.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/id.h"

namespace tocsin::oncall {
namespace {

constexpr size_t kLineBytes = 75;  // RFC 5545 3.1: longer lines are folded

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == ';' || c == ',') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
  }
  return out;
}

// Folds at character boundaries.
void add_line(std::string& out, std::string_view line) {
  size_t room = kLineBytes;
  while (line.size() > room) {
    size_t cut = room;
    while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xC0) == 0x80) --cut;
    out.append(line.substr(0, cut)).append("\r\n ");
    line.remove_prefix(cut);
    room = kLineBytes - 1;
  }
  out.append(line).append("\r\n");
}

std::string utc(TimeMs at) {
  std::string out;  // 2026-11-23T14:32:45Z to 20261123T143245Z
  for (const char c : to_iso(TimeMs{at.ms / 1000 * 1000}))
    if (c != '-' && c != ':') out += c;
  return out;
}

std::string display(const Roster& roster, const std::string& name) {
  const Person* person = roster.person(name);
  return person == nullptr ? name : person->display_name();
}

void add_event(std::string& out, const Roster& roster, const FeedShift& one,
               const std::string& person, const std::string& stamp) {
  const Schedule* schedule = roster.schedule(one.schedule);
  const std::string title = schedule == nullptr ? one.schedule : schedule->display_name();
  const Id128 id =
      IdBuilder().add("shift").add(one.schedule).add(person).add(one.shift.begin.ms).finish();
  add_line(out, "BEGIN:VEVENT");
  add_line(out, fmt::format("UID:{}@tocsin", to_text(id)));
  add_line(out, "DTSTAMP:" + stamp);
  add_line(out, "DTSTART:" + utc(one.shift.begin));
  add_line(out, "DTEND:" + utc(one.shift.end));
  add_line(out,
           "SUMMARY:" + escaped(fmt::format("{} on call: {}", display(roster, person), title)));
  std::string with;
  for (const std::string& other : one.shift.people)
    if (other != person) with += (with.empty() ? "" : ", ") + display(roster, other);
  if (!with.empty()) add_line(out, "DESCRIPTION:" + escaped("With " + with));
  add_line(out, "TRANSP:TRANSPARENT");
  add_line(out, "X-MICROSOFT-CDO-BUSYSTATUS:FREE");
  add_line(out, "END:VEVENT");
}

}  // namespace

std::string feed(const Roster& roster, std::string_view title, const std::vector<FeedShift>& shifts,
                 std::string_view person, TimeMs now) {
  std::string out;
  add_line(out, "BEGIN:VCALENDAR");
  add_line(out, "VERSION:2.0");
  add_line(out, "PRODID:-//Tocsin//On call//EN");
  add_line(out, "CALSCALE:GREGORIAN");
  add_line(out, "METHOD:PUBLISH");
  add_line(out, "X-WR-CALNAME:" + escaped(title));
  add_line(out, "REFRESH-INTERVAL;VALUE=DURATION:PT1H");
  add_line(out, "X-PUBLISHED-TTL:PT1H");
  const std::string stamp = utc(now);
  for (const FeedShift& one : shifts)
    for (const std::string& name : one.shift.people)
      if (person.empty() || name == person) add_event(out, roster, one, name, stamp);
  add_line(out, "END:VCALENDAR");
  return out;
}

}  // namespace tocsin::oncall
