#include "tocsin/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "base/text.h"
#include "tocsin/commands.h"
#include "tocsin/version.h"
#include "vocabulary/frequency.h"

namespace tocsin {
namespace {

constexpr int kUsage = 2;

void add_serve_options(CLI::App& app, ServeOptions& options) {
  app.add_option("--listen", options.listen, "Address and port (127.0.0.1:9640)");
  app.add_option("--data", options.data, "Folder of everything that is kept");
  app.add_option("--shards", options.shards, "Threads that test points (one per core)");
  app.add_option("--durability", options.durability, "power_cut or process")
      ->check(CLI::IsMember({"power_cut", "process"}));
  app.add_option("--log-level", options.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  app.add_option("--port-file", options.port_file, "Write the port listened on into this file");
}

struct Options {
  ServeOptions serve;
  DemoOptions demo;
  std::string check_directory;
  TokenOptions token;
  UserOptions user;
  ReceiverTestOptions receiver;
  OnCallOptions on_call;
  RouteTestOptions route;
  ImportOptions import;
  ImportCalendarOptions import_calendar;
  ReplayOptions replay;
  DetectOptions detect;
  StoreCommandOptions store;
  std::vector<std::string> rule_tests;
};

void add_import(CLI::App& app, ImportOptions& options) {
  app.add_option("files", options.files,
                 "CSV files with a header row, or the configuration of an Alertmanager (.yml)")
      ->required();
  app.add_option("--out", options.out,
                 "Of a configuration: write it and its secrets into this folder; else print it");
  app.add_option("--url", options.url, "The server");
  app.add_option("--token", options.token, "API token, where one is needed");
  app.add_option("--name", options.name, "Name of the series (the file's name)");
  app.add_option("--time", options.time_column, "Column of the time");
  app.add_option("--value", options.value_columns, "Columns of values (all others)");
  app.add_option("--label-column", options.label_columns, "Columns that become labels");
  app.add_option("--label", options.labels, "name=value, for every series");
}

void add_replay(CLI::App& app, ReplayOptions& options) {
  app.add_option("--config", options.config, "Folder of the configuration to try")->required();
  app.add_option("--data", options.data, "Folder of what is kept")->default_str("tocsin-data");
  app.add_option("--from", options.from, "Begin: ISO 8601, unix seconds, or a span ago such as 7d");
  app.add_option("--to", options.to, "End; now if left out");
  auto* against = app.add_option("--against", options.against,
                                 "Another configuration's folder: what --config changes of it");
  app.add_option("--site", options.site, "Only series of this site");
  auto* worker = app.add_option("--worker", options.worker, "Only tests of this worker");
  auto* rules = app.add_option("--rules", options.rules, "Only these rules: ID,ID,...");
  rules->delimiter(',');
  app.add_flag("--json", options.json, "Print the result as JSON");
  auto* received = app.add_flag(
      "--as-received", options.as_received,
      "The batches in the order and at the times they arrived (kept for archive_keep): with the "
      "configuration of the live run exactly what that run found");
  for (auto* other : {against, worker, rules}) received->excludes(other);
  app.add_flag("--as-history", options.as_history,
               "The points in the order of their own times (the default)")
      ->excludes(received);
  app.footer(
      "Nothing is told and nothing is written; a server may have the data folder open.\n"
      "With --as-received the begin is at or after a checkpoint that is kept; workers that differ\n"
      "from those of the checkpoint warm up on the 35 days before it.");
}

// As the configuration has it, or a number: violations per week, 0.01 to 100.
std::string per_week(const std::string& text) {
  const auto frequency = Frequency::parse(text);
  const auto count = frequency ? frequency->per_week() : parse_double(text);
  if (!count || !(*count >= 0.01 && *count <= 100))
    throw CLI::ValidationError(fmt::format(
        "\"{}\" is no frequency from 0.01 to 100 per week: write \"1 per week\", or 1", text));
  return fmt::format("{}", *count);
}

void add_detect(CLI::App& app, DetectOptions& options, int& status) {
  auto* detect =
      app.add_subcommand("detect", "Test the rows of CSV files; no server, nothing to configure");
  detect->callback([&options, &status] { status = run_detect(options); });
  detect->add_option("files", options.files, "CSV files of timestamp,value; .gz too")->required();
  detect->add_option("--out", options.out, "Write one file of the same name each into this folder");
  detect->add_option("--format", options.format, "csv, or json: an object per line")
      ->check(CLI::IsMember({"csv", "json"}));
  detect->add_option("--models", options.models, "What says what is normal, separated by commas")
      ->capture_default_str();
  detect
      ->add_option("--noise", options.noise,
                   "Wanted violations of a file that is healthy: \"1 per week\", or 1")
      ->transform(CLI::Validator(
          [](std::string& text) {
            text = per_week(text);
            return std::string();
          },
          "FREQUENCY"));
  detect->add_option("--zone", options.zone, "The wall clock that days and weeks follow")
      ->capture_default_str();
  detect->add_option("--html", options.html, "Write a page with a chart of each file");
  detect->add_option("--time", options.time_column,
                     "Column of the time, if it has an unusual name");
  detect->add_option("--value", options.value_column,
                     "Column of the value, if it has an unusual name");
  detect->footer(
      "Every row is answered: timestamp,value,score,expected,lower,upper,violation. Rows are read\n"
      "one by one; what is answered depends on no later row. docs/detect.md says what it means.");
}

void add_store(CLI::App& app, StoreCommandOptions& options, int& status) {
  auto* store = app.add_subcommand("store", "What is stored, and whether it checks out");
  store->require_subcommand(1);
  auto* stats = store->add_subcommand("stats", "Bytes, points and weeks by kind");
  stats->callback([&options, &status] { status = store_stats(options); });
  auto* verify = store->add_subcommand("verify", "Read everything; name what is damaged");
  verify->callback([&options, &status] { status = store_verify(options); });
  auto* compact = store->add_subcommand("compact", "Pack all there is at once, today's too");
  compact->callback([&options, &status] { status = store_compact(options); });
  for (auto* sub : {stats, verify, compact}) {
    if (sub != compact)
      sub->add_option("--data", options.data, "A folder, also of a running server; else --url");
    sub->add_option("--url", options.url, "The server");
    sub->add_option("--token", options.token, "API token, where one is needed");
    sub->add_flag("--json", options.json, "Print JSON");
  }
}

void add_token(CLI::App& app, TokenOptions& options, int& status) {
  auto* token = app.add_subcommand("token", "API tokens");
  token->require_subcommand(1);
  token->add_option("--data", options.data, "Folder of what is kept")->default_str("tocsin-data");
  auto* create = token->add_subcommand("create", "Make a token; it is shown once");
  create->add_option("--name", options.name, "What it is for")->required();
  create->add_option("--scope", options.scope,
                     "read, write, alerts, config or admin; several with commas");
  create->add_option("--expires", options.expires, "Span after which it is not valid: 90d");
  create->add_option("--owner", options.owner, "User it belongs to: never more than they may");
  create->add_option("--view", options.view, "What it may see: 'customer=\"acme\"'");
  create->callback([&options, &status] { status = token_create(options); });
  auto* list = token->add_subcommand("list", "Names and scopes");
  list->callback([&options, &status] { status = token_list(options); });
  auto* revoke = token->add_subcommand("revoke", "Forget a token");
  revoke->add_option("--name", options.name, "Which")->required();
  revoke->callback([&options, &status] { status = token_revoke(options); });
  for (auto* sub : {create, list, revoke})
    sub->add_option("--data", options.data, "Folder of what is kept");
}

void add_user(CLI::App& app, UserOptions& options, int& status) {
  auto* user = app.add_subcommand("user", "People who may sign in");
  user->require_subcommand(1);
  auto* add = user->add_subcommand("add", "Make a user; asks for the password");
  add->callback([&options, &status] { status = user_add(options); });
  auto* list = user->add_subcommand("list", "Names, roles, addresses, views");
  list->callback([&options, &status] { status = user_list(options); });
  auto* password = user->add_subcommand("password", "Set a new password; ends their sessions");
  password->callback([&options, &status] { status = user_password(options); });
  auto* role = user->add_subcommand("role", "Change role, name, address or view");
  role->callback([&options, &status] { status = user_change(options); });
  auto* remove = user->add_subcommand("remove", "Remove a user, their sessions and tokens");
  remove->callback([&options, &status] { status = user_remove(options); });
  for (auto* sub : {add, list, password, role, remove}) {
    sub->add_option("--data", options.data, "Folder of what is kept; a server may be running");
    if (sub != list) sub->add_option("name", options.name, "What they sign in with")->required();
  }
  role->add_option("role", options.role, "viewer, responder, editor or admin");
  add->add_option("--role", options.role, "viewer (as it is), responder, editor or admin");
  for (auto* sub : {add, role}) {
    sub->add_option("--real-name", options.real_name, "As people know them");
    sub->add_option("--mail", options.mail, "E-mail address");
    sub->add_option("--view", options.view, "What they may see: 'customer=\"acme\"'; '' = all");
  }
  for (auto* sub : {add, password})
    sub->add_option("--password-file", options.password_file,
                    "Its first line is the password; else it is asked for");
}

void add_receiver(CLI::App& app, ReceiverTestOptions& options, int& status) {
  auto* receiver = app.add_subcommand("receiver", "Receivers");
  receiver->require_subcommand(1);
  auto* test = receiver->add_subcommand("test", "Send a test message through a running server");
  test->add_option("name", options.name, "The receiver")->required();
  test->add_option("--url", options.url, "The server");
  test->add_option("--token", options.token, "API token, where one is needed");
  test->callback([&options, &status] { status = receiver_test(options); });
}

void add_on_call(CLI::App& app, OnCallOptions& options, int& status) {
  auto* on_call = app.add_subcommand("oncall", "Who is on call, now or at another time");
  on_call->add_option("schedule", options.schedule, "A schedule; all of them if left out");
  on_call->add_option("--at", options.at, "When: 2026-11-23T14:00:00Z, past or to come");
  on_call->add_option("--url", options.url, "The server");
  on_call->add_option("--token", options.token, "API token, where one is needed");
  on_call->add_flag("--json", options.json, "Print JSON");
  on_call->callback([&options, &status] { status = print_on_call(options); });
}

void add_rule_tests(CLI::App& app, std::vector<std::string>& files, int& status) {
  auto* test_command = app.add_subcommand("test", "Tests that stand in files");
  test_command->require_subcommand(1);
  auto* rules_command = test_command->add_subcommand(
      "rules", "Run Prometheus' unit tests of its rule files, as promtool does");
  rules_command->add_option("files", files, "Unit test files (YAML)")->required();
  rules_command->callback([&files, &status] { status = test_rules(files); });
}

int import_any(const ImportOptions& options) {
  const std::string& first = options.files.front();
  if (!first.ends_with(".yml") && !first.ends_with(".yaml")) {
    if (options.out.empty()) return import_files(options);
    return failed({ErrorCode::kInvalid, "--out is for configurations; CSV files go to --url", ""});
  }
  if (options.files.size() == 1) return import_alertmanager({first, options.out});
  return failed({ErrorCode::kInvalid, "import of a configuration failed: one file at a time", ""});
}

void add_import_calendar(CLI::App& app, ImportCalendarOptions& options, int& status) {
  auto* command = app.add_subcommand(
      "import-calendar", "Take calendars into the rota: a schedule, people's leave, overrides");
  command->add_option("files", options.files, "Calendar files (.ics)")->required();
  command->add_option("--config", options.config, "Folder of the configuration: whose people");
  command->add_option("--as", options.as, "schedule (printed), leave (printed) or overrides (sent)")
      ->check(CLI::IsMember({"schedule", "leave", "overrides"}));
  command->add_option("--schedule", options.schedule, "Its name (the file's name)");
  command->add_option("--zone", options.zone, "Zone of times that have none");
  command->add_option("--days", options.days, "So many from now on are looked at")
      ->check(CLI::Range(1, 3660));
  command->add_option("--url", options.url, "The server, for overrides");
  command->add_option("--token", options.token, "API token, where one is needed");
  command->add_option("--by", options.by, "Who makes the overrides, where no token says so");
  command->add_flag("--dry-run", options.try_only, "Print the overrides, send nothing");
  command->callback([&options, &status] { status = import_calendar(options); });
}

void add_route(CLI::App& app, RouteTestOptions& options, int& status) {
  auto* route = app.add_subcommand("route", "Routes: who is told");
  route->require_subcommand(1);
  auto* test = route->add_subcommand("test", "Who would be told of an alert? Nothing is sent");
  test->add_option("labels", options.labels, "Labels of the alert: rule=errors site=madrid");
  test->add_option("--config", options.config, "Folder of the configuration")
      ->capture_default_str();
  test->add_option("--severity", options.severity,
                   "critical, high or low; else what the label severity means, else critical");
  test->add_option("--at", options.at, "When: 2026-11-23T14:00:00Z; now if left out");
  test->add_option("--expect", options.expect,
                   "Exit with 3 if others than these receivers are told: ops,mail")
      ->delimiter(',');
  test->add_flag("--json", options.json, "Print JSON");
  test->footer("Shifts are those of the files: overrides made on the pages are not in them.");
  test->callback([&options, &status] { status = route_test(options); });
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{"Tocsin: tests telemetry on arrival, decides by rules, tells the right person"};
  app.set_version_flag("--version", std::string("tocsin ") + kVersion);
  app.require_subcommand(1);
  Options options;
  int status = 0;

  auto* serve_command = app.add_subcommand("serve", "Run the server");
  serve_command->add_option("--config", options.serve.config, "Folder of YAML files");
  add_serve_options(*serve_command, options.serve);
  serve_command->callback([&] { status = run_server(options.serve); });

  auto* demo_command = app.add_subcommand(
      "demo", "Run the quick start: this machine and a betting house, nothing to set up");
  add_serve_options(*demo_command, options.demo.serve);
  demo_command->add_option("--history", options.demo.history,
                           "History made at the first start (28d)");
  demo_command->add_option("--seed", options.demo.seed, "Another seed gives another house");
  demo_command->callback([&] { status = run_demo(options.demo); });

  auto* check_command =
      app.add_subcommand("check", "Say what is wrong with a configuration folder");
  check_command->add_option("directory", options.check_directory, "The folder")->required();
  check_command->callback([&] { status = run_check(options.check_directory); });

  auto* import_command = app.add_subcommand(
      "import", "Send history from CSV files to a server; take over an Alertmanager");
  add_import(*import_command, options.import);
  import_command->callback([&] { status = import_any(options.import); });

  add_import_calendar(app, options.import_calendar, status);

  auto* replay_command =
      app.add_subcommand("replay", "What would have been told? Run a configuration over history");
  add_replay(*replay_command, options.replay);
  replay_command->callback([&] { status = run_replay(options.replay); });

  add_detect(app, options.detect, status);
  add_token(app, options.token, status);
  add_user(app, options.user, status);
  add_store(app, options.store, status);

  add_rule_tests(app, options.rule_tests, status);
  add_receiver(app, options.receiver, status);
  add_on_call(app, options.on_call, status);
  add_route(app, options.route, status);
  app.add_subcommand("reference", "Print the configuration reference (Markdown)")->callback([] {
    std::fputs(Configuration::reference_markdown().c_str(), stdout);
  });
  app.add_subcommand("schema", "Print a JSON Schema of the configuration for editors")
      ->callback([] { std::puts(Configuration::json_schema().c_str()); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // also thrown for --help, which is none
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  return status;
}

}  // namespace tocsin
