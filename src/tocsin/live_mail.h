#pragma once
// Mail that comes in, on the running program: reads it on the background loop, has done what it
// asks for, answers when that is written, and tells the person by mail what came of a reply.
//
// Bounded: mails under way (kUnderWayMax: come again later), senders and mails whose past is
// remembered. Both memories are lost with a restart: a sender has all of his hour again, and a mail
// that its server delivers twice is done twice (which an acknowledgement and an alert do not show).

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>

#include "access/audit.h"
#include "net/smtp_listener.h"
#include "respond/incoming_mail.h"
#include "respond/person_notice.h"
#include "server/acts.h"
#include "server/mail_desk.h"
#include "tocsin/live.h"

namespace tocsin {

// So many mails of one sender in an hour, counted from the first. Not shared between threads.
class SenderHours {
 public:
  static constexpr size_t kSendersMax = 10'000;
  // False: the sender has had `allowed`, or too many senders are known.
  bool take(const std::string& sender, int64_t allowed, TimeMs now);

 private:
  struct Hour {
    TimeMs began;
    int64_t mails = 0;
  };
  std::map<std::string, Hour> hours_;
};

class LiveMail final : public server::MailDesk {
 public:
  struct Parts {
    Live& live;
    server::Views& views;
    std::shared_ptr<const respond::ActSigner> signer;
    std::function<void(respond::PersonNotice)> tell;  // on the background loop
    std::function<void(access::AuditEntry)> record;
  };
  // What it holds on to outlives it.
  explicit LiveMail(Parts parts);

  // Listens where section `mail` says, if it does. Its connections end with `live`'s background
  // loop.
  Result<void> listen();
  void take(server::DeliveredMail mail, server::Done<server::MailTaken> done) override;
  size_t bytes_max() const override;
  // Whether some mail to it could be taken; any thread.
  bool knows(std::string_view recipient) const;

 private:
  static constexpr size_t kUnderWayMax = 100;
  static constexpr size_t kRememberedMax = 10'000;
  using Done = server::Done<server::MailTaken>;
  struct Reply;

  void read(const server::DeliveredMail& mail, const Done& done);
  void reply(const respond::ReplyMail& asked, const wire::MailMessage& mail,
             const server::DeliveredMail& delivered, const Done& done);
  void replied(const Reply& reply, const Result<bool>& carried_out, const Done& done);
  void report(const respond::ReportMail& report, const wire::MailMessage& mail, const Done& done);
  void answer(const Reply& reply, std::string subject, std::string text, bool problem);
  void remember(uint64_t mail);
  Done counted(Done done);

  Parts parts_;
  std::atomic<size_t> under_way_{0};
  std::unique_ptr<net::SmtpListener> listener_;
  // The background loop's.
  SenderHours hours_;
  std::unordered_set<uint64_t> seen_;
  std::deque<uint64_t> seen_order_;
};

}  // namespace tocsin
