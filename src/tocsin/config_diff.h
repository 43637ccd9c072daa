#pragma once
// The difference of two texts, line by line, in the unified format that diff -u writes.

#include <string>
#include <string_view>

namespace tocsin {

struct TextDiff {
  size_t added = 0, removed = 0;  // lines
  std::string text;  // hunks with three lines of context; no head. Empty: the texts are equal
};

// The shortest difference, by Myers; texts that differ in more than kDiffEditsMax lines are shown
// as one replacement. Bounded by that in time and memory.
inline constexpr size_t kDiffEditsMax = 600;
TextDiff diff_texts(std::string_view before, std::string_view after);

}  // namespace tocsin
