#include "vocabulary/labels.h"

#include <algorithm>

#include "base/id.h"

namespace tocsin {
namespace {

bool name_less(const Labels::Pair& a, const Labels::Pair& b) { return a.first < b.first; }

void append_quoted(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void append_text(std::string& out, std::string_view text) {
  size_t length = text.size();
  for (; length >= 0x80; length >>= 7) out += static_cast<char>(length | 0x80);
  out += static_cast<char>(length);
  out += text;
}

// Stable. Most are few, and in their order already or nearly so: std::stable_sort would fetch
// memory for each.
void sort_by_name(std::vector<Labels::Pair>& pairs) {
  constexpr size_t kFew = 24;
  if (pairs.size() > kFew) return std::stable_sort(pairs.begin(), pairs.end(), name_less);
  for (auto next = pairs.begin(); next != pairs.end(); ++next) {
    const auto place = std::upper_bound(pairs.begin(), next, *next, name_less);
    if (place != next) std::rotate(place, next, std::next(next));
  }
}

}  // namespace

Labels::Labels(std::vector<Pair> pairs) {
  sort_by_name(pairs);
  size_t size = 0;
  for (const Pair& pair : pairs) size += pair.first.size() + pair.second.size() + 4;
  std::string bytes;
  bytes.reserve(size);
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (i + 1 < pairs.size() && pairs[i + 1].first == pairs[i].first) continue;
    if (pairs[i].second.empty()) continue;
    append_text(bytes, pairs[i].first);
    append_text(bytes, pairs[i].second);
  }
  bytes_ = std::string(bytes);  // no larger than needed
}

Labels Labels::of(std::string_view name, std::vector<Pair> pairs) {
  pairs.emplace_back(kNameLabel, name);
  return Labels(std::move(pairs));
}

std::string_view Labels::get(std::string_view label) const {
  for (const auto [name, value] : pairs()) {
    if (name == label) return value;
    if (name > label) break;
  }
  return {};
}

Labels Labels::with(std::string_view label, std::string_view value) const {
  Labels out;
  out.bytes_.reserve(bytes_.size() + label.size() + value.size() + 4);
  bool done = value.empty();
  const auto put = [&](std::string_view name, std::string_view text) {
    append_text(out.bytes_, name);
    append_text(out.bytes_, text);
  };
  for (const auto [name, text] : pairs()) {
    if (!done && label < name) {
      put(label, value);
      done = true;
    }
    if (name != label) put(name, text);
  }
  if (!done) put(label, value);
  return out;
}

std::vector<Labels::Pair> Labels::to_pairs() const {
  std::vector<Pair> out;
  for (const auto [name, value] : pairs()) out.emplace_back(name, value);
  return out;
}

size_t Labels::bytes() const {
  size_t total = 0;
  for (const auto [name, value] : pairs()) total += name.size() + value.size();
  return total;
}

std::strong_ordering operator<=>(const Labels& a, const Labels& b) {
  const Labels::Pairs left = a.pairs(), right = b.pairs();
  return std::lexicographical_compare_three_way(left.begin(), left.end(), right.begin(),
                                                right.end());
}

std::string Labels::text() const {
  std::string out(name());
  bool first = true;
  for (const auto [label, value] : pairs()) {
    if (label == kNameLabel) continue;
    out += first ? "{" : ",";
    first = false;
    out += label;
    out += '=';
    append_quoted(out, value);
  }
  if (!first) out += '}';
  return out;
}

uint64_t Labels::hash() const {
  std::string bytes;
  bytes.reserve(bytes_.size() + 16);
  for (const auto [label, value] : pairs()) {
    bytes.append(label).push_back('\xff');
    bytes.append(value).push_back('\xff');
  }
  return hash64(bytes);
}

}  // namespace tocsin
