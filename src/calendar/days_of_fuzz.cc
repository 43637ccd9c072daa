// Any bytes as an .ics file, and as a rule: days that exist, in order within each entry, and a
// calendar of them that answers for every day.
#include <cstdlib>

#include "calendar/days_of.h"

using namespace tocsin::calendar;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto entries = days_of_file(text, "holiday", "x.ics")) {
    for (const DayEntry& entry : *entries)
      if (entry.first > entry.last || !parse_day(to_text(entry.first))) std::abort();
    const Day first = entries->front().first;
    const DayCalendar made({"x", std::nullopt, 0x1F, std::move(*entries)});
    if (made.class_name(first) != "holiday") std::abort();
    for (int64_t day = 0; day < 800; ++day) (void)made.class_name(first - 400 + day);
  }
  if (const auto days = days_of_rule(text.substr(0, 200), *parse_day("1970-01-01")))
    for (size_t i = 1; i < days->size(); ++i)
      if ((*days)[i] <= (*days)[i - 1]) std::abort();
  return 0;
}
