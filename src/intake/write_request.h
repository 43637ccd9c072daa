#pragma once
// One POST of line protocol from its body to its answer. Lives as long as it waits for the sink;
// used only on its loop.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "intake/write_handlers.h"

namespace tocsin::intake {

class WriteRequest : public std::enable_shared_from_this<WriteRequest> {
 public:
  WriteRequest(Intake& intake, std::shared_ptr<const IntakeLimits> limits, Intake::Dialect dialect,
               wire::TimePrecision precision, net::Request&& request, net::Respond respond);
  void run();

 private:
  void step();
  void fill_batch();
  void take_line();
  void refuse_line(const wire::LineError& error, Counter& counter, std::string_view what);
  void submit();
  void submitted(size_t points, Result<Lsn> kept);
  void look_at_times();
  void note_strings();
  void finish();
  void finish_with_error(const Error& error);
  std::string refusal_text() const;
  void answer(net::Response response);

  Intake& intake_;
  const IntakeShared& shared_;
  const std::shared_ptr<const IntakeLimits> limits_;  // one set of them for all of a request
  const Intake::Dialect dialect_;
  const net::Request request_;  // scanner_ reads its body
  net::Respond respond_;
  wire::LineScanner scanner_;
  const TimeMs arrival_;
  const SenderRef sender_;
  const std::string sender_name_;
  Batch batch_;
  std::vector<SeriesRef> fresh_;  // of the batch that the sink has
  bool running_ = false;          // run() is on the stack
  bool again_ = false;            // the sink answered from inside submit()
  bool read_ = false;             // to the end of the body
  uint64_t points_kept_ = 0;
  uint64_t lines_kept_ = 0;
  uint64_t lines_refused_ = 0;  // also those of which a part is kept
  uint64_t lines_in_part_ = 0;
  uint64_t strings_ = 0;
  uint64_t first_refused_line_ = 0;
  std::string first_refusal_;  // "unable to parse 'x': missing fields (line 1, column 2)"
};

}  // namespace tocsin::intake
