#include "tocsin/config_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace tocsin {
namespace {

using Lines = std::vector<std::string_view>;
constexpr size_t kContext = 3;

// One line of the difference: ' ' kept, '-' only before, '+' only after.
struct Edit {
  char what;
  std::string_view line;
};
using Edits = std::vector<Edit>;

// A text that does not end in a newline has a last line which differs from one that does.
Lines lines_of(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const size_t length = end == text.npos ? text.size() : end + 1;
    out.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

void replace_all(const Lines& a, const Lines& b, Edits& out) {
  for (const std::string_view line : a) out.push_back({'-', line});
  for (const std::string_view line : b) out.push_back({'+', line});
}

// E. W. Myers, "An O(ND) difference algorithm and its variations", 1986: on diagonal k (a's index
// less b's) the furthest point that d edits reach; what each d reached is kept for the way back.
class Myers {
 public:
  Myers(const Lines& a, const Lines& b)
      : a_(a),
        b_(b),
        n_(static_cast<int64_t>(a.size())),
        m_(static_cast<int64_t>(b.size())),
        most_(std::min(n_ + m_, static_cast<int64_t>(kDiffEditsMax))),
        reach_(static_cast<size_t>(2 * most_ + 3), 0) {}

  bool run(Edits& out) {
    for (int64_t d = 0; d <= most_; ++d) {
      reached_.emplace_back(reach_);
      for (int64_t k = -d; k <= d; k += 2)
        if (advance(d, k)) {
          walk_back(d, out);
          return true;
        }
    }
    return false;
  }

 private:
  size_t at(int64_t k) const { return static_cast<size_t>(k + most_ + 1); }
  static bool down(const std::vector<int64_t>& reach, int64_t d, int64_t k, size_t at) {
    return k == -d || (k != d && reach[at - 1] < reach[at + 1]);
  }
  bool advance(int64_t d, int64_t k) {
    int64_t x = down(reach_, d, k, at(k)) ? reach_[at(k + 1)] : reach_[at(k - 1)] + 1;
    while (x < n_ && x - k < m_ && a_[static_cast<size_t>(x)] == b_[static_cast<size_t>(x - k)])
      ++x;
    reach_[at(k)] = x;
    return k == n_ - m_ && x >= n_;
  }
  void walk_back(int64_t d, Edits& out) const {
    Edits reversed;
    int64_t x = n_, y = m_;
    for (; d >= 0; --d) {
      const std::vector<int64_t>& reach = reached_[static_cast<size_t>(d)];
      const int64_t k = x - y;
      const bool inserted = down(reach, d, k, at(k));
      const int64_t from = inserted ? k + 1 : k - 1;
      const int64_t stop_x = d == 0 ? 0 : reach[at(from)];
      const int64_t stop_y = d == 0 ? 0 : stop_x - from;
      while (x > stop_x && y > stop_y) {
        reversed.push_back({' ', a_[static_cast<size_t>(--x)]});
        --y;
      }
      if (d == 0) break;
      if (inserted)
        reversed.push_back({'+', b_[static_cast<size_t>(--y)]});
      else
        reversed.push_back({'-', a_[static_cast<size_t>(--x)]});
    }
    out.insert(out.end(), reversed.rbegin(), reversed.rend());
  }

  const Lines& a_;
  const Lines& b_;
  const int64_t n_, m_, most_;
  std::vector<int64_t> reach_;                 // by diagonal
  std::vector<std::vector<int64_t>> reached_;  // by number of edits: reach_ before them
};

Edits edits_of(Lines a, Lines b) {
  Edits out;
  size_t same = 0;
  while (same < std::min(a.size(), b.size()) && a[same] == b[same]) out.push_back({' ', a[same++]});
  Lines tail;
  while (a.size() > same && b.size() > same && a.back() == b.back()) {
    tail.push_back(a.back());
    a.pop_back();
    b.pop_back();
  }
  a.erase(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(same));
  b.erase(b.begin(), b.begin() + static_cast<std::ptrdiff_t>(same));
  if (!Myers(a, b).run(out)) replace_all(a, b, out);
  for (auto line = tail.rbegin(); line != tail.rend(); ++line) out.push_back({' ', *line});
  return out;
}

std::string side(size_t first, size_t count) {
  // Without a line, diff -u names the one before.
  const size_t shown = count == 0 ? first : first + 1;
  return count == 1 ? fmt::format("{}", shown) : fmt::format("{},{}", shown, count);
}

void write_hunk(const Edits& edits, size_t from, size_t to, size_t a_first, size_t b_first,
                std::string& out) {
  size_t a = 0, b = 0;
  std::string lines;
  for (size_t i = from; i < to; ++i) {
    a += edits[i].what != '+';
    b += edits[i].what != '-';
    lines += edits[i].what;
    lines += edits[i].line;
    if (!edits[i].line.ends_with('\n')) lines += "\n\\ No newline at end of file\n";
  }
  out += fmt::format("@@ -{} +{} @@\n", side(a_first, a), side(b_first, b)) + lines;
}

}  // namespace

TextDiff diff_texts(std::string_view before, std::string_view after) {
  TextDiff out;
  const Edits edits = edits_of(lines_of(before), lines_of(after));
  size_t a = 0, b = 0;  // lines before edits[i]
  for (size_t i = 0; i < edits.size();) {
    if (edits[i].what == ' ') {
      ++i, ++a, ++b;
      continue;
    }
    const size_t lead = std::min(i, kContext);
    size_t end = i, last = i;  // last: behind the last changed line of this hunk
    for (; end < edits.size() && end < last + 2 * kContext + 1; ++end)
      if (edits[end].what != ' ') last = end + 1;
    const size_t to = std::min(edits.size(), last + kContext);
    // What stands between two hunks is longer than both contexts: leads never overlap.
    write_hunk(edits, i - lead, to, a - lead, b - lead, out.text);
    for (; i < to; ++i) {
      out.removed += edits[i].what == '-';
      out.added += edits[i].what == '+';
      a += edits[i].what != '+';
      b += edits[i].what != '-';
    }
  }
  return out;
}

}  // namespace tocsin
