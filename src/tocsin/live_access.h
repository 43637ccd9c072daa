#pragma once
// People, tokens and the audit log of the running program: what access/ keeps, with the SQL writer,
// a thread for passwords and the files by which the command line finds the server.
//
// Threads: one of its own hashes passwords (64 MB each, one at a time); its work waits in a queue
// of 16, past it 503. The audit log's lines are gathered and written together by the SQL writer, at
// most 10,000 waiting (past it they are dropped, counted and logged).

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "access/door.h"
#include "server/access_parts.h"
#include "tocsin/access_settings.h"
#include "tocsin/live.h"

namespace tocsin {

class LiveAccess {
 public:
  LiveAccess(const Clock& clock, Counters& counters, const AccessSettings& settings);
  ~LiveAccess();

  // Reads what is kept, takes over an earlier version's token file, starts the thread. Live runs
  // already and ends before this does.
  Result<void> start(Live& live, std::string_view listen_address, bool https);
  // The server listens: the command line may find it; without a user the set-up link is printed.
  void listening(const std::string& url);
  void stop();  // while Live still writes

  server::AccessParts parts();
  const access::Door& door() const { return *door_; }

 private:
  Result<void> take_over_tokens();
  bool hash(std::function<void()> work);
  void work_on_passwords();
  void record(access::AuditEntry entry);
  void flush(state::Database& database);
  void keep_house();
  void read_audit(access::AuditFilter filter, server::Done<std::vector<access::AuditEntry>> done);

  const Clock& clock_;
  const AccessSettings settings_;
  access::LoginLimiter limiter_;
  access::Replies replies_;
  Counter& refused_hashes_;
  Counter& dropped_entries_;
  Live* live_ = nullptr;
  std::optional<access::Accounts> accounts_;
  std::optional<access::Door> door_;
  std::optional<state::Database> reader_;  // on the background loop
  bool https_ = false;
  std::string command_file_;

  std::mutex hash_mutex_;
  std::condition_variable hash_waits_;
  std::deque<std::function<void()>> hash_queue_;  // guarded by hash_mutex_
  bool hash_stops_ = false;                       // likewise
  std::thread hash_thread_;

  std::mutex record_mutex_;
  std::vector<access::AuditEntry> entries_;  // guarded by record_mutex_
  bool flush_posted_ = false;                // likewise
  TimeMs pruned_at_;                         // on the background loop
};

// Where a running server says how the command line reaches it: two lines, its URL and a secret,
// mode 0600, made anew at each start and removed at its end.
std::string command_file(const std::string& data);

}  // namespace tocsin
