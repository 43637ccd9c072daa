#pragma once
// Threads that work together on one thing after another: run() hands each of them its number and
// returns when all are done. For work that is split by shard before the shards' own threads run.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace tocsin {

class Crew {
 public:
  // `size` >= 1; one of them is the thread that calls run().
  explicit Crew(uint32_t size);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // work(i) for each i below the size, at the same time; what it wrote is seen by the caller.
  void run(const std::function<void(uint32_t)>& work);

 private:
  void wait_for_work(uint32_t number);

  std::mutex mutex_;
  std::condition_variable begun_, done_;
  const std::function<void(uint32_t)>* work_ = nullptr;  // guarded, as all below
  uint64_t turn_ = 0;
  uint32_t missing_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tocsin
