#pragma once
// Which days are what: business days and weekends by the day of the week, and days of a class of
// their own (holiday, sale, ...) by date. Immutable and shared; any thread may ask.
//
// Every day has one class. What is written of a date in one year beats what is written of every
// year, and that beats the day of the week; of two entries alike the first one wins.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "calendar/day.h"
#include "calendar/zone.h"

namespace tocsin::calendar {

inline constexpr std::string_view kBusiness = "business", kWeekend = "weekend";
// A calendar knows at most so many classes, and so many days by a date of their own year.
inline constexpr size_t kClassesMax = 32;
inline constexpr size_t kDatedDaysMax = 20'000;

// Some days that are of a class.
struct DayEntry {
  std::optional<MonthDay> yearly;  // begins there, each year, ...
  MonthDay yearly_last;            // ... and ends here, included; may lie in the next year
  Day first, last;                 // both included; unless it is yearly
  std::string day_class;
  std::string name;    // "Christmas"; may be empty
  std::string source;  // where it is written
};

struct CalendarSpec {
  std::string name;
  std::optional<Zone> zone;      // whose midnights its days begin at; otherwise the site's
  uint8_t business_days = 0x1F;  // one bit per weekday, Monday lowest
  std::vector<DayEntry> entries;
};

class DayCalendar {
 public:
  // What of the spec goes beyond the bounds above is left out: whoever reads one says so before.
  explicit DayCalendar(CalendarSpec spec);

  struct Kind {
    uint8_t index = 0;                // of its class
    const DayEntry* entry = nullptr;  // what says so; nullptr: the day of the week
    bool by_date() const { return entry != nullptr; }
  };
  Kind kind(Day day) const;

  // "business", "weekend", then the others by name.
  const std::vector<std::string>& classes() const { return classes_; }
  const std::string& class_name(Day day) const { return classes_[kind(day).index]; }
  const std::string& name() const { return spec_.name; }
  const std::optional<Zone>& zone() const { return spec_.zone; }
  uint8_t business_days() const { return spec_.business_days; }
  const std::vector<DayEntry>& entries() const { return spec_.entries; }
  // Equal for calendars that say the same of every day.
  Id128 fingerprint() const;

 private:
  static constexpr uint16_t kNobody = UINT16_MAX;
  struct Dated {
    Day day;
    uint16_t entry;
  };
  uint8_t class_index(const std::string& name) const;
  uint16_t& yearly(MonthDay at) { return yearly_[(at.month - 1U) * 31U + at.day - 1U]; }
  void add_yearly(uint16_t entry);

  CalendarSpec spec_;
  std::vector<std::string> classes_;
  std::vector<uint8_t> class_of_entry_;
  std::vector<Dated> dated_;                // ascending, one per day
  std::array<uint16_t, 12 * 31> yearly_{};  // entry by month and day
};

}  // namespace tocsin::calendar
