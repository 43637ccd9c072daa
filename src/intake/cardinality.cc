#include "intake/cardinality.h"

#include "base/id.h"
#include "base/text.h"

namespace tocsin::intake {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kSenderBytesMax = 200;
constexpr std::string_view kOthers = "others";

uint64_t pair_hash(uint64_t label, uint64_t value) {
  return (label * 0x9e3779b97f4a7c15ULL) ^ value;
}

}  // namespace

void Cardinality::added(SeriesRef series, const Labels& labels, TimeMs at,
                        std::string_view sender_name) {
  note(labels, &at);
  hours_.add(at, 1);
  Sender& sender = sender_of(sender_name);
  ++sender.series;
  sender.growth.add(at, 1);
  const auto index = static_cast<uint32_t>(&sender - senders_.data());
  recent_[recent_next_++ % recent_.size()] = {series, at, index};
}

// at: when they came; none = they were there before.
void Cardinality::note(const Labels& labels, const TimeMs* at) {
  ++series_;
  for (const auto& [name, text] : labels.pairs()) {
    const uint64_t name_hash = hash64(name);
    const uint32_t index = label_index(name, name_hash);
    if (index == kNone) continue;
    Label& label = labels_[index];
    ++label.series;
    const uint64_t hash = hash64(text);
    label.values.add(hash);
    const uint64_t values = label.values.count();
    if (values > label.credited) {
      if (at != nullptr) label.growth.add(*at, static_cast<uint32_t>(values - label.credited));
      label.credited = values;
    }
    if (Value* value = value_of(index, name_hash, text, hash)) {
      ++value->series;
      if (at != nullptr) value->growth.add(*at, 1);
    }
  }
}

uint32_t Cardinality::label_index(std::string_view name, uint64_t hash) {
  const auto found = label_by_hash_.find(hash);
  if (found != label_by_hash_.end()) return found->second;
  if (labels_.size() >= caps_.labels) {
    ++labels_left_out_;
    return kNone;
  }
  const auto index = static_cast<uint32_t>(labels_.size());
  labels_.emplace_back().name = name;
  label_by_hash_.emplace(hash, index);
  return index;
}

const Cardinality::Label* Cardinality::label(std::string_view name) const {
  const auto found = label_by_hash_.find(hash64(name));
  return found == label_by_hash_.end() ? nullptr : &labels_[found->second];
}

Cardinality::Value* Cardinality::value_of(uint32_t index, uint64_t label_hash,
                                          std::string_view text, uint64_t hash) {
  Label& label = labels_[index];
  if (label.too_many) return nullptr;
  const uint64_t key = pair_hash(label_hash, hash);
  const auto found = value_by_hash_.find(key);
  if (found != value_by_hash_.end()) return &values_[found->second];
  const bool full = values_.size() - free_values_.size() >= caps_.values;
  if (full || label.followed >= caps_.values_of_label) {
    stop_following(index);
    return nullptr;
  }
  uint32_t place = static_cast<uint32_t>(values_.size());
  if (free_values_.empty()) {
    values_.emplace_back();
  } else {
    place = free_values_.back();
    free_values_.pop_back();
  }
  values_[place].label = index;
  values_[place].text = text;
  value_by_hash_.emplace(key, place);
  ++label.followed;
  return &values_[place];
}

// Once per label in the life of the program.
void Cardinality::stop_following(uint32_t index) {
  Label& label = labels_[index];
  label.too_many = true;
  label.followed = 0;
  const uint64_t label_hash = hash64(label.name);
  for (uint32_t i = 0; i < values_.size(); ++i) {
    if (values_[i].label != index) continue;
    value_by_hash_.erase(pair_hash(label_hash, hash64(values_[i].text)));
    values_[i] = {};
    free_values_.push_back(i);
  }
}

// The last place is for all that have none of their own.
Cardinality::Sender& Cardinality::sender_of(std::string_view name) {
  std::string key = cut_text(name, kSenderBytesMax);
  if (const auto found = sender_by_name_.find(key); found != sender_by_name_.end())
    return senders_[found->second];
  if (senders_.size() + 1 >= caps_.senders) key = kOthers;
  const auto [at, fresh] = sender_by_name_.emplace(key, static_cast<uint32_t>(senders_.size()));
  if (fresh) senders_.emplace_back().name = key;
  return senders_[at->second];
}

std::vector<Cardinality::Recent> Cardinality::recent() const {
  std::vector<Recent> out;
  const uint64_t kept = std::min<uint64_t>(recent_next_, recent_.size());
  out.reserve(kept);
  for (uint64_t i = 1; i <= kept; ++i) out.push_back(recent_[(recent_next_ - i) % recent_.size()]);
  return out;
}

void Cardinality::save(ByteWriter& out) const {
  out.u8(kVersion);
  hours_.save(out);
  out.varint(labels_.size());
  for (const Label& label : labels_) {
    out.text(label.name);
    label.growth.save(out);
  }
  // Values that did not grow are known from the series.
  size_t grown = 0;
  for (const Value& value : values_) grown += value.label != kNone && value.growth.last().ms > 0;
  out.varint(grown);
  for (const Value& value : values_) {
    if (value.label == kNone || value.growth.last().ms == 0) continue;
    out.varint(value.label);
    out.text(value.text);
    value.growth.save(out);
  }
  out.varint(senders_.size());
  for (const Sender& sender : senders_) {
    out.text(sender.name);
    out.varint(sender.series);
    sender.growth.save(out);
  }
}

Result<void> Cardinality::load(ByteReader& in) {
  Cardinality read(caps_);
  if (in.u8() != kVersion)
    return fail(ErrorCode::kCorrupt, "the record of how series grew has another format");
  read.hours_.load(in);
  std::vector<uint32_t> places;
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const std::string_view name = in.text();
    const uint32_t index = read.label_index(name, hash64(name));
    Growth growth;
    growth.load(in);
    if (index != kNone) read.labels_[index].growth = growth;
    places.push_back(index);
  }
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const uint64_t place = in.varint();
    const std::string_view text = in.text();
    Growth growth;
    growth.load(in);
    const uint32_t index = place < places.size() ? places[place] : kNone;
    if (index == kNone) continue;
    if (Value* value = read.value_of(index, hash64(read.labels_[index].name), text, hash64(text)))
      value->growth = growth;
  }
  for (uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    Sender& sender = read.sender_of(in.text());
    sender.series = in.varint();
    sender.growth.load(in);
  }
  if (!in.ok()) return fail(ErrorCode::kCorrupt, "the record of how series grew is cut short");
  hours_ = read.hours_;
  labels_ = std::move(read.labels_);
  label_by_hash_ = std::move(read.label_by_hash_);
  values_ = std::move(read.values_);
  free_values_ = std::move(read.free_values_);
  value_by_hash_ = std::move(read.value_by_hash_);
  senders_ = std::move(read.senders_);
  sender_by_name_ = std::move(read.sender_by_name_);
  return {};
}

}  // namespace tocsin::intake
