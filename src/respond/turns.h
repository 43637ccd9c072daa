#pragma once
// One at a time per key: deliveries that must not run beside each other (two alerts that would
// make the same ticket twice). One thread's. Bounded by those who use it: the dispatcher has at
// most `in_flight_max` jobs in it.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace tocsin::respond {

class Turns {
 public:
  // `pass_on` must be called once, when the job is done; the next of its key begins then.
  using Job = std::function<void(const std::function<void()>& pass_on)>;

  // Runs it now, or when those before it with the same key are done. An empty key waits for nobody.
  void take(const std::string& key, Job job);
  size_t waiting() const;

 private:
  using Queues = std::map<std::string, std::deque<Job>>;
  static void run(const std::weak_ptr<Queues>& queues, const std::string& key, const Job& job);
  // Of the keys that are taken: who waits. Held weakly by the jobs, which may outlive this.
  std::shared_ptr<Queues> queues_ = std::make_shared<Queues>();
};

}  // namespace tocsin::respond
