#pragma once
// Inside of the room: an open alert that others told of, small, while nobody does anything to it.
// Whole it takes some 2 kB, most of which it has in common with every other alert of its name; as
// bytes, compressed against the first one of its name, it takes a twelfth.
//
//   Head | compressed bytes        one allocation, shared by its owners
//     dictionary -> name, and the whole bytes of the first of it; goes with the last of its name
//
// A PackedRecord is a handle on that; what it points to never changes and may be read by any
// thread. The packer is the decision thread's.

#include <memory>
#include <string>
#include <unordered_map>

#include "supervisor/changes.h"

namespace tocsin::supervisor {

// What puts open alerts in their order: unanswered first, then severity, then age.
struct AlertRank {
  bool answered = false;
  Severity severity = Severity::kLow;
  TimeMs opened_at;
  Id128 id;
  friend auto operator<=>(const AlertRank&, const AlertRank&) = default;  // first: the least
};
AlertRank rank_of(const AlertView& view);

struct PackDictionary {
  std::string name;   // of the rule
  std::string bytes;  // of its first alert
};

class PackedRecord {
 public:
  PackedRecord() = default;  // of nothing
  PackedRecord(const PackedRecord& other);
  PackedRecord(PackedRecord&& other) noexcept;
  PackedRecord& operator=(PackedRecord other) noexcept;
  ~PackedRecord();

  explicit operator bool() const { return head_ != nullptr; }
  size_t bytes() const;  // that it takes, without its dictionary
  // It must hold one. `id` is the alert's: whoever keeps the record knows it.
  std::shared_ptr<AlertRecord> unpack(const Id128& id) const;
  AlertRank rank(const Id128& id) const;
  const std::string& rule() const;  // as it opened

 private:
  friend class RecordPacker;
  struct Head;
  explicit PackedRecord(Head* head) : head_(head) {}
  Head* head_ = nullptr;
};

class RecordPacker {
 public:
  static constexpr size_t kWholeBytesMax = 32'768;      // a longer record stays whole
  static constexpr size_t kDictionaryBytesMax = 4'096;  // of a name; what is longer is cut

  RecordPacker();
  ~RecordPacker();
  // Of nothing if this one stays whole: a rule's, one that is not open, called for (a reminder
  // that is to come is no call), shelved or very long.
  PackedRecord pack(const AlertRecord& record);
  size_t dictionaries() const { return by_name_.size(); }

 private:
  using Dictionary = std::shared_ptr<const PackDictionary>;
  Dictionary dictionary_of(const std::string& name, const std::string& whole);

  struct Scratch;
  std::unique_ptr<Scratch> scratch_;
  // Those that no alert needs any more are dropped when there are twice as many as were needed.
  std::unordered_map<std::string, std::weak_ptr<const PackDictionary>> by_name_;
  size_t sweep_at_ = 64;
};

}  // namespace tocsin::supervisor
