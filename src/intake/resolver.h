#pragma once
// Raw line key + field name -> SeriesRef, without building labels for what was seen before.
//
// Senders repeat themselves: the same lines in the same order, every few seconds. So each known
// head ("cpu,host=a value=") remembers which one followed it last time; that guess is compared with
// the bytes of the line (the scanner does it, and need not read them otherwise), and only a wrong
// guess is looked up by hash.
//
//     nodes_   [ head | ref | next ]──┐      in the order first seen, so a repeated body walks
//              [ head | ref | next ]◄─┘      nodes_ and text_ from front to back
//     text_    cpu,host=a value=cpu,host=b value=...
//
// One per loop, used only by its thread. Bounded by entries and bytes: when full, everything is
// forgotten (counted) and learned again, one hash per series.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "intake/announced_series.h"
#include "vocabulary/series_table.h"
#include "wire/line_protocol.h"

namespace tocsin::intake {

struct ResolverLimits {
  uint32_t entries_max = 2'000'000;
  size_t text_bytes_max = 256 << 20;  // below 4 GiB
};

class Resolver {
 public:
  // shards: a new series' home is its labels' hash modulo that. table and announced outlive it.
  Resolver(SeriesTable& table, const AnnouncedSeries& announced, uint32_t shards,
           const wire::LineLimits& lines = {}, const ResolverLimits& limits = {});

  // What the next line is expected to begin with: LineScanner::next()'s arguments. Good until the
  // next call of anything here.
  std::string_view expected() const;
  size_t expected_key_bytes() const;

  // A new batch begins: what was reported in `fresh` of the last one is reported again while it is
  // not announced. `lines`: what its new series may look like.
  void begin_batch(const wire::LineLimits& lines) {
    lines_ = lines;
    begin_batch();
  }
  void begin_batch() {
    if (++batch_ == kAnnounced) batch_ = kNever + 1;
  }

  enum class Answer : uint8_t {
    kOk,
    kBadLine,  // error() says why: the key or name cannot be a series
    kPart,     // a series of it was refused, others are there; error() says why
    kRefused,  // the same, and nothing of the line is there
  };
  // Adds a row per numeric field to `batch`, and its NewSeries where the journal may not know them.
  // Where it could not, the batch is as before. Strings are left out. A new series is asked for in
  // the name of batch.sender_name.
  Answer resolve(const wire::Line& line, TimeMs time, Batch& batch);
  const wire::LineError& error() const { return error_; }

  struct Counts {
    uint64_t guessed = 0;  // found by the guess
    uint64_t hashed = 0;   // found by hash
    uint64_t added = 0;    // not known to this resolver before
    uint64_t dropped = 0;  // times that everything was forgotten
  };
  const Counts& counts() const { return counts_; }
  size_t entries() const { return nodes_.size(); }
  size_t bytes() const;  // memory held

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kNever = 0;
  static constexpr uint32_t kAnnounced = UINT32_MAX;
  struct Node {
    uint32_t key_at;    // in text_
    uint32_t field_at;  // in text_: the name and "="
    uint16_t key_bytes;
    uint16_t field_bytes;  // without the "="
    SeriesRef ref;
    uint32_t next;      // node that came after it last time, or kNone
    uint32_t reported;  // last batch that carries its labels, kNever, or kAnnounced
  };
  struct Slot {
    uint32_t hash = 0;
    uint32_t node = kNone;
  };
  enum class Found : uint8_t { kOk, kBadLine, kRefused, kForgotten };

  std::string_view key_of(const Node& node) const {
    return {text_.data() + node.key_at, node.key_bytes};
  }
  std::string_view field_of(const Node& node) const {
    return {text_.data() + node.field_at, node.field_bytes};
  }
  // Key, space, name and "=" stand in a row in text_, as in a line that begins with this field.
  static bool is_head(const Node& node) {
    return node.key_at + node.key_bytes + 1 == node.field_at;
  }
  Found find_all(const wire::Line& line);
  Found find_or_add(const wire::Line& line, const wire::Field& field, bool first);
  uint32_t find_by_hash(std::string_view key, std::string_view field, uint64_t hash) const;
  Found add(const wire::Line& line, const wire::Field& field, uint64_t hash);
  Found find_series(const wire::Line& line, const wire::Field& field, SeriesRef& ref);
  void keep_head(Node& node, std::string_view key, std::string_view field);
  void insert_slot(uint32_t hash, uint32_t node);
  void grow_slots();
  void forget();
  void report(Node& node, Batch& batch);
  void follow(uint32_t node) {
    last_ = of_line_ = node;
    found_.push_back(node);
  }

  SeriesTable& table_;
  const AnnouncedSeries& announced_;
  const uint32_t shards_;
  wire::LineLimits lines_;
  const ResolverLimits limits_;
  std::string text_;
  std::vector<Node> nodes_;
  std::vector<Slot> slots_;      // open addressing, linear; a power of two, at most half full
  uint32_t last_ = kNone;        // node of the row before
  uint32_t batch_ = kNever + 1;  // serial number of the batch being filled
  std::vector<uint32_t> found_;  // nodes of the line being resolved; kNone = refused
  uint32_t of_line_ = kNone;     // the last node of that line
  std::string_view sender_;      // of that line
  Counts counts_;
  wire::LineError error_;
  wire::LineKey key_;  // of the line being resolved, once parsed
  bool key_parsed_ = false;
};

}  // namespace tocsin::intake
