#pragma once
// Which series are likely causes: from what each did by itself (cause_score.h) to an order of all.
//
//   u = (strength - half of what a tenth of the series of that name reach) x kind x lead x relation
//
// What all series of a name do at once is what happened to everybody, not who did it. A group
// (a service, a host) comes to the sum of its series' u, each next family counting a fifth of the
// one before: a cause shows in several of its figures, yet many figures make no cause.
// Pure; belongs to one thread; room for one small record per series.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query/cause_score.h"
#include "vocabulary/labels.h"

namespace tocsin::query {

struct ScoredSeries {
  const Labels* labels = nullptr;  // outlives the ranking
  uint32_t id = 0;                 // the caller's
  Unusual unusual;
};

enum class FigureKind : uint8_t { kLatency, kError, kResource, kTraffic, kOther };
std::string_view to_text(FigureKind kind);
// By the words of its name: "http_request_duration_seconds" is a latency.
FigureKind figure_kind(std::string_view name);
// The first two words of a name in small letters: what p90 and p99 of one thing have in common.
std::string figure_family(std::string_view name);

struct CauseQuestion {
  TimeMs reference;  // when the alert opened, or the end of the span
  Labels about;      // labels of the alert: what shares one is related
  size_t series_max = 20;
  size_t groups_max = 10;
  std::vector<std::string> group_labels;  // the first that a series has names its group
};
// service, app, deployment, pod, host, instance, job.
std::vector<std::string> standard_group_labels();

struct Cause {
  size_t series = 0;  // index into what was given
  float score = 0;
  float common = 0;  // strength that a tenth of the series of its name reach
  FigureKind kind = FigureKind::kOther;
  int group = -1;    // index into groups, -1: it belongs to none of those shown
  size_t alike = 0;  // series of the same group and family that stand behind this one
  std::vector<Labels::Pair> related;  // labels shared with the alert, the rarest first
};
struct CauseGroup {
  std::string label, value;
  float score = 0;
  size_t series = 0;  // all of it
  size_t moved = 0;   // of strength one half or more
};
struct CauseOrder {
  std::vector<Cause> causes;  // best first; ties by labels
  std::vector<CauseGroup> groups;
  size_t moved = 0;  // series of strength one half or more
};

CauseOrder rank_causes(std::span<const ScoredSeries> series, const CauseQuestion& question);

}  // namespace tocsin::query
