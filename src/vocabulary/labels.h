#pragma once
// A series' identity, as in Prometheus: name + labels. A plain value: sorted by label name, names
// unique, no empty values. The metric's name is the label "__name__".

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin {

inline constexpr std::string_view kNameLabel = "__name__";

class Labels {
 public:
  using Pair = std::pair<std::string, std::string>;

  Labels() = default;
  // Sorts; a later duplicate of a name wins; empty values are dropped.
  explicit Labels(std::vector<Pair> pairs);
  static Labels of(std::string_view name, std::vector<Pair> pairs = {});

  std::string_view name() const { return get(kNameLabel); }
  std::string_view get(std::string_view label) const;                 // empty if it has none
  Labels with(std::string_view label, std::string_view value) const;  // empty value removes it
  const std::vector<Pair>& pairs() const { return pairs_; }
  bool empty() const { return pairs_.empty(); }
  size_t bytes() const;  // of names and values

  // name{a="b",c="d"} with values escaped as in PromQL: for people, logs and ids.
  std::string text() const;
  uint64_t hash() const;  // stable across runs

  friend auto operator<=>(const Labels&, const Labels&) = default;

 private:
  std::vector<Pair> pairs_;
};

}  // namespace tocsin
