#include "tocsin/worker_calendars.h"

#include <algorithm>

namespace tocsin {
namespace {

using calendar::Day;
using calendar::DayCalendar;

constexpr int64_t kDaysBefore = 31, kDaysAfter = 366;
constexpr size_t kDaysMax = 400;

server::WorkerDetails::Calendar view_of(const DayCalendar& calendar, const calendar::Zone& zone,
                                        TimeMs now) {
  server::WorkerDetails::Calendar out;
  out.name = calendar.name();
  if (calendar.zone()) out.zone = calendar.zone()->name();
  out.business_days = calendar::weekdays_text(calendar.business_days());
  out.classes = calendar.classes();
  const Day today = calendar::day_of_wall(calendar::wall_of_instant(zone, now));
  out.today = to_text(today);
  out.today_class = calendar.class_name(today);
  for (int64_t ahead = -kDaysBefore; ahead <= kDaysAfter && out.days.size() < kDaysMax; ++ahead) {
    const DayCalendar::Kind kind = calendar.kind(today + ahead);
    if (kind.by_date())
      out.days.push_back({to_text(today + ahead), calendar.classes()[kind.index], kind.entry->name,
                          kind.entry->source});
  }
  return out;
}

}  // namespace

std::vector<server::WorkerDetails::Calendar> calendars_of(const streamer::WorkerSet& set,
                                                          const streamer::Worker& worker,
                                                          TimeMs now) {
  std::vector<server::WorkerDetails::Calendar> out;
  const auto add = [&](const DayCalendar& calendar, const std::string& site) {
    const auto same = std::find_if(out.begin(), out.end(),
                                   [&](const auto& one) { return one.name == calendar.name(); });
    if (same != out.end()) {
      const bool known =
          std::find(same->sites.begin(), same->sites.end(), site) != same->sites.end();
      if (!site.empty() && !known) same->sites.push_back(site);
      return;
    }
    const Labels of_site = Labels::of("", {{set.site_label(), site}});
    out.push_back(view_of(calendar, calendar.zone() ? *calendar.zone() : set.zone(of_site), now));
    if (!site.empty()) out.back().sites.push_back(site);
  };
  for (const streamer::ModelSpec& model : worker.models) {
    if (model.calendar != nullptr) add(*model.calendar, "");
    if (!model.site_calendar) continue;
    for (const auto& [site, calendar] : set.calendars().by_site) add(*calendar, site);
  }
  return out;
}

}  // namespace tocsin
