#include "store/journal_view.h"

#include <algorithm>
#include <map>

#include "base/log.h"
#include "store/journal_writer.h"

namespace tocsin {
namespace {

constexpr int kTries = 5;  // while files move from one folder to the other

std::string_view body_of(std::string_view segment, uint64_t offset, const FrameHead& head) {
  return segment.substr(offset + kFrameHeaderBytes, head.body_bytes);
}

}  // namespace

struct JournalView::Feed {
  Lsn next;  // wanted
  const Visit& visit;
  std::vector<Gap> gaps;
};

JournalView::JournalView(std::string directory, Disk& disk, SeriesTable& series, HomeOf home_of)
    : directory_(std::move(directory)),
      disk_(&disk),
      series_(&series),
      home_of_(std::move(home_of)) {}

Result<JournalView> JournalView::open(const std::string& directory, Disk& disk, SeriesTable& series,
                                      const HomeOf& home_of) {
  JournalView view(directory, disk, series, home_of);
  if (auto done = view.index(); !done) return fail(done.error());
  return view;
}

Result<void> JournalView::index() {
  for (int i = 0; i < kTries; ++i) {
    const auto whole = index_once();
    if (!whole) return fail(whole.error());
    if (*whole) break;
  }
  find_whole();
  return {};
}

// False if a file went away between being seen and being opened.
Result<bool> JournalView::index_once() {
  parts_.clear();
  const auto segments = disk_->list(directory_ + "/journal");
  if (!segments) return fail(segments.error());
  bool all = true;
  // The newest first: it may be written to while an older one is read, never the other way round.
  for (auto name = segments->rbegin(); name != segments->rend(); ++name)
    if (const auto number = segment_number(*name))
      all &= add_open(*number, directory_ + "/journal/" + *name).value_or(false);
  const auto archived = disk_->list(directory_ + "/archive");
  if (!archived) return fail(archived.error());
  for (const std::string& name : *archived) {
    const std::string path = directory_ + "/archive/" + name;
    if (const auto number = archive_number(name)) {
      const auto head = read_archive_head(*disk_, path);
      if (head) parts_.push_back({*head, nullptr});
      all &= head || head.error().code == ErrorCode::kCorrupt;
    } else if (const auto raw = segment_number(name)) {
      all &= add_open(*raw, path).value_or(false);
    }
  }
  std::stable_sort(parts_.begin(), parts_.end(),
                   [](const Part& a, const Part& b) { return a.inside.number < b.inside.number; });
  // One that was moved or compressed while we looked is there twice.
  const auto twice = std::unique(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) {
    return a.inside.number == b.inside.number;
  });
  parts_.erase(twice, parts_.end());
  return all;
}

Result<bool> JournalView::add_open(uint64_t number, const std::string& path) {
  auto file = disk_->open(path, Disk::Mode::kRead);
  if (!file) return false;
  const auto size = (*file)->size();
  if (!size) return fail(size.error());
  const auto bytes = (*file)->read_at(0, *size);
  if (!bytes) return fail(bytes.error());
  const ArchivedSegment inside = survey_segment(number, *bytes);
  if (inside.first.value == 0) return true;  // a spare
  scan_frames(*bytes, [&](uint64_t offset, const FrameHead& head) {
    if (!head.filler) restore_series(body_of(*bytes, offset, head));
  });
  parts_.push_back({inside, std::move(*file)});
  return true;
}

void JournalView::restore_series(std::string_view body) {
  const auto fresh = decode_fresh_series(body);
  if (!fresh) return;
  for (const NewSeries& one : *fresh) {
    const auto done = series_->restore(one.ref, one.labels, home_of_(one.ref));
    if (!done) log::debug("replay: {}", done.error().text());
  }
}

void JournalView::find_whole() {
  for (const Part& part : parts_) {
    // Frames that moved on after a failed write are in two segments.
    if (last_.value == 0 || part.inside.first.value > last_.value + 1)
      whole_from_ = part.inside.first;
    last_ = std::max(last_, part.inside.last);
    last_arrival_ = std::max(last_arrival_, part.inside.last_arrival);
  }
}

std::optional<std::string> JournalView::bytes_of(const Part& part) const {
  if (part.open) {
    auto bytes = part.open->read_at(0, part.inside.bytes);
    if (!bytes) return std::nullopt;
    return std::move(*bytes);
  }
  const auto file =
      read_whole_file(*disk_, directory_ + "/archive/" + archive_name(part.inside.number));
  return file ? decode_archive(*file) : std::nullopt;
}

bool JournalView::feed(const Part& part, Feed& state) {
  const auto bytes = bytes_of(part);
  if (!bytes) return true;  // the next part shows the gap
  bool more = true;
  scan_frames(*bytes, [&](uint64_t offset, const FrameHead& head) {
    const Lsn lsn = head.stamp.lsn;
    if (!more || head.filler || lsn < state.next) return;
    const std::string_view body = body_of(*bytes, offset, head);
    if (!part.open) restore_series(body);
    auto frame = decode_frame(head, body);
    if (!frame) return;
    if (lsn > state.next) state.gaps.push_back({state.next, Lsn{lsn.value - 1}});
    state.next = Lsn{lsn.value + 1};
    keep_points(frame->batch, [&](SeriesRef ref) { return series_->known(ref); });
    more = state.visit(*frame);
  });
  return more;
}

Result<std::vector<JournalView::Gap>> JournalView::frames(Lsn after, const Visit& visit) {
  Feed state{Lsn{after.value + 1}, visit, {}};
  for (const Part& part : parts_)
    if (part.inside.last > after && !feed(part, state)) return std::move(state.gaps);
  if (state.next <= last_) state.gaps.push_back({state.next, last_});
  return std::move(state.gaps);
}

}  // namespace tocsin
