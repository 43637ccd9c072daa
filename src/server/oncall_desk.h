#pragma once
// Who is on call, for the API. The program implements it (a test has a fake): calls begin in a
// connection's loop and do not block, answers come from any thread.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "access/feed_tokens.h"
#include "net/router.h"
#include "oncall/linter.h"
#include "oncall/on_call.h"
#include "oncall/record.h"
#include "server/views.h"

namespace tocsin::server {

class OnCallDesk {
 public:
  // What there is to answer from, for the length of one call of `work`.
  struct Facts {
    const oncall::OnCall& on_call;
    const oncall::LintFacts& lint;
    state::Database& database;  // reads only
    TimeMs now;
  };
  virtual ~OnCallDesk() = default;
  // Runs `work` where it may read and take its time.
  virtual void ask(std::function<void(const Facts&)> work) = 0;
  // All of them or none; what began before now begins now. Gives them as they are kept.
  // kInvalid: no such schedule or person, no span. kExhausted: too many.
  virtual void add(std::vector<oncall::Override> overrides,
                   Done<std::vector<oncall::Override>> done) = 0;
  // Nothing: there is none of that id in that schedule that has not ended.
  virtual void end(std::string schedule, std::string id, std::string by,
                   Done<std::optional<oncall::Override>> done) = 0;
  virtual const access::FeedTokens& feed_tokens() const = 0;
};

// GET /api/oncall, GET /api/oncall/SCHEDULE, POST .../overrides and .../swap, DELETE
// .../overrides/ID, GET /oncall/SCHEDULE.ics and /oncall/people/NAME.ics. `desk` outlives the
// router.
void register_oncall_routes(net::Router& router, OnCallDesk& desk);

}  // namespace tocsin::server
