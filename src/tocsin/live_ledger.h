#pragma once
// The ledger of the running program: GET /api/ledger, GET /api/alerts/:id/why. Reads are made on
// the background loop.

#include "net/router.h"
#include "tocsin/live.h"

namespace tocsin {

class LiveLedger {
 public:
  explicit LiveLedger(Live& live) : live_(live) {}
  void add_to(net::Router& router);

 private:
  net::Response list(const net::Request& request);
  net::Response why(const net::Request& request);

  Live& live_;
};

}  // namespace tocsin
