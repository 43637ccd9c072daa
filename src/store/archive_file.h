#pragma once
// An archived journal segment: a head that says what is inside, and the segment's bytes,
// compressed. docs/formats/journal.md draws it.

#include <optional>
#include <string>
#include <string_view>

#include "base/disk.h"
#include "vocabulary/point.h"

namespace tocsin {

// Of the frames inside; `first` {0} if there are none.
struct ArchivedSegment {
  uint64_t number = 0;
  Lsn first, last;
  TimeMs first_arrival, last_arrival;
  uint64_t bytes = 0;  // of the segment, up to the end of its last frame
};

inline constexpr size_t kArchiveHeadBytes = 68;

std::string archive_name(uint64_t number);  // "000000000012.journal.zst"
std::optional<uint64_t> archive_number(std::string_view name);

// What a journal segment holds: the head of the archived file.
ArchivedSegment survey_segment(uint64_t number, std::string_view segment);
std::string encode_archive(const ArchivedSegment& head, std::string_view segment);
std::optional<ArchivedSegment> parse_archive_head(std::string_view bytes);
// The segment's bytes; nullopt if anything does not check out.
std::optional<std::string> decode_archive(std::string_view bytes);
// Reads only the head.
Result<ArchivedSegment> read_archive_head(Disk& disk, const std::string& path);

}  // namespace tocsin
