#include "store/archive.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "store/journal_writer.h"

namespace tocsin {
namespace {

constexpr std::string_view kCheckpoints = "models";
constexpr std::chrono::seconds kLook{10};  // how often age and room are looked at
constexpr int kNice = 10;

std::string file_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

Archive::Archive(std::string directory, ArchiveOptions options, Disk& disk, const Clock& clock,
                 Counters& counters)
    : directory_(std::move(directory)),
      options_(options),
      disk_(disk),
      clock_(clock),
      counters_(counters),
      segments_total_(counters.counter("tocsin_archive_segments_total", "",
                                       "Journal segments compressed into the archive.")),
      failures_(counters.counter("tocsin_archive_failures_total", "",
                                 "Files that could not be taken into the archive, or read there.")),
      bytes_gauge_(counters.gauge("tocsin_archive_disk_bytes", "", "Bytes of the archive.")) {}

Archive::~Archive() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<std::unique_ptr<Archive>> Archive::open(std::string directory, ArchiveOptions options,
                                               Disk& disk, const Clock& clock, Counters& counters) {
  std::unique_ptr<Archive> out(new Archive(std::move(directory), options, disk, clock, counters));
  if (auto made = disk.make_directory(out->directory_); !made) return fail(made.error());
  if (auto found = out->find_files(); !found) return fail(found.error());
  out->trim(clock.now());
  return out;
}

Result<void> Archive::find_files() {
  const auto names = disk_.list(directory_);
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (const auto number = archive_number(name))
      add_segment(name, *number, false);
    else if (const auto raw = segment_number(name))
      add_segment(name, *raw, true);
    else if (name.ends_with(".new"))
      (void)disk_.remove(directory_ + "/" + name);
  }
  const auto checkpoints = list_checkpoints(disk_, directory_, kCheckpoints);
  if (!checkpoints) return fail(checkpoints.error());
  for (const CheckpointFile& one : *checkpoints) {
    checkpoints_.emplace(one.mark.lsn, Kept{one.path, one.mark, one.bytes});
    bytes_ += one.bytes;
  }
  publish();
  return {};
}

void Archive::add_segment(const std::string& name, uint64_t number, bool raw) {
  const std::string path = directory_ + "/" + name;
  Segment segment{raw, {}, clock_.now(), 0};
  auto file = disk_.open(path, Disk::Mode::kRead);
  const auto size = file ? (*file)->size() : fail(file.error());
  const auto head =
      raw ? Result<ArchivedSegment>(ArchivedSegment{}) : read_archive_head(disk_, path);
  const bool twice = segments_.contains(number);  // compressed, and the raw one came back
  if (!size || !head || twice) {
    if (!twice) failures_.add();
    (void)disk_.remove(path);
    return;
  }
  segment.inside = *head;
  segment.bytes = *size;
  bytes_ += *size;
  segments_.emplace(number, segment);
}

std::string Archive::raw_path(uint64_t number) const {
  return directory_ + "/" + segment_name(number);
}

std::string Archive::path_of(uint64_t number, const Segment& segment) const {
  return segment.raw ? raw_path(number) : directory_ + "/" + archive_name(number);
}

Result<void> Archive::take_segment(const std::string& path, uint64_t number) {
  if (off()) return disk_.remove(path);
  uint64_t bytes = 0;
  if (auto file = disk_.open(path, Disk::Mode::kRead))
    if (const auto size = (*file)->size()) bytes = *size;
  if (auto moved = disk_.rename(path, raw_path(number)); !moved) {
    failures_.add();
    log::warning("archive: {}; the segment is removed", moved.error().message);
    return disk_.remove(path);
  }
  {
    const std::lock_guard lock(mutex_);
    segments_.insert_or_assign(number, Segment{true, {}, clock_.now(), bytes});
    bytes_ += bytes;
    publish();
  }
  wake_.notify_one();
  return {};
}

Result<void> Archive::take_checkpoint(const std::string& path) {
  const auto mark = read_checkpoint_mark(disk_, path);
  if (off() || !mark) return disk_.remove(path);
  uint64_t bytes = 0;
  if (auto file = disk_.open(path, Disk::Mode::kRead))
    if (const auto size = (*file)->size()) bytes = *size;
  const std::lock_guard lock(mutex_);
  if (!checkpoints_.empty()) {
    const CheckpointMark& newest = checkpoints_.rbegin()->second.mark;
    const bool soon = mark->time - newest.time < options_.checkpoint_every;
    if ((soon && mark->tag == newest.tag) || mark->lsn <= newest.lsn) return disk_.remove(path);
  }
  const std::string kept = directory_ + "/" + file_of(path);
  if (auto moved = disk_.rename(path, kept); !moved) {
    failures_.add();
    return disk_.remove(path);
  }
  checkpoints_.emplace(mark->lsn, Kept{kept, *mark, bytes});
  bytes_ += bytes;
  publish();
  return {};
}

bool Archive::step() {
  trim(clock_.now());
  uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto raw = std::find_if(segments_.begin(), segments_.end(),
                                  [](const auto& one) { return one.second.raw; });
    if (raw == segments_.end()) return false;
    number = raw->first;
  }
  compress(number);
  return true;
}

// Only one thread compresses and drops; others only add.
void Archive::compress(uint64_t number) {
  const auto raw = read_whole_file(disk_, raw_path(number));
  const ArchivedSegment inside = raw ? survey_segment(number, *raw) : ArchivedSegment{};
  Result<void> done = raw ? Result<void>() : fail(raw.error());
  uint64_t bytes = 0;
  if (done && inside.first.value > 0) {
    const std::string file = encode_archive(inside, *raw);
    bytes = file.size();
    done = write_file_atomically(disk_, directory_, archive_name(number), file);
  }
  if (!done) {
    failures_.add();
    log::warning("archive: segment {} is lost to replay: {}", number, done.error().message);
    (void)disk_.remove(directory_ + "/" + archive_name(number) + ".new");
  }
  (void)disk_.remove(raw_path(number));
  const std::lock_guard lock(mutex_);
  Segment& segment = segments_[number];
  bytes_ -= segment.bytes;
  if (done && bytes > 0) {
    segment = Segment{false, inside, segment.taken, bytes};
    bytes_ += bytes;
    segments_total_.add();
  } else {
    segments_.erase(number);
  }
  publish();
}

const char* Archive::too_much(TimeMs now, uint64_t free) const {
  if (segments_.empty() && checkpoints_.empty()) return nullptr;
  if (off()) return "off";
  if (bytes_ > options_.bytes_max) return "bytes";
  if (free < options_.free_bytes_min) return "space";
  const TimeMs before = now - options_.keep;
  if (segments_.empty()) return checkpoints_.begin()->second.mark.time < before ? "age" : nullptr;
  const Segment& oldest = segments_.begin()->second;
  return (oldest.raw ? oldest.taken : oldest.inside.last_arrival) < before ? "age" : nullptr;
}

void Archive::trim(TimeMs now) {
  const auto room = disk_.free_bytes(directory_);
  uint64_t free = room ? *room : UINT64_MAX;
  const std::lock_guard lock(mutex_);
  while (const char* why = too_much(now, free)) free += drop_oldest(why);
  drop_cut_off();
  publish();
}

// What it gave back. Segments go before checkpoints: without the frames behind it a checkpoint is
// of no use, and frames without one are of none either.
uint64_t Archive::drop_oldest(const char* why) {
  if (segments_.empty()) return drop_checkpoint(why);
  return drop_segment(why);
}

uint64_t Archive::drop_segment(const char* why) {
  const auto [number, segment] = *segments_.begin();
  cut_ = std::max(cut_, segment.inside.last);
  segments_.erase(segments_.begin());
  return remove(path_of(number, segment), segment.bytes, why);
}

uint64_t Archive::drop_checkpoint(const char* why) {
  const Kept kept = checkpoints_.begin()->second;
  checkpoints_.erase(checkpoints_.begin());
  return remove(kept.path, kept.bytes, why);
}

// Checkpoints whose next frame is not here any more.
void Archive::drop_cut_off() {
  if (!segments_.empty() && !segments_.begin()->second.raw)
    cut_ = std::max(cut_, Lsn{segments_.begin()->second.inside.first.value - 1});
  while (!checkpoints_.empty() && checkpoints_.begin()->first < cut_) drop_checkpoint("cut_off");
}

uint64_t Archive::remove(const std::string& path, uint64_t bytes, const char* why) {
  counters_
      .counter("tocsin_archive_dropped_total", fmt::format("reason=\"{}\"", why),
               "Files dropped from the archive: too old, too many bytes, no room on the disk.")
      .add();
  if (auto done = disk_.remove(path); !done) {
    failures_.add();
    log::warning("archive: {}", done.error().message);
  }
  bytes_ -= bytes;
  return bytes;
}

void Archive::publish() { bytes_gauge_.set(static_cast<double>(bytes_)); }

uint64_t Archive::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void Archive::start() {
  thread_ = std::thread([this] { run(); });
}

void Archive::run() {
  pthread_setname_np(pthread_self(), "archive");
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);  // of this thread alone, on Linux
  for (;;) {
    const bool more = step();
    std::unique_lock lock(mutex_);
    if (!more && !stop_) wake_.wait_for(lock, kLook);
    if (stop_) return;
  }
}

}  // namespace tocsin
