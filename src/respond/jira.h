#pragma once
// Jira (Cloud, Server, Data Center), REST API version 2: an issue per key, comments, a transition
// at the end; what people closed is noted on the alert.
// https://developer.atlassian.com/cloud/jira/platform/rest/v2/intro/

#include <map>
#include <string>
#include <vector>

#include "respond/http_options.h"
#include "respond/target.h"
#include "respond/ticket.h"

namespace tocsin::respond {

class JiraTarget : public HttpTarget {
 public:
  std::string url;
  Credentials credentials;
  bool cloud = true;  // its search has an address of its own
  std::string project, issue_type;
  std::vector<std::string> labels;
  std::map<std::string, std::string> priorities;  // by severity; others as the project says
  TicketLabels per;
  bool closes = true;
  std::string transition;  // by name; empty: the first that leads to a state of "done"
  DurationMs poll = minutes(1);
  HttpOptions http;

  static TargetPtr read(config::MapReader& m, const SecretSources& sources);
  std::string_view kind() const override { return "jira"; }
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
  net::HttpRequest search(const std::string& jql, int results) const;
  Step look_up(const Message& message) const;
  Step create(const Message& message) const;
  Step comment(const Message& message, const std::string& issue) const;
  Step find_transition(const Message& message, const std::string& issue) const;
  Step move(const std::string& issue, const std::string& id, const std::string& name) const;
};

std::string jira_issue(const JiraTarget& target, const Message& message);

}  // namespace tocsin::respond
