#pragma once
// One configuration as a whole: every room parses its own sections; either all of it is right, or
// none of it is used. Immutable once loaded, shared by all threads.

#include <memory>
#include <string>

#include "base/result.h"
#include "config/folder.h"
#include "intake/limits.h"
#include "intake/series_limits.h"
#include "oncall/linter.h"
#include "oncall/roster.h"
#include "respond/mail_intake.h"
#include "respond/people.h"
#include "respond/receiver.h"
#include "respond/watchdog.h"
#include "rules/engine.h"
#include "server/boards.h"
#include "streamer/worker.h"
#include "supervisor/customer.h"
#include "supervisor/heartbeats.h"
#include "supervisor/options.h"
#include "supervisor/route.h"
#include "supervisor/tier.h"
#include "tocsin/access_settings.h"
#include "tocsin/budget_settings.h"
#include "tocsin/prometheus_rules.h"
#include "tocsin/query_settings.h"
#include "tocsin/settings.h"

namespace tocsin {

struct Configuration {
  config::Folder folder;
  Settings settings;
  QuerySettings queries;
  BudgetSettings budget;
  AccessSettings access;
  std::shared_ptr<const streamer::WorkerSet> workers;
  std::shared_ptr<const rules::RuleSet> rules;
  std::shared_ptr<const respond::Receivers> receivers;  // with those of people
  std::shared_ptr<const oncall::Roster> roster;
  std::vector<respond::Unreachable> unreachable;  // ways to reach people that cannot work
  intake::IntakeLimits intake;
  intake::SeriesLimits series;
  supervisor::Options supervisor;
  supervisor::Routes routes;
  std::shared_ptr<const supervisor::Customers> customers;
  supervisor::Tiers tiers;
  std::shared_ptr<const supervisor::EscalationRules> escalation;
  std::vector<config::Problem> notes;  // what is right and nevertheless worth a look
  std::vector<supervisor::Heartbeat> heartbeats;
  std::optional<respond::Watchdog> watchdog;
  respond::MailIntake mail;
  PrometheusRules prometheus_rules;
  std::shared_ptr<const server::BoardList> boards;

  // directory empty: the standard configuration (every series, model `level`, inbox).
  // kInvalid carries all problems, one per line, with file:line:column.
  static Result<std::shared_ptr<const Configuration>> load(const std::string& directory);
  // The same on a folder read already; for `tocsin check` and reload, which want the list.
  static std::shared_ptr<const Configuration> build(config::Folder folder,
                                                    const std::string& directory,
                                                    config::Problems& problems);
  // docs/configuration.md, and the JSON Schema for editors.
  static std::string reference_markdown();
  static std::string json_schema();

  rules::WorkerNames worker_names() const;
  // What the rota's linter has to know of the other rooms.
  oncall::LintFacts lint_facts() const;
};

}  // namespace tocsin
