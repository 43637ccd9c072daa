#pragma once
// The commands behind the command line. Each prints for people and returns the exit status.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "tocsin/configuration.h"

namespace tocsin {

// What the command line says on top of the configuration; empty = as configured.
struct ServeOptions {
  std::string config, listen, data, port_file, log_level, durability;
  uint32_t shards = 0;
};
int run_server(const ServeOptions& options);

struct DemoOptions {
  ServeOptions serve;
  std::string history = "28d";
  uint64_t seed = 1;
};
int run_demo(const DemoOptions& options);

// Prometheus' unit tests of rule files.
int test_rules(const std::vector<std::string>& files);

int run_check(const std::string& directory);

struct TokenOptions {
  std::string data, name, scope = "write", view, owner, expires;
};
int token_create(const TokenOptions& options);
int token_list(const TokenOptions& options);
int token_revoke(const TokenOptions& options);

struct UserOptions {
  std::string data, name, real_name, mail, role, password_file;
  std::optional<std::string> view;
};
int user_add(const UserOptions& options);
int user_change(const UserOptions& options);
int user_password(const UserOptions& options);
int user_remove(const UserOptions& options);
int user_list(const UserOptions& options);

struct ReceiverTestOptions {
  std::string url = "http://127.0.0.1:9640", token, name;
};
int receiver_test(const ReceiverTestOptions& options);

struct OnCallOptions {
  std::string url = "http://127.0.0.1:9640", token;
  std::string schedule, at;  // empty: all of them; now
  bool json = false;
};
int print_on_call(const OnCallOptions& options);

struct RouteTestOptions {
  std::string config = ".";
  std::vector<std::string> labels;  // "site=madrid"
  std::string severity, at;         // empty: that of the labels, or critical; now
  std::vector<std::string> expect;  // receivers; others told: exit status 3. Empty: any
  bool json = false;
};
int route_test(const RouteTestOptions& options);

// Files that end in .yml or .yaml are configurations of Alertmanager: one at a time.
struct ImportConfigOptions {
  std::string file;
  std::string out;  // a folder; empty: standard output
};
int import_alertmanager(const ImportConfigOptions& options);

struct ImportOptions {
  std::vector<std::string> files;
  std::string url = "http://127.0.0.1:9640", token;
  std::string name;  // of the series; the file's name if empty
  std::string time_column;
  std::vector<std::string> value_columns, label_columns, labels;
  std::string out;  // of a configuration: the folder to write into
};
int import_files(const ImportOptions& options);

struct ImportCalendarOptions {
  std::vector<std::string> files;
  std::string config = ".";     // whose people are meant
  std::string as = "schedule";  // or leave, overrides
  std::string schedule;         // empty: the file's name
  std::string zone = "UTC";
  int days = 366;                                    // that are looked at, from now on
  std::string url = "http://127.0.0.1:9640", token;  // overrides go there
  std::string by;                                    // who makes them
  bool try_only = false;                             // print them instead
};
int import_calendar(const ImportCalendarOptions& options);

struct ReplayOptions {
  std::string config, data, from, to, site;
  std::string against;             // another configuration's folder: compare the two
  std::string worker;              // only its tests
  std::vector<std::string> rules;  // only these decide
  bool json = false;
  bool as_received = false, as_history = false;  // the latter unless said otherwise
};
int run_replay(const ReplayOptions& options);

struct DetectOptions {
  std::vector<std::string> files;
  std::string out, html;        // a folder; a file. Empty: standard output; no page
  std::string format = "csv";   // or "json"
  std::string models = "auto";  // separated by commas
  std::string zone = "UTC";
  std::string time_column, value_column;
  std::optional<double> noise;
};
int run_detect(const DetectOptions& options);

struct StoreCommandOptions {
  std::string data;  // a folder; empty: ask the server
  std::string url = "http://127.0.0.1:9640", token;
  bool json = false;
};
int store_stats(const StoreCommandOptions& options);
int store_verify(const StoreCommandOptions& options);
int store_compact(const StoreCommandOptions& options);  // of a running server

// Prints an error and gives exit status 1.
int failed(const Error& error);

}  // namespace tocsin
