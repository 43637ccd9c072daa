#include "promql/eval_rows.h"

#include "base/id.h"

namespace tocsin::promql {

std::string_view Identity::get(std::string_view label) const {
  if (nameless && label == kNameLabel) return {};
  return base->get(label);
}

Labels Identity::labels() const { return nameless ? base->with(kNameLabel, {}) : *base; }

uint64_t Identity::hash() const {
  uint64_t mixed = 0x9e3779b97f4a7c15;
  each([&](std::string_view name, std::string_view value) {
    mixed = (std::rotl(mixed, 23) ^ hash64(name)) * 0xbf58476d1ce4e5b9;
    mixed = (std::rotl(mixed, 23) ^ hash64(value)) * 0x94d049bb133111eb;
  });
  return mixed;
}

namespace {

// -1, 0, 1: by the pairs in order, as Prometheus orders label sets.
int compare(const Identity& a, const Identity& b) {
  if (a.base == b.base && a.nameless == b.nameless) return 0;
  auto left = a.base->pairs().begin(), right = b.base->pairs().begin();
  const auto left_end = a.base->pairs().end(), right_end = b.base->pairs().end();
  while (true) {
    if (a.nameless && left != left_end && (*left).first == kNameLabel) ++left;
    if (b.nameless && right != right_end && (*right).first == kNameLabel) ++right;
    if (left == left_end || right == right_end)
      return left != left_end ? 1 : right != right_end ? -1 : 0;
    const Labels::View x = *left, y = *right;
    if (const int names = x.first.compare(y.first); names != 0) return names;
    if (const int values = x.second.compare(y.second); values != 0) return values;
    ++left, ++right;
  }
}

}  // namespace

bool operator==(const Identity& a, const Identity& b) { return compare(a, b) == 0; }
bool operator<(const Identity& a, const Identity& b) { return compare(a, b) < 0; }

std::span<double> Rows::add(Identity id, uint32_t begin, uint32_t size) {
  const size_t offset = cells.size();
  rows.push_back({id, begin, size, offset});
  cells.resize(offset + size, kNoValue);
  return {cells.data() + offset, size};
}

void Rows::trim_last() {
  Row& row = rows.back();
  uint32_t end = row.size, skip = 0;
  while (end > 0 && !has_value(cells[row.offset + end - 1])) --end;
  while (skip < end && !has_value(cells[row.offset + skip])) ++skip;
  cells.resize(row.offset + end);
  if (end == 0) {
    rows.pop_back();
    return;
  }
  row.begin += skip;
  row.size = end - skip;
  row.offset += skip;
}

uint32_t KeyTable::number(std::string_view key) {
  if ((count_ + 1) * 4 > slots_.size() * 3) grow();
  const uint64_t hash = hash64(key);
  for (size_t i = hash & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    Slot& slot = slots_[i];
    if (slot.number == 0) {
      slot = {hash, ++count_, std::string(key)};
      return count_ - 1;
    }
    if (slot.hash == hash && slot.key == key) return slot.number - 1;
  }
}

void KeyTable::grow() {
  std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
  old.swap(slots_);
  for (Slot& slot : old) {
    if (slot.number == 0) continue;
    size_t i = slot.hash & (slots_.size() - 1);
    while (slots_[i].number != 0) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = std::move(slot);
  }
}

}  // namespace tocsin::promql
