#pragma once
// Reads a journal back. Private to journal*.cc. Two passes: index() finds the frames that check
// out and restores their series; replay() gives them out in lsn order.

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/journal_writer.h"

namespace tocsin {

class JournalReader {
 public:
  // Frames with lsn <= after are not needed.
  JournalReader(JournalWriter& writer, SeriesTable& series, const Journal::HomeOf& home_of,
                Lsn after)
      : writer_(writer), series_(series), home_of_(home_of), after_(after) {}

  Result<void> index();
  // on_frame: on the calling thread, while another one reads on.
  Result<void> replay(const std::function<void(const FramePtr&)>& on_frame);
  JournalWriter::Found take_found() { return std::move(found_); }
  const JournalRecovery& report() const { return report_; }

 private:
  struct Place {  // of a frame
    Lsn lsn;
    uint32_t segment;  // index into found_.segments
    uint32_t offset;
    uint32_t bytes;
  };
  struct Hole {  // bytes that are no frame, between two that are, or after the last
    uint32_t segment;
    uint64_t offset;
    uint64_t bytes;
    Lsn before;   // of the frame before; {0} if none in this segment
    bool at_end;  // no frame follows in this segment
  };

  Result<std::string> read_segment(uint32_t segment) const;
  Result<void> index_segment(uint64_t number);
  void scan(uint32_t segment, std::string_view bytes, size_t used);
  void note_frame(uint32_t segment, uint64_t offset, const FrameHead& head, std::string_view body);
  void restore_series(std::string_view body);
  void sort_places();
  Result<void> judge_holes();
  std::pair<Lsn, Lsn> missing_in(const Hole& hole) const;
  Result<void> cover(const Hole& hole);
  bool present(Lsn lsn) const;
  void drop_unknown(Frame& frame);
  Result<void> read_frames(const std::function<void(FramePtr)>& give);

  JournalWriter& writer_;
  SeriesTable& series_;
  const Journal::HomeOf& home_of_;
  const Lsn after_;
  JournalWriter::Found found_;
  JournalRecovery report_;
  std::vector<Place> places_;
  std::vector<Hole> holes_;
  std::set<uint32_t> contradicted_;  // refs that two different series claim
  Lsn safe_;                         // everything up to here was answered, some frame says
};

}  // namespace tocsin
