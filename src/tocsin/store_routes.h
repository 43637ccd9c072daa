#pragma once
// GET /api/store/stats, POST and GET /api/store/verify: what is stored, and whether all of it
// checks out, on a running server.
//
// One thread does this work, one thing after the other; verify rests between its steps so that it
// takes a quarter of a core. Bounded: at most kWaitingMax questions wait, past it 503.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "net/router.h"
#include "store/store.h"
#include "tocsin/store_report.h"

namespace tocsin {

class StoreRoutes {
 public:
  static constexpr size_t kWaitingMax = 16;

  StoreRoutes(Store& store, const Clock& clock);
  ~StoreRoutes();
  void add_to(net::Router& router);  // which must not be used any more once this is gone
  void stop();                       // what waits is dropped, a verify under way ends

 private:
  void run();
  bool ask(std::function<void()> work);
  void verify();
  void answer_stats(const net::Request& request, net::Respond respond);
  void begin_verify(net::Respond respond);
  net::Response compact_response(int status) const;
  net::Response verify_response(const net::Request* request, int status) const;
  bool rest(double seconds);  // false: stop

  Store& store_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  VerifyState state_;                          // guarded by mutex_
  bool stop_ = false;                          // guarded by mutex_
  std::thread thread_;
};

}  // namespace tocsin
