#pragma once
// Which models fit a series: candidates run causally over stored points, each judged on the points
// that all of them guard and none had seen, ranked by how likely they held them and how much they
// leave over. Pure; the caller brings the points and takes the time it needs.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/quality.h"
#include "streamer/band.h"

namespace tocsin::streamer {

struct CandidateModels {
  std::string name;                 // "profile of the week and level"
  std::vector<std::string> models;  // as YAML on one line each
};
// The standard ones. `points` say whether counts are worth a try.
std::vector<CandidateModels> candidate_models(std::span<const DrawnPoint> points);

// One of them, read: the worker with these models in place of its own.
struct Candidate {
  CandidateModels models;
  std::shared_ptr<const WorkerSet> set;
  WorkerRef worker;
  bool current = false;  // what the worker has now
};

struct Proposal {
  CandidateModels models;
  bool current = false;
  bool learned = false;  // it guards enough of the series to be compared
  double guarded = 0;    // share of the points scored
  Quality quality;       // of the band, on the points that all learned candidates guard
  double violations_per_week = 0;
  double rank = 0;  // log likelihood less what is left over, nats per point; higher is better
  std::string why;
};

// Best first; those that have not learned come last. Points before `scored_from` are for learning.
std::vector<Proposal> propose_models(std::span<const Candidate> candidates, const Labels& labels,
                                     std::span<const DrawnPoint> points, TimeMs scored_from);

// What is left of each judged point at or after `from`: of the worker's band, or of one model
// (ModelBand::model).
std::vector<Residual> band_residuals(const Drawing& drawing, TimeMs from);
std::vector<Residual> model_residuals(const Drawing& drawing, uint32_t model, TimeMs from);

}  // namespace tocsin::streamer
