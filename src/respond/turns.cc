#include "respond/turns.h"

#include <utility>

namespace tocsin::respond {

void Turns::take(const std::string& key, Job job) {
  if (key.empty()) return job([] {});
  const auto [queue, free] = queues_->try_emplace(key);
  if (!free) {
    queue->second.push_back(std::move(job));
    return;
  }
  run(queues_, key, job);
}

void Turns::run(const std::weak_ptr<Queues>& queues, const std::string& key, const Job& job) {
  job([queues, key] {
    const auto known = queues.lock();
    if (!known) return;
    const auto queue = known->find(key);
    if (queue == known->end()) return;
    if (queue->second.empty()) {
      known->erase(queue);
      return;
    }
    const Job next = std::move(queue->second.front());
    queue->second.pop_front();
    run(queues, key, next);
  });
}

size_t Turns::waiting() const {
  size_t out = 0;
  for (const auto& [key, queue] : *queues_) out += queue.size();
  return out;
}

}  // namespace tocsin::respond
