#pragma once
// Answers to requests that carried an Idempotency-Key, kept for 24 hours: the same request again
// gets the same answer and is not done again, also after a restart (what is kept is written with
// the audit log; a crash loses at most the last moment's).
//
// Any thread. Bounded: 10,000 answers, 64 KB each, 16 MB in all; past it the oldest go.

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/counters.h"
#include "base/time.h"
#include "state/database.h"

namespace tocsin::access {

struct KeptReply {
  std::string key;      // hash of who, method, path and their key
  std::string request;  // hash of the body
  TimeMs at;
  int status = 0;  // 0: still being worked on
  std::string type, body;
  bool body_kept = true;  // false: it was too long, or held a secret that is shown once
};

class Replies {
 public:
  static constexpr DurationMs kKept = hours(24);
  static constexpr size_t kBodyBytesMax = 64 * 1024, kBytesMax = 16u << 20, kRepliesMax = 10'000;

  explicit Replies(Counters& counters);
  Result<void> load(state::Database& database, TimeMs now);

  enum class Found {
    kFresh,    // nobody asked so far: go on, then finish() or forget()
    kRunning,  // the first is still being worked on
    kOther,    // the key was used for another request
    kAnswered,
  };
  // kept is filled if it was answered.
  Found begin(const std::string& key, const std::string& request, TimeMs now, KeptReply& kept);
  void finish(const std::string& key, int status, std::string type, std::string body,
              bool keep_body);
  void forget(const std::string& key);  // it did not happen; the next try is a first one

  // Those answered since the last call, for the SQL writer.
  std::vector<KeptReply> take_new();
  static Result<void> write(state::Transaction& transaction, const std::vector<KeptReply>& replies);
  static Result<void> remove_old(state::Transaction& transaction, TimeMs now);

 private:
  using Order = std::list<KeptReply>;  // oldest first
  void drop_old(TimeMs now);
  void drop_first();

  std::mutex mutex_;
  Order order_;                                              // guarded by mutex_
  std::unordered_map<std::string, Order::iterator> by_key_;  // likewise
  std::vector<std::string> new_;                             // keys; likewise
  size_t bytes_ = 0;                                         // of bodies; likewise
  Counter& dropped_;
};

}  // namespace tocsin::access
