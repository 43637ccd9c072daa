#pragma once
// The inside of a Streamer: all tests of one shard. Not for other rooms.

#include <map>
#include <memory>
#include <queue>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "models/presence.h"
#include "streamer/aggregate.h"
#include "streamer/judge.h"
#include "streamer/senders.h"
#include "streamer/series_test.h"
#include "streamer/streamer.h"
#include "streamer/timer_wheel.h"
#include "streamer/verdict_math.h"

namespace tocsin::streamer {

// Grows without moving what it holds, a chunk at a time.
template <class T>
class Chunks {
 public:
  static constexpr size_t kChunk = 512;
  T& operator[](size_t i) { return chunks_[i / kChunk][i % kChunk]; }
  const T& operator[](size_t i) const { return chunks_[i / kChunk][i % kChunk]; }
  size_t size() const { return size_; }
  T& push() {
    if (size_ % kChunk == 0) chunks_.push_back(std::make_unique<T[]>(kChunk));
    return (*this)[size_++];
  }

 private:
  std::vector<std::unique_ptr<T[]>> chunks_;
  size_t size_ = 0;
};

// Where outputs go and what their position is.
struct Context {
  Position at;  // step: the next one
  TimeMs arrival;
  bool live = false;
  StreamerOutputs& out;
  double weight = 1;  // of the point being judged: what stands behind it in a pair
};

class Streamer::Core final : private Judge::Owner {
 public:
  Core(std::shared_ptr<const WorkerSet> workers, SeriesTable& table, uint32_t shard,
       uint32_t shards, Options options);

  void step(const Frame& frame, std::span<const uint32_t> rows, StreamerOutputs& out);
  void advance(Lsn last, TimeMs now, StreamerOutputs& out);
  TimeMs next_due() const;
  void interrupted(TimeMs now) {
    resume_ = now;
    interrupted_ = true;
  }
  void announce(Position at, TimeMs arrival, StreamerOutputs& out) const;
  void save(ByteWriter& out) const;
  Result<void> load(ByteReader& in, SavedBy by);

  std::vector<TestView> tests(SeriesRef series) const;
  std::vector<Violation> open_violations() const;
  void answer(const GivenAnswer& given, Position at, TimeMs arrival, StreamerOutputs& out);
  // Those that judge, then the senders that were silent once.
  size_t test_count() const { return judging_.size() + spoken_.size(); }
  WorkerRef worker_of(size_t index) const;
  TestView::State view_state(size_t index) const;
  TestView test(size_t index) const;
  NoiseView noise(WorkerRef worker, std::span<const uint32_t> tests) const;
  std::vector<JudgedPoint> tail(SeriesRef judged, WorkerRef worker) const;
  std::vector<ModelBand> models(SeriesRef judged, WorkerRef worker) const;
  const StreamerCounts& counts() const;
  uint64_t model_bytes() const { return model_budget_.bytes; }

 private:
  friend class Emitter;
  static constexpr uint32_t kUnresolved = UINT32_MAX;
  static constexpr uint32_t kUntested = UINT32_MAX - 1;
  static constexpr uint32_t kGroupTimer = 1U << 31;
  static constexpr uint32_t kSenderTimer = 1U << 30;
  static constexpr uint32_t kStepsPerWorker = 1024;

  struct Timer {
    TimeMs due;
    uint32_t tie = 0;   // high half of the hash of the labels: orders equal dues in any shard
    uint32_t what = 0;  // test, or group with kGroupTimer, or sender with kSenderTimer
    friend bool operator>(const Timer& a, const Timer& b) {
      return std::tie(a.due, a.tie, a.what) > std::tie(b.due, b.tie, b.what);
    }
  };
  struct GroupEntry {
    std::unique_ptr<Group> group;
    SeriesRef judged;              // the result
    SeriesRef behind = kNoSeries;  // of a pair: what its points weigh, for charts
    Labels source;                 // of the first member: says which marks match
    uint32_t last = kNone;         // SeriesRef of the member that came last
    WorkerRef worker;
    uint32_t test = kNone;
    bool armed = false;
  };

  using Numbers = std::vector<uint32_t>;  // of the senders within a saved text; by index

  // core.cc: from a row to a judgement
  uint32_t slot_of(SeriesRef series);
  void row(const Frame& frame, uint32_t row, uint32_t slot, StreamerOutputs& out);
  void sample(SeriesTest& test, TimeMs time, double value, Context& context);
  void late(SeriesTest& test, TimeMs time, double value, const Context& context);
  void feed(SeriesTest& test, TimeMs time, double value, Context& context);
  void close_slot(uint32_t group, const Group::Closed& closed, Context& context);
  bool admit(const Worker& worker, TimeMs time, double value, const Context& context);
  void pace(SeriesTest& test, TimeMs time, const Context& context);
  void go_live(SeriesTest& test, SeriesMore* more, TimeMs time, Context& context);
  void judge(SeriesTest& test, SeriesMore* more, TimeMs time, double value, Context& context);
  void derive(const SeriesTest& test, TimeMs time, double value, Context& context);
  void say_state(SeriesTest& test, Context& context);
  SeriesTest::Announced state_of(const SeriesTest& test) const;
  bool in_mark(const SeriesTest& test, TimeMs time) const;

  // resolve.cc: what is tested, made on first sight
  uint32_t resolve(SeriesRef series);
  bool add_plain(SeriesRef series, WorkerRef worker, size_t first_of_series);
  bool add_feed(SeriesRef series, WorkerRef worker);
  std::optional<uint32_t> group_of(WorkerRef worker, const Labels& labels, const Labels& source);
  SeriesTest& group_test(uint32_t group);
  SeriesTest& add_test(uint32_t series, WorkerRef worker, const Labels& source);
  SeriesMore& more_of(SeriesTest& test);
  void release_more(SeriesTest& test);
  // What the noise budget of its worker knows of it; nullptr if there is none.
  Peaks* peaks_of(const SeriesTest& test);
  const Peaks* find_peaks(const SeriesTest& test) const {
    const size_t chunk = test.index / kPeaksChunk;
    return chunk < peaks_.size() && peaks_[chunk] ? &peaks_[chunk][test.index % kPeaksChunk]
                                                  : nullptr;
  }
  SeriesMore* find_more(const SeriesTest& test) const {
    return test.more == kNone ? nullptr : mores_[test.more].get();
  }
  const Labels& labels(const SeriesTest& test) const { return table_.labels({test.series}); }
  SeriesMore& more_for(SeriesTest& test) override { return more_of(test); }
  const Labels& labels_of(const SeriesTest& test) override { return labels(test); }

  // timers.cc
  void run_timers(Lsn last, TimeMs until, StreamerOutputs& out);
  void fire(const Timer& timer, Context& context);
  void fire_group(const Timer& timer, Context& context);
  void arm(SeriesTest& test);
  void put_timer(SeriesTest& test, TimeMs due);
  void put_exact(SeriesTest& test, TimeMs due);
  bool next_timer(TimeMs until, Timer& out);
  void take_slot(TimeMs begin);
  void arm_group(uint32_t index, TimeMs not_before);
  double beat_s(const SeriesTest& test) const;
  TimeMs due_after(const SeriesTest& test, double cadences, DurationMs at_least) const;
  TimeMs absent_due(const SeriesTest& test) const;
  TimeMs silence_due(const SeriesTest& test) const;
  TimeMs zero_due(const SeriesTest& test) const;
  TimeMs due_alone(const SeriesTest& test) const;
  TimeMs told_silent_due(const SeriesTest& test) const;
  TimeMs due_of(const SeriesTest& test) const;
  void become_absent(SeriesTest& test, Context& context);
  void become_silent(SeriesTest& test, Context& context);
  void fill_zero(SeriesTest& test, TimeMs due, Context& context);

  // uneven.cc
  int uneven_count(const SeriesTest& test) const;
  Presence* presence_of(const SeriesTest& test);
  const Presence* presence_of(const SeriesTest& test) const;
  void make_presence(const SeriesTest& test);
  void note_gap(SeriesTest& test, TimeMs from, TimeMs to, double usual_s);
  void silence_ended(const SeriesTest& test, const OpenViolation& silence, TimeMs now);
  std::optional<TimeMs> presence_due(const SeriesTest& test, const ModelSpec& silence) const;
  bool learning_presence(const SeriesTest& test) const;
  void arm_sooner(SeriesTest& test);
  void save_presence(ByteWriter& out, const SeriesTest& test) const;
  void load_presence(ByteReader& in, const SeriesTest& test);

  // sender_silence.cc
  bool owns(const Sender& sender) const { return sender.hash % shards_ == shard_; }
  void note_sender(const Frame& frame);
  void take_over(SeriesRef series, uint32_t sender, Lsn lsn, TimeMs arrival);
  void wake(uint32_t sender);
  void wake(SeriesTest& test);
  void arm_sender(uint32_t sender);
  TimeMs sender_due(const Sender& sender) const;
  void fire_sender(const Timer& timer, Context& context);
  void become_silent(uint32_t sender, Context& context);
  bool speaks_for_itself(const Sender& sender, uint32_t index) const;
  Labels sender_labels(const Sender& sender, uint32_t index) const;
  void speak_as(uint32_t sender, const Labels& labels);
  void come_back(uint32_t sender, Lsn lsn, TimeMs arrival);
  Violation violation_of(const Sender& sender, ViolationState state) const;
  TestView sender_view(SeriesRef spoken_as) const;
  const Sender* speaker_of(const SeriesTest& test) const;
  TimeMs with_sender(const SeriesTest& test, TimeMs due) const;
  void wait_for_sender(const SeriesTest& test);
  Numbers save_senders(ByteWriter& out) const;
  void load_senders(ByteReader& in, Numbers& places);

  // emit.cc
  void emit(const SeriesTest& test, Judge::What what, const OpenViolation& violation,
            Context& context);
  void note_open(const SeriesTest& test, Judge::What what, const OpenViolation& violation);
  void emit_status(const SeriesTest& test, SeriesStatus::What what, Context& context);
  Violation violation_of(const SeriesTest& test, const OpenViolation& open) const;
  SeriesStatus status_of(const SeriesTest& test, SeriesStatus::What what) const;
  TestView view(const SeriesTest& test) const;
  TestView::State view_state(const SeriesTest& test) const;
  std::string reason(const SeriesTest& test, const TestView& view) const;
  const SeriesTest* find_test(SeriesRef judged, WorkerRef worker) const;

  // answer.cc
  bool answer_test(SeriesTest& test, const GivenAnswer& given, Context& context);
  void answer_sender(uint32_t sender, const GivenAnswer& given, Context& context);

  // state.cc
  struct Loading;
  void read_sender_of(ByteReader& in, const Loading& loading, SeriesRef series);
  void load_body(ByteReader& in, uint8_t version, SavedBy by);
  void load_all_series(ByteReader& body, Loading& loading);
  void load_last(ByteReader& in, GroupEntry& group);
  void save_series(ByteWriter& out, SeriesRef series, uint32_t slot, const Numbers& of) const;
  void save_untested(ByteWriter& out, const Numbers& of) const;
  void save_test(ByteWriter& out, const SeriesTest& test) const;
  void save_groups(ByteWriter& out) const;
  void load_series(ByteReader& in, Loading& loading);
  void load_test(ByteReader& in, const Loading& loading, SeriesTest& test);
  void load_groups(ByteReader& in, Loading& loading);

  std::shared_ptr<const WorkerSet> set_;
  SeriesTable& table_;
  uint32_t shard_, shards_;
  Options options_;
  std::vector<Judge> judges_;                         // by worker
  std::vector<uint8_t> waits_;                        // by worker: whether it has a model silence
  std::unordered_map<uint32_t, Presence> presences_;  // by test: of those that need one
  Budget model_budget_, tail_budget_;
  std::vector<uint32_t> slots_;  // by SeriesRef: first test, kUnresolved or kUntested
  Chunks<SeriesTest> tests_;
  // By index of the test, a chunk at a time, only where a worker has a noise budget.
  static constexpr size_t kPeaksChunk = 512;
  std::vector<std::unique_ptr<Peaks[]>> peaks_;
  std::vector<uint32_t> judging_;  // tests that judge, in order of first sight
  std::unordered_map<uint32_t, std::vector<uint32_t>> judged_;  // derived series -> tests; look-ups
  std::vector<std::unique_ptr<SeriesMore>> mores_;
  std::vector<uint32_t> mores_free_;
  std::map<std::pair<uint32_t, Labels>, uint32_t> group_index_;
  std::vector<GroupEntry> groups_;
  TimerWheel wheel_;                // of tests, by second
  std::vector<uint32_t> slot_out_;  // scratch of take_slot()
  // What is due within the slots taken out, and all of the groups: exact.
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  Lsn last_{};      // of the last frame seen
  TimeMs clock_{};  // arrival or due time that was reached
  TimeMs resume_ = kTimeMin;
  bool interrupted_ = false;
  std::set<uint32_t> open_tests_;  // with a violation that was told and has not ended
  std::optional<WorkerRef> sender_watch_;
  Senders senders_;
  std::vector<SeriesRef> spoken_;        // of the senders of this shard that were silent once
  std::vector<StreamItem> sender_ends_;  // of the frame being taken, after its rows
  mutable StreamerCounts counts_;
  mutable size_t saved_bytes_ = 0;  // of the last checkpoint
};

// Passes what happens to the violation of one test on to the outputs.
class Emitter final : public Judge::Sink {
 public:
  Emitter(Streamer::Core& core, const SeriesTest& test, Context& context)
      : core_(core), test_(test), context_(context) {}
  void changed(Judge::What what, const OpenViolation& violation) override {
    core_.emit(test_, what, violation, context_);
  }

 private:
  Streamer::Core& core_;
  const SeriesTest& test_;
  Context& context_;
};

}  // namespace tocsin::streamer
