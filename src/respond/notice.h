#pragma once
// What is said, whatever the channel: one event of one alert to one receiver.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "vocabulary/alert.h"

namespace tocsin::respond {

enum class NoticeEvent : uint8_t { kOpened, kUpdated, kResolved, kTest };
std::string_view to_text(NoticeEvent event);  // "opened", "updated", "resolved", "test"
std::optional<NoticeEvent> parse_notice_event(std::string_view text);

struct Notice {
  NoticeEvent event = NoticeEvent::kOpened;
  std::string receiver;
  std::string key;  // idempotency key: the same for every attempt of one delivery
  TimeMs time;      // when the message is made
  std::shared_ptr<const AlertView> alert;
  std::vector<std::string> told;  // names of all receivers told of this alert
  bool closed() const { return alert->state != AlertState::kOpen; }
};

// An alert that says that nothing is wrong: for test messages.
AlertView test_alert(std::string_view receiver, TimeMs now);

// Words that channels share.
std::string state_word(const Notice& notice);    // "CRITICAL", "RESOLVED", "TEST"
std::string sentence(const Notice& notice);      // the alert's one sentence, at most 1,000 bytes
std::string since_text(const Notice& notice);    // "since 14:32:45 UTC (2m10s)"
std::string scope_text(const AlertView& alert);  // "site madrid, customer 7"; "" for global
std::string utc_text(TimeMs time);               // "2026-11-23 14:32:45 UTC"

}  // namespace tocsin::respond
