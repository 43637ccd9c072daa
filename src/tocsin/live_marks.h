#pragma once
// Marks of people on the running program: finds what is marked where it lives (supervisor,
// database, what was last told, the shards' open violations), has it written by the SQL writer and
// reads them on the background loop.

#include <functional>

#include "server/marks.h"
#include "tocsin/live.h"

namespace tocsin {

class LiveMarks final : public server::Marks {
 public:
  explicit LiveMarks(Live& live) : live_(live) {}  // outlives it
  void mark(server::MarkRequest request, server::Done<bool> done) override;
  void list(server::Done<std::vector<supervisor::OperatorMark>> done) override;

 private:
  using Asked = std::shared_ptr<const server::MarkRequest>;
  void mark_alert(Asked asked, server::Done<bool> done);
  void mark_violation(Asked asked, server::Done<bool> done);
  // The violation if a shard has it open.
  void open_violation(const Id128& id, std::function<void(std::optional<Violation>)> found);
  void keep_violation(const Asked& asked, const Violation& violation, server::Done<bool> done);
  void keep(const Asked& asked, supervisor::OperatorMark mark, server::Done<bool> done);
  void take_back(const Asked& asked, server::Done<bool> done);

  Live& live_;
};

}  // namespace tocsin
