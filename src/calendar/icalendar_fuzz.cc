// Any bytes as a calendar file: it is read, or refused with words, and what is read answers within
// its limits, in order.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "calendar/icalendar.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tocsin;
  using namespace tocsin::calendar;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto file = parse_calendar(text, Zone());
  if (!file) {
    TOCSIN_CHECK(!file.error().message.empty(), "an error without words");
    return 0;
  }
  const Calendar calendar = Calendar::make(std::move(*file));
  const TimeMs from{1'780'000'000'000};
  const auto entries = calendar.entries(from, from + days(30), 50);
  TOCSIN_CHECK(entries.size() <= 50, "{} entries", entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    TOCSIN_CHECK(entries[i].when.begin <= entries[i].when.end, "it ends before it begins");
    TOCSIN_CHECK(i == 0 || entries[i - 1].when <= entries[i].when, "not in order");
  }
  return 0;
}
