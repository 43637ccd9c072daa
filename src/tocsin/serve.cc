// `tocsin serve` and `tocsin demo`: the server from start to end.

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <mutex>

#include "access/door.h"
#include "base/log.h"
#include "promql/print.h"
#include "server/acts.h"
#include "server/api.h"
#include "server/api_alertmanager.h"
#include "server/api_prometheus.h"
#include "server/api_rules.h"
#include "tocsin/act_desk.h"
#include "tocsin/commands.h"
#include "tocsin/config_desk.h"
#include "tocsin/coverage_desk.h"
#include "tocsin/live.h"
#include "tocsin/live_access.h"
#include "tocsin/live_alertmanager.h"
#include "tocsin/live_budget.h"
#include "tocsin/live_causes.h"
#include "tocsin/live_escalation.h"
#include "tocsin/live_heartbeats.h"
#include "tocsin/live_ledger.h"
#include "tocsin/live_mail.h"
#include "tocsin/live_marks.h"
#include "tocsin/live_oncall.h"
#include "tocsin/live_stages.h"
#include "tocsin/live_watchdog.h"
#include "tocsin/manager_desk.h"
#include "tocsin/pages.h"
#include "tocsin/query_reads.h"
#include "tocsin/quick_start.h"
#include "tocsin/rebuild.h"
#include "tocsin/replay_jobs.h"
#include "tocsin/rule_thread.h"
#include "tocsin/store_routes.h"
#include "tocsin/version.h"
#include "tocsin/views.h"

namespace tocsin {
namespace {

void set_log_level(const std::string& name) {
  log::set_level(name == "debug"     ? log::Level::kDebug
                 : name == "warning" ? log::Level::kWarning
                 : name == "error"   ? log::Level::kError
                                     : log::Level::kInfo);
}

// The command line wins over the folder.
void override_settings(Settings& settings, const ServeOptions& options) {
  if (!options.listen.empty()) settings.listen = options.listen;
  if (!options.data.empty()) settings.data = options.data;
  if (!options.port_file.empty()) settings.port_file = options.port_file;
  if (!options.log_level.empty()) settings.log_level = options.log_level;
  if (options.shards > 0) settings.shards = options.shards;
  if (options.durability == "process") settings.durability = JournalOptions::Durability::kProcess;
  if (options.durability == "power_cut")
    settings.durability = JournalOptions::Durability::kPowerCut;
}

// How this machine reaches the server.
std::string own_url(const Settings& settings, uint16_t port) {
  return fmt::format("{}://127.0.0.1:{}", settings.tls_certificate.empty() ? "http" : "https",
                     port);
}

// The same, where the address that is listened on is not every one of this machine.
std::string public_url(const Settings& settings, uint16_t port) {
  const auto address = parse_address(settings.listen);
  if (!address || address->host == "0.0.0.0" || address->host == "::" ||
      access::is_loopback(address->host))
    return own_url(settings, port);
  const bool six = address->host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}", settings.tls_certificate.empty() ? "http" : "https",
                     six ? "[" + address->host + "]" : address->host, port);
}

// port: that which is listened on, 0 before.
std::shared_ptr<const Configuration> with_options(const Configuration& configuration,
                                                  const ServeOptions& options,
                                                  std::shared_ptr<const respond::ActSigner> signer,
                                                  uint16_t port = 0) {
  auto changed = std::make_shared<Configuration>(configuration);
  override_settings(changed->settings, options);
  if (const auto address = parse_address(changed->settings.listen)) {
    auto receivers = std::make_shared<respond::Receivers>(*changed->receivers);
    receivers->set_own_url(own_url(changed->settings, port > 0 ? port : address->port));
    receivers->set_signer(std::move(signer));
    changed->receivers = std::move(receivers);
  }
  return changed;
}

// A publication that a crash cut short is finished before the folder is read.
Result<void> finish_publication(const std::string& directory) {
  if (directory.empty()) return {};
  PosixDisk disk;
  auto finished = finish_writing(disk, directory);
  if (!finished) return fail(finished.error());
  for (const std::string& name : *finished) log::info("finished publishing {}/{}", directory, name);
  return {};
}

// One server with everything around it, in the order in which it is taken down again.
class Server {
 public:
  explicit Server(ServeOptions options) : options_(std::move(options)) {}
  Result<void> start(Progress& progress, std::optional<QuickStartOptions> quick_start);
  int wait();
  uint16_t port() const { return live_->port(); }

 private:
  Result<void> open_door();
  Result<void> add_own_routes();
  Result<void> load_signer(Settings settings);
  server::ReloadView reload();
  server::PrometheusFacts prometheus_facts();

  ServeOptions options_;
  SystemClock clock_;
  Counters counters_;
  std::shared_ptr<const Configuration> configuration_;
  std::unique_ptr<LiveAccess> access_;
  std::shared_ptr<const respond::ActSigner> signer_;
  server::ActDesk act_desk_;
  net::Router router_;
  server::Boards boards_;
  server::RuleGroups rule_groups_;
  std::unique_ptr<server::Hub> hub_;
  std::unique_ptr<EmbeddedPages> pages_;
  std::unique_ptr<Live> live_;
  std::unique_ptr<QueryReads> reads_;
  std::unique_ptr<Rebuild> rebuild_;
  std::unique_ptr<RuleThread> rule_thread_;
  std::unique_ptr<StoreRoutes> store_routes_;
  std::unique_ptr<LiveStages> stages_;
  std::unique_ptr<LiveLedger> ledger_;
  std::unique_ptr<LiveMarks> marks_;
  std::unique_ptr<LiveAlertmanager> alertmanager_;
  std::unique_ptr<LiveHeartbeats> heartbeats_;
  std::unique_ptr<LiveWatchdog> watchdog_;
  std::unique_ptr<ReplayJobs> replays_;
  std::unique_ptr<LiveViews> views_;
  std::unique_ptr<LiveConfigDesk> config_desk_;
  std::unique_ptr<LiveCauses> causes_;
  std::unique_ptr<LiveEscalation> escalation_;
  std::unique_ptr<LiveCoverage> coverage_;
  std::unique_ptr<LiveManager> manager_;
  std::unique_ptr<LiveBudget> budget_;
  std::unique_ptr<LiveOnCall> on_call_;
  std::unique_ptr<LiveMail> mail_;
  std::mutex reload_mutex_;  // SIGHUP and the API may ask at once
  std::unique_ptr<QuickStart> quick_start_;
};

// Listens; everybody has to say who they are, unless only this machine can ask.
Result<void> Server::open_door() {
  const Settings& settings = configuration_->settings;
  const auto address = parse_address(settings.listen);
  if (!address) return fail(address.error());
  if (auto done = access_->start(*live_, address->host, !settings.tls_certificate.empty()); !done)
    return done;
  const server::AccessParts parts = access_->parts();
  server::register_access_routes(router_, parts);
  router_.set_authorize(server::authorizer(parts.door, counters_));
  router_.set_around(server::watch_changes(parts));
  return live_->listen(router_);
}

Result<void> Server::load_signer(Settings settings) {
  override_settings(settings, options_);
  auto signer = load_act_signer(settings.data);
  if (!signer) return fail(signer.error());
  signer_ = std::move(*signer);
  return {};
}

Result<void> Server::start(Progress& progress, std::optional<QuickStartOptions> quick_start) {
  if (auto done = finish_publication(options_.config); !done) return done;
  auto configuration = Configuration::load(options_.config);
  if (!configuration) return fail(configuration.error());
  if (auto done = load_signer((*configuration)->settings); !done) return done;
  configuration_ = with_options(**configuration, options_, signer_);
  set_log_level(configuration_->settings.log_level);
  access_ = std::make_unique<LiveAccess>(clock_, counters_, configuration_->access);
  auto live = Live::start(configuration_, clock_, counters_);
  if (!live) return fail(live.error());
  live_ = std::move(*live);
  hub_ = std::make_unique<server::Hub>(server::HubOptions{}, counters_);
  pages_ = std::make_unique<EmbeddedPages>();
  reads_ = std::make_unique<QueryReads>(*live_);
  reads_->start();
  rebuild_ = std::make_unique<Rebuild>(*live_, *reads_);
  rule_thread_ = std::make_unique<RuleThread>(*live_, *reads_, rule_groups_);
  views_ = std::make_unique<LiveViews>(*live_, *reads_, *hub_, progress);
  views_->set_reload([this] { return reload(); });
  views_->set_rebuild(rebuild_.get());
  config_desk_ =
      std::make_unique<LiveConfigDesk>(*live_, options_.config, [this] { return reload(); });
  causes_ = std::make_unique<LiveCauses>(*live_, *reads_);
  escalation_ = std::make_unique<LiveEscalation>(*live_);
  coverage_ = std::make_unique<LiveCoverage>(*live_, *reads_, *views_);
  manager_ = std::make_unique<LiveManager>(*live_, *reads_);
  intake::register_write_routes(router_, live_->intake(),
                                [this]() -> intake::Intake& { return live_->intake_here(); });
  boards_.set(configuration_->boards);
  server::register_api(router_, {.views = *views_,
                                 .hub = *hub_,
                                 .counters = counters_,
                                 .clock = clock_,
                                 .pages = pages_->pages(),
                                 .boards = &boards_,
                                 .config = config_desk_.get(),
                                 .coverage = coverage_.get(),
                                 .manager = manager_.get(),
                                 .causes = causes_.get(),
                                 .escalation = escalation_.get()});
  server::register_prometheus_routes(router_, reads_->pool(), prometheus_facts());
  server::register_rule_routes(router_, rule_groups_);
  if (auto done = add_own_routes(); !done) return done;
  if (auto done = open_door(); !done) return done;
  views_->start();
  rule_thread_->start();
  budget_->start();
  stages_->start();
  access_->listening(public_url(configuration_->settings, live_->port()));
  if (auto done = mail_->listen(); !done) return done;
  heartbeats_->start();
  watchdog_->start();
  if (!configuration_->settings.port_file.empty())
    std::ofstream(configuration_->settings.port_file) << live_->port() << "\n";
  if (quick_start) {
    quick_start_ = std::make_unique<QuickStart>(*quick_start, *live_, progress);
    views_->set_quick_start(quick_start_.get());
    quick_start_->start();
  }
  return {};
}

// Of what this floor answers itself.
Result<void> Server::add_own_routes() {
  act_desk_ = make_act_desk(signer_, [this] { return live_->configuration(); }, clock_);
  server::register_act_routes(router_, *views_, act_desk_, clock_);
  alertmanager_ = std::make_unique<LiveAlertmanager>(*live_);
  server::register_alertmanager_routes(router_, *alertmanager_, clock_, counters_);
  server::register_hook_routes(router_, *alertmanager_);
  server::register_open_alert_route(router_, *alertmanager_);
  heartbeats_ = std::make_unique<LiveHeartbeats>(*live_);
  server::register_heartbeat_routes(router_, *heartbeats_);
  watchdog_ = std::make_unique<LiveWatchdog>(*live_);
  store_routes_ = std::make_unique<StoreRoutes>(live_->store(), clock_);
  store_routes_->add_to(router_);
  stages_ = std::make_unique<LiveStages>(*live_);
  stages_->add_to(router_);
  ledger_ = std::make_unique<LiveLedger>(*live_);
  ledger_->add_to(router_);
  marks_ = std::make_unique<LiveMarks>(*live_);
  server::register_mark_routes(router_, *marks_);
  auto on_call = LiveOnCall::start(*live_);
  if (!on_call) return fail(on_call.error());
  on_call_ = std::move(*on_call);
  server::register_oncall_routes(router_, *on_call_);
  mail_ = std::make_unique<LiveMail>(LiveMail::Parts{
      *live_, *views_, signer_,
      [this](respond::PersonNotice notice) { on_call_->tell_person(std::move(notice)); },
      [this](access::AuditEntry entry) { access_->parts().record(std::move(entry)); }});
  server::register_mail_route(router_, *mail_);
  budget_ = std::make_unique<LiveBudget>(*live_, *reads_, *views_);
  server::register_budget_routes(router_, *budget_);
  replays_ = std::make_unique<ReplayJobs>(*live_, *reads_);
  server::register_replay_routes(router_, *replays_, clock_);
  return {};
}

server::PrometheusFacts Server::prometheus_facts() {
  server::PrometheusFacts facts;
  facts.version = kVersion;
  facts.configuration = [this] {
    return "configuration " + live_->configuration()->folder.version() +
           "; its files are not shown here, they may hold secrets";
  };
  facts.flags = [settings = reads_->pool().settings()] {
    return Labels({{"query.lookback-delta", promql::print_duration(settings.lookback)},
                   {"query.max-concurrency", std::to_string(settings.thread_count())},
                   {"query.max-samples", std::to_string(settings.samples_max)},
                   {"query.timeout", promql::print_duration(settings.timeout)}});
  };
  facts.started_at = live_->started_at();
  facts.now = [this] { return clock_.now(); };
  facts.keep = configuration_->settings.keep;
  facts.directory = configuration_->settings.data;
  return facts;
}

server::ReloadView Server::reload() {
  const std::lock_guard lock(reload_mutex_);
  server::ReloadView view;
  view.version = live_->configuration()->folder.version();
  config::Problems problems;
  config::Folder folder = options_.config.empty() ? config::Folder::from_texts({}, problems)
                                                  : config::Folder::load(options_.config, problems);
  const auto made = Configuration::build(std::move(folder), options_.config, problems);
  if (problems.empty()) {
    views_->set_config_error("");  // never the new version beside the old mistake
    if (auto done = rebuild_->begin(with_options(*made, options_, signer_, live_->port())); !done) {
      view.error = done.error().text();
    } else {
      boards_.set(made->boards);
      rule_thread_->configure(made);
      on_call_->configure(*made);
      if (const auto waits = rebuild_->state()) view.rebuilding = waits->workers;
    }
    if (view.error.empty() && view.rebuilding.empty()) {
      view.version = made->folder.version();
      log::info("configuration {} is running", view.version);
    }
  } else {
    view.error = fmt::format("the configuration in {} is not used: {} problems", options_.config,
                             problems.list().size());
    for (const config::Problem& problem : problems.list())
      view.problems.push_back({problem.place.text(), problem.message});
    log::error("{}\n{}", view.error, problems.text());
  }
  views_->set_config_error(view.error);
  return view;
}

// Until SIGTERM or SIGINT; SIGHUP reads the configuration anew.
int Server::wait() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    reload();
  }
  log::info("stopping");
  if (quick_start_) quick_start_->stop();
  rule_thread_->stop();
  rebuild_->stop();
  replays_->stop();
  budget_->stop();
  reads_->stop();
  store_routes_->stop();
  access_->stop();
  live_->stop();
  return 0;
}

// Before any thread exists, so that only wait() gets them.
void hold_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::umask(S_IRWXG | S_IRWXO);  // what is kept is nobody else's business
}

}  // namespace

int run_server(const ServeOptions& options) {
  hold_signals();
  Progress progress(terminal_print());
  Server server(options);
  if (auto done = server.start(progress, std::nullopt); !done) return failed(done.error());
  log::info("listening on port {}: http://127.0.0.1:{}/", server.port(), server.port());
  return server.wait();
}

int run_demo(const DemoOptions& options) {
  hold_signals();
  const SystemClock clock;
  const int64_t began = clock.monotonic_ns();
  QuickStartOptions quick_start;
  if (!options.serve.data.empty()) quick_start.data = options.serve.data;
  quick_start.seed = options.seed;
  const auto history = parse_duration(options.history);
  if (!history)
    return failed({ErrorCode::kInvalid,
                   "--history: expected a span such as 28d, not \"" + options.history + "\"", ""});
  quick_start.history = *history;
  auto directory = QuickStart::prepare(quick_start, clock);
  if (!directory) return failed(directory.error());
  ServeOptions serve_options = options.serve;
  serve_options.config = *directory;
  serve_options.data = quick_start.data;
  Progress progress(terminal_print());
  Server server(serve_options);
  if (auto done = server.start(progress, quick_start); !done) return failed(done.error());
  std::fprintf(
      stderr,
      "\nTocsin listens after %.1f s. Open  http://127.0.0.1:%u/\n"
      "  this machine      http://127.0.0.1:%u/workers/default\n"
      "  who sends what    http://127.0.0.1:%u/senders\n"
      "  what is told      http://127.0.0.1:%u/inbox\n"
      "  configuration     %s\n"
      "Send a point of your own:\n"
      "  curl -i 'http://127.0.0.1:%u/write' --data-binary 'my_metric,site=madrid value=42'\n"
      "Try kill -9 %d and start again: nothing is lost, nobody is told twice.\n\n",
      static_cast<double>(clock.monotonic_ns() - began) / 1e9, server.port(), server.port(),
      server.port(), server.port(), directory->c_str(), server.port(), getpid());
  return server.wait();
}

}  // namespace tocsin
