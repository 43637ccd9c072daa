#include "tocsin/config_diff.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/random.h"
#include "base/text.h"

namespace tocsin {
namespace {

struct Case {
  const char* name;
  std::string before, after, diff;
};

TEST(Diff, Table) {
  const Case cases[] = {
      {"equal", "a\nb\n", "a\nb\n", ""},
      {"both empty", "", "", ""},
      {"from nothing", "", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"},
      {"to nothing", "a\n", "", "@@ -1 +0,0 @@\n-a\n"},
      {"one line changed", "a\nb\nc\n", "a\nB\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
      {"only the context near it", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
       "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
      {"near changes share a hunk", "1\n2\n3\n4\n5\n6\n7\n8\n", "x\n2\n3\n4\n5\n6\n7\ny\n",
       "@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n"},
      {"far changes do not", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
       "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n"},
      {"a missing last newline counts", "a\nb", "a\nb\n",
       "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"},
      {"inserted in the middle", "a\nc\n", "a\nb\nc\n", "@@ -1,2 +1,3 @@\n a\n+b\n c\n"},
  };
  for (const Case& c : cases) EXPECT_EQ(diff_texts(c.before, c.after).text, c.diff) << c.name;
}

TEST(Diff, CountsLines) {
  const TextDiff diff = diff_texts("a\nb\nc\n", "a\nx\ny\nc\n");
  EXPECT_EQ(diff.removed, 1U);
  EXPECT_EQ(diff.added, 2U);
}

// The naive twin: what a reader of the hunks makes of `before`.
std::string applied(const std::string& before, const std::string& diff) {
  std::vector<std::string> lines;
  std::istringstream in(before);
  for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
  std::string out;
  size_t at = 0;
  std::istringstream hunks(diff);
  for (std::string line; std::getline(hunks, line);) {
    if (line.starts_with("@@ -")) {
      const size_t comma = std::min(line.find(','), line.find(' ', 4));
      const auto first = static_cast<size_t>(*parse_int(line.substr(4, comma - 4)));
      const bool none = line.substr(comma, 3) == ",0 ";
      while (at < (none ? first : first - 1)) out += lines[at++];
    } else if (line[0] == '+') {
      out += line.substr(1) + "\n";
    } else {
      EXPECT_EQ(line.substr(1) + "\n", lines[at]);
      if (line[0] == ' ') out += lines[at];
      ++at;
    }
  }
  while (at < lines.size()) out += lines[at++];
  return out;
}

std::string random_text(Random& random, size_t lines_max, uint64_t words) {
  std::string out;
  for (uint64_t n = random.below(lines_max + 1); n > 0; --n)
    out += "line " + std::to_string(random.below(words)) + "\n";
  return out;
}

TEST(Diff, AppliedToTheOldTextGivesTheNewOne) {
  Random random(7);
  for (int i = 0; i < 400; ++i) {
    const std::string a = random_text(random, 30, 6), b = random_text(random, 30, 6);
    EXPECT_EQ(applied(a, diff_texts(a, b).text), b) << "seed 7, pair " << i;
  }
}

TEST(Diff, TextsWithoutALineInCommonAreOneReplacement) {
  std::string a, b;
  for (size_t i = 0; i < 2 * kDiffEditsMax; ++i) {
    a += "a" + std::to_string(i) + "\n";
    b += "b" + std::to_string(i) + "\n";
  }
  const TextDiff diff = diff_texts(a, b);
  EXPECT_EQ(diff.removed, 2 * kDiffEditsMax);
  EXPECT_EQ(diff.added, 2 * kDiffEditsMax);
  EXPECT_EQ(applied(a, diff.text), b);
}

}  // namespace
}  // namespace tocsin
