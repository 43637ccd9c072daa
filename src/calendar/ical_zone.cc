#include "calendar/ical_zone.h"

#include <unicode/ucal.h>

#include <array>
#include <string>

namespace tocsin::calendar {
namespace {

// ICU carries the Unicode consortium's table of Windows' names.
std::optional<std::string> iana_of_windows(std::string_view name) {
  std::array<UChar, 64> windows{};
  std::array<UChar, 64> iana{};
  if (name.empty() || name.size() >= windows.size()) return std::nullopt;
  for (size_t i = 0; i < name.size(); ++i) {
    if (static_cast<unsigned char>(name[i]) >= 0x80) return std::nullopt;
    windows[i] = static_cast<UChar>(name[i]);
  }
  UErrorCode status = U_ZERO_ERROR;
  const int32_t length =
      ucal_getTimeZoneIDForWindowsID(windows.data(), static_cast<int32_t>(name.size()), nullptr,
                                     iana.data(), static_cast<int32_t>(iana.size()), &status);
  if (U_FAILURE(status) || length <= 0 || length >= static_cast<int32_t>(iana.size()))
    return std::nullopt;
  std::string text;
  for (int32_t i = 0; i < length; ++i)
    text.push_back(static_cast<char>(iana[static_cast<size_t>(i)]));
  return text;
}

}  // namespace

std::optional<Zone> zone_of_tzid(std::string_view tzid) {
  if (tzid.empty() || tzid.size() > 200) return std::nullopt;
  if (const auto zone = Zone::find(tzid)) return *zone;
  if (const auto name = iana_of_windows(tzid))
    if (const auto zone = Zone::find(*name)) return *zone;
  // Names of zones have up to three parts: America/Argentina/Ushuaia.
  size_t slash = tzid.size();
  for (int parts = 0; parts < 3 && slash != 0; ++parts) {
    slash = tzid.rfind('/', slash - 1);
    if (slash == std::string_view::npos) break;
    if (parts == 0) continue;  // one part alone is a word like "London"
    if (const auto zone = Zone::find(tzid.substr(slash + 1))) return *zone;
  }
  return std::nullopt;
}

}  // namespace tocsin::calendar
