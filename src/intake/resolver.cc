#include "intake/resolver.h"

#include <utility>

#include "base/check.h"
#include "base/id.h"

namespace tocsin::intake {
namespace {

constexpr size_t kSlotsAtFirst = 1024;

uint64_t head_hash(std::string_view key, std::string_view field) {
  return hash64(key) ^ (hash64(field) * 0x9e3779b97f4a7c15);
}

}  // namespace

Resolver::Resolver(SeriesTable& table, const AnnouncedSeries& announced, uint32_t shards,
                   const wire::LineLimits& lines, const ResolverLimits& limits)
    : table_(table),
      announced_(announced),
      shards_(shards),
      lines_(lines),
      limits_(limits),
      slots_(kSlotsAtFirst) {
  const size_t head_bytes_max = lines.key_bytes_max + lines.field_name_bytes_max + 2;
  TOCSIN_CHECK(shards > 0, "{} shards", shards);
  TOCSIN_CHECK(lines.key_bytes_max <= UINT16_MAX && lines.field_name_bytes_max <= UINT16_MAX,
               "keys of {} and names of {} bytes do not fit a node", lines.key_bytes_max,
               lines.field_name_bytes_max);
  TOCSIN_CHECK(limits.text_bytes_max < UINT32_MAX && limits.entries_max < UINT32_MAX / 2 &&
                   limits.entries_max >= lines.fields_max &&
                   limits.text_bytes_max >= lines.fields_max * head_bytes_max,
               "{} entries and {} bytes must hold one line of {} fields", limits.entries_max,
               limits.text_bytes_max, lines.fields_max);
}

size_t Resolver::bytes() const {
  return text_.capacity() + nodes_.capacity() * sizeof(Node) + slots_.capacity() * sizeof(Slot);
}

std::string_view Resolver::expected() const {
  if (last_ == kNone || nodes_[last_].next == kNone) return {};
  const Node& node = nodes_[nodes_[last_].next];
  if (!is_head(node)) return {};
  return {text_.data() + node.key_at, size_t{node.key_bytes} + node.field_bytes + 2};
}

size_t Resolver::expected_key_bytes() const {
  if (last_ == kNone || nodes_[last_].next == kNone) return 0;
  return nodes_[nodes_[last_].next].key_bytes;
}

Resolver::Answer Resolver::resolve(const wire::Line& line, TimeMs time, Batch& batch) {
  sender_ = batch.sender_name;
  Found found = find_all(line);
  // What does not fit beside what is known fits alone: the constructor checked.
  if (found == Found::kForgotten) found = find_all(line);
  if (found == Found::kBadLine) return Answer::kBadLine;
  size_t row = 0;
  for (const wire::Field& field : line.fields) {
    if (field.type == wire::FieldType::kString) continue;
    const uint32_t index = found_[row++];
    if (index == kNone) continue;
    Node& node = nodes_[index];
    if (node.reported != kAnnounced) [[unlikely]]
      report(node, batch);
    batch.add(node.ref, time, field.value);
  }
  if (found == Found::kRefused) return of_line_ == kNone ? Answer::kRefused : Answer::kPart;
  return Answer::kOk;
}

// The nodes of all numeric fields, into found_; nothing is handed over before all are found. A
// refused series does not take its neighbours along.
Resolver::Found Resolver::find_all(const wire::Line& line) {
  found_.clear();
  of_line_ = kNone;
  key_parsed_ = false;
  Found worst = Found::kOk;
  for (const wire::Field& field : line.fields) {
    if (field.type == wire::FieldType::kString) continue;
    const bool first = &field == &line.fields.front();
    const uint32_t guess = last_ == kNone ? kNone : nodes_[last_].next;
    const bool right = guess != kNone && (first ? line.as_expected
                                                : field_of(nodes_[guess]) == field.name &&
                                                      key_of(nodes_[guess]) == line.key);
    if (right) {
      ++counts_.guessed;
      follow(guess);
      continue;
    }
    const Found found = find_or_add(line, field, first);
    if (found == Found::kRefused) {
      found_.push_back(kNone);
      worst = found;
    } else if (found != Found::kOk) {
      return found;
    }
  }
  return worst;
}

Resolver::Found Resolver::find_or_add(const wire::Line& line, const wire::Field& field,
                                      bool first) {
  const uint64_t hash = head_hash(line.key, field.name);
  uint32_t index = find_by_hash(line.key, field.name, hash);
  if (index != kNone) {
    ++counts_.hashed;
  } else {
    const Found found = add(line, field, hash);
    if (found != Found::kOk) return found;
    index = static_cast<uint32_t>(nodes_.size() - 1);
  }
  Node& node = nodes_[index];
  const size_t head_bytes = size_t{node.key_bytes} + node.field_bytes + 2;
  if (first && !is_head(node) && text_.size() + head_bytes <= limits_.text_bytes_max)
    keep_head(node, line.key, field.name);
  if (last_ != kNone) nodes_[last_].next = index;
  follow(index);
  return Found::kOk;
}

uint32_t Resolver::find_by_hash(std::string_view key, std::string_view field, uint64_t hash) const {
  const auto tag = static_cast<uint32_t>(hash);
  const size_t mask = slots_.size() - 1;
  for (size_t at = tag & mask; slots_[at].node != kNone; at = (at + 1) & mask) {
    if (slots_[at].hash != tag) continue;
    const Node& node = nodes_[slots_[at].node];
    if (key_of(node) == key && field_of(node) == field) return slots_[at].node;
  }
  return kNone;
}

Resolver::Found Resolver::add(const wire::Line& line, const wire::Field& field, uint64_t hash) {
  SeriesRef ref;
  const Found found = find_series(line, field, ref);
  if (found != Found::kOk) return found;
  const size_t head_bytes = line.key.size() + field.name.size() + 2;
  if (nodes_.size() >= limits_.entries_max || text_.size() + head_bytes > limits_.text_bytes_max) {
    forget();
    return Found::kForgotten;
  }
  Node node{.key_at = 0,
            .field_at = 0,
            .key_bytes = static_cast<uint16_t>(line.key.size()),
            .field_bytes = static_cast<uint16_t>(field.name.size()),
            .ref = ref,
            .next = kNone,
            .reported = kNever};
  if (of_line_ != kNone) {  // a further field of this line: the key is there already
    node.key_at = nodes_[of_line_].key_at;
    node.field_at = static_cast<uint32_t>(text_.size());
    text_.append(field.name).push_back('=');
  } else {
    keep_head(node, line.key, field.name);
  }
  nodes_.push_back(node);
  insert_slot(static_cast<uint32_t>(hash), static_cast<uint32_t>(nodes_.size() - 1));
  ++counts_.added;
  return Found::kOk;
}

Resolver::Found Resolver::find_series(const wire::Line& line, const wire::Field& field,
                                      SeriesRef& ref) {
  if (!key_parsed_) {
    if (auto error = wire::parse_line_key(line.key, lines_, key_)) {
      error_ = std::move(*error);
      return Found::kBadLine;
    }
    key_parsed_ = true;
  }
  Labels labels;
  if (auto error = wire::line_labels(key_, field.name, lines_, labels)) {
    error_ = std::move(*error);
    return Found::kBadLine;
  }
  const auto home = static_cast<uint32_t>(labels.hash() % shards_);
  const auto added = table_.find_or_add(labels, home, sender_);
  if (!added) {
    error_ = {wire::LineFault::kLimit, 1, added.error().message};
    return Found::kRefused;
  }
  ref = added->ref;
  return Found::kOk;
}

void Resolver::keep_head(Node& node, std::string_view key, std::string_view field) {
  node.key_at = static_cast<uint32_t>(text_.size());
  text_.append(key).push_back(' ');
  node.field_at = static_cast<uint32_t>(text_.size());
  text_.append(field).push_back('=');
}

void Resolver::insert_slot(uint32_t hash, uint32_t node) {
  if (nodes_.size() * 2 > slots_.size()) grow_slots();
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].node != kNone) at = (at + 1) & mask;
  slots_[at] = {hash, node};
}

void Resolver::grow_slots() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.node == kNone) continue;
    size_t at = slot.hash & mask;
    while (slots_[at].node != kNone) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

void Resolver::forget() {
  text_ = {};
  nodes_ = {};
  slots_.assign(kSlotsAtFirst, Slot{});
  slots_.shrink_to_fit();
  found_.clear();
  last_ = of_line_ = kNone;
  ++counts_.dropped;
}

void Resolver::report(Node& node, Batch& batch) {
  if (announced_.has(node.ref)) {
    node.reported = kAnnounced;
  } else if (node.reported != batch_) {
    node.reported = batch_;
    batch.fresh.push_back({node.ref, table_.labels(node.ref)});
  }
}

}  // namespace tocsin::intake
