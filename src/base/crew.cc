#include "base/crew.h"

namespace tocsin {

Crew::Crew(uint32_t size) {
  for (uint32_t number = 1; number < size; ++number)
    threads_.emplace_back([this, number] { wait_for_work(number); });
}

Crew::~Crew() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  begun_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Crew::wait_for_work(uint32_t number) {
  std::unique_lock lock(mutex_);
  for (uint64_t seen = 0;;) {
    begun_.wait(lock, [&] { return stop_ || turn_ > seen; });
    if (stop_) return;
    seen = turn_;
    const auto* const work = work_;
    lock.unlock();
    (*work)(number);
    lock.lock();
    if (--missing_ == 0) done_.notify_one();
  }
}

void Crew::run(const std::function<void(uint32_t)>& work) {
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    missing_ = static_cast<uint32_t>(threads_.size());
    ++turn_;
  }
  begun_.notify_all();
  work(0);
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return missing_ == 0; });
}

}  // namespace tocsin
