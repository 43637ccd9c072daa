#include "respond/kinds.h"

#include "respond/inbox.h"
#include "respond/mail.h"
#include "respond/slack.h"
#include "respond/webhook.h"

namespace tocsin::respond {

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"webhook", "Alertmanager's body by HTTP", WebhookTarget::read},
      {"slack", "one message that changes with its alert", SlackTarget::read},
      {"mail", "SMTP, a thread per alert", MailTarget::read},
      {"inbox", "kept, not sent", InboxTarget::read},
  };
  return all;
}

}  // namespace tocsin::respond
