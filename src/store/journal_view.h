#pragma once
// Archive and journal as they were at one moment, read and never written, also beside a running
// server: segments that are released or compressed meanwhile are still read, and what is written
// later is not looked at. A torn tail is the end.
//
//   open: archive's heads · journal's segments from the newest to the oldest, so that what is
//   found of one has everything before it; series that the frames name go into the table
//
// One thread. Memory: one segment at a time.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "store/archive_file.h"
#include "store/frame_codec.h"
#include "vocabulary/series_table.h"

namespace tocsin {

class JournalView {
 public:
  using HomeOf = std::function<uint32_t(SeriesRef)>;
  using Visit = std::function<bool(const Frame&)>;  // false stops
  struct Gap {                                      // lsns that are nowhere
    Lsn from, to;
  };

  // `directory` holds journal/ and archive/.
  static Result<JournalView> open(const std::string& directory, Disk& disk, SeriesTable& series,
                                  const HomeOf& home_of);

  Lsn last() const { return last_; }  // {0}: there is nothing
  TimeMs last_arrival() const { return last_arrival_; }
  // Every frame with lsn >= this is there, as far as heads and the journal say.
  Lsn whole_from() const { return whole_from_; }

  // Frames with lsn > after in order of lsn; points of series that nothing names are left out.
  // Gives the gaps met on the way. An archived segment that is gone or damaged is a gap.
  Result<std::vector<Gap>> frames(Lsn after, const Visit& visit);

 private:
  struct Part {  // a segment, wherever it is
    ArchivedSegment inside;
    std::shared_ptr<File> open;  // of the journal
  };
  JournalView(std::string directory, Disk& disk, SeriesTable& series, HomeOf home_of);
  Result<void> index();
  Result<bool> index_once();
  Result<bool> add_open(uint64_t number, const std::string& path);
  void find_whole();
  std::optional<std::string> bytes_of(const Part& part) const;
  void restore_series(std::string_view body);
  struct Feed;
  bool feed(const Part& part, Feed& state);

  std::string directory_;
  Disk* disk_;
  SeriesTable* series_;
  HomeOf home_of_;
  std::vector<Part> parts_;  // oldest first
  Lsn last_, whole_from_;
  TimeMs last_arrival_;
};

}  // namespace tocsin
