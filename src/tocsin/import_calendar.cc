// `tocsin import-calendar FILE.ics`: reads calendars, prints what is to be configured, or sends the
// overrides.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/json_writer.h"
#include "net/url.h"
#include "tocsin/calendar_import.h"
#include "tocsin/client.h"
#include "tocsin/commands.h"
#include "tocsin/configuration.h"

namespace tocsin {
namespace {

using As = CalendarImport::As;

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(calendar::kCalendarBytesMax + 1, '\0');
  if (!file || !(file.read(text.data(), static_cast<std::streamsize>(text.size())) || file.eof()))
    return fail(ErrorCode::kInvalid, fmt::format("reading {} failed: it cannot be read", path));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

Result<void> send(Client& client, const std::string& schedule, const ImportedCalendar::Turn& turn,
                  const std::string& by) {
  JsonWriter json;
  json.begin_object()
      .member("kind", "take_over")
      .member("person", turn.person)
      .member("from", turn.from.ms)
      .member("to", turn.to.ms)
      .member("reason", turn.reason);
  if (!by.empty()) json.member("by", by);
  json.end_object();
  const auto answer =
      client.call("POST", "/api/oncall/" + net::percent_encode(schedule) + "/overrides",
                  json.take(), "application/json");
  if (!answer) return fail(answer.error());
  if (answer->status == 201) return {};
  return fail(ErrorCode::kRefused,
              fmt::format("an override of {} from {} to {} was refused with {}: {}", turn.person,
                          to_iso(turn.from), to_iso(turn.to), answer->status, answer->body));
}

// What was made before one is refused stays; the file can be given again from there (--days).
Result<void> give(const ImportCalendarOptions& options, const CalendarImport& wanted,
                  const ImportedCalendar& made) {
  if (wanted.as != As::kOverrides) {
    std::fputs(made.yaml.c_str(), stdout);
    return {};
  }
  Client client(options.url, options.token);
  for (const auto& turn : made.turns) {
    std::printf("%s to %s: %s (%s)\n", to_iso(turn.from).c_str(), to_iso(turn.to).c_str(),
                turn.person.c_str(), turn.reason.c_str());
    if (options.try_only) continue;
    if (auto done = send(client, wanted.schedule, turn, options.by); !done) return done;
  }
  return {};
}

Result<void> import_one(const ImportCalendarOptions& options, const Configuration& configuration,
                        const std::string& path, CalendarImport wanted) {
  wanted.file = path;
  wanted.schedule =
      options.schedule.empty() ? std::filesystem::path(path).stem().string() : options.schedule;
  if (wanted.as == As::kOverrides && configuration.roster->schedule(wanted.schedule) == nullptr)
    return fail(ErrorCode::kInvalid,
                fmt::format("importing overrides failed: there is no schedule \"{}\" in {}; name "
                            "one with --schedule",
                            wanted.schedule, options.config));
  const auto text = read_file(path);
  if (!text) return fail(text.error());
  const auto made = take_over_calendar(wanted, *text, *configuration.roster);
  if (!made)
    return fail(made.error().code,
                fmt::format("reading {} failed: {}", path, made.error().message));
  for (const std::string& note : made->notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  if (auto done = give(options, wanted, *made); !done) return done;
  std::fprintf(stderr, "%s: %zu taken, %zu notes\n", path.c_str(), made->taken, made->notes.size());
  return {};
}

}  // namespace

int import_calendar(const ImportCalendarOptions& options) {
  const auto configuration = Configuration::load(options.config);
  if (!configuration) return failed(configuration.error());
  auto zone = calendar::Zone::find(options.zone);
  if (!zone) return failed(zone.error());
  CalendarImport wanted;
  wanted.as = options.as == "leave"       ? As::kLeave
              : options.as == "overrides" ? As::kOverrides
                                          : As::kSchedule;
  wanted.zone = *zone;
  wanted.from = SystemClock().now();
  wanted.to = wanted.from + days(options.days);
  for (const std::string& path : options.files)
    if (auto done = import_one(options, **configuration, path, wanted); !done)
      return failed(done.error());
  return 0;
}

}  // namespace tocsin
