#pragma once
// What nobody watches, as the Coverage page shows it, each with the YAML that would mend it.

#include <string>
#include <vector>

#include "base/time.h"
#include "server/views.h"

namespace tocsin::server {

struct CoverageView {
  // What to write where. Without `yaml` there is nothing to write; `words` says what to do.
  struct Mend {
    std::string words, yaml;
  };
  struct Series {  // of one name
    std::string name, example;
    int64_t series = 0;
    std::string tested_by;  // worker `default` alone; empty: nobody tests them
    Mend mend;
  };
  struct Leaf {
    std::string rule, place, leaf, why;
    Mend mend;
  };
  struct Worker {
    std::string id, place, why;
    int64_t series = 0;
    double learned = kUnknown;  // 0 to 1, of the series that is furthest
    TimeMs guarded_from;        // of the first to be; 0: cannot say
    Mend mend;
  };
  struct Alert {
    std::string rule, place, severity, why;
    std::string scope;              // an example, as text
    int64_t scopes = 0, of = 0;     // so many of so many known scopes
    std::vector<std::string> told;  // who is told there
    Mend mend;
  };
  TimeMs at;
  int64_t series_total = 0;    // known
  int64_t series_looked = 0;   // with points in the last day, that were looked at
  bool more_series = false;    // there are others that were not
  bool all_leaves = true;      // false: the time was up before every leaf was tried
  std::vector<Series> series;  // most series first
  int64_t names_more = 0;      // names beyond the list
  std::vector<Leaf> leaves;
  std::vector<Worker> workers;
  std::vector<Alert> alerts;
};

class CoverageDesk {
 public:
  virtual ~CoverageDesk() = default;
  virtual void coverage(Done<CoverageView> done) = 0;
};

}  // namespace tocsin::server
