#include "streamer/streamer.h"

#include "streamer/core.h"

namespace tocsin::streamer {

std::string_view to_text(TestView::State state) {
  switch (state) {
    case TestView::State::kLearning:
      return "learning";
    case TestView::State::kGuarded:
      return "guarded";
    case TestView::State::kAbsent:
      return "absent";
    case TestView::State::kOpen:
      return "open";
  }
  return "";
}

Streamer::Streamer(std::shared_ptr<const WorkerSet> workers, SeriesTable& table, uint32_t shard,
                   uint32_t shards, Options options)
    : core_(std::make_unique<Core>(std::move(workers), table, shard, shards, options)) {}
Streamer::~Streamer() = default;
Streamer::Streamer(Streamer&&) noexcept = default;
Streamer& Streamer::operator=(Streamer&&) noexcept = default;

void Streamer::step(const Frame& frame, std::span<const uint32_t> rows, StreamerOutputs& out) {
  core_->step(frame, rows, out);
}
void Streamer::advance(Lsn last, TimeMs now, StreamerOutputs& out) {
  core_->advance(last, now, out);
}
TimeMs Streamer::next_due() const { return core_->next_due(); }
void Streamer::interrupted(TimeMs now) { core_->interrupted(now); }
void Streamer::announce(Position at, TimeMs arrival, StreamerOutputs& out) const {
  core_->announce(at, arrival, out);
}
void Streamer::answer(const GivenAnswer& given, Position at, TimeMs arrival, StreamerOutputs& out) {
  core_->answer(given, at, arrival, out);
}
void Streamer::save(ByteWriter& out) const { core_->save(out); }
Result<void> Streamer::load(ByteReader& in, SavedBy by) { return core_->load(in, by); }
std::vector<TestView> Streamer::tests(SeriesRef series) const { return core_->tests(series); }
size_t Streamer::test_count() const { return core_->test_count(); }
WorkerRef Streamer::worker_of(size_t index) const { return core_->worker_of(index); }
TestView::State Streamer::state_of(size_t index) const { return core_->view_state(index); }
TestView Streamer::test(size_t index) const { return core_->test(index); }
NoiseView Streamer::noise(WorkerRef worker, std::span<const uint32_t> tests) const {
  return core_->noise(worker, tests);
}
std::vector<JudgedPoint> Streamer::tail(SeriesRef judged, WorkerRef worker) const {
  return core_->tail(judged, worker);
}
std::vector<ModelBand> Streamer::models(SeriesRef judged, WorkerRef worker) const {
  return core_->models(judged, worker);
}
std::vector<Violation> Streamer::open_violations() const { return core_->open_violations(); }
const StreamerCounts& Streamer::counts() const { return core_->counts(); }
uint64_t Streamer::model_bytes() const { return core_->model_bytes(); }

}  // namespace tocsin::streamer
