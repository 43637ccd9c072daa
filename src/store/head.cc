#include "store/head.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"

namespace tocsin {
namespace {

constexpr size_t kChunkBytesMax = 3000;  // 128 points of the worst kind

// By time, each time once; of several the one that came last.
void sort_samples(std::vector<Sample>& samples) {
  std::stable_sort(samples.begin(), samples.end(),
                   [](const Sample& a, const Sample& b) { return a.time < b.time; });
  size_t kept = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    if (i + 1 < samples.size() && samples[i + 1].time == samples[i].time) continue;
    samples[kept++] = samples[i];
  }
  samples.resize(kept);
}

// Points of a chunk that lie in [from, to]. What a head holds was encoded by it and checks out.
void decode_range(std::string_view bytes, TimeMs from, TimeMs to, std::vector<Sample>& out) {
  SampleReader reader(bytes);
  Sample sample;
  while (reader.next(sample) && sample.time <= to)
    if (sample.time >= from) out.push_back(sample);
}

// Puts `newer` (sorted) on top of what `out` holds from `begin` on.
void lay_over(std::vector<Sample>& out, size_t begin, const std::vector<Sample>& newer) {
  if (newer.empty()) return;
  if (out.size() == begin || out.back().time < newer.front().time) {
    out.insert(out.end(), newer.begin(), newer.end());
    return;
  }
  const std::vector<Sample> older(out.begin() + static_cast<long>(begin), out.end());
  out.resize(begin);
  merge_samples(older, newer, out);
}

size_t memory_of(const SealedChunk& chunk) { return sizeof chunk + 48 + chunk.bytes.capacity(); }

}  // namespace

void merge_samples(const std::vector<Sample>& older, const std::vector<Sample>& newer,
                   std::vector<Sample>& out) {
  size_t o = 0;
  for (const Sample& sample : newer) {
    while (o < older.size() && older[o].time < sample.time) out.push_back(older[o++]);
    if (o < older.size() && older[o].time == sample.time) ++o;
    out.push_back(sample);
  }
  out.insert(out.end(), older.begin() + static_cast<long>(o), older.end());
}

void join(const HeadParts& parts, TimeMs from, TimeMs to, std::vector<Sample>& out) {
  const size_t begin = out.size();
  std::vector<Sample> part;
  for (const SealedChunkPtr& chunk : parts.sealed) {
    part.clear();
    decode_range(chunk->bytes, from, to, part);
    lay_over(out, begin, part);
  }
  // Last, although it lies below: it is newer than all of them as a rule (and one of them again
  // until it is flushed), and would have every one moved behind it.
  if (!parts.previous.empty()) {
    part.assign(out.begin() + static_cast<long>(begin), out.end());
    out.resize(begin);
    merge_samples(parts.previous, part, out);
  }
  lay_over(out, begin, parts.newest);
}

Head::Head(HeadOptions options) : options_(options) {}
Head::~Head() = default;

void Head::begin(Lsn lsn) {
  TOCSIN_CHECK(lsn >= lsn_, "lsn {} after {}", lsn.value, lsn_.value);
  if (lsn > lsn_) sub_ = 0;
  lsn_ = lsn;
}

void Head::done(Lsn lsn) { done_lsn_ = std::max(done_lsn_, lsn); }

Head::Series& Head::series_of(SeriesRef ref) {
  if (ref.index >= local_of_.size()) local_of_.resize(ref.index + ref.index / 4 + 64, kNone);
  uint32_t& local = local_of_[ref.index];
  if (local == kNone) {
    local = series_count_++;
    if (local % kBlock == 0) blocks_.push_back(std::make_unique<Series[]>(kBlock));
    at(local).ref = ref;
    at(local).points_max = first_points_max(ref);
  }
  return at(local);
}

const Head::Series* Head::find(SeriesRef ref) const {
  if (ref.index >= local_of_.size() || local_of_[ref.index] == kNone) return nullptr;
  return &at(local_of_[ref.index]);
}

Appended Head::append(SeriesRef ref, TimeMs time, double value) {
  Series& series = series_of(ref);
  if (series.seen && time.ms <= series.encoder.last_time) {
    append_late(series, time, value);
    ++sub_;
    return Appended::kOutOfOrder;
  }
  const auto span = static_cast<uint64_t>(time.ms) - static_cast<uint64_t>(series.start.ms);
  if (time < today_.from || time > today_.to) today_ = range_of(RowSpan::kDay, time);
  if (series.encoder.count > 0 &&
      (series.start < today_.from || series.encoder.count >= series.points_max ||
       series.open.bytes > kChunkBytesMax || span > static_cast<uint64_t>(options_.span_max.count)))
    seal(series);
  put(series, time, value);
  ++sub_;
  return Appended::kInOrder;
}

void Head::put(Series& series, TimeMs time, double value) {
  if (series.encoder.count == 0) {
    series.encoder = {};
    series.start = time;
    // Nothing of the runs before is newer than `newest_on_disk_`, and this series has nothing of
    // this run yet. Later: in order, so nothing of this run is as new.
    if (!series.seen && newest_on_disk_ < kTimeMax)
      series.whole_from = newest_on_disk_ + milliseconds(1);
    else if (series.whole_from == kTimeMax && time > newest_on_disk_)
      series.whole_from = time;
    series.seen = true;
    if (!series.has_late) series.first_lsn = lsn_;
  }
  char room[kSampleBytesMax];
  const size_t bytes = encode_sample(series.encoder, time, value, room);
  blocks_of_chunks_.append(series.open, room, bytes);
}

void Head::append_late(Series& series, TimeMs time, double value) {
  ++late_total_;
  if (!series.has_late && series.encoder.count == 0) series.first_lsn = lsn_;
  series.has_late = true;
  std::vector<Sample>& late = late_[series.ref.index];
  late.push_back({time, value});
  late_bytes_ += sizeof(Sample);
  if (late.size() < options_.late_points_max) return;
  const bool before_all =
      series.encoder.count == 0 || std::all_of(late.begin(), late.end(), [&](const Sample& sample) {
        return sample.time < series.start;
      });
  // Points that all lie before the open chunk need not break it up.
  if (before_all)
    seal_late(series);
  else
    seal(series);
}

std::vector<Sample> Head::take_late(Series& series) {
  std::vector<Sample> late;
  if (!series.has_late) return late;
  const auto found = late_.find(series.ref.index);
  late = std::move(found->second);
  late_.erase(found);
  late_bytes_ -= late.size() * sizeof(Sample);
  series.has_late = false;
  sort_samples(late);
  return late;
}

// The open chunk stays; what lies before it is then not all in memory any more.
void Head::seal_late(Series& series) {
  forget_previous(series);
  const bool open = series.encoder.count > 0 && series.whole_from < kTimeMax;
  series.whole_from = open ? std::max(series.whole_from, series.start) : kTimeMax;
  emit(series, take_late(series));
}

// The open chunk's blocks become the previous chunk's; the newest point stays known.
void Head::keep_as_previous(Series& series) {
  forget_previous(series);
  series.encoder.count = 0;
  const size_t bytes = BlockPool::memory_of(series.open);
  if (series.whole_from < kTimeMax) series.whole_from = std::max(series.whole_from, series.start);
  if (!room_for_previous(bytes)) return blocks_of_chunks_.free(series.open);  // until it is flushed
  previous_bytes_ += bytes;
  series.previous = std::exchange(series.open, {});
}

// Goes round the series a few at a time, so that no seal takes long.
bool Head::room_for_previous(size_t bytes) {
  constexpr int kLooks = 64;
  const auto fits = [&] { return previous_bytes_ + bytes <= options_.previous_bytes_max; };
  for (int i = 0; i < kLooks && !fits(); ++i) {
    if (++forget_cursor_ >= series_count_) forget_cursor_ = 0;
    Series& other = at(forget_cursor_);
    if (other.encoder.count < kReadableAlone || other.previous.bytes == 0) continue;
    forget_previous(other);
    if (other.whole_from < kTimeMax) other.whole_from = std::max(other.whole_from, other.start);
  }
  return fits();
}

uint16_t Head::first_points_max(SeriesRef ref) const {
  if (!options_.stagger || options_.points_max < 4) return options_.points_max;
  const uint32_t mixed = (ref.index * 2654435761U) >> 16;
  const uint32_t quarter = options_.points_max / 4U;
  return static_cast<uint16_t>(quarter + mixed % (options_.points_max - quarter + 1U));
}

void Head::forget_previous(Series& series) {
  previous_bytes_ -= BlockPool::memory_of(series.previous);
  blocks_of_chunks_.free(series.previous);
}

void Head::seal(Series& series) {
  if (series.encoder.count == 0) return seal_late(series);
  std::string open;
  blocks_of_chunks_.gather(series.open, open);
  if (series.has_late) {
    std::vector<Sample> samples, all;
    TOCSIN_CHECK(decode_samples(open, samples), "open chunk of {} bytes", open.size());
    merge_samples(samples, take_late(series), all);
    forget_previous(series);
    blocks_of_chunks_.free(series.open);
    series.encoder.count = 0;
    series.whole_from = kTimeMax;
    return emit(series, all);
  }
  series.points_max = options_.points_max;
  auto chunk = std::make_shared<SealedChunk>();
  chunk->start = series.start;
  chunk->end = TimeMs{series.encoder.last_time};
  chunk->count = series.encoder.count;
  chunk->bytes = std::move(open);
  keep_as_previous(series);
  publish(series, std::move(chunk));
}

// Cuts sorted points into chunks of the allowed length and span.
void Head::emit(Series& series, const std::vector<Sample>& samples) {
  const auto span_max = static_cast<uint64_t>(options_.span_max.count);
  for (size_t from = 0; from < samples.size();) {
    size_t to = from;
    const auto start = static_cast<uint64_t>(samples[from].time.ms);
    const TimeMs day_end = range_of(RowSpan::kDay, samples[from].time).to;
    while (to < samples.size() && to - from < options_.points_max && samples[to].time <= day_end &&
           static_cast<uint64_t>(samples[to].time.ms) - start <= span_max)
      ++to;
    auto chunk = std::make_shared<SealedChunk>();
    chunk->start = samples[from].time;
    chunk->end = samples[to - 1].time;
    chunk->count = static_cast<uint16_t>(to - from);
    chunk->bytes = encode_samples(
        {samples.begin() + static_cast<long>(from), samples.begin() + static_cast<long>(to)});
    publish(series, std::move(chunk));
    from = to;
  }
}

void Head::publish(Series& series, std::shared_ptr<SealedChunk> chunk) {
  chunk->series = series.ref;
  chunk->sealed_at = lsn_;
  chunk->sub = sub_;
  ++series.kept;
  sealed_bytes_ += memory_of(*chunk);
  kept_[series.ref.index].push_back(chunk);
  sealed_.push_back(chunk);
  fresh_.push_back(std::move(chunk));
}

bool Head::seal_older_than(Lsn upto, size_t series_max) {
  upto = std::min(upto, done_lsn_);
  if (!sealing_) {
    if (upto <= sealed_to_) return true;
    sealing_ = true;
    seal_target_ = upto;
    seal_cursor_ = 0;
  }
  for (; series_max > 0 && seal_cursor_ < series_count_; --series_max, ++seal_cursor_) {
    Series& series = at(seal_cursor_);
    if ((series.encoder.count > 0 || series.has_late) && series.first_lsn <= seal_target_)
      seal(series);
  }
  if (seal_cursor_ < series_count_) return false;
  sealing_ = false;
  sealed_to_ = seal_target_;
  return upto <= sealed_to_;
}

bool Head::seal_started_before(TimeMs border, size_t series_max) {
  if (border <= ended_to_) return true;
  if (border > ended_border_ && ended_cursor_ == 0) ended_border_ = border;
  for (; series_max > 0 && ended_cursor_ < series_count_; --series_max, ++ended_cursor_) {
    Series& series = at(ended_cursor_);
    if (series.has_late || (series.encoder.count > 0 && series.start < ended_border_)) seal(series);
  }
  if (ended_cursor_ < series_count_) return false;
  ended_cursor_ = 0;
  ended_to_ = ended_border_;
  return border <= ended_to_;
}

std::vector<SealedChunkPtr> Head::take_sealed() { return std::exchange(fresh_, {}); }

bool Head::release_flushed(size_t chunks_max) {
  for (; chunks_max > 0 && !sealed_.empty(); --chunks_max) {
    const SealedChunkPtr& chunk = sealed_.front();
    if (!chunk->flushed.load(std::memory_order_acquire)) break;
    const auto kept = kept_.find(chunk->series.index);
    std::erase(kept->second, chunk);
    Series& series = at(local_of_[chunk->series.index]);
    --series.kept;
    if (series.previous.bytes == 0 && series.whole_from <= chunk->end)
      series.whole_from = chunk->end + milliseconds(1);
    if (kept->second.empty()) kept_.erase(kept);
    sealed_bytes_ -= memory_of(*chunk);
    sealed_.pop_front();
  }
  return !sealed_.empty() && sealed_.front()->flushed.load(std::memory_order_acquire);
}

void Head::copy_parts(SeriesRef ref, TimeMs from, TimeMs to, HeadParts& out) const {
  const Series* const series = find(ref);
  if (series == nullptr) return;
  std::string bytes;
  if (series->previous.bytes > 0) {
    blocks_of_chunks_.gather(series->previous, bytes);
    decode_range(bytes, from, to, out.previous);
  }
  if (series->kept > 0)
    for (const SealedChunkPtr& chunk : kept_.find(ref.index)->second)
      if (chunk->end >= from && chunk->start <= to) out.sealed.push_back(chunk);
  if (series->encoder.count > 0 && series->start <= to && series->encoder.last_time >= from.ms) {
    blocks_of_chunks_.gather(series->open, bytes);
    decode_range(bytes, from, to, out.newest);
  }
  if (!series->has_late) return;
  std::vector<Sample> late;
  for (const Sample& sample : late_.find(ref.index)->second)
    if (sample.time >= from && sample.time <= to) late.push_back(sample);
  sort_samples(late);
  lay_over(out.newest, 0, late);
}

void Head::copy_points(SeriesRef ref, TimeMs from, TimeMs to, std::vector<Sample>& out) const {
  HeadParts parts;
  copy_parts(ref, from, to, parts);
  join(parts, from, to, out);
}

TimeMs Head::whole_from(SeriesRef ref) const {
  const Series* const series = find(ref);
  if (newest_on_disk_ == kTimeMax) return series == nullptr ? kTimeMax : series->whole_from;
  const TimeMs beyond_disk = newest_on_disk_ + milliseconds(1);
  if (series == nullptr) return beyond_disk;
  // After its newest point there is nothing to lack.
  return std::min(series->whole_from,
                  std::max(beyond_disk, TimeMs{series->encoder.last_time} + milliseconds(1)));
}

std::optional<Sample> Head::latest(SeriesRef ref) const {
  const Series* const series = find(ref);
  if (series == nullptr || !series->seen) return std::nullopt;
  Sample newest{TimeMs{series->encoder.last_time},
                std::bit_cast<double>(series->encoder.last_bits)};
  if (!series->has_late) return newest;
  for (const Sample& sample : late_.find(ref.index)->second)
    if (sample.time == newest.time) newest.value = sample.value;  // written again
  return newest;
}

size_t Head::bytes() const {
  return blocks_of_chunks_.bytes() + blocks_.size() * kBlock * sizeof(Series) +
         local_of_.capacity() * sizeof(uint32_t) + late_bytes_ + sealed_bytes_;
}

}  // namespace tocsin
