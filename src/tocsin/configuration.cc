#include "tocsin/configuration.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <utility>

#include "config/reader.h"
#include "tocsin/boards.h"
#include "tocsin/builtin.h"
#include "tocsin/call_directory.h"
#include "tocsin/sender_settings.h"

namespace tocsin {
namespace {

constexpr std::array<std::string_view, 32> kSections{
    "server",      "workers",   "default",    "marks",
    "sites",       "rules",     "routes",     "supervisor",
    "receivers",   "links",     "intake",     "queries",
    "senders",     "boards",    "groups",     "prometheus_rules",
    "limits",      "budget",    "people",     "teams",
    "schedules",   "policies",  "tiers",      "access",
    "calendars",   "inhibit",   "heartbeats", "watchdog",
    "maintenance", "customers", "mail",       "time_intervals"};

config::Reference described() {
  config::Reference reference;
  Settings::describe(reference);
  streamer::WorkerSet::describe(reference);
  rules::RuleSet::describe(reference);
  supervisor::Routes::describe(reference);
  supervisor::Customers::describe(reference);
  supervisor::Options::describe(reference);
  supervisor::Policies::describe(reference);
  supervisor::Tiers::describe(reference);
  supervisor::Heartbeats::describe(reference);
  respond::Watchdog::describe(reference);
  respond::MailIntake::describe(reference);
  PrometheusRules::describe(reference);
  respond::Receivers::describe(reference);
  oncall::Roster::describe(reference);
  QuerySettings::describe(reference);
  AccessSettings::describe(reference);
  BudgetSettings::describe(reference);
  describe_senders(reference);
  if (reference.begin_type("intake")) {
    config::Problems none;
    config::MapReader m(reference, "intake", none);
    intake::IntakeLimits limits;
    intake::read_limits(m, limits);
  }
  if (reference.begin_type("limits")) {
    config::Problems none;
    config::MapReader m(reference, "limits", none);
    intake::SeriesLimits limits;
    intake::read_series_limits(m, limits);
  }
  describe_boards(reference);
  constexpr std::pair<std::string_view, std::string_view> kLists[] = {
      {"worker", "workers"},  {"mark", "marks"},           {"calendar", "calendars"},
      {"rule", "rules"},      {"route", "routes"},         {"receiver", "receivers"},
      {"policy", "policies"}, {"heartbeat", "heartbeats"}, {"customer", "customers"},
  };
  for (const auto& [type, section] : kLists) reference.name_list(type, section);
  return reference;
}

// What rules wait for with `direction: silent`.
std::vector<SeriesSelector> awaited_silences(const rules::RuleSet& set) {
  std::vector<SeriesSelector> out;
  for (const rules::Rule& rule : set.rules())
    for (const rules::LeafCondition& leaf : rule.leaves)
      if (leaf.direction == Direction::kSilent) out.push_back(leaf.selector);
  return out;
}

// Calendar files that layers name; relative to the folder.
oncall::Roster::ReadFile calendar_files(const std::string& directory) {
  return [directory](const std::string& name) -> Result<std::string> {
    const std::string path = name.starts_with('/') ? name : directory + "/" + name;
    std::ifstream file(path, std::ios::binary);
    std::string text(calendar::kCalendarBytesMax + 1, '\0');
    if (!file || !(file.read(text.data(), static_cast<std::streamsize>(text.size())) || file.eof()))
      return fail(ErrorCode::kInvalid, "the calendar file " + path + " cannot be read");
    text.resize(static_cast<size_t>(file.gcount()));
    return text;
  };
}

// Receivers that a customer owns are told by routes alone: a policy or a tier knows nothing of
// whose alert it is. So those see a directory without them.
void read_customers(const config::Folder& folder, respond::Receivers& receivers,
                    Configuration& made, config::Problems& problems) {
  auto customers = supervisor::Customers::read(folder, problems);
  const std::vector<std::string> names = receivers.names();
  const std::vector<std::string_view> known(names.begin(), names.end());
  customers.check_receivers(known, problems);
  receivers.set_customers(customers.receivers());
  made.customers = std::make_shared<const supervisor::Customers>(std::move(customers));
}

// Policies, tiers and what follows from them: the routes, if none are configured.
void read_escalation(const config::Folder& folder, Configuration& made,
                     config::Problems& problems) {
  auto policies = supervisor::Policies::read(folder, problems);
  made.tiers = supervisor::Tiers::read(folder, problems);
  const CallDirectory directory(oncall::OnCall(made.roster, {}), made.receivers,
                                made.tiers.admins());
  policies.check_targets(directory, problems);
  made.tiers.check(policies, directory, problems);
  const auto names = policies.names();
  const std::vector<std::string_view> known(names.begin(), names.end());
  std::set<std::string> used = made.routes.check_policies(known, problems);
  used.merge(made.tiers.used());
  config::Problems unused;
  policies.check_used(used, unused);
  made.notes = unused.list();
  if (policies.empty())
    if (auto people = supervisor::policy_of_people(directory)) policies.add(std::move(people));
  if (folder.section("routes").empty()) {
    std::vector<supervisor::Tiers::Receiver> receivers;
    for (const respond::Receiver& one : made.receivers->list())
      if (!is_own_receiver(one.name) && !one.customers)
        receivers.push_back({one.name, std::string(one.kind())});
    made.routes = made.tiers.routes(policies, receivers);
  }
  made.escalation =
      std::make_shared<const supervisor::EscalationRules>(made.tiers.rules(std::move(policies)));
}

// Mails can be replied to if the section says where.
void read_mail(const config::Folder& folder, respond::Receivers& receivers, Configuration& made,
               config::Problems& problems) {
  made.mail = respond::MailIntake::read(folder, problems);
  receivers.set_reply_address(made.mail.address);
  if (made.mail.listen.empty()) return;
  if (const auto address = parse_address(made.mail.listen); !address)
    problems.add(made.mail.place, "listen: " + address.error().message);
}

}  // namespace

std::shared_ptr<const Configuration> Configuration::build(config::Folder folder,
                                                          const std::string& directory,
                                                          config::Problems& problems) {
  auto made = std::make_shared<Configuration>();
  add_builtin(folder, problems);
  made->settings = Settings::read(folder, problems);
  made->settings.config = directory;
  made->queries = QuerySettings::read(folder, problems);
  made->access = AccessSettings::read(folder, problems);
  made->budget = BudgetSettings::read(folder, problems);
  made->workers = streamer::WorkerSet::read(folder, problems);
  const std::string site = made->workers ? made->workers->site_label() : "site";
  made->rules = std::make_shared<rules::RuleSet>(rules::RuleSet::read(folder, site, problems));
  if (made->workers) made->workers = made->workers->awaiting(awaited_silences(*made->rules));
  const respond::SecretSources sources = respond::SecretSources::real(directory);
  auto receivers = respond::Receivers::read(folder, sources, problems);
  made->roster = std::make_shared<oncall::Roster>(
      oncall::Roster::read(folder, calendar_files(directory), problems));
  made->unreachable = respond::add_people(*made->roster, receivers, problems);
  read_customers(folder, receivers, *made, problems);
  read_mail(folder, receivers, *made, problems);
  made->receivers = std::make_shared<respond::Receivers>(std::move(receivers));
  folder.single("intake", "intake", problems,
                [&](config::MapReader& m) { intake::read_limits(m, made->intake); });
  folder.single("limits", "limits", problems,
                [&](config::MapReader& m) { intake::read_series_limits(m, made->series); });
  made->supervisor = supervisor::Options::read(folder, problems);
  made->routes = supervisor::Routes::read(folder, problems);
  made->heartbeats = supervisor::Heartbeats::read(folder, problems);
  made->watchdog = respond::Watchdog::read(folder, sources, problems);
  made->prometheus_rules = PrometheusRules::read(folder, problems);
  const std::vector<std::string> all_names = made->receivers->names();
  const std::vector<std::string_view> known(all_names.begin(), all_names.end());
  made->routes.check_receivers(known, problems);
  std::set<std::string> alone;
  for (const respond::Receiver& receiver : made->receivers->list())
    if (receiver.target->keeps_alerts()) alone.insert(receiver.name);
  read_escalation(folder, *made, problems);
  made->routes.tell_alone(std::move(alone));
  made->routes.set_customers(made->customers);
  made->boards = read_boards(folder, problems);
  folder.check_sections(kSections, problems);
  made->folder = std::move(folder);
  return made;
}

Result<std::shared_ptr<const Configuration>> Configuration::load(const std::string& directory) {
  config::Problems problems;
  config::Folder folder = directory.empty() ? config::Folder::from_texts({}, problems)
                                            : config::Folder::load(directory, problems);
  auto made = build(std::move(folder), directory, problems);
  if (!problems.empty())
    return fail(problems.error(fmt::format("cannot use the configuration in {}", directory)));
  return made;
}

rules::WorkerNames Configuration::worker_names() const {
  rules::WorkerNames names;
  for (const streamer::Worker& worker : workers->workers())
    names.push_back(
        {worker.id, worker.model_names(), worker.tier, worker.open_points, worker.open_of});
  return names;
}

oncall::LintFacts Configuration::lint_facts() const {
  oncall::LintFacts out;
  for (const auto& one : unreachable) out.unreachable[one.receiver] = one.why;
  if (escalation) out.used = escalation->policies.schedules();
  return out;
}

std::string Configuration::reference_markdown() {
  return "# Configuration reference\n\n"
         "One folder of YAML files; their top-level keys are the sections below (`server:`, "
         "`workers:`, `rules:`, `routes:`, `receivers:`, ...), and one section may stand in "
         "several "
         "files. `tocsin check DIR` says what is wrong with file:line:column; the server reloads "
         "the "
         "folder as a whole or not at all (SIGHUP or `POST /api/config/reload`). This page is "
         "written by `tocsin reference` from the code that reads the files.\n\n" +
         described().markdown();
}

std::string Configuration::json_schema() { return described().json_schema("server"); }

}  // namespace tocsin
