#include "tocsin/shard_thread.h"

#include <pthread.h>

#include <utility>

#include "base/log.h"
#include "vocabulary/markers.h"

namespace tocsin {
namespace {
constexpr size_t kSummarySlice = 2000;  // tests looked at per 50 ms: about 20 us
}

ShardThread::ShardThread(uint32_t id, pipeline::ShardStage stage, Store& store,
                         intake::AnnouncedSeries& announced, Counters& counters, Hooks hooks)
    : id_(id),
      stage_(std::move(stage)),
      store_(store),
      announced_(announced),
      hooks_(std::move(hooks)),
      published_(counters) {}

ShardThread::~ShardThread() { stop(); }

void ShardThread::start() {
  loop_.every(milliseconds(50), [this] {
    drain();
    collect();
    summary_.update(stage_.streamer(), stage_.workers().workers().size(), kSummarySlice);
  });
  loop_.every(seconds(1),
              [this] { publish(published_, stage_.streamer().counts(), store_.head(id_), id_); });
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), ("shard " + std::to_string(id_)).c_str());
    loop_.run();
  });
}

void ShardThread::stop() {
  stopping_ = true;
  loop_.stop();
  if (thread_.joinable()) thread_.join();
  answer_durable();
  for (Waiting& left : std::exchange(waiting_, {}))
    left.done(fail(ErrorCode::kUnavailable, "Tocsin is stopping; send these points again"));
}

void ShardThread::push(const FramePtr& frame) {
  waiting_points_.fetch_add(frame->batch.size(), std::memory_order_relaxed);
  bool post = false;
  {
    const std::lock_guard lock(inbox_mutex_);
    inbox_.push_back(frame);
    post = !std::exchange(drain_posted_, true);
  }
  if (post) loop_.post([this] { drain(); });
}

void ShardThread::ask(std::function<void(ShardThread&)> work) {
  loop_.post([this, work = std::move(work)] {
    drain();
    work(*this);
  });
}

void ShardThread::ask_here(std::function<void(ShardThread&)> work) {
  if (!loop_.in_loop()) return ask(std::move(work));
  drain();
  work(*this);
}

void ShardThread::drain() {
  {
    const std::lock_guard lock(inbox_mutex_);
    taken_.swap(inbox_);
    drain_posted_ = false;
  }
  for (const FramePtr& frame : taken_) pass(*frame);
  taken_.clear();
  next_due_ms_.store(stage_.streamer().next_due().ms, std::memory_order_relaxed);
  if (!report_.passed.empty()) hooks_.report(id_, std::exchange(report_, {}));
}

void ShardThread::pass(const Frame& frame) {
  store_.apply(id_, frame);  // of any kind: the head counts frames
  if (frame.kind == FrameKind::kTick) {
    stage_.tick(frame.lsn, frame.arrival, report_);
  } else if (frame.kind == FrameKind::kConfig && hooks_.workers_of) {
    stage_.pass(frame, report_);
    if (auto [workers, trained] = hooks_.workers_of(frame); workers) {
      auto replaced = stage_.replace(std::move(workers), frame.lsn, frame.arrival, report_,
                                     trained ? std::string_view(*trained) : std::string_view());
      summary_.reset();
      if (!replaced) log::error("shard {}: new workers: {}", id_, replaced.error().text());
    }
  } else {
    stage_.pass(frame, report_);
    if (frame.kind == FrameKind::kNote && frame.payload == kCheckpointMarker) {
      ByteWriter models;
      stage_.streamer().save(models);
      hooks_.saved(id_, frame.lsn, models.take());
    }
  }
  if (!report_.derived.empty()) keep_derived();
  waiting_points_.fetch_sub(frame.batch.size(), std::memory_order_relaxed);
  applied_.store(frame.lsn.value, std::memory_order_release);
}

// Rates and aggregates are points like any other, but for being judged already by who made them.
void ShardThread::keep_derived() {
  Batch batch;
  batch.kind = BatchKind::kDerived;
  for (const Point& point : report_.derived) {
    if (!announced_.has(point.series))
      batch.fresh.push_back({point.series, store_.series().labels(point.series)});
    batch.add(point.series, point.time, point.value);
  }
  report_.derived.clear();
  submit(std::move(batch), [](const Result<Lsn>& kept) {
    if (!kept) log::debug("derived points were not kept: {}", kept.error().text());
  });
}

void ShardThread::submit(Batch&& batch, Done done) {
  if (stopping_) {
    done(fail(ErrorCode::kUnavailable, "Tocsin is stopping; send these points again"));
    return;
  }
  if (!hooks_.has_room(batch.size())) {
    done(fail(ErrorCode::kExhausted,
              "cannot take these points: too many wait to be tested; send them again later"));
    return;
  }
  auto frame = store_.journal().append(std::move(batch));
  if (!frame) {
    done(fail(frame.error()));
    return;
  }
  waiting_.push_back({std::move(*frame), std::move(done)});
  waiting_count_.store(waiting_.size());
  // The committer may have been quicker than the line above; then it has not posted for us.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (store_.journal().durable() >= waiting_.back().frame->lsn)
    loop_.post([this] { answer_durable(); });
}

void ShardThread::on_durable(Lsn) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (waiting_count_.load() > 0) loop_.post([this] { answer_durable(); });
}

void ShardThread::answer_durable() {
  const Lsn durable = store_.journal().durable();
  while (!waiting_.empty() && waiting_.front().frame->lsn <= durable) {
    Waiting ready = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_count_.store(waiting_.size());
    for (const NewSeries& fresh : ready.frame->batch.fresh) announced_.mark(fresh.ref);
    ready.done(ready.frame->lsn);
  }
}

void ShardThread::collect() {
  if (store_.collect(id_)) loop_.post([this] { collect(); });
}

}  // namespace tocsin
