#pragma once
// Zendesk Support: a ticket per key (its external_id), internal comments, solved at the end; what
// people solved is noted on the alert.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/

#include <string>
#include <vector>

#include "respond/http_options.h"
#include "respond/target.h"
#include "respond/ticket.h"

namespace tocsin::respond {

class ZendeskTarget : public HttpTarget {
 public:
  std::string url;
  Credentials credentials;  // user "ada@example.com/token" and an API token, or an OAuth token
  std::vector<std::string> tags;
  TicketLabels per;
  bool closes = true;
  DurationMs poll = minutes(1);
  HttpOptions http;

  static TargetPtr read(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return "zendesk"; }
  bool edits() const override { return true; }
  std::string turn_key(const Message& message) const override;
  bool counts_others() const override { return true; }
  DurationMs follows() const override { return poll; }
  Step begin(const Message& message) const override;
  Step follow(const Links& links, std::vector<Followed> open, TimeMs now,
              Heard heard) const override;

 private:
  net::HttpRequest request(std::string_view method, const std::string& path,
                           std::string body = {}) const;
  Step look_up(const Message& message) const;
  Step create(const Message& message) const;
  Step speak(const Message& message, const std::string& ticket) const;
};

std::string zendesk_ticket(const ZendeskTarget& target, const Message& message);

}  // namespace tocsin::respond
