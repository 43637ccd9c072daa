#pragma once
// Mail that comes in, by whatever way. The program implements it; a test has a fake.
//
//   POST /api/v1/mail   the whole message as it came, Content-Type: message/rfc822
//     ?from=ADDRESS&to=ADDRESS&to=...   its envelope, where the way it came has one (from= empty: a
//                                       bounce); else its own headers say whom it is for
//   200 done, changed nothing, or ignored · 400 no mail · 403 refused · 413 too large
//   429 too many of one sender · 503 too many wait, or the disk refuses

#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "net/router.h"
#include "server/views.h"

namespace tocsin::server {

struct DeliveredMail {
  std::string bytes;
  bool envelope = false;  // whether the next two were said
  std::string from;
  std::vector<std::string> to;
  std::string address;  // of who delivers it, for the audit log
};

struct MailTaken {
  enum class Verdict : uint8_t {
    kDone,       // written down
    kUnchanged,  // taken; there was nothing to do, and the sender is told
    kIgnored,    // taken and forgotten: no person wrote it
    kRefused,    // will never be taken
    kLater,      // may be taken later
  };
  Verdict verdict = Verdict::kDone;
  std::string what;  // "acknowledge", "open", ...; else why: "bounce", "sender"
  std::string text;  // for people
  std::optional<Id128> alert;
};
std::string_view to_text(MailTaken::Verdict verdict);  // "done", "unchanged", "ignored", ...

class MailDesk {
 public:
  virtual ~MailDesk() = default;
  // Answered when what it changes is written. kInvalid: no mail; kExhausted, kUnavailable: later.
  virtual void take(DeliveredMail mail, Done<MailTaken> done) = 0;
  virtual size_t bytes_max() const = 0;
};

void register_mail_route(net::Router& router, MailDesk& desk);

}  // namespace tocsin::server
