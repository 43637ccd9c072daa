#pragma once
// Sends Tocsin's sign of life. It goes by way of the decision thread, and not while alerts cannot
// be written: whoever waits for it hears of a Tocsin that runs and tells nobody.

#include <atomic>

#include "net/http_client.h"
#include "tocsin/live.h"

namespace tocsin {

class LiveWatchdog {
 public:
  explicit LiveWatchdog(Live& live);  // outlives it
  void start();

 private:
  void look();
  void send();

  Live& live_;
  net::HttpClient client_;
  Counter& sent_;
  Counter& failed_;
  TimeMs last_;  // background loop
  // One at a time: those that wait behind a stuck thread would all go out at its end.
  std::atomic<bool> under_way_{false};
};

}  // namespace tocsin
