#pragma once
// What a mail that came in is: a reply to one of Tocsin's, an alert that somebody opens, or nothing
// to act on. A pure function; what becomes of it is done by the program.

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "respond/acts.h"
#include "respond/mail_intake.h"
#include "respond/mail_reply.h"
#include "vocabulary/reported_alert.h"
#include "wire/mail_message.h"

namespace tocsin::respond {

// As it was delivered: RCPT TO and MAIL FROM, where the way it came has them.
struct Envelope {
  std::string from;             // empty of a bounce
  bool known = false;           // false: came without an envelope, the mail's own headers count
  std::vector<std::string> to;  // lower case
};

struct ReplyMail {
  ReplyToken token;
  MailReply reply;
};
struct ReportMail {
  const AlertAddress* at = nullptr;
  ReportedAlert alert;
};
// Taken and forgotten: `why` is the reason that is counted, "automatic reply".
struct IgnoredMail {
  std::string why;
};
// Not taken: the sender's server tells the sender.
struct RefusedMail {
  std::string why;  // that is counted: "sender", "recipient", "token", "expired", "empty"
  std::string text;
};
using IncomingMail = std::variant<ReplyMail, ReportMail, IgnoredMail, RefusedMail>;

// `signer` may be null: then nothing is a reply. The alert_addresses of `intake` outlive the
// answer.
//  - A reply is known by its token alone, in an address of its recipients or in the ids of what it
//    answers. What no person wrote never acts.
//  - An alert's severity: of the plus part (trouble+critical@), else of X-Tocsin-Severity, else the
//    at's. Labels: the at's; name=value in the plus part or, with commas between them, in
//    X-Tocsin-Labels adds to them and changes none.
//  - What has gone through 50 servers goes round in circles.
IncomingMail judge_incoming(const MailIntake& intake, const ActSigner* signer,
                            const wire::MailMessage& mail, const Envelope& envelope, TimeMs now);

// What ids of mails hold behind their last dot, if it can be a token.
std::string_view token_in_id(std::string_view message_id);

}  // namespace tocsin::respond
