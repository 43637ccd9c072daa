// The model checkpoint. Layout (docs/formats/models.md):
//   "TOCM" version:u8 body:text hash64(body):u64
//   body = clock, senders..., series..., groups..., untested...; what one worker knows of one
//   series is a text of its own, so that it can be skipped when that worker has changed.
#include <fmt/format.h>

#include <limits>

#include "base/check.h"
#include "models/archive.h"
#include "streamer/core.h"

namespace tocsin::streamer {
namespace {

constexpr uint32_t kMagic = 0x4d434f54;  // "TOCM" as bytes
constexpr uint8_t kVersion = 5;
constexpr uint8_t kVersionWithSenders = 2;
constexpr uint16_t kKeptFlags = SeriesTest::kLive | SeriesTest::kOutOfOrder | SeriesTest::kArmed |
                                SeriesTest::kAbsent | SeriesTest::kHasBand | SeriesTest::kGone |
                                SeriesTest::kUneven1 | SeriesTest::kUneven2;

void write_worker(ByteWriter& out, const Worker& worker) {
  out.text(worker.id);
  out.u64(worker.definition.high);
  out.u64(worker.definition.low);
}

// The worker of that name, if it still is what it was.
std::optional<WorkerRef> read_worker(ByteReader& in, const WorkerSet& set) {
  const std::string_view id = in.text();
  Id128 definition;
  definition.high = in.u64();
  definition.low = in.u64();
  const auto ref = set.find(id);
  if (!ref || set.worker(*ref).definition != definition) return std::nullopt;
  return ref;
}

template <class Archive>
void visit(Archive& archive, JudgedPoint& point) {
  archive(point.time, point.value, point.expected, point.lower, point.upper, point.score,
          point.distance, point.outside);
  archive.list(point.models, [&](ModelBand& band) {
    archive(band.model, band.weight, band.outside, band.expected, band.lower, band.upper);
  });
}

template <class Archive>
void visit(Archive& archive, std::unique_ptr<OpenViolation>& kept) {
  bool open = kept != nullptr;
  archive(open);
  if (!open) return;
  if (kept == nullptr) kept = std::make_unique<OpenViolation>();
  OpenViolation& v = *kept;
  archive(v.id, v.direction, v.state, v.opened, v.updated, v.ended, v.points_outside, v.inside_run,
          v.from_import);
  visit(archive, v.last);
  visit(archive, v.worst);
  std::vector<MotionPoint> points(v.track.points().begin(), v.track.points().end());
  archive.list(points, [&](MotionPoint& p) { archive(p.time, p.distance, p.value); });
  v.track.restore(points);
  if (!archive.kWithAnswers) return;
  archive(v.answer);
  archive.list(v.held, [&](HeldMean& mean) { archive(mean.time, mean.sum, mean.count); });
  if (!archive.kWithFindings) return;
  bool has[2] = {v.shift.has_value(), v.outlook.has_value()};
  archive(has[0], has[1]);
  if (has[0]) {
    if (!v.shift) v.shift.emplace();
    archive(v.shift->since, v.shift->before, v.shift->after);
  }
  if (!has[1]) return;
  if (!v.outlook) v.outlook.emplace();
  archive(v.outlook->limit, v.outlook->expected.count, v.outlook->earliest.count,
          v.outlook->latest.count);
}

template <class Archive>
void visit(Archive& archive, JudgedRing& ring) {
  const size_t capacity = ring.points.size();
  std::vector<JudgedPoint> points = ring.points_in_order();
  archive.list(points, [&](JudgedPoint& point) { visit(archive, point); });
  if constexpr (Archive::kLoading) {
    const size_t skip = points.size() > capacity ? points.size() - capacity : 0;
    for (size_t i = skip; i < points.size(); ++i) ring.push() = std::move(points[i]);
  }
}

template <class Archive>
void visit(Archive& archive, SeriesMore& more) {
  archive(more.transform.previous, more.transform.previous_time);
  archive.list(more.over_since, [&](TimeMs& since) { archive(since); });
  visit(archive, more.band);
  visit(archive, more.silence);
  bool ring = more.ring != nullptr;
  uint32_t models = static_cast<uint32_t>(more.models.size());
  archive(ring, models);
  if (ring && more.ring != nullptr) visit(archive, *more.ring);
  // Of the same definition, so as many as there are.
  for (size_t i = 0; i < models && i < more.models.size(); ++i) archive.own(*more.models[i]);
  if (!archive.kWithAnswers) return;
  archive.list(more.held, [&](HeldPoint& p) {
    archive(p.time, p.value, p.in_band);
    if (archive.kWithModels) archive(p.weight);
  });
}

template <class Archive>
void visit(Archive& archive, SeriesTest& test, uint16_t& flags) {
  archive(flags, test.last_time, test.last_arrival, test.cadence_s, test.arrival_gap_s,
          test.last_value, test.expected, test.lower, test.upper, test.above, test.below,
          test.announced, test.level, test.outside_since);
  if (archive.kWithFindings) archive(test.last_gap);
}

template <class Archive>
void visit(Archive& archive, Peaks& peaks) {
  archive(peaks.edge);
  for (float& reach : peaks.recent) archive(reach);
  archive(peaks.body, peaks.mean, peaks.square, peaks.correction, peaks.peak, peaks.tokens,
          peaks.touched_s, peaks.clusters, peaks.quiet, peaks.near);
}

}  // namespace

// Where the members of a saved group are now: (group as saved) -> by old member index.
struct Streamer::Core::Loading {
  uint8_t version = kVersion;
  bool has_senders = true;
  Numbers senders;  // where those of the text are now; by number less one
  std::map<std::pair<uint32_t, Labels>, std::map<uint32_t, uint32_t>> members;
};

void Streamer::Core::save_test(ByteWriter& out, const SeriesTest& test) const {
  ByteWriter own;
  Saver archive(own);
  SeriesTest copy = test;
  uint16_t flags = test.flags & kKeptFlags;
  visit(archive, copy, flags);
  bool has_more = test.more != kNone;
  archive(has_more);
  if (has_more) visit(archive, *mores_[test.more]);
  const Peaks* peaks = find_peaks(test);
  bool has_peaks = peaks != nullptr && peaks->body > 0;
  archive(has_peaks);
  if (has_peaks) {
    Peaks saved = *peaks;
    visit(archive, saved);
  }
  if (test.is(SeriesTest::kFeed)) {
    const SeriesMore& more = *mores_[test.more];
    Group::Member& member = groups_[more.group].group->member(more.member);
    archive(mores_[test.more]->member, member.last, member.cadence_s, member.last_slot);
  } else {
    save_presence(own, test);
  }
  write_worker(out, set_->workers()[test.worker]);
  out.text(own.bytes());
}

// 0, or the number of whoever sent its last point.
static uint64_t number_of(const Senders& senders, SeriesRef series,
                          const std::vector<uint32_t>& numbers) {
  const uint32_t index = senders.of(series);
  return index == Senders::kNobody ? 0 : numbers[index];
}

void Streamer::Core::save_series(ByteWriter& out, SeriesRef series, uint32_t slot,
                                 const Numbers& of) const {
  write_labels(out, table_.labels(series));
  out.varint(number_of(senders_, series, of));
  uint32_t end = slot;
  while (tests_[end].is(SeriesTest::kMore)) ++end;
  out.varint(end - slot + 1);
  for (; slot <= end; ++slot) save_test(out, tests_[slot]);
}

// Series of this shard that no worker tests: a sender's series all the same.
void Streamer::Core::save_untested(ByteWriter& out, const Numbers& of) const {
  std::vector<uint32_t> series;
  for (uint32_t i = 0; i < senders_.by_series().size(); ++i) {
    const bool tested = i < slots_.size() && slots_[i] < kUntested;
    if (tested || number_of(senders_, {i}, of) == 0) continue;
    if (table_.labels({i}).hash() % shards_ == shard_) series.push_back(i);
  }
  out.varint(series.size());
  for (const uint32_t i : series) {
    write_labels(out, table_.labels({i}));
    out.varint(number_of(senders_, {i}, of));
  }
}

void Streamer::Core::save_groups(ByteWriter& out) const {
  out.varint(groups_.size());
  for (const GroupEntry& entry : groups_) {
    write_worker(out, set_->worker(entry.worker));
    write_labels(out, table_.labels(entry.judged));
    ByteWriter own;
    own.zigzag(entry.group->closed_until_ms());
    own.zigzag(entry.group->newest().ms);
    own.varint(entry.group->slots().size());
    for (const Group::Slot& slot : entry.group->slots()) {
      own.zigzag(slot.start_ms);
      own.varint(std::max(slot.values.size(), slot.done.size()));
      for (size_t i = 0; i < std::max(slot.values.size(), slot.done.size()); ++i) {
        own.f64(i < slot.values.size() ? slot.values[i] : std::numeric_limits<double>::quiet_NaN());
        own.u8(i < slot.done.size() && slot.done[i]);
      }
    }
    own.u8(entry.test != kNone);
    if (entry.test != kNone) save_test(own, tests_[entry.test]);
    write_labels(own, entry.last == kNone ? Labels{} : table_.labels({entry.last}));
    if (set_->worker(entry.worker).aggregate->queue) {
      own.zigzag(entry.group->waiting().slot_ms);
      own.f64(entry.group->waiting().count);
    }
    out.text(own.bytes());
  }
}

void Streamer::Core::save(ByteWriter& out) const {
  // One buffer, as large as it was last time: a copy of all models is the largest thing there is.
  out.reserve(out.size() + saved_bytes_ + saved_bytes_ / 16 + 4096);
  const size_t before = out.size();
  out.u32(kMagic);
  out.u8(kVersion);
  const size_t begun = out.begin_text();
  ByteWriter& body = out;
  body.varint(last_.value);
  body.zigzag(clock_.ms);
  body.zigzag(resume_.ms);
  body.u8(interrupted_);
  const Numbers senders = save_senders(body);
  uint64_t count = 0;
  for (const uint32_t slot : slots_) count += slot < kUntested;
  body.varint(count);
  for (uint32_t i = 0; i < slots_.size(); ++i)
    if (slots_[i] < kUntested) save_series(body, SeriesRef{i}, slots_[i], senders);
  save_groups(body);
  save_untested(body, senders);
  out.end_text(begun);
  out.u64(hash64(std::string_view(out.bytes()).substr(begun)));
  saved_bytes_ = out.size() - before;
}

void Streamer::Core::load_test(ByteReader& in, const Loading& loading, SeriesTest& test) {
  Loader archive(in, loading.version);
  uint16_t flags = 0;
  visit(archive, test, flags);
  test.flags |= flags & kKeptFlags;
  bool has_more = false;
  archive(has_more);
  if (has_more) {
    SeriesMore& more = more_of(test);
    visit(archive, more);
    const bool open = more.band != nullptr && !more.band->from_import;
    if (open || more.silence != nullptr) open_tests_.insert(test.index);
  }
  bool has_peaks = false;
  if (archive.kWithPeaks) archive(has_peaks);
  Peaks unwanted;  // the worker has no noise budget any more
  Peaks* peaks = peaks_of(test);
  if (has_peaks) visit(archive, peaks != nullptr ? *peaks : unwanted);
  if (!test.is(SeriesTest::kFeed)) load_presence(in, test);
  if (test.is(SeriesTest::kArmed)) arm(test);
}

void Streamer::Core::load_series(ByteReader& in, Loading& loading) {
  const Labels source = read_labels(in);
  const auto added =
      in.ok() ? table_.find_or_add(source, static_cast<uint32_t>(source.hash() % shards_))
              : fail(ErrorCode::kCorrupt, "");
  const uint32_t slot = added ? slot_of(added->ref) : kUntested;
  if (loading.has_senders) read_sender_of(in, loading, added ? added->ref : kNoSeries);
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const auto worker = read_worker(in, *set_);
    ByteReader own(in.text());
    if (!worker || slot >= kUntested) continue;
    uint32_t index = slot;
    while (tests_[index].worker != worker->index && tests_[index].is(SeriesTest::kMore)) ++index;
    SeriesTest& test = tests_[index];
    if (test.worker != worker->index) continue;
    load_test(own, loading, test);
    if (!test.is(SeriesTest::kFeed)) continue;
    const SeriesMore& more = *find_more(test);
    Loader archive(own);
    uint32_t before = 0;
    Group::Member& member = groups_[more.group].group->member(more.member);
    archive(before, member.last, member.cadence_s, member.last_slot);
    const Labels& judged = table_.labels(groups_[more.group].judged);
    loading.members[{worker->index, judged}][before] = more.member;
  }
}

void Streamer::Core::load_last(ByteReader& in, GroupEntry& group) {
  const auto last = table_.find(read_labels(in));
  if (!last) return;
  group.last = last->index;
  if (group.test != kNone) tests_[group.test].source = last->index;
}

void Streamer::Core::load_groups(ByteReader& in, Loading& loading) {
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const auto worker = read_worker(in, *set_);
    const Labels judged = read_labels(in);
    ByteReader own(in.text());
    if (!worker) continue;
    const auto found = group_index_.find({worker->index, judged});
    if (found == group_index_.end()) continue;
    Group& group = *groups_[found->second].group;
    const std::map<uint32_t, uint32_t>& members = loading.members[{worker->index, judged}];
    const int64_t closed_until = own.zigzag();
    group.restore(closed_until, TimeMs{own.zigzag()});
    for (uint64_t slots = own.varint(); slots > 0 && own.ok(); --slots) {
      const int64_t start = own.zigzag();
      const uint64_t values = own.varint();
      for (uint64_t i = 0; i < values && own.ok(); ++i) {
        Group::Value value;
        value.value = own.f64();
        value.done = own.u8() != 0;
        const auto member = members.find(static_cast<uint32_t>(i));
        if (member == members.end()) continue;
        value.member = member->second;
        group.restore_value(start, value);
      }
    }
    group.restored();
    if (own.u8() != 0 && read_worker(own, *set_)) {
      ByteReader test(own.text());
      load_test(test, loading, group_test(found->second));
    }
    if (loading.has_senders) load_last(own, groups_[found->second]);
    if (set_->worker(*worker).aggregate->queue) {
      group.waiting().slot_ms = own.zigzag();
      group.waiting().count = own.f64();
    }
    arm_group(found->second, clock_);
  }
}

Result<void> Streamer::Core::load(ByteReader& in, SavedBy by) {
  const uint32_t magic = in.u32();
  const uint8_t version = in.u8();
  const std::string_view text = in.text();
  const uint64_t hash = in.u64();
  if (!in.ok() || magic != kMagic || hash != hash64(text))
    return fail(
        ErrorCode::kCorrupt,
        "cannot load the model checkpoint: its checksum does not fit; the models learn anew");
  if (version == 0 || version > kVersion)
    return fail(
        ErrorCode::kInvalid,
        fmt::format("cannot load the model checkpoint: it has version {}, this program reads "
                    "version {}; the models learn anew",
                    version, kVersion));
  ByteReader body(text);
  load_body(body, version, by);
  TOCSIN_CHECK(body.ok(), "a checkpoint with a good checksum could not be read: {} left",
               body.left());
  return {};
}

// What was sent its last point by whom; `series` may be kNoSeries.
void Streamer::Core::read_sender_of(ByteReader& in, const Loading& loading, SeriesRef series) {
  const uint64_t number = in.varint();
  if (number == 0 || number > loading.senders.size() || series == kNoSeries) return;
  const uint32_t sender = loading.senders[number - 1];
  if (sender != Senders::kNobody) senders_.assign(series, sender);
}

void Streamer::Core::load_all_series(ByteReader& body, Loading& loading) {
  for (uint64_t left = body.varint(); left > 0 && body.ok(); --left) load_series(body, loading);
  load_groups(body, loading);
  if (!loading.has_senders) return;
  for (uint64_t left = body.varint(); left > 0 && body.ok(); --left) {
    const Labels labels = read_labels(body);
    const auto added = table_.find_or_add(labels, static_cast<uint32_t>(labels.hash() % shards_));
    read_sender_of(body, loading, added ? added->ref : kNoSeries);
  }
}

void Streamer::Core::load_body(ByteReader& body, uint8_t version, SavedBy by) {
  last_ = std::max(last_, Lsn{body.varint()});
  clock_ = std::max(clock_, TimeMs{body.zigzag()});
  resume_ = std::max(resume_, TimeMs{body.zigzag()});
  interrupted_ = body.u8() != 0 || interrupted_;
  Loading loading;
  loading.version = version;
  loading.has_senders = version >= kVersionWithSenders;
  if (loading.has_senders) load_senders(body, loading.senders);
  if (by == SavedBy::kAnyShard) load_all_series(body, loading);
  if (!sender_watch_) return;
  for (const uint32_t sender : loading.senders)
    if (sender != Senders::kNobody) arm_sender(sender);
}

}  // namespace tocsin::streamer
