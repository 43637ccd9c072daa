#include "respond/kinds.h"

#include "respond/alerta.h"
#include "respond/alertmanager.h"
#include "respond/chat.h"
#include "respond/gateway.h"
#include "respond/inbox.h"
#include "respond/jira.h"
#include "respond/mail.h"
#include "respond/opsgenie.h"
#include "respond/pagerduty.h"
#include "respond/slack.h"
#include "respond/webhook.h"
#include "respond/xmatters.h"
#include "respond/zendesk.h"

namespace tocsin::respond {

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"webhook", "Alertmanager's body by HTTP", WebhookTarget::read},
      {"slack", "one message that changes with its alert", SlackTarget::read},
      {"mail", "SMTP, a thread per alert", MailTarget::read},
      {"pagerduty", "Events API v2", PagerDutyTarget::read},
      {"opsgenie", "alert API of Opsgenie and Jira Service Management", OpsgenieTarget::read},
      {"xmatters", "the trigger of a flow", XMattersTarget::read},
      {"teams", "an adaptive card by a workflow's webhook", read_teams},
      {"sms", "through any HTTP gateway", GatewayTarget::read_sms},
      {"voice", "through any HTTP gateway", GatewayTarget::read_voice},
      {"alerta", "Alerta's API", AlertaTarget::read},
      {"alertmanager", "another Alertmanager, told again while open", AlertmanagerTarget::read},
      {"jira", "issues, comments, transitions", JiraTarget::read},
      {"zendesk", "tickets, comments, solved", ZendeskTarget::read},
      {"mattermost", "an incoming webhook", read_mattermost},
      {"discord", "a channel's webhook", read_discord},
      {"telegram", "a bot's message", read_telegram},
      {"inbox", "kept, not sent", InboxTarget::read},
  };
  return all;
}

}  // namespace tocsin::respond
