#pragma once
// Values as Alertmanager 0.25 writes them, member by member in its order.

#include <string>
#include <vector>

#include "base/json_writer.h"
#include "server/alertmanager_desk.h"

namespace tocsin::server {

// The version of the API that is spoken: clients look at it.
inline constexpr std::string_view kAlertmanagerVersion = "0.25.0";

// 2026-11-23T15:48:42.759Z: always with milliseconds.
std::string alertmanager_time(TimeMs time);
// Ids of silences look like UUIDs there.
std::string silence_uuid(std::string_view id);
// kInvalid if it is none.
Result<std::string> silence_id(std::string_view uuid);

// The labels that it is listed with: as they were told, or a rule's scope with its name.
Labels listed_labels(const Decision& decision);
// Receivers of one route of ours, told at once, are one receiver there.
std::string joined(std::vector<std::string> receivers);

struct ListedAlert {
  OpenAlertView open;
  Labels labels;
  std::string fingerprint, receiver;
  std::string inhibited_by;  // fingerprint, or empty
};
void write_listed(JsonWriter& json, const ListedAlert& alert);
void write_listed_silence(JsonWriter& json, const supervisor::Silence& silence);
// Routes and receivers as a configuration that amtool reads.
std::string alertmanager_configuration(const supervisor::Routes& routes);

}  // namespace tocsin::server
