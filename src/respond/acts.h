#pragma once
// What can be done from within a message: a signed link, and Slack's buttons. Pure functions.
//
// A link is good for one act on one alert by one receiver until it expires; whoever has the message
// has it. It is signed, not stored: nothing to look up, nothing to forget. Base64url of
//
//   byte  0      version, 1
//   byte  1      act
//   bytes 2-17   alert id, most significant byte first
//   bytes 18-25  unix seconds at which it expires, most significant byte first
//   bytes 26-    for whom: a mail address or a receiver's name, at most 100 bytes
//   last 16      first half of HMAC-SHA256 over all before it
//
// Mail scanners follow links: looking at one (GET) does nothing, only its button (POST) does.
//
// A reply to a mail has a token, too: in the address that is replied to and in the ids of the mail.
// It says which alert and which receiver, not what is done. 30 bytes as 48 digits of base32 in
// small letters, since some mail servers take capitals for small ones and an address has at most 64
// bytes before its @:
//
//   bytes 0-15   alert id, most significant byte first
//   bytes 16-17  days since 1970 on which it expires, most significant byte first
//   bytes 18-21  lower half of hash64(receiver's name), most significant byte first
//   last 8       of HMAC-SHA256 over "mail reply 1" and all before it

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"
#include "respond/secret.h"

namespace tocsin::respond {

enum class Act : uint8_t { kAcknowledge = 1, kResolve = 2, kSilence = 3 };
std::string_view to_text(Act act);  // "acknowledge", "resolve", "silence"
std::optional<Act> parse_act(std::string_view text);

struct ActLink {
  Id128 alert;
  Act act = Act::kAcknowledge;
  std::string who;
  TimeMs expires;
};

struct ReplyToken {
  Id128 alert;
  uint32_t receiver = 0;  // reply_receiver(name)
  TimeMs expires;         // to the day
};
uint32_t reply_receiver(std::string_view name);
inline constexpr size_t kReplyTokenBytes = 48;

class ActSigner {
 public:
  explicit ActSigner(Secret key) : key_(std::move(key)) {}
  std::string token(const ActLink& link) const;
  // kInvalid: not ours; kRefused: expired.
  Result<ActLink> open(std::string_view token, TimeMs now) const;
  std::string reply_token(const ReplyToken& reply) const;
  // Likewise; letters of either case.
  Result<ReplyToken> open_reply(std::string_view token, TimeMs now) const;

 private:
  std::string mac(std::string_view bytes) const;
  Secret key_;
};

// A button pressed in Slack.
struct SlackPress {
  Act act = Act::kAcknowledge;
  Id128 alert;
  std::string user_id, user_name;
};

// The request is Slack's: X-Slack-Signature is v0= and the HMAC of "v0:timestamp:body" with the
// app's signing secret, and X-Slack-Request-Timestamp is within five minutes of now. Compared in
// constant time. https://docs.slack.dev/authentication/verifying-requests-from-slack
bool slack_signed(const Secret& signing_secret, std::string_view timestamp,
                  std::string_view signature, std::string_view body, TimeMs now);
// The form that Slack posts: payload={"type":"block_actions",...}. nullopt: another button, such as
// one that only opens a page. kInvalid: not Slack's shape.
Result<std::optional<SlackPress>> parse_slack_press(std::string_view body);

}  // namespace tocsin::respond
