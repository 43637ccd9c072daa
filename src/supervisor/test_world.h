#pragma once
// For the tests of this room: a supervisor with its database, on virtual time. Everything that it
// gives out is committed unless the test loses it.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "supervisor/archive.h"
#include "supervisor/supervisor.h"

namespace tocsin::supervisor::testing_help {

class World {
 public:
  explicit World(const std::string& name, Options options = {}, Routes routes = {})
      : options_(options), routes_(std::move(routes)) {
    path_ = testing::TempDir() + "supervisor_" + std::to_string(::getpid()) + "_" + name + ".db";
    remove();
    start();
  }
  ~World() {
    supervisor.reset();
    database.reset();
    remove();
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Ends without a word and comes back with what was committed.
  void restart() {
    supervisor.reset();
    database.reset();
    start();
  }
  // Whom it can call, now and after every restart.
  void reach(std::shared_ptr<const EscalationRules> rules,
             std::shared_ptr<const Directory> directory) {
    rules_ = std::move(rules);
    directory_ = std::move(directory);
    supervisor->set_escalation(rules_);
    supervisor->set_directory(directory_);
  }
  // As a reload of the configuration does.
  void configure(Options options) { configure(std::move(options), Routes(routes_)); }
  void configure(Options options, Routes routes) {
    options_ = std::move(options);
    routes_ = std::move(routes);
    supervisor->configure(options_, routes_);
  }
  void commit(const Changes& changes) {
    auto transaction = database->begin();
    ASSERT_TRUE(transaction) << transaction.error().text();
    const auto applied = apply(*transaction, changes);
    ASSERT_TRUE(applied) << applied.error().text();
    const auto committed = transaction->commit();
    ASSERT_TRUE(committed) << committed.error().text();
  }

  Counters counters;
  std::optional<state::Database> database;
  std::unique_ptr<Supervisor> supervisor;

 private:
  void remove() {
    for (const char* end : {"", "-wal", "-shm", ".writer"}) std::filesystem::remove(path_ + end);
  }
  void start() {
    // What a power cut leaves is tested in state/; here only time is saved.
    auto opened = state::Database::open(path_, {.power_cut_safe = false});
    ASSERT_TRUE(opened) << opened.error().text();
    database.emplace(std::move(*opened));
    ASSERT_TRUE(state::migrate(*database, migrations()));
    supervisor = std::make_unique<Supervisor>(options_, routes_, counters);
    supervisor->set_escalation(rules_);
    supervisor->set_directory(directory_);
    const auto loaded = supervisor->load(*database);
    ASSERT_TRUE(loaded) << loaded.error().text();
  }

  Options options_;
  Routes routes_;
  std::shared_ptr<const EscalationRules> rules_;
  std::shared_ptr<const Directory> directory_;
  std::string path_;
};

inline Decision decision(Decision::What what, uint64_t lsn, TimeMs time, const std::string& rule,
                         Severity severity, Labels scope, std::vector<std::string> covers = {}) {
  Decision out;
  out.what = what;
  out.at.lsn = {lsn};
  out.time = time;
  out.alert_key = IdBuilder().add(rule).add(scope.text()).finish();
  out.rule_id = rule;
  out.severity = severity;
  out.scope = std::move(scope);
  out.summary = rule + " holds";
  out.tree = {{"leaf", rule, Truth::kTrue, "because", {}}};
  out.covers = std::move(covers);
  if (what == Decision::What::kResolved) out.resolve_reason = "recovered";
  return out;
}

}  // namespace tocsin::supervisor::testing_help
