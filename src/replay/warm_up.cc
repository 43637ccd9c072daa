#include "replay/warm_up.h"

#include <numeric>
#include <vector>

#include "replay/history.h"
#include "streamer/class_history.h"
#include "streamer/streamer.h"

namespace tocsin::replay {

Result<std::string> learn(const std::shared_ptr<const streamer::WorkerSet>& workers,
                          Source& history, TimeMs from, TimeMs to) {
  SeriesTable table(static_cast<uint32_t>(history.series().size() * 4 + 4096));
  History past(history, table);
  if (auto opened = past.open(); !opened) return fail(opened.error());
  streamer::Streamer streamer(workers, table, 0, 1);
  streamer::StreamerOutputs outputs;
  std::vector<uint32_t> rows;
  // No lsn of its own: what is loaded next to it says how far the journal is through.
  const auto visit = [&](const Frame& frame) {
    rows.resize(frame.batch.size());
    std::iota(rows.begin(), rows.end(), 0U);
    streamer.step(frame, rows, outputs);
    outputs.clear();
  };
  std::vector<streamer::TimeSpan> spans = streamer::class_days(*workers, {}, from);
  spans.push_back({from, to});
  for (const streamer::TimeSpan& span : spans) {
    const auto done =
        past.frames(span.from, span.to, BatchKind::kImport, visit, [](TimeMs) { return true; });
    if (!done) return fail(done.error());
  }
  ByteWriter out;
  streamer.save(out);
  return out.take();
}

}  // namespace tocsin::replay
