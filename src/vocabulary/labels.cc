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

}  // namespace

Labels::Labels(std::vector<Pair> pairs) : pairs_(std::move(pairs)) {
  std::stable_sort(pairs_.begin(), pairs_.end(), name_less);
  size_t kept = 0;
  for (size_t i = 0; i < pairs_.size(); ++i) {
    if (i + 1 < pairs_.size() && pairs_[i + 1].first == pairs_[i].first) continue;
    if (pairs_[i].second.empty()) continue;
    if (kept != i) pairs_[kept] = std::move(pairs_[i]);
    ++kept;
  }
  pairs_.resize(kept);
}

Labels Labels::of(std::string_view name, std::vector<Pair> pairs) {
  pairs.emplace_back(kNameLabel, name);
  return Labels(std::move(pairs));
}

std::string_view Labels::get(std::string_view label) const {
  const auto found = std::lower_bound(
      pairs_.begin(), pairs_.end(), label,
      [](const Pair& pair, std::string_view wanted) { return pair.first < wanted; });
  if (found == pairs_.end() || found->first != label) return {};
  return found->second;
}

Labels Labels::with(std::string_view label, std::string_view value) const {
  std::vector<Pair> pairs = pairs_;
  std::erase_if(pairs, [&](const Pair& pair) { return pair.first == label; });
  pairs.emplace_back(label, value);
  return Labels(std::move(pairs));
}

size_t Labels::bytes() const {
  size_t total = 0;
  for (const Pair& pair : pairs_) total += pair.first.size() + pair.second.size();
  return total;
}

std::string Labels::text() const {
  std::string out(name());
  bool first = true;
  for (const Pair& pair : pairs_) {
    if (pair.first == kNameLabel) continue;
    out += first ? "{" : ",";
    first = false;
    out += pair.first;
    out += '=';
    append_quoted(out, pair.second);
  }
  if (!first) out += '}';
  return out;
}

uint64_t Labels::hash() const {
  std::string bytes;
  bytes.reserve(this->bytes() + 2 * pairs_.size());
  for (const Pair& pair : pairs_) {
    bytes.append(pair.first).push_back('\xff');
    bytes.append(pair.second).push_back('\xff');
  }
  return hash64(bytes);
}

}  // namespace tocsin
