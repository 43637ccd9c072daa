#pragma once
// What the API does with likely causes and with changes that people and other systems tell of. The
// program implements it; calls begin in a connection's loop and do not block, answers come from any
// thread.

#include <optional>
#include <string>
#include <vector>

#include "query/cause_ranking.h"
#include "server/views.h"
#include "supervisor/marked_change.h"

namespace tocsin::server {

// A span to rank causes for.
struct CausesQuery {
  TimeMs from, to;
  std::optional<Id128> alert;  // what is related is related to it
  Labels about;                // likewise: labels of the chart that was asked on
};

struct CauseView {
  // Exactly one of the two.
  std::optional<supervisor::MarkedChange> change;
  Labels series;
  query::Unusual unusual;
  query::FigureKind kind = query::FigureKind::kOther;
  float score = 0, common = 0;
  int group = -1;
  size_t alike = 0;
  TimeMs began;  // 0: not clear
  std::vector<Labels::Pair> related;
  std::string why;
  std::vector<TimeValue> points;  // before and during; of a counter as it is
};

struct CausesView {
  TimeMs computed_at, before_from, from, to;
  TimeMs reference;  // what leads are measured to: the alert's first point outside, or `to`
  double seconds = 0;
  size_t asked = 0, scored = 0, without_points = 0, not_reached = 0, moved = 0;
  std::vector<query::CauseGroup> groups;
  std::vector<CauseView> causes;  // best first
};

class CausesDesk {
 public:
  virtual ~CausesDesk() = default;
  // JSON of a CausesView, as it was kept with the alert. Empty: not ranked yet. nullopt: no alert.
  virtual void kept(Id128 alert, Done<std::optional<std::string>> done) = 0;
  // nullopt: there is no such alert.
  virtual void rank(CausesQuery query, Done<std::optional<CausesView>> done) = 0;

  virtual void changes(supervisor::MarkedChangeFilter filter,
                       Done<std::vector<supervisor::MarkedChange>> done) = 0;
  virtual void add_change(supervisor::MarkedChange change, Done<supervisor::MarkedChange> done) = 0;
  virtual void remove_change(std::string id, Done<bool> done) = 0;  // false: there is none
};

}  // namespace tocsin::server
