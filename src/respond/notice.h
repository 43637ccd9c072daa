#pragma once
// What is said, whatever the channel: one event of one alert to one receiver. Pure functions.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "supervisor/changes.h"
#include "supervisor/group.h"
#include "vocabulary/alert.h"

namespace tocsin::respond {

using supervisor::Event;

struct Links;

struct Notice {
  Event event = Event::kOpened;
  std::string receiver;
  std::string key;  // idempotency key: the same for every attempt of one delivery
  TimeMs time;      // when the message is made
  std::shared_ptr<const AlertView> alert;  // of a group: what stands for it (group_notice.h)
  std::shared_ptr<const supervisor::GroupView> group;  // null = of one alert
  std::string news;   // what is new since the last message, where there is more than the alert
  bool loud = false;  // worth a message of its own, also where updates only change an old one
  bool acts = true;   // the message may carry what acts on the alert; false: a customer's
  std::vector<std::string> told;  // names of all receivers told of this alert, where known
  // The receiver's own words (its templates), instead of the alert's sentence and description.
  std::optional<std::string> title, text;
  bool closed() const { return alert->state != AlertState::kOpen; }
};

// An alert that says that nothing is wrong: for test messages.
AlertView test_alert(std::string_view receiver, TimeMs now);

// Words that channels share. Every text is bounded, whatever a rule or label holds.
std::string state_word(const Notice& notice);    // "critical", "resolved", "expired", "test"
std::string sentence(const Notice& notice);      // the alert's one sentence, at most 1,000 bytes
std::string description(const Notice& notice);   // at most 2,500 bytes
std::string since_text(const Notice& notice);    // "2026-11-23 14:32:45 UTC, for 2m10s"
std::string scope_text(const AlertView& alert);  // "site madrid, customer 7"; "" for global
// Of the link to what it is about: "Open the alert".
std::string_view link_words(const Notice& notice);
std::string utc_text(TimeMs time);  // "2026-11-23 14:32:45 UTC"

// Name and value of what is worth a line: severity, scope, since, trend, who acknowledged, who is
// told, the rule. At most 10.
std::vector<std::pair<std::string, std::string>> facts(const Notice& notice);
// The link in the message that acknowledges the alert; nullopt if there is none: a test, the end,
// an alert that somebody has. `who`: whom the message is for; the receiver's name if empty.
std::optional<std::string> acknowledge_url(const Links& links, const Notice& notice,
                                           const std::string& who = "");
// "payments_ok{site="madrid"} is 51, expected 118–151": the rule's violations, at most `max`.
std::vector<std::string> violation_lines(const AlertView& alert, size_t max);

}  // namespace tocsin::respond
