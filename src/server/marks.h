#pragma once
// What people mark as useful or noise, for the API. The program implements it (a test has a fake):
// calls begin in a connection's loop and do not block, answers come from any thread.

#include <optional>
#include <string>
#include <vector>

#include "net/router.h"
#include "server/views.h"
#include "supervisor/operator_marks.h"

namespace tocsin::server {

struct MarkRequest {
  supervisor::OperatorMark::Of of = supervisor::OperatorMark::Of::kAlert;
  Id128 id;
  std::optional<supervisor::OperatorMark::Verdict> verdict;  // nothing: the mark is taken back
  std::string by;
};

class Marks {
 public:
  virtual ~Marks() = default;
  // False: there is no such alert or violation.
  virtual void mark(MarkRequest request, Done<bool> done) = 0;
  // All that are kept, newest first.
  virtual void list(Done<std::vector<supervisor::OperatorMark>> done) = 0;
};

// GET /api/v1/marks, POST /api/v1/alerts/ID/mark and /api/v1/violations/ID/mark. `marks` outlives
// the router.
void register_mark_routes(net::Router& router, Marks& marks);

}  // namespace tocsin::server
