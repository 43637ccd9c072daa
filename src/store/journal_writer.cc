#include "store/journal_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>

#include "base/check.h"
#include "base/log.h"
#include "store/crc32c.h"

namespace tocsin {
namespace {

constexpr std::string_view kMagic = "TOCSINJ1";
constexpr size_t kBuffersKept = 64;            // encoding buffers that wait for reuse
constexpr size_t kBufferBytesKept = 1u << 20;  // larger ones are given back
constexpr uint64_t kMarkerReserve = 64u << 10;
constexpr std::chrono::milliseconds kRetry{100};  // after a failure of the disk

}  // namespace

std::string segment_header(uint64_t number) {
  std::string out(kSegmentHeaderBytes, '\0');
  std::memcpy(out.data(), kMagic.data(), kMagic.size());
  std::memcpy(out.data() + 8, &number, sizeof number);
  const uint32_t crc = crc32c(std::string_view(out).substr(0, 28));
  std::memcpy(out.data() + 28, &crc, sizeof crc);
  return out;
}

bool check_segment_header(std::string_view bytes, uint64_t number) {
  return bytes.substr(0, kSegmentHeaderBytes) == segment_header(number);
}

std::string segment_name(uint64_t number) { return fmt::format("{:012}.journal", number); }

std::optional<uint64_t> segment_number(std::string_view name) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || segment_name(number) != name) return std::nullopt;
  return number;
}

bool JournalWriter::Plan::place(uint64_t bytes, uint64_t usable, uint64_t reserve) {
  const bool next = bytes > left;
  if (next && spares <= 0) return false;
  if ((next ? spares - 1 : spares) == 0 && (next ? usable : left) - bytes < reserve) return false;
  force(bytes, usable);
  return true;
}

void JournalWriter::Plan::force(uint64_t bytes, uint64_t usable) {
  if (bytes > left) {
    --spares;
    left = usable;
  }
  left -= bytes;
}

JournalWriter::JournalWriter(std::string directory, JournalOptions options, Disk& disk,
                             const Clock& clock, Counters& counters)
    : directory_(std::move(directory)),
      options_(options),
      bytes_max_(options.bytes_max),
      disk_(disk),
      clock_(clock),
      bytes_total_(
          counters.counter("tocsin_journal_bytes_total", "", "Bytes written to the journal.")),
      frames_total_(counters.counter("tocsin_journal_frames_total", "", "Frames made durable.")),
      points_total_(counters.counter("tocsin_journal_points_total", "", "Points given an lsn.")),
      syncs_(counters.counter("tocsin_journal_fsync_total", "", "Syncs of journal segments.")),
      sync_ns_(counters.counter("tocsin_journal_fsync_nanoseconds_total", "",
                                "Time spent in syncs of journal segments.")),
      failures_(counters.counter("tocsin_journal_disk_failures_total", "",
                                 "Failed writes, syncs and reservations of the journal.")),
      refused_full_(counters.counter("tocsin_journal_refused_total", "reason=\"full\"",
                                     "Batches refused by the journal.")),
      refused_behind_(counters.counter("tocsin_journal_refused_total", "reason=\"behind\"",
                                       "Batches refused by the journal.")),
      sealed_early_(counters.counter("tocsin_journal_segments_abandoned_total", "",
                                     "Segments sealed after a failed write or sync.")),
      bytes_gauge_(
          counters.gauge("tocsin_journal_disk_bytes", "", "Size of the journal on disk.")) {}

JournalWriter::~JournalWriter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void JournalWriter::grow_to(uint64_t bytes) {
  if (bytes <= bytes_max()) return;
  bytes_max_.store(bytes, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    nudged_ = true;
  }
  wake_.notify_one();
}

size_t JournalWriter::segments_max() const {
  return std::max<size_t>(2, bytes_max() / options_.segment_bytes);
}

size_t JournalWriter::segments_now() const {
  const std::lock_guard lock(segments_mutex_);
  return retired_.size() + open_segments_;
}

Result<void> JournalWriter::adopt(Found found) {
  const std::lock_guard commit(commit_mutex_);
  {
    const std::lock_guard lock(segments_mutex_);
    retired_.assign(found.segments.begin(), found.segments.end());
  }
  next_number_ = found.next_number;
  const uint64_t next = std::max(found.last.value + 1, options_.first_lsn.value);
  durable_.store(next - 1, std::memory_order_release);
  last_.store(next - 1, std::memory_order_release);
  {
    const std::lock_guard lock(mutex_);
    next_lsn_ = next;
    last_arrival_ = found.last_arrival;
  }
  return make_spares();
}

Error JournalWriter::refusal(std::string_view why) const {
  return Error{ErrorCode::kExhausted,
               fmt::format("cannot keep the batch in {}: {}; try again later", directory_, why),
               {}};
}

EncodedFrame JournalWriter::take_buffer() {
  const std::lock_guard lock(mutex_);
  if (buffers_.empty()) return {};
  EncodedFrame out = std::move(buffers_.back());
  buffers_.pop_back();
  return out;
}

void JournalWriter::sequence_tick() {
  const std::lock_guard lock(mutex_);
  if (!on_sequenced_) return;
  auto frame = std::make_shared<Frame>();
  frame->kind = FrameKind::kTick;
  frame->lsn = last();
  frame->arrival = last_arrival_ = std::max(last_arrival_, clock_.now());
  on_sequenced_(frame);
}

Result<FramePtr> JournalWriter::append(std::shared_ptr<Frame> frame, EncodedFrame encoded) {
  const uint64_t bytes = encoded.bytes.size();
  // The last room is for markers: without that of a checkpoint a full journal would stay full.
  const uint64_t reserve =
      frame->kind == FrameKind::kPoints ? std::min(kMarkerReserve, usable() / 16) : 0;
  const uint64_t bytes_max = std::min<uint64_t>(usable() - reserve, kFrameBodyBytesMax);
  if (bytes > bytes_max)
    return fail(ErrorCode::kInvalid,
                fmt::format("cannot keep a batch of {} bytes: the journal takes at most {}; send "
                            "smaller batches",
                            bytes, bytes_max));
  {
    const std::lock_guard lock(mutex_);
    if (waiting_bytes_ + bytes > options_.queue_bytes_max) {
      refused_behind_.add();
      return fail(refusal("the disk is too far behind"));
    }
    if (!plan_.place(bytes, usable(), reserve)) {
      refused_full_.add();
      nudged_ = true;
      wake_.notify_one();
      return fail(refusal("no space is left, on the disk or within the journal's limit"));
    }
    frame->lsn = {next_lsn_++};
    frame->arrival = last_arrival_ = std::max(last_arrival_, clock_.now());
    stamp_frame(encoded, {frame->lsn, frame->arrival, durable()});
    waiting_bytes_ += bytes;
    queue_.push_back({std::move(encoded), frame->lsn});
    last_.store(frame->lsn.value, std::memory_order_release);
    points_total_.add(frame->batch.size());
    if (on_sequenced_) on_sequenced_(frame);
  }
  wake_.notify_one();
  return FramePtr(std::move(frame));
}

Result<JournalWriter::Open> JournalWriter::make_segment() {
  Open made;
  made.number = next_number_;
  auto file = disk_.open(path(made.number), Disk::Mode::kCreate);
  if (!file) return fail(file.error());
  ++next_number_;  // also when it fails below: a name is never used twice
  made.file = std::move(*file);
  const std::string header = segment_header(made.number);
  const std::string_view parts[] = {header};
  Result<void> done = made.file->preallocate(options_.segment_bytes);
  if (done) done = made.file->write_at(0, parts);
  if (done) done = made.file->sync();
  if (done) done = disk_.sync_directory(directory_);
  if (!done) {
    (void)disk_.remove(path(made.number));
    return fail(done.error());
  }
  return made;
}

// Keeps one segment ahead of what is planned.
Result<void> JournalWriter::make_spares() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      nudged_ = false;
      if (plan_.spares >= 1) return {};
    }
    if (segments_now() >= segments_max()) return {};
    auto made = make_segment();
    if (!made) {
      failures_.add();
      return fail(made.error());
    }
    spares_.push_back(std::move(*made));
    {
      const std::lock_guard lock(segments_mutex_);
      ++open_segments_;
    }
    bytes_gauge_.set(static_cast<double>(bytes_on_disk()));
    const std::lock_guard lock(mutex_);
    ++plan_.spares;
  }
}

bool JournalWriter::next_segment() {
  if (spares_.empty()) return false;
  if (current_) retire_current();
  current_ = std::make_unique<Open>(std::move(spares_.front()));
  spares_.pop_front();
  return true;
}

void JournalWriter::retire_current() {
  const std::lock_guard lock(segments_mutex_);
  retired_.push_back({current_->number, options_.segment_bytes, current_->last});
  --open_segments_;
  current_.reset();
}

// After a failed write or sync: what is in the segment beyond `last` counts for nothing, its
// descriptor is never used again, and the frames find a new place.
void JournalWriter::abandon_current() {
  failures_.add();
  sealed_early_.add();
  retire_current();
  replan();
}

void JournalWriter::replan() {
  const std::lock_guard lock(mutex_);
  plan_ = {0, static_cast<int64_t>(spares_.size())};
  for (const auto* frames : {&pending_, &queue_})
    for (const Waiting& waiting : *frames) plan_.force(waiting.frame.bytes.size(), usable());
}

Result<void> JournalWriter::sync_current() {
  const int64_t from = clock_.monotonic_ns();
  auto done = current_->file->sync();
  syncs_.add();
  sync_ns_.add(static_cast<uint64_t>(clock_.monotonic_ns() - from));
  if (done) current_->unsynced = false;
  return done;
}

// Writes as many pending frames as fit into one segment and makes them durable.
Result<void> JournalWriter::commit_segment() {
  const auto fits = [&] {
    return current_ &&
           current_->end + pending_.front().frame.bytes.size() <= options_.segment_bytes;
  };
  if (!fits()) {
    if (current_ && current_->unsynced && !sync_current()) failures_.add();
    if (!next_segment()) return fail(refusal("no free segment"));
  }
  std::vector<std::string_view> parts;
  uint64_t bytes = 0;
  while (parts.size() < pending_.size()) {
    const std::string& next = pending_[parts.size()].frame.bytes;
    if (current_->end + bytes + next.size() > options_.segment_bytes) break;
    parts.emplace_back(next);
    bytes += next.size();
  }
  auto done = current_->file->write_at(current_->end, parts);
  current_->unsynced = true;
  if (done && options_.durability == JournalOptions::Durability::kPowerCut) done = sync_current();
  if (!done) {
    abandon_current();
    return done;
  }
  current_->end += bytes;
  current_->last = pending_[parts.size() - 1].lsn;
  bytes_total_.add(bytes);
  settle(parts.size(), current_->last);
  return {};
}

// The first `frames` pending ones are durable.
void JournalWriter::settle(size_t frames, Lsn upto) {
  frames_total_.add(frames);
  durable_.store(upto.value, std::memory_order_release);
  {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < frames; ++i) {
      waiting_bytes_ -= pending_[i].frame.bytes.size();
      if (buffers_.size() < kBuffersKept && pending_[i].frame.bytes.capacity() < kBufferBytesKept)
        buffers_.push_back(std::move(pending_[i].frame));
    }
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<long>(frames));
  if (on_durable_) on_durable_(upto);
}

Result<Lsn> JournalWriter::commit_now() {
  const std::lock_guard commit(commit_mutex_);
  {
    const std::lock_guard lock(mutex_);
    for (Waiting& waiting : queue_) pending_.push_back(std::move(waiting));
    queue_.clear();
  }
  Result<void> room = make_spares();
  while (!pending_.empty())
    if (auto done = commit_segment(); !done) return fail(done.error());
  if (!room) return fail(room.error());
  return durable();
}

void JournalWriter::tick(TimeMs now) {
  if (options_.durability != JournalOptions::Durability::kProcess) return;
  const std::lock_guard commit(commit_mutex_);
  if (!current_ || !current_->unsynced || now - last_sync_ < options_.sync_interval) return;
  last_sync_ = now;
  if (!sync_current()) abandon_current();
}

void JournalWriter::release_until(Lsn upto) {
  std::vector<uint64_t> freed;
  {
    const std::lock_guard lock(segments_mutex_);
    while (!retired_.empty() && retired_.front().last <= upto) {
      freed.push_back(retired_.front().number);
      retired_.pop_front();
    }
  }
  for (const uint64_t number : freed)
    if (auto done = dispose_ ? dispose_(path(number), number) : disk_.remove(path(number)); !done) {
      failures_.add();
      log::warning("{}", done.error().text());
    }
  if (freed.empty()) return;
  bytes_gauge_.set(static_cast<double>(bytes_on_disk()));
  {
    const std::lock_guard lock(mutex_);
    nudged_ = true;
  }
  wake_.notify_one();
}

Lsn JournalWriter::release_wanted(double fill) const {
  const std::lock_guard lock(segments_mutex_);
  const auto allowed = static_cast<size_t>(fill * static_cast<double>(segments_max()));
  const size_t now = retired_.size() + open_segments_;
  if (now <= allowed || retired_.empty()) return {};
  Lsn last;
  for (size_t i = 0; i < std::min(now - allowed, retired_.size()); ++i)
    last = std::max(last, retired_[i].last);  // an abandoned segment may have none
  return last;
}

double JournalWriter::fill() const {
  return static_cast<double>(segments_now()) / static_cast<double>(segments_max());
}

uint64_t JournalWriter::bytes_on_disk() const {
  const std::lock_guard lock(segments_mutex_);
  uint64_t bytes = open_segments_ * options_.segment_bytes;
  for (const Segment& segment : retired_) bytes += segment.bytes;
  return bytes;
}

void JournalWriter::start() {
  TOCSIN_CHECK(!thread_.joinable(), "the committer runs already");
  thread_ = std::thread([this] { run(); });
}

void JournalWriter::run() {
  bool failing = false;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      const auto work = [&] { return stop_ || nudged_ || !queue_.empty(); };
      if (failing)
        wake_.wait_for(lock, kRetry, [&] { return stop_; });
      else
        wake_.wait(lock, work);
      if (stop_ && (failing || queue_.empty())) return;
    }
    const auto done = commit_now();
    if (!done && !failing) log::error("journal: {}", done.error().text());
    if (done && failing) log::info("journal: the disk is back, durable up to {}", done->value);
    failing = !done;
  }
}

}  // namespace tocsin
