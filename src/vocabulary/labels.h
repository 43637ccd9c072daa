#pragma once
// A series' identity, as in Prometheus: name + labels. A plain value: sorted by label name, names
// unique, no empty values. The metric's name is the label "__name__".

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tocsin {

inline constexpr std::string_view kNameLabel = "__name__";

class Labels {
 public:
  using Pair = std::pair<std::string, std::string>;  // to make some of
  using View = std::pair<std::string_view, std::string_view>;

  // Walks over names and values where they lie; good as long as the Labels it came from.
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = View;
    using difference_type = std::ptrdiff_t;
    using pointer = const View*;
    using reference = View;
    Iterator() = default;
    explicit Iterator(const char* at) : at_(at) {}
    View operator*() const {
      const char* at = at_;
      const std::string_view name = text(at);
      return {name, text(at)};
    }
    Iterator& operator++() {
      text(at_);
      text(at_);
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    static std::string_view text(const char*& at) {
      uint32_t length = 0;
      for (int shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(*at++);
        length |= static_cast<uint32_t>(byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
      const std::string_view out(at, length);
      at += length;
      return out;
    }
    const char* at_ = nullptr;
  };
  class Pairs {
   public:
    explicit Pairs(std::string_view bytes) : bytes_(bytes) {}
    Iterator begin() const { return Iterator(bytes_.data()); }
    Iterator end() const { return Iterator(bytes_.data() + bytes_.size()); }
    size_t size() const { return static_cast<size_t>(std::distance(begin(), end())); }
    bool empty() const { return bytes_.empty(); }

   private:
    std::string_view bytes_;
  };

  Labels() = default;
  // Sorts; a later duplicate of a name wins; empty values are dropped.
  explicit Labels(std::vector<Pair> pairs);
  static Labels of(std::string_view name, std::vector<Pair> pairs = {});

  std::string_view name() const { return get(kNameLabel); }
  std::string_view get(std::string_view label) const;                 // empty if it has none
  Labels with(std::string_view label, std::string_view value) const;  // empty value removes it
  Pairs pairs() const { return Pairs(bytes_); }
  std::vector<Pair> to_pairs() const;
  bool empty() const { return bytes_.empty(); }
  size_t bytes() const;  // of names and values

  // name{a="b",c="d"} with values escaped as in PromQL: for people, logs and ids.
  std::string text() const;
  uint64_t hash() const;  // stable across runs

  friend bool operator==(const Labels&, const Labels&) = default;
  // By name and value, pair by pair.
  friend std::strong_ordering operator<=>(const Labels& a, const Labels& b);

 private:
  // All in a row, each with its length before it: a series costs one allocation, not one per name
  // and value, and hundreds of thousands of them are kept.
  std::string bytes_;
};

}  // namespace tocsin
