// Parts of dates, in UTC.

#include <cmath>
#include <cstdint>
#include <limits>

#include "promql/eval_functions.h"

namespace tocsin::promql {
namespace {

// A date of the proleptic Gregorian calendar.
struct Date {
  int64_t year;
  int month, day, day_of_year;  // from 1
};

// What a processor gives for numbers that no int64 holds, NaN among them.
int64_t seconds_of(double value) {
  if (!(value >= -0x1p63 && value < 0x1p63)) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}

// Counting begins on a Monday, January 1 of a year that is 1 modulo 400, so far back that the count
// of seconds is never negative for any int64 (beyond its ends it wraps, as in Go).
constexpr int64_t kYearZero = -292277022399;
constexpr uint64_t kUnixEpoch = 9223372028715321600ULL;  // seconds from there to 1970
constexpr uint64_t kSecondsPerDay = 86'400;

uint64_t absolute(double value) { return static_cast<uint64_t>(seconds_of(value)) + kUnixEpoch; }

bool leap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int64_t year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[month - 1] + (month == 2 && leap(year));
}

Date date_of(double value) {
  uint64_t days = absolute(value) / kSecondsPerDay;
  // Cycles of 400, 100, 4 years and 1 year; the last of a cycle is the longer one.
  const uint64_t n400 = days / 146'097;
  days %= 146'097;
  uint64_t n100 = days / 36'524;
  n100 -= n100 >> 2;
  days -= n100 * 36'524;
  const uint64_t n4 = days / 1'461;
  days %= 1'461;
  uint64_t n1 = days / 365;
  n1 -= n1 >> 2;
  days -= n1 * 365;
  Date date{};
  date.year = kYearZero + static_cast<int64_t>(400 * n400 + 100 * n100 + 4 * n4 + n1);
  date.day_of_year = static_cast<int>(days) + 1;
  int day = date.day_of_year;
  date.month = 1;
  while (day > days_in_month(date.year, date.month)) day -= days_in_month(date.year, date.month++);
  date.day = day;
  return date;
}

double minute(double v) { return static_cast<double>(absolute(v) % 3600 / 60); }
double hour(double v) { return static_cast<double>(absolute(v) % kSecondsPerDay / 3600); }
double day_of_week(double v) {  // 0 is Sunday
  return static_cast<double>((absolute(v) / kSecondsPerDay + 1) % 7);
}
double day_of_month(double v) { return date_of(v).day; }
double day_of_year(double v) { return date_of(v).day_of_year; }
double month(double v) { return date_of(v).month; }
double year(double v) { return static_cast<double>(date_of(v).year); }
double month_length(double v) {
  const Date date = date_of(v);
  return days_in_month(date.year, date.month);
}

}  // namespace

ValueFunction date_function(FunctionId id) {
  using enum FunctionId;
  if (id == kMinute) return minute;
  if (id == kHour) return hour;
  if (id == kDayOfWeek) return day_of_week;
  if (id == kDayOfMonth) return day_of_month;
  if (id == kDayOfYear) return day_of_year;
  if (id == kDaysInMonth) return month_length;
  if (id == kMonth) return month;
  if (id == kYear) return year;
  return nullptr;
}

}  // namespace tocsin::promql
