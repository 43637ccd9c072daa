#include "supervisor/packed_record.h"

#include <lz4.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "supervisor/codec.h"
#include "supervisor/escalation.h"
#include "supervisor/escalation_codec.h"

namespace tocsin::supervisor {
namespace {

void write_id(ByteWriter& out, const Id128& id) {
  out.u64(id.high);
  out.u64(id.low);
}

Id128 read_id(ByteReader& in) {
  const uint64_t high = in.u64();
  return {high, in.u64()};
}

void write_ids(ByteWriter& out, const std::vector<Id128>& ids) {
  out.varint(ids.size());
  for (const Id128& id : ids) write_id(out, id);
}

void read_ids(ByteReader& in, std::vector<Id128>& ids) {
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) ids.push_back(read_id(in));
}

// Nearly always a moment after the one that is known, or none.
void write_time(ByteWriter& out, TimeMs time, TimeMs since) {
  out.u8(time == TimeMs{} ? 0 : 1);
  if (time != TimeMs{}) out.zigzag(time.ms - since.ms);
}

TimeMs read_time(ByteReader& in, TimeMs since) {
  return in.u8() == 0 ? TimeMs{} : TimeMs{since.ms + in.zigzag()};
}

// Nobody has been called: there is only a reminder to come.
bool only_reminds(const Escalation& escalation) {
  return escalation.policy && reminds(*escalation.policy) && escalation.calls.empty() &&
         escalation.state != Escalation::State::kFollows && escalation.with == Id128{};
}

bool stays_whole(const AlertRecord& record) {
  const AlertView& view = record.view;
  return !view.opened->report || view.state != AlertState::kOpen ||
         (view.escalation && !only_reminds(*view.escalation)) || view.shelf ||
         view.key != view.opened->alert_key;
}

// The bindings name all members: one that is added does not compile here until it is kept, or named
// as what stays_whole() rules out.
std::string whole_bytes(const AlertRecord& record) {
  const auto& [view, told, speak_at, update_told_at, update_owed, spoke_at, answered, rule_holds,
               history_count, life, repeat_at, repeats, flaps] = record;
  const auto& [id, key, state, opened, latest, opened_at, updated_at, resolved_at, resolve_reason,
               acknowledged_by, acknowledged_at, silenced_by, silenced_until, covered_by, covers,
               notes, escalation, groups, shelf, flapping_since, flap_changes] = view;
  ByteWriter out;
  out.text(encode(opened));
  out.text(latest.same(opened) ? std::string() : encode(latest));
  out.text(escalation ? encode(*escalation) : std::string());
  for (const TimeMs time : {updated_at, acknowledged_at, silenced_until, flapping_since, speak_at,
                            update_told_at, spoke_at, repeat_at})
    write_time(out, time, opened_at);
  for (const bool flag : {update_owed, answered, rule_holds, life, covered_by.has_value()})
    out.u8(flag ? 1 : 0);
  if (covered_by) write_id(out, *covered_by);
  write_ids(out, covers);
  write_ids(out, groups);
  out.text(acknowledged_by);
  out.text(silenced_by);
  out.varint(flap_changes);
  out.varint(history_count);
  out.varint(repeats);
  out.varint(notes.size());
  for (const AlertNote& note : notes) {
    out.zigzag(note.time.ms);
    out.text(note.who);
    out.text(note.text);
  }
  out.varint(told.size());
  for (const std::string& receiver : told) out.text(receiver);
  out.varint(flaps.size());
  for (const TimeMs time : flaps) out.zigzag(time.ms);
  return out.take();
}

SharedDecision read_decision(std::string_view bytes) {
  auto decision = decode_decision(bytes);
  TOCSIN_CHECK(decision.has_value(), "an alert in memory: {}", decision.error().message);
  return std::move(*decision);
}

std::shared_ptr<const Escalation> read_escalation(std::string_view bytes) {
  if (bytes.empty()) return nullptr;
  auto escalation = decode_escalation(bytes);
  TOCSIN_CHECK(escalation.has_value(), "an alert in memory: {}", escalation.error().message);
  return std::make_shared<const Escalation>(std::move(*escalation));
}

void read_people(ByteReader& in, AlertRecord& out) {
  AlertView& view = out.view;
  view.acknowledged_by = in.text();
  view.silenced_by = in.text();
  view.flap_changes = static_cast<uint32_t>(in.varint());
  out.history_count = static_cast<uint32_t>(in.varint());
  out.repeats = static_cast<uint32_t>(in.varint());
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    AlertNote& note = view.notes.emplace_back();
    note.time.ms = in.zigzag();
    note.who = in.text();
    note.text = in.text();
  }
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) out.told.emplace(in.text());
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left)
    out.flaps.push_back(TimeMs{in.zigzag()});
}

std::shared_ptr<AlertRecord> read_whole(std::string_view bytes, const Id128& id, TimeMs opened_at) {
  ByteReader in(bytes);
  auto record = std::make_shared<AlertRecord>();
  AlertRecord& out = *record;
  AlertView& view = out.view;
  view.id = id;
  view.opened_at = opened_at;
  view.opened = read_decision(in.text());
  view.key = view.opened->alert_key;
  const std::string_view latest = in.text();
  view.latest = latest.empty() ? view.opened : read_decision(latest);
  view.escalation = read_escalation(in.text());
  for (TimeMs* const time :
       {&view.updated_at, &view.acknowledged_at, &view.silenced_until, &view.flapping_since,
        &out.speak_at, &out.update_told_at, &out.spoke_at, &out.repeat_at})
    *time = read_time(in, opened_at);
  bool covered = false;
  for (bool* const flag : {&out.update_owed, &out.answered, &out.rule_holds, &out.life, &covered})
    *flag = in.u8() != 0;
  if (covered) view.covered_by = read_id(in);
  read_ids(in, view.covers);
  read_ids(in, view.groups);
  read_people(in, out);
  TOCSIN_CHECK(in.done(), "an alert in memory of {} bytes does not read back", bytes.size());
  return record;
}

}  // namespace

AlertRank rank_of(const AlertView& view) {
  const bool answered = !view.acknowledged_by.empty() || view.covered_by ||
                        !view.silenced_by.empty() || view.shelf != nullptr;
  return {answered, view.latest->severity, view.opened_at, view.id};
}

struct PackedRecord::Head {
  mutable std::atomic<uint32_t> owners{1};
  uint16_t whole_bytes;
  uint16_t bytes;
  int64_t opened_at_ms : 56;
  uint64_t severity : 7;
  uint64_t answered : 1;
  std::shared_ptr<const PackDictionary> dictionary;

  char* data() { return reinterpret_cast<char*>(this + 1); }
};

PackedRecord::PackedRecord(const PackedRecord& other) : head_(other.head_) {
  if (head_ != nullptr) head_->owners.fetch_add(1, std::memory_order_relaxed);
}
PackedRecord::PackedRecord(PackedRecord&& other) noexcept
    : head_(std::exchange(other.head_, nullptr)) {}
PackedRecord& PackedRecord::operator=(PackedRecord other) noexcept {
  std::swap(head_, other.head_);
  return *this;
}
PackedRecord::~PackedRecord() {
  if (head_ == nullptr || head_->owners.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  head_->~Head();
  ::operator delete(head_);
}

size_t PackedRecord::bytes() const { return head_ == nullptr ? 0 : sizeof(Head) + head_->bytes; }

AlertRank PackedRecord::rank(const Id128& id) const {
  TOCSIN_CHECK(head_ != nullptr, "no packed record of {}", to_text(id));
  return {head_->answered != 0, static_cast<Severity>(head_->severity), TimeMs{head_->opened_at_ms},
          id};
}

const std::string& PackedRecord::rule() const {
  TOCSIN_CHECK(head_ != nullptr, "a packed record of nothing");
  return head_->dictionary->name;
}

std::shared_ptr<AlertRecord> PackedRecord::unpack(const Id128& id) const {
  TOCSIN_CHECK(head_ != nullptr, "no packed record of {}", to_text(id));
  std::string whole(head_->whole_bytes, '\0');
  const std::string& dictionary = head_->dictionary->bytes;
  const int read = LZ4_decompress_safe_usingDict(head_->data(), whole.data(), head_->bytes,
                                                 static_cast<int>(whole.size()), dictionary.data(),
                                                 static_cast<int>(dictionary.size()));
  TOCSIN_CHECK(read == head_->whole_bytes, "alert {} in memory: {} of {} bytes", to_text(id), read,
               head_->whole_bytes);
  return read_whole(whole, id, TimeMs{head_->opened_at_ms});
}

struct RecordPacker::Scratch {
  LZ4_stream_t stream;
  char packed[LZ4_COMPRESSBOUND(kWholeBytesMax)];
};

RecordPacker::RecordPacker() : scratch_(std::make_unique<Scratch>()) {}
RecordPacker::~RecordPacker() = default;

RecordPacker::Dictionary RecordPacker::dictionary_of(const std::string& name,
                                                     const std::string& whole) {
  std::weak_ptr<const PackDictionary>& known = by_name_[name];
  if (auto dictionary = known.lock()) return dictionary;
  auto fresh = std::make_shared<const PackDictionary>(
      PackDictionary{name, whole.substr(0, kDictionaryBytesMax)});
  known = fresh;
  if (by_name_.size() >= sweep_at_) {
    std::erase_if(by_name_, [](const auto& one) { return one.second.expired(); });
    sweep_at_ = std::max<size_t>(64, by_name_.size() * 2);
  }
  return fresh;
}

PackedRecord RecordPacker::pack(const AlertRecord& record) {
  if (stays_whole(record)) return {};
  const std::string whole = whole_bytes(record);
  if (whole.size() > kWholeBytesMax) return {};
  const Dictionary dictionary = dictionary_of(record.view.opened->rule_id, whole);
  LZ4_stream_t& stream = scratch_->stream;
  LZ4_initStream(&stream, sizeof stream);
  LZ4_loadDict(&stream, dictionary->bytes.data(), static_cast<int>(dictionary->bytes.size()));
  const int size =
      LZ4_compress_fast_continue(&stream, whole.data(), scratch_->packed,
                                 static_cast<int>(whole.size()), sizeof scratch_->packed, 1);
  if (size <= 0) return {};
  const AlertRank rank = rank_of(record.view);
  void* const place = ::operator new(sizeof(PackedRecord::Head) + static_cast<size_t>(size));
  auto* const head = new (place) PackedRecord::Head;
  head->whole_bytes = static_cast<uint16_t>(whole.size());
  head->bytes = static_cast<uint16_t>(size);
  head->opened_at_ms = rank.opened_at.ms;
  head->severity = static_cast<uint64_t>(rank.severity) & 0x7f;
  head->answered = rank.answered ? 1 : 0;
  head->dictionary = dictionary;
  std::memcpy(head->data(), scratch_->packed, static_cast<size_t>(size));
  return PackedRecord(head);
}

}  // namespace tocsin::supervisor
