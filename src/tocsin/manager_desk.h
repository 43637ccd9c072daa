#pragma once
// The Worker Manager's questions, worked on by the query pool: points out of the store, models run
// over them as drawn charts do. At most kManagerPointsMax points of a series are read.

#include "server/manager.h"
#include "tocsin/query_reads.h"

namespace tocsin {

inline constexpr size_t kManagerPointsMax = 2'000'000;

class LiveManager final : public server::ManagerDesk {
 public:
  LiveManager(Live& live, QueryReads& reads) : live_(live), reads_(reads) {}  // both outlive it
  void definition(std::string worker,
                  server::Done<std::optional<server::WorkerDefinition>> done) override;
  void preview(server::PreviewQuery query,
               server::Done<std::optional<server::PreviewView>> done) override;
  void quality(server::QualityQuery query,
               server::Done<std::optional<server::QualityView>> done) override;
  void propose(std::string worker, Labels series,
               server::Done<std::optional<server::ProposalsView>> done) override;

 private:
  template <class T>
  using Work = std::function<Result<std::optional<T>>(server::QueryContext&)>;
  template <class T>
  void submit(Work<T> work, server::Done<std::optional<T>> done);

  Live& live_;
  QueryReads& reads_;
};

}  // namespace tocsin
