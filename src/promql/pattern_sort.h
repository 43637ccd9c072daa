#pragma once
// Pattern-defeating quicksort (O. Peters), with the choices of Go's `sort` (1.19). It is not
// stable: which of equal values comes first follows from its moves, so these are the same moves.
// Orders that contradict themselves, as Prometheus' have with NaN, are safe.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace tocsin::promql {

template <class T, class Less>
class PatternSort {
 public:
  PatternSort(std::span<T> data, Less less) : data_(data), less_(less) {}
  void run() {
    if (data_.size() > 1) sort(0, data_.size(), static_cast<int>(std::bit_width(data_.size())));
  }

 private:
  enum class Hint { kUnknown, kIncreasing, kDecreasing };
  static constexpr size_t kInsertionMax = 12;
  static constexpr size_t kLong = 50;  // from here medians of medians, and shifting pays

  bool less(size_t a, size_t b) const { return less_(data_[a], data_[b]); }
  void swap(size_t a, size_t b) { std::swap(data_[a], data_[b]); }

  void sort(size_t a, size_t b, int limit) {
    bool balanced = true, partitioned = true;
    while (true) {
      const size_t length = b - a;
      if (length <= kInsertionMax) return insertion(a, b);
      if (limit == 0) return heap(a, b);
      if (!balanced) {
        break_patterns(a, b);
        --limit;
      }
      auto [pivot, hint] = choose_pivot(a, b);
      if (hint == Hint::kDecreasing) {
        for (size_t i = a, j = b - 1; i < j; ++i, --j) swap(i, j);
        pivot = (b - 1) - (pivot - a);
        hint = Hint::kIncreasing;
      }
      if (balanced && partitioned && hint == Hint::kIncreasing && nearly_sorted(a, b)) return;
      if (a > 0 && !less(a - 1, pivot)) {  // many are equal to the pivot
        a = partition_equal(a, b, pivot);
        continue;
      }
      const auto [middle, already] = partition(a, b, pivot);
      partitioned = already;
      const size_t left = middle - a, right = b - middle;
      balanced = (left < right ? left : right) >= length / 8;
      if (left < right) {
        sort(a, middle, limit);
        a = middle + 1;
      } else {
        sort(middle + 1, b, limit);
        b = middle;
      }
    }
  }

  void insertion(size_t a, size_t b) {
    for (size_t i = a + 1; i < b; ++i)
      for (size_t j = i; j > a && less(j, j - 1); --j) swap(j, j - 1);
  }

  void heap(size_t a, size_t b) {
    const size_t size = b - a;
    for (size_t i = (size - 1) / 2 + 1; i-- > 0;) sift_down(a, i, size);
    for (size_t i = size; i-- > 0;) {
      swap(a, a + i);
      sift_down(a, 0, i);
    }
  }
  void sift_down(size_t first, size_t root, size_t size) {
    while (true) {
      size_t child = 2 * root + 1;
      if (child >= size) return;
      if (child + 1 < size && less(first + child, first + child + 1)) ++child;
      if (!less(first + root, first + child)) return;
      swap(first + root, first + child);
      root = child;
    }
  }

  // Three values near the middle change places with others, pseudo-randomly.
  void break_patterns(size_t a, size_t b) {
    const size_t length = b - a;
    if (length < 8) return;
    uint64_t random = length;
    const uint64_t mask = (uint64_t{1} << std::bit_width(length)) - 1;
    const size_t middle = a + length / 4 * 2 - 1;
    for (size_t i = 0; i < 3; ++i) {
      random ^= random << 13;
      random ^= random >> 17;
      random ^= random << 5;
      size_t other = random & mask;
      if (other >= length) other -= length;
      swap(middle + i, a + other);
    }
  }

  std::pair<size_t, Hint> choose_pivot(size_t a, size_t b) {
    constexpr int kSwapsMax = 12;
    const size_t length = b - a;
    size_t i = a + length / 4, j = a + length / 4 * 2, k = a + length / 4 * 3;
    int swaps = 0;
    if (length >= 8) {
      if (length >= kLong) {
        i = median(i - 1, i, i + 1, swaps);
        j = median(j - 1, j, j + 1, swaps);
        k = median(k - 1, k, k + 1, swaps);
      }
      j = median(i, j, k, swaps);
    }
    return {j, swaps == 0           ? Hint::kIncreasing
               : swaps == kSwapsMax ? Hint::kDecreasing
                                    : Hint::kUnknown};
  }
  size_t median(size_t a, size_t b, size_t c, int& swaps) const {
    order(a, b, swaps);
    order(b, c, swaps);
    order(a, b, swaps);
    return b;
  }
  void order(size_t& a, size_t& b, int& swaps) const {
    if (!less(b, a)) return;
    ++swaps;
    std::swap(a, b);
  }

  // Finishes what is nearly in order by a few moves; false if it takes more.
  bool nearly_sorted(size_t a, size_t b) {
    size_t i = a + 1;
    for (int step = 0; step < 5; ++step) {
      while (i < b && !less(i, i - 1)) ++i;
      if (i == b) return true;
      if (b - a < kLong) return false;
      swap(i, i - 1);
      if (i - a >= 2)
        for (size_t j = i - 1; j >= 1 && less(j, j - 1); --j) swap(j, j - 1);
      if (b - i >= 2)
        for (size_t j = i + 1; j < b && less(j, j - 1); ++j) swap(j, j - 1);
    }
    return false;
  }

  // Those equal to the pivot to the left; they are in order then.
  size_t partition_equal(size_t a, size_t b, size_t pivot) {
    swap(a, pivot);
    size_t i = a + 1, j = b - 1;
    while (true) {
      while (i <= j && !less(a, i)) ++i;
      while (i <= j && less(a, j)) --j;
      if (i > j) return i;
      swap(i++, j--);
    }
  }

  std::pair<size_t, bool> partition(size_t a, size_t b, size_t pivot) {
    swap(a, pivot);
    size_t i = a + 1, j = b - 1;
    bool already = true;
    while (true) {
      while (i <= j && less(i, a)) ++i;
      while (i <= j && !less(j, a)) --j;
      if (i > j) break;
      swap(i++, j--);
      already = false;
    }
    swap(j, a);
    return {j, already};
  }

  std::span<T> data_;
  Less less_;
};

template <class T, class Less>
void pattern_sort(std::span<T> data, Less less) {
  PatternSort<T, Less>(data, less).run();
}

}  // namespace tocsin::promql
