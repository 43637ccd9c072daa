#pragma once
// A thread that makes things ahead of whoever uses them: reading and decoding go on while what was
// read is taken up.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace tocsin {

// make(give) runs on a thread of its own and gives one thing after another; use() is called for
// each on the calling thread, in that order. At most `room` (>= 1) wait in between: give() blocks
// then. Returns when all were used. Neither may throw.
template <class T>
void make_ahead(size_t room, const std::function<void(const std::function<void(T)>&)>& make,
                const std::function<void(T)>& use) {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<T> made;  // guarded, as `ended`
  bool ended = false;
  std::thread maker([&] {
    make([&](T thing) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return made.size() < room; });
      made.push_back(std::move(thing));
      changed.notify_one();
    });
    const std::lock_guard lock(mutex);
    ended = true;
    changed.notify_one();
  });
  for (;;) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return ended || !made.empty(); });
    if (made.empty()) break;
    T thing = std::move(made.front());
    made.pop_front();
    changed.notify_one();
    lock.unlock();
    use(std::move(thing));
  }
  maker.join();
}

}  // namespace tocsin
