#pragma once
// The noise budget put together from what was gathered: pure, values in and values out.

#include <map>
#include <string>
#include <vector>

#include "server/budget.h"
#include "streamer/streamer.h"
#include "supervisor/archive.h"
#include "tocsin/configuration.h"
#include "tocsin/episode_ledger.h"

namespace tocsin {

struct BudgetFacts {
  struct Worker {
    int64_t guarded = 0;  // series
    streamer::NoiseView noise;
    EpisodeLedger::Spent spent;  // of 30 days
    int64_t episodes_7d = 0;
  };
  TimeMs now;
  std::map<std::string, Worker> workers;
  std::vector<supervisor::PagesTold> told;  // since pages_since()
  server::BudgetView::Replay replay;
  std::map<std::string, int64_t> replayed;  // pages by rule, if replay.at says that one was done
};

// What was told from then on is needed: the longest span of a budget, at least 30 days.
TimeMs pages_since(const Configuration& configuration, TimeMs now);

server::BudgetView budget_view(const Configuration& configuration, const BudgetFacts& facts);

// Over: more than chance brings at the wanted rate (two standard deviations and one).
server::BudgetView::Verdict episodes_verdict(int64_t episodes, double expected);
// Over: more than the budget, a part of a page counts as one.
server::BudgetView::Verdict pages_verdict(int64_t pages, double allowed);

}  // namespace tocsin
