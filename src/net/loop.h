#pragma once
// One thread's event loop. The program makes one per shard and runs it on that shard's thread;
// sockets, timers and posted work of the shard run there, one after the other. No step may block.

#include <functional>
#include <memory>

#include "base/time.h"

namespace tocsin::net {

struct LoopCore;  // the asio::io_context, kept out of this header

class Loop {
 public:
  Loop();
  // Work that was posted and has not run is destroyed unrun. run() must have returned.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop(); the calling thread is the loop's thread from then on.
  void run();
  // Runs what is ready now and returns how many steps that was: for tests and drivers of their own.
  size_t poll();
  // Any thread. run() returns after the step that runs now; what is queued stays queued.
  void stop();

  // Any thread. Never runs `work` inside this call. The queue is unbounded: whoever posts on behalf
  // of traffic bounds what it has outstanding.
  void post(std::function<void()> work);
  // Timers on the monotonic clock; any thread may set one. `work` runs in the loop.
  void after(DurationMs delay, std::function<void()> work);
  void every(DurationMs period, std::function<void()> work);  // until the loop is destroyed
  bool in_loop() const;  // true in the thread that runs run() or poll()

  const std::shared_ptr<LoopCore>& core() const { return core_; }  // for LoopHandle and sockets

 private:
  std::shared_ptr<LoopCore> core_;
};

// Where to post work to, for those who may outlive the loop: posting to a loop that is gone does
// nothing. Any thread.
class LoopHandle {
 public:
  LoopHandle() = default;
  explicit LoopHandle(const Loop& loop) : core_(loop.core()) {}
  void post(std::function<void()> work) const;
  bool in_loop() const;

 private:
  std::weak_ptr<LoopCore> core_;
};

}  // namespace tocsin::net
