#pragma once
// What the Worker Manager asks: a worker as configured, what a change of it would do to the last
// weeks, how good its models are, which models would be better. The program implements it; nothing
// here changes anything: publishing is ConfigDesk's.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/quality.h"
#include "server/views.h"

namespace tocsin::server {

// What is not given stays as it is.
struct WorkerChanges {
  std::optional<std::string> strategy, opens;
  std::optional<double> score, deviation_absolute, deviation_relative;
  // "1" is the weight of the second model; "1.2" that of its last but one period.
  std::map<std::string, double> weights;
  // Instead of the models that it has: each a mapping on one line, "{kind: level}".
  std::optional<std::vector<std::string>> models;
  bool empty() const {
    return !strategy && !opens && !score && !deviation_absolute && !deviation_relative &&
           weights.empty() && !models;
  }
};

struct WorkerDefinition {
  struct Model {
    std::string kind, name, detail;
    double weight = 0;
    bool draws_band = true;           // false: it votes on its own
    std::vector<double> periods;      // weights of a profile's periods, the last one first
    std::vector<std::string> curves;  // as /api/series/band names them
  };
  std::string id, place, why_not;  // why_not: empty, it can be changed
  std::string strategy, opens;
  double score = 0, deviation_absolute = 0, deviation_relative = 0;
  std::vector<std::string> select;
  std::vector<Model> models;
};

struct PreviewQuery {
  std::string worker;
  WorkerChanges changes;
  std::vector<Labels> series;  // the first one is drawn
  TimeMs from, to;             // of the drawing
  uint32_t width = 800;
  uint32_t weeks = 4;  // that violations are counted over, until `to`
};
struct PreviewView {
  struct Week {
    TimeMs from, to;
    int64_t before = 0, after = 0;  // violations that opened in it
  };
  struct Series {
    Labels labels;
    int64_t points = 0, before = 0, after = 0;
  };
  // The file as it would be; empty without a change. base_hash: of the files it was made from.
  std::string file, text, diff, base_hash;
  BandView before, after;
  std::vector<Week> weeks;
  std::vector<Series> series;
};

struct QualityQuery {
  std::string worker;
  Labels series;
  TimeMs from, to;
};
struct QualityView {
  struct Part {
    std::string name, kind;  // of the whole band: "band", ""
    models::Quality quality;
    double left_over = 0;
    std::vector<models::Bar> bars;
  };
  Labels series;
  double score = 0;
  double cadence_s = kUnknown;
  std::vector<Part> parts;  // the band first, then each model's curve
};

struct ProposalsView {
  struct Row {
    std::string name;
    std::vector<std::string> models;
    bool current = false, learned = false;
    double guarded = 0, rank = kUnknown, log_likelihood = kUnknown, left_over = kUnknown;
    double violations_per_week = 0;
    bool white = false, stationary = false;
    std::string why;
  };
  Labels series;
  int64_t points = 0;
  TimeMs from, scored_from;
  std::string words;  // the answer in a sentence
  std::vector<Row> rows;
};

class ManagerDesk {
 public:
  virtual ~ManagerDesk() = default;
  virtual void definition(std::string worker, Done<std::optional<WorkerDefinition>> done) = 0;
  virtual void preview(PreviewQuery query, Done<std::optional<PreviewView>> done) = 0;
  virtual void quality(QualityQuery query, Done<std::optional<QualityView>> done) = 0;
  virtual void propose(std::string worker, Labels series,
                       Done<std::optional<ProposalsView>> done) = 0;
};

}  // namespace tocsin::server
