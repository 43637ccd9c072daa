#pragma once
// An alert as mail: text and HTML, one thread per alert (References name the opening's Message-ID,
// the subject stays), never taken for a letter that wants an answer (Auto-Submitted).

#include <string>

#include "net/smtp_client.h"
#include "respond/links.h"
#include "respond/notice.h"
#include "respond/receiver.h"
#include "supervisor/outbox.h"

namespace tocsin::respond {

// The whole message: headers and body, CRLF lines.
std::string mail_message(const MailTarget& target, const Links& links, const Notice& notice);
std::string mail_subject(const Notice& notice);
std::string mail_text(const Links& links, const Notice& notice);
std::string mail_html(const Links& links, const Notice& notice);

// 250: sent. A 5xx is final, but for those of signing in and of TLS (530 to 538), which an operator
// mends; everything else is tried again.
supervisor::DeliveryResult judge_mail(const net::SmtpAnswer& answer);

}  // namespace tocsin::respond
