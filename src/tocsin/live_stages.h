#pragma once
// The stages of the running program: GET /api/stages, and their points every 10 s.

#include "net/router.h"
#include "tocsin/live.h"
#include "tocsin/stages.h"

namespace tocsin {

class LiveStages {
 public:
  explicit LiveStages(Live& live);
  void add_to(net::Router& router);
  void start();  // the points, on the background loop

 private:
  std::vector<Stage> look();  // on the background loop

  Live& live_;
  StageWatch watch_;
};

}  // namespace tocsin
