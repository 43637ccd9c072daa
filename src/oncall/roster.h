#pragma once
// Who there is and who takes turns: sections `people`, `teams` and `schedules` of the
// configuration. Plain values, fixed after reading; shared by threads without a lock.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "calendar/icalendar.h"
#include "calendar/zone.h"
#include "config/folder.h"
#include "config/reference.h"
#include "oncall/weekly_hours.h"
#include "vocabulary/alert.h"

namespace tocsin::oncall {

inline constexpr size_t kPeopleMax = 5000;
inline constexpr size_t kSchedulesMax = 500;
inline constexpr size_t kLayersMax = 20;
inline constexpr size_t kTurnsMax = 200;  // people of one layer

enum class ContactKind : uint8_t { kMail, kSms, kVoice, kSlack };
std::string_view to_text(ContactKind kind);  // "mail", "sms", "voice", "slack": kinds of receivers

// One way to reach a person.
struct ContactMethod {
  std::string receiver;  // name of the person's own receiver: "alice/mail"
  ContactKind by = ContactKind::kMail;
  std::string to;   // address, number or Slack id
  std::string via;  // configured receiver whose server and credentials are used; empty = the first
                    // of that kind
  DurationMs after;
  std::vector<Severity> severities;  // empty = any
  config::Place place;
};

struct Person {
  // Days on which the person is away, on the person's wall clock; both inclusive.
  struct Leave {
    int64_t first_day = 0;
    int64_t last_day = 0;
  };
  std::string name;
  std::string real_name;
  std::string email;  // lower case
  std::string phone;
  std::string slack;
  calendar::Zone zone;
  std::vector<Leave> leave;
  std::vector<ContactMethod> notify;
  config::Place place;

  const std::string& display_name() const { return real_name.empty() ? name : real_name; }
  bool on_leave(TimeMs at) const;
};

struct Team {
  std::string name;
  std::vector<std::string> people;
  config::Place place;
};

// People who take turns, or a calendar file that says who.
struct Layer {
  std::string name;
  calendar::Zone zone;
  std::vector<std::string> people;     // in order; empty if a calendar says who
  int64_t turn_ms = 0;                 // length of a turn, on the wall clock
  int64_t first_turn_wall_ms = 0;      // begin of turn 0, at or before the start
  int64_t start_wall_ms = 0;           // nobody before
  std::optional<int64_t> end_wall_ms;  // nobody from then on
  WeeklyHours hours;
  std::string ics;  // file name
  std::shared_ptr<const calendar::Calendar> calendar;
  config::Place place;
};

struct Schedule {
  std::string name;
  std::string title;
  std::string team;
  calendar::Zone zone;
  std::vector<Layer> layers;  // a later one goes before an earlier one
  WeeklyHours must_cover;     // when nobody on call is a gap
  bool hand_over_notices = true;
  DurationMs remind_before = minutes(15);  // 0: no reminders
  config::Place place;

  const std::string& display_name() const { return title.empty() ? name : title; }
};

class Roster {
 public:
  using ReadFile = std::function<Result<std::string>(const std::string& name)>;
  // `read_file` gives calendar files named by layers. Problems are added for what is wrong; the
  // result is then not to be used.
  static Roster read(const config::Folder& folder, const ReadFile& read_file,
                     config::Problems& problems);
  static void describe(config::Reference& reference);

  const std::vector<Person>& people() const { return people_; }
  const std::vector<Team>& teams() const { return teams_; }
  const std::vector<Schedule>& schedules() const { return schedules_; }
  // nullptr if there is none.
  const Person* person(std::string_view name) const;
  const Team* team(std::string_view name) const;
  const Schedule* schedule(std::string_view name) const;
  // Whom a calendar means: name, real name or e-mail address, any case.
  const Person* person_called(std::string_view text) const;

 private:
  void check_names(config::Problems& problems) const;
  std::vector<Person> people_;
  std::vector<Team> teams_;
  std::vector<Schedule> schedules_;
};

}  // namespace tocsin::oncall
