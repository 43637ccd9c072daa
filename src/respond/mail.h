#pragma once
// An alert as mail: text and HTML, one thread per alert (References name the opening's Message-ID,
// the subject stays), never taken for a letter that wants an answer (Auto-Submitted).

#include <string>
#include <vector>

#include "net/smtp_client.h"
#include "respond/secret.h"
#include "respond/target.h"

namespace tocsin::respond {

class MailTarget : public Target {
 public:
  net::SmtpServer server;
  std::string from;  // address
  std::string from_name;
  std::vector<std::string> to;
  DurationMs timeout = seconds(30);

  static TargetPtr read(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return "mail"; }
  Result<TargetPtr> for_address(const std::string& address) const override;
  void deliver(const Way& way, const Message& message, Done done) const override;
};

// The whole message: headers and body, CRLF lines.
std::string mail_message(const MailTarget& target, const Links& links, const Notice& notice);
std::string mail_subject(const Notice& notice);
// `who`: whom it is for, as the link that acknowledges names them.
std::string mail_text(const Links& links, const Notice& notice, const std::string& who = "");
std::string mail_html(const Links& links, const Notice& notice, const std::string& who = "");

// 250: sent. A 5xx is final, but for those of signing in and of TLS (530 to 538), which an operator
// mends; everything else is tried again.
supervisor::DeliveryResult judge_mail(const net::SmtpAnswer& answer);

}  // namespace tocsin::respond
