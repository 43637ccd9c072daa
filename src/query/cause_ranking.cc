#include "query/cause_ranking.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

namespace tocsin::query {
namespace {

constexpr float kMoved = 0.5F;
// Chosen with bench/causes by leaving out one system at a time; see docs/causes.md.
constexpr float kCommonShare = 0.5F;
constexpr double kCommonQuantile = 0.9;
constexpr size_t kPeersMin = 8;  // fewer series of a name say nothing of what is common
constexpr float kTrafficWeight = 0.7F;
constexpr float kNextFamily = 0.2F;
constexpr size_t kFamiliesMax = 4;
constexpr float kLeadShare = 0.1F;
constexpr double kLeadFullS = 300;
constexpr float kRelationShare = 0.3F;

struct KindWord {
  std::string_view word;
  FigureKind kind;
};
// The first that occurs decides: "request_duration" is a latency, not traffic.
constexpr std::array kKindWords = {
    KindWord{"latency", FigureKind::kLatency},    KindWord{"duration", FigureKind::kLatency},
    KindWord{"delay", FigureKind::kLatency},      KindWord{"wait", FigureKind::kLatency},
    KindWord{"lag", FigureKind::kLatency},        KindWord{"error", FigureKind::kError},
    KindWord{"fail", FigureKind::kError},         KindWord{"success", FigureKind::kError},
    KindWord{"exception", FigureKind::kError},    KindWord{"timeout", FigureKind::kError},
    KindWord{"reject", FigureKind::kError},       KindWord{"5xx", FigureKind::kError},
    KindWord{"cpu", FigureKind::kResource},       KindWord{"memory", FigureKind::kResource},
    KindWord{"heap", FigureKind::kResource},      KindWord{"disk", FigureKind::kResource},
    KindWord{"thread", FigureKind::kResource},    KindWord{"queue", FigureKind::kResource},
    KindWord{"pool", FigureKind::kResource},      KindWord{"network", FigureKind::kTraffic},
    KindWord{"bytes", FigureKind::kTraffic},      KindWord{"request", FigureKind::kTraffic},
    KindWord{"workload", FigureKind::kTraffic},   KindWord{"syscall", FigureKind::kTraffic},
    KindWord{"packet", FigureKind::kTraffic},     KindWord{"throughput", FigureKind::kTraffic},
    KindWord{"operations", FigureKind::kTraffic}, KindWord{"qps", FigureKind::kTraffic},
};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

// What all series of one metric have in common.
struct Figure {
  FigureKind kind = FigureKind::kOther;
  uint32_t family = 0;
  float common = 0;
  std::vector<float> strengths;
};

struct Grouped {
  uint32_t group = 0;
  uint32_t figure = 0;
  float u = 0;
  uint32_t related = 0;  // bits: which labels of the question it shares
};

struct Family {
  uint32_t group, family;
  uint32_t best;  // index of the series
  float u;
  size_t count;
};

class Ranking {
 public:
  Ranking(std::span<const ScoredSeries> series, const CauseQuestion& question)
      : series_(series), question_(question) {}
  CauseOrder run();

 private:
  void sort_into_figures();
  void find_relations();
  void find_groups();
  void weigh();
  void gather_families();
  void order_groups();
  void choose(CauseOrder& out);
  Cause cause_of(const Family& family, float score) const;
  float lead_factor(const Unusual& unusual) const;
  float relation_factor(uint32_t bits) const;
  uint32_t family_id(std::string_view name);

  std::span<const ScoredSeries> series_;
  const CauseQuestion& question_;
  std::vector<Grouped> rows_;
  std::vector<Figure> figures_;
  std::unordered_map<std::string, uint32_t> family_ids_;
  std::vector<Labels::Pair> about_;  // at most 32 labels of the question
  std::vector<float> relation_;      // by label: how telling it is, 0 to 1
  std::vector<CauseGroup> groups_;   // 0: series without a group
  std::vector<Family> families_;     // by group, the best first
  std::vector<float> group_scores_;  // by group
  std::vector<int> places_;          // group -> index in the answer, or -1
};

uint32_t Ranking::family_id(std::string_view name) {
  return family_ids_.try_emplace(figure_family(name), family_ids_.size()).first->second;
}

void Ranking::sort_into_figures() {
  std::unordered_map<std::string_view, uint32_t> by_name;
  rows_.resize(series_.size());
  for (size_t i = 0; i < series_.size(); ++i) {
    const std::string_view name = series_[i].labels->name();
    const auto [at, fresh] = by_name.try_emplace(name, figures_.size());
    if (fresh) {
      Figure& figure = figures_.emplace_back();
      figure.kind = figure_kind(name);
      figure.family = family_id(name);
    }
    rows_[i].figure = at->second;
    figures_[at->second].strengths.push_back(series_[i].unusual.strength);
  }
  for (Figure& figure : figures_) {
    if (figure.strengths.size() < kPeersMin) continue;
    const auto place = static_cast<ptrdiff_t>(
        std::lround(kCommonQuantile * static_cast<double>(figure.strengths.size() - 1)));
    std::nth_element(figure.strengths.begin(), figure.strengths.begin() + place,
                     figure.strengths.end());
    figure.common = figure.strengths[static_cast<size_t>(place)];
  }
}

// A label that few series share says more than one that half of them have.
void Ranking::find_relations() {
  for (const auto [name, value] : question_.about.pairs())
    if (name != kNameLabel && about_.size() < 32) about_.emplace_back(name, value);
  std::vector<size_t> counts(about_.size());
  for (size_t i = 0; i < series_.size(); ++i)
    for (size_t k = 0; k < about_.size(); ++k)
      if (series_[i].labels->get(about_[k].first) == about_[k].second) {
        rows_[i].related |= uint32_t{1} << k;
        ++counts[k];
      }
  const double all = std::log(static_cast<double>(series_.size()) + 1);
  for (const size_t count : counts)
    relation_.push_back(
        static_cast<float>(1 - std::log(static_cast<double>(count) + 1) / std::max(all, 1e-9)));
}

void Ranking::find_groups() {
  std::map<std::string_view, std::unordered_map<std::string_view, uint32_t>> known;
  groups_.emplace_back();
  for (size_t i = 0; i < series_.size(); ++i) {
    for (const std::string& label : question_.group_labels) {
      const std::string_view value = series_[i].labels->get(label);
      if (value.empty()) continue;
      const auto [at, fresh] = known[label].try_emplace(value, groups_.size());
      if (fresh) groups_.push_back({label, std::string(value), 0, 0, 0});
      rows_[i].group = at->second;
      break;
    }
    CauseGroup& group = groups_[rows_[i].group];
    ++group.series;
    group.moved += series_[i].unusual.strength >= kMoved;
  }
}

float Ranking::lead_factor(const Unusual& unusual) const {
  double lead = 0;
  if (unusual.began.ms != 0)
    lead = std::clamp((question_.reference - unusual.began).seconds() / kLeadFullS, 0.0, 1.0);
  return 1 - kLeadShare + kLeadShare * static_cast<float>(lead);
}

float Ranking::relation_factor(uint32_t bits) const {
  float best = 0;
  for (size_t k = 0; k < relation_.size(); ++k)
    if ((bits >> k & 1) != 0) best = std::max(best, relation_[k]);
  return 1 + kRelationShare * best;
}

void Ranking::weigh() {
  for (size_t i = 0; i < series_.size(); ++i) {
    Grouped& row = rows_[i];
    const Figure& figure = figures_[row.figure];
    const float own = series_[i].unusual.strength - kCommonShare * figure.common;
    if (own <= 0) continue;
    row.u = own * (figure.kind == FigureKind::kTraffic ? kTrafficWeight : 1) *
            lead_factor(series_[i].unusual) * relation_factor(row.related);
  }
}

// The best series of each family of each group; a series without a group stands for itself. Ties by
// the place given.
void Ranking::gather_families() {
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < rows_.size(); ++i)
    if (rows_[i].u > 0) order.push_back(i);
  const auto family = [&](uint32_t i) { return figures_[rows_[i].figure].family; };
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return std::tuple(rows_[a].group, family(a), -rows_[a].u, a) <
           std::tuple(rows_[b].group, family(b), -rows_[b].u, b);
  });
  for (const uint32_t i : order) {
    if (rows_[i].group != 0 && !families_.empty() && families_.back().group == rows_[i].group &&
        families_.back().family == family(i)) {
      families_.back().count += series_[i].unusual.strength >= kMoved;
      continue;
    }
    families_.push_back({rows_[i].group, family(i), i, rows_[i].u, 0});
  }
  std::sort(families_.begin(), families_.end(), [](const Family& a, const Family& b) {
    return std::tuple(a.group, -a.u, a.best) < std::tuple(b.group, -b.u, b.best);
  });
}

void Ranking::order_groups() {
  group_scores_.resize(groups_.size());
  size_t rank = 0;
  float weight = 1;
  for (size_t i = 0; i < families_.size(); ++i, ++rank, weight *= kNextFamily) {
    if (i > 0 && families_[i].group != families_[i - 1].group) rank = 0;
    if (rank == 0) weight = 1;
    if (rank < kFamiliesMax) group_scores_[families_[i].group] += families_[i].u * weight;
  }
  for (size_t i = 0; i < groups_.size(); ++i) groups_[i].score = group_scores_[i];
}

Cause Ranking::cause_of(const Family& family, float score) const {
  Cause out;
  out.series = family.best;
  out.score = score;
  const Grouped& row = rows_[family.best];
  out.common = figures_[row.figure].common;
  out.kind = figures_[row.figure].kind;
  out.group = places_[row.group];
  out.alike = family.count;
  std::vector<size_t> shared;
  for (size_t k = 0; k < about_.size(); ++k)
    if ((row.related >> k & 1) != 0) shared.push_back(k);
  std::sort(shared.begin(), shared.end(), [&](size_t a, size_t b) {
    return std::pair(-relation_[a], a) < std::pair(-relation_[b], b);
  });
  for (const size_t k : shared) out.related.push_back(about_[k]);
  return out;
}

void Ranking::choose(CauseOrder& out) {
  std::vector<uint32_t> groups;
  for (uint32_t i = 1; i < groups_.size(); ++i)
    if (groups_[i].score > 0) groups.push_back(i);
  const size_t shown = std::min(question_.groups_max, groups.size());
  std::partial_sort(groups.begin(), groups.begin() + static_cast<ptrdiff_t>(shown), groups.end(),
                    [&](uint32_t a, uint32_t b) {
                      return std::tie(groups_[b].score, groups_[a].label, groups_[a].value) <
                             std::tie(groups_[a].score, groups_[b].label, groups_[b].value);
                    });
  places_.assign(groups_.size(), -1);
  for (size_t i = 0; i < shown; ++i) {
    places_[groups[i]] = static_cast<int>(i);
    out.groups.push_back(groups_[groups[i]]);
  }
  // A series counts for itself, and for what the rest of its group says.
  std::vector<std::pair<float, const Family*>> best;
  for (const Family& family : families_) {
    const float rest = family.group == 0 ? 0 : group_scores_[family.group] - family.u;
    best.emplace_back(family.u + kNextFamily * std::max(0.0F, rest), &family);
  }
  const size_t count = std::min(question_.series_max, best.size());
  std::partial_sort(best.begin(), best.begin() + static_cast<ptrdiff_t>(count), best.end(),
                    [&](const auto& a, const auto& b) {
                      if (a.first != b.first) return a.first > b.first;
                      return *series_[a.second->best].labels < *series_[b.second->best].labels;
                    });
  for (size_t i = 0; i < count; ++i) out.causes.push_back(cause_of(*best[i].second, best[i].first));
}

CauseOrder Ranking::run() {
  sort_into_figures();
  find_relations();
  find_groups();
  weigh();
  gather_families();
  order_groups();
  CauseOrder out;
  for (const CauseGroup& group : groups_) out.moved += group.moved;
  choose(out);
  return out;
}

}  // namespace

std::string_view to_text(FigureKind kind) {
  switch (kind) {
    case FigureKind::kLatency:
      return "latency";
    case FigureKind::kError:
      return "errors";
    case FigureKind::kResource:
      return "resource";
    case FigureKind::kTraffic:
      return "traffic";
    case FigureKind::kOther:
      break;
  }
  return "other";
}

FigureKind figure_kind(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(), lower);
  for (const KindWord& word : kKindWords)
    if (text.find(word.word) != std::string::npos) return word.kind;
  return FigureKind::kOther;
}

std::string figure_family(std::string_view name) {
  std::string out;
  int words = 0;
  bool inside = false;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool letter = is_upper(name[i]) || is_lower(name[i]);
    const bool begins =
        letter && (!inside || (is_upper(name[i]) && i > 0 && is_lower(name[i - 1])));
    if (begins && ++words > 2) break;
    if (begins && words == 2) out += ' ';
    if (letter) out += lower(name[i]);
    inside = letter;
  }
  return out;
}

CauseOrder rank_causes(std::span<const ScoredSeries> series, const CauseQuestion& question) {
  return Ranking(series, question).run();
}

std::vector<std::string> standard_group_labels() {
  return {"service", "app", "deployment", "pod", "host", "instance", "job"};
}

}  // namespace tocsin::query
