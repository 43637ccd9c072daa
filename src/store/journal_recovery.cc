#include "store/journal_recovery.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ahead.h"
#include "base/log.h"

namespace tocsin {
namespace {

constexpr size_t kFramesAhead = 32;  // decoded and not yet taken up; of some 100 kB each

}  // namespace

Result<std::string> JournalReader::read_segment(uint32_t segment) const {
  return read_whole_file(writer_.disk_, writer_.path(found_.segments[segment].number));
}

Result<void> JournalReader::index() {
  const auto names = writer_.disk_.list(writer_.directory_);
  if (!names) return fail(names.error());
  std::vector<uint64_t> numbers;
  for (const std::string& name : *names)
    if (const auto number = segment_number(name)) numbers.push_back(*number);
  std::sort(numbers.begin(), numbers.end());
  for (const uint64_t number : numbers) {
    if (auto done = index_segment(number); !done) return done;
    found_.next_number = number + 1;
  }
  sort_places();
  return judge_holes();
}

Result<void> JournalReader::index_segment(uint64_t number) {
  const auto segment = static_cast<uint32_t>(found_.segments.size());
  found_.segments.push_back({number, 0, {}});
  const auto bytes = read_segment(segment);
  if (!bytes) return fail(bytes.error());
  found_.segments[segment].bytes = bytes->size();
  const size_t frames_before = places_.size(), holes_before = holes_.size();
  scan(segment, *bytes, used_end(*bytes));
  if (places_.size() == frames_before && holes_.size() == holes_before) {
    found_.segments.pop_back();  // a spare that was never written
    return writer_.disk_.remove(writer_.path(number));
  }
  // What another process wrote and never synced must be safe before it counts as kept.
  auto file = writer_.disk_.open(writer_.path(number), Disk::Mode::kWrite);
  if (!file) return fail(file.error());
  return (*file)->sync();
}

// `bytes` is the whole file; from `used` on there are only zeros.
void JournalReader::scan(uint32_t segment, std::string_view bytes, size_t used) {
  const uint64_t number = found_.segments[segment].number;
  if (used > 0 && !check_segment_header(bytes, number))
    log::warning("journal: the head of {} does not check out", writer_.path(number));
  Lsn before;
  size_t at = kSegmentHeaderBytes;
  while (at < used) {
    if (const auto head = check_frame(bytes.substr(at))) {
      note_frame(segment, at, *head, bytes.substr(at + kFrameHeaderBytes, head->body_bytes));
      if (!head->filler) before = head->stamp.lsn;
      at += head->bytes();
      continue;
    }
    const size_t next = find_frame(bytes, at + 1);
    const bool at_end = next == std::string_view::npos;
    const size_t end = at_end ? used : next;
    holes_.push_back({segment, at, end - at, before, at_end});
    at = end;
  }
}

void JournalReader::note_frame(uint32_t segment, uint64_t offset, const FrameHead& head,
                               std::string_view body) {
  safe_ = std::max(safe_, head.stamp.safe);
  if (head.filler) return;
  JournalWriter::Segment& home = found_.segments[segment];
  home.last = std::max(home.last, head.stamp.lsn);
  found_.last = std::max(found_.last, head.stamp.lsn);
  found_.last_arrival = std::max(found_.last_arrival, head.stamp.arrival);
  places_.push_back({head.stamp.lsn, segment, static_cast<uint32_t>(offset),
                     static_cast<uint32_t>(head.bytes())});
  restore_series(body);
}

void JournalReader::restore_series(std::string_view body) {
  const auto fresh = decode_fresh_series(body);
  if (!fresh) return;  // decode_frame will say so again, with its lsn
  for (const NewSeries& series : *fresh) {
    const auto done = series_.restore(series.ref, series.labels, home_of_(series.ref));
    if (done) continue;
    log::error("journal: {}; its points are left out", done.error().text());
    contradicted_.insert(series.ref.index);
  }
}

void JournalReader::sort_places() {
  std::stable_sort(places_.begin(), places_.end(),
                   [](const Place& a, const Place& b) { return a.lsn < b.lsn; });
  const auto twice = std::unique(places_.begin(), places_.end(),
                                 [](const Place& a, const Place& b) { return a.lsn == b.lsn; });
  report_.duplicates = static_cast<uint64_t>(places_.end() - twice);
  places_.erase(twice, places_.end());
  if (places_.empty()) return;
  report_.first = places_.front().lsn;
  report_.last = places_.back().lsn;
}

bool JournalReader::present(Lsn lsn) const {
  return std::binary_search(places_.begin(), places_.end(), Place{lsn, 0, 0, 0},
                            [](const Place& a, const Place& b) { return a.lsn < b.lsn; });
}

// A hole is damage if it may hold answered frames that are found nowhere else.
Result<void> JournalReader::judge_holes() {
  for (const Hole& hole : holes_) {
    const auto [from, to] = missing_in(hole);
    if (from <= to && from <= safe_) {
      report_.damage.push_back(
          {segment_name(found_.segments[hole.segment].number), hole.offset, hole.bytes, from, to});
      continue;
    }
    report_.torn_bytes += hole.bytes;
    if (auto done = cover(hole); !done) return done;
  }
  return {};
}

// The lsns that only this hole can have held; empty (to < from) if there are none.
std::pair<Lsn, Lsn> JournalReader::missing_in(const Hole& hole) const {
  Lsn before = hole.before;
  if (before.value == 0)
    for (uint32_t s = 0; s < hole.segment; ++s) before = std::max(before, found_.segments[s].last);
  if (before.value == 0) {
    // At the very start: the oldest frames were here, how many nobody knows; or this is what a
    // failed write left, and what followed it was released.
    const Lsn last{report_.first.value == 0 ? 0 : report_.first.value - 1};
    return {last > after_ ? last : Lsn{last.value + 1}, last};
  }
  // Frames up to after_ may have been released from where they were found again.
  const Lsn from{std::max(before, after_).value + 1};
  Lsn to{from.value - 1};
  while (to < report_.last && !present(Lsn{to.value + 1})) ++to.value;
  return {from, to};
}

// What was never answered is cut off, or covered where frames follow, so that the next recovery
// does not take it for damage.
Result<void> JournalReader::cover(const Hole& hole) {
  auto file =
      writer_.disk_.open(writer_.path(found_.segments[hole.segment].number), Disk::Mode::kWrite);
  if (!file) return fail(file.error());
  Result<void> done;
  if (hole.at_end) {
    done = (*file)->truncate(hole.offset);
  } else if (hole.bytes > kFrameHeaderBytes) {
    const std::string filler = filler_frame(hole.bytes, {hole.before, {}, {}});
    const std::string_view parts[] = {filler};
    done = (*file)->write_at(hole.offset, parts);
  }
  if (done) done = (*file)->sync();
  return done;
}

void JournalReader::drop_unknown(Frame& frame) {
  report_.unknown_points += keep_points(frame.batch, [this](SeriesRef ref) {
    return series_.known(ref) && (contradicted_.empty() || !contradicted_.contains(ref.index));
  });
}

Result<void> JournalReader::replay(const std::function<void(const FramePtr&)>& on_frame) {
  Result<void> read;
  make_ahead<FramePtr>(
      kFramesAhead, [&](const std::function<void(FramePtr)>& give) { read = read_frames(give); },
      on_frame);
  return read;
}

Result<void> JournalReader::read_frames(const std::function<void(FramePtr)>& give) {
  uint32_t loaded = UINT32_MAX;
  std::string bytes;
  for (const Place& place : places_) {
    if (place.lsn <= after_) continue;
    if (place.segment != loaded) {
      auto read = read_segment(place.segment);
      if (!read) return fail(read.error());
      bytes = std::move(*read);
      loaded = place.segment;
    }
    const std::string_view whole = std::string_view(bytes).substr(place.offset, place.bytes);
    const auto head = check_frame(whole);
    auto frame = head ? decode_frame(*head, whole.substr(kFrameHeaderBytes))
                      : fail(ErrorCode::kCorrupt, "the frame changed while it was read");
    if (!frame) {
      report_.damage.push_back({segment_name(found_.segments[place.segment].number), place.offset,
                                place.bytes, place.lsn, place.lsn});
      continue;
    }
    drop_unknown(*frame);
    ++report_.frames;
    report_.points += frame->batch.size();
    give(std::make_shared<const Frame>(std::move(*frame)));
  }
  return {};
}

}  // namespace tocsin
