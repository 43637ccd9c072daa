#include "oncall/roster.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"
#include "calendar/wall_clock.h"
#include "net/smtp_client.h"
#include "oncall/roster_read.h"

namespace tocsin::oncall {
namespace {

using config::MapReader;

constexpr std::array<std::string_view, 4> kKinds{"mail", "sms", "voice", "slack"};
constexpr size_t kMethodsMax = 20;
constexpr size_t kLeaveMax = 200;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 0x20);
  return out;
}

std::optional<Severity> parse_severity(std::string_view text) {
  for (const Severity severity : {Severity::kCritical, Severity::kHigh, Severity::kLow})
    if (to_text(severity) == text) return severity;
  return std::nullopt;
}

const std::string& own_address(const Person& person, ContactKind kind) {
  switch (kind) {
    case ContactKind::kMail:
      return person.email;
    case ContactKind::kSms:
    case ContactKind::kVoice:
      return person.phone;
    case ContactKind::kSlack:
      return person.slack;
  }
  return person.email;
}

std::string_view address_key(ContactKind kind) {
  switch (kind) {
    case ContactKind::kMail:
      return "email";
    case ContactKind::kSms:
    case ContactKind::kVoice:
      return "phone";
    case ContactKind::kSlack:
      return "slack";
  }
  return "email";
}

ContactMethod read_method(MapReader& m, const Person& person) {
  ContactMethod out;
  out.place = m.place();
  out.by = static_cast<ContactKind>(
      m.choice("by", kKinds, "", "How: a kind of receiver, of which one must be configured."));
  out.after = m.value<DurationMs>("after", DurationMs{0},
                                  "So long after it is the person's turn; 0 to 24h.");
  if (out.after > hours(24)) m.problem("after", "must be 0 to 24h");
  out.to = m.value<std::string>("to", "",
                                "Address, number or Slack id; by default the person's own "
                                "(email, phone, slack).");
  out.via = m.value<std::string>("via", "",
                                 "The receiver whose server and credentials are used; by default "
                                 "the first of that kind.");
  const auto words = m.value<std::vector<std::string>>(
      "severity", {}, "Only for alerts of these severities; all if missing.");
  for (size_t i = 0; i < words.size(); ++i) {
    if (const auto severity = parse_severity(words[i]))
      out.severities.push_back(*severity);
    else
      m.problem("severity", i, "expected critical, high or low, not \"" + words[i] + "\"");
  }
  if (m.describing()) return out;
  if (out.to.empty()) out.to = own_address(person, out.by);
  if (out.to.empty() && !m.refused("by"))
    m.problem("by", fmt::format("{} has no {} to be told by {}; give it, or `to` here", person.name,
                                address_key(out.by), to_text(out.by)));
  if (out.by == ContactKind::kMail && !out.to.empty() && !net::valid_mail_address(out.to))
    m.problem(m.has("to") ? "to" : "by",
              fmt::format("\"{}\" is no mail address", cut_text(out.to, 60)));
  return out;
}

// "alice/mail", and "alice/mail-2" for the second of a kind.
void name_receivers(Person& person) {
  std::array<int, kKinds.size()> count{};
  for (ContactMethod& method : person.notify) {
    const int number = ++count[static_cast<size_t>(method.by)];
    method.receiver = fmt::format("{}/{}", person.name, to_text(method.by));
    if (number > 1) method.receiver += fmt::format("-{}", number);
  }
}

void read_leave(MapReader& m, Person& out) {
  m.list("leave", "leave", "Days on which the person is away; the rota linter looks at them.",
         [&](MapReader& one) {
           const auto day = [&](const char* key, const char* doc, bool required) {
             const std::string text = required ? one.required<std::string>(key, doc)
                                               : one.value<std::string>(key, "", doc);
             const auto date = calendar::parse_date(text);
             if (!date && !text.empty() && !one.describing())
               one.problem(key, "expected a date such as 2026-12-24, not \"" + text + "\"");
             return date;
           };
           const auto first = day("from", "First day, such as 2026-12-24.", true);
           const auto last = day("to", "Last day; by default the first.", false);
           if (one.describing() || !first) return;
           Person::Leave leave{calendar::day_number(*first),
                               calendar::day_number(last ? *last : *first)};
           if (leave.last_day < leave.first_day) one.problem("to", "comes before `from`");
           if (out.leave.size() < kLeaveMax) out.leave.push_back(leave);
         });
}

void read_person(MapReader& m, Person& out) {
  out.place = m.place();
  out.name = m.required<std::string>("name", "Unique short name; schedules and teams name it.");
  if (!m.describing() && m.has("name") && !valid_name(out.name))
    m.problem("name", "a name has 1 to 100 letters, digits, dots, dashes or underscores");
  out.real_name = m.value<std::string>("real_name", "", "As people say it.");
  out.email = lower(m.value<std::string>("email", "", "Mail address."));
  out.phone = m.value<std::string>("phone", "", "Telephone number, +34600123456.");
  out.slack = m.value<std::string>("slack", "", "Slack member id, U0123ABCD.");
  out.zone = read_zone(m, calendar::Zone(), "Where the person lives: IANA name of the time zone.");
  if (!out.email.empty() && !net::valid_mail_address(out.email))
    m.problem("email", "\"" + cut_text(out.email, 60) + "\" is no mail address");
  const bool plain_number = std::all_of(out.phone.begin(), out.phone.end(), [](unsigned char c) {
    return std::isdigit(c) != 0 || c == '+' || c == ' ';
  });
  if (!out.phone.empty() && (!plain_number || out.phone.front() != '+'))
    m.problem("phone", "expected a number with its country, such as +34600123456");
  std::erase(out.phone, ' ');
  read_leave(m, out);
  m.list("notify", "contact_method",
         "How the person is told, first to last; by default by mail at once.",
         [&](MapReader& one) { out.notify.push_back(read_method(one, out)); });
  if (out.notify.size() > kMethodsMax) m.problem("notify", "at most 20 ways");
  if (!m.has("notify") && !out.email.empty()) {
    ContactMethod mail;
    mail.to = out.email;
    mail.place = out.place;
    out.notify.push_back(std::move(mail));
  }
  name_receivers(out);
}

void read_team(MapReader& m, Team& out) {
  out.place = m.place();
  out.name = m.required<std::string>("name", "Unique name.");
  if (!m.describing() && m.has("name") && !valid_name(out.name))
    m.problem("name", "a name has 1 to 100 letters, digits, dots, dashes or underscores");
  out.people = m.required<std::vector<std::string>>("people", "Names of the people in it.");
}

template <class Items>
auto* found_in(const Items& items, std::string_view name) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const auto& one) { return one.name == name; });
  return found == items.end() ? nullptr : &*found;
}

// Reads a section that is a list of named things, each name once.
template <class Item, class Read>
void read_section(const config::Folder& folder, std::string_view section, std::string_view type,
                  size_t most, config::Problems& problems, std::vector<Item>& out,
                  const Read& read) {
  folder.for_each(section, type, problems, [&](MapReader& m) {
    Item item;
    read(m, item);
    if (found_in(out, item.name) != nullptr)
      m.problem("name", fmt::format("{} \"{}\" stands twice; names are unique", type, item.name));
    if (out.size() == most) m.problem("name", fmt::format("more than {} {}", most, section));
    if (out.size() < most) out.push_back(std::move(item));
  });
}

}  // namespace

std::string_view to_text(ContactKind kind) { return kKinds[static_cast<size_t>(kind)]; }

bool valid_name(std::string_view name) {
  return !name.empty() && name.size() <= 100 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
         });
}

bool Person::on_leave(TimeMs at) const {
  const int64_t day = calendar::day_number(calendar::date_of_wall(wall_of_instant(zone, at)));
  return std::any_of(leave.begin(), leave.end(),
                     [&](const Leave& one) { return one.first_day <= day && day <= one.last_day; });
}

calendar::Zone read_zone(MapReader& m, const calendar::Zone& standard, std::string_view doc) {
  const std::string name = m.value<std::string>("zone", standard.name(), doc);
  if (m.describing()) return standard;
  auto zone = calendar::Zone::find(name);
  if (zone) return *zone;
  m.problem("zone", zone.error().message);
  return standard;
}

Roster Roster::read(const config::Folder& folder, const ReadFile& read_file,
                    config::Problems& problems) {
  Roster out;
  read_section(folder, "people", "person", kPeopleMax, problems, out.people_, read_person);
  read_section(folder, "teams", "team", kSchedulesMax, problems, out.teams_, read_team);
  read_section(folder, "schedules", "schedule", kSchedulesMax, problems, out.schedules_,
               [&](MapReader& m, Schedule& schedule) { read_schedule(m, read_file, schedule); });
  out.check_names(problems);
  return out;
}

void Roster::check_names(config::Problems& problems) const {
  std::vector<std::string_view> known;
  for (const Person& one : people_) known.push_back(one.name);
  const auto check = [&](const std::vector<std::string>& names, const config::Place& place,
                         const std::string& where) {
    for (const std::string& name : names) {
      if (person(name) != nullptr) continue;
      const std::string_view near = nearest_word(name, known);
      problems.add(place,
                   fmt::format("{} names \"{}\", but section `people` has nobody of that "
                               "name{}",
                               where, name,
                               near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
    }
  };
  for (const Team& one : teams_) check(one.people, one.place, "team " + one.name);
  for (const Schedule& one : schedules_) {
    for (const Layer& layer : one.layers)
      check(layer.people, layer.place,
            fmt::format("layer {} of schedule {}", layer.name, one.name));
    if (!one.team.empty() && team(one.team) == nullptr)
      problems.add(one.place, fmt::format("schedule {} names team \"{}\", but section `teams` has "
                                          "none of that name",
                                          one.name, one.team));
  }
}

void Roster::describe(config::Reference& reference) {
  config::Problems problems;
  if (reference.begin_type("person")) {
    MapReader m(reference, "person", problems);
    Person unused;
    read_person(m, unused);
  }
  if (reference.begin_type("team")) {
    MapReader m(reference, "team", problems);
    Team unused;
    read_team(m, unused);
  }
  if (reference.begin_type("schedule")) {
    MapReader m(reference, "schedule", problems);
    Schedule unused;
    read_schedule(m, {}, unused);
  }
  reference.name_list("person", "people");
  reference.name_list("team", "teams");
  reference.name_list("schedule", "schedules");
}

const Person* Roster::person(std::string_view name) const { return found_in(people_, name); }
const Team* Roster::team(std::string_view name) const { return found_in(teams_, name); }
const Schedule* Roster::schedule(std::string_view name) const { return found_in(schedules_, name); }

const Person* Roster::person_called(std::string_view text) const {
  const std::string wanted = lower(text);
  for (const Person& one : people_)
    if (lower(one.name) == wanted || (!one.email.empty() && one.email == wanted) ||
        (!one.real_name.empty() && lower(one.real_name) == wanted))
      return &one;
  return nullptr;
}

}  // namespace tocsin::oncall
