#pragma once
// On-call as JSON: docs/http-api.md describes it.

#include <string>
#include <vector>

#include "server/json.h"
#include "server/oncall_desk.h"

namespace tocsin::server {

using oncall::OnCall;

void write_names(JsonWriter& json, std::string_view key, const std::vector<std::string>& names);
// Who is on call now and next, people, findings.
void write_oncall_now(JsonWriter& json, const OnCallDesk::Facts& facts);
// One schedule's lanes in [from, to).
Result<void> write_schedule(JsonWriter& json, const OnCallDesk::Facts& facts,
                            const oncall::Schedule& schedule, TimeMs from, TimeMs to,
                            const access::FeedTokens& tokens);
// Who was or will be on call at one instant.
Result<void> write_at(JsonWriter& json, const OnCallDesk::Facts& facts,
                      const oncall::Schedule& schedule, TimeMs at);
void write_override(JsonWriter& json, const oncall::Override& one);
// For the command line: a line per schedule, or one line for one schedule and instant.
std::string text_of_now(const OnCallDesk::Facts& facts, std::string_view schedule);
Result<std::string> text_at(const OnCallDesk::Facts& facts, const oncall::Schedule& schedule,
                            TimeMs at);

}  // namespace tocsin::server
