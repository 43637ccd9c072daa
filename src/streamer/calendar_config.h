#pragma once
// The section `calendars`, and which site follows which of them.

#include <map>
#include <memory>
#include <string>

#include "calendar/day_calendar.h"
#include "models/model_spec.h"

namespace tocsin::config {
class Folder;
class MapReader;
class Problems;
class Reference;
}  // namespace tocsin::config

namespace tocsin::streamer {

using CalendarMap =
    std::map<std::string, std::shared_ptr<const calendar::DayCalendar>, std::less<>>;

// `calendar: site`: that of the series' site. No calendar can be called so.
inline constexpr std::string_view kCalendarOfSite = "site";

struct Calendars {
  CalendarMap by_name;
  CalendarMap by_site;
};

CalendarMap read_calendars(const config::Folder& folder, config::Problems& problems);
void describe_calendars(config::Reference& reference);
// The key `calendars` of the section `sites`.
void read_site_calendars(config::MapReader& sites, Calendars& calendars);
// Finds the calendar that a model names, and writes into the spec what makes its days others.
void resolve_calendar(config::MapReader& model, const Calendars& calendars,
                      models::ModelSpec& spec);

}  // namespace tocsin::streamer
