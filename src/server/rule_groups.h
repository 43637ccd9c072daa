#pragma once
// Prometheus' rule groups as the API shows them. Plain values; the program hands in a whole new
// list after every evaluation.

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"

namespace tocsin::server {

using TextPairs = std::vector<std::pair<std::string, std::string>>;  // ascending by name

struct RuleAlertView {
  TextPairs labels, annotations;
  std::string state;  // "pending", "firing"
  TimeMs active_at;
  TimeMs keep_firing_since;  // 0: its condition holds
  double value = 0;
};
struct RuleView {
  bool alerting = false;
  std::string name, query;
  std::string place;                  // file:line
  DurationMs hold{}, keep_firing{};   // alerting
  TextPairs labels, annotations;      // as written
  std::vector<RuleAlertView> alerts;  // alerting
  std::string state;                  // alerting: "inactive", "pending", "firing"
  std::string health = "unknown";     // "ok", "err"
  std::string error;
  TimeMs evaluated;  // 0: never
  DurationMs took{};
};
struct RuleGroupView {
  std::string name, file;
  DurationMs interval{};
  int64_t limit = 0;
  TimeMs evaluated;
  DurationMs took{};
  std::vector<RuleView> rules;
};
using RuleGroupList = std::vector<RuleGroupView>;

// Every thread. Readers keep the list they took.
class RuleGroups {
 public:
  void set(std::shared_ptr<const RuleGroupList> list) {
    const std::lock_guard lock(mutex_);
    list_ = std::move(list);
  }
  std::shared_ptr<const RuleGroupList> list() const {  // never null
    const std::lock_guard lock(mutex_);
    return list_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const RuleGroupList> list_ = std::make_shared<const RuleGroupList>();
};

}  // namespace tocsin::server
