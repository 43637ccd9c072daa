#pragma once
// Coverage of the running program: gathers what coverage_of() wants, and lets the query pool work
// on it. At most kCoverageSeriesMax series are looked at, those that came last first.

#include "server/coverage.h"
#include "tocsin/query_reads.h"
#include "tocsin/views.h"

namespace tocsin {

inline constexpr size_t kCoverageSeriesMax = 200'000;

class LiveCoverage final : public server::CoverageDesk {
 public:
  // All outlive it.
  LiveCoverage(Live& live, QueryReads& reads, server::Views& views)
      : live_(live), reads_(reads), views_(views) {}
  void coverage(server::Done<server::CoverageView> done) override;

 private:
  struct Gathered;
  void ask_next(const std::shared_ptr<Gathered>& gathered);
  void work(const std::shared_ptr<Gathered>& gathered);

  Live& live_;
  QueryReads& reads_;
  server::Views& views_;
};

}  // namespace tocsin
